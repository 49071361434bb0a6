#include "cat/cat_hub.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "cat/cat_hub_private.h"

/* ---- the end ---- */

static void end(struct cat_hub *hub, enum exit_status status, const char *action, int error)
{
    if (hub->has_ended)
        return;
    hub->has_ended = true;
    hub->options.handlers->ended(hub->options.context, status, action, error);
}

static void end_if_written(struct cat_hub *hub)
{
    bool all_were_lost = hub->served > 0 && hub->lost == hub->served;
    if (hub->is_over && nk_buffer_len(&hub->output) == 0)
        end(hub, all_were_lost ? EXIT_STATUS_LOST : EXIT_STATUS_OK, NULL, 0);
}

void cat_hub_forget(struct cat_hub *hub, const struct cat_hub_departure *departure)
{
    hub->lost += departure->error != 0;
    hub->options.handlers->disconnected(hub->options.context, departure);
    if (hub->active == 0 && (hub->options.once || hub->closes_clients))
        hub->is_over = true; /* what was received is still written */
}

/* ---- what is waited for ---- */

static bool has_room_for_clients(const struct cat_hub *hub)
{
    bool has_output_room = nk_buffer_room(&hub->output) >= CAT_HUB_CHUNK;
    bool has_queue_room = cat_hub_queue_size(&hub->queue) < CAT_HUB_QUEUE_HIGH;
    return has_output_room && (has_queue_room || !hub->options.broker);
}

static void update_all_clients(struct cat_hub *hub)
{
    struct nk_list_node *node;
    struct nk_list_node *following;
    NK_LIST_FOR_EACH (node, following, &hub->clients) {
        cat_hub_client_update(cat_hub_client_of(node));
    }
}

static void update_room(struct cat_hub *hub)
{
    bool has_room = hub->active < hub->options.max_clients && !hub->is_over && !hub->closes_clients;
    if (has_room == hub->has_room)
        return;
    hub->has_room = has_room;
    hub->options.handlers->has_room(hub->options.context, has_room);
}

void cat_hub_update(struct cat_hub *hub)
{
    bool reads_clients = has_room_for_clients(hub);
    if (reads_clients != hub->reads_clients) {
        hub->reads_clients = reads_clients;
        update_all_clients(hub);
    }
    bool reads_input = !hub->input_ended && hub->takers > 0 &&
                       cat_hub_queue_size(&hub->queue) < CAT_HUB_QUEUE_HIGH;
    if (!hub->input_ended)
        nk_channel_want(&hub->in.channel, reads_input ? NK_READ : 0);
    if (hub->out.fd >= 0)
        nk_channel_want(&hub->out.channel, nk_buffer_len(&hub->output) > 0 ? NK_WRITE : 0);
    update_room(hub);
    end_if_written(hub);
}

/* ---- in -> clients ---- */

static void flush_all_clients(struct cat_hub *hub)
{
    struct nk_list_node *node;
    struct nk_list_node *following;
    NK_LIST_FOR_EACH (node, following, &hub->clients) {
        struct cat_hub_client *client = cat_hub_client_of(node);
        cat_hub_client_flush(client);
        if (!client->is_closed)
            cat_hub_client_update(client);
    }
}

static int broadcast(struct cat_hub *hub, struct nk_slice bytes, struct cat_hub_client *origin)
{
    int error = cat_hub_queue_put(&hub->queue, bytes, origin ? &origin->reader : NULL);
    if (error)
        return error;
    cat_trace_chunk(hub->options.trace, RECORD_SENT, bytes);
    flush_all_clients(hub);
    return 0;
}

static void on_input_ended(struct cat_hub *hub)
{
    const struct cat_hub_options *options = &hub->options;
    hub->input_ended = true;
    cat_port_close(&hub->in);
    if (options->broker)
        return;
    hub->closes_clients = options->send_only || options->on_eof == CAT_ON_EOF_CLOSE;
    hub->ends_clients = options->on_eof == CAT_ON_EOF_HALF;
    if (hub->closes_clients || hub->ends_clients)
        cat_trace_end(options->trace, RECORD_SENT);
    flush_all_clients(hub);
}

static int send_input(struct cat_hub *hub, struct nk_slice bytes)
{
    if (!hub->options.crlf)
        return broadcast(hub, bytes, NULL);
    int error = cat_crlf_filter(&hub->crlf, bytes, &hub->changed);
    if (!error)
        error = broadcast(hub, nk_buffer_slice(&hub->changed), NULL);
    nk_buffer_consume(&hub->changed, nk_buffer_len(&hub->changed));
    return error;
}

