/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers and interrupts of the virtual local APIC; vlapic.h has the model. A register is found
 * by its offset in the page; x2APIC MSR 0x800 + n is offset 16 n, with stricter rules on reserved
 * bits. Sending is in vlapic_ipi.c, the timer in vlapic_timer.c, records in vlapic_record.c.
 *
 * IRR is set by any CPU with one locked operation, and then the vcpu is kicked; all else is
 * written by the vcpu itself. Senders read mode, ids and TPR of the destinations unlocked: an IPI
 * that races with a change of those goes by the one or the other.
 */
#include "hvm/vlapic_inside.h"

#include "lib/mem.h"
#include "x86/msr.h"

#define VERSION_VALUE 0x00050014U /* 6 LVT entries, local APIC of the 0x1x kind */
#define SVR_WRITABLE 0x3ffU
#define SVR_RESET 0xffU
#define LVT_RESET LVT_MASKED
#define DIVIDE_WRITABLE 0xbU

#define STARTUP_VECTOR 0xffU
#define STARTUP_SIPI 0x100U
#define STARTUP_INIT 0x200U
#define STARTUP_WAITS 0x400U

static const uint32_t lvt_writable[VLAPIC_LVTS] = {
	LVT_MASKED | LVT_VECTOR | LVT_TIMER_MODE,
	LVT_MASKED | LVT_VECTOR | LVT_DELIVERY,
	LVT_MASKED | LVT_VECTOR | LVT_DELIVERY,
	LVT_MASKED | LVT_VECTOR | LVT_DELIVERY | LVT_POLARITY | LVT_LEVEL,
	LVT_MASKED | LVT_VECTOR | LVT_DELIVERY | LVT_POLARITY | LVT_LEVEL,
	LVT_MASKED | LVT_VECTOR,
};

/* --- bits of 256 vectors --------------------------------------------------------------------- */

/* -1: none. */
static int highest(const uint32_t bits[8])
{
	for (int i = 7; i >= 0; i--) {
		uint32_t word = atomic_read(&bits[i]);

		if (word != 0) {
			return i * 32 + 31 - __builtin_clz(word);
		}
	}
	return -1;
}

static uint32_t processor_priority(const struct vlapic *l)
{
	int served = highest(l->isr);
	uint32_t class = served < 0 ? 0 : (uint32_t)served & 0xf0;

	return (l->tpr & 0xf0) >= class ? l->tpr : class;
}

/* --- interrupts ------------------------------------------------------------------------------ */

bool vlapic_is_enabled(const struct vlapic *l)
{
	return (atomic_read(&l->base) & APIC_BASE_ENABLE) &&
	       (atomic_read(&l->svr) & SVR_ENABLE);
}

void vlapic_raise(struct vlapic *l, uint8_t vector)
{
	uint32_t bit = 1U << vector % 32;

	if (vector < VECTOR_FIRST || !vlapic_is_enabled(l)) {
		return;
	}
	if ((atomic_or(&l->irr[vector / 32], bit) & bit) == 0) {
		l->ops->kick(l);
	}
}

bool vlapic_has_pending(const struct vlapic *l)
{
	return (l->base & APIC_BASE_ENABLE) && highest(l->irr) >= 0;
}

int vlapic_due(const struct vlapic *l)
{
	int vector = l->base & APIC_BASE_ENABLE ? highest(l->irr) : -1;

	if (vector < 0 || ((uint32_t)vector & 0xf0) <= (processor_priority(l) & 0xf0)) {
		return -1;
	}
	return vector;
}

void vlapic_accept(struct vlapic *l, int vector)
{
	uint32_t bit = 1U << vector % 32;

	atomic_and(&l->irr[vector / 32], ~bit);
	l->isr[vector / 32] |= bit;
	if ((uint32_t)vector == (l->lvt[LVT_TIMER] & LVT_VECTOR)) {
		vlapic_timer_arm(l);
	}
}

static void end_of_interrupt(struct vlapic *l)
{
	int vector = highest(l->isr);

	if (vector >= 0) {
		l->isr[vector / 32] &= ~(1U << vector % 32);
	}
}

uint64_t vlapic_cr8(const struct vlapic *l)
{
	return l->tpr >> 4;
}

void vlapic_set_cr8(struct vlapic *l, uint64_t value)
{
	atomic_write(&l->tpr, (uint32_t)(value & 0xf) << 4);
}

