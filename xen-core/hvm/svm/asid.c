/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address space identifiers: the CPU tags what it caches of a guest with one (APM 2 15.16), so a
 * fresh one means an empty cache. Each CPU hands out its own in order; when they are used up it
 * flushes all tags once and begins a new round.
 *
 * A vcpu keeps its identifier while it is entered on the same CPU in the same round, and nothing
 * asks for a flush: the domain's p2m has not changed (its generation), and the CPU has made no
 * flush for freed frames since (tlb_last_flush(): guests' tags count as flushed with it).
 */
#include "hvm/svm/svm.h"

#include "machine/atomic.h"
#include "machine/tlb.h"

#define ASID_FIRST 1U /* 0 is the host */

static struct asids {
	uint64_t round; /* from 1 */
	uint32_t next, end;
} asids[CPUS_MAX];

void svm_asid_init(unsigned int cpu, uint32_t count)
{
	asids[cpu] = (struct asids){.round = 1, .next = ASID_FIRST, .end = count};
}

static bool is_current(const struct svm_vcpu *s, unsigned int cpu, uint64_t generation,
		       uint32_t flushed)
{
	return s->asid_cpu == cpu && s->asid_round == asids[cpu].round &&
	       s->asid_generation == generation && s->asid_flushed == flushed;
}

void svm_asid_choose(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	unsigned int cpu = this_cpu();
	struct asids *mine = &asids[cpu];
	uint64_t generation = atomic_read_acquire(&v->domain->hvm->p2m.generation);
	uint32_t flushed = tlb_last_flush();

	s->vmcb->tlb_control = SVM_TLB_FLUSH_NOTHING;
	if (is_current(s, cpu, generation, flushed)) {
		return;
	}
	if (mine->next >= mine->end) {
		mine->round++;
		mine->next = ASID_FIRST;
		s->vmcb->tlb_control = SVM_TLB_FLUSH_ALL;
	}
	s->vmcb->asid = mine->next++;
	s->asid_cpu = cpu;
	s->asid_round = mine->round;
	s->asid_generation = generation;
	s->asid_flushed = flushed;
}

void svm_asid_drop(struct vcpu *v)
{
	svm_of(v)->asid_round = 0;
}
