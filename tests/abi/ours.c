/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints layouts and numbers as pv-guest-abi has them, and holds the tables of pv-guest-abi/def
 * against the headers: a row whose number differs from the constant of its name does not compile.
 */
#include <xen/arch_x86.h>
#include <xen/base.h>
#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/hvm_op.h>
#include <xen/hvm_params.h>
#include <xen/hvm_save.h>
#include <xen/hvm_start_info.h>
#include <xen/io/blkif.h>
#include <xen/io/console.h>
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>
#include <xen/io/xs_wire.h>
#include <xen/mca.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/shared_info.h>
#include <xen/start_info.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/virq.h>
#include <xen/xenpmu.h>

#define HYPERCALL(nr, name, kinds, nargs)                                                          \
	_Static_assert((nr) == __HYPERVISOR_##name, "number of " #name);                           \
	_Static_assert((nargs) <= 5, "arguments of " #name);
#include "hypercall.def"
#undef HYPERCALL

#define OF_memory_op(name) XENMEM_##name
#define OF_event_channel_op(name) EVTCHNOP_##name
#define OF_grant_table_op(name) GNTTABOP_##name
#define OF_sched_op(name) SCHEDOP_##name
#define OF_vcpu_op(name) VCPUOP_##name
#define OF_xen_version(name) XENVER_##name
#define OF_physdev_op(name) PHYSDEVOP_##name
#define OF_platform_op(name) XENPF_##name
#define OF_mmuext_op(name) MMUEXT_##name
#define OF_callback_op(name) CALLBACKOP_##name
#define OF_console_io(name) CONSOLEIO_##name
#define OF_hvm_op(name) HVMOP_##name
#define OF_domctl(name) XEN_DOMCTL_##name
#define OF_sysctl(name) XEN_SYSCTL_##name

enum right { ANY, TARGET, DM, CONTROL, HARDWARE, XENSTORE };
enum direction { NONE, IN, OUT, INOUT };
enum restart { ONCE, RESTARTS };

#define SUBOP(family, nr, name, tag, direction, right, restarts)                                   \
	_Static_assert((nr) == OF_##family(name), "number of " #family " " #name);                 \
	_Static_assert((right) <= XENSTORE && (direction) <= INOUT && (restarts) <= RESTARTS,      \
		       "row of " #family " " #name);
#include "subop.def"
#undef SUBOP

#include "print.h"
