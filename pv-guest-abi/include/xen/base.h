/* SPDX-License-Identifier: MIT */
/*
 * What every hypercall user needs: call numbers, reserved domain ids, page-table update requests,
 * multicalls and the small calls without a header of their own.
 *
 * Conventions of all headers in this directory:
 * - Pointers that a guest hands over are plain uint64_t: only the side that owns the address
 *   space may follow them. The same holds for frame numbers (xen_pfn_t: MFN for PV guests, GFN
 *   for translated ones; pseudo-physical only where a field says so).
 * - Domain ids, event ports and grant references are raw integers; users wrap them.
 * - Padding is spelled out, so that copying a zeroed structure to a guest leaks nothing.
 *
 * Calls pass the number in rax and up to five arguments in rdi, rsi, rdx, r10, r8; the answer is
 * a signed 64-bit value in rax, negative ones being -XEN_E*.
 */
#ifndef XEN_ABI_BASE_H
#define XEN_ABI_BASE_H

#include "assert.h"

typedef uint16_t domid_t;
typedef uint64_t xen_pfn_t;

/* --- call numbers; 11 was never given out, the _compat ones answer -XEN_ENOSYS --------------- */
#define __HYPERVISOR_set_trap_table 0
#define __HYPERVISOR_mmu_update 1
#define __HYPERVISOR_set_gdt 2
#define __HYPERVISOR_stack_switch 3
#define __HYPERVISOR_set_callbacks 4
#define __HYPERVISOR_fpu_taskswitch 5
#define __HYPERVISOR_sched_op_compat 6
#define __HYPERVISOR_platform_op 7
#define __HYPERVISOR_set_debugreg 8
#define __HYPERVISOR_get_debugreg 9
#define __HYPERVISOR_update_descriptor 10
#define __HYPERVISOR_memory_op 12
#define __HYPERVISOR_multicall 13
#define __HYPERVISOR_update_va_mapping 14
#define __HYPERVISOR_set_timer_op 15
#define __HYPERVISOR_event_channel_op_compat 16
#define __HYPERVISOR_xen_version 17
#define __HYPERVISOR_console_io 18
#define __HYPERVISOR_physdev_op_compat 19
#define __HYPERVISOR_grant_table_op 20
#define __HYPERVISOR_vm_assist 21
#define __HYPERVISOR_update_va_mapping_otherdomain 22
#define __HYPERVISOR_iret 23
#define __HYPERVISOR_vcpu_op 24
#define __HYPERVISOR_set_segment_base 25
#define __HYPERVISOR_mmuext_op 26
#define __HYPERVISOR_xsm_op 27
#define __HYPERVISOR_nmi_op 28
#define __HYPERVISOR_sched_op 29
#define __HYPERVISOR_callback_op 30
#define __HYPERVISOR_xenoprof_op 31
#define __HYPERVISOR_event_channel_op 32
#define __HYPERVISOR_physdev_op 33
#define __HYPERVISOR_hvm_op 34
#define __HYPERVISOR_sysctl 35
#define __HYPERVISOR_domctl 36
#define __HYPERVISOR_kexec_op 37
#define __HYPERVISOR_tmem_op 38
#define __HYPERVISOR_argo_op 39
#define __HYPERVISOR_xenpmu_op 40
#define __HYPERVISOR_dm_op 41
#define __HYPERVISOR_hypfs_op 42
#define __HYPERVISOR_arch_0 48
#define __HYPERVISOR_arch_1 49
#define __HYPERVISOR_arch_2 50
#define __HYPERVISOR_arch_3 51
#define __HYPERVISOR_arch_4 52
#define __HYPERVISOR_arch_5 53
#define __HYPERVISOR_arch_6 54
#define __HYPERVISOR_arch_7 55
#define __HYPERVISOR_mca __HYPERVISOR_arch_0

/* --- domain ids: ordinary domains are 0 .. DOMID_FIRST_RESERVED - 1 --------------------------- */
#define DOMID_FIRST_RESERVED 0x7FF0U
#define DOMID_SELF 0x7FF0U    /* the caller */
#define DOMID_IO 0x7FF1U      /* owner of frames that are not RAM */
#define DOMID_XEN 0x7FF2U     /* owner of hypervisor frames shown to privileged guests */
#define DOMID_COW 0x7FF3U     /* owner of shared copy-on-write frames */
#define DOMID_INVALID 0x7FF4U /* nobody */
#define DOMID_IDLE 0x7FFFU
#define DOMID_MASK 0x7FFFU

typedef uint8_t xen_domain_handle_t[16];

/* --- console_io ------------------------------------------------------------------------------ */
#define CONSOLEIO_write 0
#define CONSOLEIO_read 1

/* --- vm_assist ------------------------------------------------------------------------------- */
#define VMASST_CMD_enable 0
#define VMASST_CMD_disable 1

