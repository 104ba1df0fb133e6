/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xen_version: who we are, in the words toolstacks know. The numbers are those of the Xen whose
 * interfaces are offered; libxl reads the kinds of guest it may build from the capabilities.
 *
 * Sub-op 0 is what Linux calls to have pending events delivered: it does nothing but return.
 */
#include "hypercall/call.h"
#include "hvm/hvm.h"
#include "hypercall/host_info.h"

#include "lib/math.h"
#include "lib/mem.h"
#include "mm/map.h"

#include <xen/errno.h>
#include <xen/version.h>

#define VERSION_MAJOR 4
#define VERSION_MINOR 17

static const char extraversion[] = ".0-proxenos";
static const char capabilities[] = "xen-3.0-x86_64 ";
static const char capabilities_virt[] =
	"xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 ";
static const char changeset[] = "unavailable";
static const char denied[] = "<denied>";

/* Text into an array of a fixed size, the rest zeroed. */
static int put_text(struct vcpu *v, struct guest_ptr to, const char *text, size_t size)
{
	size_t length = strlen(text);
	int err;

	if (length >= size) {
		length = size - 1;
	}
	err = guest_out(v, to, text, length);
	return err ? err : guest_clear(v, guest_ptr(to.address + length), size - length);
}

static void copy_text(char *to, size_t size, const char *text)
{
	memcpy(to, text, min_u64(strlen(text), size - 1));
}

static int64_t compile_info(struct vcpu *v, struct guest_ptr to)
{
	struct xen_compile_info info = {{0}, {0}, {0}, {0}};

	/* No name and no date: the same source makes the same binary everywhere. */
	copy_text(info.compiler, sizeof(info.compiler), "gcc " __VERSION__);
	copy_text(info.compile_by, sizeof(info.compile_by), "proxenos");
	copy_text(info.compile_domain, sizeof(info.compile_domain), "localdomain");
	copy_text(info.compile_date, sizeof(info.compile_date), "unavailable");
	return guest_out(v, to, &info, sizeof(info));
}

static int64_t platform_parameters(struct vcpu *v, struct guest_ptr to)
{
	struct xen_platform_parameters parameters = {.virt_start = HYPERVISOR_START};

	return guest_out(v, to, &parameters, sizeof(parameters));
}

static uint32_t features(const struct domain *d)
{
	uint32_t map = 1U << XENFEAT_memory_op_vnode_supported |
		       1U << XENFEAT_mmu_pt_update_preserve_ad | 1U << XENFEAT_highmem_assist |
		       1U << XENFEAT_gnttab_map_avail_bits | 1U << XENFEAT_direct_mapped;

	if (!d->is_pv) {
		return 1U << XENFEAT_writable_page_tables | 1U << XENFEAT_auto_translated_physmap |
		       1U << XENFEAT_hvm_callback_vector | 1U << XENFEAT_hvm_safe_pvclock |
		       1U << XENFEAT_memory_op_vnode_supported | 1U << XENFEAT_not_direct_mapped;
	}
	if (atomic_read(&d->vm_assist) & (1U << VMASST_TYPE_pae_extended_cr3)) {
		map |= 1U << XENFEAT_pae_pgdir_above_4gb;
	}
	return d->is_hardware ? map | 1U << XENFEAT_dom0 : map;
}

static int64_t get_features(struct vcpu *v, struct guest_ptr at)
{
	struct xen_feature_info info;

	if (guest_in(v, &info, at, sizeof(info))) {
		return -XEN_EFAULT;
	}
	if (info.submap_idx >= XENFEAT_NR_SUBMAPS) {
		return -XEN_EINVAL;
	}
	info.submap = features(v->domain);
	return guest_out(v, at, &info, sizeof(info));
}

static int64_t guest_handle(struct vcpu *v, struct guest_ptr to)
{
	struct domain *d = v->domain;
	uint8_t handle[sizeof(d->handle)];

	spin_lock(&d->lock);
	memcpy(handle, d->handle, sizeof(handle));
	spin_unlock(&d->lock);
	return guest_out(v, to, handle, sizeof(handle));
}

static int64_t command_line(struct vcpu *v, struct guest_ptr to)
{
	const char *text = host_info->command_line;

	if (rights_check(v->domain, NULL, RIGHT_CONTROL)) {
		text = denied;
	}
	return put_text(v, to, text, XEN_COMMANDLINE_LEN);
}

static int64_t build_id(const struct vcpu *v)
{
	int err = rights_check(v->domain, NULL, RIGHT_CONTROL);

	return err ? err : -XEN_ENODATA;
}

static int64_t other_questions(const struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[1]);
	struct vcpu *v = call->v;

	switch (call->args[0]) {
	case XENVER_extraversion:
		return put_text(v, at, extraversion, XEN_EXTRAVERSION_LEN);
	case XENVER_compile_info:
		return compile_info(v, at);
	case XENVER_capabilities:
		return put_text(v, at, virt_ops ? capabilities_virt : capabilities,
				XEN_CAPABILITIES_INFO_LEN);
	case XENVER_changeset:
		return put_text(v, at, changeset, XEN_CHANGESET_INFO_LEN);
	case XENVER_platform_parameters:
		return platform_parameters(v, at);
	case XENVER_get_features:
		return get_features(v, at);
	case XENVER_pagesize:
		return call->args[1] == 0 ? (int64_t)PAGE_SIZE : -XEN_EINVAL;
	case XENVER_guest_handle:
		return guest_handle(v, at);
	case XENVER_commandline:
		return command_line(v, at);
	case XENVER_build_id:
		return build_id(v);
	default:
		return -XEN_ENOSYS;
	}
}

int64_t hypercall_xen_version(struct hypercall *call)
{
	if (call->args[0] == XENVER_version) {
		return VERSION_MAJOR << 16 | VERSION_MINOR;
	}
	return other_questions(call);
}