/* --- registers ------------------------------------------------------------------------------- */

static void disable_software(struct vlapic *l)
{
	for (unsigned int i = 0; i < VLAPIC_LVTS; i++) {
		l->lvt[i] |= LVT_MASKED;
	}
	vlapic_timer_arm(l);
}

static void write_svr(struct vlapic *l, uint32_t value)
{
	atomic_write(&l->svr, value & SVR_WRITABLE);
	if (!(value & SVR_ENABLE)) {
		disable_software(l);
	}
}

void vlapic_write_lvt(struct vlapic *l, unsigned int index, uint32_t value)
{
	uint32_t before = l->lvt[index];

	value &= lvt_writable[index];
	if (!(l->svr & SVR_ENABLE)) {
		value |= LVT_MASKED;
	}
	l->lvt[index] = value;
	if (index == LVT_TIMER) {
		vlapic_timer_mode_changed(l, before);
	}
}

static void write_esr(struct vlapic *l)
{
	l->esr = l->esr_pending;
	l->esr_pending = 0;
}

uint32_t vlapic_register(const struct vlapic *l, uint32_t offset)
{
	switch (offset) {
	case REG_ID:
		return vlapic_is_x2apic(l) ? l->id : l->xapic_id;
	case REG_VERSION:
		return VERSION_VALUE;
	case REG_TPR:
		return l->tpr;
	case REG_PPR:
		return processor_priority(l);
	case REG_LDR:
		return vlapic_is_x2apic(l) ? vlapic_x2apic_ldr(l) : l->ldr;
	case REG_DFR:
		return l->dfr;
	case REG_SVR:
		return l->svr;
	case REG_ESR:
		return l->esr;
	case REG_ICR_LOW:
		return l->icr_low;
	case REG_ICR_HIGH:
		return l->icr_high;
	case REG_LVT_FIRST ... REG_LVT_LAST:
		return l->lvt[(offset - REG_LVT_FIRST) / 16];
	case REG_INITIAL_COUNT:
		return l->initial_count;
	case REG_CURRENT_COUNT:
		return vlapic_timer_count(l);
	case REG_DIVIDE:
		return l->divide;
	case REG_ISR_FIRST ... REG_IRR_LAST: {
		const uint32_t *bits = offset < REG_TMR_FIRST   ? l->isr
				       : offset < REG_IRR_FIRST ? l->tmr
								: l->irr;

		return atomic_read(&bits[offset / 16 % 8]);
	}
	default:
		return 0;
	}
}

/* Registers that both kinds of access write. */
static void write_common(struct vlapic *l, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case REG_TPR:
		atomic_write(&l->tpr, value & 0xff);
		break;
	case REG_EOI:
		end_of_interrupt(l);
		break;
	case REG_SVR:
		write_svr(l, value);
		break;
	case REG_ESR:
		write_esr(l);
		break;
	case REG_LVT_FIRST ... REG_LVT_LAST:
		vlapic_write_lvt(l, (offset - REG_LVT_FIRST) / 16, value);
		break;
	case REG_INITIAL_COUNT:
		vlapic_timer_start(l, value);
		break;
	case REG_DIVIDE:
		l->divide = value & DIVIDE_WRITABLE;
		vlapic_timer_arm(l);
		break;
	default:
		break;
	}
}

bool vlapic_page_is(const struct vlapic *l, uint64_t gpa)
{
	return (l->base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC)) == APIC_BASE_ENABLE &&
	       (gpa & APIC_BASE_ADDRESS_MASK) == (l->base & APIC_BASE_ADDRESS_MASK);
}

uint64_t vlapic_page_read(struct vlapic *l, uint32_t offset, unsigned int bytes)
{
	uint64_t value;

	if ((offset & 0xc) != 0 || offset >= VLAPIC_PAGE_BYTES) {
		return 0;
	}
	value = vlapic_register(l, offset & ~0xfU) >> (offset & 3) * 8;
	return bytes >= 4 ? value : value & ((1UL << bytes * 8) - 1);
}

