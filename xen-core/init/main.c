/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The start-up order, one step per line: the page to read first.
 */
#include "init/init.h"
#include "init/door.h"
#include "init/host.h"

#include "domain/memory.h"
#include "entry/entry.h"
#include "entry/watchdog.h"
#include "lib/check.h"
#include "lib/cmdline.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/frames.h"
#include "machine/lapic.h"
#include "machine/smap.h"
#include "machine/smp_start.h"
#include "machine/tables_cpu.h"
#include "mm/map.h"
#include "plat/acpi.h"
#include "plat/clock.h"
#include "plat/irq.h"
#include "plat/nested.h"
#include "plat/screen.h"
#include "plat/serial.h"

void boot_entry(uint64_t information, uint32_t door);

static void noreturn_fn start_on_own_stack(void);

static void take_boot_info(uint64_t information, uint32_t door)
{
	switch (door) {
	case MULTIBOOT_MAGIC:
		multiboot_door(information);
		break;
	case MULTIBOOT2_MAGIC:
		multiboot2_door(information);
		break;
	case PVH_MAGIC:
		pvh_door(information);
		break;
	default: /* the EFI loader made it */
		memcpy(&boot, door_at(information), sizeof(boot));
		break;
	}
}

static void start_console(void)
{
	static const char *const names[] = {"com1", "com2"};
	struct serial_options com;

	for (unsigned int i = 0; i < 2; i++) {
		const char *text = i == 0 ? options.com1 : options.com2;

		serial_defaults(i, &com);
		if (cmdline_list_has(options.console, names[i]) ||
		    (i == 0 && strcmp(options.console, "none") != 0 && !options.com2[0])) {
			if (*text && serial_parse(text, &com)) {
				log_warning("com%u=%s: not understood", i + 1, text);
			}
			if (serial_init(&com)) {
				log_warning("%s: there is none", names[i]);
			}
			return;
		}
	}
}

static uint32_t all_of(unsigned int position, unsigned int bits)
{
	return (uint32_t)(((1UL << bits) - 1) << position);
}

/* Behind a front door without a frame buffer the screen is in text mode, if there is one. */
static void start_screen(void)
{
	const struct boot_framebuffer *fb = &boot.framebuffer;
	struct screen screen = {
		.columns = SCREEN_TEXT_COLUMNS,
		.rows = SCREEN_TEXT_ROWS,
		.pitch = SCREEN_TEXT_COLUMNS * 2,
	};

	if (!cmdline_list_has(options.console, "vga") ||
	    (uint64_t)fb->pitch * fb->height > fb->bytes) {
		return;
	}
	if (fb->base == 0) {
		screen.memory = map_device(SCREEN_TEXT_ADDRESS, PAGE_SIZE, MAP_UNCACHED);
	} else {
		screen.memory = map_device(fb->base, fb->bytes, MAP_WRITE_COMBINING);
		screen.columns = fb->width / SCREEN_FONT_WIDTH;
		screen.rows = fb->height / SCREEN_FONT_HEIGHT;
		screen.pitch = fb->pitch;
		screen.pixel_bytes = fb->bits_per_pixel / 8;
		screen.ink = all_of(fb->red_position, fb->red_bits) |
			     all_of(fb->green_position, fb->green_bits) |
			     all_of(fb->blue_position, fb->blue_bits);
	}
	if (screen.memory && screen_open(&screen)) {
		log_info("the screen is dom0's from its start on (vga=keep: it stays the log's)");
	}
}

/* Called by head.S on the boot stack and page tables; door: 0 from the EFI loader. */
void boot_entry(uint64_t information, uint32_t door)
{
	take_boot_info(information, door);
	options_parse(boot.cmdline);
	nested_init();
	start_console();
	if (!boot_info_is_valid(&boot)) {
		panic("boot information of version %u, expected %u", boot.version,
		      BOOT_INFO_VERSION);
	}
	smap_patch();
	host_print_banner();
	host_note_memory_map();
	memory_setup();
	cpus_prepare_boot_cpu();
	__asm__ volatile(
		"mov %0, %%rsp; xor %%ebp, %%ebp; jmp *%1" ::"r"(&tables_cpu_local(0)->regs),
		"r"(start_on_own_stack)
		: "memory");
	unreachable();
}

static void start_on_own_stack(void)
{
	smp_mark_online(0);
	ucode_load();
	if (acpi_init(boot.rsdp)) {
		log_warning("no ACPI tables: one CPU, no I/O APIC");
	}
	start_screen();
	lapic_init(map_device(lapic_page_address(), PAGE_SIZE, MAP_UNCACHED));
	lapic_cpu_init();
	smp_init(lapic_id());
	irq_init();
	clock_init();
	timers_init(clock_program, clock_now);
	sched_init(clock_now);
	sched_cpu_online(0);
	memory_init();
	domains_init();
	host_connect();
	virt_init();
	efi_start();
	exit_init();
	cpus_start_others();
	serial_start();
	dom0_build();
	if (options.watchdog) {
		watchdog_start();
	}
	if (!cmdline_list_has(options.vga, "keep")) {
		screen_close();
	}
	exit_start();
}
