#include "cat/cat_datagram.h"

#include <errno.h>
#include <unistd.h>

#include "cat/cat_replay_input.h"
#include "cat/cat_run_replay.h"

/* How often it is looked whether everything was sent: no event says so. */
#define DELIVERY_INTERVAL (5 * NK_NANOSECONDS_PER_MILLISECOND)

/* ---- the end ---- */

void cat_datagrams_fail(struct cat_datagrams *datagrams, enum exit_status status,
                        const char *action, const struct nk_sockaddr *peer, int error)
{
    char text[CAT_ADDRESS_TEXT_MAX];
    if (peer)
        cat_print_address(datagrams->run.options->address.scheme, peer, text);
    cat_run_end(&datagrams->run, status, action, peer ? text : NULL, error);
}

void cat_datagrams_finish(struct cat_datagrams *datagrams)
{
    datagrams->is_done = true;
    if (!cat_datagram_output_is_empty(&datagrams->output))
        return;
    uint64_t next = nk_event_loop_now(datagrams->run.loop) + DELIVERY_INTERVAL;
    if (datagrams->role->backlog(datagrams) == 0 ||
        nk_event_loop_set_timer(datagrams->run.loop, &datagrams->delivery_timer, next) != 0)
        cat_run_end(&datagrams->run, EXIT_STATUS_OK, NULL, NULL, 0);
}

static void on_delivery(struct nk_timer *timer)
{
    cat_datagrams_finish(nk_container_of(timer, struct cat_datagrams, delivery_timer));
}

/* ---- standard output ---- */

static void on_written(void *context)
{
    struct cat_datagrams *datagrams = context;
    datagrams->role->resume(datagrams);
    if (datagrams->is_done)
        cat_datagrams_finish(datagrams);
}

static void on_output_failed(void *context, int error)
{
    struct cat_datagrams *datagrams = context;
    if (error == -EPIPE) /* nobody wants the answers any more: that is no failure */
        cat_run_end(&datagrams->run, EXIT_STATUS_OK, NULL, NULL, 0);
    else
        cat_run_end(&datagrams->run, EXIT_STATUS_FAILED, "write standard output", NULL, error);
}

void cat_datagrams_received(struct cat_datagrams *datagrams, struct nk_slice datagram)
{
    datagrams->moved++;
    datagrams->run.totals.received += datagram.len;
    cat_trace_chunk(datagrams->run.trace, RECORD_RECEIVED, datagram);
    cat_run_check(&datagrams->run, datagram);
    if (datagrams->run.options->session.send_only || datagrams->run.hides_data)
        return;
    int error = cat_datagram_output_put(&datagrams->output, datagram);
    if (error == -ENOBUFS) { /* only while the queue is drained at the end */
        cat_datagram_output_flush(&datagrams->output);
        error = cat_datagram_output_put(&datagrams->output, datagram);
    }
    if (error) {
        datagrams->run.totals.datagrams_dropped++;
        cat_run_end(&datagrams->run, EXIT_STATUS_FAILED, "keep a datagram", NULL, error);
        return;
    }
    if (cat_datagram_output_is_full(&datagrams->output))
        datagrams->role->pause(datagrams);
}

/* ---- standard input ---- */

static int on_datagram(void *context, struct nk_slice datagram)
{
    struct cat_datagrams *datagrams = context;
    int error = datagrams->role->send(datagrams, datagram);
    if (!error) /* once, however many peers it went to */
        cat_trace_chunk(datagrams->run.trace, RECORD_SENT, datagram);
    return error;
}

/* The same for a recording, whose words for "not now" are others. */
static int on_chunk(void *context, struct nk_slice chunk)
{
    int error = on_datagram(context, chunk);
    return error == -ENOBUFS ? -EAGAIN : error;
}

static void on_input_ended(void *context, int error)
{
    struct cat_datagrams *datagrams = context;
    if (error)
        cat_run_end(&datagrams->run, EXIT_STATUS_FAILED,
                    datagrams->run.options->replay ? "read the record" : "read standard input",
                    NULL, error);
    else
        datagrams->role->on_input_ended(datagrams);
}

void cat_datagrams_sent(struct cat_datagrams *datagrams, struct nk_slice datagram)
{
    datagrams->moved++;
    datagrams->run.totals.sent += datagram.len;
}

