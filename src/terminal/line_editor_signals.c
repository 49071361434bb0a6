/* Signals that are about the terminal: its size, job control, SIGQUIT. */
#include <signal.h>

#include "terminal/line_editor_private.h"

/* How long the terminal is waited for before it is given back; milliseconds. */
#define SUSPEND_PATIENCE 200

/* No event tells that a job has come to the foreground. */
#define FOREGROUND_INTERVAL (300 * NK_NANOSECONDS_PER_MILLISECOND)

/* Lets the signal do what it does to programs that do not watch it. */
static void raise_default(int signal_number)
{
    struct sigaction former;
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t set;
    sigset_t former_mask;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    sigaction(signal_number, &usual, &former);
    raise(signal_number);
    pthread_sigmask(SIG_UNBLOCK, &set, &former_mask); /* here it happens */
    pthread_sigmask(SIG_SETMASK, &former_mask, NULL);
    sigaction(signal_number, &former, NULL);
}

static bool will_be_told(int signal_number)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, signal_number) == 1;
}

/* ---- job control ---- */

static void give_back(struct line_editor *editor)
{
    if (!editor->is_suspended) {
        editor_hide(editor);
        terminal_output_finish(&editor->output, SUSPEND_PATIENCE);
        editor->is_suspended = true;
        editor_want_input(editor);
    }
    terminal_settings_change(&editor->settings, TERMINAL_GIVEN);
}

/* Whoever had the terminal meanwhile may have changed everything about it. */
static void take_back(struct line_editor *editor)
{
    if (!editor->is_suspended)
        editor_hide(editor);
    editor->is_suspended = !terminal_is_ours(editor->input.fd);
    editor_want_input(editor);
    if (editor->is_suspended) {
        uint64_t next = nk_event_loop_now(editor->loop) + FOREGROUND_INTERVAL;
        /* Without memory it is SIGCONT that has to come. */
        int error = nk_event_loop_set_timer(editor->loop, &editor->foreground_timer, next);
        (void)error;
        return;
    }
    editor_apply_mode(editor);
    el_resize(editor->edit);
    line_editor_show(editor);
}

static void on_foreground_timer(struct nk_timer *timer)
{
    take_back(nk_container_of(timer, struct line_editor, foreground_timer));
}

static void suspend(struct line_editor *editor)
{
    give_back(editor);
    raise_default(SIGTSTP);
    /* In a group of processes that nobody watches it does not stop. */
    if (!will_be_told(SIGCONT))
        take_back(editor);
}

/* ---- the rest ---- */

static void resize(struct line_editor *editor)
{
    editor_hide(editor);
    el_resize(editor->edit);
    line_editor_show(editor);
}

static void quit(struct line_editor *editor)
{
    give_back(editor);
    raise_default(SIGQUIT);
    take_back(editor);
}

static void on_signal(void *context, int signal_number)
{
    struct line_editor *editor = context;
    if (signal_number == SIGWINCH)
        resize(editor);
    else if (signal_number == SIGTSTP)
        suspend(editor);
    else if (signal_number == SIGCONT)
        take_back(editor);
    else
        quit(editor);
}

int editor_watch_signals(struct line_editor *editor)
{
    static const int watched[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGQUIT};
    nk_timer_init(&editor->foreground_timer, on_foreground_timer);
    return nk_signal_watch_new(&editor->signals, editor->loop, watched, NK_ARRAY_LENGTH(watched),
                               on_signal, editor);
}
