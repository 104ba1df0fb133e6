/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what a PVH image is given when it is domain 0 itself: start information, the memory it
 * names and no more, the console, the rights of a control domain, and the memory of a domain it
 * makes. It runs without the runtime of the paravirtual microguests; start.S is that of the meter's
 * PVH domain.
 *
 * pvh
 * options: dom0=pvh
 */
#include <xen/base.h>
#include <xen/domctl.h>
#include <xen/hvm_op.h>
#include <xen/hvm_start_info.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/start_info.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOM0_BYTES (96UL << 20) /* dom0_mem */
#define XEN_HVM_LEAF 0x40000004
#define HOLE 0xe0000000UL
#define MILLISECOND 1000000UL /* ns */

void pvh_main(const struct hvm_start_info *info);

static unsigned int passed, failed;
static struct xen_domctl domctl;
static struct xen_sysctl sysctl;

static int64_t hypercall(uint64_t number, uint64_t a, const void *b, const void *c)
{
	int64_t result;

	__asm__ volatile("vmmcall"
			 : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
			 : "0"(number)
			 : "memory", "r8", "r10");
	return result;
}

/* --- claims ---------------------------------------------------------------------------------- */

static void print(const char *text)
{
	size_t length = 0;

	while (text[length]) {
		length++;
	}
	hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, (void *)length, text);
}

static void print_number(unsigned int value)
{
	char text[12], *at = text + sizeof(text) - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + value % 10);
	} while (value /= 10);
	print(at);
}

static void claim(bool holds, const char *name)
{
	print(holds ? "ok " : "not ok ");
	print(name);
	print("\n");
	*(holds ? &passed : &failed) += 1;
}

/* --- what it is given ------------------------------------------------------------------------ */

static void look_at_start(const struct hvm_start_info *info)
{
	const struct hvm_memmap_table_entry *map = (void *)info->memmap_paddr;
	struct xen_e820_entry own[4];
	struct xen_memory_map request = {.nr_entries = 4, .buffer = (uint64_t)own};

	claim(info->magic == XEN_HVM_START_MAGIC_VALUE && info->version == 1,
	      "start_info_is_valid");
	claim(info->flags == (SIF_INITDOMAIN | SIF_PRIVILEGED), "it_is_called_domain_0");
	claim(info->nr_modules == 0 && *(const char *)info->cmdline_paddr == '\0',
	      "it_has_no_initrd_and_no_command_line");
	claim(info->memmap_entries == 1 && map->addr == 0 && map->size == DOM0_BYTES &&
		      map->type == XEN_HVM_MEMMAP_TYPE_RAM,
	      "its_memory_is_all_it_was_to_have");
	claim(hypercall(__HYPERVISOR_memory_op, XENMEM_memory_map, &request, NULL) == 0 &&
		      request.nr_entries == 1 && own[0].addr == 0 && own[0].size == DOM0_BYTES,
	      "a_hypercall_says_the_same");
}

static void look_at_memory(void)
{
	volatile uint64_t *last = (uint64_t *)(DOM0_BYTES - sizeof(*last));

	claim(*last == 0, "memory_comes_zeroed");
	*last = 0x1234567890abcdef;
	claim(*last == 0x1234567890abcdef, "the_last_word_of_it_is_memory");
	claim(last[1] == ~0UL && *(volatile uint64_t *)HOLE == ~0UL, "behind_it_is_nothing");
}

/* --- what it may ----------------------------------------------------------------------------- */

static int64_t control(uint32_t command, uint16_t domain)
{
	domctl.cmd = command;
	domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	domctl.domain = domain;
	return hypercall(__HYPERVISOR_domctl, (uint64_t)&domctl, NULL, NULL);
}

static void look_at_itself(void)
{
	const struct xen_domctl_getdomaininfo *info = &domctl.u.getdomaininfo;
	uint32_t a, b, c = 0, d;

	__asm__ volatile("cpuid" : "=a"(a), "=b"(b), "+c"(c), "=d"(d) : "0"(XEN_HVM_LEAF));
	claim(b == 0 && c == 0, "cpuid_says_vcpu_0_of_domain_0");
	claim(control(XEN_DOMCTL_getdomaininfo, 0) == 0 && info->domain == 0 &&
		      (info->flags & XEN_DOMINF_hvm_guest) &&
		      info->tot_pages == DOM0_BYTES / 4096,
	      "it_is_listed_as_translated_with_its_memory");
}

static uint64_t free_pages(void)
{
	sysctl.cmd = XEN_SYSCTL_physinfo;
	sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return hypercall(__HYPERVISOR_sysctl, (uint64_t)&sysctl, NULL, NULL)
		       ? 0
		       : sysctl.u.physinfo.free_pages;
}

