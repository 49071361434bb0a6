/* The connection of a shell client: how it is made, and what happens when it is lost. */
#include <errno.h>

#include "base/error_text.h"
#include "net/resolver.h"
#include "os/socket.h"
#include "service/connect_failure.h"
#include "shell/shell_client_private.h"

/* One name is looked up at a time. */
#define RESOLVER_THREADS 1
#define RESOLVER_QUEUE 1

/* What is kept of an answer that is not shown yet, while its reader is slow: a piece as
 * the loop receives it, and what was left of the one before. */
#define INPUT_MAX (4 * (size_t)NK_EVENT_LOOP_BUFFER_SIZE)

static struct shell_client *client_of(const struct nk_tcp_connection *connection)
{
    return nk_connection_group_context(nk_tcp_connection_group(connection));
}

/* ---- the connection ---- */

void shell_link_wait(struct shell_client *client, bool is_waiting)
{
    uint64_t timeout = client->options->idle_timeout;
    uint64_t deadline = NK_NEVER;
    if (is_waiting && timeout > 0)
        deadline = nk_event_loop_now(client->loop) + timeout;
    if (client->link.connection)
        nk_tcp_connection_set_deadline(client->link.connection, deadline);
}

static void on_connection_completed(struct nk_tcp_connection *connection)
{
    struct shell_client *client = client_of(connection);
    client->link.connection = connection;
    client->totals.reconnects += client->link.was_made ? 1 : 0;
    if (client->connected_at == 0)
        client->connected_at = nk_clock_monotonic(nk_clock_system());
    if (client->options->compat) {
        shell_raw_connected(client);
        return;
    }
    client->state = SHELL_CLIENT_GREETING;
    nk_tcp_connection_set_deadline(connection, client->link.deadline);
}

static size_t on_message(struct nk_tcp_connection *connection, struct nk_slice input)
{
    struct shell_client *client = client_of(connection);
    return client->options->compat ? shell_raw_take(client, input)
                                   : shell_answer_take(client, input);
}

/* Only a server that is waited for has a deadline. */
static void on_deadline(struct nk_tcp_connection *connection)
{
    nk_tcp_connection_abort(connection, -ETIMEDOUT);
}

static void on_connection_closed(struct nk_tcp_connection *connection, int reason)
{
    struct shell_client *client = client_of(connection);
    char room[NK_ERROR_TEXT_MAX];
    const char *text = "the server has closed the connection";
    enum exit_status status = EXIT_STATUS_LOST;
    if (client->link.connection != connection)
        return; /* we have closed it ourselves */
    client->link.connection = NULL;
    if (reason == -ETIMEDOUT) {
        text = "no answer in time";
        status = EXIT_STATUS_TIMED_OUT;
    } else if (reason != 0) {
        text = nk_error_text(reason, room);
    }
    if (client->options->compat)
        shell_raw_ended(client, reason == 0, status, text);
    else
        shell_link_lose(client, status, text);
}

static const struct nk_connection_handlers handlers = {
    .on_connection_completed = on_connection_completed,
    .on_message = on_message,
    .on_connection_closed = on_connection_closed,
    .on_deadline = on_deadline,
    .max_input = INPUT_MAX,
};

void shell_link_send(struct shell_client *client, struct nk_slice bytes)
{
    struct nk_tcp_connection *connection = client->link.connection;
    int error = connection ? nk_tcp_connection_send(connection, bytes) : 0;
    if (error && error != -EPIPE) /* -EPIPE: its end is about to be told */
        nk_tcp_connection_abort(connection, error);
}

void shell_link_resume(struct shell_client *client)
{
    if (!client->link.connection)
        return;
    nk_tcp_connection_resume_reading(client->link.connection);
    if (client->options->compat)
        shell_raw_resumed(client);
    else
        shell_link_wait(client, client->expected_count > 0);
}

/* ---- losing it ---- */

static void on_retry(struct nk_timer *timer)
{
    struct shell_client_link *link = nk_container_of(timer, struct shell_client_link, retry_timer);
    shell_link_dial(nk_container_of(link, struct shell_client, link));
}

/* Whether another attempt is under way. */
static bool retry(struct shell_client *client, const char *reason)
{
    struct shell_client_link *link = &client->link;
    uint64_t delay = 0;
    bool is_possible = client->options->reconnect && link->was_made;
    if (!is_possible || !shell_backoff_next(&link->backoff, &delay))
        return false;
    uint64_t next = nk_event_loop_now(client->loop) + delay;
    if (nk_event_loop_set_timer(client->loop, &link->retry_timer, next) != 0)
        return false;
    shell_person_set_busy(client, true);
    client->reporter->lost(client->reporter->context, link->address, reason, delay);
    return true;
}

