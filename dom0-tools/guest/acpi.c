/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables: see acpi.h. Layouts are those of the ACPI specification, 6.2, chapter 5; table
 * fields that stay zero are not written.
 *
 * A PVH domain has no I/O APIC, PM timer, CMOS clock or VGA, and says so. The fixed event and
 * control blocks are declared because ACPI asks for them; nothing answers there, and a read of
 * all ones means "ACPI is on". Each vcpu has the local APIC id 2 * vcpu, as upstream gives it.
 */
#include "guest/acpi.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define ALIGNMENT 64U
#define SCI_INTERRUPT 9
#define PM1A_EVENT 0xb000
#define PM1A_CONTROL 0xb004
#define GPE0 0xafe0
#define RESET_PORT 0xcf9
#define RESET_VALUE 6
#define LOCAL_APIC 0xfee00000U
#define X2APIC_FROM 255U /* ids that do not fit into a byte */

/* FADT flags: WBINVD works, C1 everywhere, buttons are control methods, reset register. */
#define FADT_FLAGS (1U << 0 | 1U << 2 | 1U << 4 | 1U << 5 | 1U << 10)
#define BOOT_NO_VGA (1U << 2)
#define BOOT_NO_CMOS (1U << 5)
#define MADT_PCAT_COMPAT 1U
#define APIC_ENABLED 1U

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem[6];
	char oem_table[8];
	uint32_t oem_revision;
	char creator[4];
	uint32_t creator_revision;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_header) == 36, "ACPI table header");

struct acpi_address {
	uint8_t space; /* 1: I/O ports */
	uint8_t bits;
	uint8_t offset;
	uint8_t access;
	uint64_t address;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_address) == 12, "ACPI generic address");

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum; /* of the first 20 bytes */
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t full_checksum;
	uint8_t reserved[3];
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_rsdp) == 36, "ACPI RSDP");

/* Revision 5. */
struct acpi_fadt {
	struct acpi_header header;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t model;
	uint8_t profile;
	uint16_t sci_interrupt;
	uint32_t smi_command;
	uint8_t smi_values[4];
	uint32_t pm1a_event;
	uint32_t pm1b_event;
	uint32_t pm1a_control;
	uint32_t pm1b_control;
	uint32_t pm2_control;
	uint32_t pm_timer;
	uint32_t gpe0;
	uint32_t gpe1;
	uint8_t pm1_event_length;
	uint8_t pm1_control_length;
	uint8_t pm2_control_length;
	uint8_t pm_timer_length;
	uint8_t gpe0_length;
	uint8_t gpe1_length;
	uint8_t gpe1_base;
	uint8_t cstate_control;
	uint16_t c2_latency;
	uint16_t c3_latency;
	uint16_t flush_size;
	uint16_t flush_stride;
	uint8_t duty_offset;
	uint8_t duty_width;
	uint8_t day_alarm;
	uint8_t month_alarm;
	uint8_t century;
	uint16_t boot_flags;
	uint8_t reserved;
	uint32_t flags;
	struct acpi_address reset;
	uint8_t reset_value;
	uint8_t arm_flags[2];
	uint8_t minor;
	uint64_t x_facs;
	uint64_t x_dsdt;
	struct acpi_address x_pm1a_event;
	struct acpi_address x_pm1b_event;
	struct acpi_address x_pm1a_control;
	struct acpi_address x_pm1b_control;
	struct acpi_address x_pm2_control;
	struct acpi_address x_pm_timer;
	struct acpi_address x_gpe0;
	struct acpi_address x_gpe1;
	struct acpi_address sleep_control;
	struct acpi_address sleep_status;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_fadt) == 268, "ACPI FADT revision 5");

struct acpi_facs {
	char signature[4];
	uint32_t length;
	uint8_t rest[24];
	uint8_t version;
	uint8_t reserved[31];
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_facs) == 64, "ACPI FACS");

struct acpi_madt {
	struct acpi_header header;
	uint32_t local_apic;
	uint32_t flags;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_madt) == 44, "ACPI MADT");

struct madt_apic {
	uint8_t type; /* 0 */
	uint8_t length;
	uint8_t processor;
	uint8_t apic;
	uint32_t flags;
} __attribute__((packed));

struct madt_x2apic {
	uint8_t type; /* 9 */
	uint8_t length;
	uint16_t reserved;
	uint32_t apic;
	uint32_t flags;
	uint32_t processor;
} __attribute__((packed));

struct writer {
	uint8_t *memory;
	size_t size;
	size_t used;
	uint64_t address;
	bool full;
};

