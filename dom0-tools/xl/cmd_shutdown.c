/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl shutdown and xl reboot: guests are asked, all or one, and waited for if wanted: until they
 * have stopped or, with -w twice, until they are gone.
 */
#include "xl/xl.h"

#include "call/domain.h"
#include "control/domains.h"
#include "control/life.h"

#include <errno.h>
#include <stdlib.h>

struct asking {
	enum control_request request;
	bool all;
	bool fallback;
	unsigned int wait;
};

static int ask(struct xl *xl, const struct asking *asking, domid_t domid)
{
	fprintf(xl->err, "%s domain %u\n",
		asking->request == CONTROL_REBOOT ? "Rebooting" : "Shutting down", domid);
	return control_domain_request(xl->control, domid, asking->request, asking->fallback,
				      &xl->report);
}

static int wait_for(struct xl *xl, const struct asking *asking, const domid_t *domids,
		    unsigned int count)
{
	int first = 0;

	fprintf(xl->out, "Waiting for %u domains\n", count);
	fflush(xl->out);
	for (unsigned int i = 0; i < count; i++) {
		int reason, err = control_domain_wait(xl->control, domids[i], asking->wait > 1, -1,
						      &reason, &xl->report);

		if (!err && reason >= 0 && asking->wait == 1) {
			fprintf(xl->out, "Domain %u has been shut down, reason code %d\n",
				domids[i], reason);
		} else if (!err) {
			fprintf(xl->out, "Domain %u has been destroyed\n", domids[i]);
		}
		first = first ? first : err;
	}
	return first;
}

static int ask_all(struct xl *xl, const struct asking *asking)
{
	struct control_domains domains;
	domid_t *asked;
	unsigned int count = 0;
	int first, err = control_domains_list(xl->control, &domains, &xl->report);

	if (err) {
		return xl_end(xl, err);
	}
	asked = calloc(domains.count + 1, sizeof(*asked));
	first = asked ? 0 : report_error(&xl->report, ENOMEM, "the list of domains");
	for (unsigned int i = 0; asked && i < domains.count; i++) {
		const struct xen_domctl_getdomaininfo *info = &domains.list[i].info;

		if (!control_domain_is_guest(info)) {
			continue;
		}
		err = ask(xl, asking, info->domain);
		if (!err) {
			asked[count++] = info->domain;
		}
		first = first ? first : err;
	}
	control_domains_clear(&domains);
	if (asking->wait && count) {
		err = wait_for(xl, asking, asked, count);
		first = first ? first : err;
	}
	free(asked);
	return xl_end(xl, first);
}

static int ask_one(struct xl *xl, const struct asking *asking, const char *text)
{
	domid_t domid;
	int err, status = xl_find_domain(xl, text, &domid);

	if (status) {
		return status;
	}
	err = ask(xl, asking, domid);
	if (!err && asking->wait) {
		err = wait_for(xl, asking, &domid, 1);
	}
	return xl_end(xl, err);
}

static int run(struct xl *xl, int argc, char **argv, enum control_request request)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, 'a'},
		{"wait", no_argument, NULL, 'w'},
		{0},
	};
	struct asking asking = {.request = request};
	int option, status;

	while ((option = xl_getopt(xl, argc, argv, "awF", options)) != -1) {
		switch (option) {
		case 'a':
			asking.all = true;
			break;
		case 'w':
			asking.wait++;
			break;
		case 'F':
			asking.fallback = true;
			break;
		default:
			return xl_getopt_end(option);
		}
	}
	if (!asking.all && optind >= argc) {
		fprintf(xl->err, "You must specify -a or a domain id.\n\n");
		return XL_FAILED;
	}
	if (asking.all && optind < argc) {
		fprintf(xl->err, "You can't specify both -a and a domain.\n\n");
		return XL_FAILED;
	}
	if (!asking.all) {
		return ask_one(xl, &asking, argv[optind]);
	}
	status = xl_open(xl);
	return status ? status : ask_all(xl, &asking);
}

int cmd_shutdown(struct xl *xl, int argc, char **argv)
{
	return run(xl, argc, argv, CONTROL_POWEROFF);
}

int cmd_reboot(struct xl *xl, int argc, char **argv)
{
	return run(xl, argc, argv, CONTROL_REBOOT);
}
