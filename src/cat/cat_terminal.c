#include "cat/cat_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/error_text.h"
#include "cat/cat_terminal_private.h"

/* Typed bytes that wait for the peer: above the first no more keys are read; a single
 * line is never longer than the difference. */
#define TYPED_HIGH_WATER 65536
#define TYPED_MAX (TYPED_HIGH_WATER + 8 * 65536)

/* What is read of a file at a time: what a pipe takes. */
#define PIECE_MAX 65536

/* Longer than a status line with the longest path. */
#define SAY_MAX (PATH_MAX + 256)

void cat_terminal_say(struct cat_terminal *terminal, const char *format, ...)
{
    char text[SAY_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text) - 1, format, arguments);
    va_end(arguments);
    size_t len = strlen(text);
    text[len] = '\n';
    line_editor_print(terminal->editor, nk_slice_make(text, len + 1));
}

/* ---- to the session ---- */

static void close_upload(struct cat_terminal *terminal)
{
    if (terminal->upload.fd >= 0)
        close(terminal->upload.fd);
    terminal->upload.fd = -1;
}

/* Nothing can be sent any more. */
static void end_up(struct cat_terminal *terminal)
{
    nk_channel_close_descriptor(&terminal->up);
    nk_buffer_deinit(&terminal->typed);
    nk_buffer_deinit(&terminal->piece);
    close_upload(terminal);
    line_editor_resume(terminal->editor);
}

static void finish_upload(struct cat_terminal *terminal, int error)
{
    char room[NK_ERROR_TEXT_MAX];
    if (error)
        cat_terminal_say(terminal, "cannot read '%s': %s", terminal->upload.name,
                         nk_error_text(error, room));
    else
        cat_terminal_say(terminal, "sent '%s', %llu bytes", terminal->upload.name,
                         (unsigned long long)terminal->upload.moved);
    close_upload(terminal);
}

/* Reads the next piece; finds the end of the file. */
static void read_upload(struct cat_terminal *terminal)
{
    char *room;
    int error = nk_buffer_reserve(&terminal->piece, PIECE_MAX, &room, NULL);
    ssize_t got = error ? error : read(terminal->upload.fd, room, PIECE_MAX);
    if (got < 0 && !error)
        error = -errno;
    if (got > 0) {
        nk_buffer_commit(&terminal->piece, (size_t)got);
        terminal->upload.moved += (uint64_t)got;
    } else {
        finish_upload(terminal, error);
    }
}

/* What goes next, and how much of it: the rest of a piece, what was typed before the
 * file, the file, what was typed since. NULL = nothing. */
static struct nk_buffer *next_up(struct cat_terminal *terminal, size_t *len)
{
    struct cat_upload *upload = &terminal->upload;
    *len = SIZE_MAX;
    if (nk_buffer_len(&terminal->piece) > 0)
        return &terminal->piece;
    if (upload->fd >= 0 && upload->before > 0) {
        *len = upload->before;
        return &terminal->typed;
    }
    if (upload->fd >= 0)
        read_upload(terminal);
    if (nk_buffer_len(&terminal->piece) > 0)
        return &terminal->piece;
    return nk_buffer_len(&terminal->typed) > 0 ? &terminal->typed : NULL;
}

/* Returns whether all of it went, so that there may be room for more. */
static bool write_up(struct cat_terminal *terminal, struct nk_buffer *from, size_t len)
{
    struct nk_slice bytes = nk_slice_first(nk_buffer_slice(from), len);
    ssize_t put;
    do {
        put = write(terminal->up.fd, bytes.data, bytes.len);
    } while (put < 0 && errno == EINTR);
    if (put < 0 && errno != EAGAIN) {
        end_up(terminal); /* the session takes nothing more, and says why itself */
        return false;
    }
    if (put > 0) {
        nk_buffer_consume(from, (size_t)put);
        if (from == &terminal->typed && terminal->upload.before > 0)
            terminal->upload.before -= (size_t)put;
    }
    return put == (ssize_t)bytes.len;
}

