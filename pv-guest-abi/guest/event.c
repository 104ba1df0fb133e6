/* SPDX-License-Identifier: MIT */
/* Two-level event ports and system time of a microguest. */
#include "guest.h"

#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/version.h>

void port_mask(uint32_t port, bool masked)
{
	uint64_t bit = 1UL << port % 64;

	if (masked) {
		__atomic_fetch_or(&shared_info->evtchn_mask[port / 64], bit, __ATOMIC_SEQ_CST);
	} else {
		__atomic_fetch_and(&shared_info->evtchn_mask[port / 64], ~bit, __ATOMIC_SEQ_CST);
	}
}

bool port_pending(uint32_t port)
{
	return __atomic_load_n(&shared_info->evtchn_pending[port / 64], __ATOMIC_SEQ_CST) >>
		       port % 64 &
	       1;
}

void port_clear(uint32_t port)
{
	__atomic_fetch_and(&shared_info->evtchn_pending[port / 64], ~(1UL << port % 64),
			   __ATOMIC_SEQ_CST);
}

int64_t bind_virq(uint32_t virq, uint32_t vcpu, uint32_t *port)
{
	struct evtchn_bind_virq bind = {.virq = virq, .vcpu = vcpu};
	int64_t err = hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, &bind);

	*port = bind.port;
	return err;
}

int64_t close_port(uint32_t port)
{
	struct evtchn_close close = {.port = port};

	return hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &close);
}

void events_on(void)
{
	__atomic_store_n(&shared_info->vcpu_info[0].evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&shared_info->vcpu_info[0].evtchn_upcall_pending, __ATOMIC_SEQ_CST)) {
		hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0);
	}
}

void events_off(void)
{
	__atomic_store_n(&shared_info->vcpu_info[0].evtchn_upcall_mask, 1, __ATOMIC_SEQ_CST);
}

static uint64_t scale(uint64_t delta, uint32_t mul, int shift)
{
	delta = shift < 0 ? delta >> -shift : delta << shift;
	return (uint64_t)((unsigned __int128)delta * mul >> 32);
}

uint64_t system_time_of(unsigned int vcpu)
{
	const volatile struct vcpu_time_info *t = &shared_info->vcpu_info[vcpu].time;
	uint32_t version, low, high;
	uint64_t ns;

	do {
		version = __atomic_load_n(&t->version, __ATOMIC_ACQUIRE);
		__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
		ns = t->system_time + scale(((uint64_t)high << 32 | low) - t->tsc_timestamp,
					    t->tsc_to_system_mul, t->tsc_shift);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	} while ((version & 1) || version != t->version);
	return ns;
}

uint64_t system_time(void)
{
	return system_time_of(0);
}

void spin_ns(uint64_t ns)
{
	uint64_t end = system_time() + ns;

	while (system_time() < end) {
		__asm__ volatile("pause");
	}
}

void sleep_ns(uint64_t ns)
{
	struct sched_poll poll = {.timeout = system_time() + ns};

	hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
}
