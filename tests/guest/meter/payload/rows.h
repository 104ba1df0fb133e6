/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows the PVH domain measures, in its order: dom0 reports them when it has ended.
 */
#ifndef METER_ROWS_H
#define METER_ROWS_H

#define PAYLOAD_ADDRESS 0x100000UL
#define PVH_OPERATIONS 256U
#define PVH_ROWS "pvh-null", "pvh-cpuid", "pvh-rdmsr", "pvh-in", "pvh-mmio", "pvh-apic"

#endif
