/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices in a store of the test's own, with a thread in place of the backends' drivers and a host
 * that can be told to fail. What is left after a failure is compared with what was before.
 */
#include "device/device.h"
#include "device/device_host.h"
#include "unit/fake_store.h"
#include "unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#define WAIT_MS 300
#define DRIVER_WATCHES 2

/* --- the host ------------------------------------------------------------------------------------
 */
struct host {
	unsigned int calls;
	unsigned int fail_at;
	int fail_with;
	int open_targets;
	int plugged;
	unsigned int scripts;
	char last_script[64];
	char last_argument[16];
	char environment[512];
	int script_status;
	bool holds;
};

static int step(struct host *host)
{
	return ++host->calls == host->fail_at ? -host->fail_with : 0;
}

static int identify(void *context, const char *path, struct device_target *target)
{
	*target = (struct device_target){.fd = -1};
	if (!strncmp(path, "/dev/", 5)) {
		target->number = makedev(8, (unsigned int)path[strlen(path) - 1]);
		return 0;
	}
	if (!strncmp(path, "/images/", 8)) {
		target->is_loop = true;
		target->file_dev = 1;
		target->file_inode = (ino_t)path[8];
		target->number = makedev(7, 11);
		return 0;
	}
	return -ENOENT;
}

static int open_disk(void *context, const char *path, bool readwrite, bool direct_io,
		     struct device_target *target)
{
	struct host *host = context;
	int err = step(host);

	err = err ? err : identify(context, path, target);
	if (!err) {
		snprintf(target->path, sizeof(target->path), "%s",
			 target->is_loop ? "/dev/loop11" : path);
		host->open_targets++;
	}
	return err;
}

static void close_disk(void *context, struct device_target *target)
{
	struct host *host = context;

	host->open_targets--;
}

static int backend_holds(void *context, unsigned int domid, uint32_t devid)
{
	struct host *host = context;

	return host->holds ? step(host) : -EAGAIN;
}

static int plug(void *context, const struct device_interface *interface)
{
	struct host *host = context;
	int err = step(host);

	if (!err && interface->bridge && !strcmp(interface->bridge, "nobridge")) {
		return -ENXIO;
	}
	host->plugged += !err;
	return err;
}

static void unplug(void *context, const struct device_interface *interface)
{
	struct host *host = context;

	host->plugged--;
}

static int script(void *context, const char *path, const char *argument,
		  const char *const *environment, unsigned int timeout_ms, int *status)
{
	struct host *host = context;

	host->scripts++;
	snprintf(host->last_script, sizeof(host->last_script), "%s", path);
	snprintf(host->last_argument, sizeof(host->last_argument), "%s", argument);
	host->environment[0] = 0;
	for (int i = 0; environment[i]; i++) {
		strcat(host->environment, environment[i]);
		strcat(host->environment, " ");
	}
	*status = host->script_status;
	return step(host);
}

static int random_bytes(void *context, void *bytes, size_t count)
{
	memset(bytes, 0xff, count);
	return 0;
}

static const struct device_host fake_host = {
	.open_disk = open_disk,
	.close_disk = close_disk,
	.identify = identify,
	.backend_holds = backend_holds,
	.plug = plug,
	.unplug = unplug,
	.script = script,
	.random = random_bytes,
};

/* --- the drivers ---------------------------------------------------------------------------------
 */
static struct fake_store *fake;
static struct host host;
static struct device_site site;
static struct report report;
static pthread_t driver;
static bool driver_hangs;

/* A backend's driver, or xenconsoled: 1 to 2; with 5, or its other end gone, 6. */
static void drive(struct store *store, const char *path)
{
	uint64_t state;

	if (strlen(path) < 6 || strcmp(path + strlen(path) - 6, "/state") ||
	    store_read_number(store, STORE_NO_TX, path, &state)) {
		return;
	}
	if (state == 1) {
		store_write_text(store, STORE_NO_TX, path, "2");
	} else if (state == 5) {
		store_write_text(store, STORE_NO_TX, path, "6");
	}
}

