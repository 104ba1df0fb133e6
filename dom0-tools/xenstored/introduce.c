/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains as the hypervisor knows them: their store pages, their event channels, their states.
 *
 * A guest's page is its grant GNTTAB_RESERVED_XENSTORE, or, where the builder granted none, the
 * frame the introduction named. dom0's own kernel made its page itself and shows it as
 * /proc/xen/xsd_kva, its port as xsd_port. All event channels are bound through one handle, which
 * the keeper holds as "evtchn": as long as it does, ports outlive the daemon and are found in the
 * slots.
 *
 * Mappings do not survive; they are made again from what the slot says. After a restart every port
 * is unmasked and every peer told once, so nothing that was announced meanwhile is missed.
 */
#include "xenstored/server.h"
#include "xenstored/ring.h"

#include "call/domain.h"
#include "call/grant.h"
#include "call/port.h"
#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/base.h>
#include <xen/grant_table.h>
#include <xen/io/xs_wire.h>
#include <xen/virq.h>

#define PAGE 4096u

/* --- ports ---------------------------------------------------------------- */
static void enter_port(struct server *server, uint32_t port, struct wire *wire)
{
	if (port >= server->by_port_count) {
		uint32_t count = port + 64;

		server->by_port = memory_grow(server->by_port, count, sizeof(server->by_port[0]));
		memset(server->by_port + server->by_port_count, 0,
		       (count - server->by_port_count) * sizeof(server->by_port[0]));
		server->by_port_count = count;
	}
	server->by_port[port] = wire;
}

static int bind_port(struct wire *wire, bool again)
{
	struct server *server = wire->server;
	struct slot *slot = wire->conn->slot;
	int err = 0;

	if (again && server->old_ports && slot->local_port) {
		wire->port = slot->local_port;
	} else {
		err = port_bind_remote(server->ports, (domid_t)slot->domid, slot->remote_port,
				       &wire->port);
	}
	if (!err) {
		slot->local_port = wire->port;
		enter_port(server, wire->port, wire);
		(void)port_unmask(server->ports, wire->port);
	}
	return err;
}

static void release_port(struct wire *wire)
{
	struct server *server = wire->server;

	if (wire->port) {
		enter_port(server, wire->port, NULL);
		(void)port_unbind(server->ports, wire->port);
		wire->port = 0;
		wire->conn->slot->local_port = 0;
	}
}

void domains_notify(struct wire *wire)
{
	if (wire->port) {
		(void)port_notify(wire->server->ports, wire->port);
	}
}

static void on_ports(struct ev_loop *loop, ev_io *io, int events)
{
	struct server *server = io->data;
	uint32_t ports[64];
	size_t count;
	int err;

	while ((err = port_pending(server->ports, ports, 64, &count)) == 0 && count) {
		for (size_t i = 0; i < count; i++) {
			uint32_t port = ports[i];

			if (port == server->virq_port) {
				server->domains_changed = true;
			} else if (port < server->by_port_count && server->by_port[port]) {
				server_queue(server, server->by_port[port]);
			}
			(void)port_unmask(server->ports, port);
		}
	}
	if (err == -EFBIG) {
		(void)port_reset(server->ports);
		server->domains_changed = true;
		for (uint32_t port = 0; port < server->by_port_count; port++) {
			if (server->by_port[port]) {
				server_queue(server, server->by_port[port]);
			}
		}
	}
}

/* --- pages ---------------------------------------------------------------- */
static int map_own(struct wire *wire)
{
	int fd = open("/proc/xen/xsd_kva", O_RDWR | O_CLOEXEC);
	void *at;

	if (fd < 0) {
		fd = open("/dev/xen/xenbus_backend", O_RDWR | O_CLOEXEC);
	}
	if (fd < 0) {
		return -errno;
	}
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED) {
		return -errno;
	}
	wire->mapping = at;
	return 0;
}

static int map_guest(struct wire *wire)
{
	struct server *server = wire->server;
	struct slot *slot = wire->conn->slot;
	const uint32_t ref = GNTTAB_RESERVED_XENSTORE;
	xen_pfn_t frame = slot->frame;
	int err;

	wire->granted = false;
	err = grant_map(server->grants, (domid_t)slot->domid, &ref, 1, PROT_READ | PROT_WRITE,
			&wire->mapping);
	if (!err) {
		wire->granted = true;
		return 0;
	}
	return call_map(server->call, (domid_t)slot->domid, &frame, 1, PROT_READ | PROT_WRITE,
			&wire->mapping, NULL);
}

static void unmap(struct wire *wire)
{
	if (!wire->mapping) {
		return;
	}
	if (wire->conn->slot->domid == 0) {
		munmap(wire->mapping, PAGE);
	} else if (wire->granted) {
		(void)grant_unmap(wire->server->grants, wire->mapping, 1);
	} else {
		call_unmap(wire->server->call, wire->mapping, 1);
	}
	wire->mapping = NULL;
	wire->page = NULL;
}

