/* The raw form: one write is one request, and an answer ends when nothing more comes. */
#include <errno.h>

#include "shell/shell_client_private.h"
#include "shell/shell_text.h"

/* An `ls` of an empty directory answers nothing; a directory that takes some time to be
 * listed shall not be taken for one. In settling times. */
#define LS_PATIENCE 5

static const struct nk_slice error_head = NK_SLICE("error: ");

/* ---- the answer ---- */

/* What a terminal would act on is shown; others get what the server has sent. */
static void show_line(struct shell_client *client, struct nk_slice line)
{
    client->request.lines++;
    if (!client->output.show || shell_text_is_visible(line)) {
        shell_output_line(client, line);
        return;
    }
    char *escaped = malloc(SHELL_ESCAPED_MAX * line.len);
    if (!escaped)
        return;
    size_t len = shell_text_escape(line, SHELL_ESCAPE_NAME, escaped);
    shell_output_line(client, nk_slice_make(escaped, len));
    free(escaped);
}

/* A line, or the rest of the answer. The first may be an error instead. */
static void take_line(struct shell_client *client, struct nk_slice line)
{
    bool is_asked = client->state == SHELL_CLIENT_ASKING && client->request.lines == 0;
    if (client->raw.is_discarding)
        return;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    if (!is_asked || client->request.error || !nk_slice_starts_with(line, error_head)) {
        show_line(client, line);
        return;
    }
    line = nk_slice_from(line, error_head.len);
    client->request.error = nk_slice_copy_string(line);
}

static void take_rest(struct shell_client *client)
{
    struct nk_buffer *kept = &client->raw.line;
    if (nk_buffer_len(kept) > 0)
        take_line(client, nk_buffer_slice(kept));
    nk_buffer_consume(kept, nk_buffer_len(kept));
}

static void on_timer(struct nk_timer *timer)
{
    struct shell_client_raw *raw = nk_container_of(timer, struct shell_client_raw, timer);
    struct shell_client *client = nk_container_of(raw, struct shell_client, raw);
    take_rest(client);
    client->raw.is_discarding = false;
    if (client->state == SHELL_CLIENT_ASKING)
        shell_session_finish(client);
}

static void start_timer(struct shell_client *client, uint64_t delay)
{
    uint64_t deadline = nk_event_loop_now(client->loop) + delay;
    int error = nk_event_loop_set_timer(client->loop, &client->raw.timer, deadline);
    if (error)
        shell_client_fail(client, EXIT_STATUS_FAILED, "wait", NULL, error, NULL);
}

/* Takes lines, and the last one also without its end when it gets too long for one.
 * Returns the bytes consumed. */
static size_t take_lines(struct shell_client *client, struct nk_slice input)
{
    struct nk_buffer *kept = &client->raw.line;
    size_t end = nk_slice_find(input, '\n');
    struct nk_slice piece = nk_slice_first(input, end);
    bool is_too_long = nk_buffer_room(kept) < piece.len;
    if (is_too_long)
        piece = nk_slice_first(piece, nk_buffer_room(kept));
    if (nk_buffer_append(kept, piece) != 0)
        shell_client_fail(client, EXIT_STATUS_FAILED, "read", NULL, -ENOMEM, NULL);
    if (end == NK_SLICE_NOT_FOUND && !is_too_long)
        return input.len;
    if (nk_buffer_len(kept) > 0)
        take_rest(client);
    else
        take_line(client, piece);
    return piece.len + (is_too_long ? 0 : 1);
}

size_t shell_raw_take(struct shell_client *client, struct nk_slice input)
{
    size_t done = 0;
    shell_link_wait(client, false);
    while (done < input.len && client->link.connection && !shell_output_is_full(client))
        done += take_lines(client, nk_slice_from(input, done));
    if (!client->link.connection)
        return input.len;
    if (done < input.len) {
        nk_tcp_connection_pause_reading(client->link.connection);
        nk_event_loop_cancel_timer(client->loop, &client->raw.timer);
        client->raw.is_paused = true;
    } else if (done > 0) {
        start_timer(client, client->options->settle);
    }
    return done;
}

/* The silence behind an answer begins when all of it could be read. */
void shell_raw_resumed(struct shell_client *client)
{
    if (client->raw.is_paused)
        start_timer(client, client->options->settle);
    client->raw.is_paused = false;
}

void shell_raw_discard(struct shell_client *client)
{
    client->raw.is_discarding = true;
    start_timer(client, client->options->settle);
}

/* ---- requests ---- */

void shell_raw_connected(struct shell_client *client)
{
    nk_timer_init(&client->raw.timer, on_timer);
    client->state = SHELL_CLIENT_READY;
    client->link.was_made = true;
    shell_person_open(client);
    shell_input_next(client);
}

void shell_raw_send(struct shell_client *client, struct nk_slice text)
{
    if (client->request.command == SHELL_COMMAND_QUIT) {
        shell_raw_leave(client);
        return;
    }
    nk_event_loop_cancel_timer(client->loop, &client->raw.timer); /* of the answer before */
    shell_link_send(client, text);
    if (client->request.command == SHELL_COMMAND_CD)
        start_timer(client, client->options->settle);
    else if (client->request.command == SHELL_COMMAND_LS)
        start_timer(client, LS_PATIENCE * client->options->settle);
    else
        shell_link_wait(client, true);
}

/* ---- the end ---- */

void shell_raw_leave(struct shell_client *client)
{
    client->state = SHELL_CLIENT_LEAVING;
    nk_event_loop_cancel_timer(client->loop, &client->raw.timer);
    if (!client->link.connection)
        return;
    nk_tcp_connection_shutdown(client->link.connection);
    shell_link_wait(client, true);
}

void shell_raw_ended(struct shell_client *client, bool is_orderly, enum exit_status status,
                     const char *reason)
{
    nk_event_loop_cancel_timer(client->loop, &client->raw.timer);
    take_rest(client);
    if (client->state == SHELL_CLIENT_LEAVING && is_orderly)
        shell_client_end(client, client->status);
    else
        shell_link_lose(client, status, reason);
}