static void *run_driver(void *data)
{
	struct store *store;
	struct store_event event;
	bool over = false;

	if (store_attach(&store, fake_store_connect(fake))) {
		return NULL;
	}
	store_watch(store, "/local/domain/0/backend", "driver");
	store_watch(store, "/stop", "driver");
	while (!over && !store_next_event(store, 20000, &event)) {
		char *stop = NULL;

		if (!driver_hangs) {
			drive(store, event.path);
		}
		over = !store_read(store, STORE_NO_TX, "/stop", &stop, NULL);
		free(stop);
		store_event_clear(&event);
	}
	store_close(store);
	return NULL;
}

/* Connections come and go a moment after the call that caused it. */
static void wait_watches(unsigned int wanted)
{
	for (int i = 0; i < 1000 && fake_store_watches(fake) != wanted; i++) {
		usleep(1000);
	}
	CU_ASSERT_EQUAL(fake_store_watches(fake), wanted);
}

static void begin(void)
{
	host = (struct host){.holds = true};
	report = (struct report){0};
	driver_hangs = false;
	fake = fake_store_start(NULL);
	site = (struct device_site){
		.host = &fake_host,
		.host_context = &host,
		.timeout_ms = WAIT_MS,
		.run_scripts = true,
	};
	CU_ASSERT_EQUAL_FATAL(store_attach(&site.store, fake_store_connect(fake)), 0);
	fake_store_set(fake, "/local/domain/3/name", "web");
	fake_store_set(fake, "/local/domain/7/name", "storage");
	pthread_create(&driver, NULL, run_driver, NULL);
	wait_watches(DRIVER_WATCHES);
}

static void end(void)
{
	wait_watches(DRIVER_WATCHES);
	fake_store_set(fake, "/stop", "1");
	pthread_join(driver, NULL);
	CU_ASSERT_EQUAL(host.open_targets, 0);
	store_close(site.store);
	fake_store_stop(fake);
	report_clear(&report);
}

static bool node_is(const char *path, const char *value)
{
	char *text = fake_store_get(fake, path);
	bool is = text && value ? !strcmp(text, value) : !text && !value;

	if (!is) {
		printf("    %s is '%s', not '%s'\n", path, text ? text : "(missing)",
		       value ? value : "(missing)");
	}
	free(text);
	return is;
}

static bool said(const char *text)
{
	char *all = NULL;
	size_t size;
	FILE *to = open_memstream(&all, &size);
	bool found;

	report_print(&report, "test", false, to);
	fclose(to);
	found = strstr(all, text) != NULL;
	if (!found) {
		printf("    wanted: %s\n    got: %s", text, all);
	}
	free(all);
	return found;
}

static struct vm_disk *new_disk(struct vm_config *config, const char *path, const char *vdev)
{
	struct vm_disk *disk = vm_config_add_disk(config);

	disk->path = strdup(path);
	disk->vdev = strdup(vdev);
	disk->format = VM_DISK_FORMAT_RAW;
	disk->readwrite = true;
	return disk;
}

/* No trace in the store, no port on a bridge. */
static void check_nothing_left(void)
{
	CU_ASSERT_TRUE(node_is("/libxl/3/device/vbd/51712", NULL));
	CU_ASSERT_TRUE(node_is("/libxl/3/device/vif/0", NULL));
	CU_ASSERT_TRUE(node_is("/local/domain/0/backend/vbd/3", NULL));
	CU_ASSERT_TRUE(node_is("/local/domain/0/backend/vif/3", NULL));
	CU_ASSERT_TRUE(node_is("/local/domain/3/device/vbd", NULL));
	CU_ASSERT_TRUE(node_is("/local/domain/3/device/vif", NULL));
	CU_ASSERT_TRUE(node_is("/libxl/3/device/console", NULL));
	CU_ASSERT_TRUE(node_is("/local/domain/0/backend/console/3", NULL));
	CU_ASSERT_TRUE(node_is("/local/domain/3/device/console", NULL));
}

static struct vm_channel *new_channel(struct vm_config *config, const char *socket)
{
	struct vm_channel *channel = calloc(1, sizeof(*channel));

