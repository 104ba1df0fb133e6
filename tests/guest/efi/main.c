/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that domain 0 reaches the runtime services of EFI firmware: its clock, its variables, one
 * of which is made, read, found by name and deleted; that what firmware refuses is told in its own
 * words; that the CPU comes back as it was left; that with vga=keep what it prints is drawn into
 * the frame buffer firmware set up, which it is told of; and that firmware resets the machine: all
 * claims are its second life's. (The hypervisor says so if firmware does not.)
 *
 * cpus: 1
 * reboots
 * options: console=com1,vga vga=keep
 * efi
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/platform.h>
#include <xen/sched.h>

#define NOT_FOUND (1UL << 63 | 14)
#define BUFFER_TOO_SMALL (1UL << 63 | 5)
#define NAMES_MAX 1000

static struct xen_platform_op op;
static struct xenpf_efi_runtime_call *const call = &op.u.efi_runtime_call;
static const uint16_t our_name[] = {'M', 'i', 'c', 'r', 'o', 0};
static const struct xenpf_efi_guid our_guid = {0x0b1c2d3e, 0x4f50, 0x6172,
					       {1, 2, 3, 4, 5, 6, 7, 8}};
static uint16_t name[512];
static char data[64];

static int64_t ask(uint32_t function)
{
	op.cmd = XENPF_efi_runtime_call;
	op.interface_version = XENPF_INTERFACE_VERSION;
	call->function = function;
	return hypercall1(__HYPERVISOR_platform_op, &op);
}

static int64_t ask_for_ours(uint32_t function, uint32_t misc, uint64_t size)
{
	memset(&op, 0, sizeof(op));
	call->misc = misc;
	call->u.get_variable.name = (uint64_t)our_name;
	call->u.get_variable.data = (uint64_t)data;
	call->u.get_variable.size = size;
	call->u.get_variable.vendor_guid = our_guid;
	return ask(function);
}

/* How many variables there are, and whether ours is one of them. */
static unsigned int walk_names(bool *ours)
{
	unsigned int count = 0;

	*ours = false;
	memset(&op, 0, sizeof(op));
	memset(name, 0, sizeof(name));
	call->u.get_next_variable_name.name = (uint64_t)name;
	while (count < NAMES_MAX) {
		call->misc = 0;
		call->u.get_next_variable_name.size = sizeof(name);
		if (ask(XEN_EFI_get_next_variable_name) || call->status) {
			break;
		}
		count++;
		*ours = *ours || memcmp(name, our_name, sizeof(our_name)) == 0;
	}
	return count;
}

static void the_clock(void)
{
	memset(&op, 0, sizeof(op));
	claim_equal("the_clock_is_asked", ask(XEN_EFI_get_time), 0);
	claim_equal("and_answers", (int64_t)call->status, 0);
	claim(call->u.get_time.time.year >= 2024 && call->u.get_time.time.month - 1U < 12 &&
		      call->u.get_time.time.day - 1U < 31,
	      "with_a_date");
}

static void the_variables(void)
{
	unsigned int before, after;
	bool ours;

	before = walk_names(&ours);
	claim(before > 3 && before < NAMES_MAX, "firmware_has_variables_of_its_own");
	claim_equal("their_walk_has_an_end", (int64_t)call->status, (int64_t)NOT_FOUND);
	claim(!ours, "ours_is_not_among_them");
	memcpy(data, "content", 7);
	claim_equal("ours_can_be_written", ask_for_ours(XEN_EFI_set_variable, 7, 7), 0);
	claim_equal("as_firmware_says", (int64_t)call->status, 0);
	claim_equal("a_small_buffer_is_told", ask_for_ours(XEN_EFI_get_variable, 0, 3), 0);
	claim_equal("in_firmwares_words", (int64_t)call->status, (int64_t)BUFFER_TOO_SMALL);
	claim_equal("with_the_size_it_takes", (int64_t)call->u.get_variable.size, 7);
	memset(data, 0, sizeof(data));
	claim_equal("ours_can_be_read", ask_for_ours(XEN_EFI_get_variable, 0, sizeof(data)), 0);
	claim(call->status == 0 && call->misc == 7 && memcmp(data, "content", 8) == 0,
	      "as_it_was_written");
	after = walk_names(&ours);
	claim(ours && after == before + 1, "it_is_found_by_name");
	claim_equal("ours_can_be_deleted", ask_for_ours(XEN_EFI_set_variable, 7, 0), 0);
	ask_for_ours(XEN_EFI_get_variable, 0, sizeof(data));
	claim_equal("and_is_gone", (int64_t)call->status, (int64_t)NOT_FOUND);
}

