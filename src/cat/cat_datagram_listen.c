/* `netkit listen udp://...` and `unix-dgram:...`: whoever sends something first is
 * the peer, and others are refused; with --keep-open everybody is one.
 *
 * What peers send goes to standard output, standard input goes to the peer, or to
 * every peer heard from lately. Standard input is not read before there is one, and
 * its end is not the end: a peer has no way to say that it has finished.
 */
#include <errno.h>

#include "cat/cat_datagram.h"
#include "cat/cat_hearers.h"
#include "cat/cat_local.h"

/* A peer that is silent for so long gets no more of standard input; nor does the
 * one silent for longest when there would be more. Each line of input is sent as
 * often as there are peers. */
#define PEER_IDLE (60 * NK_NANOSECONDS_PER_SECOND)
#define PEERS_MAX 4096

struct listener {
    struct cat_datagrams datagrams;
    struct nk_udp_endpoint *endpoints[LOCAL_ADDRESSES_MAX];
    size_t endpoint_count;
    struct nk_timer linger_timer;
    uint64_t strangers; /* of those that `chosen` has counted: known here */
    uint64_t truncated;

    /* One peer. */
    struct nk_udp_endpoint *chosen; /* where it has come; NULL = not yet */
    struct nk_peer *peer;

    struct cat_hearers hearers; /* --keep-open: the peers */
};

static struct listener *listener_of(struct cat_datagrams *datagrams)
{
    return nk_container_of(datagrams, struct listener, datagrams);
}

static bool keeps_open(const struct listener *listener)
{
    return listener->datagrams.run.options->keep_open;
}

static void tell_connected(struct listener *listener, const struct nk_sockaddr *peer)
{
    char text[CAT_ADDRESS_TEXT_MAX];
    const struct cat_run *run = &listener->datagrams.run;
    run->reporter->connected(run->reporter->context,
                             cat_print_address(run->options->address.scheme, peer, text));
}

/* ---- one peer ---- */

/* Closes the other addresses: whoever sends to them is refused from now on. */
static void close_others(struct listener *listener)
{
    for (size_t i = 0; i < listener->endpoint_count; i++) {
        struct nk_udp_endpoint *endpoint = listener->endpoints[i];
        if (endpoint == listener->chosen)
            continue;
        nk_udp_endpoint_drain(endpoint); /* which counts what is lost */
        nk_udp_endpoint_close(endpoint);
    }
    listener->endpoints[0] = listener->chosen;
    listener->endpoint_count = 1;
}

static void choose(struct listener *listener, struct nk_udp_endpoint *endpoint,
                   struct nk_peer *peer)
{
    listener->chosen = endpoint;
    listener->peer = peer;
    tell_connected(listener, &peer->address);
    /* A peer that cannot be connected to is listened to all the same; that it
     * cannot be answered is found out when there is something to say. */
    nk_udp_endpoint_restrict(endpoint, peer);
    close_others(listener);
    cat_datagrams_begin(&listener->datagrams);
}

static void fail_to_send(struct listener *listener, int error)
{
    cat_datagrams_fail(&listener->datagrams, exit_status_of_connect_error(error), "send to",
                       &listener->peer->address, error);
}

static int send_to_peer(struct listener *listener, struct nk_slice datagram)
{
    int error = nk_udp_endpoint_send(listener->chosen, listener->peer, datagram);
    if (!error)
        cat_datagrams_sent(&listener->datagrams, datagram);
    else if (error != -ENOBUFS)
        fail_to_send(listener, error);
    return error;
}

/* ---- many peers ---- */

static int send_to_all(struct listener *listener, struct nk_slice datagram)
{
    struct cat_hearers_sent sent;
    int error = cat_hearers_send(&listener->hearers, datagram, &sent);
    for (size_t i = 0; i < sent.count; i++)
        cat_datagrams_sent(&listener->datagrams, datagram);
    listener->datagrams.run.totals.datagrams_dropped += sent.dropped;
    return error;
}

