/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timer of the virtual local APIC (Intel SDM 3A 10.5.4): counts down at 100 MHz divided, once
 * or again and again, or waits for the guest's TSC to reach a value.
 *
 * One core timer stands behind it, set only while an interrupt could come of it. A periodic timer
 * is set again when the vcpu takes its interrupt, not before: a vcpu that does not run or does not
 * listen costs nothing, and however short the period one interrupt at most is pending.
 */
#include "hvm/vlapic_inside.h"

#include "lib/math.h"
#include "plat/clock.h"

#define NS_PER_COUNT 10UL
/* The core does not wait for anything shorter. */
#define PERIOD_MIN 20000UL

static uint64_t tick_ns(const struct vlapic *l)
{
	uint32_t code = (l->divide & 3) | (l->divide & 8) >> 1;

	return NS_PER_COUNT << ((code + 1) & 7);
}

static uint32_t timer_mode(const struct vlapic *l)
{
	return l->lvt[LVT_TIMER] & LVT_TIMER_MODE;
}

static uint64_t period_ns(const struct vlapic *l)
{
	return l->initial_count * tick_ns(l);
}

uint32_t vlapic_timer_count(const struct vlapic *l)
{
	uint64_t elapsed;

	if (l->initial_count == 0 || (timer_mode(l) & LVT_DEADLINE)) {
		return 0;
	}
	elapsed = (clock_now() - l->count_start) / tick_ns(l);
	if (timer_mode(l) == LVT_PERIODIC) {
		return l->initial_count - (uint32_t)(elapsed % l->initial_count);
	}
	return elapsed >= l->initial_count ? 0 : l->initial_count - (uint32_t)elapsed;
}

/* A one-shot count that has run out and whose interrupt is on its way is left alone. */
static void arm_count(struct vlapic *l)
{
	uint64_t now = clock_now();
	uint64_t period = period_ns(l);
	uint64_t passed = now - l->count_start;

	if (passed < period) {
		timer_set(&l->timer, l->count_start + period);
	} else if (timer_mode(l) == LVT_PERIODIC) {
		timer_set(&l->timer, now + max_u64(period - passed % period, PERIOD_MIN));
	}
}

void vlapic_timer_arm(struct vlapic *l)
{
	if (l->lvt[LVT_TIMER] & LVT_MASKED) {
		timer_stop(&l->timer);
		return;
	}
	switch (timer_mode(l)) {
	case 0:
	case LVT_PERIODIC:
		if (l->initial_count == 0) {
			timer_stop(&l->timer);
		} else {
			arm_count(l);
		}
		break;
	case LVT_DEADLINE: {
		uint64_t deadline = atomic_read(&l->deadline);

		if (deadline != 0) {
			timer_set(&l->timer, l->ops->tsc_time(l, deadline));
		} else {
			timer_stop(&l->timer);
		}
		break;
	}
	default:
		timer_stop(&l->timer);
		break;
	}
}

void vlapic_timer_start(struct vlapic *l, uint32_t count)
{
	if (timer_mode(l) & LVT_DEADLINE) {
		return;
	}
	l->initial_count = count;
	l->count_start = clock_now();
	vlapic_timer_arm(l);
}

void vlapic_timer_resume(struct vlapic *l, uint32_t current_count)
{
	uint32_t gone = l->initial_count - min_u32(current_count, l->initial_count);

	l->count_start = clock_now() - gone * tick_ns(l);
	vlapic_timer_arm(l);
}

void vlapic_timer_deadline(struct vlapic *l, uint64_t tsc)
{
	if (timer_mode(l) != LVT_DEADLINE) {
		return;
	}
	atomic_write(&l->deadline, tsc);
	vlapic_timer_arm(l);
}

/* Counting and waiting for a deadline do not mix: what was set before is forgotten. */
void vlapic_timer_mode_changed(struct vlapic *l, uint32_t before)
{
	if ((before ^ l->lvt[LVT_TIMER]) & LVT_DEADLINE) {
		l->initial_count = 0;
		atomic_write(&l->deadline, 0);
	}
	if (!l->has_deadline) {
		l->lvt[LVT_TIMER] &= ~LVT_DEADLINE;
	}
	vlapic_timer_arm(l);
}

void vlapic_timer_expired(void *data)
{
	struct vlapic *l = data;
	uint32_t lvt = atomic_read(&l->lvt[LVT_TIMER]);

	if (lvt & LVT_MASKED) {
		return;
	}
	atomic_write(&l->deadline, 0);
	vlapic_raise(l, (uint8_t)(lvt & LVT_VECTOR));
}
