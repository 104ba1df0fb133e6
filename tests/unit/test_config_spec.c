/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The languages inside the strings: disks, interfaces, CPU lists, sizes, UUIDs, names of virtual
 * devices. What upstream takes is covered by tests/golden/config; here is what is refused, and what
 * the public functions promise besides.
 */
#include "unit/config_world.h"

#include "config/xl_conf.h"

#include <unistd.h>

static void disk_refused(const char *spec, const char *message)
{
	struct vm_disk disk;

	config_world_end();
	CU_ASSERT_EQUAL(config_read_disk(spec, &disk, &config_world_report), -EINVAL);
	CU_ASSERT_TRUE(said(message));
	CU_ASSERT_PTR_NULL(disk.path);
	CU_ASSERT_PTR_NULL(disk.vdev);
}

static void wrong_disks_name_the_word(void)
{
	disk_refused("/x,xvda,w",
		     "disk '/x,xvda,w': unknown format: 'xvda'\n    write TARGET,FORMAT");
	disk_refused("/x,raw,xvda,z", "unknown access: 'z'");
	disk_refused("/x,raw,xvda,w,more", "what this means is unknown: 'more'");
	disk_refused("/x,raw,xvda,w,more=1", "unknown key: 'more'");
	disk_refused("/x,raw,xvda,w,devtype=tape", "unknown type of device: 'tape'");
	disk_refused("/x,raw,xvda,w,backendtype=foo", "unknown backendtype: 'foo'");
	disk_refused("/x,raw,xvda,w,vdev=xvdb", "a second vdev: 'xvdb'");
	disk_refused("/x,raw,xvda,w,target=/y", "a second target: '/y'");
	disk_refused("raw:qcow2:/x,hda,w", "a second format: 'qcow2'");
	disk_refused("", "no vdev is given");
	disk_refused("target=/x", "no vdev is given");
	disk_refused("vdev=xvda", "no target is given, and xvda is not a CD drive");
}

static void a_prefix_needs_no_format_and_a_path_may_hold_colons(void)
{
	struct vm_disk disk;

	config_world_end();
	CU_ASSERT_EQUAL(config_read_disk("phy:/dev/disk/by-id/a:b,xvda,w", &disk, NULL), 0);
	CU_ASSERT_STRING_EQUAL(disk.path, "/dev/disk/by-id/a:b");
	CU_ASSERT_TRUE(disk.readwrite);
	vm_disk_clear(&disk);
	CU_ASSERT_EQUAL(config_read_disk("drbd-remus-x:r0,raw,xvda,w", &disk, NULL), 0);
	CU_ASSERT_STRING_EQUAL(disk.path, "drbd-remus-x:r0");
	vm_disk_clear(&disk);
}

static void a_cd_drive_is_read_only_and_may_be_empty(void)
{
	struct vm_disk disk;

	CU_ASSERT_EQUAL(config_read_disk("vdev=hdc,devtype=cdrom", &disk, NULL), 0);
	CU_ASSERT_EQUAL(disk.format, VM_DISK_FORMAT_EMPTY);
	CU_ASSERT_FALSE(disk.readwrite);
	CU_ASSERT_PTR_NULL(disk.path);
	vm_disk_clear(&disk);
	CU_ASSERT_EQUAL(config_read_disk("/x.iso,raw,hdc,rw,cdrom", &disk, NULL), 0);
	CU_ASSERT_FALSE(disk.readwrite);
	vm_disk_clear(&disk);
}

static void nic_refused(const char *spec, const char *message)
{
	struct vm_nic nic;

	config_world_end();
	CU_ASSERT_EQUAL(config_read_nic(spec, NULL, &nic, &config_world_report), -EINVAL);
	CU_ASSERT_TRUE(said(message));
	CU_ASSERT_PTR_NULL(nic.bridge);
}