	config->channels = channel;
	config->channel_count = 1;
	channel->name = strdup("agent");
	channel->connection = socket ? VM_CHANNEL_SOCKET : VM_CHANNEL_PTY;
	channel->path = socket ? strdup(socket) : NULL;
	return channel;
}

/* --- disks ---------------------------------------------------------------------------------------
 */
#define VBD "/local/domain/0/backend/vbd/3/51712/"
#define VBD_FRONT "/local/domain/3/device/vbd/51712/"

static void a_disk_has_upstreams_nodes(void)
{
	struct vm_config *config = vm_config_new();
	uint32_t devid;

	begin();
	const struct vm_disk *disk = new_disk(config, "/dev/vg/a", "xvda");
	CU_ASSERT_EQUAL_FATAL(device_attach_disk(&site, 3, disk, &devid, &report), 0);
	CU_ASSERT_EQUAL(devid, 51712);
	CU_ASSERT_TRUE(node_is(VBD "frontend", "/local/domain/3/device/vbd/51712"));
	CU_ASSERT_TRUE(node_is(VBD "params", "/dev/vg/a"));
	CU_ASSERT_TRUE(node_is(VBD "script", "/etc/xen/scripts/block"));
	CU_ASSERT_TRUE(node_is(VBD "frontend-id", "3"));
	CU_ASSERT_TRUE(node_is(VBD "online", "1"));
	CU_ASSERT_TRUE(node_is(VBD "removable", "0"));
	CU_ASSERT_TRUE(node_is(VBD "bootable", "1"));
	CU_ASSERT_TRUE(node_is(VBD "state", "2"));
	CU_ASSERT_TRUE(node_is(VBD "dev", "xvda"));
	CU_ASSERT_TRUE(node_is(VBD "type", "phy"));
	CU_ASSERT_TRUE(node_is(VBD "mode", "w"));
	CU_ASSERT_TRUE(node_is(VBD "device-type", "disk"));
	CU_ASSERT_TRUE(node_is(VBD "discard-enable", "1"));
	CU_ASSERT_TRUE(node_is(VBD "specification", "xen"));
	CU_ASSERT_TRUE(node_is(VBD "physical-device", "8:61"));
	CU_ASSERT_TRUE(node_is(VBD "hotplug-status", "connected"));
	CU_ASSERT_TRUE(node_is(VBD "node", NULL));
	CU_ASSERT_TRUE(node_is(VBD_FRONT "backend", "/local/domain/0/backend/vbd/3/51712"));
	CU_ASSERT_TRUE(node_is(VBD_FRONT "backend-id", "0"));
	CU_ASSERT_TRUE(node_is(VBD_FRONT "state", "1"));
	CU_ASSERT_TRUE(node_is(VBD_FRONT "virtual-device", "51712"));
	CU_ASSERT_TRUE(node_is(VBD_FRONT "device-type", "disk"));
	CU_ASSERT_TRUE(node_is(VBD_FRONT "trusted", "1"));
	CU_ASSERT_TRUE(node_is("/libxl/3/device/vbd/51712/params", "/dev/vg/a"));
	CU_ASSERT_TRUE(
		node_is("/libxl/3/device/vbd/51712/frontend", "/local/domain/3/device/vbd/51712"));
	CU_ASSERT_EQUAL(host.scripts, 0);
	end();
	vm_config_free(config);
}

static void a_file_becomes_a_loop_device(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	struct vm_disk *disk = new_disk(config, "/images/a", "xvda");
	disk->readwrite = false;
	CU_ASSERT_EQUAL_FATAL(device_attach_disk(&site, 3, disk, NULL, &report), 0);
	CU_ASSERT_TRUE(node_is(VBD "params", "/images/a"));
	CU_ASSERT_TRUE(node_is(VBD "node", "/dev/loop11"));
	CU_ASSERT_TRUE(node_is(VBD "physical-device", "7:b"));
	CU_ASSERT_TRUE(node_is(VBD "mode", "r"));
	CU_ASSERT_TRUE(node_is(VBD "discard-enable", "0"));
	CU_ASSERT_EQUAL(host.open_targets, 0);
	end();
	vm_config_free(config);
}

