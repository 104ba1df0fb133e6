/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From xl.cfg to struct vm_config and to JSON. The files in tests/golden/config are read and their
 * JSON compared byte for byte with what Debian's xl of 4.17 printed for them (their `upstream`
 * script makes it anew), then read back. The other claims are about errors and warnings, which are
 * ours.
 */
#include "unit/config_world.h"

#include "config/schema.h"

#include <glob.h>

static char *slurp(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (file) {
		if (getdelim(&text, &size, '\0', file) < 0) {
			free(text);
			text = NULL;
		}
		fclose(file);
	}
	return text;
}

/* Compares, naming the file and the first line that differs. */
static void compare(const char *path, const char *wanted, const char *got)
{
	unsigned int line = 1;
	size_t i = 0;

	CU_ASSERT_STRING_EQUAL(got, wanted);
	while (wanted[i] && wanted[i] == got[i]) {
		line += wanted[i++] == '\n';
	}
	if (wanted[i] || got[i]) {
		fprintf(stderr, "%s: differs from line %u on: '%.60s' instead of '%.60s'\n", path,
			line, got + i, wanted + i);
	}
}

static void check_golden(const char *cfg)
{
	struct config_options options = {.host = {8, config_world_nodes}};
	struct vm_config *again = NULL;
	char path[512];
	char *wanted;
	char *got = NULL;

	config_world_end();
	snprintf(path, sizeof(path), "%.*s.json", (int)(strlen(cfg) - 4), cfg);
	wanted = slurp(path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(wanted);
	CU_ASSERT_EQUAL_FATAL(
		config_read_file(cfg, &options, &config_world_config, &config_world_report), 0);
	CU_ASSERT_EQUAL_FATAL(config_json_write(config_world_config, &got, &config_world_report),
			      0);
	compare(cfg, wanted, got);
	free(got);
	CU_ASSERT_EQUAL_FATAL(
		config_json_read(wanted, strlen(wanted), path, &again, NULL, &config_world_report),
		0);
	CU_ASSERT_EQUAL_FATAL(config_json_write(again, &got, &config_world_report), 0);
	compare(path, wanted, got);
	free(got);
	free(wanted);
	vm_config_free(again);
}

static void the_json_is_upstreams_to_the_byte_and_reads_back(void)
{
	glob_t found;

	CU_ASSERT_EQUAL_FATAL(glob(GOLDEN "/config/*.cfg", 0, NULL, &found), 0);
	CU_ASSERT(found.gl_pathc >= 17);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		check_golden(found.gl_pathv[i]);
	}
	globfree(&found);
}

static void an_unknown_key_is_named_once_and_stops_nothing(void)
{
	const struct vm_config *config = good_with("cpu_cap = 0\nvcpu = 2\ncpu_cap = 5\n");

	CU_ASSERT_EQUAL(config->ignored_count, 2);
	CU_ASSERT_EQUAL(config_world_report.count, 2);
	CU_ASSERT_STRING_EQUAL(config->ignored[0].name, "cpu_cap");
	CU_ASSERT_EQUAL(config->ignored[0].line, 5);
	CU_ASSERT_FALSE(config->ignored[0].known);
	CU_ASSERT_TRUE(said("vm.cfg:5:1: the key 'cpu_cap' is unknown and has no effect"));
	CU_ASSERT_TRUE(said("vm.cfg:4:1: the key 'vcpu' is unknown and has no effect\n"
			    "    is vcpus meant?"));
}

static void an_unsupported_key_is_named_as_such(void)
{
	const struct vm_config *config = good_with("spice = 1\ndevice_model = '/x'\nvncviewer = 1");

	CU_ASSERT_EQUAL(config->ignored_count, 2);
	CU_ASSERT_TRUE(config->ignored[0].known);
	CU_ASSERT_TRUE(said("vm.cfg:3:1: spice is not supported and has no effect"));
	CU_ASSERT_TRUE(said("vm.cfg:4:1: device_model has no effect: use device_model_override"));
	CU_ASSERT_FALSE(report_has_error(&config_world_report));
}

