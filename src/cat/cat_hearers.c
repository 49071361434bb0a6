#include "cat/cat_hearers.h"

#include <errno.h>

static struct cat_hearer *hearer_of(struct nk_peer *peer)
{
    return (struct cat_hearer *)(void *)peer->session;
}

void cat_hearers_init(struct cat_hearers *hearers, struct nk_event_loop *loop)
{
    hearers->loop = loop;
    hearers->round = 1;
    nk_list_init(&hearers->list);
}

void cat_hearers_add(struct cat_hearers *hearers, struct nk_udp_endpoint *endpoint,
                     struct nk_peer *peer)
{
    struct cat_hearer *hearer = hearer_of(peer);
    *hearer = (struct cat_hearer){.endpoint = endpoint, .peer = peer};
    nk_list_append(&hearers->list, &hearer->node);
}

void cat_hearers_remove(struct cat_hearers *hearers, struct nk_peer *peer)
{
    (void)hearers;
    nk_list_remove(&hearer_of(peer)->node);
}

bool cat_hearers_are_none(const struct cat_hearers *hearers)
{
    return nk_list_is_empty(&hearers->list);
}

/* Whether the datagram shall be offered to the peer again. */
static bool is_worth_waiting_for(const struct cat_hearers *hearers, struct cat_hearer *hearer)
{
    uint64_t now = nk_event_loop_now(hearers->loop);
    if (hearer->blocked_since == 0)
        hearer->blocked_since = now;
    return now - hearer->blocked_since < CAT_HEARERS_PATIENCE;
}

/* Returns false when the peer has to be offered the datagram again. */
static bool offer(const struct cat_hearers *hearers, struct cat_hearer *hearer,
                  struct nk_slice datagram, struct cat_hearers_sent *out)
{
    int error = nk_udp_endpoint_send(hearer->endpoint, hearer->peer, datagram);
    if (error == -ENOBUFS && is_worth_waiting_for(hearers, hearer))
        return false;
    hearer->round = hearers->round;
    if (error) {
        out->dropped++;
    } else {
        out->count++;
        hearer->blocked_since = 0;
    }
    return true;
}

int cat_hearers_send(struct cat_hearers *hearers, struct nk_slice datagram,
                     struct cat_hearers_sent *out)
{
    struct nk_list_node *node;
    struct nk_list_node *following;
    bool have_all = true;
    *out = (struct cat_hearers_sent){0};
    NK_LIST_FOR_EACH (node, following, &hearers->list) {
        struct cat_hearer *hearer = nk_container_of(node, struct cat_hearer, node);
        if (hearer->round != hearers->round && !offer(hearers, hearer, datagram, out))
            have_all = false;
    }
    if (!have_all)
        return -ENOBUFS;
    hearers->round++;
    return 0;
}
