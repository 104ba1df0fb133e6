/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct vm_config to libvirt's domain XML, the inverse of from_xml.c: what this writes, that reads
 * back to the same machine. Elements and their order are those of virsh dumpxml. What libvirt has
 * no words for (soft affinity, virtual nodes, 9pfs, ...) is left out and warned of.
 */
#include "domxml/domxml.h"

#include "config/config.h"

#include "lib/report.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_WEIGHT 256 /* what every domain has, and libvirt too */

struct writing {
	const struct vm_config *config;
	FILE *to;
	struct report *report;
};

/* Text within elements and attributes; control characters cannot be in XML at all. */
static void put_text(struct writing *writing, const char *text)
{
	for (const char *at = text; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if (c == '<') {
			fputs("&lt;", writing->to);
		} else if (c == '>') {
			fputs("&gt;", writing->to);
		} else if (c == '&') {
			fputs("&amp;", writing->to);
		} else if (c == '\'') {
			fputs("&apos;", writing->to);
		} else if (c == '\n' || c == '\t' || c == '\r') {
			fprintf(writing->to, "&#%d;", c);
		} else if (c < ' ') {
			report_warning(writing->report, "%s: the byte 0x%02x has no place in XML",
				       writing->config->name, c);
		} else {
			fputc(c, writing->to);
		}
	}
}

/* <name>text</name> on a line of its own, unless there is no text. */
static void element(struct writing *writing, unsigned int indent, const char *name,
		    const char *text)
{
	if (text) {
		fprintf(writing->to, "%*s<%s>", (int)indent, "", name);
		put_text(writing, text);
		fprintf(writing->to, "</%s>\n", name);
	}
}

/* ` name='text'` in an open tag, unless there is no text. */
static void attribute(struct writing *writing, const char *name, const char *text)
{
	if (text) {
		fprintf(writing->to, " %s='", name);
		put_text(writing, text);
		fputc('\'', writing->to);
	}
}

/* An element with one attribute. */
static void tag(struct writing *writing, unsigned int indent, const char *name, const char *key,
		const char *text)
{
	if (text) {
		fprintf(writing->to, "%*s<%s", (int)indent, "", name);
		attribute(writing, key, text);
		fputs("/>\n", writing->to);
	}
}

static void lost(struct writing *writing, bool is_set, const char *what)
{
	if (is_set) {
		report_warning(writing->report,
			       "%s: %s has no place in libvirt's XML and is left out",
			       writing->config->name, what);
	}
}

static void put_set(struct writing *writing, const struct vm_set *set)
{
	bool first = true;

	for (unsigned int n = 0; n < set->words * 64; n++) {
		unsigned int from = n;

		if (!vm_set_has(set, n)) {
			continue;
		}
		while (n + 1 < set->words * 64 && vm_set_has(set, n + 1)) {
			n++;
		}
		fprintf(writing->to, "%s%u", first ? "" : ",", from);
		if (n > from) {
			fprintf(writing->to, "-%u", n);
		}
		first = false;
	}
}

static void write_cpus(struct writing *writing)
{
	const struct vm_config *config = writing->config;
	unsigned int online = vm_set_count(&config->avail_vcpus);
	bool pinned = false;

	fputs("  <vcpu placement='static'", writing->to);
	if (online && online < config->max_vcpus) {
		fprintf(writing->to, " current='%u'", online);
	}
	fprintf(writing->to, ">%u</vcpu>\n", config->max_vcpus);
	for (unsigned int i = 0; i < config->hard_affinities; i++) {
		if (config->hard_affinity[i].all) {
			continue;
		}
		if (!pinned) {
			fputs("  <cputune>\n", writing->to);
			pinned = true;
		}
		fprintf(writing->to, "    <vcpupin vcpu='%u' cpuset='", i);
		put_set(writing, &config->hard_affinity[i]);
		fputs("'/>\n", writing->to);
	}
	if (pinned) {
		fputs("  </cputune>\n", writing->to);
	}
}