static void on_peer_new(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    struct listener *listener = nk_udp_endpoint_context(endpoint);
    if (!keeps_open(listener))
        return;
    bool is_first = cat_hearers_are_none(&listener->hearers);
    cat_hearers_add(&listener->hearers, endpoint, peer);
    tell_connected(listener, &peer->address);
    if (is_first)
        cat_datagrams_begin(&listener->datagrams);
}

static void on_peer_expired(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    struct listener *listener = nk_udp_endpoint_context(endpoint);
    if (!keeps_open(listener))
        return;
    cat_hearers_remove(&listener->hearers, peer);
    if (cat_hearers_are_none(&listener->hearers)) /* nobody would get what is read now */
        cat_datagram_input_pause(&listener->datagrams.input);
}

/* ---- receiving ---- */

static void on_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                        struct nk_slice datagram)
{
    struct listener *listener = nk_udp_endpoint_context(endpoint);
    if (!keeps_open(listener) && !listener->chosen)
        choose(listener, endpoint, peer);
    if (!keeps_open(listener) && endpoint != listener->chosen)
        listener->datagrams.run.totals.datagrams_dropped++;
    else
        cat_datagrams_received(&listener->datagrams, datagram);
}

/* Counts what the endpoint has dropped by itself: the strangers' datagrams. */
static void on_batch_end(struct nk_udp_endpoint *endpoint)
{
    struct listener *listener = nk_udp_endpoint_context(endpoint);
    struct nk_udp_statistics statistics;
    if (endpoint != listener->chosen)
        return;
    nk_udp_endpoint_statistics(endpoint, &statistics);
    listener->datagrams.run.totals.datagrams_dropped += statistics.strangers - listener->strangers;
    listener->strangers = statistics.strangers;
}

/* Whether the error is that of a unix datagram longer than any we know. */
static bool was_truncated(struct listener *listener, const struct nk_udp_endpoint *endpoint)
{
    struct nk_udp_statistics statistics;
    nk_udp_endpoint_statistics(endpoint, &statistics);
    bool is_new = statistics.truncated != listener->truncated; /* unix has one endpoint */
    listener->truncated = statistics.truncated;
    return is_new;
}

static void on_error(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error)
{
    struct listener *listener = nk_udp_endpoint_context(endpoint);
    bool is_chosen = listener->chosen == endpoint;
    if (was_truncated(listener, endpoint) || (peer && !is_chosen))
        listener->datagrams.run.totals.datagrams_dropped++;
    else if (is_chosen)
        fail_to_send(listener, error);
    else
        cat_datagrams_fail(&listener->datagrams, EXIT_STATUS_LOST, "receive datagrams", NULL,
                           error);
}

static const struct nk_udp_handlers handlers = {
    .on_datagram = on_datagram,
    .on_batch_end = on_batch_end,
    .on_error = on_error,
    .on_peer_new = on_peer_new,
    .on_peer_expired = on_peer_expired,
    .session_size = sizeof(struct cat_hearer),
};

/* ---- the role ---- */

static int send_input(struct cat_datagrams *datagrams, struct nk_slice datagram)
{
    struct listener *listener = listener_of(datagrams);
    return keeps_open(listener) ? send_to_all(listener, datagram)
                                : send_to_peer(listener, datagram);
}

static void on_input_ended(struct cat_datagrams *datagrams)
{
    struct listener *listener = listener_of(datagrams);
    const struct cat_session_options *options = &datagrams->run.options->session;
    if (options->send_only || options->once || options->on_eof == CAT_ON_EOF_CLOSE) {
        cat_datagrams_finish(datagrams);
        return;
    }
    if (options->linger == NK_NEVER)
        return;
    uint64_t deadline = nk_event_loop_now(datagrams->run.loop) + options->linger;
    int error = nk_event_loop_set_timer(datagrams->run.loop, &listener->linger_timer, deadline);
    if (error)
        cat_datagrams_fail(datagrams, EXIT_STATUS_FAILED, "wait for the peer", NULL, error);
}

