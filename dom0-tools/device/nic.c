/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network interfaces for Linux's netback. The driver makes a network device vifD.N, which has to
 * be put on a bridge and up before the driver may offer anything to the guest: that is what
 * hotplug-status = connected tells it. It is done here; a script is run only if one is configured.
 * The driver insists on a `script` node, so there is always one.
 */
#include "device/plug.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_SCRIPT "vif-bridge"
#define DEFAULT_MTU 1500U
#define APPEAR_STEP_NS 5000000L

void device_format_mac(const uint8_t mac[6], char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

/* Given, or random in the range that belongs to Xen's guests: 00:16:3e, then a 23-bit number. */
static int choose_mac(const struct device_site *site, const struct vm_nic *nic, uint8_t mac[6])
{
	static const uint8_t none[6] = {0};
	static const uint8_t prefix[3] = {0x00, 0x16, 0x3e};
	int err;

	if (memcmp(nic->mac, none, sizeof(none))) {
		memcpy(mac, nic->mac, sizeof(none));
		return 0;
	}
	memcpy(mac, prefix, sizeof(prefix));
	err = site->host->random(site->host_context, mac + 3, 3);
	mac[3] &= 0x7f;
	return err;
}

static int lowest_free(struct store *store, domid_t domid, uint32_t *devid)
{
	char path[PLUG_PATH];
	char *text;

	for (uint32_t id = 0; id < 4096; id++) {
		int err;

		snprintf(path, sizeof(path), "/libxl/%u/device/vif/%" PRIu32, domid, id);
		err = store_read(store, STORE_NO_TX, path, &text, NULL);
		if (err == -ENOENT) {
			*devid = id;
			return 0;
		}
		if (err) {
			return err;
		}
		free(text);
	}
	return -ENOSPC;
}

static void add_keys(const struct device_site *site, const struct vm_nic *nic, struct plug *plug,
		     const uint8_t mac[6])
{
	const char *script = plug->script ? plug->script : DEVICE_SCRIPTS "/" DEFAULT_SCRIPT;
	const char *gateway = nic->gatewaydev ? nic->gatewaydev : site->gatewaydev;
	char text[18];

	device_format_mac(mac, text);
	plug_begin_keys(plug);
	plug_back(plug, "script", "%s", script);
	if (plug->rename) {
		plug_back(plug, "vifname", "%s", plug->rename);
	}
	plug_back(plug, "mac", "%s", text);
	if (nic->ip) {
		plug_back(plug, "ip", "%s", nic->ip);
	}
	if (nic->rate_interval_us) {
		plug_back(plug, "rate", "%" PRIu64 ",%" PRIu32, nic->rate_bytes_per_interval,
			  nic->rate_interval_us);
	}
	plug_back(plug, "bridge", "%s", plug->bridge ? plug->bridge : "");
	if (gateway) {
		plug_back(plug, "gatewaydev", "%s", gateway);
	}
	plug_back(plug, "handle", "%" PRIu32, plug->devid);
	plug_back(plug, "type", "vif");
	plug_back(plug, "hotplug-status", "%s", "");
	plug_front(plug, "state", "%u", STATE_INITIALISING);
	plug_front(plug, "handle", "%" PRIu32, plug->devid);
	plug_front(plug, "mac", "%s", text);
	plug_front(plug, "trusted", "%d", choice_or(nic->trusted, true) ? 1 : 0);
	plug_front_fixed(plug, "mtu", "%u", plug->mtu ? plug->mtu : DEFAULT_MTU);
}

static char *copy(struct plug *plug, const char *text)
{
	char *made = text ? strdup(text) : NULL;

	plug->lost |= text && !made;
	return made;
}

static int check_names(const struct vm_nic *nic, const struct plug *plug, struct report *report)
{
	const char *names[] = {nic->ifname, plug->bridge};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i] && (strlen(names[i]) >= PLUG_NAME || strchr(names[i], '/'))) {
			plug_failed(plug, -EINVAL, report);
			report_why(report,
				   "'%s' is not a name of a network device (at most 15 "
				   "characters)",
				   names[i]);
			return -EINVAL;
		}
	}
	return 0;
}