static void a_loop_device_nobody_takes_is_given_back(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	host.holds = false;
	CU_ASSERT_EQUAL(
		device_attach_disk(&site, 3, new_disk(config, "/images/a", "xvda"), NULL, &report),
		-ETIMEDOUT);
	CU_ASSERT_TRUE(said("disk 'xvda' of domain 3: the block backend did not open /dev/loop11"));
	check_nothing_left();
	end();
	vm_config_free(config);
}

static void two_writers_are_refused(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	struct vm_disk *disk = new_disk(config, "/images/a", "xvda");
	CU_ASSERT_EQUAL_FATAL(device_attach_disk(&site, 7, disk, NULL, &report), 0);
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), -EBUSY);
	CU_ASSERT_TRUE(said("domain 7 has it, and one of the two may write"));
	check_nothing_left();
	disk->readwrite = false;
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), -EBUSY);
	CU_ASSERT_EQUAL(device_detach(&site, 7, DEVICE_VBD, 51712, true, &report), 0);
	CU_ASSERT_EQUAL(device_attach_disk(&site, 7, disk, NULL, &report), 0);
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), 0);
	end();
	vm_config_free(config);
}

static void disks_nobody_here_can_serve_are_refused(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	struct vm_disk *disk = new_disk(config, "/images/a", "xvda");
	disk->format = VM_DISK_FORMAT_QCOW2;
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), -EOPNOTSUPP);
	CU_ASSERT_TRUE(said("qemu-img convert -O raw"));
	disk->format = VM_DISK_FORMAT_RAW;
	disk->backend = VM_DISK_BACKEND_QDISK;
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), -EOPNOTSUPP);
	disk->backend = VM_DISK_BACKEND_PHY;
	free(disk->vdev);
	disk->vdev = strdup("floppy");
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), -EINVAL);
	CU_ASSERT_TRUE(said("disk 'floppy': not a name of a virtual disk"));
	free(disk->path);
	disk->path = strdup("/nonexistent");
	free(disk->vdev);
	disk->vdev = strdup("xvda");
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), -ENOENT);
	CU_ASSERT_TRUE(said("'/nonexistent': No such file or directory"));
	check_nothing_left();
	end();
	vm_config_free(config);
}

static void the_same_disk_twice_is_refused(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	CU_ASSERT_EQUAL(
		device_attach_disk(&site, 3, new_disk(config, "/images/a", "xvda"), NULL, &report),
		0);
	CU_ASSERT_EQUAL(
		device_attach_disk(&site, 3, new_disk(config, "/images/b", "xvda"), NULL, &report),
		-EEXIST);
	CU_ASSERT_TRUE(said("the domain has such a device already"));
	CU_ASSERT_TRUE(node_is(VBD "params", "/images/a"));
	end();
	vm_config_free(config);
}

static void a_disk_script_gets_its_environment(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	struct vm_disk *disk = new_disk(config, "iqn.2001:target", "xvda");
	disk->script = strdup("block-iscsi");
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), 0);
	CU_ASSERT_STRING_EQUAL(host.last_script, "/etc/xen/scripts/block-iscsi");
	CU_ASSERT_STRING_EQUAL(host.last_argument, "add");
	CU_ASSERT_STRING_EQUAL(host.environment,
			       "XENBUS_TYPE=vbd XENBUS_PATH=backend/vbd/3/51712 "
			       "XENBUS_BASE_PATH=backend script=/etc/xen/scripts/block-iscsi ");
	CU_ASSERT_EQUAL(device_detach(&site, 3, DEVICE_VBD, 51712, false, &report), 0);
	CU_ASSERT_STRING_EQUAL(host.last_argument, "remove");
	host.script_status = 1 << 8;
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), -EIO);
	CU_ASSERT_TRUE(said("hotplug script '/etc/xen/scripts/block-iscsi' failed with status 1"));
	check_nothing_left();
	end();
	vm_config_free(config);
}

/* --- interfaces ----------------------------------------------------------------------------------
 */
