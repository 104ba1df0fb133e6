/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's domain XML: samples are read, written and read again; every file of tests/golden/config
 * survives the way there and back as far as XML has words for it; what is not supported, and what
 * is hostile, is refused with its line.
 */
#include "unit/config_world.h"

#include "domxml/domxml.h"

#include <glob.h>

static char *slurp(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (file && getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	if (file) {
		fclose(file);
	}
	return text;
}

static int read_xml(const char *text)
{
	config_world_end();
	return domxml_read(text, strlen(text), "vm.xml", &config_world_config,
			   &config_world_report);
}

static char *to_xml(const struct vm_config *config)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	CU_ASSERT_EQUAL(domxml_write(config, to, &config_world_report), 0);
	fclose(to);
	return text;
}

static char *to_json(const struct vm_config *config)
{
	char *text = NULL;

	CU_ASSERT_EQUAL(config_json_write(config, &text, NULL), 0);
	return text;
}

static const struct vm_config *sample(const char *name)
{
	char path[512];
	char *text;

	snprintf(path, sizeof(path), GOLDEN "/domxml/%s", name);
	text = slurp(path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL_FATAL(read_xml(text), 0);
	free(text);
	return config_world_config;
}

static void a_pv_domain_is_understood(void)
{
	const struct vm_config *config = sample("pv.xml");

	CU_ASSERT_EQUAL(config->type, VM_TYPE_PV);
	CU_ASSERT_EQUAL(config->max_kib, 512 << 10);
	CU_ASSERT_EQUAL(config->target_kib, 256 << 10);
	CU_ASSERT_EQUAL(config->max_vcpus, 2);
	CU_ASSERT_EQUAL(vm_set_count(&config->avail_vcpus), 1);
	CU_ASSERT_FALSE(vm_set_has(&config->hard_affinity[0], 1));
	CU_ASSERT_TRUE(vm_set_has(&config->hard_affinity[1], 1));
	CU_ASSERT_EQUAL(config->bootloader_args.count, 2);
	CU_ASSERT_STRING_EQUAL(config->cmdline, "root=/dev/xvda1 ro quiet & \"more\" <text>");
	CU_ASSERT_EQUAL((int32_t)config->rtc_timeoffset, -3600);
	CU_ASSERT_EQUAL(config->tsc_mode, VM_TSC_NATIVE);
	CU_ASSERT_EQUAL(config->on_crash, VM_ACTION_COREDUMP_RESTART);
	CU_ASSERT_EQUAL_FATAL(config->disk_count, 3);
	CU_ASSERT_EQUAL(config->disks[0].backend, VM_DISK_BACKEND_PHY);
	CU_ASSERT_TRUE(config->disks[0].readwrite);
	CU_ASSERT_STRING_EQUAL(config->disks[1].path, "/srv/a b's.qcow2");
	CU_ASSERT_EQUAL(config->disks[1].format, VM_DISK_FORMAT_QCOW2);
	CU_ASSERT_EQUAL(config->disks[1].discard, CHOICE_YES);
	CU_ASSERT_FALSE(config->disks[1].readwrite);
	CU_ASSERT_EQUAL(config->disks[2].format, VM_DISK_FORMAT_EMPTY);
	CU_ASSERT_EQUAL_FATAL(config->nic_count, 2);
	CU_ASSERT_EQUAL(config->nics[0].mac[5], 1);
	CU_ASSERT_EQUAL(config->nics[0].rate_bytes_per_interval, 512000);
	CU_ASSERT_EQUAL(config->nics[0].type, VM_NIC_VIF);
	CU_ASSERT_EQUAL(config->vfbs[0].vnc.display, 2);
	CU_ASSERT_EQUAL(config->pcis[0].device, 0x1f);
	CU_ASSERT_STRING_EQUAL(config->channels[0].path, "/run/chan");
	CU_ASSERT_EQUAL(config->max_grant_frames, 64);
	CU_ASSERT_EQUAL(config->event_channels, 2047);
}

static void a_machine_with_firmware_is_understood(void)
{
	const struct vm_config *config = sample("hvm.xml");

	CU_ASSERT_EQUAL(config->type, VM_TYPE_HVM);
	CU_ASSERT_EQUAL(config->target_kib, 2 << 20);
	CU_ASSERT_EQUAL(config->hard_affinities, 2);
	CU_ASSERT_STRING_EQUAL(config->hvm.boot, "dc");
	CU_ASSERT_EQUAL(config->hvm.bios, VM_BIOS_OVMF);
	CU_ASSERT_EQUAL(config->hap, CHOICE_NO);
	CU_ASSERT_EQUAL(config->nested_hvm, CHOICE_YES);
	CU_ASSERT_EQUAL(config->passthrough, VM_PASSTHROUGH_SHARE_PT);
	CU_ASSERT_EQUAL(config->hvm.hpet, CHOICE_NO);
	CU_ASSERT_EQUAL(config->localtime, CHOICE_YES);
	CU_ASSERT_STRING_EQUAL(config->hvm.vnc.listen, "127.0.0.1");
	CU_ASSERT_EQUAL(config->hvm.vga, VM_VGA_STD);
	CU_ASSERT_EQUAL(config->video_kib, 16384);
	CU_ASSERT_EQUAL(config->cpuids, 0);
	CU_ASSERT_EQUAL(sample("pvh.xml")->type, VM_TYPE_PVH);
}

/* The first writing may lose what XML cannot say; from then on nothing changes any more. */
static void check_round_trip(const char *path, const struct vm_config *config)
{
	struct vm_config *second = NULL;
	struct vm_config *third = NULL;
	char *xml = to_xml(config);
	char *xml_again;
	char *json;
	char *json_again;

	CU_ASSERT_EQUAL_FATAL(domxml_read(xml, strlen(xml), path, &second, &config_world_report),
			      0);
	xml_again = to_xml(second);
	CU_ASSERT_STRING_EQUAL(xml, xml_again);
	CU_ASSERT_EQUAL_FATAL(domxml_read(xml_again, strlen(xml_again), path, &third, NULL), 0);
	json = to_json(second);
	json_again = to_json(third);
	CU_ASSERT_STRING_EQUAL(json, json_again);
	free(xml);
	free(xml_again);
	free(json);
	free(json_again);
	vm_config_free(second);
	vm_config_free(third);
}

static void there_and_back_changes_nothing(void)
{
	static const char *const names[] = {"pv.xml", "hvm.xml", "pvh.xml"};

	for (size_t i = 0; i < 3; i++) {
		const struct vm_config *config = sample(names[i]);
		struct vm_config *again = NULL;
		char *xml = to_xml(config);
		char *json = to_json(config);
		char *json_again;

		CU_ASSERT_EQUAL(config_world_report.count, 0);
		CU_ASSERT_EQUAL_FATAL(domxml_read(xml, strlen(xml), names[i], &again, NULL), 0);
		json_again = to_json(again);
		CU_ASSERT_STRING_EQUAL(json, json_again);
		free(xml);
		free(json);
		free(json_again);
		vm_config_free(again);
		check_round_trip(names[i], config);
	}
}

static void files_of_xl_survive_as_xml(void)
{
	struct config_options options = {.host = {8, config_world_nodes}};
	glob_t found;

	CU_ASSERT_EQUAL_FATAL(glob(GOLDEN "/config/*.cfg", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		config_world_end();
		CU_ASSERT_EQUAL_FATAL(config_read_file(found.gl_pathv[i], &options,
						       &config_world_config, &config_world_report),
				      0);
		check_round_trip(found.gl_pathv[i], config_world_config);
	}
	globfree(&found);
}

static void what_xml_cannot_say_is_named(void)
{
	char *xml;

	good_with("vcpus=2\ncpus_soft='0'\np9=['tag=a,path=/b,security_model=none']\npool='x'");
	xml = to_xml(config_world_config);
	CU_ASSERT_TRUE(said("a: cpus_soft has no place in libvirt's XML and is left out"));
	CU_ASSERT_TRUE(said("p9 has no place"));
	CU_ASSERT_TRUE(said("pool has no place"));
	free(xml);

	/* What a running domain has by default is nothing lost. */
	good_with("vcpus=2\ncpu_weight=256\ncap=0");
	xml = to_xml(config_world_config);
	CU_ASSERT_FALSE(said("has no place"));
	free(xml);
	good_with("vcpus=2\ncpu_weight=512");
	xml = to_xml(config_world_config);
	CU_ASSERT_TRUE(said("cpu_weight or cap has no place"));
	free(xml);
}

static void xml_refused(const char *inner, int error, const char *message)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "<domain type='xen'>\n<name>a</name><memory>65536</memory>\n%s\n</domain>", inner);
	CU_ASSERT_EQUAL(read_xml(text), error);
	CU_ASSERT_TRUE(said(message));
	CU_ASSERT_PTR_NULL(config_world_config);
}

