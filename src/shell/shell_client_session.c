/* What is asked of the server, by the user and by ourselves. */
#include <errno.h>

#include "shell/shell_client_private.h"
#include "shell/shell_text.h"

/* Whether anybody needs to know where the session is. */
static bool follows_directory(const struct shell_client *client)
{
    return client->options->reconnect || shell_person_is_there(client);
}

/* ---- sending ---- */

bool shell_session_ask_for(struct shell_client *client, enum shell_purpose purpose,
                           struct nk_slice text)
{
    struct nk_buffer line;
    if (client->expected_count == SHELL_EXPECTED_MAX)
        return false;
    nk_buffer_init(&line, text.len + 1);
    bool is_made =
        nk_buffer_append(&line, text) == 0 && nk_buffer_append(&line, nk_slice_make("\n", 1)) == 0;
    if (is_made) {
        client->expected[client->expected_count++] = purpose;
        shell_link_send(client, nk_buffer_slice(&line));
        shell_link_wait(client, true);
    }
    nk_buffer_deinit(&line);
    return is_made;
}

static void ask_directory(struct shell_client *client)
{
    static const struct nk_slice pwd = NK_SLICE("pwd");
    if (!shell_session_ask_for(client, SHELL_FOR_DIRECTORY, pwd))
        shell_client_keep(&client->directory, NULL);
}

static struct nk_slice request_text(const struct shell_client *client)
{
    struct nk_slice text = nk_buffer_slice(&client->request.text);
    return nk_slice_first(text, text.len > 0 ? text.len - 1 : 0); /* without the NUL */
}

static void keep_text(struct shell_client *client, struct nk_slice text)
{
    struct nk_buffer *kept = &client->request.text;
    nk_buffer_consume(kept, nk_buffer_len(kept));
    if (nk_buffer_append(kept, text) != 0 || nk_buffer_append(kept, nk_slice_make("", 1)) != 0)
        shell_client_fail(client, EXIT_STATUS_FAILED, "ask", NULL, -ENOMEM, NULL);
}

static void begin(struct shell_client *client)
{
    struct shell_client_request *request = &client->request;
    client->state = SHELL_CLIENT_ASKING;
    request->started_at = nk_clock_monotonic(nk_clock_system());
    request->is_to_be_asked = request->is_answered = request->has_shown = false;
    request->is_finishing = false;
    request->lines = 0;
    shell_client_keep(&request->error, NULL);
    shell_output_begin(client);
}

/* What the request is, as far as this client has to know. */
static void understand(struct shell_client *client, struct nk_slice text)
{
    struct shell_request parsed = {.command = SHELL_COMMAND_UNKNOWN};
    const char *problem;
    char *room = malloc(text.len + 1);
    bool is_clear = room && shell_request_parse(&parsed, text, room, &problem) == 0;
    client->request.command = is_clear ? parsed.command : SHELL_COMMAND_UNKNOWN;
    client->request.ls = parsed.ls;
    client->request.ls.prefix = nk_slice_make(NULL, 0); /* it lies in the room */
    free(room);
}

/* Colours come from the marks of the types, so these are asked for; long lines tell the
 * type themselves. */
static bool needs_marks(const struct shell_client *client)
{
    const struct shell_client_request *request = &client->request;
    return request->command == SHELL_COMMAND_LS && client->output.show && !request->ls.is_long;
}

/* In one piece: two would wait for each other on the way. */
static bool ask(struct shell_client *client, struct nk_slice text)
{
    static const struct nk_slice list = NK_SLICE("ls");
    static const struct nk_slice marked = NK_SLICE("ls -F");
    struct nk_buffer changed;
    nk_buffer_init(&changed, text.len + marked.len);
    if (needs_marks(client) && nk_slice_starts_with(text, list) &&
        nk_buffer_append(&changed, marked) == 0 &&
        nk_buffer_append(&changed, nk_slice_from(text, list.len)) == 0)
        text = nk_buffer_slice(&changed);
    bool is_sent = shell_session_ask_for(client, SHELL_FOR_USER, text);
    nk_buffer_deinit(&changed);
    return is_sent;
}

static void send_request(struct shell_client *client)
{
    struct nk_slice text = request_text(client);
    if (client->options->compat) {
        shell_raw_send(client, text);
    } else if (!ask(client, text)) {
        shell_client_keep(&client->request.error,
                          strdup(
                              "the server still answers what was asked before; ask again later"));
        shell_session_finish(client);
    } else if (client->request.command == SHELL_COMMAND_CD && follows_directory(client)) {
        ask_directory(client);
    }
}

void shell_session_ask(struct shell_client *client, struct nk_slice text)
{
    client->totals.requests++;
    keep_text(client, text);
    understand(client, text);
    begin(client);
    send_request(client);
}

static void ask_again(struct shell_client *client)
{
    begin(client);
    send_request(client);
}

/* ---- the beginning of a session ---- */

static void ask_quoted(struct shell_client *client, enum shell_purpose purpose, const char *command,
                       struct nk_slice text)
{
    size_t command_len = strlen(command);
    char *line = malloc(command_len + 2 * text.len + 2);
    if (!line) {
        shell_client_fail(client, EXIT_STATUS_FAILED, "ask", NULL, -ENOMEM, NULL);
        return;
    }
    memcpy(line, command, command_len);
    size_t len = command_len + shell_text_quote(text, line + command_len);
    (void)shell_session_ask_for(client, purpose, nk_slice_make(line, len)); /* the first ones */
    free(line);
}