static void wrong_interfaces_name_the_word(void)
{
	nic_refused("bridge=a,mac=00:16:3e:00:00", "not a MAC address: '00:16:3e:00:00'");
	nic_refused("mac=00:16:3e:00:00:00:", "not a MAC address");
	nic_refused("mac=01:16:3e:00:00:00", "a multicast address");
	nic_refused("rate=10", "not a rate: '10'");
	nic_refused("rate=10MB", "not a rate");
	nic_refused("rate=0Mb/s", "not a rate");
	nic_refused("rate=1mb/s", "not a rate");
	nic_refused("rate=1MB/s@0ms", "not a rate");
	nic_refused("rate=1MB/s@1h", "not a rate");
	nic_refused("rate=18446744073709551615GB/s", "the rate is too large");
	nic_refused("rate=99999999GB/s@4000s", "the rate is too large");
	nic_refused("rate=-1MB/s", "not a rate");
	nic_refused("devid=x", "not a device number: 'x'");
	nic_refused("devid=-1", "not a device number");
	nic_refused("mtu=70000", "not an MTU: '70000'");
}

static void unknown_words_of_an_interface_are_warned_of(void)
{
	struct vm_nic nic;

	config_world_end();
	CU_ASSERT_EQUAL(
		config_read_nic("accel=x,foo,bridge=b,type=z", NULL, &nic, &config_world_report),
		0);
	CU_ASSERT_STRING_EQUAL(nic.bridge, "b");
	CU_ASSERT_EQUAL(config_world_report.count, 3);
	CU_ASSERT_TRUE(said("'accel' is unknown and has no effect"));
	CU_ASSERT_EQUAL(nic.devid, VM_UNSET);
	vm_nic_clear(&nic);
}

static void cpus_refused(const char *spec, const struct config_host *host, const char *message)
{
	struct vm_set set;

	config_world_end();
	CU_ASSERT_EQUAL(config_read_cpus(spec, host, &set, &config_world_report), -EINVAL);
	CU_ASSERT_TRUE(said(message));
	CU_ASSERT_EQUAL(set.words, 0);
}

static void cpu_lists_are_carried_out_from_left_to_right(void)
{
	const struct config_host host = {8, config_world_nodes};
	const struct config_host unknown = {0};
	struct vm_set set;

	config_world_end();
	CU_ASSERT_EQUAL(config_read_cpus("0-3, ^1 ,6", &host, &set, &config_world_report), 0);
	CU_ASSERT_EQUAL(vm_set_count(&set), 4);
	CU_ASSERT_FALSE(vm_set_has(&set, 1));
	CU_ASSERT_TRUE(vm_set_has(&set, 6));
	vm_set_clear(&set);
	CU_ASSERT_EQUAL(config_read_cpus("^1-2,0-3", &host, &set, NULL), 0);
	CU_ASSERT_EQUAL(vm_set_count(&set), 4);
	vm_set_clear(&set);
	CU_ASSERT_EQUAL(config_read_cpus("nodes:1,^nodes:0,^5", &host, &set, NULL), 0);
	CU_ASSERT_EQUAL(vm_set_count(&set), 3);
	vm_set_clear(&set);
	CU_ASSERT_EQUAL(config_read_cpus("all", &unknown, &set, NULL), 0);
	CU_ASSERT_TRUE(set.all);
	CU_ASSERT_TRUE(vm_set_has(&set, 4000));
	vm_set_clear(&set);
	CU_ASSERT_EQUAL(config_read_cpus("7,9", &host, &set, &config_world_report), 0);
	CU_ASSERT_TRUE(said("'7,9' names CPUs this host does not have (it has 8)"));
	vm_set_clear(&set);
}

static void wrong_cpu_lists_are_refused(void)
{
	const struct config_host host = {8, config_world_nodes};
	const struct config_host unknown = {0};

	cpus_refused("3-1", &host, "'3-1' is not a list of CPUs");
	cpus_refused("a", &host, "'a' is not a list of CPUs");
	cpus_refused("0x2", &host, "is not a list of CPUs");
	cpus_refused("^all", &host, "is not a list of CPUs");
	cpus_refused("0-", &host, "is not a list of CPUs");
	cpus_refused("99999999999999999999", &host, "is not a list of CPUs");
	cpus_refused("9", &host,
		     "the list of CPUs '9' is empty\n    this host has the CPUs 0 to 7");
	cpus_refused("", &host, "is empty");
	cpus_refused("nodes:0", &unknown, "the nodes of this host are not known");
	cpus_refused("all,^0", &unknown, "how many CPUs this host has is not known");
}

