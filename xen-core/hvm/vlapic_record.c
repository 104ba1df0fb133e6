/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual local APIC in context records: APIC_BASE, timer divisor and deadline in one, the
 * register page in the other. What comes in is believed no more than a guest's writes are: the
 * same bits are kept, impossible modes are refused, and vectors that no APIC can hold are dropped.
 */
#include "hvm/vlapic_inside.h"

#include "lib/mem.h"

#include <xen/errno.h>
#include <xen/hvm_save.h>

#define RECORD_HARDWARE_DISABLED 1U
#define RECORD_SOFTWARE_DISABLED 2U
#define FIRST_WORD_MASK (~0U << VECTOR_FIRST)

void vlapic_save(struct vlapic *l, struct hvm_hw_lapic *record)
{
	uint32_t code = (l->divide & 3) | (l->divide & 8) >> 1;

	*record = (struct hvm_hw_lapic){
		.apic_base_msr = l->base,
		.timer_divisor = 1U << ((code + 1) & 7),
		.tdt_msr = atomic_read(&l->deadline),
	};
	if (!(l->base & APIC_BASE_ENABLE)) {
		record->disabled |= RECORD_HARDWARE_DISABLED;
	}
	if (!(l->svr & SVR_ENABLE)) {
		record->disabled |= RECORD_SOFTWARE_DISABLED;
	}
}

static uint32_t page_word(const uint8_t *page, uint32_t offset)
{
	uint32_t word;

	memcpy(&word, page + offset, sizeof(word));
	return word;
}

void vlapic_save_page(struct vlapic *l, uint8_t page[1024])
{
	memset(page, 0, 1024);
	for (uint32_t offset = 0; offset < 1024; offset += 16) {
		uint32_t word = vlapic_register(l, offset);

		memcpy(page + offset, &word, sizeof(word));
	}
}

int vlapic_load(struct vlapic *l, const struct hvm_hw_lapic *record)
{
	uint64_t base = record->apic_base_msr;
	uint64_t known = APIC_BASE_BSP | APIC_BASE_ENABLE | APIC_BASE_X2APIC |
			 APIC_BASE_ADDRESS_MASK;

	if ((base & ~known) != 0 ||
	    (base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC)) == APIC_BASE_X2APIC) {
		return -XEN_EINVAL;
	}
	if ((base & APIC_BASE_X2APIC) && !l->has_x2apic) {
		return -XEN_EINVAL;
	}
	l->base = (base & ~APIC_BASE_BSP) | (l->base & APIC_BASE_BSP);
	atomic_write(&l->deadline, record->tdt_msr);
	return 0;
}

static void load_vectors(struct vlapic *l, const uint8_t *page)
{
	for (uint32_t i = 0; i < 8; i++) {
		uint32_t mask = i == 0 ? FIRST_WORD_MASK : ~0U;

		l->isr[i] = page_word(page, REG_ISR_FIRST + 16 * i) & mask;
		l->tmr[i] = page_word(page, REG_TMR_FIRST + 16 * i) & mask;
		atomic_write(&l->irr[i], page_word(page, REG_IRR_FIRST + 16 * i) & mask);
	}
}

int vlapic_load_page(struct vlapic *l, const uint8_t page[1024])
{
	uint64_t deadline = atomic_read(&l->deadline);

	timer_stop(&l->timer);
	l->xapic_id = vlapic_is_x2apic(l) ? l->id << 24 : page_word(page, REG_ID) & 0xff000000;
	l->ldr = vlapic_is_x2apic(l) ? 0 : page_word(page, REG_LDR) & 0xff000000;
	l->dfr = page_word(page, REG_DFR) | 0x0fffffff;
	l->tpr = page_word(page, REG_TPR) & 0xff;
	l->svr = page_word(page, REG_SVR) & 0x3ff;
	l->esr = page_word(page, REG_ESR) & 0xff;
	l->icr_low = page_word(page, REG_ICR_LOW) & ICR_WRITABLE;
	l->icr_high = page_word(page, REG_ICR_HIGH);
	load_vectors(l, page);
	l->initial_count = 0;
	l->divide = page_word(page, REG_DIVIDE) & 0xb;
	for (uint32_t i = 0; i < VLAPIC_LVTS; i++) {
		vlapic_write_lvt(l, i, page_word(page, REG_LVT_FIRST + 16 * i));
	}
	if (!(l->lvt[LVT_TIMER] & LVT_DEADLINE)) {
		l->initial_count = page_word(page, REG_INITIAL_COUNT);
		vlapic_timer_resume(l, page_word(page, REG_CURRENT_COUNT));
	} else {
		vlapic_timer_deadline(l, deadline);
	}
	l->ops->kick(l);
	return 0;
}
