/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated machine is as strict as it says: otherwise other tests prove nothing. */
#include "machine/sim.h"
#include "unit/unit.h"

#include "machine/fault.h"
#include "machine/lock.h"
#include "machine/tlb.h"
#include "plat/clock.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xen/errno.h>

#define VA 0x5000UL

static void setup(void)
{
	sim_reset_bare(600);
	sim_guest_map(VA, mfn(300), true);
	sim_guest_map(VA + PAGE_SIZE, mfn(301), false);
}

static bool panics(void (*run)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		fclose(stderr);
		run();
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void a_byte_read_twice_comes_back_changed(void)
{
	uint32_t value = 0x11223344, got;

	sim_guest_write(VA, &value, 4);
	sim_hypercall_begin();
	CU_ASSERT_EQUAL(fault_copy_in(&got, VA, 4), 0);
	CU_ASSERT_EQUAL(got, value);
	CU_ASSERT_EQUAL(fault_copy_in(&got, VA + 2, 4), 0);
	CU_ASSERT_EQUAL(got & 0xffff, (~value >> 16) & 0xffff);
	CU_ASSERT_EQUAL(sim_violations(), 2);
	sim_hypercall_begin();
	CU_ASSERT_EQUAL(fault_copy_in(&got, VA, 4), 0);
	CU_ASSERT_EQUAL(got, value);
}

static void copies_stop_where_the_mapping_ends(void)
{
	uint8_t bytes[32] = {0};

	CU_ASSERT_EQUAL(fault_copy_in(bytes, VA + 2 * PAGE_SIZE - 8, 32), 24);
	CU_ASSERT_EQUAL(fault_last_address(), VA + 2 * PAGE_SIZE);
	CU_ASSERT_EQUAL(fault_copy_out(VA + PAGE_SIZE - 8, bytes, 32), 24);
	CU_ASSERT_EQUAL(fault_last_address(), VA + PAGE_SIZE);
}

static struct spinlock outer, inner;

static void take_out_of_order(void)
{
	spin_lock(&inner);
	spin_lock(&outer);
}

static void take_twice(void)
{
	spin_lock(&outer);
	spin_lock(&outer);
}

static void copy_with_a_lock(void)
{
	uint8_t byte;

	spin_lock(&outer);
	CU_ASSERT_EQUAL(fault_copy_in(&byte, VA, 1), 0);
}

static void locks_out_of_order_panic(void)
{
	spin_init(&outer, domain);
	spin_init(&inner, buddy);
	CU_ASSERT_TRUE(panics(take_out_of_order));
	CU_ASSERT_TRUE(panics(take_twice));
	CU_ASSERT_TRUE(panics(copy_with_a_lock));
	spin_lock(&outer);
	spin_lock(&inner);
	sim_set_cpu(1);
	CU_ASSERT(lock_none_held() && !spin_try_lock(&outer));
	sim_set_cpu(0);
	spin_unlock(&outer);
	CU_ASSERT_FALSE(lock_none_held());
	spin_unlock(&inner);
	CU_ASSERT_TRUE(lock_none_held());
}

static void translations_stay_until_flushed(void)
{
	struct cpu_set both = {{3}}, set;
	uint32_t stamp;

	sim_tlb_remember(0, mfn(300));
	sim_tlb_remember_page(1, VA, mfn(300));
	stamp = tlb_epoch();
	tlb_flush_page_cpus(&both, VA);
	set = sim_tlb_may_see(mfn(300));
	CU_ASSERT(cpu_set_has(&set, 0) && !cpu_set_has(&set, 1));
	tlb_flush_stale(&both, stamp);
	set = sim_tlb_may_see(mfn(300));
	CU_ASSERT(cpu_set_is_empty(&set));
}

static void the_epoch_wraps_with_a_flush_of_all(void)
{
	sim_tlb_remember(3, mfn(300));
	sim_tlb_set_epoch(~0U);
	tlb_flush_local();
	CU_ASSERT(tlb_epoch() != 0);
	CU_ASSERT(sim_tlb_flushes(3) > 0);
}

static void unset_msrs_fault(void)
{
	uint64_t value;

	CU_ASSERT_EQUAL(fault_rdmsr(0x10, &value), -XEN_EFAULT);
	sim_msr_set(0x10, 5);
	CU_ASSERT_EQUAL(fault_wrmsr(0x10, 6), 0);
	CU_ASSERT_EQUAL(sim_msr_get(0x10), 6);
}

static void time_moves_by_hand_and_scales_agree(void)
{
	struct clock_scale scale;

	sim_clock_set(5000);
	sim_clock_advance(10);
	clock_get_scale(&scale);
	CU_ASSERT_EQUAL(clock_now(), 5010);
	CU_ASSERT_EQUAL((cpu_rdtsc() - scale.tsc_base) * scale.mul >> 32, 5010);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_byte_read_twice_comes_back_changed),
		UNIT(copies_stop_where_the_mapping_ends),
		UNIT(locks_out_of_order_panic),
		UNIT(translations_stay_until_flushed),
		UNIT(the_epoch_wraps_with_a_flush_of_all),
		UNIT(unset_msrs_fault),
		UNIT(time_moves_by_hand_and_scales_agree),
	};

	return unit_main("machine_sim", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
