/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys whose values need more than a kind: the functions keys.def names as SPECIAL(), and those
 * that run when all keys have been read, because they need several. read_machine.c has those about
 * the machine, read_devices.c those about devices.
 */
#ifndef CONFIG_SPECIAL_H
#define CONFIG_SPECIAL_H

#include "config/schema.h"

schema_function read_type;
schema_function read_builder;
schema_function read_uuid;
schema_function read_vnuma;
schema_function read_cpuid;
schema_function read_kernel;
schema_function read_bootloader_args;
schema_function read_timeoffset;
schema_function read_firmware;
schema_function read_apic;
schema_function read_timer_mode;
schema_function read_viridian;
schema_function read_mmio_hole;
schema_function read_genid;
schema_function read_serial;
schema_function read_vga;
schema_function read_usbdevice;

schema_function read_disks;
schema_function read_nics;
schema_function read_channels;
schema_function read_p9s;
schema_function read_vfbs;
schema_function read_pcis;
schema_function read_ioports;
schema_function read_iomem;
schema_function read_irqs;

/* After all keys. */
int finish_machine(struct reading *reading);
int finish_devices(struct reading *reading);

/* The number of a setting that may be absent; *number is then left alone. */
int read_optional_number(struct reading *reading, const char *name, int64_t low, int64_t high,
			 int64_t *number);

#endif
