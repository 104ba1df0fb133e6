/* SPDX-License-Identifier: MIT */
/*
 * The page a PV kernel finds in rsi at its first instruction, and the description of the video
 * mode that dom0 gets with it. Written once by the domain builder; a restore rewrites the frame
 * numbers. For dom0 the console union describes the video data, for others the console ring.
 */
#ifndef XEN_ABI_START_INFO_H
#define XEN_ABI_START_INFO_H

#include "base.h"

#define SIF_PRIVILEGED (1U << 0)
#define SIF_INITDOMAIN (1U << 1)
#define SIF_MULTIBOOT_MOD (1U << 2)   /* mod_start is a list of modules */
#define SIF_MOD_START_PFN (1U << 3)   /* mod_start is a PFN, not an address */
#define SIF_VIRT_P2M_4TOOLS (1U << 4) /* tools understand the linear p2m */
#define SIF_PM_MASK (0xFFU << 8)      /* power management policy bits for dom0 */

#define MAX_GUEST_CMDLINE 1024

struct start_info {
	char magic[32]; /* "xen-3.0-x86_64" and NULs */
	uint64_t nr_pages;
	uint64_t shared_info; /* machine address */
	uint32_t flags;       /* SIF_* */
	uint32_t pad0;
	xen_pfn_t store_mfn;
	uint32_t store_evtchn;
	uint32_t pad1;
	union {
		struct {
			xen_pfn_t mfn;
			uint32_t evtchn;
			uint32_t pad;
		} domU;
		struct {
			uint32_t info_off; /* of dom0_vga_console_info, from this structure */
			uint32_t info_size;
		} dom0;
	} console;
	uint64_t pt_base;      /* virtual address of the L4 */
	uint64_t nr_pt_frames; /* bootstrap tables, contiguous from pt_base */
	uint64_t mfn_list;     /* virtual address of the p2m */
	uint64_t mod_start;
	uint64_t mod_len;
	char cmd_line[MAX_GUEST_CMDLINE];
	uint64_t first_p2m_pfn; /* only when INIT_P2M placed the p2m outside the mapping */
	uint64_t nr_p2m_frames;
};
XEN_ABI_SIZE(struct start_info, 0x490);
XEN_ABI_AT(struct start_info, store_mfn, 0x38);
XEN_ABI_AT(struct start_info, console, 0x48);
XEN_ABI_AT(struct start_info, pt_base, 0x58);
XEN_ABI_AT(struct start_info, cmd_line, 0x80);
XEN_ABI_AT(struct start_info, first_p2m_pfn, 0x480);

struct xen_multiboot_mod_list {
	uint32_t mod_start;
	uint32_t mod_end;
	uint32_t cmdline;
	uint32_t pad;
};
XEN_ABI_SIZE(struct xen_multiboot_mod_list, 16);

#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB 0x23
#define XEN_VGATYPE_EFI_LFB 0x70

struct dom0_vga_console_info {
	uint8_t video_type;
	uint8_t pad0[3];
	union {
		struct {
			uint16_t font_height;
			uint16_t cursor_x;
			uint16_t cursor_y;
			uint16_t rows;
			uint16_t columns;
		} text_mode_3;
		struct {
			uint16_t width;
			uint16_t height;
			uint16_t bytes_per_line;
			uint16_t bits_per_pixel;
			uint32_t lfb_base;
			uint32_t lfb_size; /* in 64 KiB */
			uint8_t red_pos;
			uint8_t red_size;
			uint8_t green_pos;
			uint8_t green_size;
			uint8_t blue_pos;
			uint8_t blue_size;
			uint8_t rsvd_pos;
			uint8_t rsvd_size;
			uint32_t gbl_caps;
			uint16_t mode_attrs;
			uint16_t pad;
			uint32_t ext_lfb_base; /* bits 63-32 of the frame buffer's address */
		} vesa_lfb;
	} u;
};
XEN_ABI_SIZE(struct dom0_vga_console_info, 40);
XEN_ABI_AT(struct dom0_vga_console_info, u.vesa_lfb.lfb_base, 12);
XEN_ABI_AT(struct dom0_vga_console_info, u.vesa_lfb.ext_lfb_base, 36);

#endif
