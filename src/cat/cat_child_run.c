/* `netkit listen --keep-open --exec`: each client has a command of its own. */
#include <errno.h>

#include "base/list.h"
#include "cat/cat_hub_run.h"
#include "cat/cat_listener.h"
#include "os/socket.h"

struct serving {
    struct cat_run run; /* the first member */
    struct cat_listener listener;
    struct nk_list_node clients;
    uint64_t served;
    uint64_t succeeded;
    enum exit_status last; /* how the last one that failed has ended */
};

struct client {
    struct serving *serving;
    struct nk_list_node node;
    struct cat_child_session *session;
    uint64_t number;
};

/* ---- one client ---- */

static void remove_client(struct client *client)
{
    nk_list_remove(&client->node);
    cat_child_session_free(client->session);
    free(client);
}

/* Commands that still run count: more of them than clients are never there. */
static void update_room(struct serving *serving)
{
    size_t running = cat_children_count(serving->run.children);
    cat_listener_accept(&serving->listener, running < serving->run.options->max_clients);
}

static void end_if_last(struct serving *serving)
{
    bool all_failed = serving->served > 0 && serving->succeeded == 0;
    if (serving->run.options->session.once && nk_list_is_empty(&serving->clients))
        cat_run_end(&serving->run, all_failed ? serving->last : EXIT_STATUS_OK, NULL, NULL, 0);
}

static void on_ended(struct cat_child_session *session,
                     const struct cat_child_session_result *result)
{
    struct client *client = cat_child_session_owner(session);
    struct serving *serving = client->serving;
    const struct cat_client_end end = {
        .number = client->number,
        .sent = result->sent,
        .received = result->received,
        .error = result->error,
    };
    serving->run.totals.sent += result->sent;
    serving->run.totals.received += result->received;
    cat_run_report_command(&serving->run, session, result, false);
    cat_run_report_departure(&serving->run, cat_child_session_peer(session), &end);
    if (result->status == EXIT_STATUS_OK)
        serving->succeeded++;
    else
        serving->last = result->status;
    remove_client(client);
    update_room(serving);
    end_if_last(serving);
}

static int start_command(struct client *client, int fd)
{
    const struct cat_run *run = &client->serving->run;
    struct cat_child_session_options options = {
        .children = run->children,
        .command = run->options->exec,
        .session = run->options->session,
        .on_ended = on_ended,
        .owner = client,
    };
    options.session.once = false; /* says when the program ends, not a client */
    options.session.filters = (struct cat_filter_options){
        .trace = run->trace,
        .crlf = run->options->crlf,
    };
    return cat_child_session_start(&client->session, run->loop, fd, &options);
}

static struct client *new_client(struct serving *serving, int fd)
{
    struct client *client = calloc(1, sizeof(*client));
    if (!client) {
        nk_socket_close(fd);
        return NULL;
    }
    client->serving = serving;
    client->number = ++serving->served;
    nk_list_append(&serving->clients, &client->node);
    return client;
}

/* One that cannot be served is lost, and nobody else. */
static void on_accepted(void *context, int fd)
{
    struct serving *serving = context;
    struct client *client = new_client(serving, fd);
    int error = client ? start_command(client, fd) : -ENOMEM;
    if (!error) {
        cat_run_report_arrival(&serving->run, client->number,
                               cat_child_session_peer(client->session));
    } else {
        serving->last = EXIT_STATUS_FAILED;
        cat_run_report_unserved(&serving->run, "run", serving->run.options->exec, error);
    }
    if (client && error)
        remove_client(client);
    update_room(serving);
    if (error)
        end_if_last(serving);
}

/* ---- all of them ---- */

static void count_clients(struct cat_run *run, struct cat_totals *totals)
{
    const struct serving *serving = nk_container_of(run, struct serving, run);
    struct nk_list_node *node;
    struct nk_list_node *following;
    totals->has_clients = true;
    totals->clients = serving->served;
    NK_LIST_FOR_EACH (node, following, &serving->clients) {
        const struct client *client = nk_container_of(node, struct client, node);
        totals->active++;
        totals->sent += cat_child_session_sent(client->session);
        totals->received += cat_child_session_received(client->session);
    }
}

static void free_clients(struct serving *serving)
{
    struct nk_list_node *node;
    while ((node = nk_list_first(&serving->clients)))
        remove_client(nk_container_of(node, struct client, node));
}

enum exit_status cat_child_run(const struct cat_options *options,
                               const struct cat_reporter *reporter)
{
    struct serving serving = {0};
    enum exit_status status = cat_run_open(&serving.run, options, reporter);
    if (status != EXIT_STATUS_OK)
        return status;
    nk_list_init(&serving.clients);
    serving.run.count_clients = count_clients;
    (void)cat_listener_open(&serving.listener, &serving.run, CAT_HUB_BACKLOG, on_accepted,
                            &serving);
    cat_run_until_end(&serving.run);
    cat_listener_close(&serving.listener);
    free_clients(&serving);
    return cat_run_close(&serving.run);
}