void shell_link_lose(struct shell_client *client, enum exit_status status, const char *reason)
{
    if (client->has_ended)
        return;
    shell_link_close(client);
    if (client->request.is_finishing) { /* is answered, and perhaps the last one */
        client->link.loss = status;
        shell_client_keep(&client->link.loss_reason, strdup(reason));
        return;
    }
    shell_session_forget(client);
    if (!client->has_ended && !retry(client, reason))
        shell_client_fail(client, status, client->link.was_made ? "go on with" : "talk to",
                          client->link.address, -ECONNRESET, reason);
}

void shell_link_heed_loss(struct shell_client *client)
{
    char *reason = client->link.loss_reason;
    client->link.loss_reason = NULL;
    shell_link_lose(client, client->link.loss, reason ? reason : "it was lost");
    free(reason);
}

/* ---- making it ---- */

static const char *print(const struct nk_sockaddr *remote, char *text, size_t size)
{
    char bare[NK_SOCKADDR_TEXT_MAX];
    const char *scheme = remote->any.sa_family == AF_UNIX ? "unix:" : "tcp://";
    snprintf(text, size, "%s%s", scheme, nk_sockaddr_print(remote, bare));
    return text;
}

static void on_attempt(void *context, const struct nk_sockaddr *remote, int error)
{
    struct shell_client *client = context;
    char text[NK_SOCKADDR_TEXT_MAX + 8];
    client->reporter->tried(client->reporter->context, print(remote, text, sizeof(text)), error);
}

static void fail(struct shell_client *client, const struct nk_connect_failure *failure, int error)
{
    char room[NK_ERROR_TEXT_MAX];
    const char *action = "connect to";
    enum exit_status status = connect_failure_status(failure, error, &action);
    client->link.look_up_timed_out = failure->step == NK_CONNECT_RESOLVE && error == -ETIMEDOUT;
    const char *reason = status == EXIT_STATUS_UNRESOLVED ? nk_resolver_error_text(error, room)
                                                          : nk_error_text(error, room);
    if (!retry(client, reason))
        shell_client_fail(client, status, action, client->link.address, error, reason);
}

static void on_dialled(void *context, const struct nk_dialer_result *result)
{
    struct shell_client *client = context;
    char text[NK_SOCKADDR_TEXT_MAX + 8];
    client->link.dialer = NULL;
    if (result->fd < 0) {
        fail(client, &result->failure, result->fd);
        return;
    }
    client->reporter->connected(client->reporter->context,
                                print(&result->remote, text, sizeof(text)));
    /* Small requests shall not wait for each other; a unix socket knows no such thing. */
    int ignored = nk_socket_set_no_delay(result->fd, true);
    (void)ignored;
    int error = nk_connection_group_add(client->link.group, result->fd);
    if (error)
        shell_client_fail(client, EXIT_STATUS_FAILED, "talk to", client->link.address, error, NULL);
}

static int prepare(struct shell_client *client)
{
    const struct nk_connection_group_options group = {.handlers = &handlers, .context = client};
    struct shell_client_link *link = &client->link;
    if (link->group)
        return 0;
    nk_timer_init(&link->retry_timer, on_retry);
    nk_address_print(&client->options->address, link->address);
    int error = nk_worker_pool_start(&link->pool, RESOLVER_THREADS, RESOLVER_QUEUE);
    return error ? error : nk_connection_group_new(&link->group, client->loop, &group);
}

void shell_link_dial(struct shell_client *client)
{
    const struct shell_client_options *options = client->options;
    struct shell_client_link *link = &client->link;
    uint64_t timeout = options->connect_timeout;
    int error = prepare(client);
    link->deadline = timeout == NK_NEVER ? NK_NEVER : nk_event_loop_now(client->loop) + timeout;
    const struct nk_dialer_options dialer_options = {
        .pool = link->pool,
        .deadline = link->deadline,
        .family = options->family,
        .on_attempt = on_attempt,
        .on_done = on_dialled,
        .context = client,
    };
    client->state = SHELL_CLIENT_DIALLING;
    if (!error)
        error = nk_dialer_start(&link->dialer, client->loop, &options->address, &dialer_options);
    if (error)
        shell_client_fail(client, EXIT_STATUS_FAILED, "connect to", link->address, error, NULL);
}

/* ---- the end ---- */

void shell_link_close(struct shell_client *client)
{
    struct shell_client_link *link = &client->link;
    struct nk_tcp_connection *connection = link->connection;
    link->connection = NULL;
    if (connection)
        nk_tcp_connection_close(connection, NK_CLOSE_NOW);
    if (link->group)
        nk_event_loop_cancel_timer(client->loop, &link->retry_timer);
}

void shell_link_free(struct shell_client *client)
{
    nk_connection_group_free(client->link.group);
    nk_worker_pool_stop(client->link.pool);
    free(client->link.loss_reason);
}
