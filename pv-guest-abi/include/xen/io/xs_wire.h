/* SPDX-License-Identifier: MIT */
/*
 * The xenstore protocol: a 16-byte header and up to 4096 bytes of payload, over a socket or over
 * the two byte rings of the store page. Replies repeat type, req_id and tx_id, or have type
 * XS_ERROR and an error's name as payload.
 */
#ifndef XEN_ABI_IO_XS_WIRE_H
#define XEN_ABI_IO_XS_WIRE_H

#include "../assert.h"

enum xsd_sockmsg_type {
	XS_CONTROL = 0,
	XS_DIRECTORY = 1,
	XS_READ = 2,
	XS_GET_PERMS = 3,
	XS_WATCH = 4,
	XS_UNWATCH = 5,
	XS_TRANSACTION_START = 6,
	XS_TRANSACTION_END = 7,
	XS_INTRODUCE = 8,
	XS_RELEASE = 9,
	XS_GET_DOMAIN_PATH = 10,
	XS_WRITE = 11,
	XS_MKDIR = 12,
	XS_RM = 13,
	XS_SET_PERMS = 14,
	XS_WATCH_EVENT = 15,
	XS_ERROR = 16,
	XS_IS_DOMAIN_INTRODUCED = 17,
	XS_RESUME = 18,
	XS_SET_TARGET = 19,
	XS_RESET_WATCHES = 21,
	XS_DIRECTORY_PART = 22,
	XS_TYPE_COUNT = 23,
	XS_INVALID = 0xffff,
};

struct xsd_sockmsg {
	uint32_t type;
	uint32_t req_id;
	uint32_t tx_id;
	uint32_t len; /* of the payload */
};
XEN_ABI_SIZE(struct xsd_sockmsg, 16);

/* the two strings of a watch event */
enum xs_watch_type {
	XS_WATCH_PATH = 0,
	XS_WATCH_TOKEN = 1,
};

#define XENSTORE_PAYLOAD_MAX 4096
#define XENSTORE_ABS_PATH_MAX 3072
#define XENSTORE_REL_PATH_MAX 2048

#define XENSTORE_RING_SIZE 1024

#define XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define XENSTORE_SERVER_FEATURE_ERROR 2

#define XENSTORE_CONNECTED 0
#define XENSTORE_RECONNECT 1

#define XENSTORE_ERROR_NONE 0
#define XENSTORE_ERROR_COMM 1
#define XENSTORE_ERROR_RINGIDX 2
#define XENSTORE_ERROR_PROTO 3

struct xenstore_domain_interface {
	char req[XENSTORE_RING_SIZE]; /* guest to store */
	char rsp[XENSTORE_RING_SIZE];
	uint32_t req_cons;
	uint32_t req_prod;
	uint32_t rsp_cons;
	uint32_t rsp_prod;
	uint32_t server_features;
	uint32_t connection; /* XENSTORE_CONNECTED or XENSTORE_RECONNECT */
	uint32_t error;      /* XENSTORE_ERROR_* */
};
XEN_ABI_SIZE(struct xenstore_domain_interface, 0x81c);
XEN_ABI_AT(struct xenstore_domain_interface, req_cons, 0x800);
XEN_ABI_AT(struct xenstore_domain_interface, error, 0x818);

#endif