static void write_boot(struct writing *writing)
{
	static const struct {
		char letter;
		const char *dev;
	} devices[] = {{'c', "hd"}, {'d', "cdrom"}, {'n', "network"}, {'a', "fd"}};

	for (const char *at = writing->config->hvm.boot; at && *at; at++) {
		for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
			if (*at == devices[i].letter) {
				tag(writing, 4, "boot", "dev", devices[i].dev);
			}
		}
	}
}

static void write_os(struct writing *writing)
{
	const struct vm_config *config = writing->config;

	if (config->bootloader) {
		element(writing, 2, "bootloader", config->bootloader);
		if (config->bootloader_args.count) {
			fputs("  <bootloader_args>", writing->to);
			for (unsigned int i = 0; i < config->bootloader_args.count; i++) {
				fputs(i ? " " : "", writing->to);
				put_text(writing, config->bootloader_args.item[i]);
			}
			fputs("</bootloader_args>\n", writing->to);
		}
	}
	fputs("  <os>\n", writing->to);
	switch (config->type) {
	case VM_TYPE_PV:
		fputs("    <type arch='x86_64' machine='xenpv'>linux</type>\n", writing->to);
		break;
	case VM_TYPE_PVH:
		fputs("    <type arch='x86_64' machine='xenpvh'>xenpvh</type>\n", writing->to);
		break;
	case VM_TYPE_HVM:
		fputs("    <type arch='x86_64' machine='xenfv'>hvm</type>\n", writing->to);
		if (config->hvm.bios == VM_BIOS_OVMF && config->hvm.system_firmware) {
			fputs("    <loader readonly='yes' type='pflash'>", writing->to);
			put_text(writing, config->hvm.system_firmware);
			fputs("</loader>\n", writing->to);
		} else {
			element(writing, 4, "loader", config->hvm.firmware);
		}
		break;
	}
	element(writing, 4, "kernel", config->kernel);
	element(writing, 4, "initrd", config->ramdisk);
	element(writing, 4, "cmdline", config->cmdline);
	if (config->type == VM_TYPE_HVM) {
		write_boot(writing);
	}
	fputs("  </os>\n", writing->to);
}

static void write_feature(struct writing *writing, const char *name, enum choice choice)
{
	if (choice != CHOICE_DEFAULT) {
		tag(writing, 4, name, "state", choice == CHOICE_YES ? "on" : "off");
	}
}

static void write_features(struct writing *writing)
{
	static const char *const modes[] = {NULL, NULL, NULL, "sync_pt", "share_pt"};
	const struct vm_config *config = writing->config;

	fputs("  <features>\n", writing->to);
	write_feature(writing, "acpi", config->acpi);
	write_feature(writing, "apic", config->apic);
	write_feature(writing, "pae", config->hvm.pae);
	write_feature(writing, "hap", config->hap);
	write_feature(writing, "viridian", config->hvm.viridian);
	if (config->pv.e820_host != CHOICE_DEFAULT || config->passthrough) {
		fputs("    <xen>\n  ", writing->to);
		write_feature(writing, "e820_host", config->pv.e820_host);
		if (config->passthrough) {
			fprintf(writing->to, "      <passthrough state='%s'",
				config->passthrough == VM_PASSTHROUGH_DISABLED ? "off" : "on");
			attribute(writing, "mode", modes[config->passthrough]);
			fputs("/>\n", writing->to);
		}
		fputs("    </xen>\n", writing->to);
	}
	fputs("  </features>\n", writing->to);
	if (config->nested_hvm != CHOICE_DEFAULT) {
		fprintf(writing->to,
			"  <cpu mode='host-passthrough'>\n    <feature policy='%s' name='vmx'/>\n"
			"  </cpu>\n",
			config->nested_hvm == CHOICE_YES ? "require" : "disable");
	}
}

