/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_info, and the hooks by which lower modules call higher ones: who gets interrupts, console
 * input, the end of a domain, the end of the machine.
 */
#include "init/host.h"

#include "domain/access.h"
#include "domain/domain.h"
#include "domain/vtime.h"
#include "domain/memory.h"
#include "entry/crash.h"
#include "entry/entry.h"
#include "evtchn/evtchn.h"
#include "grant/grant.h"
#include "hvm/p2m.h"
#include "hypercall/host_info.h"
#include "init/init.h"
#include "lib/check.h"
#include "lib/crash_record.h"
#include "lib/log.h"
#include "lib/math.h"
#include "machine/cpu.h"
#include "machine/fault.h"
#include "machine/frames.h"
#include "machine/irqflag.h"
#include "machine/lock.h"
#include "machine/smp.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "plat/acpi.h"
#include "plat/acpi_table.h"
#include "plat/clock.h"
#include "plat/console.h"
#include "plat/ioapic.h"
#include "plat/irq.h"
#include "plat/pci.h"
#include "plat/reset.h"
#include "plat/serial.h"
#include "pv/cpuid.h"
#include "pv/port.h"
#include "pv/pte_rules.h"
#include "sched/sched.h"
#include "sched/softirq.h"
#include "x86/cpuid.h"
#include "x86/cr.h"
#include "x86/flaws.h"
#include "x86/msr.h"
#include "x86/policy.h"

#include <xen/sched.h>

#define E820_MAX 320
#define E820_RAM 1
#define E820_RESERVED 2
/* Low memory that is nobody's here; SeaBIOS clears what is below 0x90000. */
#define CRASH_RECORD_ADDRESS 0x96000UL

static struct xen_e820_entry e820[E820_MAX];
static uint32_t e820_count;
static struct host_info info;

void host_print_banner(void)
{
	static const char *const doors[] = {"?", "multiboot", "EFI", "multiboot 2", "PVH"};

	log_info("Proxenos 0.1, a hypervisor with the Xen 4.17 guest interface");
	log_info("started by %s, options: %s",
		 doors[boot.front_door <= BOOT_FROM_PVH ? boot.front_door : 0], boot.cmdline);
}

static void add_e820(uint64_t start, uint64_t bytes, uint32_t type)
{
	uint32_t at = e820_count;

	if (e820_count == E820_MAX) {
		return;
	}
	while (at > 0 && e820[at - 1].addr > start) {
		e820[at] = e820[at - 1];
		at--;
	}
	e820[at] = (struct xen_e820_entry){.addr = start, .size = bytes, .type = type};
	e820_count++;
}

void host_note_memory_map(void)
{
	for (uint32_t i = 0; i < boot.memory_count; i++) {
		const struct boot_memory_range *range = &boot.memory[i];
		uint32_t type = range->type == BOOT_MEM_LOADER ? BOOT_MEM_RAM
			      : range->type == BOOT_MEM_EFI_RUNTIME ? BOOT_MEM_RESERVED
								    : range->type;

		if (e820_count && e820[e820_count - 1].type == type &&
		    e820[e820_count - 1].addr + e820[e820_count - 1].size == range->start) {
			e820[e820_count - 1].size += range->bytes;
		} else {
			add_e820(range->start, range->bytes, type);
		}
	}
}

static bool in_e820(uint64_t start, uint64_t bytes, uint32_t type)
{
	for (uint32_t i = 0; i < e820_count; i++) {
		if (e820[i].type == type && e820[i].addr <= start &&
		    start + bytes <= e820[i].addr + e820[i].size) {
			return true;
		}
	}
	return false;
}

static bool is_reserved(uint64_t start, uint64_t bytes)
{
	return in_e820(start, bytes, E820_RESERVED);
}

static void reserve_hole(uint64_t start, uint64_t bytes)
{
	if (!is_reserved(start, bytes)) {
		add_e820(start, bytes, E820_RESERVED);
	}
}

/* --- frames the hardware domain may not map, or only read ------------------------------------ */

static void note_readonly(uint64_t first, uint64_t last)
{
	if (range_add(&pv_mmio_readonly, first, last)) {
		panic("too many read-only device ranges");
	}
}