static void on_input_ready(struct cat_port *port)
{
    struct cat_hub *hub = nk_container_of(port, struct cat_hub, in);
    ssize_t got = cat_port_read(port, hub->chunk, sizeof(hub->chunk));
    int error = got < 0 ? (int)got : 0;
    if (got > 0)
        error = send_input(hub, nk_slice_make(hub->chunk, (size_t)got));
    if (got == 0)
        on_input_ended(hub);
    else if (error && error != -EAGAIN)
        end(hub, EXIT_STATUS_FAILED, got > 0 ? "send to the clients" : "read standard input",
            error);
    cat_hub_update(hub);
}

/* ---- clients -> out ---- */

int cat_hub_take(struct cat_hub *hub, struct cat_hub_client *client, struct nk_slice bytes)
{
    const struct cat_hub_options *options = &hub->options;
    int error = 0;
    cat_trace_chunk(options->trace, RECORD_RECEIVED, bytes);
    if (!options->send_only && !options->hides_data)
        error = nk_buffer_append(&hub->output, bytes);
    if (!error && options->broker)
        error = broadcast(hub, bytes, client);
    return error;
}

static void on_output_ready(struct cat_port *port)
{
    struct cat_hub *hub = nk_container_of(port, struct cat_hub, out);
    struct nk_slice bytes = nk_buffer_slice(&hub->output);
    if (bytes.len == 0)
        return;
    ssize_t put = cat_port_write(port, bytes.data, bytes.len);
    if (put > 0)
        nk_buffer_consume(&hub->output, (size_t)put);
    else if (put == -EPIPE) /* nobody wants the bytes any more: that is no failure */
        end(hub, EXIT_STATUS_OK, NULL, 0);
    else if (put < 0 && put != -EAGAIN)
        end(hub, EXIT_STATUS_FAILED, "write standard output", (int)put);
    cat_hub_update(hub);
}

void cat_hub_write_rest(struct cat_hub *hub)
{
    struct pollfd state = {.fd = hub->out.fd, .events = POLLOUT};
    struct nk_slice bytes;
    while ((bytes = nk_buffer_slice(&hub->output)).len > 0 && poll(&state, 1, 0) > 0) {
        ssize_t put = cat_port_write(&hub->out, bytes.data, bytes.len);
        if (put <= 0)
            break;
        nk_buffer_consume(&hub->output, (size_t)put);
    }
}

/* ---- life ---- */

/* Takes over both. */
static int open_ports(struct cat_hub *hub, int in, int out)
{
    int in_error = cat_port_open(&hub->in, hub->loop, in);
    int out_error = cat_port_open(&hub->out, hub->loop, out);
    if (in_error)
        hub->in.fd = -1;
    if (out_error)
        hub->out.fd = -1;
    hub->in.on_ready = on_input_ready;
    hub->out.on_ready = on_output_ready;
    return in_error ? in_error : out_error;
}

int cat_hub_new(struct cat_hub **out_hub, struct nk_event_loop *loop, int in, int out,
                const struct cat_hub_options *options)
{
    struct cat_hub *hub = calloc(1, sizeof(*hub));
    if (!hub)
        return -ENOMEM;
    hub->loop = loop;
    hub->options = *options;
    hub->has_room = true;
    hub->reads_clients = true;
    nk_list_init(&hub->clients);
    nk_buffer_init(&hub->output, CAT_HUB_OUTPUT_MAX);
    nk_buffer_init(&hub->changed, 2 * CAT_HUB_CHUNK);
    int error = open_ports(hub, in, out);
    if (!error)
        error = cat_hub_queue_init(&hub->queue);
    if (error) {
        cat_hub_free(hub);
        return error;
    }
    hub->is_interactive = hub->in.kind == CAT_PORT_TERMINAL;
    hub->input_ended = options->recv_only;
    *out_hub = hub;
    return 0;
}

static void free_now(struct nk_task *task)
{
    free(nk_container_of(task, struct cat_hub, free_task));
}

void cat_hub_free(struct cat_hub *hub)
{
    struct nk_list_node *node;
    if (!hub)
        return;
    hub->has_ended = true;
    while ((node = nk_list_first(&hub->clients)))
        cat_hub_client_free(cat_hub_client_of(node));
    cat_port_close(&hub->in);
    cat_port_close(&hub->out);
    cat_hub_queue_deinit(&hub->queue);
    nk_buffer_deinit(&hub->output);
    nk_buffer_deinit(&hub->changed);
    nk_event_loop_at_turn_end(hub->loop, &hub->free_task, free_now);
}

size_t cat_hub_active(const struct cat_hub *hub)
{
    return hub->active;
}

uint64_t cat_hub_served(const struct cat_hub *hub)
{
    return hub->served;
}