/* Pixels of the frame buffer that are not black. */
static uint64_t lit_pixels(const struct dom0_vga_console_info *screen)
{
	static volatile uint32_t window[PAGE / sizeof(uint32_t)] __attribute__((aligned(4096)));
	uint64_t first = (screen->u.vesa_lfb.lfb_base |
			  (uint64_t)screen->u.vesa_lfb.ext_lfb_base << 32) / PAGE;
	uint64_t pages = (uint64_t)screen->u.vesa_lfb.bytes_per_line *
			 screen->u.vesa_lfb.height / PAGE;
	uint64_t lit = 0;

	for (uint64_t i = 0; i < pages; i++) {
		if (remap((void *)window, first + i, PTE_RW)) {
			return 0;
		}
		for (unsigned int j = 0; j < PAGE / sizeof(uint32_t); j++) {
			lit += window[j] != 0;
		}
	}
	return lit;
}

static void the_screen(void)
{
	const struct dom0_vga_console_info *screen =
		(const void *)((const char *)start_info + start_info->console.dom0.info_off);
	uint64_t before, after;

	claim_equal("the_screen_is_a_frame_buffer", screen->video_type, XEN_VGATYPE_EFI_LFB);
	claim_equal("of_32_bits_a_pixel", screen->u.vesa_lfb.bits_per_pixel, 32);
	before = lit_pixels(screen);
	print("# ################\n");
	after = lit_pixels(screen);
	claim(before > 0, "the_log_is_on_it");
	claim(after >= before + 16 * 16 && after < before + 17 * 128,
	      "a_line_more_lights_its_letters");
}

static void the_cpu(void)
{
	static const uint64_t kept[2] = {0x0123456789abcdefUL, 0xfedcba9876543210UL};
	uint64_t seen[2] = {0, 0};
	uint32_t control = 0x1f80 | 0x6000, control_seen = 0;

	__asm__ volatile("movdqu (%0), %%xmm15; ldmxcsr (%1)" ::"r"(kept), "r"(&control));
	the_clock();
	__asm__ volatile("movdqu %%xmm15, (%0); stmxcsr (%1)" ::"r"(seen), "r"(&control_seen)
			 : "memory");
	claim(seen[0] == kept[0] && seen[1] == kept[1], "vector_registers_survive_firmware");
	claim_equal("so_does_the_rounding_mode", control_seen, control);
}

/* A variable tells the second life from the first. */
static void reset_once(void)
{
	struct sched_shutdown reboot = {.reason = SHUTDOWN_reboot};

	ask_for_ours(XEN_EFI_get_variable, 0, sizeof(data));
	if (call->status == NOT_FOUND) {
		memcpy(data, "reset", 5);
		ask_for_ours(XEN_EFI_set_variable, 7, 5);
		hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &reboot);
	}
	claim(call->status == 0 && memcmp(data, "reset", 5) == 0, "a_variable_survives_a_reset");
	ask_for_ours(XEN_EFI_set_variable, 7, 0);
}

void guest_test(void)
{
	reset_once();
	the_screen();
	the_cpu();
	the_variables();
	memset(&op, 0, sizeof(op));
	claim_equal("capsules_are_not_taken", ask(XEN_EFI_update_capsule), -XEN_ENOSYS);
}
