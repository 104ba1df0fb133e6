/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XENPF_efi_runtime_call against a made-up firmware with one variable: what it is given is the
 * core's memory and never the guest's, its failures are answers, and no size a guest names makes
 * the core copy beyond its buffers (the sanitizer sees to that).
 */
#include "unit/call_world.h"

#include "hypercall/efi.h"

#define NAME_VA LIST_VA
#define DATA_VA LIST2_VA
#define NOT_FOUND (1UL << 63 | 14)
#define BUFFER_TOO_SMALL (1UL << 63 | 5)
#define OUT_OF_RESOURCES (1UL << 63 | 9)

static const uint16_t boot_order[] = {'B', 'o', 'o', 't', 'O', 'r', 'd', 'e', 'r', 0};
static const uint16_t no_name[] = {0};
static uint8_t stored[64];
static uint64_t stored_bytes;
static uint32_t stored_attributes;
static unsigned int firmware_calls;
static uint64_t last_args[5];
static struct xen_platform_op op;
static struct xenpf_efi_runtime_call *const call = &op.u.efi_runtime_call;

static bool is_boot_order(const uint16_t *name)
{
	return memcmp(name, boot_order, sizeof(boot_order)) == 0;
}

static uint64_t get_variable(const uint64_t args[5])
{
	uint64_t *size = (uint64_t *)args[3];

	if (!is_boot_order((const uint16_t *)args[0])) {
		return NOT_FOUND;
	}
	if (*size < stored_bytes) {
		*size = stored_bytes;
		return BUFFER_TOO_SMALL;
	}
	*size = stored_bytes;
	*(uint32_t *)args[2] = stored_attributes;
	memcpy((void *)args[4], stored, stored_bytes);
	return 0;
}

static uint64_t set_variable(const uint64_t args[5])
{
	if (args[3] > sizeof(stored)) {
		return OUT_OF_RESOURCES;
	}
	stored_attributes = (uint32_t)args[2];
	stored_bytes = args[3];
	if (stored_bytes != 0) {
		memcpy(stored, (const void *)args[4], stored_bytes);
	}
	return 0;
}

static uint64_t next_name(const uint64_t args[5])
{
	uint64_t *size = (uint64_t *)args[0];
	uint16_t *name = (uint16_t *)args[1];

	if (name[0] != 0) {
		return NOT_FOUND;
	}
	if (*size < sizeof(boot_order)) {
		*size = sizeof(boot_order);
		return BUFFER_TOO_SMALL;
	}
	*size = sizeof(boot_order);
	memcpy(name, boot_order, sizeof(boot_order));
	return 0;
}

static uint64_t firmware(struct vcpu *v, enum efi_service service, const uint64_t args[5])
{
	struct xenpf_efi_time *time = (struct xenpf_efi_time *)args[0];

	CU_ASSERT_PTR_EQUAL(v, dom0->vcpus[0]);
	firmware_calls++;
	memcpy(last_args, args, sizeof(last_args));
	switch (service) {
	case EFI_GET_TIME:
		*time = (struct xenpf_efi_time){.year = 2026, .month = 11, .day = 22};
		*(uint32_t *)args[1] = 1;
		((uint8_t *)args[1])[8] = 1;
		return 0;
	case EFI_GET_WAKEUP_TIME:
		*(uint8_t *)args[1] = 1;
		return 0;
	case EFI_NEXT_HIGH_MONOTONIC_COUNT:
		*(uint32_t *)args[0] = 7;
		return 0;
	case EFI_GET_VARIABLE:
		return get_variable(args);
	case EFI_SET_VARIABLE:
		return set_variable(args);
	case EFI_GET_NEXT_VARIABLE_NAME:
		return next_name(args);
	case EFI_QUERY_VARIABLE_INFO:
		*(uint64_t *)args[1] = 262000;
		return 0;
	case EFI_SET_TIME:
	case EFI_SET_WAKEUP_TIME:
	case EFI_RESET_SYSTEM:
	case EFI_SERVICES:
		break;
	}
	return 0;
}

static const struct host_info efi_host = {.is_efi = true, .efi_revision = 2U << 16 | 70,
					  .efi_vendor = "vendor"};

static void setup(void)
{
	world_reset();
	host_info = &efi_host;
	efi_runtime_hook = firmware;
	memset(&op, 0, sizeof(op));
	firmware_calls = 0;
	stored_bytes = 3;
	stored_attributes = 7;
	memcpy(stored, "abc", 3);
	put(NAME_VA, boot_order, sizeof(boot_order));
}

static int64_t ask_as(struct domain *d, uint32_t function)
{
	int64_t result;

	op.cmd = XENPF_efi_runtime_call;
	op.interface_version = XENPF_INTERFACE_VERSION;
	call->function = function;
	put(WORLD_VA, &op, sizeof(op));
	result = call_as(d, hypercall_platform_op, WORLD_VA, 0, 0);
	get(&op, WORLD_VA, sizeof(op));
	return result;
}

