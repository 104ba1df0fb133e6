/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU TCG plugin that measures how long the core runs without letting anybody else run: the
 * instructions of each stay, from its first one behind one of a guest to its last one before a
 * guest, or to an STI, where the core lets interrupts in and starts over (machine/irqflag.h).
 *
 * A stay is named after what it was for: the first function of the highest rank it entered. The
 * file of symbols, sorted by address, has lines "address rank name"; rank 0 names nothing. At exit
 * the plugin writes lines "name count max mean functions", where functions are those in which the
 * longest stay spent most, "name:instructions", separated by commas.
 *
 * What runs before the first instruction of a guest's kernel is start-up and no stay. One CPU:
 * counters are plain. Blocks are counted as wholes: one that faults counts a few too many; `rep`
 * counts once per iteration.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define USER_END 0x0000800000000000ULL
#define HYPERVISOR_START 0xffff800000000000ULL
#define HYPERVISOR_END 0xffff880000000000ULL

#define OPCODE_STI 0xfb

#define SYMBOLS_MAX 8192
#define SHOWN 6

struct symbol {
	uint64_t address;
	int rank;
	char name[64];
	uint64_t spent; /* in this stay */
	/* of the stays that have its name */
	uint64_t stays;
	uint64_t total;
	uint64_t longest;
	struct {
		unsigned int symbol;
		uint64_t spent;
	} where[SHOWN];
};

struct block {
	uint64_t address;
	unsigned int symbol;
	bool at_start; /* of the symbol */
	uint64_t instructions;
	struct block *next;
};

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static char out_path[PATH_MAX];
/* The one before the first symbol is "exit_path": a stay that did nothing nameable. */
static struct symbol symbols[SYMBOLS_MAX];
static unsigned int symbol_count = 1;

static uint64_t kernel_blocks; /* of guests' kernels, ever */
static uint64_t guest_blocks;
static uint64_t guest_blocks_seen;

static struct {
	bool open;
	unsigned int name;
	uint64_t instructions;
	unsigned int touched[SYMBOLS_MAX];
	unsigned int touched_count;
} stay;

static unsigned int symbol_of(uint64_t address)
{
	unsigned int low = 0, high = symbol_count;

	while (high - low > 1) {
		unsigned int middle = low + (high - low) / 2;

		if (symbols[middle].address <= address) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

static void remember_where(struct symbol *named)
{
	memset(named->where, 0, sizeof(named->where));
	for (unsigned int i = 0; i < stay.touched_count; i++) {
		unsigned int symbol = stay.touched[i], place = SHOWN;
		uint64_t spent = symbols[symbol].spent;

		while (place > 0 && named->where[place - 1].spent < spent) {
			place--;
		}
		if (place < SHOWN) {
			memmove(&named->where[place + 1], &named->where[place],
				(SHOWN - 1 - place) * sizeof(named->where[0]));
			named->where[place].symbol = symbol;
			named->where[place].spent = spent;
		}
	}
}

static void end_stay(void)
{
	struct symbol *named = &symbols[stay.name];

	if (stay.open && stay.instructions != 0) {
		named->stays++;
		named->total += stay.instructions;
		if (stay.instructions > named->longest) {
			named->longest = stay.instructions;
			remember_where(named);
		}
	}
	for (unsigned int i = 0; i < stay.touched_count; i++) {
		symbols[stay.touched[i]].spent = 0;
	}
	stay.touched_count = 0;
	stay.instructions = 0;
	stay.name = 0;
	stay.open = kernel_blocks != 0;
}

static void on_core(unsigned int cpu, void *data)
{
	const struct block *block = data;
	struct symbol *symbol = &symbols[block->symbol];

	(void)cpu;
	if (guest_blocks + kernel_blocks != guest_blocks_seen) {
		guest_blocks_seen = guest_blocks + kernel_blocks;
		end_stay();
	}
	if (block->at_start && symbol->rank > symbols[stay.name].rank) {
		stay.name = block->symbol;
	}
	if (symbol->spent == 0) {
		stay.touched[stay.touched_count++] = block->symbol;
	}
	symbol->spent += block->instructions;
	stay.instructions += block->instructions;
}

/* STI ends its block: what follows is counted from the next one on. */
static void on_window(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	end_stay();
}

/* Translated again and again, a block keeps its description: only the first is allocated. */
static struct block *describe(uint64_t address, uint64_t instructions)
{
	static struct block *table[1U << 16];
	struct block **head = &table[(address >> 1) % (1U << 16)];
	struct block *block;

	for (block = *head; block != NULL; block = block->next) {
		if (block->address == address && block->instructions == instructions) {
			return block;
		}
	}
	block = calloc(1, sizeof(*block));
	if (block == NULL) {
		abort();
	}
	block->address = address;
	block->instructions = instructions;
	block->symbol = symbol_of(address);
	block->at_start = symbols[block->symbol].address == address;
	block->next = *head;
	*head = block;
	return block;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	size_t count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (address < HYPERVISOR_START || address >= HYPERVISOR_END) {
		qemu_plugin_register_vcpu_tb_exec_inline(
			tb, QEMU_PLUGIN_INLINE_ADD_U64,
			address < USER_END ? &guest_blocks : &kernel_blocks, 1);
		return;
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_core, QEMU_PLUGIN_CB_NO_REGS,
					     describe(address, count));
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *byte = qemu_plugin_insn_data(insn);

		if (qemu_plugin_insn_size(insn) == 1 && byte[0] == OPCODE_STI) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_window,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
		}
	}
}

static void on_end(qemu_plugin_id_t id, void *data)
{
	FILE *file = fopen(out_path, "w");

	(void)id;
	(void)data;
	if (file == NULL) {
		qemu_plugin_outs("stays: cannot write the counts\n");
		return;
	}
	for (unsigned int i = 0; i < symbol_count; i++) {
		const struct symbol *s = &symbols[i];

		if (s->stays == 0) {
			continue;
		}
		fprintf(file, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " ", s->name, s->stays,
			s->longest, s->total / s->stays);
		for (unsigned int k = 0; k < SHOWN && s->where[k].spent != 0; k++) {
			fprintf(file, "%s%s:%" PRIu64, k == 0 ? "" : ",",
				symbols[s->where[k].symbol].name, s->where[k].spent);
		}
		fputc('\n', file);
	}
	fclose(file);
}

static int read_symbols(const char *path)
{
	FILE *file = fopen(path, "r");
	struct symbol *s;

	if (file == NULL) {
		return -1;
	}
	strcpy(symbols[0].name, "exit_path");
	for (s = &symbols[1]; symbol_count < SYMBOLS_MAX; s++, symbol_count++) {
		if (fscanf(file, "%" SCNx64 " %d %63s", &s->address, &s->rank, s->name) != 3) {
			break;
		}
	}
	fclose(file);
	return symbol_count > 1 && symbol_count < SYMBOLS_MAX ? 0 : -1;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
	const char *symbols_path = NULL;

	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "symbols=", 8) == 0) {
			symbols_path = argv[i] + 8;
		} else if (strncmp(argv[i], "out=", 4) == 0) {
			snprintf(out_path, sizeof(out_path), "%s", argv[i] + 4);
		}
	}
	if (symbols_path == NULL || out_path[0] == 0 || read_symbols(symbols_path) != 0) {
		fprintf(stderr, "stays: its arguments are symbols=FILE,out=FILE\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
