/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that a kernel which leaves the hypervisor nothing to return to takes only itself down:
 * exceptions without handler or stack, an iret frame that cannot be read, user mode without
 * tables, a stack in the hypervisor. Each child ends as a crashed domain, dom0 goes
 * on, and the memory comes back.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/sched.h>

static void no_handler(void)
{
	hypercall1(__HYPERVISOR_set_trap_table, 0);
	__asm__ volatile("ud2");
}

static void no_stack(void)
{
	__asm__ volatile("mov $0x1000, %%rsp\n\tud2" ::: "memory");
}

static void stack_in_hypervisor(void)
{
	__asm__ volatile("mov $0xffff830000001000, %%rsp\n\tud2" ::: "memory");
}

static void iret_from_nowhere(void)
{
	__asm__ volatile("mov $0x1000, %%rsp\n\tmov $23, %%eax\n\tsyscall" ::: "memory");
}

static void no_user_tables(void)
{
	struct iret_context frame = user_frame();

	user_enter(&frame);
}

static void crash_call(void)
{
	struct sched_shutdown shutdown = {.reason = SHUTDOWN_crash};

	hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &shutdown);
}

static void crashes(const char *name, void (*entry)(void))
{
	struct child child;

	if (child_build(&child, entry)) {
		claim(false, "a_child_to_crash_is_built");
		return;
	}
	claim_equal(name, child_run(&child), SHUTDOWN_crash);
	domain_destroy(child.domid);
}

void guest_test(void)
{
	uint64_t before = free_pages();

	crashes("an_exception_without_handler", no_handler);
	crashes("an_exception_without_stack", no_stack);
	crashes("a_stack_in_the_hypervisor", stack_in_hypervisor);
	crashes("iret_from_an_unmapped_stack", iret_from_nowhere);
	crashes("user_mode_without_tables", no_user_tables);
	crashes("asking_for_it", crash_call);
	sleep_ns(100000000);
	claim((int64_t)(before - free_pages()) <= 3, "their_memory_is_back");
}