void vlapic_page_write(struct vlapic *l, uint32_t offset, unsigned int bytes, uint64_t value64)
{
	uint32_t value = (uint32_t)value64;

	if ((offset & 0xf) != 0 || bytes != 4) {
		return;
	}
	switch (offset) {
	case REG_ID:
		atomic_write(&l->xapic_id, value & 0xff000000);
		break;
	case REG_LDR:
		atomic_write(&l->ldr, value & 0xff000000);
		break;
	case REG_DFR:
		atomic_write(&l->dfr, value | 0x0fffffff);
		break;
	case REG_ICR_LOW:
		l->icr_low = value & ICR_WRITABLE;
		vlapic_send(l, l->icr_low, l->icr_high >> 24);
		break;
	case REG_ICR_HIGH:
		l->icr_high = value & 0xff000000;
		break;
	default:
		write_common(l, offset, value);
		break;
	}
}

/* --- MSRs ------------------------------------------------------------------------------------ */

/* Bits that may be set, by register number; not there: the register cannot be written. */
static bool x2apic_writable(uint32_t offset, uint64_t *bits)
{
	switch (offset) {
	case REG_TPR:
		*bits = 0xff;
		return true;
	case REG_EOI:
	case REG_ESR:
		*bits = 0;
		return true;
	case REG_SVR:
		*bits = SVR_WRITABLE;
		return true;
	case REG_LVT_FIRST ... REG_LVT_LAST:
		*bits = lvt_writable[(offset - REG_LVT_FIRST) / 16] | LVT_PENDING;
		return true;
	case REG_INITIAL_COUNT:
		*bits = 0xffffffff;
		return true;
	case REG_DIVIDE:
		*bits = DIVIDE_WRITABLE;
		return true;
	case REG_ICR_LOW:
		*bits = 0xffffffff00000000UL | ICR_WRITABLE;
		return true;
	case REG_SELF_IPI:
		*bits = 0xff;
		return true;
	default:
		return false;
	}
}

static bool x2apic_readable(uint32_t offset)
{
	switch (offset) {
	case REG_ID:
	case REG_VERSION:
	case REG_TPR:
	case REG_PPR:
	case REG_LDR:
	case REG_SVR:
	case REG_ISR_FIRST ... REG_IRR_LAST:
	case REG_ESR:
	case REG_ICR_LOW:
	case REG_LVT_FIRST ... REG_LVT_LAST:
	case REG_INITIAL_COUNT:
	case REG_CURRENT_COUNT:
	case REG_DIVIDE:
		return true;
	default:
		return false;
	}
}

static bool x2apic_write(struct vlapic *l, uint32_t offset, uint64_t value)
{
	uint64_t bits;

	if (!x2apic_writable(offset, &bits) || (value & ~bits) != 0) {
		return false;
	}
	if (offset == REG_ICR_LOW) {
		l->icr_low = (uint32_t)value;
		l->icr_high = (uint32_t)(value >> 32);
		vlapic_send(l, l->icr_low, l->icr_high);
	} else if (offset == REG_SELF_IPI) {
		vlapic_send(l, (uint32_t)value | ICR_TO_SELF, 0);
	} else {
		write_common(l, offset, (uint32_t)value);
	}
	return true;
}

/*
 * APIC_BASE (SDM 3A 10.12.5): off -> xAPIC -> x2APIC -> off, and xAPIC -> off; nothing else.
 */
static bool write_base(struct vlapic *l, uint64_t value)
{
	uint64_t known = APIC_BASE_BSP | APIC_BASE_ENABLE | APIC_BASE_ADDRESS_MASK |
			 (l->has_x2apic ? APIC_BASE_X2APIC : 0);
	uint64_t mode = value & (APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	uint64_t before = l->base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC);

	if ((value & ~known) != 0 || mode == APIC_BASE_X2APIC) {
		return false;
	}
	if ((mode & APIC_BASE_X2APIC) != 0 && before == 0) {
		return false;
	}
	if (mode == APIC_BASE_ENABLE && (before & APIC_BASE_X2APIC)) {
		return false;
	}
	atomic_write(&l->base, (value & ~APIC_BASE_BSP) | (l->base & APIC_BASE_BSP));
	if (mode == 0 && before != 0) {
		vlapic_reset(l);
	} else if (mode != before && (mode & APIC_BASE_X2APIC)) {
		l->icr_high = 0;
	}
	return true;
}

