/* Where requests come from: an option, standard input, or the line that a person has
 * typed. */
#include <errno.h>
#include <unistd.h>

#include "shell/shell_client_private.h"
#include "shell/shell_script.h"

static bool reads_input(const struct shell_client *client)
{
    return client->input.stream.is_open;
}

/* ---- standard input ---- */

/* The next request of complete lines; the last one needs no end. */
static bool next_of_input(struct shell_client *client, struct nk_slice *request)
{
    struct shell_client_input *input = &client->input;
    struct nk_slice bytes = nk_buffer_slice(&input->bytes);
    size_t end = nk_slice_find_last(bytes, '\n');
    struct nk_slice lines = input->has_ended ? bytes : nk_slice_make(NULL, 0);
    if (!input->has_ended && end != NK_SLICE_NOT_FOUND)
        lines = nk_slice_first(bytes, end + 1);
    struct nk_slice rest = lines;
    bool is_found = shell_script_next(&rest, request);
    /* What is consumed stays where it is until more is read. */
    nk_buffer_consume(&input->bytes, lines.len - rest.len);
    return is_found;
}

static void fail(struct shell_client *client, int error)
{
    shell_client_fail(client, EXIT_STATUS_FAILED, "read", "standard input", error,
                      error == -ENOBUFS ? "a line has no end" : NULL);
}

static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct shell_client_input *input =
        nk_container_of(channel, struct shell_client_input, stream.channel);
    struct shell_client *client = nk_container_of(input, struct shell_client, input);
    char *room;
    size_t size = 0;
    (void)events;
    int error = nk_buffer_reserve(&input->bytes, 1, &room, &size);
    ssize_t got = error ? error : shell_stream_read(&input->stream, room, size);
    if (got == -EAGAIN)
        return;
    if (got < 0) {
        fail(client, (int)got);
        return;
    }
    nk_buffer_commit(&input->bytes, (size_t)got);
    input->has_ended = got == 0;
    nk_channel_want(channel, 0);
    shell_input_next(client);
}

int shell_input_open(struct shell_client *client)
{
    struct shell_client_input *input = &client->input;
    nk_buffer_init(&input->bytes, SHELL_CLIENT_REQUEST_MAX);
    if (client->options->scripts.count > 0)
        return 0;
    return shell_stream_open(&input->stream, client->loop, STDIN_FILENO, on_ready);
}

void shell_input_close(struct shell_client *client)
{
    struct shell_client_input *input = &client->input;
    shell_stream_close(&input->stream);
    nk_buffer_deinit(&input->bytes);
    free(input->line);
    input->line = NULL;
    input->script = nk_slice_make(NULL, 0);
}

/* ---- the next one ---- */

void shell_input_take_line(struct shell_client *client, struct nk_slice line)
{
    struct shell_client_input *input = &client->input;
    free(input->line);
    input->line = malloc(line.len + 1);
    if (input->line && line.len > 0)
        memcpy(input->line, line.data, line.len);
    input->script = nk_slice_make(input->line, input->line ? line.len : 0);
    shell_input_next(client);
}

bool shell_input_is_over(const struct shell_client *client)
{
    const struct shell_client_input *input = &client->input;
    struct nk_slice script = input->script;
    struct nk_slice bytes = nk_buffer_slice(&input->bytes);
    struct nk_slice request;
    return !shell_script_next(&script, &request) && !shell_script_next(&bytes, &request) &&
           input->next_script == client->options->scripts.count &&
           (input->has_ended || !reads_input(client));
}

/* Everything is asked and answered. */
static void end(struct shell_client *client)
{
    if (client->options->compat)
        shell_raw_leave(client);
    else
        shell_client_end(client, client->status);
}

/* The next one of the scripts on the command line, or of the line that was typed. */
static bool next_of_scripts(struct shell_client *client, struct nk_slice *request)
{
    const struct word_list *scripts = &client->options->scripts;
    struct shell_client_input *input = &client->input;
    bool is_found = shell_script_next(&input->script, request);
    while (!is_found && input->next_script < scripts->count) {
        input->script = nk_slice_of_string(scripts->words[input->next_script++]);
        is_found = shell_script_next(&input->script, request);
    }
    return is_found;
}

void shell_input_next(struct shell_client *client)
{
    struct nk_slice request;
    if (client->state != SHELL_CLIENT_READY || client->has_ended)
        return;
    if (next_of_scripts(client, &request)) {
        shell_person_set_busy(client, true);
        shell_session_ask(client, request);
    } else if (shell_person_is_there(client)) {
        shell_person_set_busy(client, false);
    } else if (!reads_input(client)) {
        end(client);
    } else if (next_of_input(client, &request)) {
        shell_session_ask(client, request);
    } else if (client->input.has_ended) {
        end(client);
    } else {
        nk_channel_want(&client->input.stream.channel, NK_READ);
    }
}
