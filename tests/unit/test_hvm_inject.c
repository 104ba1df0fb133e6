/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which event goes into the guest, and what becomes of exceptions that meet. */
#include "unit/unit.h"

#include "hvm/inject.h"
#include "hvm/params.h"

#include "x86/exception.h"

#include <xen/errno.h>

static struct hvm_inject state;
static struct inject_inputs inputs;
static struct hvm_params params;

static void setup(void)
{
	state = (struct hvm_inject){.nmi_blocked = false};
	inputs = (struct inject_inputs){.interrupts_on = true, .lapic_vector = -1};
	hvm_params_init(&params);
}

/* --- exceptions ------------------------------------------------------------------------------ */

/* -1: triple fault. */
static int meet(uint8_t first, uint8_t second)
{
	state.pending.exists = false;
	CU_ASSERT_TRUE(inject_exception(&state, first, 0));
	return inject_exception(&state, second, 0x18) ? state.pending.vector : -1;
}

static void exceptions_meet_as_in_the_manual(void)
{
	static const uint8_t contributory[] = {0, 10, 11, 12, 13, 21, 29};
	static const uint8_t benign[] = {1, 3, 4, 5, 6, 7, 16, 17, 18, 19};

	for (unsigned int i = 0; i < array_size(contributory); i++) {
		uint8_t c = contributory[i];

		CU_ASSERT_EQUAL(meet(c, 13), EXCEPTION_DF);
		CU_ASSERT_EQUAL(meet(c, 14), EXCEPTION_PF);
		CU_ASSERT_EQUAL(meet(14, c), EXCEPTION_DF);
		CU_ASSERT_EQUAL(meet(8, c), -1);
		for (unsigned int j = 0; j < array_size(benign); j++) {
			CU_ASSERT_EQUAL(meet(benign[j], c), c);
			CU_ASSERT_EQUAL(meet(c, benign[j]), benign[j]);
			CU_ASSERT_EQUAL(meet(8, benign[j]), benign[j]);
			CU_ASSERT_EQUAL(meet(14, benign[j]), benign[j]);
		}
	}
	CU_ASSERT_EQUAL(meet(14, 14), EXCEPTION_DF);
	CU_ASSERT_EQUAL(meet(8, 14), -1);
	CU_ASSERT_FALSE(state.pending.exists);
}

static void a_double_fault_has_error_code_zero(void)
{
	CU_ASSERT_EQUAL(meet(13, 13), EXCEPTION_DF);
	CU_ASSERT_TRUE(state.pending.has_error);
	CU_ASSERT_EQUAL(state.pending.error, 0);
	CU_ASSERT_EQUAL(meet(6, 6), EXCEPTION_UD);
	CU_ASSERT_FALSE(state.pending.has_error);
	CU_ASSERT_EQUAL(state.pending.error, 0);
}

static void a_broken_off_event_comes_again_unless_its_delivery_faults(void)
{
	const struct hvm_event event = {
		.exists = true, .type = EVENT_INTERRUPT, .vector = 0xf3};
	const struct hvm_event none = {.exists = false};
	struct inject_choice choice;

	inject_again(&state, &none);
	CU_ASSERT_FALSE(state.pending.exists);
	inject_again(&state, &event);
	inputs.interrupts_on = false; /* was on when it began */
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_EQUAL(choice.event.vector, 0xf3);
	CU_ASSERT_FALSE(choice.from_lapic);
	inject_again(&state, &event);
	CU_ASSERT_TRUE(inject_exception(&state, EXCEPTION_PF, 2));
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_EQUAL(choice.event.vector, EXCEPTION_PF);
	CU_ASSERT_EQUAL(choice.event.error, 2);
}

static void a_broken_off_nmi_still_blocks_the_next(void)
{
	const struct hvm_event nmi = {.exists = true, .type = EVENT_NMI, .vector = 2};

	inject_again(&state, &nmi);
	CU_ASSERT_TRUE(state.nmi_blocked);
}

/* --- choosing -------------------------------------------------------------------------------- */

static void nothing_pending_means_nothing_wanted(void)
{
	struct inject_choice choice = inject_choose(&state, &inputs);

	CU_ASSERT_FALSE(choice.event.exists);
	CU_ASSERT_FALSE(choice.want_interrupt_window);
	CU_ASSERT_FALSE(choice.want_nmi_window);
	CU_ASSERT_FALSE(inject_wakes(&state, &inputs));
}

