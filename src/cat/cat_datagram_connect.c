/* `netkit connect udp://...` and `unix-dgram:...`: standard input goes to one
 * address, and every answer to standard output.
 *
 * After the end of input the answers are waited for, and when none came that is
 * what is reported, never success.
 */
#include <errno.h>

#include "cat/cat_datagram.h"
#include "net/resolver.h"
#include "os/socket_options.h"
#include "service/connect_failure.h"

/* One name is looked up at a time. */
#define RESOLVER_THREADS 1
#define RESOLVER_QUEUE 1

struct talk {
    struct cat_datagrams datagrams;
    struct nk_worker_pool *pool;
    struct nk_resolver *resolver; /* while it looks up */
    struct nk_udp_endpoint *endpoint;
    struct nk_source_address source; /* of the address's options */
    struct nk_timer look_up_timer;
    struct nk_timer wait_timer;
    uint64_t answers;
    bool input_ended;
    bool look_up_timed_out; /* a worker may still be at it */
};

static struct talk *talk_of(struct cat_datagrams *datagrams)
{
    return nk_container_of(datagrams, struct talk, datagrams);
}

/* Ends with a failure that concerns the address as it was given. */
static void fail(struct talk *talk, enum exit_status status, const char *action, int error)
{
    char text[NK_ADDRESS_TEXT_MAX];
    const struct cat_run *run = &talk->datagrams.run;
    cat_run_end(&talk->datagrams.run, status, action,
                nk_address_print(&run->options->address, text), error);
}

/* ---- answers ---- */

static bool has_enough(const struct talk *talk)
{
    uint64_t wanted = talk->datagrams.run.options->datagram.replies;
    return talk->input_ended && wanted > 0 && talk->answers >= wanted;
}

static void on_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                        struct nk_slice datagram)
{
    struct talk *talk = nk_udp_endpoint_context(endpoint);
    (void)peer;
    talk->answers++;
    cat_datagrams_received(&talk->datagrams, datagram);
    if (has_enough(talk))
        cat_datagrams_finish(&talk->datagrams);
}

static void on_error(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error)
{
    struct talk *talk = nk_udp_endpoint_context(endpoint);
    (void)peer;
    fail(talk, exit_status_of_connect_error(error), "send to", error);
}

static const struct nk_udp_handlers handlers = {
    .on_datagram = on_datagram,
    .on_error = on_error,
};

static void on_waited(struct nk_timer *timer)
{
    struct talk *talk = nk_container_of(timer, struct talk, wait_timer);
    uint64_t wanted = talk->datagrams.run.options->datagram.replies;
    if (talk->answers >= (wanted > 0 ? wanted : 1))
        cat_datagrams_finish(&talk->datagrams);
    else
        fail(talk, EXIT_STATUS_TIMED_OUT, "get an answer from", -ENODATA);
}

/* ---- the role ---- */

static int send_to_remote(struct cat_datagrams *datagrams, struct nk_slice datagram)
{
    struct talk *talk = talk_of(datagrams);
    struct nk_peer *remote = nk_udp_endpoint_remote(talk->endpoint);
    int error = nk_udp_endpoint_send(talk->endpoint, remote, datagram);
    if (!error)
        cat_datagrams_sent(datagrams, datagram);
    else if (error != -ENOBUFS)
        on_error(talk->endpoint, remote, error);
    return error;
}

static void on_input_ended(struct cat_datagrams *datagrams)
{
    struct talk *talk = talk_of(datagrams);
    const struct cat_session_options *options = &datagrams->run.options->session;
    talk->input_ended = true;
    if (options->send_only || options->once || options->on_eof == CAT_ON_EOF_CLOSE ||
        has_enough(talk)) {
        cat_datagrams_finish(datagrams);
        return;
    }
    uint64_t now = nk_event_loop_now(datagrams->run.loop);
    int error = nk_event_loop_set_timer(datagrams->run.loop, &talk->wait_timer,
                                        now + datagrams->run.options->datagram.wait);
    if (error)
        fail(talk, EXIT_STATUS_FAILED, "wait for", error);
}

static void pause_receiving(struct cat_datagrams *datagrams)
{
    nk_udp_endpoint_pause(talk_of(datagrams)->endpoint);
}

static void resume_receiving(struct cat_datagrams *datagrams)
{
    nk_udp_endpoint_resume(talk_of(datagrams)->endpoint);
}

static size_t backlog(struct cat_datagrams *datagrams)
{
    return nk_udp_endpoint_backlog(talk_of(datagrams)->endpoint);
}

static void drain(struct cat_datagrams *datagrams)
{
    if (talk_of(datagrams)->endpoint)
        nk_udp_endpoint_drain(talk_of(datagrams)->endpoint);
}

static const struct cat_datagram_role role = {
    .send = send_to_remote,
    .on_input_ended = on_input_ended,
    .pause = pause_receiving,
    .resume = resume_receiving,
    .backlog = backlog,
    .drain = drain,
};

/* ---- beginning ---- */

