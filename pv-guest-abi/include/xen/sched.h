/* SPDX-License-Identifier: MIT */
/*
 * sched_op: giving up the CPU, waiting for ports, and ending or suspending a domain.
 */
#ifndef XEN_ABI_SCHED_H
#define XEN_ABI_SCHED_H

#include "base.h"

#define SCHEDOP_yield 0
#define SCHEDOP_block 1
#define SCHEDOP_shutdown 2
#define SCHEDOP_poll 3
#define SCHEDOP_remote_shutdown 4
#define SCHEDOP_shutdown_code 5
#define SCHEDOP_watchdog 6
#define SCHEDOP_pin_override 7

#define SHUTDOWN_poweroff 0
#define SHUTDOWN_reboot 1
#define SHUTDOWN_suspend 2
#define SHUTDOWN_crash 3
#define SHUTDOWN_watchdog 4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX 5

struct sched_shutdown {
	uint32_t reason; /* SHUTDOWN_*; only the low 8 bits count */
};
XEN_ABI_SIZE(struct sched_shutdown, 4);

struct sched_poll {
	uint64_t ports; /* guest pointer to uint32_t[nr_ports] */
	uint32_t nr_ports;
	uint32_t pad0;
	uint64_t timeout; /* absolute system time, 0: none */
};
XEN_ABI_SIZE(struct sched_poll, 24);
XEN_ABI_AT(struct sched_poll, timeout, 16);

struct sched_remote_shutdown {
	domid_t domain_id;
	uint16_t pad0;
	uint32_t reason;
};
XEN_ABI_SIZE(struct sched_remote_shutdown, 8);

struct sched_watchdog {
	uint32_t id;      /* 0: start a new one */
	uint32_t timeout; /* seconds, 0: stop */
};
XEN_ABI_SIZE(struct sched_watchdog, 8);

struct sched_pin_override {
	int32_t pcpu; /* negative: undo */
};
XEN_ABI_SIZE(struct sched_pin_override, 4);

#endif
