#include "shell/shell_client.h"

#include <errno.h>
#include <signal.h>

#include "service/raise_signal.h"
#include "shell/shell_client_private.h"

static const int watched_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

/* ---- totals ---- */

static void report_totals(struct shell_client *client, bool final)
{
    struct nk_connection_counters counters = {0};
    struct shell_client_totals totals = client->totals;
    if (client->link.group)
        nk_connection_group_counters(client->link.group, &counters);
    totals.sent = counters.bytes_sent;
    totals.received = counters.bytes_received;
    if (client->connected_at > 0)
        totals.elapsed = nk_clock_monotonic(nk_clock_system()) - client->connected_at;
    int status = client->signal_number ? 128 + client->signal_number : (int)client->status;
    client->reporter->totals(client->reporter->context, &totals, final, status);
}

/* ---- signals ---- */

static void on_signal(void *context, int signal_number)
{
    struct shell_client *client = context;
    if (signal_number == SIGUSR1) {
        shell_person_hide(client);
        report_totals(client, false);
        shell_person_show(client);
        return;
    }
    if (signal_number == SIGINT && shell_person_is_there(client) && !client->has_ended) {
        /* A person who has seen enough of a listing. */
        if (client->state == SHELL_CLIENT_ASKING) {
            shell_session_discard(client);
            return;
        }
        /* At the prompt ^C is no signal: this one was for an answer that is over by now. */
        if (client->state == SHELL_CLIENT_READY && nk_signal_watch_is_from_kernel(client->signals))
            return;
    }
    client->signal_number = signal_number;
    shell_link_close(client);
    nk_event_loop_stop(client->loop);
}

/* ---- the end ---- */

void shell_client_end(struct shell_client *client, enum exit_status status)
{
    if (client->has_ended)
        return;
    client->has_ended = true;
    client->status = status;
    shell_link_close(client);
    shell_output_end(client);
}

void shell_client_fail(struct shell_client *client, enum exit_status status, const char *action,
                       const char *object, int error, const char *reason)
{
    if (client->has_ended)
        return;
    client->failure.action = action;
    shell_client_keep(&client->failure.object, object ? strdup(object) : NULL);
    shell_client_keep(&client->failure.reason, reason ? strdup(reason) : NULL);
    client->failure.error = error;
    shell_client_end(client, status);
}

/* The terminal is given back before anybody prints to it. */
void shell_client_leave(struct shell_client *client)
{
    shell_person_close(client);
    if (client->failure.action)
        client->reporter->failed(client->reporter->context, client->failure.action,
                                 client->failure.object, client->failure.error,
                                 client->failure.reason);
    client->failure.action = NULL;
    nk_event_loop_stop(client->loop);
}

/* ---- life ---- */

static int open_loop(struct shell_client *client)
{
    const struct nk_event_loop_options loop_options = {.dispatcher = client->options->dispatcher,
                                                       .name = "main"};
    int error = nk_event_loop_new(&client->loop, &loop_options);
    if (!error)
        error = nk_signal_watch_new(&client->signals, client->loop, watched_signals,
                                    NK_ARRAY_LENGTH(watched_signals), on_signal, client);
    return error;
}

static enum exit_status open_all(struct shell_client *client)
{
    const struct shell_client_options *options = client->options;
    const char *action = "start";
    const char *object = NULL;
    int error = open_loop(client);
    if (!error && options->token_file) {
        action = "take the token from";
        object = options->token_file;
        error = shell_token_read(&client->token, object);
    }
    if (!error) {
        action = "use standard input and output";
        object = NULL;
        error = shell_input_open(client);
    }
    if (!error)
        error = shell_output_open(client);
    if (!error)
        return EXIT_STATUS_OK;
    client->reporter->failed(client->reporter->context, action, object, error, NULL);
    return EXIT_STATUS_FAILED;
}

static void close_all(struct shell_client *client)
{
    shell_person_close(client);
    shell_input_close(client);
    shell_output_close(client);
    shell_link_free(client);
    nk_signal_watch_free(client->signals);
    nk_event_loop_free(client->loop);
    nk_buffer_deinit(&client->request.text);
    nk_buffer_deinit(&client->raw.line);
    free(client->request.error);
    free(client->directory);
    free(client->former);
    free(client->told);
    free(client->failure.object);
    free(client->failure.reason);
}

static void run_loop(struct shell_client *client)
{
    shell_link_dial(client);
    int error = nk_event_loop_run(client->loop);
    shell_person_close(client);
    if (error) {
        client->status = EXIT_STATUS_FAILED;
        client->reporter->failed(client->reporter->context, "run the event loop", NULL, error,
                                 NULL);
    }
    report_totals(client, true);
}

enum exit_status shell_client_run(const struct shell_client_options *options,
                                  const struct shell_client_reporter *reporter)
{
    struct shell_client client = {
        .options = options,
        .reporter = reporter,
    };
    nk_buffer_init(&client.request.text, SHELL_CLIENT_REQUEST_MAX + 1);
    nk_buffer_init(&client.raw.line, SHELL_CLIENT_RAW_LINE_MAX);
    client.status = open_all(&client);
    if (client.status == EXIT_STATUS_OK)
        run_loop(&client);
    /* getaddrinfo cannot be interrupted, and nobody shall wait for it: then the worker and
     * what it uses end with the process. */
    if (!client.link.dialer && !client.link.look_up_timed_out)
        close_all(&client);
    if (client.signal_number)
        raise_signal(client.signal_number);
    return client.status;
}