#define VIF "/local/domain/0/backend/vif/3/0/"
#define VIF_FRONT "/local/domain/3/device/vif/0/"

static void an_interface_has_upstreams_nodes(void)
{
	struct vm_config *config = vm_config_new();
	uint32_t devid = 9;

	begin();
	struct vm_nic *nic = vm_config_add_nic(config);
	nic->rate_interval_us = 50000;
	nic->rate_bytes_per_interval = 62500;
	CU_ASSERT_EQUAL_FATAL(device_attach_nic(&site, 3, nic, &devid, &report), 0);
	CU_ASSERT_EQUAL(devid, 0);
	/* 23 random bits behind Xen's prefix */
	CU_ASSERT_TRUE(node_is(VIF "mac", "00:16:3e:7f:ff:ff"));
	CU_ASSERT_TRUE(node_is(VIF "bridge", "xenbr0"));
	CU_ASSERT_TRUE(node_is(VIF "script", "/etc/xen/scripts/vif-bridge"));
	CU_ASSERT_TRUE(node_is(VIF "rate", "62500,50000"));
	CU_ASSERT_TRUE(node_is(VIF "handle", "0"));
	CU_ASSERT_TRUE(node_is(VIF "type", "vif"));
	CU_ASSERT_TRUE(node_is(VIF "hotplug-status", "connected"));
	CU_ASSERT_TRUE(node_is(VIF_FRONT "mac", "00:16:3e:7f:ff:ff"));
	CU_ASSERT_TRUE(node_is(VIF_FRONT "mtu", "1500"));
	CU_ASSERT_TRUE(node_is(VIF_FRONT "handle", "0"));
	CU_ASSERT_EQUAL(host.plugged, 1);
	CU_ASSERT_EQUAL(host.scripts, 0);
	CU_ASSERT_EQUAL_FATAL(device_attach_nic(&site, 3, nic, &devid, &report), 0);
	CU_ASSERT_EQUAL(devid, 1);
	end();
	vm_config_free(config);
}

static void a_missing_bridge_is_named(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	struct vm_nic *nic = vm_config_add_nic(config);
	nic->bridge = strdup("nobridge");
	CU_ASSERT_EQUAL(device_attach_nic(&site, 3, nic, NULL, &report), -ENXIO);
	CU_ASSERT_TRUE(said("vif 0 of domain 3: there is no bridge 'nobridge'"));
	CU_ASSERT_TRUE(said("ip link add nobridge type bridge"));
	check_nothing_left();
	free(nic->bridge);
	nic->bridge = strdup("a-name-of-17-chars");
	CU_ASSERT_EQUAL(device_attach_nic(&site, 3, nic, NULL, &report), -EINVAL);
	CU_ASSERT_TRUE(said("at most 15 characters"));
	end();
	vm_config_free(config);
}

static void a_configured_script_replaces_the_bridge(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	site.vif_script = "vif-route";
	CU_ASSERT_EQUAL(device_attach_nic(&site, 3, vm_config_add_nic(config), NULL, &report), 0);
	CU_ASSERT_STRING_EQUAL(host.last_script, "/etc/xen/scripts/vif-route");
	CU_ASSERT_STRING_EQUAL(host.last_argument, "online");
	CU_ASSERT_PTR_NOT_NULL(strstr(host.environment, "vif=vif3.0 "));
	CU_ASSERT_EQUAL(host.plugged, 0);
	end();
	vm_config_free(config);
}

static void a_driver_that_does_not_answer_is_named(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	driver_hangs = true;
	CU_ASSERT_EQUAL(device_attach_nic(&site, 3, vm_config_add_nic(config), NULL, &report),
			-ETIMEDOUT);
	CU_ASSERT_TRUE(said("vif 0 of domain 3: its backend stays in state 1 (Initialising)"));
	CU_ASSERT_TRUE(said("modprobe xen-netback"));
	check_nothing_left();
	end();
	vm_config_free(config);
}

