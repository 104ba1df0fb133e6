/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console: input routing, debug keys, guests' output. State is under a lock of rank console;
 * keys, the VIRQ and the log are called after it is released.
 */
#include "plat/console.h"

#include "lib/log.h"
#include "lib/mem.h"
#include "machine/lock.h"
#include "plat/console_input.h"

#define KEYS 128U

struct key {
	const char *description;
	void (*run)(void);
};

static struct spinlock lock = SPINLOCK(console);
static struct console_input input;
static struct console_lines lines;
static struct key keys[KEYS]; /* written at start-up */
static void (*raise_virq)(void);

static void show_help(void)
{
	log_info("debug keys (Ctrl-a three times switches input):");
	for (unsigned int i = 0; i < KEYS; i++) {
		if (keys[i].run) {
			log_info("  '%c'  %s", (char)i, keys[i].description);
		}
	}
}

void console_init(void (*raise)(void))
{
	raise_virq = raise;
	console_register_key('h', "show this help", show_help);
}

void console_register_key(char key, const char *description, void (*run)(void))
{
	if ((unsigned char)key < KEYS) {
		keys[(unsigned char)key] = (struct key){.description = description, .run = run};
	}
}

void console_press_key(char key)
{
	if ((unsigned char)key < KEYS && keys[(unsigned char)key].run) {
		keys[(unsigned char)key].run();
	}
}

static void say_route(bool to_keys)
{
	const char *text = to_keys ? "*** input goes to the hypervisor ('h' for help) ***\n"
				   : "*** input goes to domain 0 ***\n";

	log_raw(text, strlen(text));
}

void console_input(const char *text, size_t length)
{
	bool for_guest = false;

	for (size_t i = 0; i < length; i++) {
		enum console_route route;
		bool to_keys;

		spin_lock(&lock);
		route = console_input_byte(&input, text[i]);
		to_keys = input.to_keys;
		spin_unlock(&lock);
		switch (route) {
		case CONSOLE_TO_GUEST:
			for_guest = true;
			break;
		case CONSOLE_TO_KEYS:
			console_press_key(text[i]);
			break;
		case CONSOLE_SWITCHED:
			say_route(to_keys);
			break;
		}
	}
	if (for_guest && raise_virq) {
		raise_virq();
	}
}

size_t console_read(char *buffer, size_t length)
{
	size_t taken;

	spin_lock(&lock);
	taken = console_input_take(&input, buffer, length);
	spin_unlock(&lock);
	return taken;
}

void console_write_guest(unsigned int domid, bool is_hardware, const char *text, size_t length)
{
	char line[CONSOLE_LINE_BYTES];
	bool complete;
	size_t taken;

	if (is_hardware) {
		log_raw(text, length);
		return;
	}
	while (length > 0) {
		spin_lock(&lock);
		taken = console_lines_add(&lines, (uint16_t)domid, text, length, line, &complete);
		spin_unlock(&lock);
		if (complete) {
			log_guest(LOG_INFO, domid, "%s", line);
		}
		text += taken;
		length -= taken;
	}
}