static void write_clock(struct writing *writing)
{
	static const char *const modes[] = {NULL, "emulate", "native", "paravirt"};
	const struct vm_config *config = writing->config;
	const char *zone = config->localtime == CHOICE_YES ? "localtime" : "utc";

	if (config->rtc_timeoffset) {
		fprintf(writing->to, "  <clock offset='variable' adjustment='%d' basis='%s'>\n",
			(int)config->rtc_timeoffset, zone);
	} else {
		fprintf(writing->to, "  <clock offset='%s'>\n", zone);
	}
	if (config->tsc_mode) {
		fprintf(writing->to, "    <timer name='tsc' mode='%s'/>\n",
			modes[config->tsc_mode]);
	}
	if (config->hvm.hpet != CHOICE_DEFAULT) {
		fprintf(writing->to, "    <timer name='hpet' present='%s'/>\n",
			config->hvm.hpet == CHOICE_YES ? "yes" : "no");
	}
	fputs("  </clock>\n", writing->to);
}

static void write_disk(struct writing *writing, const struct vm_disk *disk)
{
	static const char *const names[] = {"file", "phy", "tap", "qemu", "file"};
	static const char *const types[] = {"raw", "qcow", "qcow2", "vhd", "raw", "raw", "qed"};
	bool block = disk->path && strncmp(disk->path, "/dev/", 5) == 0;

	fprintf(writing->to, "    <disk type='%s' device='%s'>\n", block ? "block" : "file",
		disk->cdrom ? "cdrom" : "disk");
	fprintf(writing->to, "      <driver name='%s' type='%s'", names[disk->backend],
		types[disk->format]);
	if (disk->discard != CHOICE_DEFAULT) {
		attribute(writing, "discard", disk->discard == CHOICE_YES ? "unmap" : "ignore");
	}
	fputs("/>\n", writing->to);
	if (disk->path && *disk->path) {
		tag(writing, 6, "source", block ? "dev" : "file", disk->path);
	}
	tag(writing, 6, "backenddomain", "name", disk->backend_domname);
	tag(writing, 6, "target", "dev", disk->vdev);
	tag(writing, 6, "script", "path", disk->script);
	fputs(disk->readwrite ? "" : "      <readonly/>\n", writing->to);
	fputs("    </disk>\n", writing->to);
	lost(writing, disk->direct_io_safe, "direct-io-safe of a disk");
	lost(writing, disk->specification == VM_DISK_SPECIFICATION_VIRTIO, "virtio of a disk");
	lost(writing, disk->trusted != CHOICE_DEFAULT, "trusted of a disk");
}

/* In KiB each second, rounded: what from_xml.c makes of it lies at most 19 bytes below. */
static void write_rate(struct writing *writing, const struct vm_nic *nic)
{
	unsigned __int128 bytes = (unsigned __int128)nic->rate_bytes_per_interval * 1000000;
	uint64_t average;

	if (!nic->rate_bytes_per_interval || !nic->rate_interval_us) {
		return;
	}
	average = (uint64_t)((bytes / nic->rate_interval_us + 512) / 1024);
	average = average ? average : 1;
	fprintf(writing->to,
		"      <bandwidth>\n        <outbound average='%llu'/>\n      </bandwidth>\n",
		(unsigned long long)average);
	lost(writing,
	     (unsigned __int128)average * 1024 * nic->rate_interval_us / 1000000 !=
		     nic->rate_bytes_per_interval,
	     "the part of a rate below 1 KiB/s");
}

static void write_nic(struct writing *writing, const struct vm_nic *nic)
{
	static const uint8_t none[6];

	fprintf(writing->to, "    <interface type='%s'>\n", nic->bridge ? "bridge" : "ethernet");
	if (memcmp(nic->mac, none, sizeof(none)) != 0) {
		fprintf(writing->to, "      <mac address='%02x:%02x:%02x:%02x:%02x:%02x'/>\n",
			nic->mac[0], nic->mac[1], nic->mac[2], nic->mac[3], nic->mac[4],
			nic->mac[5]);
	}
	tag(writing, 6, "source", "bridge", nic->bridge);
	tag(writing, 6, "ip", "address", nic->ip);
	tag(writing, 6, "script", "path", nic->script);
	tag(writing, 6, "target", "dev", nic->ifname);
	if (nic->type == VM_NIC_VIF) {
		tag(writing, 6, "model", "type", "netfront");
	} else {
		tag(writing, 6, "model", "type", nic->model);
	}
	tag(writing, 6, "backenddomain", "name", nic->backend_domname);
	if (nic->mtu) {
		fprintf(writing->to, "      <mtu size='%d'/>\n", nic->mtu);
	}
	write_rate(writing, nic);
	fputs("    </interface>\n", writing->to);
	lost(writing, nic->gatewaydev != NULL, "gatewaydev of an interface");
	lost(writing, nic->trusted != CHOICE_DEFAULT, "trusted of an interface");
}

