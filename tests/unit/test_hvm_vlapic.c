/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual local APIC: what a guest reads and writes, who gets an IPI, when the timer fires. */
#include "unit/unit.h"

#include "hvm/vlapic.h"

#include "machine/sim.h"
#include "plat/clock.h"
#include "sched/softirq.h"
#include "x86/msr.h"

#include <xen/errno.h>
#include <xen/hvm_save.h>

#include <string.h>

#define COUNT 3U
#define X2(n) (0x800U + (n))

static struct vlapic lapic[COUNT];
static unsigned int kicks[COUNT], nmis[COUNT], starts[COUNT], inits[COUNT];

static unsigned int number(struct vlapic *l)
{
	return (unsigned int)(l - lapic);
}

static void kick(struct vlapic *l)
{
	kicks[number(l)]++;
}

static void nmi(struct vlapic *l)
{
	nmis[number(l)]++;
}

static void startup(struct vlapic *l, bool start)
{
	(start ? starts : inits)[number(l)]++;
}

static struct vlapic *peer(struct vlapic *l unused_arg, uint32_t index)
{
	return index < COUNT ? &lapic[index] : NULL;
}

/* The guest's TSC is the system time. */
static uint64_t tsc(struct vlapic *l unused_arg)
{
	return clock_now();
}

static uint64_t tsc_time(struct vlapic *l unused_arg, uint64_t value)
{
	return value;
}

static const struct vlapic_ops ops = {kick, nmi, startup, peer, tsc, tsc_time};

static void program(uint64_t expires unused_arg)
{
}

static void write_page(struct vlapic *l, uint32_t offset, uint32_t value)
{
	vlapic_page_write(l, offset, 4, value);
}

static uint32_t read_page(struct vlapic *l, uint32_t offset)
{
	return (uint32_t)vlapic_page_read(l, offset, 4);
}

static void setup(void)
{
	sim_reset(64);
	sim_set_cpu_count(1);
	sim_set_cpu(0);
	sim_clock_set(1000000);
	timers_init(program, clock_now);
	memset(lapic, 0, sizeof(lapic));
	for (uint32_t i = 0; i < COUNT; i++) {
		vlapic_init(&lapic[i], &ops, i, COUNT, 0);
		lapic[i].has_x2apic = lapic[i].has_deadline = true;
		write_page(&lapic[i], 0xf0, 0x1ff);
	}
	memset(kicks, 0, sizeof(kicks));
	memset(nmis, 0, sizeof(nmis));
	memset(starts, 0, sizeof(starts));
	memset(inits, 0, sizeof(inits));
}

static void enter_x2apic(struct vlapic *l)
{
	CU_ASSERT_FATAL(vlapic_wrmsr(l, MSR_APIC_BASE, l->base | APIC_BASE_X2APIC));
}

static uint64_t rdmsr(struct vlapic *l, uint32_t msr)
{
	uint64_t value = 0xdead;

	CU_ASSERT(vlapic_rdmsr(l, msr, &value));
	return value;
}

static void run_to(uint64_t now)
{
	sim_clock_set(now);
	timers_interrupt(0);
	softirq_run(0);
}

static void take(struct vlapic *l, int expected)
{
	CU_ASSERT_EQUAL(vlapic_due(l), expected);
	if (vlapic_due(l) >= 0) {
		vlapic_accept(l, vlapic_due(l));
	}
}

/* --- interrupts ------------------------------------------------------------------------------ */

static void the_highest_vector_comes_first_and_lower_ones_wait_for_its_end(void)
{
	struct vlapic *l = &lapic[0];

	vlapic_raise(l, 0x31);
	vlapic_raise(l, 0xf3);
	vlapic_raise(l, 0xf3);
	CU_ASSERT_EQUAL(kicks[0], 2);
	take(l, 0xf3);
	take(l, -1);
	CU_ASSERT_EQUAL(read_page(l, 0xa0), 0xf0);
	CU_ASSERT_EQUAL(read_page(l, 0x170), 1U << 0x13);
	vlapic_raise(l, 0xf5); /* same class: waits */
	take(l, -1);
	write_page(l, 0xb0, 0);
	take(l, 0xf5);
	write_page(l, 0xb0, 0);
	take(l, 0x31);
	write_page(l, 0xb0, 0);
	CU_ASSERT_FALSE(vlapic_has_pending(l));
	write_page(l, 0xb0, 0); /* an EOI too many does nothing */
	take(l, -1);
}