static void what_is_not_supported_is_named_with_its_line(void)
{
	xml_refused("<numatune/>", -ENOTSUP, "vm.xml:3: <numatune> in <domain> is not supported");
	xml_refused("<devices>\n<tpm/></devices>", -ENOTSUP, "vm.xml:4: <tpm> in <devices>");
	xml_refused("<devices><interface type='network'/></devices>", -ENOTSUP,
		    "an <interface> other than bridge and ethernet is not supported");
	xml_refused("<devices><disk device='lun'/></devices>", -ENOTSUP,
		    "other than disk and cdrom");
	xml_refused("<devices><disk><source protocol='nbd'/></disk></devices>", -ENOTSUP,
		    "a disk <source> other than a file or device");
	xml_refused("<devices><hostdev type='usb'/></devices>", -ENOTSUP, "other than pci");
	xml_refused("<x:commandline xmlns:x='urn:x'/>", -ENOTSUP, "<commandline> in <domain>");
	xml_refused("<x:vcpu xmlns:x='urn:x'>2</x:vcpu>", -ENOTSUP, "<vcpu> in <domain>");
	xml_refused("<features><pvspinlock/></features>", -ENOTSUP, "<pvspinlock> in <features>");
	xml_refused("<cpu mode='custom'/>", -ENOTSUP, "another mode than host-passthrough");
}

