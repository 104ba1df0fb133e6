/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU TCG plugin that counts executed instructions by address between two marks (marks.h), so
 * that a cost can be split into user space, guest kernel and hypervisor, and further by symbol.
 *
 * Each stop mark writes DIR/NNN, counting from 000: lines "name count" (the three sides, then what
 * the hypervisor did that is dear on a real CPU), an empty line, then "address count" lines for
 * kernel and hypervisor with 16 hexadecimal digits, unsorted.
 *
 * Every instruction adds to its counter in line; `rep` counts once per iteration, an instruction
 * that faults once more when it is repeated. Counters are found at translation time, so a boot is
 * not slowed before the arm mark, which throws away the code translated until then; with armed=on
 * all is counted from power-on. One CPU:
 * counters are plain. The table of counters never moves, for translated code holds pointers into
 * it; when it is full, the sides still count and further addresses share one counter, which is
 * reported.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marks.h"
#include "qemu_plugin.h"

/* A PV guest's view of the address space: the Xen ABI gives this range to the hypervisor. */
#define USER_END 0x0000800000000000ULL
#define HYPERVISOR_START 0xffff800000000000ULL
#define HYPERVISOR_END 0xffff880000000000ULL

#define CELL_COUNT (1U << 21)
#define CELL_USABLE (CELL_COUNT - CELL_COUNT / 8)

enum total {
	TOTAL_USER,
	TOTAL_KERNEL,
	TOTAL_HYPERVISOR,
	TOTAL_CR3,
	TOTAL_CR4,
	TOTAL_INVLPG,
	TOTAL_WRMSR,
	TOTAL_VMRUN,
	TOTAL_COUNT,
	TOTAL_NONE = TOTAL_COUNT,
};

static const char *const total_names[TOTAL_COUNT] = {
	[TOTAL_USER] = "user",		   [TOTAL_KERNEL] = "kernel",
	[TOTAL_HYPERVISOR] = "hypervisor", [TOTAL_CR3] = "cr3",
	[TOTAL_CR4] = "cr4",		   [TOTAL_INVLPG] = "invlpg",
	[TOTAL_WRMSR] = "wrmsr",	   [TOTAL_VMRUN] = "vmrun",
};

struct cell {
	uint64_t address;
	uint64_t count;
};

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static qemu_plugin_id_t plugin_id;
static char folder[PATH_MAX];
static unsigned int next_file;
static bool armed;
static struct cell *cells;
static unsigned int cells_used;
static uint64_t overflow;
static uint64_t totals[TOTAL_COUNT];

static uint64_t *counter_of(uint64_t address)
{
	uint64_t hash = (address * 0x9e3779b97f4a7c15ULL) >> 43;

	while (cells[hash].address != 0 && cells[hash].address != address) {
		hash = (hash + 1) % CELL_COUNT;
	}
	if (cells[hash].address == 0) {
		if (cells_used == CELL_USABLE) {
			return &overflow;
		}
		cells_used++;
		cells[hash].address = address;
	}
	return &cells[hash].count;
}

static enum total side_of(uint64_t address)
{
	if (address < USER_END) {
		return TOTAL_USER;
	}
	if (address >= HYPERVISOR_START && address < HYPERVISOR_END) {
		return TOTAL_HYPERVISOR;
	}
	return TOTAL_KERNEL;
}

/* AMD manual volume 3: MOV CRn 0F 22, INVLPG 0F 01 /7 (memory), WRMSR 0F 30, VMRUN 0F 01 D8. */
static enum total kind_of(const uint8_t *byte, size_t size)
{
	unsigned int reg;