static void write_screen(struct writing *writing, const struct vm_vnc *vnc,
			 const struct vm_sdl *sdl, const char *keymap)
{
	if (choice_or(vnc->enable, false)) {
		bool automatic = choice_or(vnc->findunused, vnc->display == 0);

		fprintf(writing->to, "    <graphics type='vnc' port='%d' autoport='%s'",
			automatic ? -1 : 5900 + vnc->display, automatic ? "yes" : "no");
		attribute(writing, "listen", vnc->listen);
		attribute(writing, "passwd", vnc->passwd);
		attribute(writing, "keymap", keymap);
		fputs("/>\n", writing->to);
	}
	if (choice_or(sdl->enable, false)) {
		fputs("    <graphics type='sdl'", writing->to);
		attribute(writing, "display", sdl->display);
		attribute(writing, "xauth", sdl->xauthority);
		fputs("/>\n", writing->to);
		lost(writing, sdl->opengl != CHOICE_DEFAULT, "opengl");
	}
}

static void write_machine_devices(struct writing *writing)
{
	static const char *const models[] = {NULL, "cirrus", "vga", "none", "qxl"};
	const struct vm_config *config = writing->config;

	if (config->type != VM_TYPE_HVM) {
		for (unsigned int i = 0; i < config->vfb_count; i++) {
			write_screen(writing, &config->vfbs[i].vnc, &config->vfbs[i].sdl,
				     config->vfbs[i].keymap);
		}
		return;
	}
	if (config->hvm.serial && strcmp(config->hvm.serial, "pty") == 0) {
		fputs("    <serial type='pty'/>\n", writing->to);
	}
	lost(writing, config->hvm.serial && strcmp(config->hvm.serial, "pty") != 0,
	     "a serial port other than pty");
	lost(writing, config->hvm.serial_list.count > 0, "a list of serial ports");
	lost(writing, config->hvm.usbdevice_list.count > 0, "a list of USB devices");
	if (config->hvm.usbdevice && strcmp(config->hvm.usbdevice, "tablet") == 0) {
		fputs("    <input type='tablet' bus='usb'/>\n", writing->to);
	}
	write_screen(writing, &config->hvm.vnc, &config->hvm.sdl, config->hvm.keymap);
	tag(writing, 4, "sound", "model", config->hvm.soundhw);
	if (config->hvm.vga) {
		fprintf(writing->to, "    <video>\n      <model type='%s'",
			models[config->hvm.vga]);
		if (config->video_kib != VM_KIB_DEFAULT) {
			fprintf(writing->to, " vram='%llu'", (unsigned long long)config->video_kib);
		}
		fputs("/>\n    </video>\n", writing->to);
	}
}

static void write_pci(struct writing *writing, const struct vm_pci *pci)
{
	fprintf(writing->to,
		"    <hostdev mode='subsystem' type='pci' managed='%s'>\n      <source%s>\n"
		"        <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
		"      </source>\n    </hostdev>\n",
		pci->seize ? "yes" : "no", pci->permissive ? " writeFiltering='no'" : "",
		(unsigned int)pci->domain, pci->bus, pci->device, pci->function);
}

static void write_channel(struct writing *writing, const struct vm_channel *channel)
{
	fprintf(writing->to, "    <channel type='%s'>\n",
		channel->connection == VM_CHANNEL_SOCKET ? "unix" : "pty");
	tag(writing, 6, "source", "path", channel->path);
	fputs("      <target type='xen'", writing->to);
	attribute(writing, "name", channel->name);
	fputs("/>\n    </channel>\n", writing->to);
}

