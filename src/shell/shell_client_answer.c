/* What the server answers: to whom each line belongs, and what becomes of it. */
#include <errno.h>

#include "shell/shell_client_private.h"
#include "shell/shell_reply.h"

/* The answer that tells the directory is complete: before that a request may have to be
 * asked again, from where it was asked first. */
static void take_directory(struct shell_client *client)
{
    bool has_moved = client->request.command == SHELL_COMMAND_CD && client->request.is_answered &&
                     !client->request.error;
    if (has_moved && client->state == SHELL_CLIENT_ASKING) {
        shell_client_keep(&client->former, client->directory);
        client->directory = NULL;
    }
    shell_client_keep(&client->directory, client->told);
    client->told = NULL;
    shell_person_update_prompt(client);
}

static void take_payload(struct shell_client *client, struct nk_slice text)
{
    switch (client->expected[0]) {
    case SHELL_FOR_USER:
        client->request.has_shown = true;
        client->request.lines++;
        shell_output_line(client, text);
        break;
    case SHELL_FOR_DIRECTORY:
        shell_client_keep(&client->told, nk_slice_copy_string(text));
        break;
    case SHELL_FOR_COMPLETION:
        shell_person_take_name(client, text);
        break;
    case SHELL_FOR_TOKEN:
    case SHELL_FOR_RETURN:
    case SHELL_FOR_NOBODY:
        break;
    }
}

/* The directory of the lost session is gone: a script must not go on elsewhere. */
static void cannot_return(struct shell_client *client, struct nk_slice reason)
{
    char *text = nk_slice_copy_string(reason);
    if (shell_person_is_there(client)) {
        shell_person_show_error(client, text);
        shell_client_keep(&client->directory, NULL);
    } else {
        shell_client_fail(client, EXIT_STATUS_FAILED, "return to", client->directory, -ENOENT,
                          text);
    }
    free(text);
}

static void take_status(struct shell_client *client, const struct shell_reply *reply)
{
    enum shell_purpose purpose = client->expected[0];
    bool is_error = reply->kind == SHELL_REPLY_ERROR;
    client->expected_count--;
    memmove(client->expected, client->expected + 1,
            client->expected_count * sizeof(client->expected[0]));
    if (purpose == SHELL_FOR_USER) {
        client->request.is_answered = true;
        shell_client_keep(&client->request.error,
                          is_error ? nk_slice_copy_string(reply->text) : NULL);
    } else if (purpose == SHELL_FOR_COMPLETION) {
        shell_person_end_names(client, !is_error);
    } else if (purpose == SHELL_FOR_DIRECTORY && (is_error || !client->told)) {
        shell_client_fail(client, EXIT_STATUS_FAILED, "talk to", client->link.address, -EBADMSG,
                          "it does not tell the directory");
    } else if (purpose == SHELL_FOR_DIRECTORY) {
        take_directory(client);
    } else if (purpose == SHELL_FOR_RETURN && is_error) {
        cannot_return(client, reply->text);
    } else if (purpose == SHELL_FOR_TOKEN && is_error) {
        shell_client_fail(client, EXIT_STATUS_FAILED, "talk to", client->link.address, -EACCES,
                          "it does not accept the token");
    }
    if (client->has_ended || client->expected_count > 0)
        return;
    if (client->state == SHELL_CLIENT_PREPARING)
        shell_session_be_ready(client);
    else if (client->state == SHELL_CLIENT_ASKING && client->request.is_answered)
        shell_session_finish(client);
}

/* The answer to `quit`, or the server's own wish. */
static void take_farewell(struct shell_client *client, struct nk_slice reason)
{
    bool has_quit = client->expected_count == 1 && client->state == SHELL_CLIENT_ASKING &&
                    client->request.command == SHELL_COMMAND_QUIT && reason.len == 0;
    char *text = reason.len > 0 ? nk_slice_copy_string(reason) : NULL;
    if (has_quit) {
        shell_session_conclude(client, EXIT_STATUS_FAILED);
        shell_client_end(client, client->status);
    } else {
        shell_link_lose(client, EXIT_STATUS_LOST, text ? text : "the server has ended the session");
    }
    free(text);
}

/* ---- bytes ---- */

static void refuse(struct shell_client *client, ssize_t error)
{
    const char *reason = "it does not keep to the protocol";
    if (client->state == SHELL_CLIENT_GREETING)
        reason = error == -EPROTONOSUPPORT ? "it speaks another version of the protocol"
                                           : "it is no remote shell, or one with --compat";
    shell_client_fail(client, EXIT_STATUS_FAILED, "talk to", client->link.address, (int)error,
                      reason);
}

/* Both return what shell_reply_take does. */
static ssize_t take_greeting(struct shell_client *client, struct nk_slice input)
{
    bool needs_token = false;
    ssize_t len = shell_reply_take_greeting(input, &needs_token);
    if (len > 0)
        shell_session_prepare(client, needs_token);
    return len;
}

static ssize_t take_line(struct shell_client *client, struct nk_slice input)
{
    struct shell_reply reply;
    ssize_t len = shell_reply_take(input, &reply);
    if (len < 0)
        return len;
    if (reply.kind == SHELL_REPLY_BYE)
        take_farewell(client, reply.text);
    else if (client->expected_count == 0)
        return -EBADMSG;
    else if (reply.kind == SHELL_REPLY_PAYLOAD)
        take_payload(client, reply.text);
    else
        take_status(client, &reply);
    return len;
}

size_t shell_answer_take(struct shell_client *client, struct nk_slice input)
{
    size_t done = 0;
    ssize_t len = 1;
    while (len > 0 && client->link.connection && !shell_output_is_full(client)) {
        struct nk_slice rest = nk_slice_from(input, done);
        len = client->state == SHELL_CLIENT_GREETING ? take_greeting(client, rest)
                                                     : take_line(client, rest);
        done += len > 0 ? (size_t)len : 0;
    }
    if (len < 0 && len != -EAGAIN)
        refuse(client, len);
    if (shell_output_is_full(client) && client->link.connection) {
        nk_tcp_connection_pause_reading(client->link.connection);
        shell_link_wait(client, false);
    } else if (client->state != SHELL_CLIENT_GREETING) {
        shell_link_wait(client, client->expected_count > 0);
    }
    return done;
}
