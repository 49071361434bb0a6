#include "terminal/line_editor.h"

#include <errno.h>
#include <unistd.h>

#include "terminal/line_editor_private.h"

/* How long the last words are waited for; milliseconds. */
#define FREE_PATIENCE 1000

/* ---- aside ---- */

static void switch_history(struct line_editor *editor)
{
    struct line_history *history = editor->is_aside ? &editor->aside_history : &editor->history;
    el_wset(editor->edit, EL_HIST, history_w, history->entries);
}

void line_editor_set_aside(struct line_editor *editor)
{
    if (editor->is_aside)
        return;
    if (editor->is_raw) {
        /* Hidden already; what is on the screen stays. */
        editor_end_row(editor);
    } else {
        const LineInfoW *line = el_wline(editor->edit);
        editor->put_aside = editor_copy(line->buffer, line->lastchar);
        editor->aside_cursor = (int)(line->cursor - line->buffer);
        editor_hide(editor);
    }
    editor->is_aside = true;
    editor_do(editor, EDITOR_START_OVER);
    switch_history(editor);
    editor_apply_mode(editor);
    line_editor_show(editor);
}

void line_editor_take_up(struct line_editor *editor)
{
    if (!editor->is_aside)
        return;
    editor_hide(editor);
    editor_do(editor, EDITOR_START_OVER);
    editor->is_aside = false;
    switch_history(editor);
    if (editor->put_aside && editor->put_aside[0] != L'\0') {
        el_winsertstr(editor->edit, editor->put_aside);
        el_cursor(editor->edit, -(int)wcslen(editor->put_aside) + editor->aside_cursor);
    }
    free(editor->put_aside);
    editor->put_aside = NULL;
    editor_apply_mode(editor);
    if (!editor->is_raw)
        line_editor_show(editor);
}

/* ---- pause ---- */

void line_editor_pause(struct line_editor *editor)
{
    editor->is_paused = true;
    editor_apply_mode(editor);
    editor_want_input(editor);
}

void line_editor_resume(struct line_editor *editor)
{
    if (!editor->is_paused)
        return;
    editor->is_paused = false;
    editor_apply_mode(editor);
    editor_want_input(editor);
    editor_take_keys(editor);
}

void line_editor_resume_and_show(struct line_editor *editor)
{
    editor->is_paused = false;
    editor_apply_mode(editor);
    line_editor_show(editor);
    editor_want_input(editor);
    editor_take_keys(editor);
}

/* ---- life ---- */

static void on_drained(struct terminal_output *output)
{
    struct line_editor *editor = nk_container_of(output, struct line_editor, output);
    if (editor->options.on_drained)
        editor->options.on_drained(editor->options.context);
}

static int open_input(struct line_editor *editor)
{
    bool is_shared;
    int fd = terminal_open_again(editor->options.in, &is_shared);
    if (fd < 0)
        return fd;
    int error = nk_channel_open(&editor->input, editor->loop, fd, editor_on_input);
    if (error) {
        close(fd);
        return error;
    }
    editor->has_input = true;
    return 0;
}

/* A terminal that cannot clear a row cannot have its line taken away. */
static bool is_capable(EditLine *edit)
{
    const char *clear_row = NULL;
    int edits = 0;
    el_get(edit, EL_EDITMODE, &edits);
    return edits && el_get(edit, EL_GETTC, "ce", &clear_row) == 0 && clear_row;
}

static ssize_t drop(void *cookie, const char *data, size_t len)
{
    (void)cookie;
    (void)data;
    return (ssize_t)len;
}

static int open_edit(struct line_editor *editor)
{
    static const cookie_io_functions_t dropping = {.write = drop};
    editor->complaints = fopencookie(NULL, "w", dropping);
    if (!editor->complaints)
        return -ENOMEM;
    editor->edit =
        el_init_fd("netkit", editor->output.stream, editor->output.stream, editor->complaints,
                   editor->options.in, editor->options.out, STDERR_FILENO);
    if (!editor->edit)
        return -ENOMEM;
    if (!is_capable(editor->edit))
        return -EOPNOTSUPP;
    el_wset(editor->edit, EL_CLIENTDATA, editor);
    el_wset(editor->edit, EL_SIGNAL, 0);
    el_wset(editor->edit, EL_EDITOR, L"emacs");
    el_wset(editor->edit, EL_PROMPT_ESC, editor_prompt, L'\1');
    el_wset(editor->edit, EL_UNBUFFERED, 1);
    switch_history(editor);
    return editor_set_up_keys(editor);
}

static int open_all(struct line_editor *editor)
{
    int error = terminal_settings_keep(&editor->settings, editor->options.in);
    if (!error && !isatty(editor->options.out))
        error = -ENOTTY;
    if (!error)
        error = terminal_output_open(&editor->output, editor->loop, editor->options.out);
    if (error)
        return error;
    terminal_output_mute(&editor->output, true);
    error = line_history_open(&editor->history, editor->options.history);
    if (!error)
        error = line_history_open(&editor->aside_history, NULL);
    if (!error)
        error = open_input(editor);
    if (!error)
        error = editor_watch_signals(editor);
    if (!error)
        error = open_edit(editor);
    return error;
}

/* libedit would flush what was typed ahead for the next program; a terminal that it
 * does not edit it leaves alone. */
static void close_all(struct line_editor *editor)
{
    terminal_settings_change(&editor->settings, TERMINAL_GIVEN);
    if (editor->edit) {
        el_wset(editor->edit, EL_EDITMODE, 0);
        el_end(editor->edit);
    }
    if (editor->complaints)
        fclose(editor->complaints);
    nk_signal_watch_free(editor->signals);
    nk_channel_close_descriptor(&editor->input);
    terminal_output_close(&editor->output);
    line_history_close(&editor->history);
    line_history_close(&editor->aside_history);
    key_input_deinit(&editor->keys);
    free(editor->put_aside);
    free(editor->completed);
}

int line_editor_new(struct line_editor **out, struct nk_event_loop *loop,
                    const struct line_editor_options *options)
{
    struct line_editor *editor = calloc(1, sizeof(*editor));
    if (!editor)
        return -ENOMEM;
    editor->loop = loop;
    editor->options = *options;
    editor->output.on_drained = on_drained;
    editor->input.fd = -1;
    editor->hidden = 1;
    key_input_init(&editor->keys);
    int error = open_all(editor);
    if (error) {
        close_all(editor);
        free(editor);
        return error;
    }
    editor->settings.is_changed = true;
    editor_apply_mode(editor);
    editor_want_input(editor);
    line_editor_show(editor);
    *out = editor;
    return 0;
}

static void free_now(struct nk_task *task)
{
    free(nk_container_of(task, struct line_editor, free_task));
}

/* What was printed last may lack its end; the shell's prompt shall not follow it. */
static void end_partial(struct line_editor *editor)
{
    struct nk_slice partial = partial_line_bytes(&editor->partial);
    editor_end_row(editor);
    if (partial.len == 0)
        return;
    terminal_output_write(&editor->output, partial);
    terminal_output_write(&editor->output, nk_slice_make("\n", 1));
}

void line_editor_free(struct line_editor *editor)
{
    if (!editor || editor->is_freed)
        return;
    editor->is_freed = true;
    editor_hide(editor);
    end_partial(editor);
    terminal_output_finish(&editor->output, FREE_PATIENCE);
    nk_event_loop_cancel_timer(editor->loop, &editor->foreground_timer);
    close_all(editor);
    nk_event_loop_at_turn_end(editor->loop, &editor->free_task, free_now);
}