static void write_devices(struct writing *writing)
{
	const struct vm_config *config = writing->config;

	fputs("  <devices>\n", writing->to);
	element(writing, 4, "emulator", config->device_model);
	for (unsigned int i = 0; i < config->disk_count; i++) {
		write_disk(writing, &config->disks[i]);
	}
	if (config->max_grant_frames != VM_FRAMES_DEFAULT || config->event_channels) {
		fputs("    <controller type='xenbus'", writing->to);
		if (config->max_grant_frames != VM_FRAMES_DEFAULT) {
			fprintf(writing->to, " maxGrantFrames='%u'", config->max_grant_frames);
		}
		if (config->event_channels) {
			fprintf(writing->to, " maxEventChannels='%u'", config->event_channels);
		}
		fputs("/>\n", writing->to);
	}
	for (unsigned int i = 0; i < config->nic_count; i++) {
		write_nic(writing, &config->nics[i]);
	}
	for (unsigned int i = 0; i < config->channel_count; i++) {
		write_channel(writing, &config->channels[i]);
	}
	write_machine_devices(writing);
	for (unsigned int i = 0; i < config->pci_count; i++) {
		write_pci(writing, &config->pcis[i]);
	}
	fputs("  </devices>\n", writing->to);
}

static void name_losses(struct writing *writing)
{
	const struct vm_config *config = writing->config;

	lost(writing, config->soft_affinities > 0, "cpus_soft");
	lost(writing, config->vnodes > 0, "vnuma");
	lost(writing, config->cpuids > 0, "cpuid");
	lost(writing,
	     (config->weight != VM_UNSET && config->weight != DEFAULT_WEIGHT) ||
		     (config->cap != VM_UNSET && config->cap != 0),
	     "cpu_weight or cap");
	lost(writing, config->p9_count > 0, "p9");
	lost(writing, config->pool_name != NULL, "pool");
	lost(writing, config->ioport_ranges || config->irq_count || config->iomem_ranges,
	     "ioports, irqs or iomem");
	lost(writing, config->shadow_kib != VM_KIB_DEFAULT, "shadow_memory");
	lost(writing, config->max_maptrack_frames != VM_FRAMES_DEFAULT, "max_maptrack_frames");
	lost(writing, choice_or(config->disable_migrate, false), "nomigrate");
	lost(writing, config->on_watchdog != VM_ACTION_DESTROY, "on_watchdog");
	lost(writing, choice_or(config->pv.pvshim, false), "pvshim");
}

int domxml_write(const struct vm_config *config, FILE *to, struct report *report)
{
	struct writing writing = {.config = config, .to = to, .report = report};
	char uuid[37];

	config_write_uuid(config->uuid, uuid);
	fputs("<domain type='xen'>\n", to);
	element(&writing, 2, "name", config->name);
	element(&writing, 2, "uuid", uuid);
	if (config->max_kib != VM_KIB_DEFAULT) {
		fprintf(to, "  <memory unit='KiB'>%llu</memory>\n",
			(unsigned long long)config->max_kib);
	}
	if (config->target_kib != VM_KIB_DEFAULT) {
		fprintf(to, "  <currentMemory unit='KiB'>%llu</currentMemory>\n",
			(unsigned long long)config->target_kib);
	}
	write_cpus(&writing);
	write_os(&writing);
	write_features(&writing);
	write_clock(&writing);
	element(&writing, 2, "on_poweroff", vm_action_name(config->on_poweroff));
	element(&writing, 2, "on_reboot", vm_action_name(config->on_reboot));
	element(&writing, 2, "on_crash", vm_action_name(config->on_crash));
	write_devices(&writing);
	fputs("</domain>\n", to);
	name_losses(&writing);
	return ferror(to) ? report_error(report, EIO, "writing the XML of '%s'", config->name) : 0;
}
