/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine checks as the hardware domain's record collector asks for them (xen/mca.h). A machine
 * check ends this core (entry/nmi.c), so the queues it fetches from are always empty; it also wants
 * to know the machine's CPUs before it starts.
 */
#include "hypercall/call.h"
#include "hypercall/host_info.h"

#include "lib/mem.h"
#include "machine/smp.h"
#include "pv/cpuid.h"

#include <xen/errno.h>
#include <xen/mca.h>

#define NO_PACKAGE ~0U

static void describe_cpu(uint32_t cpu, struct mcinfo_logical_cpu *out)
{
	const struct host_cpu *host = &host_info->cpus[cpu];
	struct cpuid_leaf vendor = pv_policy_host()->basic[0];

	*out = (struct mcinfo_logical_cpu){
		.mc_cpunr = cpu,
		.mc_chipid = host->socket,
		.mc_coreid = (uint16_t)host->core,
		.mc_apicid = host->apic_id,
		.mc_clusterid = NO_PACKAGE,
		.mc_ncores = host_info->cores_per_socket,
		.mc_ncores_active = host_info->cores_per_socket,
		.mc_nthreads = host_info->threads_per_core,
		.mc_cpuid_level = (int32_t)vendor.a,
	};
	memcpy(out->mc_vendorid, &vendor.b, 4);
	memcpy(out->mc_vendorid + 4, &vendor.d, 4);
	memcpy(out->mc_vendorid + 8, &vendor.c, 4);
}

static int list_cpus(struct vcpu *v, struct xen_mc_physcpuinfo *info)
{
	uint32_t room = info->info ? info->ncpus : 0;
	uint32_t present = smp_cpu_count();
	struct mcinfo_logical_cpu cpu;
	int err;

	for (uint32_t i = 0; i < room && i < present; i++) {
		describe_cpu(i, &cpu);
		err = guest_out(v, guest_ptr_at(guest_ptr(info->info), i, sizeof(cpu)), &cpu,
				sizeof(cpu));
		if (err) {
			return err;
		}
	}
	info->ncpus = info->info && room < present ? room : present;
	return 0;
}

static int run(struct vcpu *v, struct xen_mc *op)
{
	switch (op->cmd) {
	case XEN_MC_fetch:
		op->u.mc_fetch.flags =
			op->u.mc_fetch.flags & XEN_MC_ACK ? XEN_MC_OK : XEN_MC_NODATA;
		op->u.mc_fetch.fetch_id = 0;
		return 0;
	case XEN_MC_physcpuinfo:
		return list_cpus(v, &op->u.mc_physcpuinfo);
	default:
		return -XEN_ENOSYS;
	}
}

int64_t hypercall_mca(struct hypercall *call)
{
	struct guest_ptr where = guest_ptr(call->args[0]);
	struct xen_mc op;
	int err = rights_check(call->v->domain, NULL, RIGHT_HARDWARE);

	err = err ? err : guest_in(call->v, &op, where, sizeof(op));
	if (err) {
		return err;
	}
	if (op.interface_version != XEN_MCA_INTERFACE_VERSION) {
		return -XEN_EACCES;
	}
	err = run(call->v, &op);
	return err ? err : guest_out(call->v, where, &op, sizeof(op));
}