static void give_token(struct shell_client *client)
{
    static char escaped[SHELL_ESCAPED_MAX * SHELL_TOKEN_MAX];
    struct nk_slice token = nk_slice_make(client->token.bytes, client->token.len);
    size_t len = shell_text_escape(token, SHELL_ESCAPE_NAME, escaped);
    ask_quoted(client, SHELL_FOR_TOKEN, "token ", nk_slice_make(escaped, len));
}

static void return_to(struct shell_client *client, enum shell_purpose purpose,
                      const char *directory)
{
    if (directory)
        ask_quoted(client, purpose, "cd ", nk_slice_of_string(directory));
}

void shell_session_be_ready(struct shell_client *client)
{
    struct shell_client_request *request = &client->request;
    client->state = SHELL_CLIENT_READY;
    client->link.was_made = true;
    if (!request->is_to_be_asked) /* it may be what the connection is lost of */
        client->link.backoff = (struct shell_backoff){0};
    shell_link_wait(client, false);
    shell_person_open(client);
    if (follows_directory(client) && !client->directory) {
        client->state = SHELL_CLIENT_PREPARING; /* a person is there now */
        ask_directory(client);
    } else if (request->is_to_be_asked) {
        ask_again(client);
    } else {
        shell_input_next(client);
    }
}

void shell_session_prepare(struct shell_client *client, bool needs_token)
{
    client->state = SHELL_CLIENT_PREPARING;
    if (needs_token && client->token.len == 0) {
        shell_client_fail(client, EXIT_STATUS_FAILED, "talk to", client->link.address, -EACCES,
                          "it asks for a token, which --token-file gives");
        return;
    }
    if (needs_token)
        give_token(client);
    return_to(client, SHELL_FOR_NOBODY, client->former);
    return_to(client, SHELL_FOR_RETURN, client->directory);
    if (follows_directory(client) && !client->directory)
        ask_directory(client);
    if (client->expected_count == 0)
        shell_session_be_ready(client);
}

/* ---- answers ---- */

/* The answer is complete, or nothing more of it will come. */
void shell_session_conclude(struct shell_client *client, enum exit_status failure)
{
    struct shell_client_request *request = &client->request;
    const struct shell_client_answer answer = {
        .request = nk_buffer_slice(&request->text).data,
        .error = request->error,
        .lines = request->lines,
        .elapsed = nk_clock_monotonic(nk_clock_system()) - request->started_at,
    };
    shell_output_finish(client);
    client->link.backoff = (struct shell_backoff){0};
    if (request->error) {
        client->totals.failed++;
        client->status = shell_person_is_there(client) ? EXIT_STATUS_OK : failure;
    }
    if (shell_person_is_there(client))
        shell_person_show_error(client, request->error);
    else
        client->reporter->answered(client->reporter->context, &answer);
    client->state = SHELL_CLIENT_READY;
}

/* What is said about an answer, on standard error, comes behind the answer. */
void shell_session_finish(struct shell_client *client)
{
    shell_link_wait(client, false);
    shell_output_finish(client);
    client->request.is_finishing = !shell_output_is_empty(client) && !shell_person_is_there(client);
    if (client->request.is_finishing || client->has_ended)
        return;
    shell_session_conclude(client, EXIT_STATUS_FAILED);
    bool is_script = !shell_person_is_there(client);
    bool ends = client->request.error && client->options->fail_fast;
    bool is_lost = !client->link.connection;
    if (is_script && (ends || (is_lost && shell_input_is_over(client))))
        shell_client_end(client, client->status);
    else if (is_lost)
        shell_link_heed_loss(client);
    else
        shell_input_next(client);
}

/* ---- when it does not go on ---- */

void shell_session_discard(struct shell_client *client)
{
    client->input.script = nk_slice_make(NULL, 0);
    shell_output_discard(client);
    if (client->options->compat) {
        shell_raw_discard(client);
        shell_link_resume(client);
        return;
    }
    for (size_t i = 0; i < client->expected_count; i++) {
        if (client->expected[i] == SHELL_FOR_USER)
            client->expected[i] = SHELL_FOR_NOBODY;
    }
    client->state = SHELL_CLIENT_READY;
    shell_link_resume(client);
    shell_person_set_busy(client, false);
}

void shell_session_forget(struct shell_client *client)
{
    struct shell_client_request *request = &client->request;
    bool was_asked = client->state == SHELL_CLIENT_ASKING;
    client->expected_count = 0;
    shell_client_keep(&client->told, NULL);
    shell_person_forget_names(client);
    client->state = SHELL_CLIENT_DIALLING;
    if (!was_asked)
        return;
    if (client->options->reconnect && !request->has_shown) {
        request->is_to_be_asked = true;
        return;
    }
    shell_client_keep(&request->error,
                      strdup("the connection was lost in the middle of the answer"));
    if (client->options->reconnect) {
        shell_session_conclude(client, EXIT_STATUS_LOST);
    } else { /* the end of the program tells the rest */
        client->totals.failed++;
        shell_output_finish(client);
    }
    client->state = SHELL_CLIENT_DIALLING;
    if (client->options->reconnect && client->options->fail_fast && !shell_person_is_there(client))
        shell_client_end(client, client->status);
}
