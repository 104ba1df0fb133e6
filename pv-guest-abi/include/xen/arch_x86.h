/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 side of the ABI: register frames, the trap table, the complete state of a PV vcpu,
 * flat selectors, the hypervisor's CPUID leaves, and the entries of CPU policies.
 *
 * A PV kernel runs in ring 3 like its user space; VGCF_in_kernel, not the selector, says which
 * of the two a context describes.
 */
#ifndef XEN_ABI_ARCH_X86_H
#define XEN_ABI_ARCH_X86_H

#include "base.h"

/* --- segments: the hypervisor owns the last two of 16 GDT pages ------------------------------- */
#define FIRST_RESERVED_GDT_PAGE 14
#define FIRST_RESERVED_GDT_BYTE (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_DS64 0x0000
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_SS64 0xe02b

#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_CS FLAT_KERNEL_CS64
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_DS FLAT_KERNEL_DS64
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_SS FLAT_KERNEL_SS64

#define FLAT_USER_CS32 FLAT_RING3_CS32
#define FLAT_USER_CS64 FLAT_RING3_CS64
#define FLAT_USER_CS FLAT_USER_CS64
#define FLAT_USER_DS32 FLAT_RING3_DS32
#define FLAT_USER_DS64 FLAT_RING3_DS64
#define FLAT_USER_DS FLAT_USER_DS64
#define FLAT_USER_SS32 FLAT_RING3_SS32
#define FLAT_USER_SS64 FLAT_RING3_SS64
#define FLAT_USER_SS FLAT_USER_SS64

/* --- registers ------------------------------------------------------------------------------- */
struct cpu_user_regs {
	uint64_t r15;
	uint64_t r14;
	uint64_t r13;
	uint64_t r12;
	uint64_t rbp;
	uint64_t rbx;
	uint64_t r11;
	uint64_t r10;
	uint64_t r9;
	uint64_t r8;
	uint64_t rax;
	uint64_t rcx;
	uint64_t rdx;
	uint64_t rsi;
	uint64_t rdi;
	uint32_t error_code;
	uint32_t entry_vector;
	uint64_t rip;
	uint16_t cs;
	uint16_t _pad0[1];
	uint8_t saved_upcall_mask;
	uint8_t _pad1[3];
	uint64_t rflags;
	uint64_t rsp;
	uint16_t ss;
	uint16_t _pad2[3];
	uint16_t es;
	uint16_t _pad3[3];
	uint16_t ds;
	uint16_t _pad4[3];
	uint16_t fs;
	uint16_t _pad5[3];
	uint16_t gs;
	uint16_t _pad6[3];
};
XEN_ABI_SIZE(struct cpu_user_regs, 200);
XEN_ABI_AT(struct cpu_user_regs, rax, 0x50);
XEN_ABI_AT(struct cpu_user_regs, rdi, 0x70);
XEN_ABI_AT(struct cpu_user_regs, error_code, 0x78);
XEN_ABI_AT(struct cpu_user_regs, rip, 0x80);
XEN_ABI_AT(struct cpu_user_regs, saved_upcall_mask, 0x8c);
XEN_ABI_AT(struct cpu_user_regs, rflags, 0x90);
XEN_ABI_AT(struct cpu_user_regs, ss, 0xa0);
XEN_ABI_AT(struct cpu_user_regs, gs, 0xc0);

/* What the iret hypercall takes from the kernel stack. */
struct iret_context {
	uint64_t rax;
	uint64_t r11;
	uint64_t rcx;
	uint64_t flags; /* VGCF_in_syscall or 0 */
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
};
XEN_ABI_SIZE(struct iret_context, 72);
XEN_ABI_AT(struct iret_context, rip, 32);

/* flags: bits 1-0 lowest ring that may use `int n`, bit 2 mask events on entry. */
struct trap_info {
	uint8_t vector;
	uint8_t flags;
	uint16_t cs;
	uint32_t pad0;
	uint64_t address;
};
XEN_ABI_SIZE(struct trap_info, 16);
XEN_ABI_AT(struct trap_info, address, 8);

#define TI_DPL_MASK 3
#define TI_MASK_EVENTS 4

#define VGCF_I387_VALID (1 << 0)
#define VGCF_IN_KERNEL (1 << 2)
#define VGCF_i387_valid (1 << 0)
#define VGCF_in_kernel (1 << 2)
#define VGCF_failsafe_disables_events (1 << 3)
#define VGCF_syscall_disables_events (1 << 4)
#define VGCF_online (1 << 5)
#define VGCF_in_syscall (1 << 8)
#define VGCF_IN_SYSCALL VGCF_in_syscall

struct vcpu_guest_context {
	struct {
		char x[512];
	} fpu_ctxt;
	uint64_t flags; /* VGCF_* */
	struct cpu_user_regs user_regs;
	struct trap_info trap_ctxt[256];
	uint64_t ldt_base;
	uint64_t ldt_ents;
	uint64_t gdt_frames[16];
	uint64_t gdt_ents;
	uint64_t kernel_ss;
	uint64_t kernel_sp;
	uint64_t ctrlreg[8]; /* [1]: user-mode L4, [3]: kernel L4; as CR3 values */
	uint64_t debugreg[8];
	uint64_t event_callback_eip;
	uint64_t failsafe_callback_eip;
	uint64_t syscall_callback_eip;
	uint64_t vm_assist;
	uint64_t fs_base;
	uint64_t gs_base_kernel;
	uint64_t gs_base_user;
};
XEN_ABI_SIZE(struct vcpu_guest_context, 0x1430);
XEN_ABI_AT(struct vcpu_guest_context, flags, 0x200);
XEN_ABI_AT(struct vcpu_guest_context, trap_ctxt, 0x2d0);
XEN_ABI_AT(struct vcpu_guest_context, gdt_frames, 0x12e0);
XEN_ABI_AT(struct vcpu_guest_context, ctrlreg, 0x1378);
XEN_ABI_AT(struct vcpu_guest_context, vm_assist, 0x1410);
XEN_ABI_AT(struct vcpu_guest_context, gs_base_user, 0x1428);