#define VMASST_TYPE_4gb_segments 0
#define VMASST_TYPE_4gb_segments_notify 1
#define VMASST_TYPE_writable_pagetables 2
#define VMASST_TYPE_pae_extended_cr3 3
#define VMASST_TYPE_architectural_iopl 4
#define VMASST_TYPE_runstate_update_flag 5
#define VMASST_TYPE_m2p_strict 32

/* --- update_va_mapping: what to flush (bits 0-1) and where (bit 2, or a mask) ------- */
#define UVMF_NONE 0UL
#define UVMF_TLB_FLUSH 1UL
#define UVMF_INVLPG 2UL
#define UVMF_FLUSHTYPE_MASK 3UL
#define UVMF_MULTI 0UL
#define UVMF_LOCAL 0UL
#define UVMF_ALL 4UL

/* --- set_segment_base ------------------------------------------------------------------------ */
#define SEGBASE_FS 0
#define SEGBASE_GS_USER 1
#define SEGBASE_GS_KERNEL 2
#define SEGBASE_GS_USER_SEL 3

/* --- mmu_update: bits 1-0 of ptr are the command, the rest is the address of the entry -------- */
#define MMU_NORMAL_PT_UPDATE 0       /* checked store of a page-table entry */
#define MMU_MACHPHYS_UPDATE 1        /* M2P entry of the frame at ptr becomes val */
#define MMU_PT_UPDATE_PRESERVE_AD 2  /* as 0, atomically keeping accessed and dirty */
#define MMU_PT_UPDATE_NO_TRANSLATE 3 /* as 0, val holds an MFN even for translated callers */

struct mmu_update {
	uint64_t ptr;
	uint64_t val;
};
XEN_ABI_SIZE(struct mmu_update, 16);

/* --- mmuext_op ------------------------------------------------------------------------------- */
#define MMUEXT_PIN_L1_TABLE 0
#define MMUEXT_PIN_L2_TABLE 1
#define MMUEXT_PIN_L3_TABLE 2
#define MMUEXT_PIN_L4_TABLE 3
#define MMUEXT_UNPIN_TABLE 4
#define MMUEXT_NEW_BASEPTR 5
#define MMUEXT_TLB_FLUSH_LOCAL 6
#define MMUEXT_INVLPG_LOCAL 7
#define MMUEXT_TLB_FLUSH_MULTI 8
#define MMUEXT_INVLPG_MULTI 9
#define MMUEXT_TLB_FLUSH_ALL 10
#define MMUEXT_INVLPG_ALL 11
#define MMUEXT_FLUSH_CACHE 12
#define MMUEXT_SET_LDT 13
#define MMUEXT_NEW_USER_BASEPTR 15
#define MMUEXT_CLEAR_PAGE 16
#define MMUEXT_COPY_PAGE 17
#define MMUEXT_FLUSH_CACHE_GLOBAL 18
#define MMUEXT_MARK_SUPER 19
#define MMUEXT_UNMARK_SUPER 20

struct mmuext_op {
	uint32_t cmd;
	uint32_t pad0;
	union {
		xen_pfn_t mfn;        /* (un)pin, baseptrs, clear, copy (destination) */
		uint64_t linear_addr; /* invlpg, LDT */
	} arg1;
	union {
		uint32_t nr_ents;  /* LDT */
		uint64_t vcpumask; /* MULTI: guest pointer to a bitmap of vcpus */
		xen_pfn_t src_mfn; /* copy */
	} arg2;
};
XEN_ABI_SIZE(struct mmuext_op, 24);
XEN_ABI_AT(struct mmuext_op, arg1, 8);
XEN_ABI_AT(struct mmuext_op, arg2, 16);

/* --- multicall ------------------------------------------------------------------------------- */
struct multicall_entry {
	uint64_t op;
	uint64_t result;
	uint64_t args[6];
};
XEN_ABI_SIZE(struct multicall_entry, 64);
XEN_ABI_AT(struct multicall_entry, args, 16);

/* --- bitmaps in control calls: either side may be the longer one ------------------------------ */
struct xenctl_bitmap {
	uint64_t bitmap; /* guest pointer to bytes */
	uint32_t nr_bits;
	uint32_t pad0;
};
XEN_ABI_SIZE(struct xenctl_bitmap, 16);

/* --- the virtual addresses a 64-bit PV guest must leave alone --------------------------------- */
#define HYPERVISOR_VIRT_START 0xFFFF800000000000UL
#define HYPERVISOR_VIRT_END 0xFFFF880000000000UL
#define MACH2PHYS_VIRT_START 0xFFFF800000000000UL
#define MACH2PHYS_VIRT_END 0xFFFF804000000000UL
#define MACH2PHYS_NR_ENTRIES ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)

#endif
