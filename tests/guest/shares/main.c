/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that weights and caps mean something on one CPU: two domains that spin share it by their
 * weights, and run no more than their caps allow, whoever else wants it.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/sysctl.h>

#define ROUND_NS 400000000UL

static struct child children[2];

static void spin(void)
{
	for (;;) {
		__asm__ volatile("nop");
	}
}

static int64_t shares(uint32_t i, uint32_t command, struct xen_domctl_sched_credit2 *value)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_scheduler_op,
				.domain = (domid_t)children[i].domid};
	int64_t err;

	op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	op.u.scheduler_op.cmd = command;
	op.u.scheduler_op.u.credit2 = *value;
	err = domctl(&op);
	*value = op.u.scheduler_op.u.credit2;
	return err;
}

static void set(uint32_t i, uint16_t weight, uint16_t cap)
{
	struct xen_domctl_sched_credit2 value = {.weight = weight, .cap = cap};

	if (shares(i, XEN_DOMCTL_SCHEDOP_putinfo, &value)) {
		claim(false, "shares_can_be_set");
	}
}

static uint64_t ran(uint32_t i)
{
	struct xen_domctl info = {.cmd = XEN_DOMCTL_getdomaininfo,
				  .domain = (domid_t)children[i].domid};

	return domctl(&info) ? 0 : info.u.getdomaininfo.cpu_time;
}

/* Percent of the CPU each had. */
static void run_round(uint64_t percent[2])
{
	uint64_t before[2] = {ran(0), ran(1)}, start = system_time(), time;

	sleep_ns(ROUND_NS);
	time = system_time() - start;
	for (uint32_t i = 0; i < 2; i++) {
		percent[i] = (ran(i) - before[i]) * 100 / time;
	}
	print("# %lu and %lu per cent\n", percent[0], percent[1]);
}

static bool is_near(uint64_t percent, uint64_t expected)
{
	return percent * 100 >= expected * 95 && percent * 100 <= expected * 105;
}

static void weights(void)
{
	uint64_t percent[2];

	set(0, 256, 0);
	set(1, 512, 0);
	run_round(percent);
	claim(is_near(percent[0] * 2, percent[1]), "weights_1_and_2_share_a_cpu_1_to_2");
	claim(percent[0] + percent[1] >= 95, "and_leave_nothing_of_it");
}

static void caps(void)
{
	uint64_t percent[2];

	set(0, 256, 20);
	run_round(percent);
	claim(is_near(percent[0], 20), "a_cap_holds");
	claim(percent[1] >= 75, "and_leaves_the_rest_to_others");
	set(1, 512, 40);
	run_round(percent);
	claim(is_near(percent[0], 20), "it_holds_with_the_cpu_half_idle");
	claim(is_near(percent[1], 40), "so_does_another");
	set(0, 256, 0);
	run_round(percent);
	claim(percent[0] >= 55, "without_it_the_domain_takes_what_is_left");
}

static void answers(void)
{
	struct xen_domctl_sched_credit2 value = {.weight = 0, .cap = 0};
	struct xen_domctl op = {.cmd = XEN_DOMCTL_scheduler_op,
				.domain = (domid_t)children[0].domid};

	set(0, 300, 70);
	claim_equal("shares_are_told", shares(0, XEN_DOMCTL_SCHEDOP_getinfo, &value), 0);
	claim(value.weight == 300 && value.cap == 70, "as_they_were_set");
	op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
	claim_equal("another_schedulers_are_not", domctl(&op), -XEN_EINVAL);
}

void guest_test(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		int64_t err = child_build(&children[i], spin);

		claim_equal("a_domain_that_spins_is_built", err, 0);
		if (err) {
			return;
		}
		domctl_on(XEN_DOMCTL_unpausedomain, children[i].domid);
	}
	weights();
	caps();
	answers();
	for (uint32_t i = 0; i < 2; i++) {
		domain_destroy(children[i].domid);
	}
}