bool vlapic_rdmsr(struct vlapic *l, uint32_t msr, uint64_t *value)
{
	uint32_t offset = (msr - MSR_X2APIC_FIRST) * 16;

	if (msr == MSR_APIC_BASE) {
		*value = l->base;
		return true;
	}
	if (msr == MSR_TSC_DEADLINE) {
		*value = atomic_read(&l->deadline);
		return l->has_deadline;
	}
	if (!vlapic_is_x2apic(l) || msr < MSR_X2APIC_FIRST || msr > MSR_X2APIC_LAST ||
	    !x2apic_readable(offset)) {
		return false;
	}
	*value = vlapic_register(l, offset);
	if (offset == REG_ICR_LOW) {
		*value |= (uint64_t)l->icr_high << 32;
	}
	return true;
}

bool vlapic_wrmsr(struct vlapic *l, uint32_t msr, uint64_t value)
{
	if (msr == MSR_APIC_BASE) {
		return write_base(l, value);
	}
	if (msr == MSR_TSC_DEADLINE) {
		if (l->has_deadline) {
			vlapic_timer_deadline(l, value);
		}
		return l->has_deadline;
	}
	if (!vlapic_is_x2apic(l) || msr < MSR_X2APIC_FIRST || msr > MSR_X2APIC_LAST) {
		return false;
	}
	return x2apic_write(l, (msr - MSR_X2APIC_FIRST) * 16, value);
}

/* --- INIT and SIPI --------------------------------------------------------------------------- */

void vlapic_receive_init(struct vlapic *l)
{
	uint32_t before = atomic_read(&l->startup);

	while (!atomic_compare_exchange(&l->startup, &before, STARTUP_INIT | STARTUP_WAITS)) {
	}
	l->ops->startup(l, false);
}

void vlapic_receive_sipi(struct vlapic *l, uint8_t vector)
{
	uint32_t before = atomic_read(&l->startup);

	do {
		if (!(before & STARTUP_WAITS)) {
			return;
		}
	} while (!atomic_compare_exchange(&l->startup, &before, STARTUP_SIPI | vector));
	l->ops->startup(l, true);
}

enum vlapic_startup vlapic_take_startup(struct vlapic *l, uint8_t *vector)
{
	uint32_t before = atomic_read(&l->startup);
	bool starts;

	do {
		if (!(before & (STARTUP_SIPI | STARTUP_INIT))) {
			return VLAPIC_NOTHING;
		}
		starts = (before & STARTUP_SIPI) != 0;
	} while (!atomic_compare_exchange(&l->startup, &before, starts ? 0 : STARTUP_WAITS));
	vlapic_reset(l);
	*vector = (uint8_t)(before & STARTUP_VECTOR);
	return starts ? VLAPIC_START : VLAPIC_WAIT;
}

void vlapic_started(struct vlapic *l)
{
	atomic_write(&l->startup, 0);
}

/* --- life ------------------------------------------------------------------------------------ */

void vlapic_reset(struct vlapic *l)
{
	timer_stop(&l->timer);
	for (unsigned int i = 0; i < 8; i++) {
		atomic_write(&l->irr[i], 0);
	}
	memset(l->isr, 0, sizeof(l->isr));
	memset(l->tmr, 0, sizeof(l->tmr));
	for (unsigned int i = 0; i < VLAPIC_LVTS; i++) {
		l->lvt[i] = LVT_RESET;
	}
	l->xapic_id = l->id << 24;
	l->tpr = l->ldr = l->esr = l->esr_pending = l->icr_low = l->icr_high = 0;
	l->dfr = 0xffffffff;
	l->svr = SVR_RESET;
	l->initial_count = l->divide = 0;
	atomic_write(&l->deadline, 0);
}

void vlapic_init(struct vlapic *l, const struct vlapic_ops *ops, uint32_t vcpu, uint32_t vcpu_count,
		 unsigned int cpu)
{
	l->ops = ops;
	l->id = vcpu * 2;
	l->vcpu_count = vcpu_count;
	l->base = VLAPIC_DEFAULT_BASE | APIC_BASE_ENABLE | (vcpu == 0 ? APIC_BASE_BSP : 0);
	l->startup = vcpu == 0 ? 0 : STARTUP_WAITS;
	timer_init(&l->timer, vlapic_timer_expired, l, cpu);
	vlapic_reset(l);
}

void vlapic_fini(struct vlapic *l)
{
	timer_kill(&l->timer);
}

void vlapic_migrate(struct vlapic *l, unsigned int cpu)
{
	if (l->timer.cpu != cpu) {
		timer_migrate(&l->timer, cpu);
	}
}