static void begin(struct talk *talk, const struct nk_sockaddr *remote)
{
    const struct cat_run *run = &talk->datagrams.run;
    const char *options = run->options->address.options;
    char text[CAT_ADDRESS_TEXT_MAX];
    const struct nk_udp_options endpoint_options = {
        .handlers = &handlers,
        .context = talk,
        .socket_options = options[0] ? options : NULL,
        .max_datagram = NK_DATAGRAM_RUN_MAX,
    };
    int error =
        nk_udp_endpoint_connect(&talk->endpoint, run->loop, NULL, remote, &endpoint_options);
    bool has_source = talk->source.address.len > 0 || talk->source.port > 0;
    if (has_source && (error == -EADDRNOTAVAIL || error == -EADDRINUSE)) {
        fail(talk, EXIT_STATUS_CANNOT_LISTEN, "bind the source of", error);
        return;
    }
    if (error) {
        fail(talk, exit_status_of_connect_error(error), "connect to", error);
        return;
    }
    run->reporter->connected(run->reporter->context,
                             cat_print_address(run->options->address.scheme, remote, text));
    nk_udp_endpoint_resume(talk->endpoint);
    cat_datagrams_begin(&talk->datagrams);
}

static void on_resolved(void *context, int result, const struct nk_sockaddr *addresses)
{
    static const struct nk_connect_failure look_up = {.step = NK_CONNECT_RESOLVE};
    struct talk *talk = context;
    const char *action = "connect to";
    talk->resolver = NULL;
    nk_event_loop_cancel_timer(talk->datagrams.run.loop, &talk->look_up_timer);
    if (result > 0) {
        begin(talk, &addresses[0]);
    } else {
        enum exit_status status = connect_failure_status(&look_up, result, &action);
        fail(talk, status, action, result);
    }
}

static void on_look_up_timed_out(struct nk_timer *timer)
{
    struct talk *talk = nk_container_of(timer, struct talk, look_up_timer);
    nk_resolver_cancel(talk->resolver);
    talk->resolver = NULL;
    talk->look_up_timed_out = true;
    fail(talk, EXIT_STATUS_TIMED_OUT, "connect to", -ETIMEDOUT);
}

/* The family to look for: a source reaches only addresses of its own. */
static int choose_family(const struct talk *talk)
{
    int family = talk->datagrams.run.options->family;
    if (talk->source.address.len == 0)
        return family;
    int of_source = talk->source.address.any.sa_family;
    return family == AF_UNSPEC || family == of_source ? of_source : -EAFNOSUPPORT;
}

static int look_up(struct talk *talk)
{
    const struct cat_run *run = &talk->datagrams.run;
    const struct nk_address *address = &run->options->address;
    uint64_t timeout = run->options->connect_timeout;
    int family = choose_family(talk);
    if (family < 0)
        return family;
    int error = nk_worker_pool_start(&talk->pool, RESOLVER_THREADS, RESOLVER_QUEUE);
    if (!error)
        error = nk_resolver_start(&talk->resolver, run->loop, talk->pool, address->host,
                                  address->port, family, SOCK_DGRAM, on_resolved, talk);
    if (!error && timeout != NK_NEVER)
        error = nk_event_loop_set_timer(run->loop, &talk->look_up_timer,
                                        nk_event_loop_now(run->loop) + timeout);
    return error;
}

static void start(struct talk *talk)
{
    const struct nk_address *address = &talk->datagrams.run.options->address;
    struct nk_sockaddr remote;
    int error = nk_socket_options_source(address->options, &talk->source);
    if (error) {
        fail(talk, EXIT_STATUS_CANNOT_LISTEN, "bind the source of", error);
        return;
    }
    if (!nk_scheme_is_unix(address->scheme)) {
        error = look_up(talk);
        if (error)
            fail(talk, EXIT_STATUS_FAILED, "resolve", error);
        return;
    }
    error = nk_sockaddr_from_unix_path(&remote, address->path);
    if (error)
        fail(talk, EXIT_STATUS_REFUSED, "connect to", error);
    else
        begin(talk, &remote);
}

enum exit_status cat_datagram_connect_run(const struct cat_options *options,
                                          const struct cat_reporter *reporter)
{
    struct talk talk = {0};
    enum exit_status status = cat_datagrams_open(&talk.datagrams, &role, options, reporter);
    if (status != EXIT_STATUS_OK)
        return status;
    nk_timer_init(&talk.wait_timer, on_waited);
    nk_timer_init(&talk.look_up_timer, on_look_up_timed_out);
    start(&talk);
    cat_datagrams_run(&talk.datagrams);
    /* getaddrinfo cannot be interrupted: it ends with the process. */
    if (talk.resolver || talk.look_up_timed_out)
        return cat_run_leave(&talk.datagrams.run);
    nk_udp_endpoint_close(talk.endpoint);
    nk_event_loop_cancel_timer(talk.datagrams.run.loop, &talk.wait_timer);
    nk_event_loop_cancel_timer(talk.datagrams.run.loop, &talk.look_up_timer);
    nk_worker_pool_stop(talk.pool);
    return cat_run_close(&talk.datagrams.run);
}