/* Entries beyond the CPU's address width have reserved bits set: no device can be there. */
static void deny_beyond_address_width(void)
{
	uint64_t end = 1UL << ((cpu_cpuid(0x80000008U, 0).a & 0xff) - PAGE_SHIFT);
	uint64_t last = PTE_ADDRESS_MASK >> PAGE_SHIFT;

	if (end <= last && access_deny_iomem(end, last)) {
		panic("too many denied device ranges");
	}
}

static void protect_devices(void)
{
	const struct mcfg_entry *segments;
	uint64_t lapic = 0xfee00000UL;

	for (unsigned int i = 0; i < ioapic_count(); i++) {
		uint64_t page = ioapic_address(i) & PAGE_MASK;

		note_readonly(page >> PAGE_SHIFT, page >> PAGE_SHIFT);
		reserve_hole(page, PAGE_SIZE);
	}
	if (acpi_hpet_address()) {
		note_readonly(acpi_hpet_address() >> PAGE_SHIFT, acpi_hpet_address() >> PAGE_SHIFT);
	}
	for (unsigned int i = 0; i < acpi_mcfg(&segments); i++) {
		uint64_t first = segments[i].address +
				 ((uint64_t)segments[i].first_bus << 20);
		uint64_t bytes = (uint64_t)(segments[i].last_bus - segments[i].first_bus + 1) << 20;

		if (is_reserved(first, bytes)) {
			note_readonly(first >> PAGE_SHIFT, (first + bytes - 1) >> PAGE_SHIFT);
		}
	}
	for (uint32_t i = 0; i < boot.memory_count; i++) {
		const struct boot_memory_range *range = &boot.memory[i];

		/* The core runs it: init/efi.c. */
		if (range->type == BOOT_MEM_EFI_RUNTIME && (range->attributes & BOOT_MEMORY_CODE)) {
			note_readonly(range->start >> PAGE_SHIFT,
				      (range->start + range->bytes - 1) >> PAGE_SHIFT);
		}
	}
	if (access_deny_iomem(lapic >> PAGE_SHIFT, (lapic + MIB(1) - 1) >> PAGE_SHIFT)) {
		panic("too many denied device ranges");
	}
	reserve_hole(lapic, MIB(1));
	/* A driver in dom0 that probes the console's UART turns off its FIFO. */
	if (serial_ports() && access_deny_ioports(serial_ports(), serial_ports() + 7U)) {
		panic("too many denied ports");
	}
}

/* --- hooks ----------------------------------------------------------------------------------- */

static void raise_console(void)
{
	evtchn_raise_host_virq(VIRQ_CONSOLE);
}

static void raise_timer(struct vcpu *v)
{
	evtchn_raise_virq(v, VIRQ_TIMER);
}

static void deliver_pirq(uint32_t pirq)
{
	if (domain_hardware) {
		evtchn_raise_pirq(domain_hardware, pirq);
	}
}

static int pirq_bind(struct domain *d unused_arg, uint32_t pirq, unsigned int cpu)
{
	return irq_bind(pirq, cpu);
}

static void pirq_unbind(struct domain *d unused_arg, uint32_t pirq)
{
	irq_unbind(pirq);
}

static void pirq_retarget(struct domain *d unused_arg, uint32_t pirq, unsigned int cpu)
{
	irq_retarget(pirq, cpu);
}

static bool pirq_needs_eoi(struct domain *d unused_arg, uint32_t pirq)
{
	return irq_needs_eoi(pirq);
}

static const struct pirq_ops machine_pirqs = {
	.bind = pirq_bind,
	.unbind = pirq_unbind,
	.retarget = pirq_retarget,
	.needs_eoi = pirq_needs_eoi,
};

static void hardware_shutdown(uint8_t reason)
{
	log_info("dom0 stopped: %s", reason == SHUTDOWN_poweroff ? "power off"
				   : reason == SHUTDOWN_reboot ? "reboot"
				   : reason == SHUTDOWN_crash ? "crash" : "other");
	smp_stop_others();
	if (reason == SHUTDOWN_poweroff) {
		machine_poweroff();
	}
	if (options.noreboot && reason != SHUTDOWN_reboot) {
		log_info("halted (noreboot)");
		machine_halt();
	}
	machine_reboot();
}

static void enter_s5(uint16_t pm1a, uint16_t pm1b)
{
	smp_stop_others();
	machine_enter_s5(pm1a, pm1b);
}

/* --- log, slow work -------------------------------------------------------------------------- */

static struct spinlock log_lock = SPINLOCK(log);

static void acquire_log(void)
{
	spin_lock(&log_lock);
}