static void every_key_without_effect_is_named_with_its_line_or_silent(void)
{
	unsigned int named = 0;

	for (unsigned int i = 0; i < config_key_count; i++) {
		const struct schema_key *key = &config_keys[i];
		char line[80], expected[128];

		if (key->kind != SCHEMA_OBSOLETE && key->kind != SCHEMA_UNSUPPORTED &&
		    key->kind != SCHEMA_SILENT) {
			continue;
		}
		snprintf(line, sizeof(line), "%s = '1'", key->name);
		CU_ASSERT_PTR_NOT_NULL(good_with(line));
		snprintf(expected, sizeof(expected), "vm.cfg:3:1: %s ", key->name);
		CU_ASSERT_EQUAL(said(expected), key->kind != SCHEMA_SILENT);
		CU_ASSERT_FALSE(report_has_error(&config_world_report));
		named += key->kind != SCHEMA_SILENT;
	}
	CU_ASSERT_TRUE(named > 50);
}

static void wrong_values_name_the_key_and_what_is_allowed(void)
{
	refused_with("vcpus = 'two'", "vm.cfg:3:9: vcpus: 'two' is not a number");
	refused_with("vcpus = 5000", "vcpus: 5000 is out of range (0 to 4096)");
	refused_with("vcpus = 4\nmaxvcpus = 2", "vm.cfg:4:1: maxvcpus is 2 but vcpus is 4");
	refused_with("maxmem = 32", "vm.cfg:3:1: maxmem is 32 MiB, less than memory, 64 MiB");
	refused("name='a'\nmemory='64m'", "a number of MiB, without a unit");
	refused("name='a'\nmemory=-1", "memory: -1 is out of range");
	refused("name='a'\nmemory=99999999999999999999", "memory: 99999999999999999999 is out of");
	refused_with("hap = 'yes'", "1 for yes, 0 for no");
	refused_with("on_crash = 'explode'", "on_crash: 'explode' is unknown\n    one of: destroy");
	refused_with("type = 'lxc'", "type: 'lxc' is no type of domain");
	refused_with("type = 'pv'\nbuilder = 'hvm'", "vm.cfg:4:1: builder and type contradict");
	refused_with("uuid = 'nope'", "vm.cfg:3:8: uuid: 'nope' is not a UUID");
	refused_with("timer_mode = 1", "timer_mode: a PV domain has no timers");
	refused_with("tsc_mode = 9", "tsc_mode: '9' is unknown");
	refused("memory = 64", "vm.cfg: the domain has no name\n    add a line name");
	refused("name = ''", "the domain has no name");
}

static void wrong_devices_are_errors_at_their_place(void)
{
	refused_with("vif = [ 'bridge=a',\n  'mac=1' ]",
		     "vm.cfg:4:3: vif 'mac=1': not a MAC address");
	refused_with("disk = [ ['x'] ]", "vm.cfg:3:10: disk: element 1 is a list but must be text");
	refused_with("disk = [ '/x,raw,xvda', '/y,raw,xvda' ]", "two disks have the vdev 'xvda'");
	refused_with("pci = [ '01:02.9' ]", "pci '01:02.9': not the address of a device");
	refused_with("pci = [ '01:00.0,permissive=2' ]", "permissive is '2', neither 0 nor 1");
	refused_with("channel = [ 'name=x' ]", "channel 'name=x': no connection is given");
	refused_with("p9 = [ 'tag=x' ]", "tag, path and security_model must be given");
	refused_with("ioports = [ '3ff-3f8' ]", "ioports: not a range of ports");
	refused_with("ioports = [ '10000' ]", "ioports: not a range of ports");
	refused_with("iomem = [ 'a0000' ]", "iomem: not a range of pages");
	refused_with("irqs = [ 'x' ]", "irqs: 'x' is not an interrupt");
	refused_with("vnuma = [ 'pnode=0' ]", "vnuma: each node must be a list");
	refused_with("vnuma = [ [ 'vdistances=1,2' ] ]", "vdistances wants a number for each of 1");
	refused_with("cpuid = 'avx=0'", "the first word must be 'host'");
	refused_with("cpuid = 'host,avx=2'", "'2' is not a value of avx");
	refused_with("cpuid = [ '1:eax=01' ]", "cpuid '1:eax=01': not a policy");
	refused_with("viridian = [ 'nosuch' ]", "viridian: 'nosuch' is unknown");
}