static void on_lingered(struct nk_timer *timer)
{
    struct listener *listener = nk_container_of(timer, struct listener, linger_timer);
    cat_datagrams_finish(&listener->datagrams);
}

static void pause_receiving(struct cat_datagrams *datagrams)
{
    struct listener *listener = listener_of(datagrams);
    for (size_t i = 0; i < listener->endpoint_count; i++)
        nk_udp_endpoint_pause(listener->endpoints[i]);
}

static void resume_receiving(struct cat_datagrams *datagrams)
{
    struct listener *listener = listener_of(datagrams);
    for (size_t i = 0; i < listener->endpoint_count; i++)
        nk_udp_endpoint_resume(listener->endpoints[i]);
}

static size_t backlog(struct cat_datagrams *datagrams)
{
    const struct listener *listener = listener_of(datagrams);
    size_t sum = 0;
    for (size_t i = 0; i < listener->endpoint_count; i++)
        sum += nk_udp_endpoint_backlog(listener->endpoints[i]);
    return sum;
}

static void drain(struct cat_datagrams *datagrams)
{
    struct listener *listener = listener_of(datagrams);
    for (size_t i = 0; i < listener->endpoint_count; i++)
        nk_udp_endpoint_drain(listener->endpoints[i]);
}

static const struct cat_datagram_role role = {
    .send = send_input,
    .on_input_ended = on_input_ended,
    .pause = pause_receiving,
    .resume = resume_receiving,
    .backlog = backlog,
    .drain = drain,
};

/* ---- beginning ---- */

static int bind_to(void *context, const struct nk_sockaddr *local, bool v6_only,
                   struct nk_sockaddr *bound)
{
    struct listener *listener = context;
    const struct cat_options *options = listener->datagrams.run.options;
    const struct nk_udp_options endpoint_options = {
        .handlers = &handlers,
        .context = listener,
        .socket_options = options->address.options[0] ? options->address.options : NULL,
        .v6_only = v6_only,
        .admit = options->access_list ? access_list_admit : NULL,
        .admit_context = options->access_list,
        .max_peers = PEERS_MAX,
        .peer_idle = PEER_IDLE,
        .max_datagram = NK_DATAGRAM_RUN_MAX,
    };
    struct nk_udp_endpoint *endpoint;
    int error =
        nk_udp_endpoint_bind(&endpoint, listener->datagrams.run.loop, local, &endpoint_options);
    if (error)
        return error;
    listener->endpoints[listener->endpoint_count++] = endpoint;
    *bound = *nk_udp_endpoint_address(endpoint);
    return 0;
}

static void start(struct listener *listener)
{
    struct cat_run *run = &listener->datagrams.run;
    if (!cat_local_bind(run, bind_to, listener))
        return;
    for (size_t i = 0; i < listener->endpoint_count; i++)
        cat_local_announce(run, nk_udp_endpoint_address(listener->endpoints[i]));
    cat_local_announced(run);
    resume_receiving(&listener->datagrams);
}

enum exit_status cat_datagram_listen_run(const struct cat_options *options,
                                         const struct cat_reporter *reporter)
{
    struct listener listener = {0};
    enum exit_status status = cat_datagrams_open(&listener.datagrams, &role, options, reporter);
    if (status != EXIT_STATUS_OK)
        return status;
    cat_hearers_init(&listener.hearers, listener.datagrams.run.loop);
    nk_timer_init(&listener.linger_timer, on_lingered);
    start(&listener);
    cat_datagrams_run(&listener.datagrams);
    for (size_t i = 0; i < listener.endpoint_count; i++)
        nk_udp_endpoint_close(listener.endpoints[i]);
    nk_event_loop_cancel_timer(listener.datagrams.run.loop, &listener.linger_timer);
    return cat_run_close(&listener.datagrams.run);
}
