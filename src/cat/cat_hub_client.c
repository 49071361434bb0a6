/* One client of a hub: what it is sent and says. */
#include <errno.h>

#include "cat/cat_hub_private.h"
#include "os/socket.h"

/* ---- the end ---- */

static void free_now(struct nk_task *task)
{
    free(nk_container_of(task, struct cat_hub_client, free_task));
}

static bool is_taker(const struct cat_hub_client *client)
{
    return client->send_error == 0 && !client->output_ended;
}

void cat_hub_client_free(struct cat_hub_client *client)
{
    struct cat_hub *hub = client->hub;
    client->is_closed = true;
    hub->active--;
    hub->takers -= is_taker(client);
    nk_list_remove(&client->node);
    cat_hub_reader_close(&client->reader, &hub->queue);
    cat_hub_client_cancel_timers(client);
    cat_port_close(&client->port);
    nk_event_loop_at_turn_end(hub->loop, &client->free_task, free_now);
}

void cat_hub_client_leave_as(struct cat_hub_client *client, int error, bool is_cut_off)
{
    if (client->is_closed)
        return;
    const struct cat_hub_departure departure = {
        .number = client->number,
        .peer = &client->peer,
        .sent = client->sent,
        .received = client->received,
        .error = error,
        .is_cut_off = is_cut_off,
    };
    cat_hub_client_free(client);
    cat_hub_forget(client->hub, &departure);
}

/* ---- sending ---- */

static void fail_output(struct cat_hub_client *client, int error)
{
    client->hub->takers -= is_taker(client);
    client->send_error = error;
    cat_hub_reader_close(&client->reader, &client->hub->queue);
    if (client->input_ended)
        cat_hub_client_leave(client, error);
}

static void end_output(struct cat_hub_client *client)
{
    if (client->output_ended || client->send_error)
        return;
    client->hub->takers--;
    client->output_ended = true;
    cat_port_end(&client->port);
}

/* It has everything that was there for it. */
static void go_on_without_output(struct cat_hub_client *client)
{
    const struct cat_hub *hub = client->hub;
    client->leaves = client->leaves || hub->closes_clients;
    if (client->leaves || hub->ends_clients)
        end_output(client);
    if (client->output_ended && client->input_ended)
        cat_hub_client_leave(client, 0);
    else if (client->leaves && !nk_timer_is_running(&client->watch_timer))
        cat_hub_client_watch(client);
}

void cat_hub_client_flush(struct cat_hub_client *client)
{
    struct cat_hub *hub = client->hub;
    struct nk_slice bytes;
    while ((bytes = cat_hub_reader_next(&client->reader)).len > 0) {
        ssize_t put = cat_port_write(&client->port, bytes.data, bytes.len);
        if (put < 0 && put != -EAGAIN)
            fail_output(client, (int)put);
        if (put < 0)
            break;
        client->sent += (uint64_t)put;
        *hub->options.sent += (uint64_t)put;
        cat_hub_reader_consume(&client->reader, &hub->queue, (size_t)put);
    }
    if (client->is_closed)
        return;
    if (bytes.len == 0)
        go_on_without_output(client);
    else if (!client->send_error && !nk_timer_is_running(&client->stall_timer))
        cat_hub_client_start_patience(client);
}

/* ---- receiving ---- */

static void end_of_input(struct cat_hub_client *client)
{
    const struct cat_hub *hub = client->hub;
    bool is_sent_nothing = hub->options.recv_only && !hub->options.broker;
    client->input_ended = true;
    client->sent_at_end = client->sent;
    int error = client->send_error;
    if (!error) /* it may have been reset behind that */
        error = nk_socket_take_error(client->port.fd);
    if (error || client->output_ended || is_sent_nothing) {
        cat_hub_client_leave(client, error);
        return;
    }
    client->leaves = client->leaves || hub->is_interactive;
    cat_hub_client_probe(client);
    cat_hub_client_watch(client);
    if (!client->is_closed)
        cat_hub_client_flush(client);
}

/* A record stays one piece on its way. */
static ssize_t read_piece(struct cat_hub_client *client, bool *has_ended)
{
    struct cat_hub *hub = client->hub;
    if (client->port.keeps_records)
        return cat_port_read_record(&client->port, hub->chunk, sizeof(hub->chunk), has_ended);
    ssize_t got = cat_port_read(&client->port, hub->chunk, sizeof(hub->chunk));
    *has_ended = got == 0;
    return got;
}

static void receive(struct cat_hub_client *client)
{
    struct cat_hub *hub = client->hub;
    bool has_ended = false;
    ssize_t got = read_piece(client, &has_ended);
    bool is_empty_record = got == 0 && !has_ended; /* nothing that could be passed on */
    if (got == -EAGAIN || is_empty_record)
        return;
    if (got < 0) {
        cat_hub_client_leave(client, (int)got);
        return;
    }
    if (got == 0) {
        end_of_input(client);
        return;
    }
    client->received += (uint64_t)got;
    *hub->options.received += (uint64_t)got;
    int error = cat_hub_take(hub, client, nk_slice_make(hub->chunk, (size_t)got));
    if (error)
        cat_hub_client_leave(client, error);
}

static void on_ready(struct cat_port *port)
{
    struct cat_hub_client *client = nk_container_of(port, struct cat_hub_client, port);
    struct cat_hub *hub = client->hub;
    if (cat_hub_client_is_behind(client))
        cat_hub_client_flush(client);
    if (!client->is_closed && !client->input_ended && hub->reads_clients)
        receive(client);
    if (!client->is_closed)
        cat_hub_client_update(client);
    cat_hub_update(hub);
}

void cat_hub_client_update(struct cat_hub_client *client)
{
    unsigned events = 0;
    if (!client->input_ended && client->hub->reads_clients)
        events |= NK_READ;
    if (cat_hub_client_is_behind(client))
        events |= NK_WRITE;
    nk_channel_want(&client->port.channel, events);
}

/* ---- the beginning ---- */

static void join(struct cat_hub_client *client)
{
    struct cat_hub *hub = client->hub;
    client->port.on_ready = on_ready;
    client->number = ++hub->served;
    cat_hub_client_init_timers(client);
    cat_hub_reader_open(&client->reader, &hub->queue);
    nk_list_append(&hub->clients, &client->node);
    hub->active++;
    hub->takers++;
}

int cat_hub_add(struct cat_hub *hub, int fd)
{
    struct cat_hub_client *client = calloc(1, sizeof(*client));
    if (!client) {
        nk_socket_close(fd);
        return -ENOMEM;
    }
    client->hub = hub;
    int error = nk_socket_peer(fd, &client->peer);
    if (!error)
        error = cat_port_open(&client->port, hub->loop, fd);
    if (error) {
        nk_socket_close(fd);
        free(client);
        return error;
    }
    join(client);
    hub->options.handlers->connected(hub->options.context, client->number, &client->peer);
    cat_hub_client_start_idle_timer(client);
    if (!client->is_closed)
        cat_hub_client_flush(client); /* the end of `in` may be all that is left */
    if (!client->is_closed)
        cat_hub_client_update(client);
    if (hub->active == 2)
        cat_hub_restart_patience(hub);
    cat_hub_update(hub);
    return 0;
}
