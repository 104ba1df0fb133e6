/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guests ask of the hypervisor most, each a number of times between the marks that the plugin
 * of ./bench counts by (tests/meter/marks.h): first as this PV kernel, then in a PVH domain that
 * runs payload/. Without the plugin it proves that all of it works. For ./bench it says in a remark
 * "METER file operations row" which of the plugin's files belongs to which row.
 * options: dom0_max_vcpus=2
 */
#include "guest.h"
#include "payload/rows.h"

#include "../../meter/marks.h"

#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define OPERATIONS 256U
#define BATCH 32U
#define DOMAIN_PAGES 512U

extern const uint8_t payload[], payload_end[];
extern const uint64_t payload_entry;

static char window[PAGE] __attribute__((aligned(4096)));
static char stack[4 * PAGE] __attribute__((aligned(4096)));
static uint64_t frames[DOMAIN_PAGES];
static uint32_t timer_port, ports[2]; /* of vcpu 0 and 1 */
static unsigned int files;
static volatile unsigned int traps, answers;

static int64_t send(uint32_t port)
{
	struct evtchn_send op = {.port = port};

	return hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &op);
}

static bool on_trap(struct trap_frame *frame)
{
	unsigned int cpu = (uint64_t)frame - (uint64_t)stack < sizeof(stack);

	if (frame->vector == 6) {
		traps++;
		frame->rip += 2;
		return true;
	}
	if (frame->vector != VECTOR_EVENT) {
		return false;
	}
	shared_info->vcpu_info[cpu].evtchn_upcall_pending = 0;
	shared_info->vcpu_info[cpu].evtchn_pending_sel = 0;
	port_clear(ports[cpu]);
	port_clear(timer_port);
	return true;
}

/* --- the rows of a PV kernel ----------------------------------------------------------------- */

static void report(const char *row, uint32_t operations)
{
	print("# METER %03u %u %s\n", files++, operations, row);
}

/* One row: BODY is done once to warm up. */
#define ROW(row, operations, body)                                                                 \
	do {                                                                                       \
		for (unsigned int i = 0; i < (operations); i++) {                                  \
			body;                                                                      \
		}                                                                                  \
		MARK(MARK_START);                                                                  \
		for (unsigned int i = 0; i < (operations); i++) {                                  \
			body;                                                                      \
		}                                                                                  \
		MARK(MARK_STOP);                                                                   \
		report(row, operations);                                                           \
	} while (0)

static void set_timer_and_wait(void)
{
	struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = system_time() + 20000};

	hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &timer);
	hypercall2(__HYPERVISOR_sched_op, SCHEDOP_block, 0);
}

static void memory_rows(void)
{
	uint64_t *page = page_alloc(), *other = page_alloc(), *table = page_alloc();
	uint64_t a = maddr_of(page) | PTE_RW, b = maddr_of(other) | PTE_RW;
	volatile uint64_t *entry = pte_of(page);
	struct mmu_update batch[BATCH];
	uint32_t done;

	hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
	ROW("pv-update-va", OPERATIONS,
	    hypercall3(__HYPERVISOR_update_va_mapping, page, i % 2 ? a : b, UVMF_INVLPG));
	ROW("pv-pte-write", OPERATIONS, *entry = i % 2 ? a : b);
	for (unsigned int i = 0; i < BATCH; i++) {
		batch[i].ptr = pte_mfn(*entry_of(page, 2)) * PAGE + ((uint64_t)entry & (PAGE - 1));
		batch[i].val = i % 2 ? a : b;
	}
	ROW("pv-mmu-batch", OPERATIONS / 8,
	    hypercall4(__HYPERVISOR_mmu_update, batch, BATCH, &done, DOMID_SELF));
	claim_equal("a_batch_is_done", done, BATCH);
	remap(page, mfn_of(other), PTE_RW);
	page[3] = 3;
	claim_equal("the_page_is_another", other[3], 3);
	remap(table, mfn_of(table), PTE_RO);
	ROW("pv-pin", OPERATIONS / 4,
	    (mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(table), 0),
	     mmuext(MMUEXT_UNPIN_TABLE, mfn_of(table), 0)));
}

static void cpu_rows(void)
{
	uint32_t a, b, c, d;

	ROW("pv-null", OPERATIONS, hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0));
	ROW("pv-trap", OPERATIONS, __asm__ volatile("ud2"));
	claim_equal("each_trap_came", traps, 2 * OPERATIONS);
	ROW("pv-cpuid", OPERATIONS,
	    __asm__ volatile("ud2; .ascii \"xen\"; cpuid"
			     : "=a"(a), "=b"(b), "=c"(c), "=d"(d)
			     : "0"(1), "2"(0)));
	ROW("pv-rdmsr", OPERATIONS, __asm__ volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(0xc0000102)));
	ROW("pv-timer", OPERATIONS, set_timer_and_wait());
}

/* --- two vcpus on one CPU -------------------------------------------------------------------- */

static void second_main(void)
{
	for (;;) {
		hypercall2(__HYPERVISOR_sched_op, SCHEDOP_block, 0);
		answers++;
		send(ports[0]);
	}
}

static void ask_and_wait(void)
{
	unsigned int before = answers;

	send(ports[1]);
	while (answers == before) {
		hypercall2(__HYPERVISOR_sched_op, SCHEDOP_block, 0);
	}
}

static int64_t start_second(void)
{
	static struct vcpu_guest_context context;
	struct evtchn_bind_ipi ipi;
	int64_t err;

	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		ipi = (struct evtchn_bind_ipi){.vcpu = cpu};
		hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &ipi);
		ports[cpu] = ipi.port;
	}
	vcpu_context(&context, second_main, stack + sizeof(stack));
	err = hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, &context);
	return err ? err : hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0);
}

static void switch_row(void)
{
	claim_equal("a_second_vcpu_starts", start_second(), 0);
	ROW("pv-switch", OPERATIONS, ask_and_wait());
	hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0);
}

/* --- the rows of a PVH domain ---------------------------------------------------------------- */

static void pvh_rows(void)
{
	static const char *const rows[] = {PVH_ROWS};
	uint64_t home = mfn_of(window);
	uint32_t domid, reason = 255;
	int64_t err = pvh_make(1, DOMAIN_PAGES, &domid);

	if (err == -XEN_EINVAL) {
		print("# this machine cannot make translated domains\n");
		return;
	}
	claim_equal("a_pvh_domain_is_made", err, 0);
	claim_equal("it_has_memory", domain_populate(domid, frames, DOMAIN_PAGES), DOMAIN_PAGES);
	err = pvh_put(domid, PAYLOAD_ADDRESS, payload, (size_t)(payload_end - payload), window);
	claim_equal("it_is_filled", err, 0);
	claim_equal("its_entry_is_set", pvh_set_entry(domid, payload_entry, 0), 0);
	domctl_on(XEN_DOMCTL_unpausedomain, domid);
	for (unsigned int i = 0; i < 1000 && domain_is_alive(domid, &reason); i++) {
		sleep_ns(10000000);
	}
	claim_equal("it_comes_to_its_end", reason, SHUTDOWN_poweroff);
	remap(window, home, PTE_RW);
	domain_destroy(domid);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		report(rows[i], PVH_OPERATIONS);
	}
}

void guest_test(void)
{
	guest_trap_hook = on_trap;
	claim_equal("a_timer_port", bind_virq(VIRQ_TIMER, 0, &timer_port), 0);
	hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
	events_on();
	MARK(MARK_ARM);
	spin_ns(3000000);
	cpu_rows();
	memory_rows();
	switch_row();
	pvh_rows();
	events_off();
}