/* Room for `size` zeroed bytes behind what was written last, or at an aligned place. */
static void *extend(struct writer *writer, size_t size)
{
	uint8_t *at = writer->memory + writer->used;

	if (size > writer->size - writer->used) {
		writer->full = true;
		return NULL;
	}
	writer->used += size;
	return memset(at, 0, size);
}

static void *begin(struct writer *writer, size_t size, uint64_t *address)
{
	size_t aligned = (writer->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

	if (aligned > writer->size) {
		writer->full = true;
		return NULL;
	}
	writer->used = aligned;
	*address = writer->address + aligned;
	return extend(writer, size);
}

static uint8_t checksum(const void *data, size_t size)
{
	const uint8_t *at = data;
	unsigned int sum = 0;

	for (size_t i = 0; i < size; i++) {
		sum += at[i];
	}
	return (uint8_t)-sum;
}

static void finish(struct writer *writer, struct acpi_header *header, const char *signature,
		   uint8_t revision)
{
	header->length = (uint32_t)(writer->memory + writer->used - (uint8_t *)header);
	memcpy(header->signature, signature, 4);
	header->revision = revision;
	memcpy(header->oem, "Xen   ", 6);
	memcpy(header->oem_table, "PROXENOS", 8);
	memcpy(header->creator, "PXN ", 4);
	header->oem_revision = 1;
	header->creator_revision = 1;
	header->checksum = checksum(header, header->length);
}

/* --- tables -------------------------------------------------------------------------------------
 */
static void write_name(uint8_t *at, uint32_t vcpu)
{
	static const char digits[] = "0123456789ABCDEF";

	at[0] = 'P';
	at[1] = (uint8_t)digits[vcpu >> 8 & 15];
	at[2] = (uint8_t)digits[vcpu >> 4 & 15];
	at[3] = (uint8_t)digits[vcpu & 15];
}

/* A package length of two bytes after the first: bits 3-0, then 11-4, then 19-12. */
static void write_length(uint8_t *at, size_t length)
{
	at[0] = (uint8_t)(0x80 | (length & 15));
	at[1] = (uint8_t)(length >> 4);
	at[2] = (uint8_t)(length >> 12);
}

/* Scope (\_SB) { Device (Pnnn) { Name (_HID, "ACPI0007") Name (_UID, n) } ... } */
static uint64_t write_dsdt(struct writer *writer, uint32_t vcpus)
{
	static const uint8_t hid[] = {0x08, '_', 'H', 'I', 'D', 0x0d, 'A', 'C',
				      'P',  'I', '0', '0', '0', '7',  0};
	const size_t device_size = 2 + 1 + 4 + sizeof(hid) + 5 + 3;
	uint64_t address = 0;
	struct acpi_header *header = begin(writer, sizeof(*header), &address);
	uint8_t *scope = extend(writer, 1 + 3 + 5);

	if (!header || !scope) {
		return 0;
	}
	scope[0] = 0x10;
	write_length(scope + 1, 3 + 5 + vcpus * device_size);
	memcpy(scope + 4, "\\_SB_", 5);
	for (uint32_t vcpu = 0; vcpu < vcpus; vcpu++) {
		uint8_t *at = extend(writer, device_size);

		if (!at) {
			return 0;
		}
		at[0] = 0x5b;
		at[1] = 0x82;
		at[2] = (uint8_t)(device_size - 2); /* below 64: one byte */
		write_name(at + 3, vcpu);
		memcpy(at + 7, hid, sizeof(hid));
		at += 7 + sizeof(hid);
		memcpy(at, "\x08_UID\x0b", 6);
		at[6] = (uint8_t)vcpu;
		at[7] = (uint8_t)(vcpu >> 8);
	}
	finish(writer, header, "DSDT", 2);
	return address;
}

static uint64_t write_facs(struct writer *writer)
{
	uint64_t address = 0;
	struct acpi_facs *facs = begin(writer, sizeof(*facs), &address);

	if (facs) {
		memcpy(facs->signature, "FACS", 4);
		facs->length = sizeof(*facs);
		facs->version = 1;
	}
	return address;
}

static struct acpi_address port(uint64_t number, uint8_t bits)
{
	return (struct acpi_address){.space = 1,
				     .bits = bits,
				     .access = bits == 32   ? 3
					       : bits == 16 ? 2
							    : 1,
				     .address = number};
}

static uint64_t write_fadt(struct writer *writer, uint64_t facs, uint64_t dsdt)
{
	uint64_t address = 0;
	struct acpi_fadt *fadt = begin(writer, sizeof(*fadt), &address);

	if (!fadt) {
		return 0;
	}
	fadt->facs = (uint32_t)facs;
	fadt->dsdt = (uint32_t)dsdt;
	fadt->x_facs = facs;
	fadt->x_dsdt = dsdt;
	fadt->sci_interrupt = SCI_INTERRUPT;
	fadt->pm1a_event = PM1A_EVENT;
	fadt->pm1a_control = PM1A_CONTROL;
	fadt->gpe0 = GPE0;
	fadt->pm1_event_length = 4;
	fadt->pm1_control_length = 2;
	fadt->gpe0_length = 4;
	fadt->c2_latency = 0xfff; /* no C2, no C3 */
	fadt->c3_latency = 0xfff;
	fadt->boot_flags = BOOT_NO_VGA | BOOT_NO_CMOS;
	fadt->flags = FADT_FLAGS;
	fadt->reset = port(RESET_PORT, 8);
	fadt->reset_value = RESET_VALUE;
	fadt->x_pm1a_event = port(PM1A_EVENT, 32);
	fadt->x_pm1a_control = port(PM1A_CONTROL, 16);
	fadt->x_gpe0 = port(GPE0, 32);
	finish(writer, &fadt->header, "FACP", 5);
	return address;
}

/* Offline vcpus are enabled too: Linux can bring up only a CPU that was there when it started, and
 * takes those down that the store says are offline before it runs its first program. */
static void write_apic(struct writer *writer, uint32_t vcpu)
{
	uint32_t id = vcpu * 2;

	if (id < X2APIC_FROM) {
		struct madt_apic *apic = extend(writer, sizeof(*apic));

		if (apic) {
			*apic = (struct madt_apic){.length = sizeof(*apic),
						   .processor = (uint8_t)vcpu,
						   .apic = (uint8_t)id,
						   .flags = APIC_ENABLED};
		}
	} else {
		struct madt_x2apic *apic = extend(writer, sizeof(*apic));

		if (apic) {
			*apic = (struct madt_x2apic){.type = 9,
						     .length = sizeof(*apic),
						     .apic = id,
						     .flags = APIC_ENABLED,
						     .processor = vcpu};
		}
	}
}

static uint64_t write_madt(struct writer *writer, uint32_t vcpus)
{
	uint64_t address = 0;
	struct acpi_madt *madt = begin(writer, sizeof(*madt), &address);

	for (uint32_t vcpu = 0; madt && vcpu < vcpus; vcpu++) {
		write_apic(writer, vcpu);
	}
	if (!madt || writer->full) {
		return 0;
	}
	madt->local_apic = LOCAL_APIC;
	madt->flags = MADT_PCAT_COMPAT;
	finish(writer, &madt->header, "APIC", 4);
	return address;
}

static uint64_t write_xsdt(struct writer *writer, uint64_t fadt, uint64_t madt)
{
	const uint64_t tables[2] = {fadt, madt};
	uint64_t address = 0;
	struct acpi_header *header = begin(writer, sizeof(*header), &address);
	void *list = extend(writer, sizeof(tables));

	if (!header || !list) {
		return 0;
	}
	memcpy(list, tables, sizeof(tables));
	finish(writer, header, "XSDT", 1);
	return address;
}

static uint64_t write_rsdp(struct writer *writer, uint64_t xsdt)
{
	uint64_t address = 0;
	struct acpi_rsdp *rsdp = begin(writer, sizeof(*rsdp), &address);

	if (rsdp) {
		memcpy(rsdp->signature, "RSD PTR ", 8);
		memcpy(rsdp->oem, "Xen   ", 6);
		rsdp->revision = 2;
		rsdp->length = sizeof(*rsdp);
		rsdp->xsdt = xsdt;
		rsdp->checksum = checksum(rsdp, 20);
		rsdp->full_checksum = checksum(rsdp, sizeof(*rsdp));
	}
	return address;
}

int acpi_build(uint8_t *memory, size_t size, uint64_t address, uint32_t vcpus,
	       uint64_t *rsdp)
{
	struct writer writer = {.memory = memory, .size = size, .address = address};
	uint64_t dsdt;
	uint64_t fadt;
	uint64_t madt;

	if (vcpus > ACPI_VCPUS_MAX) {
		return -EINVAL;
	}
	dsdt = write_dsdt(&writer, vcpus);
	fadt = write_fadt(&writer, write_facs(&writer), dsdt);
	madt = write_madt(&writer, vcpus);
	*rsdp = write_rsdp(&writer, write_xsdt(&writer, fadt, madt));
	return writer.full ? -ENOSPC : 0;
}
