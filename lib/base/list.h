/* Intrusive doubly linked list: the node lives inside the element.
 *
 * A list is a ring with a head node that is no element. A node that is in no
 * list points at itself, so that removing it again is harmless. Nothing
 * allocates or fails. One thread at a time.
 */
#ifndef NK_BASE_LIST_H
#define NK_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

struct nk_list_node {
    /* private */
    struct nk_list_node *next;
    struct nk_list_node *prev;
};

/* For the head of an empty list and for a node in no list. */
static inline void nk_list_init(struct nk_list_node *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool nk_list_is_empty(const struct nk_list_node *head)
{
    return head->next == head;
}

static inline void nk_list_append(struct nk_list_node *head, struct nk_list_node *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void nk_list_remove(struct nk_list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    nk_list_init(node);
}

/* The first element's node, or NULL when the list is empty. */
static inline struct nk_list_node *nk_list_first(const struct nk_list_node *head)
{
    return head->next == head ? NULL : head->next;
}

/* Every node in turn; the body may remove the node it is given. */
#define NK_LIST_FOR_EACH(node, following, head)                                                    \
    for ((node) = (head)->next, (following) = (node)->next; (node) != (head);                      \
         (node) = (following), (following) = (node)->next)

#endif
