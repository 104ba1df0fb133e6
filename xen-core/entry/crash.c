/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * panic() and unexpected exceptions. Stops the other CPUs, prints registers and what looks like
 * return addresses on the stack with their names, and reboots after a few seconds unless told
 * not to. Takes no lock: whoever holds them will not run again.
 */
#include "entry/crash.h"

#include "entry/entry.h"
#include "lib/check.h"
#include "lib/crash_record.h"
#include "lib/log.h"
#include "lib/symbols.h"
#include "machine/cpu.h"
#include "machine/irqflag.h"
#include "machine/smp.h"
#include "plat/clock.h"
#include "plat/reset.h"

extern const char core_image_start[], core_text_end[];

static bool reboot_after = true;
static struct crash_record *record;
static uint32_t crashing; /* (a) cpu + 1 */

void crash_set_reboot(bool reboot)
{
	reboot_after = reboot;
}

void crash_set_record(struct crash_record *r)
{
	record = r;
}

static void print_address(uint64_t address)
{
	uint64_t offset;
	const char *name = symbol_find(address, &offset);

	log_error("  [<%016lx>] %s+0x%lx", address, name, offset);
}

/* No frame pointers: every word on the stack that points into the text behind a call. */
static void print_stack(uint64_t sp)
{
	uint64_t end = (sp | (STACK_BYTES - 1)) + 1 - sizeof(struct cpu_local);
	unsigned int printed = 0;

	for (uint64_t p = sp & ~7UL; p < end && printed < 32; p += 8) {
		uint64_t word = *(const uint64_t *)p;

		if (word >= (uint64_t)core_image_start && word < (uint64_t)core_text_end) {
			print_address(word);
			printed++;
		}
	}
}

void crash_print_registers(const struct cpu_regs *r)
{
	log_error("rip %04x:%016lx rflags %08lx vector %u error %04x", r->cs, r->rip, r->rflags,
		  r->entry_vector, r->error_code);
	log_error("rax %016lx rbx %016lx rcx %016lx", r->rax, r->rbx, r->rcx);
	log_error("rdx %016lx rsi %016lx rdi %016lx", r->rdx, r->rsi, r->rdi);
	log_error("rbp %016lx rsp %016lx r8  %016lx", r->rbp, r->rsp, r->r8);
	log_error("r9  %016lx r10 %016lx r11 %016lx", r->r9, r->r10, r->r11);
	log_error("r12 %016lx r13 %016lx r14 %016lx", r->r12, r->r13, r->r14);
	log_error("r15 %016lx cr2 %016lx cr3 %016lx", r->r15, cpu_read_cr2(), cpu_read_cr3());
}

void crash_print_guest(unsigned int cpu)
{
	const struct vcpu *v = current_vcpu();

	if (!v) {
		log_error("CPU %u is idle", cpu);
		return;
	}
	log_error("CPU %u runs d%uv%u", cpu, v->domain->id, v->id);
	crash_print_registers(&cpu_local()->regs);
}

static void begin(void)
{
	uint32_t nobody = 0;

	irq_off();
	if (atomic_read(&crashing) == (uint32_t)this_cpu() + 1) {
		machine_reboot(); /* the report, or firmware's way of resetting, crashed */
	}
	if (!atomic_compare_exchange(&crashing, &nobody, (uint32_t)this_cpu() + 1)) {
		machine_halt();
	}
	log_set_lock(NULL, NULL);
	smp_stop_others();
}

static void noreturn_fn finish(void)
{
	crash_print_guest(this_cpu());
	if (record) {
		crash_record_write(record);
		cpu_wbinvd();
	}
	if (!reboot_after) {
		log_error("halted (noreboot)");
		machine_halt();
	}
	log_error("rebooting in 5 seconds");
	for (uint64_t end = clock_now() + 5000000000UL; clock_now() < end;) {
		cpu_pause();
	}
	machine_reboot();
}

void crash_exception(const struct cpu_regs *regs)
{
	begin();
	log_error("*** panic on CPU %u: exception %u in the hypervisor", this_cpu(),
		  regs->entry_vector);
	crash_print_registers(regs);
	print_address(regs->rip);
	print_stack(regs->rsp);
	finish();
}

void panic(const char *format, ...)
{
	va_list args;
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	begin();
	log_error("*** panic on CPU %u:", this_cpu());
	va_start(args, format);
	log_print_v(LOG_ERROR, format, args);
	va_end(args);
	print_stack(sp);
	finish();
}
