/* Where answers go: standard output, or the screen of a person. */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shell/shell_client_private.h"

/* While more than this is not written yet the answer is not read on. */
#define HIGH_WATER ((size_t)64 * 1024)

/* Columns of a terminal that does not say how many it has. */
#define USUAL_WIDTH 80

static size_t terminal_width(void)
{
    struct winsize size;
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return is_known ? size.ws_col : USUAL_WIDTH;
}

/* ---- writing ---- */

static void fail(struct shell_client *client, int error)
{
    nk_buffer_consume(&client->output.bytes, nk_buffer_len(&client->output.bytes));
    shell_stream_close(&client->output.stream);
    if (error == -EPIPE) {
        /* Nobody reads any more: there is nothing left to be done, and nothing wrong. */
        shell_client_end(client, EXIT_STATUS_OK);
        shell_client_leave(client);
        return;
    }
    client->has_ended = false; /* an end that was planned has failed, too */
    shell_client_fail(client, EXIT_STATUS_FAILED, "write to", "standard output", error, NULL);
}

static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct shell_client_output *output =
        nk_container_of(channel, struct shell_client_output, stream.channel);
    struct shell_client *client = nk_container_of(output, struct shell_client, output);
    struct nk_slice bytes = nk_buffer_slice(&output->bytes);
    (void)events;
    ssize_t put = bytes.len > 0 ? shell_stream_write(&output->stream, bytes) : 0;
    if (put < 0 && put != -EAGAIN) {
        fail(client, (int)put);
        return;
    }
    if (put > 0)
        nk_buffer_consume(&output->bytes, (size_t)put);
    if (nk_buffer_len(&output->bytes) == 0)
        nk_channel_want(channel, 0);
    shell_output_drained(client);
}

/* Sends what is in the buffer on its way. */
static void flush(struct shell_client *client)
{
    struct shell_client_output *output = &client->output;
    if (shell_person_is_there(client)) {
        line_editor_print(client->person.editor, nk_buffer_slice(&output->bytes));
        nk_buffer_consume(&output->bytes, nk_buffer_len(&output->bytes));
    } else if (nk_buffer_len(&output->bytes) > 0 && output->stream.is_open) {
        nk_channel_want(&output->stream.channel, NK_WRITE);
    }
}

bool shell_output_is_empty(const struct shell_client *client)
{
    if (shell_person_is_there(client))
        return line_editor_is_drained(client->person.editor);
    return nk_buffer_len(&client->output.bytes) == 0;
}

bool shell_output_is_full(const struct shell_client *client)
{
    if (shell_person_is_there(client))
        return line_editor_is_full(client->person.editor);
    return nk_buffer_len(&client->output.bytes) > HIGH_WATER;
}

void shell_output_drained(struct shell_client *client)
{
    bool is_empty = shell_output_is_empty(client);
    if (client->output.is_ending && is_empty)
        shell_client_leave(client);
    else if (client->request.is_finishing && is_empty)
        shell_session_finish(client);
    else if (!client->has_ended && !shell_output_is_full(client))
        shell_link_resume(client);
}

/* ---- answers ---- */

static void check(struct shell_client *client, int error)
{
    if (error)
        shell_client_fail(client, EXIT_STATUS_FAILED, "show the answer", NULL, error, NULL);
}

void shell_output_begin(struct shell_client *client)
{
    const struct shell_client_request *request = &client->request;
    struct shell_client_output *output = &client->output;
    const struct shell_show_options options = {
        .is_long = request->ls.is_long,
        .has_marks = !client->options->compat && (request->ls.marks || !request->ls.is_long),
        .keeps_marks = request->ls.marks,
        .colours = client->options->colours,
        .width = terminal_width(),
    };
    output->shows_names = output->show && request->command == SHELL_COMMAND_LS;
    if (output->shows_names)
        shell_show_begin(output->show, &options);
}

void shell_output_line(struct shell_client *client, struct nk_slice line)
{
    struct shell_client_output *output = &client->output;
    int error;
    if (output->shows_names) {
        error = shell_show_line(output->show, line, &output->bytes);
    } else {
        error = nk_buffer_append(&output->bytes, line);
        if (!error)
            error = nk_buffer_append(&output->bytes, nk_slice_make("\n", 1));
    }
    check(client, error);
    flush(client);
}

void shell_output_finish(struct shell_client *client)
{
    struct shell_client_output *output = &client->output;
    if (output->shows_names)
        check(client, shell_show_end(output->show, &output->bytes));
    output->shows_names = false;
    flush(client);
}

void shell_output_discard(struct shell_client *client)
{
    client->output.shows_names = false;
    nk_buffer_consume(&client->output.bytes, nk_buffer_len(&client->output.bytes));
}

void shell_output_end(struct shell_client *client)
{
    client->output.is_ending = true;
    if (shell_output_is_empty(client))
        shell_client_leave(client);
}

/* ---- life ---- */

int shell_output_open(struct shell_client *client)
{
    struct shell_client_output *output = &client->output;
    nk_buffer_init(&output->bytes, HIGH_WATER + SHELL_SHOW_OUT_MAX);
    if (isatty(STDOUT_FILENO)) {
        output->show = malloc(sizeof(*output->show));
        if (!output->show)
            return -ENOMEM;
    }
    return shell_stream_open(&output->stream, client->loop, STDOUT_FILENO, on_ready);
}

void shell_output_close(struct shell_client *client)
{
    shell_stream_close(&client->output.stream);
    nk_buffer_deinit(&client->output.bytes);
    free(client->output.show);
    client->output.show = NULL;
}
