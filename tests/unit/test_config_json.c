/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON that is not our own: forms other tools and releases write, and hostile text. That what we
 * write is upstream's and reads back is shown by test_config_read.
 */
#include "unit/config_world.h"

static int domid;

static int json(const char *text)
{
	config_world_end();
	return config_json_read(text, strlen(text), "vm.json", &config_world_config, &domid,
				&config_world_report);
}

static void json_refused(const char *text, const char *message)
{
	CU_ASSERT_EQUAL(json(text), -EINVAL);
	CU_ASSERT_TRUE(said(message));
	CU_ASSERT_PTR_NULL(config_world_config);
}

static void an_element_of_list_long_is_read_with_its_domid(void)
{
	CU_ASSERT_EQUAL(
		json("[{\"domid\": 7, \"config\": {\"c_info\": {\"type\": \"pvh\", \"name\": "
		     "\"x\"}, \"b_info\": {\"type.pvh\": {}}}, \"state\": \"-b----\"}]"),
		0);
	CU_ASSERT_EQUAL(domid, 7);
	CU_ASSERT_STRING_EQUAL(config_world_config->name, "x");
	CU_ASSERT_EQUAL(config_world_config->type, VM_TYPE_PVH);
	CU_ASSERT_EQUAL(json("{\"c_info\": {\"name\": \"y\"}}"), 0);
	CU_ASSERT_EQUAL(domid, -1);
	CU_ASSERT_EQUAL(config_world_config->on_reboot, VM_ACTION_DESTROY);
}

static void members_that_are_not_ours_are_warned_of(void)
{
	CU_ASSERT_EQUAL(json("{\"c_info\": {\"name\": \"x\", \"ssidref\": 3, \"future\": [1]}, "
			     "\"vtpms\": [], \"vsnds\": [{}]}"),
			0);
	CU_ASSERT_TRUE(said("vm.json: c_info.ssidref is not supported and has no effect"));
	CU_ASSERT_TRUE(said("vm.json: c_info.future is unknown and has no effect"));
	CU_ASSERT_TRUE(said("vm.json: vsnds is not supported"));
	CU_ASSERT_EQUAL(config_world_report.count, 3);
}

static void the_earlier_form_of_cpuid_is_read(void)
{
	CU_ASSERT_EQUAL(
		json("{\"c_info\": {\"name\": \"x\"}, \"b_info\": {\"cpuid\": [{\"leaf\": 1, "
		     "\"ecx\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0\"}]}}"),
		0);
	CU_ASSERT_EQUAL(config_world_config->cpuids, 1);
	CU_ASSERT_EQUAL(config_world_config->cpuid[0].subleaf, UINT32_MAX);
	json_refused("{\"b_info\": {\"cpuid\": [{\"leaf\": 1, \"ecx\": \"x\"}]}}",
		     "b_info.cpuid is not 32 characters");
}

static void wrong_members_are_named_by_their_path(void)
{
	json_refused("{\"b_info\": {\"max_vcpus\": 0}}", "b_info.max_vcpus is not in range");
	json_refused("{\"b_info\": {\"max_vcpus\": \"2\"}}", "b_info.max_vcpus is not an integer");
	json_refused("{\"b_info\": {\"max_memkb\": -5}}", "b_info.max_memkb is not in range");
	json_refused("{\"b_info\": {\"irqs\": [1, 4294967296]}}", "b_info.irqs is not in range");
	json_refused("{\"nics\": [{}, {\"mac\": \"x\"}]}", "nics[1].mac is not a MAC address");
	json_refused("{\"nics\": [3]}", "nics[0] is not an object");
	json_refused("{\"disks\": {}}", "disks is not an array of objects");
	json_refused("{\"c_info\": {\"type\": \"lxc\"}}",
		     "c_info.type is not one of the known words: 'lxc' is unknown");
	json_refused("{\"c_info\": {\"hap\": \"Maybe\"}}",
		     "c_info.hap is not \"True\" or \"False\"");
	json_refused("{\"c_info\": {\"uuid\": \"1\"}}", "c_info.uuid is not a UUID");
	json_refused("{\"b_info\": {\"avail_vcpus\": [9999]}}", "avail_vcpus is not in range");
	json_refused("{\"b_info\": {\"type.alien\": {}}}", "b_info.type.alien is not a type");
	json_refused("{\"disks\": [], \"disks\": []}", "disks is given twice");
	json_refused("{}", "c_info.name is missing");
}

static void what_is_no_description_is_refused(void)
{
	char deep[200];

	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	json_refused(deep, "nested too deeply");
	json_refused("", "is not JSON");
	json_refused("{", "is not JSON");
	json_refused("[]", "describes 0 domains, not one");
	json_refused("[{},{}]", "describes 2 domains, not one");
	json_refused("3", "is not the description of a domain");
	json_refused("[3]", "is not the description of a domain");
	CU_ASSERT_EQUAL(config_json_read("{}\0x", 4, "vm.json", &config_world_config, NULL,
					 &config_world_report),
			-EINVAL);
}

/* Every prefix of a large description, and every byte of it changed: refused or read, never worse.
 */
static void damaged_descriptions_are_refused_or_read(void)
{
	char *text = NULL;
	size_t size;

	good_with("disk=['/x,raw,xvda']\nvif=['bridge=b,rate=1MB/s']\ncpuid='host,avx=0'\n"
		  "vcpus=2\ncpus=['0','1']\nchannel=['name=a,connection=pty']\nvfb=['vnc=1']\n"
		  "vnuma=[['pnode=0','size=64','vcpus=0-1','vdistances=10']]");
	CU_ASSERT_EQUAL_FATAL(config_json_write(config_world_config, &text, NULL), 0);
	size = strlen(text) - 1; /* without its last newline */
	for (size_t i = 0; i < size; i++) {
		struct vm_config *config = NULL;
		char saved = text[i];

		CU_ASSERT_EQUAL(config_json_read(text, i, "cut", &config, NULL, NULL), -EINVAL);
		for (const char *c = "\"{],1\xff"; *c; c++) {
			text[i] = *c;
			if (config_json_read(text, size, "bent", &config, NULL, NULL) == 0) {
				vm_config_free(config);
			}
		}
		text[i] = saved;
	}
	free(text);
}

static const struct unit_test tests[] = {
	UNIT(an_element_of_list_long_is_read_with_its_domid),
	UNIT(members_that_are_not_ours_are_warned_of),
	UNIT(the_earlier_form_of_cpuid_is_read),
	UNIT(wrong_members_are_named_by_their_path),
	UNIT(what_is_no_description_is_refused),
	UNIT(damaged_descriptions_are_refused_or_read),
};

int main(void)
{
	int status = unit_main("config/json", tests, sizeof(tests) / sizeof(tests[0]), NULL);

	config_world_end();
	return status;
}
