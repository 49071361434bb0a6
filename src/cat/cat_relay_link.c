/* A client of the relay from its acceptance to its end. */
#include <errno.h>
#include <unistd.h>

#include "cat/cat_relay_private.h"
#include "net/resolver.h"
#include "os/socket.h"
#include "os/socket_datagram.h"
#include "service/connect_failure.h"

/* Failures are reported this often, however many there are. */
#define REPORT_INTERVAL NK_NANOSECONDS_PER_SECOND

/* ---- telling of it ---- */

typedef void report_fn(void *context, const struct cat_relay_client *client);

static void report(const struct relay_link *link, report_fn *function,
                   struct cat_relay_client *about)
{
    const struct cat_relay_options *options = link->relay->options;
    char client[CAT_ADDRESS_TEXT_MAX];
    char target[CAT_ADDRESS_TEXT_MAX] = "";
    if (!function)
        return;
    if (link->joined_at > 0)
        cat_print_address(options->to.scheme, &link->remote, target);
    about->client = cat_print_address(options->from.scheme, &link->address, client);
    about->target = target;
    function(link->relay->reporter->context, about);
}

static void report_connected(const struct relay_link *link)
{
    struct cat_relay_client about = {0};
    report(link, link->relay->reporter->connected, &about);
}

static void report_closed(const struct relay_link *link)
{
    struct cat_relay_client about = {
        .sent = relay_link_sent(link),
        .received = relay_link_received(link),
        .elapsed = nk_event_loop_now(link->relay->loop) - link->joined_at,
        .action = link->action,
        .error = link->error,
    };
    report(link, link->relay->reporter->closed, &about);
}

/* Whoever tries again and again fills no log. */
static void report_failed(const struct relay_link *link)
{
    struct relay *relay = link->relay;
    char object[NK_ADDRESS_TEXT_MAX];
    uint64_t now = nk_event_loop_now(relay->loop);
    if (!relay->reporter->all_failures && relay->reported_at > 0 &&
        now - relay->reported_at < REPORT_INTERVAL) {
        relay->unreported++;
        return;
    }
    struct cat_relay_client about = {
        .action = link->action,
        .object = link->state == RELAY_READING_HEADER
                      ? NULL
                      : nk_address_print(&relay->options->to, object),
        .error = link->error,
        .reason = link->reason,
        .more_failed = relay->unreported,
    };
    relay->reported_at = now;
    relay->unreported = 0;
    report(link, relay->reporter->failed, &about);
}

/* ---- the end ---- */

static void free_now(struct nk_task *task)
{
    free(nk_container_of(task, struct relay_link, free_task));
}

/* A TCP connection can be closed so that the peer reads a reset and no end. */
static void close_port(struct cat_port *port, bool with_reset)
{
    if (port->fd >= 0 && with_reset && nk_socket_set_abortive_close(port->fd) < 0)
        with_reset = false; /* a unix socket has no reset */
    cat_port_close(port);
}

static void count(const struct relay_link *link)
{
    struct cat_relay_statistics *totals = &link->relay->totals;
    totals->active--;
    totals->bytes_sent += relay_link_sent(link);
    totals->bytes_received += relay_link_received(link);
    if (link->is_refused) {
        totals->joined--;
        totals->failed++;
    } else if (link->joined_at == 0 && link->action)
        totals->failed++;
    else if (link->action)
        totals->lost++;
}

/* Its memory lives until the turn is over: an event of it may be due. */
static void release(struct relay_link *link)
{
    struct relay *relay = link->relay;
    count(link);
    if (link->dialer)
        nk_dialer_cancel(link->dialer);
    nk_event_loop_cancel_timer(relay->loop, &link->timer);
    close_port(&link->client, link->is_reset);
    close_port(&link->target, link->is_reset);
    cat_pump_deinit(&link->there);
    cat_pump_deinit(&link->back);
    relay_message_deinit(link);
    relay_peer_forget(link);
    free(link->parser);
    nk_list_remove(&link->node);
    nk_event_loop_at_turn_end(relay->loop, &link->free_task, free_now);
    relay_link_gone(relay);
}

void relay_link_close(struct relay_link *link)
{
    if (link->action)
        link->relay->last_failure = link->has_expired ? EXIT_STATUS_TIMED_OUT : EXIT_STATUS_LOST;
    report_closed(link);
    release(link);
}

void relay_link_fail(struct relay_link *link, const char *action, int error)
{
    link->is_reset = true;
    link->action = action;
    link->error = error;
    link->relay->last_failure = EXIT_STATUS_FAILED;
    if (link->joined_at > 0) {
        relay_link_close(link);
        return;
    }
    report_failed(link);
    release(link);
}