static void the_order_is_exception_nmi_callback_apic(void)
{
	struct inject_choice choice;

	CU_ASSERT_TRUE(inject_exception(&state, EXCEPTION_UD, 0));
	inputs.nmi_pending = inputs.callback_pending = true;
	inputs.callback_vector = 0xf0;
	inputs.lapic_vector = 0xfe;
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_EQUAL(choice.event.type, EVENT_EXCEPTION);
	CU_ASSERT_TRUE(choice.want_interrupt_window);
	CU_ASSERT_FALSE(choice.want_nmi_window);
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_EQUAL(choice.event.type, EVENT_NMI);
	CU_ASSERT_TRUE(choice.from_nmi);
	CU_ASSERT_TRUE(choice.want_interrupt_window);
	CU_ASSERT_TRUE(choice.want_nmi_window); /* until its handler returns */
	state.nmi_blocked = false;
	inputs.nmi_pending = false;
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_EQUAL(choice.event.vector, 0xf0);
	CU_ASSERT_FALSE(choice.from_lapic);
	CU_ASSERT_TRUE(choice.want_interrupt_window);
	inputs.callback_pending = false;
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_EQUAL(choice.event.vector, 0xfe);
	CU_ASSERT_TRUE(choice.from_lapic);
	CU_ASSERT_FALSE(choice.want_interrupt_window);
}

static void interrupts_wait_for_the_flag_and_the_shadow(void)
{
	struct inject_choice choice;

	inputs.lapic_vector = 0x31;
	inputs.interrupts_on = false;
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_FALSE(choice.event.exists);
	CU_ASSERT_TRUE(choice.want_interrupt_window);
	CU_ASSERT_FALSE(inject_wakes(&state, &inputs));
	inputs.interrupts_on = true;
	inputs.shadow = true;
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_FALSE(choice.event.exists);
	CU_ASSERT_TRUE(choice.want_interrupt_window);
	CU_ASSERT_TRUE(inject_wakes(&state, &inputs));
	inputs.shadow = false;
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_EQUAL(choice.event.vector, 0x31);
}

static void a_second_nmi_waits_for_the_end_of_the_first(void)
{
	struct inject_choice choice;

	inputs.nmi_pending = true;
	inputs.interrupts_on = false;
	CU_ASSERT_TRUE(inject_wakes(&state, &inputs));
	inputs.shadow = true;
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_FALSE(choice.event.exists);
	CU_ASSERT_TRUE(choice.want_interrupt_window);
	CU_ASSERT_FALSE(choice.want_nmi_window);
	inputs.shadow = false;
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_TRUE(choice.from_nmi);
	CU_ASSERT_TRUE(choice.want_nmi_window);
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_FALSE(choice.event.exists);
	CU_ASSERT_TRUE(choice.want_nmi_window);
	CU_ASSERT_FALSE(inject_wakes(&state, &inputs));
	state.nmi_blocked = false;
	choice = inject_choose(&state, &inputs);
	CU_ASSERT_TRUE(choice.from_nmi);
}

/* --- parameters ------------------------------------------------------------------------------ */

static int get(bool by_itself, uint32_t index, uint64_t *value)
{
	return hvm_params_get(&params, by_itself, index, value);
}

static void parameters_begin_at_zero_but_the_triple_fault(void)
{
	uint64_t value = 99;

	CU_ASSERT_EQUAL(get(false, HVM_PARAM_TRIPLE_FAULT_REASON, &value), 0);
	CU_ASSERT_EQUAL(value, 1);
	CU_ASSERT_EQUAL(get(true, HVM_PARAM_STORE_EVTCHN, &value), 0);
	CU_ASSERT_EQUAL(value, 0);
	CU_ASSERT_EQUAL(get(false, HVM_NR_PARAMS, &value), -XEN_EINVAL);
	CU_ASSERT_EQUAL(get(false, ~0U, &value), -XEN_EINVAL);
	CU_ASSERT_EQUAL(hvm_params_set(&params, false, HVM_NR_PARAMS, 0), -XEN_EINVAL);
}

static void a_domain_sets_and_gets_what_is_its_own(void)
{
	static const uint8_t own[] = {0, 2, 15, 18, 19, 34, 36, 37};
	uint64_t value;

	for (uint32_t i = 0; i < HVM_NR_PARAMS; i++) {
		bool is_own = false;

		for (unsigned int j = 0; j < array_size(own); j++) {
			is_own |= own[j] == i;
		}
		CU_ASSERT_EQUAL(hvm_params_set(&params, true, i, 0) == -XEN_EPERM, !is_own);
		CU_ASSERT_EQUAL(get(true, i, &value) == -XEN_EPERM,
				!is_own && i != 1 && i != 17 && i != 35);
	}
}

