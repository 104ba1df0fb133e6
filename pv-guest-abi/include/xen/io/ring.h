/* SPDX-License-Identifier: MIT */
/*
 * The shared page of a request/response ring: a 64-byte header, then slots that hold a request
 * until the back end overwrites it with the response. Their number is the largest power of two
 * that fits. Indices run freely. A side that wants a notification writes into the event field the
 * index at which it wants it. Only the layout stands here; the protocol is in ring/.
 */
#ifndef XEN_ABI_IO_RING_H
#define XEN_ABI_IO_RING_H

#include "../assert.h"

#define DEFINE_RING_TYPES(name, request_type, response_type)                                       \
	union name##_sring_entry {                                                                 \
		request_type req;                                                                  \
		response_type rsp;                                                                 \
	};                                                                                         \
	struct name##_sring {                                                                      \
		uint32_t req_prod;                                                                 \
		uint32_t req_event;                                                                \
		uint32_t rsp_prod;                                                                 \
		uint32_t rsp_event;                                                                \
		uint8_t pad[48];                                                                   \
		union name##_sring_entry ring[];                                                   \
	};                                                                                         \
	XEN_ABI_AT(struct name##_sring, rsp_prod, 8);                                              \
	XEN_ABI_AT(struct name##_sring, ring, 64)

#endif