static void release_log(void)
{
	spin_unlock(&log_lock);
}

static struct timer housekeeping;
static uint64_t last_log_tick;

static void keep_house(void *data unused_arg)
{
	uint64_t now = clock_now();

	serial_poll();
	if (now - last_log_tick > 1000000000UL) {
		last_log_tick = now;
		log_tick(now);
	}
	timer_set(&housekeeping, now + 20000000UL);
}

static struct timer eoi_timer;

static void force_eoi(void *data unused_arg)
{
	uint64_t next = irq_force_eoi(clock_now());

	if (next != ~0UL) {
		timer_set(&eoi_timer, next);
	}
}

static void arm_eoi(uint64_t deadline)
{
	timer_set(&eoi_timer, deadline);
}

/* --- debug keys ------------------------------------------------------------------------------ */

static void print_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_print_v(LOG_ERROR, format, args);
	va_end(args);
}

static void key_memory(void)
{
	print_line("frames: %lu total, %lu free, %lu claimed; heap %lu bytes", buddy_total_count(),
		   buddy_free_count(), buddy_claimed_count(), heap_used());
}

static void key_run_queues(void)
{
	sched_dump(print_line);
}

static void key_interrupts(void)
{
	irq_dump(print_line);
}

static void key_domains(void)
{
	for (struct domain *d = domain_find_from(0); d;
	     d = domain_find_from((uint16_t)(d->id + 1))) {
		struct vcpu *v;

		print_line("d%u: life %u, refs %u, pages %lu of %lu, paused %u+%u", d->id, d->life,
			   d->refs, d->frame_count, d->frame_max, d->pause_count,
			   d->control_pause_count);
		for_each_vcpu(d, v) {
			print_line("  v%u: flags %x, on cpu %u, upcall %u mask %u, rip %lx", v->id,
				   v->pause_flags, v->unit.cpu, v->info->evtchn_upcall_pending,
				   v->info->evtchn_upcall_mask, v->regs.rip);
		}
	}
}

static void for_each_domain(void (*dump)(struct domain *d, void (*print)(const char *format, ...)))
{
	for (struct domain *d = domain_find_from(0); d;
	     d = domain_find_from((uint16_t)(d->id + 1))) {
		print_line("d%u:", d->id);
		dump(d, print_line);
	}
}

static void key_frames(void)
{
	for_each_domain(memory_dump);
}

static void key_grants(void)
{
	for_each_domain(grant_dump);
}

static void key_events(void)
{
	for_each_domain(evtchn_dump);
}

static void key_registers(void)
{
	unsigned int cpu;

	cpu_set_for_each(cpu, &cpus_online) {
		softirq_raise(cpu, SOFTIRQ_DUMP);
	}
}

static void key_p2m(void)
{
	for_each_domain(p2m_dump);
}

static void key_crash(void)
{
	panic("a debug key");
}

static void key_reboot(void)
{
	hardware_shutdown(SHUTDOWN_reboot);
}

static void register_keys(void)
{
	console_register_key('m', "memory", key_memory);
	console_register_key('r', "run queues", key_run_queues);
	console_register_key('i', "interrupts", key_interrupts);
	console_register_key('q', "domains and vcpus", key_domains);
	console_register_key('f', "frames others hold", key_frames);
	console_register_key('g', "grants", key_grants);
	console_register_key('e', "event channels", key_events);
	console_register_key('d', "registers of each CPU's guest", key_registers);
	console_register_key('D', "memory of translated domains", key_p2m);
	console_register_key('C', "crash the hypervisor", key_crash);
	console_register_key('R', "reboot the machine", key_reboot);
}

static void fill_info(void)
{
	const struct madt *madt = acpi_madt();

	host_info = &info;
	info.e820 = e820;
	info.e820_count = e820_count;
	info.command_line = boot.cmdline;
	info.threads_per_core = 1;
	info.cores_per_socket = madt ? madt->cpu_count : 1;
	info.is_efi = boot.front_door == BOOT_FROM_EFI;
	info.efi_config_table = boot.efi_config_table;
	info.efi_config_count = (uint32_t)boot.efi_config_count;
	info.efi_revision = boot.efi_revision;
	info.efi_vendor = boot.efi_vendor;
	info.efi_firmware_revision = boot.efi_revision;
	for (uint32_t i = 0; madt && i < madt->cpu_count && i < CPUS_MAX; i++) {
		info.cpus[i] =
			(struct host_cpu){madt->cpus[i].apic_id, madt->cpus[i].acpi_id, i, 0};
	}
}