static void some_parameters_are_gone_and_some_are_set_once(void)
{
	static const uint8_t gone[] = {4, 13, 20, 21, 22, 23, 24, 25, 26, 30};
	static const uint8_t once[] = {5, 6, 32, 35};
	uint64_t value;

	for (unsigned int i = 0; i < array_size(gone); i++) {
		CU_ASSERT_EQUAL(hvm_params_set(&params, false, gone[i], 0), -XEN_EINVAL);
		CU_ASSERT_EQUAL(get(false, gone[i], &value), -XEN_EINVAL);
	}
	for (unsigned int i = 0; i < array_size(once); i++) {
		CU_ASSERT_EQUAL(hvm_params_set(&params, false, once[i], 0), 0);
		CU_ASSERT_EQUAL(hvm_params_set(&params, false, once[i], 2), 0);
		CU_ASSERT_EQUAL(hvm_params_set(&params, false, once[i], 2), 0);
		CU_ASSERT_EQUAL(hvm_params_set(&params, false, once[i], 3), -XEN_EEXIST);
		CU_ASSERT_EQUAL(get(false, once[i], &value), 0);
		CU_ASSERT_EQUAL(value, 2);
	}
}

static void impossible_values_are_refused(void)
{
	CU_ASSERT_EQUAL(hvm_params_set(&params, false, HVM_PARAM_TIMER_MODE, 4), -XEN_EINVAL);
	CU_ASSERT_EQUAL(hvm_params_set(&params, false, HVM_PARAM_ACPI_S_STATE, 5), -XEN_EINVAL);
	CU_ASSERT_EQUAL(hvm_params_set(&params, false, HVM_PARAM_NR_IOREQ_SERVER_PAGES, 0),
			-XEN_EINVAL);
	CU_ASSERT_EQUAL(hvm_params_set(&params, true, HVM_PARAM_X87_FIP_WIDTH, 5), -XEN_EINVAL);
	CU_ASSERT_EQUAL(hvm_params_set(&params, true, HVM_PARAM_CALLBACK_IRQ, 2UL << 56 | 15),
			-XEN_EINVAL);
}

static void only_the_vector_type_makes_a_callback_vector(void)
{
	CU_ASSERT_EQUAL(hvm_params_callback_vector(&params), 0);
	CU_ASSERT_EQUAL(hvm_params_set(&params, true, HVM_PARAM_CALLBACK_IRQ, 1), 0);
	CU_ASSERT_EQUAL(hvm_params_callback_vector(&params), 0);
	CU_ASSERT_EQUAL(hvm_params_set(&params, true, HVM_PARAM_CALLBACK_IRQ, 2UL << 56 | 0xf3),
			0);
	CU_ASSERT_EQUAL(hvm_params_callback_vector(&params), 0xf3);
	CU_ASSERT_EQUAL(hvm_params_set(&params, true, HVM_PARAM_CALLBACK_IRQ, 1UL << 56 | 0xf3),
			0);
	CU_ASSERT_EQUAL(hvm_params_callback_vector(&params), 0);
}

static void the_sized_tss_is_also_the_plain_one(void)
{
	uint64_t value;

	CU_ASSERT_EQUAL(hvm_params_set(&params, true, HVM_PARAM_VM86_TSS_SIZED,
				       0x180fc100280UL), 0);
	CU_ASSERT_EQUAL(get(true, HVM_PARAM_VM86_TSS, &value), 0);
	CU_ASSERT_EQUAL(value, 0xfc100280);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(exceptions_meet_as_in_the_manual),
		UNIT(a_double_fault_has_error_code_zero),
		UNIT(a_broken_off_event_comes_again_unless_its_delivery_faults),
		UNIT(a_broken_off_nmi_still_blocks_the_next),
		UNIT(nothing_pending_means_nothing_wanted),
		UNIT(the_order_is_exception_nmi_callback_apic),
		UNIT(interrupts_wait_for_the_flag_and_the_shadow),
		UNIT(a_second_nmi_waits_for_the_end_of_the_first),
		UNIT(parameters_begin_at_zero_but_the_triple_fault),
		UNIT(a_domain_sets_and_gets_what_is_its_own),
		UNIT(some_parameters_are_gone_and_some_are_set_once),
		UNIT(impossible_values_are_refused),
		UNIT(only_the_vector_type_makes_a_callback_vector),
		UNIT(the_sized_tss_is_also_the_plain_one),
	};

	return unit_main("hvm_inject", tests, array_size(tests), setup);
}