static void memory_has_a_unit_and_mib_without(void)
{
	uint64_t kib = 1;

	CU_ASSERT_EQUAL(config_read_memory("512", &kib, NULL), 0);
	CU_ASSERT_EQUAL(kib, 512 << 10);
	CU_ASSERT_EQUAL(config_read_memory("2G", &kib, NULL), 0);
	CU_ASSERT_EQUAL(kib, 2 << 20);
	CU_ASSERT_EQUAL(config_read_memory("4096b", &kib, NULL), 0);
	CU_ASSERT_EQUAL(kib, 4);
	CU_ASSERT_EQUAL(config_read_memory("1t", &kib, NULL), 0);
	CU_ASSERT_EQUAL(kib, 1 << 30);
	CU_ASSERT_EQUAL(config_read_memory("64k", &kib, NULL), 0);
	CU_ASSERT_EQUAL(kib, 64);
	for (const char *const *bad =
		     (const char *const[]){"", "m", "-1", "1x", "1mm", "1 m",
					   "18446744073709551615", "17592186044416t",
					   "99999999999999999999", NULL};
	     *bad; bad++) {
		CU_ASSERT_EQUAL(config_read_memory(*bad, &kib, NULL), -EINVAL);
	}
}

static void uuids_are_read_and_written(void)
{
	uint8_t uuid[16];
	char text[37];

	CU_ASSERT_EQUAL(config_read_uuid("12345678-1234-ABCD-1234-123456789abc", uuid), 0);
	config_write_uuid(uuid, text);
	CU_ASSERT_STRING_EQUAL(text, "12345678-1234-abcd-1234-123456789abc");
	CU_ASSERT_EQUAL(config_read_uuid("", uuid), -EINVAL);
	CU_ASSERT_EQUAL(config_read_uuid("12345678-1234-abcd-1234-123456789ab", uuid), -EINVAL);
	CU_ASSERT_EQUAL(config_read_uuid("12345678-1234-abcd-1234-123456789abcd", uuid), -EINVAL);
	CU_ASSERT_EQUAL(config_read_uuid("12345678-1234-abcd-1234-123456789abg", uuid), -EINVAL);
	config_write_uuid(uuid, text);
	CU_ASSERT_STRING_EQUAL(text, "12345678-1234-abcd-1234-123456789abc");
}

static void vdev_is(const char *vdev, unsigned int device, unsigned int disk,
		    unsigned int partition)
{
	unsigned int d = 0;
	unsigned int n = 0;
	unsigned int p = 0;

	CU_ASSERT_EQUAL(config_vdev_number(vdev, &n, &d, &p), 0);
	CU_ASSERT_EQUAL(n, device);
	CU_ASSERT_EQUAL(d, disk);
	CU_ASSERT_EQUAL(p, partition);
}

static void virtual_devices_have_the_numbers_linux_expects(void)
{
	unsigned int n;

	vdev_is("xvda", 51712, 0, 0);
	vdev_is("xvdb3", 51712 + 16 + 3, 1, 3);
	vdev_is("xvdp", 51712 + 240, 15, 0);
	vdev_is("xvdq", (1U << 28) + (16U << 8), 16, 0);
	vdev_is("xvda17", (1U << 28) + 17, 0, 17);
	vdev_is("xvdaa", (1U << 28) + (26U << 8), 26, 0);
	vdev_is("d0p1", 51713, 0, 1);
	vdev_is("hda", 768, 0, 0);
	vdev_is("hdb1", 768 + 64 + 1, 1, 1);
	vdev_is("hdc", 5632, 2, 0);
	vdev_is("hdd", 5632 + 64, 3, 0);
	vdev_is("sda", 2048, 0, 0);
	vdev_is("sdb2", 2048 + 16 + 2, 1, 2);
	vdev_is("51712", 51712, 0, 0);
	vdev_is("0x801", 0x801, 0, 0);
	for (const char *const *bad = (const char *const[]){"", "xvd", "xvdA", "hde", "sdq", "vda",
							    "xvda1x", "xvda256", "d", "dp1", "12x",
							    "xvdzzzzzzzz", "999999999999", NULL};
	     *bad; bad++) {
		CU_ASSERT_EQUAL(config_vdev_number(*bad, &n, NULL, NULL), -EINVAL);
	}
}