void cat_terminal_pump(struct cat_terminal *terminal)
{
    size_t len;
    struct nk_buffer *from = NULL;
    bool may_go_on = nk_channel_is_open(&terminal->up);
    while (may_go_on && (from = next_up(terminal, &len)) != NULL)
        may_go_on = write_up(terminal, from, len);
    if (!nk_channel_is_open(&terminal->up))
        return;
    nk_channel_want(&terminal->up, from ? NK_WRITE : 0);
    if (!from && terminal->is_closing)
        end_up(terminal);
    else if (nk_buffer_len(&terminal->typed) > TYPED_HIGH_WATER && terminal->upload.fd < 0)
        line_editor_pause(terminal->editor);
    else
        line_editor_resume(terminal->editor);
}

static void on_up_ready(struct nk_channel *channel, unsigned events)
{
    struct cat_terminal *terminal = nk_container_of(channel, struct cat_terminal, up);
    (void)events;
    cat_terminal_pump(terminal);
}

void cat_terminal_close_up(struct cat_terminal *terminal)
{
    terminal->is_closing = true;
    cat_terminal_pump(terminal);
}

static void send_typed(struct cat_terminal *terminal, struct nk_slice bytes)
{
    if (!cat_terminal_can_send(terminal))
        cat_terminal_say(terminal, "the sending direction has ended; ^] and 'quit' leaves");
    else if (nk_buffer_append(&terminal->typed, bytes) != 0)
        cat_terminal_say(terminal, "the peer is too far behind; that was not sent");
    else
        cat_terminal_pump(terminal);
}

/* ---- from the session ---- */

static void tell_when_done(struct cat_terminal *terminal)
{
    void (*on_done)(void *context) = terminal->on_done;
    if (!on_done || nk_channel_is_open(&terminal->down) ||
        !line_editor_is_drained(terminal->editor))
        return;
    terminal->on_done = NULL;
    on_done(terminal->hooks.context);
}

static void want_down(struct cat_terminal *terminal)
{
    if (nk_channel_is_open(&terminal->down))
        nk_channel_want(&terminal->down, line_editor_is_full(terminal->editor) ? 0 : NK_READ);
}

static void on_down_ready(struct nk_channel *channel, unsigned events)
{
    struct cat_terminal *terminal = nk_container_of(channel, struct cat_terminal, down);
    (void)events;
    char *bytes = nk_event_loop_borrow_buffer(terminal->loop);
    if (!bytes)
        return;
    ssize_t got = read(channel->fd, bytes, NK_EVENT_LOOP_BUFFER_SIZE);
    if (got > 0)
        line_editor_print(terminal->editor, nk_slice_make(bytes, (size_t)got));
    nk_event_loop_return_buffer(terminal->loop);
    if (got == 0)
        nk_channel_close_descriptor(&terminal->down);
    want_down(terminal);
    tell_when_done(terminal);
}

/* ---- the person ---- */

static const char *prompt(void *context)
{
    const struct cat_terminal *terminal = context;
    return terminal->in_command ? "netkit> " : "";
}

static void on_line(void *context, struct nk_slice line)
{
    struct cat_terminal *terminal = context;
    char *room;
    if (terminal->in_command) {
        cat_terminal_command(terminal, line);
        return;
    }
    /* The line and its end have to go together, or not at all. */
    if (cat_terminal_can_send(terminal) &&
        nk_buffer_reserve(&terminal->typed, line.len + 1, &room, NULL) == 0 &&
        nk_buffer_append(&terminal->typed, line) == 0)
        line = nk_slice_make("\n", 1);
    send_typed(terminal, line);
}

static void on_end(void *context)
{
    struct cat_terminal *terminal = context;
    if (terminal->in_command)
        cat_terminal_end_command(terminal);
    else if (cat_terminal_can_send(terminal))
        cat_terminal_close_up(terminal);
}

static void on_interrupt(void *context, bool had_text)
{
    struct cat_terminal *terminal = context;
    if (had_text)
        return;
    if (terminal->in_command)
        cat_terminal_end_command(terminal);
    else
        terminal->hooks.interrupt(terminal->hooks.context);
}

static void on_escape(void *context)
{
    cat_terminal_begin_command(context);
}