/* The same for a translated vcpu (VCPUOP_initialise, PVH): either mode, no trap state. */
#define VCPU_HVM_MODE_32B 0
#define VCPU_HVM_MODE_64B 1

struct vcpu_hvm_x86_32 {
	uint32_t eax;
	uint32_t ecx;
	uint32_t edx;
	uint32_t ebx;
	uint32_t esp;
	uint32_t ebp;
	uint32_t esi;
	uint32_t edi;
	uint32_t eip;
	uint32_t eflags;
	uint32_t cr0;
	uint32_t cr3;
	uint32_t cr4;
	uint32_t pad1;
	uint64_t efer;
	uint32_t cs_base;
	uint32_t ds_base;
	uint32_t ss_base;
	uint32_t es_base;
	uint32_t tr_base;
	uint32_t cs_limit;
	uint32_t ds_limit;
	uint32_t ss_limit;
	uint32_t es_limit;
	uint32_t tr_limit;
	uint16_t cs_ar;
	uint16_t ds_ar;
	uint16_t ss_ar;
	uint16_t es_ar;
	uint16_t tr_ar;
	uint16_t pad2[3];
};
XEN_ABI_SIZE(struct vcpu_hvm_x86_32, 120);
XEN_ABI_AT(struct vcpu_hvm_x86_32, efer, 0x38);
XEN_ABI_AT(struct vcpu_hvm_x86_32, cs_ar, 0x68);

struct vcpu_hvm_x86_64 {
	uint64_t rax;
	uint64_t rcx;
	uint64_t rdx;
	uint64_t rbx;
	uint64_t rsp;
	uint64_t rbp;
	uint64_t rsi;
	uint64_t rdi;
	uint64_t rip;
	uint64_t rflags;
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;
};
XEN_ABI_SIZE(struct vcpu_hvm_x86_64, 112);

struct vcpu_hvm_context {
	uint32_t mode;
	uint32_t pad;
	union {
		struct vcpu_hvm_x86_32 x86_32;
		struct vcpu_hvm_x86_64 x86_64;
	} cpu_regs;
};
XEN_ABI_SIZE(struct vcpu_hvm_context, 0x80);

/* --- CPU policies and the emulated platform --------------------------------------------------- */
#define XEN_CPUID_NO_SUBLEAF 0xffffffffU

struct xen_cpuid_leaf {
	uint32_t leaf;
	uint32_t subleaf;
	uint32_t a;
	uint32_t b;
	uint32_t c;
	uint32_t d;
};
XEN_ABI_SIZE(struct xen_cpuid_leaf, 24);

struct xen_msr_entry {
	uint32_t idx;
	uint32_t flags; /* 0 */
	uint64_t val;
};
XEN_ABI_SIZE(struct xen_msr_entry, 16);

#define XEN_X86_EMU_LAPIC (1U << 0)
#define XEN_X86_EMU_HPET (1U << 1)
#define XEN_X86_EMU_PM (1U << 2)
#define XEN_X86_EMU_RTC (1U << 3)
#define XEN_X86_EMU_IOAPIC (1U << 4)
#define XEN_X86_EMU_PIC (1U << 5)
#define XEN_X86_EMU_VGA (1U << 6)
#define XEN_X86_EMU_IOMMU (1U << 7)
#define XEN_X86_EMU_PIT (1U << 8)
#define XEN_X86_EMU_USE_PIRQ (1U << 9)
#define XEN_X86_EMU_VPCI (1U << 10)
#define XEN_X86_EMU_ALL 0x7ffU

#define XEN_X86_MSR_RELAXED (1U << 0)
#define XEN_X86_MISC_FLAGS_MAX XEN_X86_MSR_RELAXED

struct xen_arch_domainconfig {
	uint32_t emulation_flags;
	uint32_t misc_flags;
};
XEN_ABI_SIZE(struct xen_arch_domainconfig, 8);

/* --- CPUID leaves of the hypervisor; HVM guests may find them at a multiple of 0x100 above --- */
#define XEN_CPUID_FIRST_LEAF 0x40000000
#define XEN_CPUID_LEAF(i) (XEN_CPUID_FIRST_LEAF + (i))
#define XEN_CPUID_MAX_NUM_LEAVES 5

#define XEN_CPUID_SIGNATURE_EBX 0x566e6558 /* "XenV" */
#define XEN_CPUID_SIGNATURE_ECX 0x65584d4d /* "MMXe" */
#define XEN_CPUID_SIGNATURE_EDX 0x4d4d566e /* "nVMM" */

/* leaf 2, ecx */
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD (1U << 0)

/* leaf 4, eax */
#define XEN_HVM_CPUID_APIC_ACCESS_VIRT (1U << 0)
#define XEN_HVM_CPUID_X2APIC_VIRT (1U << 1)
#define XEN_HVM_CPUID_IOMMU_MAPPINGS (1U << 2)
#define XEN_HVM_CPUID_VCPU_ID_PRESENT (1U << 3)
#define XEN_HVM_CPUID_DOMID_PRESENT (1U << 4)
#define XEN_HVM_CPUID_EXT_DEST_ID (1U << 5)
#define XEN_HVM_CPUID_UPCALL_VECTOR (1U << 6)

/* leaf 5, ebx */
#define XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK 0xffU

/* ud2 and "xen" before an instruction asks for the virtual version of it. */
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "

#define XEN_HVM_DEBUGCONS_IOPORT 0xe9

#endif
