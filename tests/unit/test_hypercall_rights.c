/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The description of the calls is what the calls do: subop.def, from which docs/hypercalls.md and
 * the rights in docs/security.md are made, against the whole core. A row exists if and only if the
 * number is answered; what it says of rights is what a domain without them meets.
 *
 * Arguments are pages of zeros: where a call names a domain, it names domain 0.
 */
#include "unit/whole_world.h"

#include "unit/unit.h"

#include <xen/domctl.h>
#include <xen/memory.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

#include <stdio.h>

#define NUMBERS 128U

enum { ANY, TARGET, DM, CONTROL, HARDWARE, XENSTORE };
static const struct row {
	uint64_t call;
	uint32_t number;
	int right;
	const char *name;
} rows[] = {
#define SUBOP(family, nr, name, structure, direction, right, restarts) \
	{__HYPERVISOR_##family, nr, right, #family " " #name},
#include <subop.def>
#undef SUBOP
};

static const struct row *row_of(uint64_t call, uint32_t number)
{
	for (unsigned int i = 0; i < array_size(rows); i++) {
		if (rows[i].call == call && rows[i].number == number) {
			return &rows[i];
		}
	}
	return NULL;
}

/* The structure at place 0 is zeros but for what says which command it is. */
static void put_command(unsigned int n, uint64_t call, uint32_t number)
{
	uint32_t *words = place(n, 0);

	for (unsigned int i = 0; i < PLACES; i++) {
		memset(place(n, i), 0, PAGE_SIZE);
	}
	switch (call) {
	case __HYPERVISOR_platform_op:
		words[1] = XENPF_INTERFACE_VERSION;
		break;
	case __HYPERVISOR_domctl:
		words[1] = XEN_DOMCTL_INTERFACE_VERSION;
		break;
	case __HYPERVISOR_sysctl:
		words[1] = XEN_SYSCTL_INTERFACE_VERSION;
		break;
	case __HYPERVISOR_mmuext_op:
		break;
	case __HYPERVISOR_memory_op:
		/* One extent or frame, where that matters; of an exchange one for one. */
		words[2] = words[10] = 1;
		return;
	default:
		return;
	}
	words[0] = number;
}

static int64_t ask(unsigned int n, uint64_t call, uint32_t number)
{
	uint64_t at = place_va(n, 0);
	uint64_t args[6] = {number, at, 1};

	put_command(n, call, number);
	switch (call) {
	case __HYPERVISOR_platform_op:
	case __HYPERVISOR_domctl:
	case __HYPERVISOR_sysctl:
		args[0] = at;
		break;
	case __HYPERVISOR_mmuext_op:
		args[0] = at;
		args[1] = 1;
		args[3] = n == 0 ? DOMID_SELF : 0;
		args[2] = 0;
		break;
	case __HYPERVISOR_vcpu_op:
		args[1] = 1;
		args[2] = at;
		break;
	case __HYPERVISOR_console_io:
		args[1] = 1;
		args[2] = at;
		break;
	default:
		break;
	}
	return whole_call(domain_find((uint16_t)n)->vcpus[0], call, args);
}

static const uint64_t families[] = {
	__HYPERVISOR_memory_op,   __HYPERVISOR_event_channel_op, __HYPERVISOR_grant_table_op,
	__HYPERVISOR_sched_op,    __HYPERVISOR_vcpu_op,		 __HYPERVISOR_xen_version,
	__HYPERVISOR_physdev_op,  __HYPERVISOR_platform_op,	 __HYPERVISOR_mmuext_op,
	__HYPERVISOR_callback_op, __HYPERVISOR_console_io,	 __HYPERVISOR_hvm_op,
	__HYPERVISOR_domctl,      __HYPERVISOR_sysctl,
};

/* Answered only by a state the domains of this test are not in. */
static bool depends_on_state(const struct row *row)
{
	static const char *const names[] = {"memory_op memory_map", "event_channel_op set_priority",
					    "platform_op efi_runtime_call"};

	for (unsigned int i = 0; i < array_size(names); i++) {
		if (strcmp(row->name, names[i]) == 0) {
			return true;
		}
	}
	return false;
}

static void check_answered(uint64_t call, uint32_t number)
{
	const struct row *row = row_of(call, number);
	int64_t result;

	if (row && depends_on_state(row)) {
		return;
	}
	whole_start();
	/* Some of these are for translated guests only. */
	result = ask(call == __HYPERVISOR_hvm_op ? 2 : 0, call, number);
	if ((result != -XEN_ENOSYS) != (row != NULL)) {
		printf("# call %lu, number %u (%s): %ld\n", call, number,
		       row ? row->name : "no row", result);
		CU_FAIL("the description and the core differ");
	}
}

static void a_number_is_answered_if_it_has_a_row(void)
{
	for (unsigned int f = 0; f < array_size(families); f++) {
		for (uint32_t number = 0; number < NUMBERS; number++) {
			/* Above, the number of a memory_op holds its progress. */
			if (families[f] != __HYPERVISOR_memory_op || number <= MEMOP_CMD_MASK) {
				check_answered(families[f], number);
			}
		}
	}
	CU_PASS("compared");
}

/* Everything domain 0 is that a call about it could change. */
static uint64_t state_of_domain_0(void)
{
	const struct domain *d = domain_find(0);
	uint64_t state = d->frame_count * 31 + d->frame_max;

	state = state * 31 + d->life * 8 + d->control_pause_count + d->is_shutting_down;
	for (unsigned int i = 0; i < EVTCHN_2L_NR_CHANNELS / 64; i++) {
		state = state * 31 + d->shared->evtchn_pending[i];
	}
	return state;
}

static bool is_refused(unsigned int n, const struct row *row, int64_t result)
{
	/* These count what they did and have no errors, or have a status of their own. */
	if (row->call == __HYPERVISOR_memory_op && result == 0) {
		return row->number == XENMEM_increase_reservation ||
		       row->number == XENMEM_decrease_reservation ||
		       row->number == XENMEM_populate_physmap;
	}
	if (row->call == __HYPERVISOR_grant_table_op && result == 0) {
		const int16_t *at = place(n, 0);

		return at[row->number == GNTTABOP_setup_table ? 4 : 6] == GNTST_permission_denied;
	}
	/* The right comes first, unless the call is none for this kind of guest. */
	return result == -XEN_EPERM ||
	       (n == 2 && (result == -XEN_ENOSYS || result == -XEN_EOPNOTSUPP));
}

static void check_refused(unsigned int n, const struct row *row)
{
	uint64_t before;
	int64_t result;

	whole_start();
	before = state_of_domain_0();
	result = ask(n, row->call, row->number);
	if (!is_refused(n, row, result)) {
		printf("# %s by domain %u: %ld\n", row->name, n, result);
		CU_FAIL("a call without the right to it is not refused");
	}
	CU_ASSERT_EQUAL(state_of_domain_0(), before);
}

static void without_the_right_a_call_is_refused_and_changes_nothing(void)
{
	for (unsigned int i = 0; i < array_size(rows); i++) {
		if (rows[i].right != ANY) {
			check_refused(1, &rows[i]);
			check_refused(2, &rows[i]);
		}
	}
}

static void what_is_done_to_others_is_not_done_to_oneself(void)
{
	for (unsigned int i = 0; i < array_size(rows); i++) {
		if (rows[i].right == DM) {
			check_refused(0, &rows[i]);
		}
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_number_is_answered_if_it_has_a_row),
		UNIT(without_the_right_a_call_is_refused_and_changes_nothing),
		UNIT(what_is_done_to_others_is_not_done_to_oneself),
	};

	return unit_main("hypercall_rights", tests, array_size(tests), NULL);
}