static void task_priority_holds_back_what_it_outranks(void)
{
	struct vlapic *l = &lapic[0];

	vlapic_raise(l, 0x45);
	vlapic_set_cr8(l, 4);
	CU_ASSERT_EQUAL(read_page(l, 0x80), 0x40);
	CU_ASSERT_EQUAL(vlapic_due(l), -1);
	CU_ASSERT_TRUE(vlapic_has_pending(l));
	write_page(l, 0x80, 0x3f);
	CU_ASSERT_EQUAL(vlapic_cr8(l), 3);
	take(l, 0x45);
}

static void a_disabled_apic_takes_nothing(void)
{
	struct vlapic *l = &lapic[0];

	write_page(l, 0xf0, 0xff);
	vlapic_raise(l, 0xf3);
	CU_ASSERT_FALSE(vlapic_has_pending(l));
	CU_ASSERT_EQUAL(kicks[0], 0);
	write_page(l, 0xf0, 0x1ff);
	CU_ASSERT_EQUAL(read_page(l, 0x350) & 0x10000, 0x10000); /* masks stay */
	vlapic_raise(l, 15);
	CU_ASSERT_FALSE(vlapic_has_pending(l));
	vlapic_raise(l, 0xf3);
	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_APIC_BASE, VLAPIC_DEFAULT_BASE));
	CU_ASSERT_EQUAL(vlapic_due(l), -1);
	CU_ASSERT_FALSE(vlapic_page_is(l, VLAPIC_DEFAULT_BASE));
	CU_ASSERT_EQUAL(rdmsr(l, MSR_APIC_BASE), VLAPIC_DEFAULT_BASE | APIC_BASE_BSP);
}

/* --- registers ------------------------------------------------------------------------------- */

static void registers_begin_as_after_reset(void)
{
	static const uint32_t masked[] = {0x320, 0x330, 0x340, 0x350, 0x360, 0x370};
	struct vlapic *l = &lapic[1];

	vlapic_reset(l);
	CU_ASSERT_EQUAL(read_page(l, 0x20), 2U << 24);
	CU_ASSERT_EQUAL(read_page(l, 0x30), 0x50014);
	CU_ASSERT_EQUAL(read_page(l, 0xe0), 0xffffffff);
	CU_ASSERT_EQUAL(read_page(l, 0xf0), 0xff);
	for (unsigned int i = 0; i < array_size(masked); i++) {
		CU_ASSERT_EQUAL(read_page(l, masked[i]), 0x10000);
	}
	CU_ASSERT_EQUAL(rdmsr(l, MSR_APIC_BASE), VLAPIC_DEFAULT_BASE | APIC_BASE_ENABLE);
	CU_ASSERT_EQUAL(rdmsr(&lapic[0], MSR_APIC_BASE) & APIC_BASE_BSP, APIC_BASE_BSP);
}

static void any_access_to_the_page_is_harmless(void)
{
	struct vlapic *l = &lapic[0];

	for (uint32_t offset = 0; offset < 4096; offset++) {
		for (unsigned int bytes = 1; bytes <= 8; bytes *= 2) {
			vlapic_page_write(l, offset, bytes, 0xffffffffffffffffUL);
			(void)vlapic_page_read(l, offset, bytes);
		}
	}
	CU_ASSERT_EQUAL(vlapic_page_read(l, 5000, 4), 0);
	CU_ASSERT_EQUAL(read_page(l, 0x30), 0x50014);
	CU_ASSERT_EQUAL(vlapic_page_read(l, 0x32, 1), 0x05);
	CU_ASSERT_EQUAL(vlapic_page_read(l, 0x31, 2), 0x0500);
	CU_ASSERT_EQUAL(vlapic_page_read(l, 0x34, 4), 0);
	CU_ASSERT_EQUAL(vlapic_page_read(l, 0x30, 8), 0x50014);
}

