/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets Debian's xl of Xen 4.17 run `create -n` on a machine without Xen: put before its libraries
 * by LD_PRELOAD, this answers what it asks the hypervisor before it parses a file. The host it
 * describes has 8 CPUs in 2 nodes and can do everything. tests/golden/config/upstream builds and
 * uses it.
 */
#include <libxl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CPUS  8U
#define NODES 2U

struct cpu_place {
	uint32_t core;
	uint32_t socket;
	uint32_t node;
};

/* Stands for handles nobody looks into. */
static char handle[65536];

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned int flags);
int xc_interface_close(void *xch);
void *xs_open(unsigned long flags);
void xs_close(void *store);
int xc_get_max_cpus(void *xch);
int xc_get_max_nodes(void *xch);
int xc_get_online_cpus(void *xch);
int xc_maximum_ram_page(void *xch, unsigned long *frame);
int xc_version(void *xch, int command, void *result);
int xc_cputopoinfo(void *xch, unsigned int *count, struct cpu_place *place);
int xc_physinfo(void *xch, void *info);
int xc_domain_getinfo(void *xch, uint32_t first, unsigned int count, void *info);
int xc_domain_getinfolist(void *xch, uint32_t first, unsigned int count, void *info);

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned int flags)
{
	return handle;
}

int xc_interface_close(void *xch)
{
	return 0;
}

void *xs_open(unsigned long flags)
{
	return handle;
}

void xs_close(void *store)
{
}

int xc_get_max_cpus(void *xch)
{
	return CPUS;
}

int xc_get_max_nodes(void *xch)
{
	return NODES;
}

int xc_get_online_cpus(void *xch)
{
	return CPUS;
}

int xc_maximum_ram_page(void *xch, unsigned long *frame)
{
	*frame = 1U << 20;
	return 0;
}

/* XENVER_*: 0 is the version, 7 the page size (public/version.h); texts stay empty. */
int xc_version(void *xch, int command, void *result)
{
	switch (command) {
	case 0:
		return 4 << 16 | 17;
	case 7:
		return 4096;
	case 8:
	case 10:
		return -1;
	default:
		return 0;
	}
}

int xc_cputopoinfo(void *xch, unsigned int *count, struct cpu_place *place)
{
	for (unsigned int i = 0; place && i < CPUS && i < *count; i++) {
		place[i] = (struct cpu_place){i, i / (CPUS / NODES), i / (CPUS / NODES)};
	}
	*count = CPUS;
	return 0;
}

/* Only virtual nodes make xl ask; the answer's size is that of 4.17, and its zeroes do. */
int xc_physinfo(void *xch, void *info)
{
	memset(info, 0, 64);
	return 0;
}

int xc_domain_getinfo(void *xch, uint32_t first, unsigned int count, void *info)
{
	return 0;
}

int xc_domain_getinfolist(void *xch, uint32_t first, unsigned int count, void *info)
{
	return 0;
}

int libxl_get_physinfo(libxl_ctx *ctx, libxl_physinfo *info)
{
	info->max_cpu_id = CPUS - 1;
	info->nr_cpus = CPUS;
	info->nr_nodes = NODES;
	info->cap_hvm = true;
	info->cap_pv = true;
	info->cap_hap = true;
	info->cap_shadow = true;
	info->cap_hvm_directio = true;
	info->cap_iommu_hap_pt_share = true;
	info->cap_gnttab_v1 = true;
	info->cap_gnttab_v2 = true;
	return 0;
}

int libxl_cpupool_qualifier_to_cpupoolid(libxl_ctx *ctx, const char *name, uint32_t *id,
					 int *was_name)
{
	*id = 0;
	if (was_name) {
		*was_name = 1;
	}
	return 0;
}

int libxl_get_free_memory(libxl_ctx *ctx, uint64_t *kib)
{
	*kib = 1U << 22;
	return 0;
}

int libxl_get_scheduler(libxl_ctx *ctx)
{
	return LIBXL_SCHEDULER_CREDIT;
}