/* --- what the store asks -------------------------------------------------- */
int domains_attach(void *data, struct conn *conn, bool again)
{
	struct server *server = data;
	struct wire *wire;
	int err;

	if (!server->call) {
		return -ENODEV;
	}
	wire = wire_new(server, conn);
	err = conn->slot->domid == 0 ? map_own(wire) : map_guest(wire);
	if (!err) {
		wire->page = wire->mapping;
		err = bind_port(wire, again);
	}
	if (err) {
		return err; /* the store ends the connection, and with it the wire */
	}
	if (again) {
		ring_publish(conn->slot, wire->page);
		domains_notify(wire);
	}
	server_queue(server, wire);
	return 0;
}

int domains_reset(void *data, struct conn *conn, uint32_t old_port)
{
	struct wire *wire = conn->transport;
	struct xenstore_domain_interface *page = wire->page;
	int err = 0;

	/* Emptied from both sides; the guest is not running, or has asked for it. */
	page->req_prod = 0;
	page->rsp_cons = 0;
	ring_publish(conn->slot, page);
	if (old_port != conn->slot->remote_port) {
		release_port(wire);
		err = bind_port(wire, false);
	}
	domains_notify(wire);
	server_queue(wire->server, wire);
	return err;
}

void domains_detach(struct wire *wire)
{
	if (wire->server->call) {
		release_port(wire);
		unmap(wire);
	}
}

int domains_state(void *data, unsigned int domid, enum domain_state *state)
{
	struct server *server = data;
	struct xen_domctl_getdomaininfo info;
	int err;

	if (!server->call) {
		return -ENODEV;
	}
	err = call_domain_info(server->call, (domid_t)domid, &info);
	if (err == -ESRCH || (!err && (info.flags & XEN_DOMINF_dying))) {
		*state = DOMAIN_IS_GONE;
		return 0;
	}
	if (!err) {
		*state = info.flags & XEN_DOMINF_shutdown ? DOMAIN_IS_SHUT_DOWN : DOMAIN_RUNS;
	}
	return err;
}

/* --- the start ------------------------------------------------------------ */
static int open_ports(struct server *server, struct report *report)
{
	int err = keeper_take(&server->keeper, "evtchn", &server->ports);

	server->old_ports = !err;
	if (err) {
		server->ports = port_open();
		if (server->ports < 0) {
			err = report_error(report, -server->ports,
					   "/dev/xen/evtchn cannot be opened");
			report_next(report,
				    "modprobe xen-evtchn; --no-domain-init serves sockets only");
			return err;
		}
		if (keeper_store(&server->keeper, "evtchn", server->ports)) {
			report_warning(report, "event channels cannot be given to the keeper: a "
					       "restart binds them anew");
		}
	}
	if (!server->old_ports || !*server->store.journal.virq_port) {
		err = port_bind_virq(server->ports, VIRQ_DOM_EXC, &server->virq_port);
		if (err) {
			err = report_error(report, -err, "VIRQ_DOM_EXC cannot be bound");
			report_next(report, "another xenstored may run: end it first");
			return err;
		}
		*server->store.journal.virq_port = server->virq_port;
	}
	server->virq_port = *server->store.journal.virq_port;
	(void)port_unmask(server->ports, server->virq_port);
	return 0;
}

int domains_open(struct server *server, struct report *report)
{
	int err = call_open(&server->call);

	if (err) {
		err = report_error(report, -err, "the hypervisor cannot be called");
		report_next(report, "modprobe xen-privcmd; --no-domain-init serves sockets only");
		return err;
	}
	server->grants = grant_open();
	if (server->grants < 0) {
		report_warning(report,
			       "/dev/xen/gntdev cannot be opened: guests are served only if "
			       "their store page is named at introduction");
	}
	err = open_ports(server, report);
	if (err) {
		return err;
	}
	ev_io_init(&server->ports_readable, on_ports, server->ports, EV_READ);
	server->ports_readable.data = server;
	ev_io_start(server->loop, &server->ports_readable);
	server->domains_changed = true; /* what happened while nobody listened */
	return 0;
}

static int read_own_port(uint32_t *port)
{
	FILE *file = fopen("/proc/xen/xsd_port", "re");
	int count;

	if (!file) {
		return -errno;
	}
	count = fscanf(file, "%u", port);
	fclose(file);
	return count == 1 ? 0 : -EIO;
}

int domains_introduce_own(struct server *server, struct report *report)
{
	struct conn *conn;
	struct wire *wire;
	uint32_t port;
	int err;

	if (xsd_domain(&server->store, 0)) {
		return 0;
	}
	err = read_own_port(&port);
	if (!err) {
		err = xsd_introduce(&server->store, 0, 0, port, true, &conn);
	}
	if (!err) {
		wire = conn->transport;
		xsd_settle(&server->store);
		ring_adopt(conn->slot, wire->page);
		domains_notify(wire);
	} else {
		xsd_settle(&server->store);
		err = report_error(report, -err, "the kernel's own store ring cannot be served");
		report_next(report,
			    "mount xenfs on /proc/xen; --no-domain-init serves sockets only");
	}
	return err;
}