static void wrong_values_are_named_with_their_line(void)
{
	xml_refused("<vcpu>0</vcpu>", -EINVAL, "vm.xml:3: <vcpu>: not a number in range: '0'");
	xml_refused("<vcpu current='3'>2</vcpu>", -EINVAL, "'3'");
	xml_refused("<vcpu>99999999999999999999</vcpu>", -EINVAL, "<vcpu>: not a number in range");
	xml_refused("<currentMemory unit='parsec'>1</currentMemory>", -EINVAL,
		    "unknown unit 'parsec'");
	xml_refused("<currentMemory unit='TiB'>9223372036854775807</currentMemory>", -EINVAL,
		    "too large");
	xml_refused("<currentMemory>65537</currentMemory>", -EINVAL, "is more than <memory>");
	xml_refused("<uuid>1</uuid>", -EINVAL, "<uuid>: not a UUID: '1'");
	xml_refused("<os><type>exe</type></os>", -EINVAL, "unknown type 'exe'");
	xml_refused("<os><type arch='armv7l'>linux</type></os>", -EINVAL, "another architecture");
	xml_refused("<on_crash>explode</on_crash>", -EINVAL, "unknown action 'explode'");
	xml_refused("<cputune><vcpupin vcpu='1' cpuset='0'/></cputune>", -EINVAL, "'1'");
	xml_refused("<devices><disk><target dev='xvda'/></disk></devices>", -EINVAL,
		    "has no source for 'xvda'");
	xml_refused("<devices><interface type='bridge'><mac address='x'/></interface></devices>",
		    -EINVAL, "not a MAC address: 'x'");
	xml_refused("<devices><graphics type='vnc' port='80'/></devices>", -EINVAL, "'80'");
	CU_ASSERT_EQUAL(read_xml("<domain type='kvm'/>"), -EINVAL);
	CU_ASSERT_TRUE(said("is for another hypervisor: 'kvm'"));
	CU_ASSERT_EQUAL(read_xml("<domain><name>a</name></domain>"), -EINVAL);
	CU_ASSERT_EQUAL(read_xml("<domain><memory>1</memory></domain>"), -EINVAL);
	CU_ASSERT_EQUAL(read_xml("<network/>"), -EINVAL);
}

static void hostile_documents_are_refused(void)
{
	CU_ASSERT_EQUAL(read_xml("<!DOCTYPE d [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>\n"
				 "<domain><name>&b;</name></domain>"),
			-EINVAL);
	CU_ASSERT_TRUE(said("has a document type, which is not accepted"));
	CU_ASSERT_EQUAL(read_xml("<!DOCTYPE d SYSTEM 'file:///etc/passwd'><domain/>"), -EINVAL);
	CU_ASSERT_EQUAL(read_xml(""), -EINVAL);
	CU_ASSERT_EQUAL(read_xml("<domain"), -EINVAL);
	CU_ASSERT_TRUE(said("vm.xml:1: is not XML"));
	CU_ASSERT_EQUAL(read_xml("<domain><name>&undefined;</name></domain>"), -EINVAL);
	CU_ASSERT_EQUAL(read_xml("name = 'a'"), -EINVAL);
}

static void cut_documents_are_refused(void)
{
	char *text = slurp(GOLDEN "/domxml/pv.xml");
	size_t size;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	size = (size_t)(strstr(text, "</domain>") - text);
	for (size_t i = 0; i < size; i += 3) {
		struct vm_config *config = NULL;

		CU_ASSERT_EQUAL(domxml_read(text, i, "cut", &config, NULL), -EINVAL);
	}
	free(text);
}

static const struct unit_test tests[] = {
	UNIT(a_pv_domain_is_understood),
	UNIT(a_machine_with_firmware_is_understood),
	UNIT(there_and_back_changes_nothing),
	UNIT(files_of_xl_survive_as_xml),
	UNIT(what_xml_cannot_say_is_named),
	UNIT(what_is_not_supported_is_named_with_its_line),
	UNIT(wrong_values_are_named_with_their_line),
	UNIT(hostile_documents_are_refused),
	UNIT(cut_documents_are_refused),
};

int main(void)
{
	int status = unit_main("domxml/xml", tests, sizeof(tests) / sizeof(tests[0]), NULL);

	config_world_end();
	return status;
}