static void a_domain_without_a_uuid_gets_a_new_one(void)
{
	uint8_t first[16];

	memcpy(first, good_with("")->uuid, 16);
	CU_ASSERT_FALSE(config_world_config->uuid_given);
	CU_ASSERT_EQUAL(first[6] >> 4, 4);
	CU_ASSERT_EQUAL(first[8] >> 6, 2);
	CU_ASSERT_NOT_EQUAL(memcmp(first, good_with("")->uuid, 16), 0);
	CU_ASSERT_TRUE(good_with("uuid='12345678123412341234123456789abc'")->uuid_given);
}

static void a_silent_file_means_upstreams_defaults(void)
{
	const struct vm_config *config = good("name='a'");

	CU_ASSERT_EQUAL(config->type, VM_TYPE_PV);
	CU_ASSERT_EQUAL(config->max_vcpus, 1);
	CU_ASSERT_EQUAL(config->target_kib, VM_KIB_DEFAULT);
	CU_ASSERT_EQUAL(config->on_poweroff, VM_ACTION_DESTROY);
	CU_ASSERT_EQUAL(config->on_reboot, VM_ACTION_RESTART);
	CU_ASSERT_EQUAL(config->on_crash, VM_ACTION_DESTROY);
	CU_ASSERT_EQUAL(config->on_soft_reset, VM_ACTION_SOFT_RESET);
	CU_ASSERT_EQUAL(config->weight, VM_UNSET);
	CU_ASSERT_EQUAL(config->max_grant_frames, VM_FRAMES_DEFAULT);
}

static void cmdline_wins_over_root_and_extra(void)
{
	CU_ASSERT_STRING_EQUAL(good_with("root='r'\nextra='e'")->cmdline, "root=r e");
	CU_ASSERT_STRING_EQUAL(good_with("root='r'")->cmdline, "root=r");
	CU_ASSERT_STRING_EQUAL(good_with("cmdline='c'\nextra='e'")->cmdline, "c");
	CU_ASSERT_TRUE(said("root and extra have no effect beside cmdline"));
	CU_ASSERT_PTR_NULL(good_with("")->cmdline);
}

static void every_key_is_described_once(void)
{
	for (unsigned int i = 0; i < config_key_count; i++) {
		CU_ASSERT_PTR_NOT_NULL(config_keys[i].meaning);
		CU_ASSERT_PTR_NOT_NULL(config_keys[i].otherwise);
		for (unsigned int j = 0; j < i; j++) {
			CU_ASSERT_STRING_NOT_EQUAL(config_keys[i].name, config_keys[j].name);
		}
	}
}

/* No key may crash on a value of the wrong kind, and none may be called unknown. */
static void every_key_takes_or_refuses_any_value(void)
{
	static const char *const values[] = {
		"1", "''", "'x'", "[]", "['x']", "['']", "[['x']]", "-1", "99999999999999999999"};

	for (unsigned int i = 0; i < config_key_count; i++) {
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			char text[200];
			char *messages;
			int err;

			snprintf(text, sizeof(text), "name='a'\n%s = %s\n", config_keys[i].name,
				 values[v]);
			err = config_world_read(text, strlen(text));
			messages = config_world_messages();
			CU_ASSERT(err == 0 || err == -EINVAL);
			CU_ASSERT_EQUAL(report_has_error(&config_world_report), err != 0);
			CU_ASSERT_PTR_NULL(strstr(messages, "the key"));
			free(messages);
		}
	}
}

static const struct unit_test tests[] = {
	UNIT(the_json_is_upstreams_to_the_byte_and_reads_back),
	UNIT(an_unknown_key_is_named_once_and_stops_nothing),
	UNIT(an_unsupported_key_is_named_as_such),
	UNIT(every_key_without_effect_is_named_with_its_line_or_silent),
	UNIT(wrong_values_name_the_key_and_what_is_allowed),
	UNIT(wrong_devices_are_errors_at_their_place),
	UNIT(a_domain_without_a_uuid_gets_a_new_one),
	UNIT(a_silent_file_means_upstreams_defaults),
	UNIT(cmdline_wins_over_root_and_extra),
	UNIT(every_key_is_described_once),
	UNIT(every_key_takes_or_refuses_any_value),
};

int main(void)
{
	int status = unit_main("config/read", tests, sizeof(tests) / sizeof(tests[0]), NULL);

	config_world_end();
	return status;
}