static void another_domains_driver_is_left_to_it(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	struct vm_disk *disk = new_disk(config, "/dev/there/a", "xvda");
	disk->backend_domname = strdup("storage");
	site.timeout_ms = 50;
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), -ETIMEDOUT);
	CU_ASSERT_TRUE(said("is domain 7 up, with a driver for vbd?"));
	CU_ASSERT_EQUAL(host.calls, 0);
	free(disk->backend_domname);
	disk->backend_domname = strdup("nobody");
	CU_ASSERT_EQUAL(device_attach_disk(&site, 3, disk, NULL, &report), -ENOENT);
	CU_ASSERT_TRUE(said("backend domain 'nobody'"));
	end();
	vm_config_free(config);
}

/* --- channels ------------------------------------------------------------------------------------
 */
#define CHANNEL "/local/domain/0/backend/console/3/1/"
#define CHANNEL_FRONT "/local/domain/3/device/console/1/"

static void a_channel_is_a_second_console(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	new_channel(config, "/run/agent");
	CU_ASSERT_EQUAL(device_attach_all(&site, 3, config, &report), 0);
	CU_ASSERT_TRUE(node_is(CHANNEL "frontend", "/local/domain/3/device/console/1"));
	CU_ASSERT_TRUE(node_is(CHANNEL "frontend-id", "3"));
	CU_ASSERT_TRUE(node_is(CHANNEL "state", "2"));
	CU_ASSERT_TRUE(node_is(CHANNEL "type", "xenconsoled"));
	CU_ASSERT_TRUE(node_is(CHANNEL "connection", "socket"));
	CU_ASSERT_TRUE(node_is(CHANNEL "path", "/run/agent"));
	CU_ASSERT_TRUE(node_is(CHANNEL "name", "agent"));
	CU_ASSERT_TRUE(node_is(CHANNEL "tty", ""));
	CU_ASSERT_TRUE(node_is(CHANNEL_FRONT "backend", "/local/domain/0/backend/console/3/1"));
	CU_ASSERT_TRUE(node_is(CHANNEL_FRONT "backend-id", "0"));
	CU_ASSERT_TRUE(node_is(CHANNEL_FRONT "state", "1"));
	CU_ASSERT_TRUE(node_is(CHANNEL_FRONT "type", "xenconsoled"));
	CU_ASSERT_TRUE(node_is(CHANNEL_FRONT "name", "agent"));
	CU_ASSERT_EQUAL(device_detach_all(&site, 3, &report), 0);
	check_nothing_left();
	end();
	vm_config_free(config);
}

static void a_channel_nobody_serves_is_named(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	driver_hangs = true;
	new_channel(config, NULL);
	CU_ASSERT_EQUAL(device_attach_all(&site, 3, config, &report), -ETIMEDOUT);
	CU_ASSERT_TRUE(said("console 1 of domain 3: its backend stays in state 1 (Initialising)"));
	CU_ASSERT_TRUE(said("is xenconsoled running?"));
	check_nothing_left();
	end();
	vm_config_free(config);
}

static void *refuse(void *data)
{
	for (int i = 0; i < 1000; i++) {
		char *state = fake_store_get(fake, CHANNEL "state");

		if (state) {
			free(state);
			break;
		}
		usleep(1000);
	}
	fake_store_set(fake, CHANNEL "error", "Address already in use");
	fake_store_set(fake, CHANNEL "state", "6");
	return NULL;
}

static void a_channel_that_cannot_be_served_says_why(void)
{
	struct vm_config *config = vm_config_new();
	pthread_t refuser;

	begin();
	driver_hangs = true;
	site.timeout_ms = 10000;
	new_channel(config, "/run/agent");
	pthread_create(&refuser, NULL, refuse, NULL);
	CU_ASSERT_EQUAL(device_attach_all(&site, 3, config, &report), -EIO);
	pthread_join(refuser, NULL);
	CU_ASSERT_TRUE(said("Address already in use"));
	check_nothing_left();
	end();
	vm_config_free(config);
}