/* ---- silence ---- */

static void start_idle_timer(struct cat_datagrams *datagrams)
{
    uint64_t timeout = datagrams->run.options->session.idle_timeout;
    if (timeout == 0)
        return;
    datagrams->moved_before = datagrams->moved;
    uint64_t deadline = nk_event_loop_now(datagrams->run.loop) + timeout;
    int error = nk_event_loop_set_timer(datagrams->run.loop, &datagrams->idle_timer, deadline);
    if (error)
        cat_run_end(&datagrams->run, EXIT_STATUS_FAILED, "watch for silence", NULL, error);
}

static void on_idle(struct nk_timer *timer)
{
    struct cat_datagrams *datagrams = nk_container_of(timer, struct cat_datagrams, idle_timer);
    if (datagrams->moved != datagrams->moved_before)
        start_idle_timer(datagrams);
    else
        cat_run_end(&datagrams->run, EXIT_STATUS_TIMED_OUT, "go on", NULL, -ETIMEDOUT);
}

/* ---- life ---- */

static int open_standard(struct cat_datagrams *datagrams)
{
    const struct cat_datagram_options *cut = &datagrams->run.options->datagram;
    const struct cat_datagram_input_options input = {
        .lines = cut->lines,
        .size = (size_t)cut->size,
        .crlf = datagrams->run.options->crlf,
        .on_datagram = on_datagram,
        .on_ended = on_input_ended,
        .context = datagrams,
    };
    const struct cat_datagram_output_options output = {
        .on_written = on_written,
        .on_failed = on_output_failed,
        .context = datagrams,
    };
    int error =
        cat_datagram_input_open(&datagrams->input, datagrams->run.loop, STDIN_FILENO, &input);
    if (!error)
        error = cat_datagram_output_open(&datagrams->output, datagrams->run.loop, STDOUT_FILENO,
                                         &output);
    return error;
}

static void close_standard(struct cat_datagrams *datagrams)
{
    cat_datagram_input_close(&datagrams->input);
    cat_datagram_output_close(&datagrams->output);
}

/* What has arrived before the signal is part of what was asked for. */
static void before_end(struct cat_run *run)
{
    struct cat_datagrams *datagrams = nk_container_of(run, struct cat_datagrams, run);
    datagrams->role->drain(datagrams);
    cat_datagram_output_flush(&datagrams->output);
}

enum exit_status cat_datagrams_open(struct cat_datagrams *datagrams,
                                    const struct cat_datagram_role *role,
                                    const struct cat_options *options,
                                    const struct cat_reporter *reporter)
{
    *datagrams = (struct cat_datagrams){
        .role = role,
        .input.port.fd = -1,
        .output.port.fd = -1,
    };
    enum exit_status status = cat_run_open(&datagrams->run, options, reporter);
    if (status != EXIT_STATUS_OK)
        return status;
    datagrams->run.before_end = before_end;
    nk_timer_init(&datagrams->idle_timer, on_idle);
    nk_timer_init(&datagrams->delivery_timer, on_delivery);
    int error = open_standard(datagrams);
    if (!error)
        return EXIT_STATUS_OK;
    cat_run_end(&datagrams->run, EXIT_STATUS_FAILED, "use standard input and output", NULL, error);
    close_standard(datagrams);
    return cat_run_close(&datagrams->run);
}

void cat_datagrams_begin(struct cat_datagrams *datagrams)
{
    if (datagrams->run.connected_at == 0) {
        cat_run_begin(&datagrams->run);
        start_idle_timer(datagrams);
    }
    struct cat_replay_input *replay = datagrams->run.options->replay;
    if (replay)
        cat_replay_input_start_datagrams(replay, datagrams->run.loop, on_chunk, on_input_ended,
                                         datagrams);
    else if (!datagrams->run.options->session.recv_only)
        cat_datagram_input_resume(&datagrams->input);
}

void cat_datagrams_run(struct cat_datagrams *datagrams)
{
    cat_run_until_end(&datagrams->run);
    nk_event_loop_cancel_timer(datagrams->run.loop, &datagrams->idle_timer);
    nk_event_loop_cancel_timer(datagrams->run.loop, &datagrams->delivery_timer);
    close_standard(datagrams);
}