static void every_msr_either_answers_or_faults(void)
{
	uint64_t value;

	for (unsigned int mode = 0; mode < 2; mode++) {
		unsigned int readable = 0, writable = 0;

		for (uint32_t msr = 0x800; msr <= 0x8ff; msr++) {
			readable += vlapic_rdmsr(&lapic[0], msr, &value);
			writable += vlapic_wrmsr(&lapic[0], msr, 0);
		}
		CU_ASSERT_EQUAL(readable, mode ? 6 + 24 + 2 + 6 + 3 : 0);
		CU_ASSERT_EQUAL(writable, mode ? 4 + 1 + 6 + 2 + 1 : 0);
		enter_x2apic(&lapic[0]);
	}
	CU_ASSERT_FALSE(vlapic_rdmsr(&lapic[0], X2(0x0b), &value));
	CU_ASSERT_FALSE(vlapic_rdmsr(&lapic[0], X2(0x3f), &value));
	CU_ASSERT_FALSE(vlapic_wrmsr(&lapic[0], X2(0x0b), 1));
	CU_ASSERT_FALSE(vlapic_wrmsr(&lapic[0], X2(0x08), 0x100));
	CU_ASSERT_FALSE(vlapic_wrmsr(&lapic[0], X2(0x32), 1UL << 32));
	CU_ASSERT_FALSE(vlapic_wrmsr(&lapic[0], X2(0x02), 0));
}

static void modes_change_only_as_the_manual_says(void)
{
	struct vlapic *l = &lapic[1];
	const uint64_t base = VLAPIC_DEFAULT_BASE;
	const uint64_t on = base | APIC_BASE_ENABLE;
	const uint64_t x2 = on | APIC_BASE_X2APIC;

	CU_ASSERT_FALSE(vlapic_wrmsr(l, MSR_APIC_BASE, base | APIC_BASE_X2APIC));
	CU_ASSERT_FALSE(vlapic_wrmsr(l, MSR_APIC_BASE, on | 1));
	CU_ASSERT_FALSE(vlapic_wrmsr(l, MSR_APIC_BASE, on | 1UL << 60));
	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_APIC_BASE, base));
	CU_ASSERT_FALSE(vlapic_wrmsr(l, MSR_APIC_BASE, x2));
	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_APIC_BASE, on));
	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_APIC_BASE, x2));
	CU_ASSERT_FALSE(vlapic_page_is(l, base));
	CU_ASSERT_FALSE(vlapic_wrmsr(l, MSR_APIC_BASE, on));
	CU_ASSERT_EQUAL(rdmsr(l, X2(0x02)), 2);
	CU_ASSERT_EQUAL(rdmsr(l, X2(0x0d)), 4); /* cluster 0, bit 2 */
	vlapic_reset(l); /* INIT */
	CU_ASSERT_EQUAL(rdmsr(l, MSR_APIC_BASE), x2);
	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_APIC_BASE, base));
	l->has_x2apic = false;
	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_APIC_BASE, on));
	CU_ASSERT_FALSE(vlapic_wrmsr(l, MSR_APIC_BASE, x2));
}

/* --- IPIs ------------------------------------------------------------------------------------ */

static void send(uint32_t destination, uint32_t low)
{
	write_page(&lapic[0], 0x310, destination << 24);
	write_page(&lapic[0], 0x300, low);
}

static uint32_t who_has(uint8_t vector)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < COUNT; i++) {
		mask |= (lapic[i].irr[vector / 32] >> vector % 32 & 1) << i;
	}
	return mask;
}

static void a_physical_destination_is_one_apic_or_all(void)
{
	send(2, 0x40);
	CU_ASSERT_EQUAL(who_has(0x40), 2);
	send(3, 0x41);
	CU_ASSERT_EQUAL(who_has(0x41), 0);
	send(0xff, 0x42);
	CU_ASSERT_EQUAL(who_has(0x42), 7);
	enter_x2apic(&lapic[2]);
	send(4, 0x43);
	CU_ASSERT_EQUAL(who_has(0x43), 4);
}

static void shorthands_need_no_destination(void)
{
	send(9, 0x40 | 1U << 18);
	CU_ASSERT_EQUAL(who_has(0x40), 1);
	send(9, 0x41 | 2U << 18);
	CU_ASSERT_EQUAL(who_has(0x41), 7);
	send(9, 0x42 | 3U << 18);
	CU_ASSERT_EQUAL(who_has(0x42), 6);
	enter_x2apic(&lapic[0]);
	CU_ASSERT_TRUE(vlapic_wrmsr(&lapic[0], X2(0x3f), 0x43));
	CU_ASSERT_EQUAL(who_has(0x43), 1);
}

