/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte channels: consoles from number 1 on, served by xenconsoled (xenconsoled/channel.h has the
 * states), by a terminal or at a socket. What a channel is stands in the backend's folder, which
 * the guest cannot write; the frontend's folder has what upstream's tools look for there.
 */
#include "device/plug.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

#define PATH_ROOM sizeof(((struct sockaddr_un *)NULL)->sun_path)

static int check_path(const struct vm_channel *channel, const struct plug *plug,
		      struct report *report)
{

	const char *path = channel->path ? channel->path : "";

	if (path[0] == '/' && strlen(path) < PATH_ROOM) {
		return 0;
	}
	plug_failed(plug, -EINVAL, report);
	report_why(report, "'%s' is not the full path of a socket, of at most %zu bytes", path,
		   PATH_ROOM - 1);
	return -EINVAL;
}

int channel_prepare(const struct device_site *site, domid_t domid, const struct vm_channel *channel,
		    uint32_t devid, struct plug *plug, struct report *report)
{
	bool is_socket = channel->connection == VM_CHANNEL_SOCKET;
	domid_t backend = (domid_t)channel->backend_domid;
	int err = 0;

	*plug = (struct plug){.target.fd = -1};
	if (channel->backend_domname) {
		err = plug_find_domain(site->store, channel->backend_domname, &backend);
	}
	if (err) {
		return report_error(report, -err, "backend domain '%s'", channel->backend_domname);
	}
	err = plug_init(plug, DEVICE_CONSOLE, domid, backend, devid);
	if (err) {
		return report_error(report, -err, "channel %u of domain %u", devid, domid);
	}
	plug_begin_keys(plug);
	plug_back(plug, "protocol", "vt100");
	plug_back(plug, "name", "%s", channel->name ? channel->name : "");
	plug_back(plug, "connection", is_socket ? "socket" : "pty");
	if (channel->path) {
		plug_back(plug, "path", "%s", channel->path);
	}
	plug_back(plug, "tty", "%s", "");
	plug_back(plug, "type", "xenconsoled");
	plug_front(plug, "state", "%u", STATE_INITIALISING);
	plug_front(plug, "protocol", "vt100");
	plug_front_fixed(plug, "name", "%s", channel->name ? channel->name : "");
	plug_front_fixed(plug, "type", "xenconsoled");
	plug_front_fixed(plug, "output", is_socket ? "socket" : "pty");
	plug_front_fixed(plug, "tty", "%s", "");
	return is_socket ? check_path(channel, plug, report) : 0;
}
