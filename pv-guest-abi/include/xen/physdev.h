/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: I/O privilege, interrupt lines and PCI devices, for domains that drive hardware.
 * A pirq is the guest's name for a line or message; event_channel_op bind_pirq gives it a port.
 */
#ifndef XEN_ABI_PHYSDEV_H
#define XEN_ABI_PHYSDEV_H

#include "base.h"

#define PHYSDEVOP_irq_status_query 5
#define PHYSDEVOP_set_iopl 6
#define PHYSDEVOP_set_iobitmap 7
#define PHYSDEVOP_apic_read 8
#define PHYSDEVOP_apic_write 9
#define PHYSDEVOP_alloc_irq_vector 10
#define PHYSDEVOP_free_irq_vector 11
#define PHYSDEVOP_eoi 12
#define PHYSDEVOP_map_pirq 13
#define PHYSDEVOP_unmap_pirq 14
#define PHYSDEVOP_manage_pci_add 15
#define PHYSDEVOP_manage_pci_remove 16
#define PHYSDEVOP_pirq_eoi_gmfn_v1 17
#define PHYSDEVOP_restore_msi 19
#define PHYSDEVOP_manage_pci_add_ext 20
#define PHYSDEVOP_setup_gsi 21
#define PHYSDEVOP_get_free_pirq 23
#define PHYSDEVOP_pci_mmcfg_reserved 24
#define PHYSDEVOP_pci_device_add 25
#define PHYSDEVOP_pci_device_remove 26
#define PHYSDEVOP_restore_msi_ext 27
#define PHYSDEVOP_pirq_eoi_gmfn_v2 28
#define PHYSDEVOP_dbgp_op 29
#define PHYSDEVOP_prepare_msix 30
#define PHYSDEVOP_release_msix 31

struct physdev_eoi {
	uint32_t irq;
};
XEN_ABI_SIZE(struct physdev_eoi, 4);

struct physdev_pirq_eoi_gmfn {
	xen_pfn_t gmfn; /* page of bits: this pirq needs an eoi call */
};
XEN_ABI_SIZE(struct physdev_pirq_eoi_gmfn, 8);

#define XENIRQSTAT_needs_eoi (1U << 0)
#define XENIRQSTAT_shared (1U << 1)

struct physdev_irq_status_query {
	uint32_t irq;
	uint32_t flags; /* out: XENIRQSTAT_* */
};
XEN_ABI_SIZE(struct physdev_irq_status_query, 8);

struct physdev_set_iopl {
	uint32_t iopl;
};
XEN_ABI_SIZE(struct physdev_set_iopl, 4);

struct physdev_set_iobitmap {
	uint64_t bitmap; /* guest pointer to bytes; clear bit: allowed */
	uint32_t nr_ports;
	uint32_t pad0;
};
XEN_ABI_SIZE(struct physdev_set_iobitmap, 16);

struct physdev_apic {
	uint64_t apic_physbase;
	uint32_t reg;
	uint32_t value; /* out for reads */
};
XEN_ABI_SIZE(struct physdev_apic, 16);

struct physdev_irq {
	uint32_t irq;
	uint32_t vector; /* out */
};
XEN_ABI_SIZE(struct physdev_irq, 8);

#define MAP_PIRQ_TYPE_MSI 0
#define MAP_PIRQ_TYPE_GSI 1
#define MAP_PIRQ_TYPE_UNKNOWN 2
#define MAP_PIRQ_TYPE_MSI_SEG 3
#define MAP_PIRQ_TYPE_MULTI_MSI 4

struct physdev_map_pirq {
	domid_t domid;
	uint16_t pad0;
	int32_t type;  /* MAP_PIRQ_TYPE_* */
	int32_t index; /* GSI, or -1 */
	int32_t pirq;  /* in: wanted or -1; out: given */
	int32_t bus;   /* bits 31-16: PCI segment */
	int32_t devfn;
	int32_t entry_nr; /* MSI-X entry, or number of messages */
	uint32_t pad1;
	uint64_t table_base; /* of the MSI-X table's BAR; 0: MSI */
};
XEN_ABI_SIZE(struct physdev_map_pirq, 40);
XEN_ABI_AT(struct physdev_map_pirq, pirq, 12);
XEN_ABI_AT(struct physdev_map_pirq, entry_nr, 24);
XEN_ABI_AT(struct physdev_map_pirq, table_base, 32);

struct physdev_unmap_pirq {
	domid_t domid;
	uint16_t pad0;
	int32_t pirq;
};
XEN_ABI_SIZE(struct physdev_unmap_pirq, 8);

struct physdev_manage_pci {
	uint8_t bus;
	uint8_t devfn;
};
XEN_ABI_SIZE(struct physdev_manage_pci, 2);

struct physdev_restore_msi {
	uint8_t bus;
	uint8_t devfn;
};
XEN_ABI_SIZE(struct physdev_restore_msi, 2);

struct physdev_manage_pci_ext {
	uint8_t bus;
	uint8_t devfn;
	uint16_t pad0;
	uint32_t is_extfn;
	uint32_t is_virtfn;
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn;
	uint16_t pad1;
};
XEN_ABI_SIZE(struct physdev_manage_pci_ext, 16);

struct physdev_setup_gsi {
	int32_t gsi;
	uint8_t triggering; /* 0 edge, 1 level */
	uint8_t polarity;   /* 0 active high, 1 active low */
	uint16_t pad0;
};
XEN_ABI_SIZE(struct physdev_setup_gsi, 8);

struct physdev_get_free_pirq {
	int32_t type;
	uint32_t pirq; /* out */
};
XEN_ABI_SIZE(struct physdev_get_free_pirq, 8);

#define XEN_PCI_MMCFG_RESERVED 0x1

struct physdev_pci_mmcfg_reserved {
	uint64_t address;
	uint16_t segment;
	uint8_t start_bus;
	uint8_t end_bus;
	uint32_t flags;
};
XEN_ABI_SIZE(struct physdev_pci_mmcfg_reserved, 16);

#define XEN_PCI_DEV_EXTFN 0x1
#define XEN_PCI_DEV_VIRTFN 0x2
#define XEN_PCI_DEV_PXM 0x4

struct physdev_pci_device_add {
	uint16_t seg;
	uint8_t bus;
	uint8_t devfn;
	uint32_t flags; /* XEN_PCI_DEV_* */
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn;
	uint16_t pad0;
	uint32_t optarr[]; /* proximity domain first, if flagged */
};
XEN_ABI_SIZE(struct physdev_pci_device_add, 12);
XEN_ABI_AT(struct physdev_pci_device_add, optarr, 12);

struct physdev_pci_device {
	uint16_t seg;
	uint8_t bus;
	uint8_t devfn;
};
XEN_ABI_SIZE(struct physdev_pci_device, 4);

#define PHYSDEVOP_DBGP_RESET_PREPARE 1
#define PHYSDEVOP_DBGP_RESET_DONE 2
#define PHYSDEVOP_DBGP_BUS_UNKNOWN 0
#define PHYSDEVOP_DBGP_BUS_PCI 1

struct physdev_dbgp_op {
	uint8_t op;
	uint8_t bus;
	union {
		struct physdev_pci_device pci;
	} u;
};
XEN_ABI_SIZE(struct physdev_dbgp_op, 6);

#endif