static void logical_destinations_follow_the_model(void)
{
	write_page(&lapic[1], 0xd0, 0x02000000);
	write_page(&lapic[2], 0xd0, 0x04000000);
	send(6, 0x40 | 0x800);
	CU_ASSERT_EQUAL(who_has(0x40), 6);
	write_page(&lapic[1], 0xe0, 0x0fffffff);
	write_page(&lapic[1], 0xd0, 0x12000000);
	send(0x12, 0x41 | 0x800);
	CU_ASSERT_EQUAL(who_has(0x41), 2);
	send(0x22, 0x42 | 0x800);
	CU_ASSERT_EQUAL(who_has(0x42) & 2, 0);
	enter_x2apic(&lapic[0]);
	enter_x2apic(&lapic[2]);
	CU_ASSERT_TRUE(vlapic_wrmsr(&lapic[0], X2(0x30), 0x0000001000000843UL));
	CU_ASSERT_EQUAL(who_has(0x43), 4);
}

static void lowest_priority_picks_one_that_listens(void)
{
	write_page(&lapic[0], 0x80, 0x50);
	write_page(&lapic[1], 0x80, 0x20);
	write_page(&lapic[2], 0xf0, 0xff);
	send(0xff, 0x40 | 0x100);
	CU_ASSERT_EQUAL(who_has(0x40), 2);
	write_page(&lapic[1], 0xf0, 0xff);
	write_page(&lapic[0], 0xf0, 0xff);
	send(0xff, 0x41 | 0x100);
	CU_ASSERT_EQUAL(who_has(0x41), 0);
}

static void a_vector_below_16_is_an_error_of_the_sender(void)
{
	write_page(&lapic[0], 0x370, 0xfe);
	send(2, 5);
	CU_ASSERT_EQUAL(who_has(5), 0);
	CU_ASSERT_EQUAL(read_page(&lapic[0], 0x280), 0);
	write_page(&lapic[0], 0x280, 0);
	CU_ASSERT_EQUAL(read_page(&lapic[0], 0x280), 0x20);
	CU_ASSERT_EQUAL(who_has(0xfe), 1);
	write_page(&lapic[0], 0x280, 0);
	CU_ASSERT_EQUAL(read_page(&lapic[0], 0x280), 0);
	write_page(&lapic[0], 0x370, 5); /* an error about the error goes nowhere */
	send(2, 5);
}

static void nmis_go_to_their_destination(void)
{
	send(4, 0x400);
	CU_ASSERT_EQUAL(nmis[2], 1);
	CU_ASSERT_EQUAL(nmis[0] + nmis[1], 0);
	send(4, 0x200); /* SMI */
	send(4, 0x700); /* external interrupt */
	CU_ASSERT_EQUAL(nmis[2], 1);
}

/* --- INIT and SIPI --------------------------------------------------------------------------- */

static void init_and_sipi_start_a_waiting_vcpu(void)
{
	uint8_t vector = 0;

	CU_ASSERT_EQUAL(vlapic_take_startup(&lapic[1], &vector), VLAPIC_NOTHING);
	send(2, 0x4500);
	CU_ASSERT_EQUAL(inits[1], 1);
	CU_ASSERT_EQUAL(vlapic_take_startup(&lapic[1], &vector), VLAPIC_WAIT);
	send(2, 0x4699);
	CU_ASSERT_EQUAL(starts[1], 1);
	send(2, 0x4677); /* the second one of the protocol */
	CU_ASSERT_EQUAL(starts[1], 1);
	CU_ASSERT_EQUAL(vlapic_take_startup(&lapic[1], &vector), VLAPIC_START);
	CU_ASSERT_EQUAL(vector, 0x99);
	CU_ASSERT_EQUAL(vlapic_take_startup(&lapic[1], &vector), VLAPIC_NOTHING);
	send(2, 0x4677);
	CU_ASSERT_EQUAL(vlapic_take_startup(&lapic[1], &vector), VLAPIC_NOTHING);
}

static void a_new_vcpu_needs_no_init(void)
{
	uint8_t vector = 0;

	send(2, 0x4610);
	CU_ASSERT_EQUAL(vlapic_take_startup(&lapic[1], &vector), VLAPIC_START);
	CU_ASSERT_EQUAL(vector, 0x10);
}

static void init_takes_what_the_apic_held(void)
{
	uint8_t vector;

	vlapic_raise(&lapic[0], 0x50);
	send(0, 0x4500);
	CU_ASSERT_TRUE(vlapic_startup_is_pending(&lapic[0]));
	CU_ASSERT_EQUAL(vlapic_take_startup(&lapic[0], &vector), VLAPIC_WAIT);
	CU_ASSERT_FALSE(vlapic_has_pending(&lapic[0]));
	CU_ASSERT_FALSE(vlapic_is_enabled(&lapic[0]));
}

