/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor, for the console daemon. A console's ring is mapped by the grant every domain is
 * born with; one without it (made by tools that seed no grant table) by its frame. A channel's is
 * mapped by the grant its driver made, and by nothing else.
 */
#include "xenconsoled/host.h"

#include "call/call.h"
#include "call/domain.h"
#include "call/grant.h"
#include "call/host.h"
#include "call/port.h"
#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/grant_table.h>
#include <xen/io/console.h>
#include <xen/virq.h>

#define MAPPED_MAX 4096

struct host_xen {
	struct call *call;
	int grants;
	/* Which mappings are not grants. */
	void *foreign[MAPPED_MAX];
	unsigned int foreign_count;
};

static int map_grant(const struct host_xen *host, unsigned int domid, uint64_t ref, void **at)
{
	uint32_t grant = (uint32_t)ref;

	if (ref > UINT32_MAX) {
		return -EINVAL;
	}
	return host->grants < 0 ? host->grants
				: grant_map(host->grants, (domid_t)domid, &grant, 1,
					    PROT_READ | PROT_WRITE, at);
}

static int map(void *context, unsigned int domid, unsigned int number, uint64_t ref,
	       struct xencons_interface **ring)
{
	struct host_xen *host = context;
	xen_pfn_t pfn = ref;
	void *at;
	int err = map_grant(host, domid, number ? ref : GNTTAB_RESERVED_CONSOLE, &at);

	if (err && number) {
		return err;
	}
	if (err) {
		if (host->foreign_count == MAPPED_MAX) {
			return -ENOSPC;
		}
		err = call_map(host->call, (domid_t)domid, &pfn, 1, PROT_READ | PROT_WRITE, &at,
			       NULL);
		if (err) {
			return err;
		}
		host->foreign[host->foreign_count++] = at;
	}
	*ring = at;
	return 0;
}

static void unmap(void *context, struct xencons_interface *ring)
{
	struct host_xen *host = context;

	for (unsigned int i = 0; i < host->foreign_count; i++) {
		if (host->foreign[i] == ring) {
			call_unmap(host->call, ring, 1);
			host->foreign[i] = host->foreign[--host->foreign_count];
			return;
		}
	}
	grant_unmap(host->grants, ring, 1);
}

static int open_ports(void *context, int *fd)
{
	*fd = port_open();
	return *fd < 0 ? *fd : 0;
}

static int bind_port(void *context, int fd, unsigned int domid, uint32_t remote, uint32_t *port)
{
	return port_bind_remote(fd, (domid_t)domid, remote, port);
}

static int bind_log(void *context, int fd, uint32_t *port)
{
	return port_bind_virq(fd, VIRQ_CON_RING, port);
}

static void unbind(void *context, int fd, uint32_t port)
{
	port_unbind(fd, port);
}

static void notify(void *context, int fd, uint32_t port)
{
	port_notify(fd, port);
}

static void unmask(void *context, int fd, uint32_t port)
{
	port_unmask(fd, port);
}

static int pending(void *context, int fd, uint32_t *ports, size_t room, size_t *count)
{
	int err = port_pending(fd, ports, room, count);

	if (err == -EFBIG) {
		port_reset(fd);
	}
	return err;
}

static bool is_gone(void *context, unsigned int domid)
{
	struct host_xen *host = context;
	struct xen_domctl_getdomaininfo info;
	int err = call_domain_info(host->call, (domid_t)domid, &info);

	return err == -ESRCH || (!err && (info.flags & XEN_DOMINF_dying));
}

static int read_log(void *context, char *text, uint32_t size, uint32_t *index, uint32_t *length)
{
	struct host_xen *host = context;

	return call_host_read_console(host->call, text, size, false, index, length);
}

int host_xen_open(const struct console_host **host, void **context, struct report *report)
{
	static const struct console_host xen = {
		.map = map,
		.unmap = unmap,
		.open_ports = open_ports,
		.bind = bind_port,
		.bind_log = bind_log,
		.unbind = unbind,
		.notify = notify,
		.unmask = unmask,
		.pending = pending,
		.is_gone = is_gone,
		.read_log = read_log,
	};
	struct host_xen *made = calloc(1, sizeof(*made));
	int err;

	if (!made) {
		return report_error(report, ENOMEM, "the hypervisor");
	}
	err = call_open(&made->call);
	if (err) {
		free(made);
		report_error(report, -err, "/dev/xen/privcmd");
		report_next(report, "this runs in the control domain, as root");
		return err;
	}
	made->grants = grant_open();
	*host = &xen;
	*context = made;
	return 0;
}

void host_xen_close(void *context)
{
	struct host_xen *host = context;

	if (host->grants >= 0) {
		close(host->grants);
	}
	call_close(host->call);
	free(host);
}