static void a_path_no_socket_can_have_is_refused(void)
{
	static const char *const paths[] = {
		"relative",
		"",
		"/a/path/that/is/longer/than/what/a/socket/of/this/system/can/be/bound/to/because/"
		"only/one/hundred/and/seven/bytes/fit",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct vm_config *config = vm_config_new();

		begin();
		new_channel(config, paths[i]);
		CU_ASSERT_EQUAL(device_attach_all(&site, 3, config, &report), -EINVAL);
		CU_ASSERT_TRUE(said("is not the full path of a socket, of at most 107 bytes"));
		check_nothing_left();
		end();
		vm_config_free(config);
	}
}

/* --- all of them ---------------------------------------------------------------------------------
 */
static struct vm_config *four_devices(void)
{
	struct vm_config *config = vm_config_new();

	new_disk(config, "/images/a", "xvda");
	new_disk(config, "/dev/vg/b", "xvdb");
	vm_config_add_nic(config);
	new_channel(config, NULL);
	return config;
}

static void all_devices_are_attached_and_removed(void)
{
	struct vm_config *config = four_devices();
	struct device_entry *entries;
	unsigned int count;

	begin();
	CU_ASSERT_EQUAL_FATAL(device_attach_all(&site, 3, config, &report), 0);
	CU_ASSERT_EQUAL(device_list(site.store, 3, &entries, &count), 0);
	CU_ASSERT_EQUAL_FATAL(count, 4);
	CU_ASSERT_EQUAL(entries[0].kind, DEVICE_CONSOLE);
	CU_ASSERT_EQUAL(entries[0].devid, 1);
	CU_ASSERT_EQUAL(entries[1].devid, 51712);
	CU_ASSERT_EQUAL(entries[2].devid, 51728);
	CU_ASSERT_EQUAL(entries[3].kind, DEVICE_VIF);
	CU_ASSERT_EQUAL(entries[3].backend_state, 2);
	CU_ASSERT_TRUE(entries[3].online);
	device_entries_free(entries, count);
	CU_ASSERT_EQUAL(device_detach_all(&site, 3, &report), 0);
	check_nothing_left();
	CU_ASSERT_EQUAL(host.plugged, 0);
	CU_ASSERT_EQUAL(device_list(site.store, 3, &entries, &count), 0);
	CU_ASSERT_EQUAL(count, 0);
	end();
	vm_config_free(config);
}

static void whatever_fails_nothing_is_left(void)
{
	struct vm_config *config = four_devices();
	unsigned int failures = 0;
	int err = -1;

	for (unsigned int at = 1; err; at++) {
		begin();
		host.fail_at = at;
		host.fail_with = EACCES;
		err = device_attach_all(&site, 3, config, &report);
		failures += err != 0;
		if (err) {
			CU_ASSERT_EQUAL(err, -EACCES);
			CU_ASSERT_TRUE(said("of domain 3"));
			check_nothing_left();
		}
		end();
	}
	/* Two disks opened, one loop device held, one interface plugged. */
	CU_ASSERT_EQUAL(failures, 4);
	vm_config_free(config);
}

static void an_error_of_the_store_gets_through(void)
{
	static const uint32_t types[] = {XS_WRITE, XS_MKDIR, XS_SET_PERMS, XS_TRANSACTION_START};
	struct vm_config *config = four_devices();

	/* What a transaction did before it failed is the store's to undo. */
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		begin();
		fake_store_fail(fake, types[i], "ENOSPC");
		CU_ASSERT_EQUAL(device_attach_all(&site, 3, config, &report), -ENOSPC);
		CU_ASSERT_FALSE(fake_store_in_transaction(fake));
		end();
	}
	begin();
	fake_store_fail(fake, XS_WATCH, "E2BIG");
	CU_ASSERT_EQUAL(device_attach_all(&site, 3, config, &report), -E2BIG);
	check_nothing_left();
	end();
	vm_config_free(config);
}