static const char *write_conf(const char *text)
{
	static char path[] = "/tmp/xl_conf_test_XXXXXX";
	static int fd = -1;

	if (fd < 0) {
		fd = mkstemp(path);
		unlink(path);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
	CU_ASSERT_EQUAL(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	return path;
}

static void xl_conf_is_read_over_its_defaults(void)
{
	struct xl_conf conf;
	struct vm_nic nic;

	config_world_end();
	CU_ASSERT_EQUAL(xl_conf_read("/nonexistent", &conf, &config_world_report), 0);
	CU_ASSERT_STRING_EQUAL(conf.lockfile, "/var/lock/xl");
	CU_ASSERT_EQUAL(conf.autoballoon, XL_CONF_AUTOBALLOON_AUTO);
	CU_ASSERT_TRUE(vm_set_has(&conf.vm_cpumask, 99));
	xl_conf_clear(&conf);

	CU_ASSERT_EQUAL(
		xl_conf_read(write_conf("autoballoon=\"off\"\nvif.default.bridge=\"br7\"\n"
					"vifscript='vif-old'\nclaim_mode=0\nvm.cpumask='0-3'\n"
					"domid_policy='libxl'\nnonsense=1\nmax_grant_frames=7"),
			     &conf, &config_world_report),
		0);
	CU_ASSERT_EQUAL(conf.autoballoon, XL_CONF_AUTOBALLOON_OFF);
	CU_ASSERT_EQUAL(conf.claim_mode, CHOICE_NO);
	CU_ASSERT_TRUE(conf.domid_random);
	CU_ASSERT_EQUAL(conf.max_grant_frames, 7);
	CU_ASSERT_FALSE(vm_set_has(&conf.vm_cpumask, 99));
	CU_ASSERT_TRUE(said("the key 'nonsense' is unknown"));
	CU_ASSERT_EQUAL(config_read_nic("", &conf, &nic, NULL), 0);
	CU_ASSERT_STRING_EQUAL(nic.bridge, "br7");
	CU_ASSERT_STRING_EQUAL(nic.script, "vif-old");
	vm_nic_clear(&nic);
	CU_ASSERT_EQUAL(config_read_nic("bridge=own", &conf, &nic, NULL), 0);
	CU_ASSERT_STRING_EQUAL(nic.bridge, "own");
	vm_nic_clear(&nic);
	xl_conf_clear(&conf);

	CU_ASSERT_EQUAL(
		xl_conf_read(write_conf("autoballoon='maybe'"), &conf, &config_world_report),
		-EINVAL);
	CU_ASSERT_TRUE(said("autoballoon: 'maybe' is unknown"));
	xl_conf_clear(&conf);
}

static const struct unit_test tests[] = {
	UNIT(wrong_disks_name_the_word),
	UNIT(a_prefix_needs_no_format_and_a_path_may_hold_colons),
	UNIT(a_cd_drive_is_read_only_and_may_be_empty),
	UNIT(wrong_interfaces_name_the_word),
	UNIT(unknown_words_of_an_interface_are_warned_of),
	UNIT(cpu_lists_are_carried_out_from_left_to_right),
	UNIT(wrong_cpu_lists_are_refused),
	UNIT(memory_has_a_unit_and_mib_without),
	UNIT(uuids_are_read_and_written),
	UNIT(virtual_devices_have_the_numbers_linux_expects),
	UNIT(xl_conf_is_read_over_its_defaults),
};

int main(void)
{
	int status = unit_main("config/spec", tests, sizeof(tests) / sizeof(tests[0]), NULL);

	config_world_end();
	return status;
}