	if (size > 0 && (byte[0] & 0xf0) == 0x40) {
		byte++;
		size--;
	}
	if (size >= 2 && byte[0] == 0x0f && byte[1] == 0x30) {
		return TOTAL_WRMSR;
	}
	if (size < 3 || byte[0] != 0x0f) {
		return TOTAL_NONE;
	}
	reg = (byte[2] >> 3) & 7;
	if (byte[1] == 0x22 && reg == 3) {
		return TOTAL_CR3;
	}
	if (byte[1] == 0x22 && reg == 4) {
		return TOTAL_CR4;
	}
	if (byte[1] == 0x01 && byte[2] == 0xd8) {
		return TOTAL_VMRUN;
	}
	if (byte[1] == 0x01 && reg == 7 && byte[2] < 0xc0) {
		return TOTAL_INVLPG;
	}
	return TOTAL_NONE;
}

static int mark_of(struct qemu_plugin_insn *insn)
{
	const uint8_t *byte = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != 3 || byte[0] != MARK_PREFIX || byte[1] != MARK_OPCODE) {
		return 0;
	}
	return side_of(qemu_plugin_insn_vaddr(insn)) != TOTAL_HYPERVISOR ? byte[2] : 0;
}

static void on_start(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	for (size_t i = 0; i < CELL_COUNT; i++) {
		cells[i].count = 0;
	}
	memset(totals, 0, sizeof(totals));
	overflow = 0;
}

static void on_stop(unsigned int cpu, void *data)
{
	char path[sizeof(folder) + 16];
	FILE *file;

	(void)cpu;
	(void)data;
	snprintf(path, sizeof(path), "%s/%03u", folder, next_file++);
	file = fopen(path, "w");
	if (file == NULL) {
		qemu_plugin_outs("meter: cannot write the counts\n");
		return;
	}
	for (size_t i = 0; i < TOTAL_COUNT; i++) {
		fprintf(file, "%s %" PRIu64 "\n", total_names[i], totals[i]);
	}
	fprintf(file, "unattributed %" PRIu64 "\n\n", overflow);
	for (size_t i = 0; i < CELL_COUNT; i++) {
		if (cells[i].count != 0) {
			fprintf(file, "%016" PRIx64 " %" PRIu64 "\n", cells[i].address,
				cells[i].count);
		}
	}
	fclose(file);
}

static void add_in_line(struct qemu_plugin_insn *insn, uint64_t *counter)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
}

static void count_insn(struct qemu_plugin_insn *insn)
{
	uint64_t address = qemu_plugin_insn_vaddr(insn);
	enum total side = side_of(address), kind;

	add_in_line(insn, &totals[side]);
	if (side != TOTAL_USER) {
		add_in_line(insn, counter_of(address));
	}
	if (side == TOTAL_HYPERVISOR) {
		kind = kind_of(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn));
		if (kind != TOTAL_NONE) {
			add_in_line(insn, &totals[kind]);
		}
	}
}

static void translate_counted(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	size_t count = qemu_plugin_tb_n_insns(block);

	(void)id;
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
		int mark = mark_of(insn);

		count_insn(insn);
		if (mark == MARK_START || mark == MARK_STOP) {
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, mark == MARK_START ? on_start : on_stop,
				QEMU_PLUGIN_CB_NO_REGS, NULL);
		}
	}
}

static void begin_counting(qemu_plugin_id_t id)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate_counted);
}

static void on_arm(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (!armed) {
		armed = true;
		qemu_plugin_reset(plugin_id, begin_counting);
	}
}

static void translate_waiting(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	size_t count = qemu_plugin_tb_n_insns(block);

	(void)id;
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);

		if (mark_of(insn) == MARK_ARM) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_arm,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
		}
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	if (argc < 1 || argc > 2 || strncmp(argv[0], "dir=", 4) != 0 ||
	    (argc == 2 && strcmp(argv[1], "armed=on") != 0)) {
		fprintf(stderr, "meter: its arguments are dir=DIR[,armed=on]\n");
		return -1;
	}
	armed = argc == 2;
	snprintf(folder, sizeof(folder), "%s", argv[0] + 4);
	cells = calloc(CELL_COUNT, sizeof(*cells));
	if (cells == NULL) {
		return -1;
	}
	plugin_id = id;
	qemu_plugin_register_vcpu_tb_trans_cb(id, armed ? translate_counted : translate_waiting);
	return 0;
}
