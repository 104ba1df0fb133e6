/* SPDX-License-Identifier: MIT */
/*
 * Making a PVH domain and looking into it, as a builder in dom0 does.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/hvm_save.h>

#define CR0_START 0x11U /* PE, ET */
#define SPARE_PAGES 16U /* for the console, the store and the like */

int64_t pvh_make(uint32_t vcpus, uint32_t pages, uint32_t *domid)
{
	struct xen_domctl create = {.cmd = XEN_DOMCTL_createdomain, .domain = 0xffff};
	struct xen_domctl max_vcpus = {.cmd = XEN_DOMCTL_max_vcpus};
	struct xen_domctl memory = {.cmd = XEN_DOMCTL_max_mem};
	int64_t err;

	create.u.createdomain.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
	create.u.createdomain.max_vcpus = vcpus;
	create.u.createdomain.max_evtchn_port = 1023;
	create.u.createdomain.max_grant_frames = -1;
	create.u.createdomain.max_maptrack_frames = -1;
	create.u.createdomain.grant_opts = 1;
	create.u.createdomain.arch.emulation_flags = XEN_X86_EMU_LAPIC;
	err = domctl(&create);
	if (err) {
		return err;
	}
	*domid = create.domain;
	max_vcpus.domain = memory.domain = create.domain;
	max_vcpus.u.max_vcpus.max = vcpus;
	memory.u.max_mem.max_memkb = (pages + SPARE_PAGES) * 4UL;
	err = domctl(&max_vcpus);
	return err ? err : domctl(&memory);
}

int64_t pvh_map(uint32_t domid, uint64_t gfn, void *window)
{
	uint64_t slot =
		pte_mfn(*entry_of(window, 2)) * PAGE + ((uint64_t)pte_of(window) & (PAGE - 1));
	int64_t err = mmu_update(slot, gfn * PAGE | PTE_RW, domid);

	mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
	return err;
}

int64_t pvh_put(uint32_t domid, uint64_t address, const void *from, size_t bytes, void *window)
{
	for (uint64_t at = 0; at < bytes; at += PAGE) {
		int64_t err = pvh_map(domid, (address + at) / PAGE, window);

		if (err) {
			return err;
		}
		memcpy(window, (const char *)from + at, bytes - at < PAGE ? bytes - at : PAGE);
	}
	return 0;
}

int64_t pvh_set_entry(uint32_t domid, uint64_t rip, uint64_t rbx)
{
	static struct {
		struct hvm_save_descriptor header_descriptor;
		struct hvm_save_header header;
		struct hvm_save_descriptor cpu_descriptor;
		struct hvm_hw_cpu cpu;
		struct hvm_save_descriptor end;
	} stream = {
		.header_descriptor = {HVM_SAVE_HEADER, 0, sizeof(struct hvm_save_header)},
		.header = {.magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION},
		.cpu_descriptor = {HVM_SAVE_CPU, 0, sizeof(struct hvm_hw_cpu)},
		.cpu = {.rflags = 2,
			.cr0 = CR0_START,
			.dr6 = 0xffff0ff0,
			.dr7 = 0x400,
			.cs_limit = ~0U,
			.cs_arbytes = 0xc9b,
			.ds_limit = ~0U,
			.ds_arbytes = 0xc93,
			.es_limit = ~0U,
			.es_arbytes = 0xc93,
			.ss_limit = ~0U,
			.ss_arbytes = 0xc93,
			.tr_limit = 0x67,
			.tr_arbytes = 0x8b},
		.end = {HVM_SAVE_END, 0, 0},
	};
	struct xen_domctl op = {.cmd = XEN_DOMCTL_sethvmcontext, .domain = (domid_t)domid};

	stream.cpu.rip = rip;
	stream.cpu.rbx = rbx;
	op.u.hvmcontext.size = sizeof(stream);
	op.u.hvmcontext.buffer = (uint64_t)&stream;
	return domctl(&op);
}

bool domain_is_alive(uint32_t domid, uint32_t *reason)
{
	struct xen_domctl info = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = (domid_t)domid};

	if (domctl(&info) || info.domain != domid) {
		return false;
	}
	*reason = info.u.getdomaininfo.flags >> XEN_DOMINF_shutdownshift & 255;
	return !(info.u.getdomaininfo.flags & XEN_DOMINF_shutdown);
}