/* Makes an empty domain; false: it could not. */
static bool create(uint16_t *domain)
{
	domctl.u.createdomain = (struct xen_domctl_createdomain){
		.max_vcpus = 1,
		.max_evtchn_port = 1023,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.grant_opts = 1,
	};
	if (control(XEN_DOMCTL_createdomain, 0xffff) || domctl.domain == 0) {
		return false;
	}
	*domain = domctl.domain;
	return true;
}

/* Makes a domain and destroys it: whether both was done. */
static bool make_a_domain(void)
{
	uint16_t domain;

	if (!create(&domain) || control(XEN_DOMCTL_destroydomain, domain)) {
		return false;
	}
	while (control(XEN_DOMCTL_getdomaininfo, domain) == 0 &&
	       domctl.u.getdomaininfo.domain == domain) {
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL, NULL);
	}
	return true;
}

/* Lets the hypervisor be idle for a moment: then it frees what it has put off. */
static void rest(void)
{
	struct xen_hvm_get_time now = {0};
	struct sched_poll poll = {0};

	for (unsigned int i = 0; i < 100; i++) {
		hypercall(__HYPERVISOR_hvm_op, HVMOP_get_time, &now, NULL);
		poll.timeout = now.now + MILLISECOND;
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll, NULL);
	}
}

/* The first one makes the hypervisor grow tables that stay. */
static void make_domains(void)
{
	uint64_t before;

	claim(make_a_domain(), "it_may_make_a_domain_and_destroy_it");
	rest();
	before = free_pages();
	claim(before != 0, "it_may_ask_about_the_machine");
	claim(make_a_domain(), "and_another");
	rest();
	claim(free_pages() >= before, "every_frame_comes_back");
}

/* --- memory of others ------------------------------------------------------------------------ */

/* A frame for the domain; 0: none. */
static uint64_t give_frame(uint16_t domain)
{
	uint64_t frame = 0;
	struct xen_memory_reservation request = {
		.extent_start = (uint64_t)&frame, .nr_extents = 1, .domid = domain};

	domctl.u.max_mem.max_memkb = 64;
	if (control(XEN_DOMCTL_max_mem, domain) ||
	    hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &request, NULL) != 1) {
		return 0;
	}
	return frame;
}

static void map_twice(uint16_t domain, uint64_t frame, int32_t errors[3])
{
	/* The third is nobody's frame. */
	static uint64_t frames[3], places[3];
	struct xen_add_to_physmap_batch request = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_gmfn_foreign,
		.size = 3,
		.u = {.foreign_domid = domain},
		.idxs = (uint64_t)frames,
		.gpfns = (uint64_t)places,
		.errs = (uint64_t)errors,
	};

	for (unsigned int i = 0; i < 3; i++) {
		frames[i] = i == 2 ? ~0UL : frame;
		places[i] = HOLE / 4096 + i;
	}
	claim(hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, &request, NULL) == 0 &&
		      errors[0] == 0 && errors[1] == 0,
	      "a_frame_of_a_domain_it_builds_is_mapped");
	claim(errors[2] < 0, "what_is_no_frame_of_it_is_not");
}

static bool unmap(uint64_t address)
{
	struct xen_remove_from_physmap request = {.domid = DOMID_SELF, .gpfn = address / 4096};

	return hypercall(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &request, NULL) == 0;
}

static void map_memory_of_a_domain(void)
{
	volatile uint64_t *one = (uint64_t *)HOLE, *other = (uint64_t *)(HOLE + 4096);
	int32_t errors[3] = {1, 1, 1};
	uint64_t before = free_pages();
	uint16_t domain;

	if (!create(&domain)) {
		claim(false, "it_makes_a_domain_to_look_into");
		return;
	}
	map_twice(domain, give_frame(domain), errors);
	*one = 0x600df00d;
	claim(*other == 0x600df00d, "it_is_one_frame_at_two_places");
	claim(unmap(HOLE) && *one == ~0UL && *other == 0x600df00d, "what_is_unmapped_is_gone");
	claim(control(XEN_DOMCTL_destroydomain, domain) == 0 && *other == 0x600df00d,
	      "a_dead_domains_frame_stays_while_it_is_mapped");
	claim(unmap(HOLE + 4096) && *other == ~0UL, "and_goes_with_the_mapping");
	rest();
	/* But for nested tables of the hole and what the heap keeps; the domain is some eight. */
	claim(free_pages() + 4 >= before, "nothing_is_left_of_it");
}

void pvh_main(const struct hvm_start_info *info)
{
	struct sched_shutdown end = {.reason = SHUTDOWN_poweroff};

	look_at_start(info);
	look_at_memory();
	look_at_itself();
	make_domains();
	map_memory_of_a_domain();
	print("guest: ");
	print_number(passed);
	print(" passed, ");
	print_number(failed);
	print(" failed\n");
	hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &end, NULL);
}