static void a_deassert_is_not_an_init(void)
{
	send(2, 0x8500);
	CU_ASSERT_EQUAL(inits[1], 0);
}

static void a_running_vcpu_ignores_sipi(void)
{
	uint8_t vector;

	vlapic_started(&lapic[1]);
	send(2, 0x4610);
	CU_ASSERT_EQUAL(vlapic_take_startup(&lapic[1], &vector), VLAPIC_NOTHING);
}

/* --- the timer ------------------------------------------------------------------------------- */

static void a_one_shot_fires_once(void)
{
	struct vlapic *l = &lapic[0];
	uint64_t start = clock_now();

	write_page(l, 0x3e0, 0xb); /* divide by 1 */
	write_page(l, 0x320, 0xec);
	write_page(l, 0x380, 1000);
	run_to(start + 5000);
	CU_ASSERT_EQUAL(read_page(l, 0x390), 500);
	CU_ASSERT_EQUAL(vlapic_due(l), -1);
	run_to(start + 10000);
	take(l, 0xec);
	write_page(l, 0xb0, 0);
	CU_ASSERT_EQUAL(read_page(l, 0x390), 0);
	run_to(start + 40000);
	CU_ASSERT_EQUAL(vlapic_due(l), -1);
}

static void a_periodic_one_waits_for_the_guest(void)
{
	struct vlapic *l = &lapic[0];
	uint64_t start = clock_now();

	write_page(l, 0x3e0, 0x0); /* divide by 2: 20 ns */
	write_page(l, 0x320, 0x200ec);
	write_page(l, 0x380, 5000); /* 100 us */
	run_to(start + 100000);
	CU_ASSERT_EQUAL(vlapic_due(l), 0xec);
	CU_ASSERT_FALSE(timer_is_set(&l->timer));
	run_to(start + 950000);
	take(l, 0xec);
	CU_ASSERT_EQUAL(l->timer.expires, start + 1000000);
	CU_ASSERT_EQUAL(read_page(l, 0x390), 2500);
	write_page(l, 0xb0, 0);
	run_to(start + 1000000);
	take(l, 0xec);
	write_page(l, 0xb0, 0);
	write_page(l, 0x320, 0x300ec); /* masked: nothing to wait for */
	CU_ASSERT_FALSE(timer_is_set(&l->timer));
	write_page(l, 0x320, 0x200ec);
	CU_ASSERT_TRUE(timer_is_set(&l->timer));
	write_page(l, 0x380, 0);
	CU_ASSERT_FALSE(timer_is_set(&l->timer));
}

static void no_period_is_too_short_for_the_core(void)
{
	struct vlapic *l = &lapic[0];
	uint64_t start = clock_now();

	write_page(l, 0x3e0, 0xb);
	write_page(l, 0x320, 0x200ec);
	write_page(l, 0x380, 1);
	run_to(start + 10);
	take(l, 0xec);
	CU_ASSERT(l->timer.expires >= clock_now() + 20000);
}

static void a_deadline_is_the_guests_tsc(void)
{
	struct vlapic *l = &lapic[0];
	uint64_t start = clock_now();

	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_TSC_DEADLINE, start + 100)); /* not in that mode */
	CU_ASSERT_EQUAL(rdmsr(l, MSR_TSC_DEADLINE), 0);
	write_page(l, 0x320, 0x400ec);
	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_TSC_DEADLINE, start + 5000));
	CU_ASSERT_EQUAL(rdmsr(l, MSR_TSC_DEADLINE), start + 5000);
	write_page(l, 0x380, 77); /* no count in this mode */
	CU_ASSERT_EQUAL(read_page(l, 0x380), 0);
	run_to(start + 5000);
	CU_ASSERT_EQUAL(rdmsr(l, MSR_TSC_DEADLINE), 0);
	take(l, 0xec);
	write_page(l, 0xb0, 0);
	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_TSC_DEADLINE, 1)); /* long past: at once */
	run_to(start + 5001);
	take(l, 0xec);
	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_TSC_DEADLINE, ~0UL));
	CU_ASSERT_TRUE(vlapic_wrmsr(l, MSR_TSC_DEADLINE, 0));
	CU_ASSERT_FALSE(timer_is_set(&l->timer));
	l->has_deadline = false;
	CU_ASSERT_FALSE(vlapic_wrmsr(l, MSR_TSC_DEADLINE, 1));
	write_page(l, 0x320, 0x400ec);
	CU_ASSERT_EQUAL(read_page(l, 0x320), 0xec);
}