static int64_t ask(uint32_t function)
{
	return ask_as(dom0, function);
}

static void ask_for_variable(uint64_t size)
{
	call->misc = 0;
	call->u.get_variable.name = NAME_VA;
	call->u.get_variable.data = DATA_VA;
	call->u.get_variable.size = size;
}

static void firmware_is_the_hardware_domains(void)
{
	for (uint32_t function = 0; function < 13; function++) {
		CU_ASSERT_EQUAL(ask_as(dom1, function), -XEN_EPERM);
	}
	CU_ASSERT_EQUAL(firmware_calls, 0);
}

static void without_efi_there_are_no_services(void)
{
	efi_runtime_hook = NULL;
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_time), -XEN_ENOSYS);
}

static void capsules_and_unknown_functions_are_refused(void)
{
	CU_ASSERT_EQUAL(ask(0), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(ask(XEN_EFI_query_capsule_capabilities), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(ask(XEN_EFI_update_capsule), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(ask(~0U), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(firmware_calls, 0);
}

static void reserved_bits_are_refused_before_firmware_runs(void)
{
	static const uint32_t functions[] = {1, 2, 3, 4, 5, 6, 8, 9};

	for (unsigned int i = 0; i < array_size(functions); i++) {
		call->misc = 4;
		CU_ASSERT_EQUAL(ask(functions[i]), -XEN_EINVAL);
	}
	CU_ASSERT_EQUAL(firmware_calls, 0);
}

static void the_clock_is_read_with_its_capabilities(void)
{
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_time), 0);
	CU_ASSERT_EQUAL(call->status, 0);
	CU_ASSERT_EQUAL(call->u.get_time.time.year, 2026);
	CU_ASSERT_EQUAL(call->u.get_time.resolution, 1);
	CU_ASSERT_EQUAL(call->misc, XEN_EFI_GET_TIME_SET_CLEARS_NS);
}

static void an_alarm_can_be_switched_without_its_time(void)
{
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_wakeup_time), 0);
	CU_ASSERT_EQUAL(call->misc, XEN_EFI_GET_WAKEUP_TIME_PENDING);
	call->misc = XEN_EFI_SET_WAKEUP_TIME_ENABLE;
	CU_ASSERT_EQUAL(ask(XEN_EFI_set_wakeup_time), 0);
	CU_ASSERT_EQUAL(last_args[0], 1);
	CU_ASSERT_NOT_EQUAL(last_args[1], 0);
	call->misc = XEN_EFI_SET_WAKEUP_TIME_ENABLE_ONLY;
	CU_ASSERT_EQUAL(ask(XEN_EFI_set_wakeup_time), 0);
	CU_ASSERT_EQUAL(last_args[0], 0);
	CU_ASSERT_EQUAL(last_args[1], 0);
}

static void the_count_of_boots_comes_in_misc(void)
{
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_next_high_monotonic_count), 0);
	CU_ASSERT_EQUAL(call->misc, 7);
}

static void a_variable_is_read_with_its_attributes(void)
{
	char data[4] = "xxx";

	ask_for_variable(sizeof(data));
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_variable), 0);
	CU_ASSERT_EQUAL(call->status, 0);
	CU_ASSERT_EQUAL(call->misc, 7);
	CU_ASSERT_EQUAL(call->u.get_variable.size, 3);
	get(data, DATA_VA, 3);
	CU_ASSERT_NSTRING_EQUAL(data, "abc", 3);
	/* Firmware wrote to the core's memory, not to the guest's. */
	CU_ASSERT_NOT_EQUAL(last_args[4], DATA_VA);
	CU_ASSERT_NOT_EQUAL(last_args[0], NAME_VA);
}

static void the_size_of_a_variable_is_told_to_who_has_no_room(void)
{
	ask_for_variable(2);
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_variable), 0);
	CU_ASSERT_EQUAL(call->status, BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(call->u.get_variable.size, 3);
	ask_for_variable(1000);
	call->u.get_variable.data = 0;
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_variable), 0);
	CU_ASSERT_EQUAL(call->status, BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(call->u.get_variable.size, 3);
}

static void an_endless_size_is_no_endless_buffer(void)
{
	ask_for_variable(~0UL);
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_variable), 0);
	CU_ASSERT_EQUAL(call->status, 0);
	ask_for_variable(~0UL);
	CU_ASSERT_EQUAL(ask(XEN_EFI_set_variable), -XEN_E2BIG);
}

static void a_variable_that_is_not_there_is_firmwares_answer(void)
{
	put(NAME_VA, no_name, sizeof(no_name));
	ask_for_variable(4);
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_variable), 0);
	CU_ASSERT_EQUAL(call->status, NOT_FOUND);
}