/* Only what was refused before it ever answered has failed as a whole. */
void relay_link_refuse(struct relay_link *link, const char *action, int error)
{
    link->is_refused = !link->is_answered;
    link->relay->last_failure = exit_status_of_connect_error(error);
    link->is_reset = true;
    link->action = action;
    link->error = error;
    report_failed(link);
    release(link);
}

void relay_link_expire(struct relay_link *link)
{
    link->is_reset = true;
    if (!link->action) {
        link->has_expired = true;
        link->action = "go on with";
        link->error = -ETIMEDOUT;
    }
    relay_link_close(link);
}

void relay_link_drop(struct relay_link *link)
{
    release(link);
}

void relay_link_cut(struct relay_link *link)
{
    link->relay->totals.cut++;
    link->relay->look_up_was_left |= link->dialer && link->relay->pool;
    link->is_reset = true;
    if (link->joined_at > 0)
        report_closed(link);
    release(link);
}

/* ---- the way to the other side ---- */

static void fail_to_dial(struct relay_link *link, const struct nk_connect_failure *failure,
                         int error)
{
    char room[NK_ERROR_TEXT_MAX];
    link->relay->look_up_was_left |= failure->step == NK_CONNECT_RESOLVE && error == -ETIMEDOUT;
    link->is_reset = true;
    link->action = "connect to";
    link->error = error;
    link->relay->last_failure = connect_failure_status(failure, error, &link->action);
    if (link->relay->last_failure == EXIT_STATUS_UNRESOLVED)
        link->reason = nk_resolver_error_text(error, room);
    report_failed(link);
    release(link);
}

static void on_dialled(void *context, const struct nk_dialer_result *result)
{
    struct relay_link *link = context;
    link->dialer = NULL;
    if (result->fd < 0) {
        fail_to_dial(link, &result->failure, result->fd);
        return;
    }
    link->remote = result->remote;
    int error = 0;
    if (link->relay->options->to.scheme == NK_SCHEME_UNIX_DGRAM)
        error = nk_socket_autobind(result->fd); /* without a name it cannot be answered */
    if (!error)
        error = cat_port_open(&link->target, link->relay->loop, result->fd);
    if (error) {
        close(result->fd);
        relay_link_fail(link, "watch", error);
        return;
    }
    link->joined_at = nk_event_loop_now(link->relay->loop);
    link->relay->totals.joined++;
    report_connected(link);
    if (relay_has_datagram_clients(link->relay) || relay_has_datagram_targets(link->relay))
        relay_message_join(link);
    else if (link->relay->options->send_proxy > 0)
        relay_header_send(link);
    else
        relay_stream_join(link);
}

void relay_link_dial(struct relay_link *link)
{
    struct relay *relay = link->relay;
    uint64_t timeout = relay->options->connect_timeout;
    const struct nk_dialer_options options = {
        .no_delay = true,
        .pool = relay->pool,
        .deadline = timeout == NK_NEVER ? NK_NEVER : nk_event_loop_now(relay->loop) + timeout,
        .on_done = on_dialled,
        .context = link,
    };
    link->state = RELAY_DIALLING;
    int error = nk_dialer_start(&link->dialer, relay->loop, &relay->options->to, &options);
    if (error)
        relay_link_fail(link, "connect to", error);
}

static void on_timer(struct nk_timer *timer)
{
    struct relay_link *link = nk_container_of(timer, struct relay_link, timer);
    if (link->state == RELAY_READING_HEADER)
        relay_header_timeout(link);
    else if (relay_has_datagram_clients(link->relay) || relay_has_datagram_targets(link->relay))
        relay_message_timeout(link);
    else
        relay_stream_timeout(link);
}

struct relay_link *relay_link_new(struct relay *relay, const struct nk_sockaddr *address)
{
    struct relay_link *link = calloc(1, sizeof(*link));
    relay->totals.accepted++;
    if (!link) {
        relay->totals.failed++;
        relay->last_failure = EXIT_STATUS_FAILED;
        return NULL;
    }
    relay->totals.active++;
    link->relay = relay;
    link->address = *address;
    link->client.fd = -1;
    link->target.fd = -1;
    nk_timer_init(&link->timer, on_timer);
    nk_list_append(&relay->links, &link->node);
    relay_message_init(link);
    return link;
}

void relay_link_start(struct relay *relay, int fd, const struct nk_sockaddr *address)
{
    struct relay_link *link = relay_link_new(relay, address);
    if (!link) {
        close(fd);
        relay_link_gone(relay);
        return;
    }
    int error = cat_port_open(&link->client, relay->loop, fd);
    if (error) {
        close(fd);
        relay_link_fail(link, "watch", error);
        return;
    }
    if (nk_socket_local(fd, &link->local) != 0)
        relay_link_drop(link);
    else if (relay->options->accept_proxy)
        relay_header_read(link);
    else
        relay_link_dial(link);
}
