/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Circular doubly linked lists whose links live inside the members. The head is a link that
 * belongs to no member; an empty list, like a member on no list, points at itself, so removing
 * twice is harmless. Locking is the owner's.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "lib/types.h"

struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_INIT(head) {&(head), &(head)}

static inline void list_init(struct list *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_add_tail(struct list *head, struct list *node)
{
	node->next = head;
	node->prev = head->prev;
	head->prev->next = node;
	head->prev = node;
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* The list is not empty. */
#define list_first_entry(list, type, member) container_of((list)->next, type, member)

#define list_for_each_entry(iter, list, type, member)                                         \
	for ((iter) = container_of((list)->next, type, member); &(iter)->member != (list);    \
	     (iter) = container_of((iter)->member.next, type, member))

/* The body may remove iter; `following` is another pointer of the same type. */
#define list_for_each_entry_safe(iter, following, list, type, member)                         \
	for ((iter) = container_of((list)->next, type, member),                               \
	    (following) = container_of((iter)->member.next, type, member);                    \
	     &(iter)->member != (list);                                                       \
	     (iter) = (following),                                                            \
	    (following) = container_of((iter)->member.next, type, member))

#endif
