/* SPDX-License-Identifier: MIT */
/*
 * Network device requests and responses, one ring per direction. A transmitted packet is a chain
 * of slots: the first one's size is the whole packet's, later ones' their own; extra-info slots
 * follow the first. Received packets are chains of responses.
 */
#ifndef XEN_ABI_IO_NETIF_H
#define XEN_ABI_IO_NETIF_H

#include "ring.h"

#define XEN_NETIF_NR_SLOTS_MIN 18
#define XEN_NETIF_MAX_TX_SIZE 0xFFFF

#define NETTXF_csum_blank (1U << 0)
#define NETTXF_data_validated (1U << 1)
#define NETTXF_more_data (1U << 2)
#define NETTXF_extra_info (1U << 3)

#define NETRXF_data_validated (1U << 0)
#define NETRXF_csum_blank (1U << 1)
#define NETRXF_more_data (1U << 2)
#define NETRXF_extra_info (1U << 3)
#define NETRXF_gso_prefix (1U << 4)

#define NETIF_RSP_DROPPED (-2)
#define NETIF_RSP_ERROR (-1)
#define NETIF_RSP_OKAY 0
#define NETIF_RSP_NULL 1 /* answer to an extra-info slot */

struct netif_tx_request {
	uint32_t gref;
	uint16_t offset;
	uint16_t flags; /* NETTXF_* */
	uint16_t id;
	uint16_t size;
};
XEN_ABI_SIZE(struct netif_tx_request, 12);

struct netif_tx_response {
	uint16_t id;
	int16_t status; /* NETIF_RSP_* */
};
XEN_ABI_SIZE(struct netif_tx_response, 4);

struct netif_rx_request {
	uint16_t id;
	uint16_t pad;
	uint32_t gref;
};
XEN_ABI_SIZE(struct netif_rx_request, 8);

struct netif_rx_response {
	uint16_t id;
	uint16_t offset;
	uint16_t flags; /* NETRXF_* */
	int16_t status; /* bytes received, or NETIF_RSP_* */
};
XEN_ABI_SIZE(struct netif_rx_response, 8);

#define XEN_NETIF_EXTRA_TYPE_NONE 0
#define XEN_NETIF_EXTRA_TYPE_GSO 1
#define XEN_NETIF_EXTRA_TYPE_MCAST_ADD 2
#define XEN_NETIF_EXTRA_TYPE_MCAST_DEL 3
#define XEN_NETIF_EXTRA_TYPE_HASH 4
#define XEN_NETIF_EXTRA_TYPE_MAX 5
#define XEN_NETIF_EXTRA_FLAG_MORE (1U << 0)

#define XEN_NETIF_GSO_TYPE_NONE 0
#define XEN_NETIF_GSO_TYPE_TCPV4 1
#define XEN_NETIF_GSO_TYPE_TCPV6 2

struct netif_extra_info {
	uint8_t type;
	uint8_t flags;
	union {
		struct {
			uint16_t size;
			uint8_t type;
			uint8_t pad;
			uint16_t features;
		} gso;
		struct {
			uint8_t addr[6];
		} mcast;
		struct {
			uint8_t type;
			uint8_t algorithm;
			uint8_t value[4];
		} hash;
		uint16_t pad[3];
	} u;
};
XEN_ABI_SIZE(struct netif_extra_info, 8);

struct xen_netif_ctrl_request {
	uint16_t id;
	uint16_t type;
	uint32_t data[3];
};
XEN_ABI_SIZE(struct xen_netif_ctrl_request, 16);

struct xen_netif_ctrl_response {
	uint16_t id;
	uint16_t type;
	uint32_t status;
	uint32_t data;
};
XEN_ABI_SIZE(struct xen_netif_ctrl_response, 12);

DEFINE_RING_TYPES(netif_tx, struct netif_tx_request, struct netif_tx_response);
DEFINE_RING_TYPES(netif_rx, struct netif_rx_request, struct netif_rx_response);
DEFINE_RING_TYPES(xen_netif_ctrl, struct xen_netif_ctrl_request, struct xen_netif_ctrl_response);

#endif