static int identify(const struct device_site *site, domid_t domid, const struct vm_nic *nic,
		    domid_t *backend, uint32_t *devid, struct report *report)
{
	int err = 0;

	*backend = (domid_t)nic->backend_domid;
	*devid = (uint32_t)nic->devid;
	if (nic->backend_domname) {
		err = plug_find_domain(site->store, nic->backend_domname, backend);
		if (err) {
			return report_error(report, -err, "backend domain '%s'",
					    nic->backend_domname);
		}
	}
	if (nic->devid == VM_UNSET) {
		err = lowest_free(site->store, domid, devid);
	}
	return err ? report_error(report, -err, "an interface of domain %u", domid) : 0;
}

int nic_prepare(const struct device_site *site, domid_t domid, const struct vm_nic *nic,
		struct plug *plug, struct report *report)
{
	const char *script = nic->script ? nic->script : site->vif_script;
	uint8_t mac[6];
	domid_t backend;
	uint32_t devid;
	int err;

	*plug = (struct plug){.target.fd = -1};
	err = identify(site, domid, nic, &backend, &devid, report);
	if (err) {
		return err;
	}
	err = plug_init(plug, DEVICE_VIF, domid, backend, devid);
	if (!err) {
		err = choose_mac(site, nic, mac);
	}
	if (err) {
		return report_error(report, -err, "interface %" PRIu32 " of domain %u", devid,
				    domid);
	}
	snprintf(plug->interface, sizeof(plug->interface), "vif%u.%" PRIu32, domid, devid);
	plug->rename = copy(plug, nic->ifname);
	plug->bridge = copy(plug, nic->bridge    ? nic->bridge
				  : site->bridge ? site->bridge
						 : DEVICE_DEFAULT_BRIDGE);
	plug->mtu = nic->mtu > 0 ? (unsigned int)nic->mtu : 0;
	if (script) {
		plug->script = plug_script_path(script);
		plug->lost |= !plug->script;
	}
	add_keys(site, nic, plug, mac);
	return check_names(nic, plug, report);
}

/* --- connecting ----------------------------------------------------------------------------------
 */
static int mark_connected(const struct device_site *site, const struct plug *plug,
			  struct report *report)
{
	char path[PLUG_PATH + 32];
	int err;

	snprintf(path, sizeof(path), "%s/hotplug-status", plug->back);
	err = store_write_text(site->store, STORE_NO_TX, path, "connected");
	return err ? plug_failed(plug, err, report) : 0;
}

static int plug_in(const struct device_site *site, struct plug *plug, struct report *report)
{
	const struct device_interface interface = {
		.name = plug->interface,
		.rename = plug->rename,
		.bridge = plug->bridge,
		.mtu = plug->mtu,
	};
	const struct timespec step = {.tv_nsec = APPEAR_STEP_NS};
	unsigned int timeout = site->timeout_ms ? site->timeout_ms : DEVICE_TIMEOUT_MS;
	int err;

	/* The device appears a moment after the driver's state. */
	for (unsigned int ms = 0;; ms += APPEAR_STEP_NS / 1000000) {
		err = site->host->plug(site->host_context, &interface);
		if (err != -ENODEV || ms >= timeout) {
			break;
		}
		nanosleep(&step, NULL);
	}
	plug->plugged = !err;
	if (!err) {
		return 0;
	}
	plug_failed(plug, err, report);
	if (err == -ENXIO) {
		report_why(report, "there is no bridge '%s'", plug->bridge);
		report_next(report,
			    "make it (ip link add %s type bridge), or name another: "
			    "vif = ['bridge=...']",
			    plug->bridge);
	} else if (err == -ENODEV) {
		report_why(report, "the network backend made no interface %s", plug->interface);
	}
	return err;
}

int nic_connect(const struct device_site *site, struct plug *plug, struct report *report)
{
	int err;

	if (plug->backend_domid) {
		return 0;
	}
	if (plug->script) {
		return site->run_scripts ? plug_run_script(site, plug, "online", report) : 0;
	}
	err = plug_in(site, plug, report);
	return err ? err : mark_connected(site, plug, report);
}
