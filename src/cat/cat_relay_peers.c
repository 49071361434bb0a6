/* Clients that talk in datagrams: whoever sends one becomes a client with a
 * connection of its own to the other side. */
#include "cat/cat_relay_private.h"

/* What an endpoint keeps for each of its peers. */
struct peer_session {
    struct relay_link *link; /* NULL: it has been silent, or was refused */
};

static struct peer_session *session_of(struct nk_peer *peer)
{
    return (struct peer_session *)(void *)peer->session;
}

void relay_peer_forget(struct relay_link *link)
{
    if (link->peer)
        session_of(link->peer)->link = NULL;
    link->peer = NULL;
}

static void forget(struct relay_link *link)
{
    if (link->joined_at > 0)
        relay_link_close(link);
    else
        relay_link_drop(link);
}

/* The one that has been silent for longest makes room. */
static struct relay_link *add(struct relay *relay, struct nk_udp_endpoint *endpoint,
                              struct nk_peer *peer)
{
    if (relay->has_stopped_accepting)
        return NULL;
    struct nk_list_node *silent = nk_list_first(&relay->links);
    if (silent && relay->totals.active >= relay->limit)
        forget(nk_container_of(silent, struct relay_link, node));
    struct relay_link *link = relay_link_new(relay, &peer->address);
    if (!link)
        return NULL;
    link->endpoint = endpoint;
    link->peer = peer;
    session_of(peer)->link = link;
    relay_link_dial(link);
    return session_of(peer)->link;
}

static void on_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                        struct nk_slice datagram)
{
    struct relay *relay = nk_udp_endpoint_context(endpoint);
    struct relay_link *link = session_of(peer)->link;
    if (!link)
        link = add(relay, endpoint, peer);
    if (link)
        relay_message_from_client(link, datagram);
    else
        relay->totals.dropped++;
}

static void on_peer_expired(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    (void)endpoint;
    if (session_of(peer)->link)
        forget(session_of(peer)->link);
}

/* A peer's time is that of its link, which answers prolong, too: so the endpoint
 * itself forgets nobody but to make room. */
int relay_peers_listen(struct relay *relay, const struct nk_sockaddr *local, bool v6_only)
{
    static const struct nk_udp_handlers handlers = {
        .on_datagram = on_datagram,
        .on_peer_expired = on_peer_expired,
        .session_size = sizeof(struct peer_session),
    };
    const char *socket_options = relay->options->from.options;
    struct access_list *access_list = relay->options->access_list;
    const struct nk_udp_options options = {
        .handlers = &handlers,
        .context = relay,
        .socket_options = socket_options[0] ? socket_options : NULL,
        .v6_only = v6_only,
        .admit = access_list ? access_list_admit : NULL,
        .admit_context = access_list,
    };
    struct nk_udp_endpoint *endpoint;
    int error = nk_udp_endpoint_bind(&endpoint, relay->loop, local, &options);
    if (!error)
        relay->endpoints[relay->endpoint_count++] = endpoint;
    return error;
}

/* What has arrived is still passed on, then every client has ended. */
void relay_peers_drain(struct relay *relay)
{
    struct nk_list_node *node;
    struct nk_list_node *following;
    for (size_t i = 0; i < relay->endpoint_count; i++)
        nk_udp_endpoint_drain(relay->endpoints[i]);
    if (relay->endpoint_count == 0)
        return;
    NK_LIST_FOR_EACH (node, following, &relay->links)
        relay_message_end_client(nk_container_of(node, struct relay_link, node));
}

void relay_peers_close(struct relay *relay)
{
    for (size_t i = 0; i < relay->endpoint_count; i++)
        nk_udp_endpoint_close(relay->endpoints[i]);
    relay->endpoint_count = 0;
}

uint64_t relay_peers_dropped(const struct relay *relay)
{
    uint64_t sum = relay->totals.dropped;
    for (size_t i = 0; i < relay->endpoint_count; i++) {
        struct nk_udp_statistics statistics;
        nk_udp_endpoint_statistics(relay->endpoints[i], &statistics);
        sum += statistics.too_long + statistics.truncated + statistics.dropped +
               statistics.nameless + statistics.failed;
    }
    return sum;
}
