/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains from birth to death: the register of ids, creation and teardown part by part, pauses,
 * shutdown.
 *
 * The register is a list by ascending id and a hash of ids, both changed under list_lock and read
 * without it: a new domain is complete before it is linked, a removed one keeps its links until
 * nobody can stand on it (domain/retire.c).
 *
 * Shutdown takes no lock, so that a guest may be crashed wherever its fault is found: the flag
 * is_shutting_down elects one CPU, which flags all vcpus; is_shut_down elects one that reports.
 * It is reported when no vcpu is running any more, by domain_shutdown() itself if none was, else
 * by the last vcpu to leave its CPU (domain_check_shutdown, from vtime_runstate).
 */
#include "domain/domain.h"

#include "domain/guest_ops.h"
#include "domain/part.h"
#include "domain/shutdown.h"
#include "domain/vtime.h"
#include "lib/check.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/tlb.h"
#include "mm/heap.h"
#include "plat/clock.h"

#include <xen/errno.h>
#include <xen/sched.h>

#define HASH_BUCKETS 256U
#define NO_CODE 0xff
#define NS_PER_SECOND 1000000000UL
#define CONTROL_PAUSES_MAX 255U

struct domain *domain_hardware;
void (*domain_exception_hook)(void);
void (*domain_suspend_hook)(struct domain *d, uint32_t port);
void (*domain_hardware_shutdown_hook)(uint8_t reason);

static struct spinlock list_lock = SPINLOCK(domain_list);
static struct domain *first_domain;
static struct domain *hash[HASH_BUCKETS];
static uint16_t last_id;

/* --- register -------------------------------------------------------------------------------- */

struct domain *domain_find(uint16_t id)
{
	struct domain *d = atomic_read_acquire(&hash[id % HASH_BUCKETS]);

	while (d && d->id != id) {
		d = atomic_read_acquire(&d->hash_next);
	}
	return d;
}

struct domain *domain_find_from(uint16_t id)
{
	struct domain *d = atomic_read_acquire(&first_domain);

	while (d && d->id < id) {
		d = atomic_read_acquire(&d->next);
	}
	return d;
}

int domain_choose_id(uint16_t *id)
{
	uint16_t candidate = last_id;

	for (unsigned int tries = 0; tries < DOMID_FIRST_RESERVED; tries++) {
		candidate = (uint16_t)(candidate + 1);
		if (candidate >= DOMID_FIRST_RESERVED) {
			candidate = 1;
		}
		if (!domain_find(candidate)) {
			last_id = candidate;
			*id = candidate;
			return 0;
		}
	}
	return -XEN_ENOSPC;
}

static void domain_register(struct domain *d)
{
	struct domain **bucket = &hash[d->id % HASH_BUCKETS];
	struct domain **link = &first_domain;

	spin_lock(&list_lock);
	while (*link && (*link)->id < d->id) {
		link = &(*link)->next;
	}
	assert(!*link || (*link)->id != d->id);
	d->next = *link;
	d->hash_next = *bucket;
	atomic_write_release(link, d);
	atomic_write_release(bucket, d);
	if (d->is_hardware) {
		domain_hardware = d;
	}
	spin_unlock(&list_lock);
}

static unsigned int part_count(void)
{
	unsigned int count = 0;

	while (domain_parts[count]) {
		count++;
	}
	return count;
}

static void raise_exception(void)
{
	if (domain_exception_hook) {
		domain_exception_hook();
	}
}

void domain_unregister(struct domain *d)
{
	struct domain **bucket = &hash[d->id % HASH_BUCKETS];
	struct domain **link = &first_domain;

	spin_lock(&list_lock);
	while (*link != d) {
		link = &(*link)->next;
	}
	atomic_write_release(link, d->next);
	while (*bucket != d) {
		bucket = &(*bucket)->hash_next;
	}
	atomic_write_release(bucket, d->hash_next);
	if (domain_hardware == d) {
		domain_hardware = NULL;
	}
	spin_unlock(&list_lock);
	d->teardown_part = (uint8_t)part_count();
	raise_exception();
}

bool domain_get(struct domain *d)
{
	uint32_t refs = atomic_read(&d->refs);

	do {
		if (refs == 0 || refs == ~0U) {
			return false;
		}
	} while (!atomic_compare_exchange(&d->refs, &refs, refs + 1));
	return true;
}

void domain_put(struct domain *d)
{
	if (atomic_sub(&d->refs, 1) == 0) {
		domain_retire(d);
	}
}

/* --- creation -------------------------------------------------------------------------------- */

static void watchdog_expired(void *data)
{
	struct domain *d = data;

	log_guest(LOG_WARNING, d->id, "watchdog expired");
	domain_shutdown(d, SHUTDOWN_watchdog);
}