static void a_guest_that_keeps_a_disk_is_told_of(void)
{
	struct vm_config *config = vm_config_new();

	begin();
	CU_ASSERT_EQUAL(
		device_attach_disk(&site, 3, new_disk(config, "/images/a", "xvda"), NULL, &report),
		0);
	driver_hangs = true;
	CU_ASSERT_EQUAL(device_detach(&site, 3, DEVICE_VBD, 51712, false, &report), -ETIMEDOUT);
	CU_ASSERT_TRUE(said("its backend stays in state 5 (Closing)"));
	CU_ASSERT_TRUE(node_is(VBD "online", "0"));
	CU_ASSERT_TRUE(node_is(VBD_FRONT "state", "1"));
	/* By force it goes all the same. */
	CU_ASSERT_EQUAL(device_detach(&site, 3, DEVICE_VBD, 51712, true, &report), -ETIMEDOUT);
	check_nothing_left();
	CU_ASSERT_EQUAL(device_detach(&site, 3, DEVICE_VBD, 51712, false, &report), -ENOENT);
	end();
	vm_config_free(config);
}

static void the_console_is_where_xenconsoled_looks(void)
{
	const struct device_console console = {.frame = 1173506, .port = 2};

	begin();
	CU_ASSERT_EQUAL(device_add_console(&site, 3, &console, &report), 0);
	CU_ASSERT_TRUE(node_is("/local/domain/3/console/ring-ref", "1173506"));
	CU_ASSERT_TRUE(node_is("/local/domain/3/console/port", "2"));
	CU_ASSERT_TRUE(node_is("/local/domain/3/console/type", "xenconsoled"));
	CU_ASSERT_TRUE(node_is("/local/domain/3/console/output", "pty"));
	CU_ASSERT_TRUE(node_is("/local/domain/3/console/limit", "1048576"));
	CU_ASSERT_TRUE(
		node_is("/local/domain/3/console/backend", "/local/domain/0/backend/console/3/0"));
	CU_ASSERT_TRUE(
		node_is("/local/domain/0/backend/console/3/0/frontend", "/local/domain/3/console"));
	CU_ASSERT_TRUE(node_is("/local/domain/0/backend/console/3/0/protocol", "vt100"));
	CU_ASSERT_EQUAL(device_detach_all(&site, 3, &report), 0);
	CU_ASSERT_TRUE(node_is("/local/domain/3/console/port", NULL));
	CU_ASSERT_TRUE(node_is("/local/domain/0/backend/console/3", NULL));
	end();
}

static void a_guests_lies_are_not_followed(void)
{
	struct device_entry *entries;
	unsigned int count;

	begin();
	/* Not in dom0's record: neither listed nor removed. */
	fake_store_set(fake, "/local/domain/3/device/vbd/51712/backend", "/local/domain/7");
	CU_ASSERT_EQUAL(device_list(site.store, 3, &entries, &count), 0);
	CU_ASSERT_EQUAL(count, 0);
	CU_ASSERT_EQUAL(device_detach_all(&site, 3, &report), 0);
	CU_ASSERT_TRUE(node_is("/local/domain/7/name", "storage"));
	device_entries_free(entries, count);
	end();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_disk_has_upstreams_nodes),
		UNIT(a_file_becomes_a_loop_device),
		UNIT(a_loop_device_nobody_takes_is_given_back),
		UNIT(two_writers_are_refused),
		UNIT(disks_nobody_here_can_serve_are_refused),
		UNIT(the_same_disk_twice_is_refused),
		UNIT(a_disk_script_gets_its_environment),
		UNIT(an_interface_has_upstreams_nodes),
		UNIT(a_missing_bridge_is_named),
		UNIT(a_configured_script_replaces_the_bridge),
		UNIT(a_driver_that_does_not_answer_is_named),
		UNIT(another_domains_driver_is_left_to_it),
		UNIT(a_channel_is_a_second_console),
		UNIT(a_channel_nobody_serves_is_named),
		UNIT(a_channel_that_cannot_be_served_says_why),
		UNIT(a_path_no_socket_can_have_is_refused),
		UNIT(all_devices_are_attached_and_removed),
		UNIT(whatever_fails_nothing_is_left),
		UNIT(an_error_of_the_store_gets_through),
		UNIT(a_guest_that_keeps_a_disk_is_told_of),
		UNIT(the_console_is_where_xenconsoled_looks),
		UNIT(a_guests_lies_are_not_followed),
	};

	return unit_main("device", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