static void a_name_without_end_is_refused(void)
{
	static uint16_t endless[1024];

	for (unsigned int i = 0; i < array_size(endless); i++) {
		endless[i] = 'x';
	}
	put(NAME_VA, endless, sizeof(endless));
	ask_for_variable(4);
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_variable), -XEN_E2BIG);
	call->misc = 0;
	call->u.get_next_variable_name.name = NAME_VA;
	call->u.get_next_variable_name.size = 64;
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_next_variable_name), -XEN_EINVAL);
	CU_ASSERT_EQUAL(firmware_calls, 0);
}

static void memory_that_is_not_the_guests_is_a_fault(void)
{
	ask_for_variable(4);
	call->u.get_variable.name = 0x10;
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_variable), -XEN_EFAULT);
	ask_for_variable(4);
	call->u.get_variable.data = 0x10;
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_variable), -XEN_EFAULT);
	CU_ASSERT_EQUAL(ask(XEN_EFI_set_variable), -XEN_EFAULT);
	CU_ASSERT_EQUAL(firmware_calls, 1);
}

static void a_variable_is_written_and_deleted(void)
{
	put(DATA_VA, "hello", 5);
	ask_for_variable(5);
	call->misc = 3;
	CU_ASSERT_EQUAL(ask(XEN_EFI_set_variable), 0);
	CU_ASSERT_EQUAL(stored_bytes, 5);
	CU_ASSERT_EQUAL(stored_attributes, 3);
	CU_ASSERT_NSTRING_EQUAL(stored, "hello", 5);
	ask_for_variable(0);
	CU_ASSERT_EQUAL(ask(XEN_EFI_set_variable), 0);
	CU_ASSERT_EQUAL(stored_bytes, 0);
}

static void names_are_walked_from_the_empty_one(void)
{
	uint16_t name[sizeof(boot_order)];

	put(NAME_VA, no_name, sizeof(no_name));
	call->u.get_next_variable_name.name = NAME_VA;
	call->u.get_next_variable_name.size = 2;
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_next_variable_name), 0);
	CU_ASSERT_EQUAL(call->status, BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(call->u.get_next_variable_name.size, sizeof(boot_order));
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_next_variable_name), 0);
	CU_ASSERT_EQUAL(call->status, 0);
	get(name, NAME_VA, sizeof(boot_order));
	CU_ASSERT_TRUE(is_boot_order(name));
	call->u.get_next_variable_name.size = 1024;
	CU_ASSERT_EQUAL(ask(XEN_EFI_get_next_variable_name), 0);
	CU_ASSERT_EQUAL(call->status, NOT_FOUND);
}

static void room_for_variables_is_known_since_revision_2(void)
{
	static const struct host_info old = {.is_efi = true, .efi_revision = 1U << 16 | 10,
					     .efi_vendor = "vendor"};

	CU_ASSERT_EQUAL(ask(XEN_EFI_query_variable_info), 0);
	CU_ASSERT_EQUAL(call->status, 0);
	CU_ASSERT_EQUAL(call->u.query_variable_info.max_store_size, 262000);
	host_info = &old;
	CU_ASSERT_EQUAL(ask(XEN_EFI_query_variable_info), 0);
	CU_ASSERT_EQUAL(call->status, 1UL << 63 | 3);
	CU_ASSERT_EQUAL(firmware_calls, 1);
}

static void no_memory_is_lost_by_any_of_it(void)
{
	uint64_t before = heap_used();

	memory_that_is_not_the_guests_is_a_fault();
	a_variable_is_read_with_its_attributes();
	a_variable_is_written_and_deleted();
	CU_ASSERT_EQUAL(heap_used(), before);
}

int main(void)
{
	const struct unit_test tests[] = {
		UNIT(firmware_is_the_hardware_domains),
		UNIT(without_efi_there_are_no_services),
		UNIT(capsules_and_unknown_functions_are_refused),
		UNIT(reserved_bits_are_refused_before_firmware_runs),
		UNIT(the_clock_is_read_with_its_capabilities),
		UNIT(an_alarm_can_be_switched_without_its_time),
		UNIT(the_count_of_boots_comes_in_misc),
		UNIT(a_variable_is_read_with_its_attributes),
		UNIT(the_size_of_a_variable_is_told_to_who_has_no_room),
		UNIT(an_endless_size_is_no_endless_buffer),
		UNIT(a_variable_that_is_not_there_is_firmwares_answer),
		UNIT(a_name_without_end_is_refused),
		UNIT(memory_that_is_not_the_guests_is_a_fault),
		UNIT(a_variable_is_written_and_deleted),
		UNIT(names_are_walked_from_the_empty_one),
		UNIT(room_for_variables_is_known_since_revision_2),
		UNIT(no_memory_is_lost_by_any_of_it),
	};

	return unit_main("hypercall_efi", tests, array_size(tests), setup);
}