static void init_fields(struct domain *d, uint16_t id, const struct domain_config *config,
			const struct guest_ops *ops, bool is_control)
{
	d->id = id;
	d->config = *config;
	memcpy(d->handle, config->handle, sizeof(d->handle));
	d->ops = ops;
	d->is_pv = ops->is_pv;
	d->is_control = is_control;
	d->is_hardware = is_control && id == 0;
	d->is_xenstore = config->is_xenstore;
	d->max_vcpus = config->max_vcpus;
	d->life = DOMAIN_NEW;
	d->shutdown_code = NO_CODE;
	d->refs = 1;
	d->control_pause_count = 1;
	spin_init(&d->lock, domain);
	spin_init(&d->memory_lock, memory);
	frame_list_init(&d->frames);
	frame_list_init(&d->heap_frames);
	sched_group_init(&d->sched);
	for (unsigned int i = 0; i < array_size(d->watchdogs); i++) {
		timer_init(&d->watchdogs[i], watchdog_expired, d, this_cpu());
	}
}

static void undo_parts(struct domain *d, unsigned int count)
{
	while (count-- > 0) {
		int err;

		/* Nobody else knows the domain yet: each step makes progress. */
		do {
			err = domain_parts[count]->teardown(d);
		} while (err == -XEN_ERESTART);
		assert(!err);
		domain_parts[count]->free(d);
	}
}

int domain_create(uint16_t id, const struct domain_config *config, const struct guest_ops *ops,
		  bool is_control, struct domain **result)
{
	struct domain *d;

	if (config->max_vcpus == 0 || config->max_vcpus > DOMAIN_VCPUS_MAX) {
		return -XEN_EINVAL;
	}
	d = heap_new(struct domain);
	if (!d) {
		return -XEN_ENOMEM;
	}
	init_fields(d, id, config, ops, is_control);
	int err = vtime_set_tsc(d, 0, 0, 0, clock_now());

	if (!err && sched_pool_move(&d->sched, config->pool)) {
		err = -XEN_EINVAL;
	}
	for (unsigned int i = 0; !err && domain_parts[i]; i++) {
		err = domain_parts[i]->create(d);
		if (err) {
			undo_parts(d, i);
		}
	}
	if (err) {
		sched_group_fini(&d->sched);
		heap_free(d);
		return err;
	}
	domain_register(d);
	*result = d;
	return 0;
}

/* --- pauses ---------------------------------------------------------------------------------- */

static void reconsider_vcpus(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		vcpu_reconsider(v);
	}
}

static void wait_for_vcpus(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		while (!vcpu_is_loaded(v) && atomic_read_acquire(&v->unit.on_cpu)) {
			tlb_poll();
			cpu_pause();
		}
	}
}

void domain_pause_nowait(struct domain *d)
{
	atomic_add(&d->pause_count, 1);
	reconsider_vcpus(d);
}

void domain_pause(struct domain *d)
{
	domain_pause_nowait(d);
	wait_for_vcpus(d);
}

void domain_unpause(struct domain *d)
{
	assert(atomic_read(&d->pause_count) != 0);
	if (atomic_sub(&d->pause_count, 1) == 0) {
		reconsider_vcpus(d);
	}
}

int domain_control_pause(struct domain *d)
{
	int err = 0;

	spin_lock(&d->lock);
	if (d->control_pause_count >= CONTROL_PAUSES_MAX) {
		err = -XEN_EINVAL;
	} else {
		atomic_write(&d->control_pause_count, d->control_pause_count + 1);
	}
	spin_unlock(&d->lock);
	if (!err) {
		atomic_fence();
		reconsider_vcpus(d);
		wait_for_vcpus(d);
	}
	return err;
}

int domain_control_unpause(struct domain *d)
{
	uint32_t left;

	spin_lock(&d->lock);
	if (d->control_pause_count == 0) {
		spin_unlock(&d->lock);
		return -XEN_EINVAL;
	}
	left = d->control_pause_count - 1;
	atomic_write(&d->control_pause_count, left);
	if (left == 0 && d->life == DOMAIN_NEW) {
		d->life = DOMAIN_ALIVE;
	}
	spin_unlock(&d->lock);
	if (left == 0) {
		atomic_fence();
		reconsider_vcpus(d);
	}
	return 0;
}

/* --- shutdown -------------------------------------------------------------------------------- */

static void report_shutdown(struct domain *d)
{
	if (d->shutdown_code == SHUTDOWN_suspend && d->suspend_port != 0 && domain_suspend_hook) {
		domain_suspend_hook(d, d->suspend_port);
	} else {
		raise_exception();
	}
}