static void on_keys(void *context, struct nk_slice bytes)
{
    send_typed(context, bytes);
}

static void on_drained(void *context)
{
    struct cat_terminal *terminal = context;
    want_down(terminal);
    tell_when_done(terminal);
}

void cat_terminal_set_echo(struct cat_terminal *terminal, bool peer_echoes)
{
    if (terminal)
        line_editor_set_raw(terminal->editor, peer_echoes);
}

void cat_terminal_hide(struct cat_terminal *terminal)
{
    if (terminal)
        line_editor_hide(terminal->editor);
}

void cat_terminal_show(struct cat_terminal *terminal)
{
    if (terminal)
        line_editor_show(terminal->editor);
}

/* ---- life ---- */

bool cat_terminal_is_there(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* Our end does not block, theirs does as any pipe from a shell. */
static int open_pipe(struct nk_channel *channel, struct nk_event_loop *loop,
                     nk_channel_fn *on_ready, bool we_write, int *theirs)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    int ours = ends[we_write ? 1 : 0];
    int error = fcntl(ours, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
    if (!error)
        error = nk_channel_open(channel, loop, ours, on_ready);
    if (error) {
        close(ends[0]);
        close(ends[1]);
        return error;
    }
    *theirs = ends[we_write ? 0 : 1];
    return 0;
}

static int open_editor(struct cat_terminal *terminal)
{
    const struct line_editor_options options = {
        .in = STDIN_FILENO,
        .out = STDOUT_FILENO,
        .history = "connection.history",
        .context = terminal,
        .prompt = prompt,
        .on_line = on_line,
        .on_end = on_end,
        .on_interrupt = on_interrupt,
        .on_escape = on_escape,
        .on_keys = on_keys,
        .on_drained = on_drained,
    };
    return line_editor_new(&terminal->editor, terminal->loop, &options);
}

static int open_all(struct cat_terminal *terminal, int *in, int *out)
{
    int error = open_pipe(&terminal->up, terminal->loop, on_up_ready, true, in);
    if (error)
        return error;
    error = open_pipe(&terminal->down, terminal->loop, on_down_ready, false, out);
    if (error) {
        close(*in);
        return error;
    }
    error = open_editor(terminal);
    if (error) {
        close(*in);
        close(*out);
    }
    return error;
}

int cat_terminal_open(struct cat_terminal **out_terminal, struct nk_event_loop *loop,
                      const struct cat_terminal_hooks *hooks, int *in, int *out)
{
    struct cat_terminal *terminal = calloc(1, sizeof(*terminal));
    int ends[2];
    if (!terminal)
        return -ENOMEM;
    terminal->loop = loop;
    terminal->hooks = *hooks;
    terminal->up.fd = terminal->down.fd = terminal->upload.fd = -1;
    nk_buffer_init(&terminal->typed, TYPED_MAX);
    nk_buffer_init(&terminal->piece, PIECE_MAX);
    int error = open_all(terminal, &ends[0], &ends[1]);
    if (error) {
        nk_channel_close_descriptor(&terminal->up);
        nk_channel_close_descriptor(&terminal->down);
        free(terminal);
        return error;
    }
    nk_channel_want(&terminal->down, NK_READ);
    *in = ends[0];
    *out = ends[1];
    *out_terminal = terminal;
    return 0;
}

static void free_now(struct nk_task *task)
{
    free(nk_container_of(task, struct cat_terminal, free_task));
}

void cat_terminal_free(struct cat_terminal *terminal)
{
    if (!terminal)
        return;
    line_editor_free(terminal->editor);
    nk_channel_close_descriptor(&terminal->up);
    nk_channel_close_descriptor(&terminal->down);
    nk_buffer_deinit(&terminal->typed);
    nk_buffer_deinit(&terminal->piece);
    close_upload(terminal);
    nk_event_loop_at_turn_end(terminal->loop, &terminal->free_task, free_now);
}

void cat_terminal_finish(struct cat_terminal *terminal, void (*on_done)(void *context))
{
    terminal->on_done = on_done;
    tell_when_done(terminal);
}
