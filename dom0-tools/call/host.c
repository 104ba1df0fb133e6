/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctl, xen_version, platform_op: see host.h. Every function follows one pattern: mark the arena,
 * take what the hypervisor reads or writes, call, copy results out, release the mark.
 */
#include "call/host.h"

#include <errno.h>
#include <string.h>

#include <xen/memory.h>

/* op's handles must point into the arena already. Results come back in *op. */
static int sysctl(struct call *call, uint32_t cmd, struct xen_sysctl *op)
{
	size_t mark = call_mark(call);
	struct xen_sysctl *buffer = call_take(call, sizeof(*buffer));
	int64_t answer;

	if (!buffer) {
		return -ENOMEM;
	}
	*buffer = *op;
	buffer->cmd = cmd;
	buffer->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	answer = call_hypercall(call, __HYPERVISOR_sysctl, call_handle(buffer), 0, 0, 0, 0);
	*op = *buffer;
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

/* --- xen_version ------------------------------------------------------------------------------ */
/* Fills to[size] through the arena. Returns what the hypervisor answered. */
static int64_t version(struct call *call, uint32_t what, void *to, size_t size)
{
	size_t mark = call_mark(call);
	void *buffer = call_take(call, size);
	int64_t answer = -ENOMEM;

	if (buffer) {
		memcpy(buffer, to, size);
		answer = call_hypercall(call, __HYPERVISOR_xen_version, what, call_handle(buffer),
					0, 0, 0);
		memcpy(to, buffer, size);
	}
	call_release(call, mark);
	return answer;
}

static int version_text(struct call *call, uint32_t what, char *text, size_t size)
{
	int64_t answer;

	memset(text, 0, size);
	answer = version(call, what, text, size);
	text[size - 1] = 0;
	return answer < 0 ? (int)answer : 0;
}

int call_host_version(struct call *call, unsigned int *major, unsigned int *minor)
{
	int64_t answer = call_hypercall(call, __HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0);

	if (answer < 0) {
		return (int)answer;
	}
	*major = (unsigned int)(answer >> 16) & 0xffff;
	*minor = (unsigned int)answer & 0xffff;
	return 0;
}

int call_host_extraversion(struct call *call, char text[XEN_EXTRAVERSION_LEN])
{
	return version_text(call, XENVER_extraversion, text, XEN_EXTRAVERSION_LEN);
}

int call_host_capabilities(struct call *call, char text[XEN_CAPABILITIES_INFO_LEN])
{
	return version_text(call, XENVER_capabilities, text, XEN_CAPABILITIES_INFO_LEN);
}

int call_host_changeset(struct call *call, char text[XEN_CHANGESET_INFO_LEN])
{
	return version_text(call, XENVER_changeset, text, XEN_CHANGESET_INFO_LEN);
}

int call_host_command_line(struct call *call, char text[XEN_COMMANDLINE_LEN])
{
	return version_text(call, XENVER_commandline, text, XEN_COMMANDLINE_LEN);
}

int call_host_compile_info(struct call *call, struct xen_compile_info *info)
{
	int64_t answer;

	memset(info, 0, sizeof(*info));
	answer = version(call, XENVER_compile_info, info, sizeof(*info));
	info->compiler[sizeof(info->compiler) - 1] = 0;
	info->compile_by[sizeof(info->compile_by) - 1] = 0;
	info->compile_domain[sizeof(info->compile_domain) - 1] = 0;
	info->compile_date[sizeof(info->compile_date) - 1] = 0;
	return answer < 0 ? (int)answer : 0;
}

int call_host_virt_start(struct call *call, uint64_t *address)
{
	struct xen_platform_parameters parameters = {0};
	int64_t answer = version(call, XENVER_platform_parameters, &parameters, sizeof(parameters));

	*address = parameters.virt_start;
	return answer < 0 ? (int)answer : 0;
}

int call_host_page_size(struct call *call, uint32_t *bytes)
{
	int64_t answer =
		call_hypercall(call, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0, 0);

	if (answer < 0) {
		return (int)answer;
	}
	*bytes = (uint32_t)answer;
	return 0;
}

int call_host_features(struct call *call, uint32_t submap_index, uint32_t *submap)
{
	struct xen_feature_info info = {.submap_idx = submap_index};
	int64_t answer = version(call, XENVER_get_features, &info, sizeof(info));

	*submap = info.submap;
	return answer < 0 ? (int)answer : 0;
}

int call_host_build_id(struct call *call, uint8_t *id, uint32_t room, uint32_t *size)
{
	struct {
		uint32_t length;
		uint8_t bytes[64];
	} buffer = {.length = sizeof(buffer.bytes)};
	int64_t answer = version(call, XENVER_build_id, &buffer, sizeof(buffer));

	if (answer < 0) {
		return (int)answer;
	}
	*size = answer < (int64_t)sizeof(buffer.bytes) ? (uint32_t)answer : sizeof(buffer.bytes);
	memcpy(id, buffer.bytes, *size < room ? *size : room);
	return 0;
}

/* --- the machine ------------------------------------------------------------------------------ */
int call_host_physinfo(struct call *call, struct xen_sysctl_physinfo *info)
{
	struct xen_sysctl op = {0};
	int err = sysctl(call, XEN_SYSCTL_physinfo, &op);

	if (!err) {
		*info = op.u.physinfo;
	}
	return err;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

int call_host_cpu_topology(struct call *call, struct xen_sysctl_cputopo *cpus, uint32_t *count)
{
	size_t mark = call_mark(call);
	struct xen_sysctl_cputopo *buffer = cpus ? call_take(call, *count * sizeof(*cpus)) : NULL;
	struct xen_sysctl op = {.u.cputopoinfo = {
					.num_cpus = cpus ? *count : 0,
					.cputopo = call_handle(buffer),
				}};
	int err = cpus && !buffer ? -ENOMEM : sysctl(call, XEN_SYSCTL_cputopoinfo, &op);

	if (!err && cpus) {
		*count = smaller(*count, op.u.cputopoinfo.num_cpus);
		memcpy(cpus, buffer, *count * sizeof(*cpus));
	} else if (!err) {
		*count = op.u.cputopoinfo.num_cpus;
	}
	call_release(call, mark);
	return err;
}

int call_host_numa(struct call *call, struct xen_sysctl_meminfo *nodes, uint32_t *distances,
		   uint32_t *count)
{
	size_t mark = call_mark(call);
	uint32_t room = nodes ? *count : 0;
	struct xen_sysctl_meminfo *node_buffer =
		nodes ? call_take(call, room * sizeof(*nodes)) : NULL;
	uint32_t *distance_buffer =
		nodes && distances ? call_take(call, (size_t)room * room * sizeof(uint32_t)) : NULL;
	struct xen_sysctl op = {.u.numainfo = {
					.num_nodes = room,
					.meminfo = call_handle(node_buffer),
					.distance = call_handle(distance_buffer),
				}};
	int err = -ENOMEM;

	if ((!nodes || node_buffer) && (!nodes || !distances || distance_buffer)) {
		err = sysctl(call, XEN_SYSCTL_numainfo, &op);
	}
	if (!err && nodes) {
		*count = smaller(room, op.u.numainfo.num_nodes);
		memcpy(nodes, node_buffer, *count * sizeof(*nodes));
	} else if (!err) {
		*count = op.u.numainfo.num_nodes;
	}
	/* The hypervisor's rows are as long as its own count of nodes. */
	if (!err && distance_buffer) {
		memcpy(distances, distance_buffer, (size_t)*count * *count * sizeof(uint32_t));
	}
	call_release(call, mark);
	return err;
}

int call_host_cpu_idle(struct call *call, struct xen_sysctl_cpuinfo *cpus, uint32_t *count)
{
	size_t mark = call_mark(call);
	struct xen_sysctl_cpuinfo *buffer = call_take(call, *count * sizeof(*buffer));
	struct xen_sysctl op = {.u.getcpuinfo = {.max_cpus = *count, .info = call_handle(buffer)}};
	int err = buffer ? sysctl(call, XEN_SYSCTL_getcpuinfo, &op) : -ENOMEM;

	if (!err) {
		*count = smaller(*count, op.u.getcpuinfo.nr_cpus);
		memcpy(cpus, buffer, *count * sizeof(*cpus));
	}
	call_release(call, mark);
	return err;
}

int call_host_free_heap(struct call *call, uint32_t min_bits, uint32_t max_bits, int32_t node,
			uint64_t *bytes)
{
	struct xen_sysctl op = {
		.u.availheap = {.min_bitwidth = min_bits, .max_bitwidth = max_bits, .node = node}};
	int err = sysctl(call, XEN_SYSCTL_availheap, &op);

	if (!err) {
		*bytes = op.u.availheap.avail_bytes;
	}
	return err;
}

static int memory_number(struct call *call, uint32_t cmd, uint64_t *number)
{
	int64_t answer = call_hypercall(call, __HYPERVISOR_memory_op, cmd, 0, 0, 0, 0);

	if (answer < 0) {
		return (int)answer;
	}
	*number = (uint64_t)answer;
	return 0;
}

int call_host_max_mfn(struct call *call, uint64_t *mfn)
{
	return memory_number(call, XENMEM_maximum_ram_page, mfn);
}

int call_host_sharing(struct call *call, uint64_t *freed, uint64_t *shared)
{
	int err = memory_number(call, XENMEM_get_sharing_freed_pages, freed);

	return err ? err : memory_number(call, XENMEM_get_sharing_shared_pages, shared);
}

int call_host_featureset(struct call *call, uint32_t index, uint32_t *words, uint32_t *count)
{
	size_t mark = call_mark(call);
	uint32_t *buffer = call_take(call, *count * sizeof(*buffer));
	struct xen_sysctl op = {.u.cpu_featureset = {.index = index,
						     .nr_features = *count,
						     .features = call_handle(buffer)}};
	int err = buffer ? sysctl(call, XEN_SYSCTL_get_cpu_featureset, &op) : -ENOMEM;

	if (!err || err == -ENOBUFS) {
		err = 0;
		memcpy(words, buffer, *count * sizeof(*words));
		*count = smaller(*count, op.u.cpu_featureset.nr_features);
	}
	call_release(call, mark);
	return err;
}

int call_host_cpu_policy(struct call *call, uint32_t index, struct xen_cpuid_leaf *leaves,
			 uint32_t *leaf_count, struct xen_msr_entry *msrs, uint32_t *msr_count)
{
	size_t mark = call_mark(call);
	uint32_t leaf_room = leaves ? *leaf_count : 0;
	uint32_t msr_room = msrs ? *msr_count : 0;
	struct xen_cpuid_leaf *leaf_buffer =
		leaves ? call_take(call, leaf_room * sizeof(*leaves)) : NULL;
	struct xen_msr_entry *msr_buffer = msrs ? call_take(call, msr_room * sizeof(*msrs)) : NULL;
	struct xen_sysctl op = {.u.cpu_policy = {
					.index = index,
					.nr_leaves = leaf_room,
					.nr_msrs = msr_room,
					.leaves = call_handle(leaf_buffer),
					.msrs = call_handle(msr_buffer),
				}};
	int err = -ENOMEM;

	if ((!leaves || leaf_buffer) && (!msrs || msr_buffer)) {
		err = sysctl(call, XEN_SYSCTL_get_cpu_policy, &op);
	}
	if (!err && leaves) {
		*leaf_count = smaller(leaf_room, op.u.cpu_policy.nr_leaves);
		memcpy(leaves, leaf_buffer, *leaf_count * sizeof(*leaves));
	} else if (!err) {
		*leaf_count = op.u.cpu_policy.nr_leaves;
	}
	if (!err && msrs) {
		*msr_count = smaller(msr_room, op.u.cpu_policy.nr_msrs);
		memcpy(msrs, msr_buffer, *msr_count * sizeof(*msrs));
	} else if (!err && msr_count) {
		*msr_count = op.u.cpu_policy.nr_msrs;
	}
	call_release(call, mark);
	return err;
}

/* --- scheduling ------------------------------------------------------------------------------- */
int call_host_scheduler(struct call *call, uint32_t *sched_id)
{
	struct xen_sysctl op = {0};
	int err = sysctl(call, XEN_SYSCTL_sched_id, &op);

	if (!err) {
		*sched_id = op.u.sched_id.sched_id;
	}
	return err;
}

static int pool_map(struct call *call, uint32_t what, struct xen_sysctl_cpupool_op *pool,
		    uint8_t *cpus, size_t bytes)
{
	size_t mark = call_mark(call);
	uint8_t *buffer = bytes ? call_take(call, bytes) : NULL;
	struct xen_sysctl op = {.u.cpupool_op = {.op = what,
						 .cpupool_id = pool->cpupool_id,
						 .cpumap = {
							 .bitmap = call_handle(buffer),
							 .nr_bits = (uint32_t)(bytes * 8),
						 }}};
	int err = bytes && !buffer ? -ENOMEM : sysctl(call, XEN_SYSCTL_cpupool_op, &op);

	if (!err) {
		*pool = op.u.cpupool_op;
		pool->cpumap = (struct xenctl_bitmap){0};
		if (bytes) {
			memcpy(cpus, buffer, bytes);
		}
	}
	call_release(call, mark);
	return err;
}

int call_host_pool(struct call *call, struct xen_sysctl_cpupool_op *pool, uint8_t *cpus,
		   size_t bytes)
{
	return pool_map(call, XEN_SYSCTL_CPUPOOL_OP_INFO, pool, cpus, bytes);
}

int call_host_free_cpus(struct call *call, uint8_t *cpus, size_t bytes)
{
	struct xen_sysctl_cpupool_op pool = {0};

	return pool_map(call, XEN_SYSCTL_CPUPOOL_OP_FREEINFO, &pool, cpus, bytes);
}

int call_host_pool_change(struct call *call, struct xen_sysctl_cpupool_op *pool)
{
	struct xen_sysctl op = {.u.cpupool_op = *pool};
	int err = sysctl(call, XEN_SYSCTL_cpupool_op, &op);

	if (!err) {
		pool->cpupool_id = op.u.cpupool_op.cpupool_id;
	}
	return err;
}

int call_host_sched(struct call *call, struct xen_sysctl_scheduler_op *request)
{
	struct xen_sysctl op = {.u.scheduler_op = *request};
	int err = sysctl(call, XEN_SYSCTL_scheduler_op, &op);

	if (!err) {
		*request = op.u.scheduler_op;
	}
	return err;
}

/* --- console, keys ---------------------------------------------------------------------------- */
int call_host_read_console(struct call *call, char *text, uint32_t size, bool clear,
			   uint32_t *index, uint32_t *length)
{
	size_t mark = call_mark(call);
	char *buffer = call_take(call, size);
	struct xen_sysctl op = {.u.readconsole = {
					.clear = clear,
					.incremental = index != NULL,
					.index = index ? *index : 0,
					.buffer = call_handle(buffer),
					.count = size,
				}};
	int err = buffer ? sysctl(call, XEN_SYSCTL_readconsole, &op) : -ENOMEM;

	if (!err) {
		*length = smaller(size, op.u.readconsole.count);
		memcpy(text, buffer, *length);
		if (index) {
			*index = op.u.readconsole.index;
		}
	}
	call_release(call, mark);
	return err;
}

int call_host_send_keys(struct call *call, const char *keys)
{
	size_t mark = call_mark(call);
	size_t count = strlen(keys);
	char *buffer = call_take(call, count + 1);
	struct xen_sysctl op = {
		.u.debug_keys = {.keys = call_handle(buffer), .nr_keys = (uint32_t)count}};
	int err = -ENOMEM;

	if (buffer) {
		memcpy(buffer, keys, count);
		err = sysctl(call, XEN_SYSCTL_debug_keys, &op);
	}
	call_release(call, mark);
	return err;
}

int call_host_platform(struct call *call, struct xen_platform_op *op)
{
	size_t mark = call_mark(call);
	struct xen_platform_op *buffer = call_take(call, sizeof(*buffer));
	int64_t answer;

	if (!buffer) {
		return -ENOMEM;
	}
	*buffer = *op;
	buffer->interface_version = XENPF_INTERFACE_VERSION;
	answer = call_hypercall(call, __HYPERVISOR_platform_op, call_handle(buffer), 0, 0, 0, 0);
	*op = *buffer;
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}