void domain_check_shutdown(struct domain *d)
{
	struct vcpu *v;

	if (!atomic_read(&d->is_shutting_down) || atomic_read(&d->is_shut_down)) {
		return;
	}
	for_each_vcpu(d, v) {
		if ((atomic_read(&v->pause_flags) & VCPU_SHUTDOWN) == 0 ||
		    atomic_read(&v->runstate.state) == RUNSTATE_running) {
			return;
		}
	}
	if (!atomic_exchange(&d->is_shut_down, true)) {
		report_shutdown(d);
	}
}

void domain_preset_shutdown_code(struct domain *d, uint8_t reason)
{
	uint8_t none = NO_CODE;

	(void)atomic_compare_exchange(&d->shutdown_code, &none, reason);
}

void domain_shutdown(struct domain *d, uint8_t reason)
{
	struct vcpu *v;

	domain_preset_shutdown_code(d, reason);
	if (atomic_exchange(&d->is_shutting_down, true)) {
		return;
	}
	if (d->is_hardware && domain_hardware_shutdown_hook) {
		domain_hardware_shutdown_hook(d->shutdown_code);
	}
	for_each_vcpu(d, v) {
		vcpu_set_flag(v, VCPU_SHUTDOWN);
	}
	domain_check_shutdown(d);
}

void domain_resume(struct domain *d)
{
	struct vcpu *v;

	domain_pause(d);
	spin_lock(&d->lock);
	atomic_write(&d->shutdown_code, NO_CODE);
	atomic_write(&d->is_shut_down, false);
	atomic_write_release(&d->is_shutting_down, false);
	spin_unlock(&d->lock);
	for_each_vcpu(d, v) {
		vcpu_clear_flag(v, VCPU_SHUTDOWN);
	}
	domain_unpause(d);
}

void domain_crash(struct domain *d, const char *format, ...)
{
	char why[160];
	va_list args;

	va_start(args, format);
	format_text_v(why, sizeof(why), format, args);
	va_end(args);
	log_guest(LOG_WARNING, d->id, "crashed: %s", why);
	domain_shutdown(d, SHUTDOWN_crash);
}

int domain_watchdog(struct domain *d, uint32_t id, uint32_t seconds)
{
	uint32_t slot = id - 1;
	int result = 0;

	if (id > array_size(d->watchdogs) || (id == 0 && seconds == 0)) {
		return -XEN_EINVAL;
	}
	spin_lock(&d->lock);
	if (id == 0) {
		slot = 0;
		while (slot < array_size(d->watchdogs) && timer_is_set(&d->watchdogs[slot])) {
			slot++;
		}
		result = slot < array_size(d->watchdogs) ? (int)slot + 1 : -XEN_ENOSPC;
	} else if (!timer_is_set(&d->watchdogs[slot])) {
		result = -XEN_EINVAL;
	}
	if (result >= 0 && seconds == 0) {
		timer_stop(&d->watchdogs[slot]);
	} else if (result >= 0) {
		timer_set(&d->watchdogs[slot], clock_now() + seconds * NS_PER_SECOND);
	}
	spin_unlock(&d->lock);
	return result;
}

/* --- death ----------------------------------------------------------------------------------- */

/* alive -> dying: it never runs again. */
static void begin_dying(struct domain *d)
{
	spin_lock(&d->lock);
	d->teardown_part = (uint8_t)part_count();
	atomic_write_release(&d->life, DOMAIN_DYING);
	spin_unlock(&d->lock);
	for (unsigned int i = 0; i < array_size(d->watchdogs); i++) {
		timer_kill(&d->watchdogs[i]);
	}
	domain_pause(d);
}

int domain_kill(struct domain *d)
{
	if (d->life == DOMAIN_DEAD) {
		return 0;
	}
	if (d->life < DOMAIN_DYING) {
		begin_dying(d);
	}
	while (d->teardown_part > 0) {
		int err = domain_parts[d->teardown_part - 1]->teardown(d);

		if (err) {
			return err;
		}
		d->teardown_part--;
	}
	spin_lock(&d->lock);
	atomic_write_release(&d->life, DOMAIN_DEAD);
	spin_unlock(&d->lock);
	raise_exception();
	domain_put(d);
	return 0;
}

bool domain_free(struct domain *d)
{
	while (d->teardown_part > 0) {
		const struct domain_part *part = domain_parts[d->teardown_part - 1];

		if (part->shrink && !part->shrink(d)) {
			return false;
		}
		part->free(d);
		d->teardown_part--;
	}
	sched_group_fini(&d->sched);
	heap_free(d);
	return true;
}