static struct flaws_input read_flaws_input(void)
{
	struct cpuid_result vendor = cpu_cpuid(0, 0);
	struct cpuid_result version = cpu_cpuid(1, 0);
	struct cpuid_result features = vendor.a >= 7 ? cpu_cpuid(7, 0) : (struct cpuid_result){0};
	uint32_t family = version.a >> 8 & 0xf;
	struct flaws_input in = {
		.is_intel = vendor.b == 0x756e6547, /* "Genu" */
		.is_amd = vendor.b == 0x68747541,   /* "Auth" */
		.family = family == 0xf ? family + (version.a >> 20 & 0xff) : family,
		.has_tsx = features.b >> 11 & 1,
		.has_ibpb = features.d >> 26 & 1,
	};
	uint32_t extended = cpu_cpuid(0x80000000U, 0).a;

	if ((features.d >> 29 & 1) && fault_rdmsr(MSR_ARCH_CAPABILITIES, &in.arch_capabilities)) {
		in.arch_capabilities = 0;
	}
	if (extended >= 0x80000008U && (cpu_cpuid(0x80000008U, 0).b & CPUID_E8B_IBPB)) {
		in.has_ibpb = true;
	}
	if (extended >= 0x80000021U) {
		in.extended_21_a = cpu_cpuid(0x80000021U, 0).a;
	}
	return in;
}

static void report_flaws(void)
{
	static const char *const states[] = {"not affected", "mitigated", "OPEN"};
	struct flaws_input in = read_flaws_input();
	struct flaw flaws[FLAWS_MAX];
	unsigned int count = flaws_find(&in, flaws);

	for (unsigned int i = 0; i < count; i++) {
		bool affected = flaws[i].state != FLAW_ABSENT;

		log_info("CPU flaw %s: %s%s%s", flaws[i].name, states[flaws[i].state],
			 affected ? ": " : "", affected ? flaws[i].measure : "");
	}
	exit_use_ibpb(in.has_ibpb);
	info.pv_is_unsafe = flaws_need_isolation(&in) && !options.pv_unisolated;
}

/* What tables.c turned on. */
static void report_protection(void)
{
	uint64_t cr4 = cpu_read_cr4();

	log_info("CPU protection: SMEP %s, SMAP %s, UMIP %s", cr4 & CR4_SMEP ? "on" : "none",
		 cr4 & CR4_SMAP ? "on" : "none", cr4 & CR4_UMIP ? "on" : "none");
}

/* What the start before this one ended in, if the memory was not in use meanwhile. */
static void show_crash(void)
{
	struct crash_record *record = frame_map(mfn(CRASH_RECORD_ADDRESS >> PAGE_SHIFT));
	uint32_t length;

	if (!in_e820(CRASH_RECORD_ADDRESS, sizeof(*record), E820_RAM)) {
		return;
	}
	length = crash_record_take(record);
	if (length != 0) {
		log_warning("the hypervisor crashed before this start; the end of its log:");
		log_raw(record->text, length);
		log_warning("the end of what the crash left");
	}
	crash_set_record(record);
}

void host_connect(void)
{
	log_set_lock(acquire_log, release_log);
	pv_policy_init();
	pv_port_set_ops(&pv_port_hw);
	pci_init(is_reserved);
	report_protection();
	report_flaws();
	deny_beyond_address_width();
	protect_devices();
	fill_info();
	evtchn_init();
	if (!options.evtchn_fifo) {
		evtchn_fifo_forbid();
	}
	show_crash();
	console_init(raise_console);
	irq_set_deliver(deliver_pirq);
	evtchn_set_pirq_ops(&machine_pirqs);
	vtime_timer_hook = raise_timer;
	domain_hardware_shutdown_hook = hardware_shutdown;
	platform_sleep_hook = enter_s5;
	timer_init(&eoi_timer, force_eoi, NULL, 0);
	irq_set_eoi_timer(arm_eoi);
	register_keys();
	softirq_set_handler(SOFTIRQ_DUMP, crash_print_guest);
	vtime_set_wallclock(clock_boot_wallclock(), 0, 0);
	timer_init(&housekeeping, keep_house, NULL, 0);
	timer_set(&housekeeping, clock_now());
}
