/* A line that a person types on a terminal, with everything a shell's line has:
 * cursor keys, history, completion. libedit does the editing; this puts it on an
 * event loop, and lets a program print while the person types.
 *
 * The terminal's settings are changed while an editor lives, and given back when it
 * is freed, when the program is suspended (SIGTSTP) and when SIGQUIT ends it; other
 * signals that end the program have to free the editor. It watches SIGWINCH, SIGTSTP,
 * SIGCONT and SIGQUIT, which nobody else may then.
 *
 * Text is in the encoding of the locale: call setlocale(LC_CTYPE, ...) before. One
 * editor at a time, on the loop's thread. Every callback may free the editor.
 */
#ifndef TERMINAL_LINE_EDITOR_H
#define TERMINAL_LINE_EDITOR_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/slice.h"
#include "reactor/event_loop.h"

struct line_editor;

/* Callbacks may be NULL, but for on_line and on_end: then the key means nothing, or what
 * is said below. Slices are valid during the call. */
struct line_editor_options {
    int in;              /* both are terminals and stay the caller's, who */
    int out;             /* neither reads nor writes them meanwhile */
    const char *history; /* the name of its file, see terminal/line_history.h, or NULL; a
                          * line that answers a question for a password is not kept */
    void *context;

    /* What stands in front of the line; NULL = nothing. Text between two '\1' takes no
     * room (colours), and has to be followed by text that does. */
    const char *(*prompt)(void *context);

    /* Enter: the line without its end. It stays on the screen. */
    void (*on_line)(void *context, struct nk_slice line);

    /* ^D on an empty line, or the terminal has hung up. */
    void (*on_end)(void *context);

    /* ^C, which has cleared the line. */
    void (*on_interrupt)(void *context, bool had_text);

    /* ^]; NULL = an ordinary key. */
    void (*on_escape)(void *context);

    /* Tab: what stands before the cursor shall be completed, now or later, with
     * line_editor_complete. NULL = a tabulator is a character of the line. */
    void (*on_complete)(void *context, struct nk_slice before_cursor);

    /* In raw mode: what was typed. NULL = there is no raw mode. */
    void (*on_keys)(void *context, struct nk_slice bytes);

    /* The terminal has taken all that it had to be waited for; may be NULL. */
    void (*on_drained)(void *context);
};

/* Takes over the terminal and shows the prompt. Returns 0 and *out, or -errno:
 * -ENOTTY when one of the two is no terminal, -EOPNOTSUPP when it cannot move its
 * cursor (TERM=dumb). Options are copied. */
NK_MUST_USE int line_editor_new(struct line_editor **out, struct nk_event_loop *loop,
                                const struct line_editor_options *options);

/* Takes away the line being typed, gives the terminal back as it was and frees the
 * editor at the end of the turn. What was printed is written first, for which it
 * waits a second at most. NULL is fine. */
void line_editor_free(struct line_editor *editor);

/* ---- printing ---- */

/* Prints above the line being typed. Bytes after the last end of line become what
 * stands in front of it (terminal/partial_line.h). Heed line_editor_is_full: what a
 * terminal that is far behind cannot be given is lost. */
void line_editor_print(struct line_editor *editor, struct nk_slice bytes);

/* Whether to wait for on_drained before printing more; whether the terminal has taken
 * everything. */
bool line_editor_is_full(const struct line_editor *editor);
bool line_editor_is_drained(const struct line_editor *editor);

/* Takes the line being typed away, so that somebody else can print (to standard
 * error), and draws it again. They nest. Hiding waits for a slow terminal, a moment. What is typed
 * meanwhile is not seen, but counts. */
void line_editor_hide(struct line_editor *editor);
void line_editor_show(struct line_editor *editor);

/* ---- typing ---- */

/* The candidates for the last `word_len` bytes before the cursor: what all begin with
 * is inserted; one alone is inserted with `suffix` behind it; when there is nothing to
 * insert they are listed. For a line that is no longer the one that on_complete was
 * told of, nothing happens. */
void line_editor_complete(struct line_editor *editor, size_t word_len,
                          const struct nk_slice *candidates, size_t count, const char *suffix);

/* Puts the line being typed aside, and what stands in front of it, for lines about
 * something else, which have a history of their own that is not kept; and takes it
 * up again. Not nested. In raw mode lines are edited meanwhile. */
void line_editor_set_aside(struct line_editor *editor);
void line_editor_take_up(struct line_editor *editor);

/* In raw mode every key but ^] goes to on_keys, nothing is edited or echoed, and what
 * is printed is left as it is. */
void line_editor_set_raw(struct line_editor *editor, bool raw);

/* While it is paused keys wait in the terminal; ^C is the signal again. Resuming may
 * call back. */
void line_editor_pause(struct line_editor *editor);
void line_editor_resume(struct line_editor *editor);

/* The same for one that was hidden when it was paused: shows it, too, when ^C is a key
 * again and before the keys that were typed ahead are taken. */
void line_editor_resume_and_show(struct line_editor *editor);

#endif
