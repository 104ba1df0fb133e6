/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of the virtual local APIC: offsets and bits of its registers (Intel SDM 3A
 * 10.4 to 10.8, AMD APM 2 16.3 to 16.6) and what they call of each other.
 */
#ifndef HVM_VLAPIC_INSIDE_H
#define HVM_VLAPIC_INSIDE_H

#include "hvm/vlapic.h"

#include "machine/atomic.h"
#include "x86/msr.h"

#define REG_ID 0x20U
#define REG_VERSION 0x30U
#define REG_TPR 0x80U
#define REG_PPR 0xa0U
#define REG_EOI 0xb0U
#define REG_LDR 0xd0U
#define REG_DFR 0xe0U
#define REG_SVR 0xf0U
#define REG_ISR_FIRST 0x100U
#define REG_TMR_FIRST 0x180U
#define REG_IRR_FIRST 0x200U
#define REG_IRR_LAST 0x270U
#define REG_ESR 0x280U
#define REG_ICR_LOW 0x300U
#define REG_ICR_HIGH 0x310U
#define REG_LVT_FIRST 0x320U
#define REG_LVT_LAST 0x370U
#define REG_INITIAL_COUNT 0x380U
#define REG_CURRENT_COUNT 0x390U
#define REG_DIVIDE 0x3e0U
#define REG_SELF_IPI 0x3f0U

#define VLAPIC_LVTS 6U
#define LVT_TIMER 0U
#define LVT_ERROR 5U
#define LVT_VECTOR 0xffU
#define LVT_DELIVERY 0x700U
#define LVT_PENDING 0x1000U
#define LVT_POLARITY 0x2000U
#define LVT_LEVEL 0x8000U
#define LVT_MASKED 0x10000U
#define LVT_TIMER_MODE 0x60000U
#define LVT_PERIODIC 0x20000U
#define LVT_DEADLINE 0x40000U

#define SVR_ENABLE 0x100U

#define ICR_VECTOR 0xffU
#define ICR_MODE 0x700U
#define ICR_MODE_FIXED 0x000U
#define ICR_MODE_LOWEST 0x100U
#define ICR_MODE_NMI 0x400U
#define ICR_MODE_INIT 0x500U
#define ICR_MODE_STARTUP 0x600U
#define ICR_LOGICAL 0x800U
#define ICR_ASSERT 0x4000U
#define ICR_LEVEL 0x8000U
#define ICR_SHORTHAND 0xc0000U
#define ICR_TO_SELF 0x40000U
#define ICR_TO_ALL 0x80000U
#define ICR_TO_OTHERS 0xc0000U
/* Bit 12, delivery status, is never set: sending takes no time. */
#define ICR_WRITABLE (ICR_VECTOR | ICR_MODE | ICR_LOGICAL | ICR_ASSERT | ICR_LEVEL | ICR_SHORTHAND)

#define ESR_SEND_ILLEGAL 0x20U

/* Vectors below it belong to the CPU. */
#define VECTOR_FIRST 16U

static inline bool vlapic_is_x2apic(const struct vlapic *l)
{
	return (atomic_read(&l->base) & APIC_BASE_X2APIC) != 0;
}

/* Cluster in the upper half, one bit of 16 in the lower (SDM 3A 10.12.10.2). */
static inline uint32_t vlapic_x2apic_ldr(const struct vlapic *l)
{
	return (l->id >> 4) << 16 | 1U << (l->id & 15);
}

/* offset: of a register, a multiple of 16. What is not there reads 0. */
uint32_t vlapic_register(const struct vlapic *l, uint32_t offset);

/* As the guest writes it. */
void vlapic_write_lvt(struct vlapic *l, unsigned int index, uint32_t value);

/* ICR as written; destination: 8 bits, 32 in x2APIC mode. */
void vlapic_send(struct vlapic *l, uint32_t icr, uint32_t destination);
void vlapic_receive_init(struct vlapic *l);
void vlapic_receive_sipi(struct vlapic *l, uint8_t vector);

/* --- the timer ------------------------------------------------------------------------------- */
void vlapic_timer_expired(void *data);
/* Counts from count on, from now. */
void vlapic_timer_start(struct vlapic *l, uint32_t count);
void vlapic_timer_deadline(struct vlapic *l, uint64_t tsc);
uint32_t vlapic_timer_count(const struct vlapic *l);
/* Sets or stops the timer according to the registers. */
void vlapic_timer_arm(struct vlapic *l);
void vlapic_timer_mode_changed(struct vlapic *l, uint32_t before);
/* The count is that much down now: from a context record. */
void vlapic_timer_resume(struct vlapic *l, uint32_t current_count);

#endif