/* --- records --------------------------------------------------------------------------------- */

static void a_record_brings_back_what_was_saved(void)
{
	struct vlapic *l = &lapic[1], *other = &lapic[2];
	struct hvm_hw_lapic record;
	uint8_t page[1024], again[1024];

	write_page(l, 0x80, 0x30);
	write_page(l, 0xd0, 0x07000000);
	write_page(l, 0x3e0, 0xb);
	write_page(l, 0x320, 0x200ec);
	write_page(l, 0x380, 1000);
	vlapic_raise(l, 0x61);
	vlapic_raise(l, 0x22);
	vlapic_accept(l, 0x61);
	vlapic_save(l, &record);
	vlapic_save_page(l, page);
	CU_ASSERT_EQUAL(record.disabled, 0);
	CU_ASSERT_EQUAL(record.timer_divisor, 1);
	CU_ASSERT_EQUAL(vlapic_load(other, &record), 0);
	CU_ASSERT_EQUAL(vlapic_load_page(other, page), 0);
	vlapic_save_page(other, again);
	CU_ASSERT_EQUAL(memcmp(page, again, sizeof(page)), 0);
	CU_ASSERT_TRUE(timer_is_set(&other->timer));
	CU_ASSERT_EQUAL(vlapic_due(other), -1);
	write_page(other, 0xb0, 0);
	CU_ASSERT_EQUAL(vlapic_due(other), -1);
	write_page(other, 0x80, 0);
	take(other, 0x22);
}

static void a_hostile_record_is_refused_or_tamed(void)
{
	struct vlapic *l = &lapic[1];
	struct hvm_hw_lapic record = {.apic_base_msr = APIC_BASE_X2APIC};
	uint8_t page[1024];

	CU_ASSERT_EQUAL(vlapic_load(l, &record), -XEN_EINVAL);
	record.apic_base_msr = ~0UL;
	CU_ASSERT_EQUAL(vlapic_load(l, &record), -XEN_EINVAL);
	l->has_x2apic = false;
	record.apic_base_msr = VLAPIC_DEFAULT_BASE | APIC_BASE_ENABLE | APIC_BASE_X2APIC;
	CU_ASSERT_EQUAL(vlapic_load(l, &record), -XEN_EINVAL);
	memset(page, 0xff, sizeof(page));
	CU_ASSERT_EQUAL(vlapic_load_page(l, page), 0);
	CU_ASSERT_EQUAL(l->irr[0], 0xffff0000);
	CU_ASSERT_EQUAL(read_page(l, 0x300) & 0x1000, 0);
	CU_ASSERT_EQUAL(read_page(l, 0x320) & 0xfff0ff00 & ~0x70000U, 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(the_highest_vector_comes_first_and_lower_ones_wait_for_its_end),
		UNIT(task_priority_holds_back_what_it_outranks),
		UNIT(a_disabled_apic_takes_nothing),
		UNIT(registers_begin_as_after_reset),
		UNIT(any_access_to_the_page_is_harmless),
		UNIT(every_msr_either_answers_or_faults),
		UNIT(modes_change_only_as_the_manual_says),
		UNIT(a_physical_destination_is_one_apic_or_all),
		UNIT(shorthands_need_no_destination),
		UNIT(logical_destinations_follow_the_model),
		UNIT(lowest_priority_picks_one_that_listens),
		UNIT(a_vector_below_16_is_an_error_of_the_sender),
		UNIT(nmis_go_to_their_destination),
		UNIT(init_and_sipi_start_a_waiting_vcpu),
		UNIT(a_new_vcpu_needs_no_init),
		UNIT(init_takes_what_the_apic_held),
		UNIT(a_deassert_is_not_an_init),
		UNIT(a_running_vcpu_ignores_sipi),
		UNIT(a_one_shot_fires_once),
		UNIT(a_periodic_one_waits_for_the_guest),
		UNIT(no_period_is_too_short_for_the_core),
		UNIT(a_deadline_is_the_guests_tsc),
		UNIT(a_record_brings_back_what_was_saved),
		UNIT(a_hostile_record_is_refused_or_tamed),
	};

	return unit_main("hvm_vlapic", tests, array_size(tests), setup);
}
