/* Shared by the files of the line editor: the screen (line_editor_screen.c), the keys
 * (line_editor_keys.c), the signals (line_editor_signals.c) and its life
 * (line_editor.c).
 */
#ifndef TERMINAL_LINE_EDITOR_PRIVATE_H
#define TERMINAL_LINE_EDITOR_PRIVATE_H

#include <stdio.h>
#include <wchar.h>

#include <histedit.h>

#include "reactor/signal_watch.h"
#include "terminal/key_input.h"
#include "terminal/line_editor.h"
#include "terminal/line_history.h"
#include "terminal/partial_line.h"
#include "terminal/terminal_output.h"
#include "terminal/terminal_settings.h"

#define EDITOR_PROMPT_MAX 1024

/* What is not typed but still a key to libedit, because only a key's function can
 * have it redraw. The C1 controls, which no keyboard sends. */
enum editor_command {
    EDITOR_NOTHING = 0,
    EDITOR_ERASE = 0x80,      /* takes the line from the screen and draws it again */
    EDITOR_START_OVER = 0x81, /* empties the line and draws it where the cursor is */
};

struct line_editor {
    struct nk_event_loop *loop;
    struct line_editor_options options;
    struct nk_task free_task;
    bool is_freed;

    EditLine *edit;
    FILE *complaints; /* of libedit's: nobody hears them */
    struct line_history history;
    struct line_history aside_history;
    struct terminal_settings settings;
    struct nk_signal_watch *signals;

    /* the screen */
    struct terminal_output output;
    struct partial_line partial;
    wchar_t prompt[EDITOR_PROMPT_MAX];
    bool is_mid_row; /* raw: what was printed last had no end of line */
    unsigned hidden; /* how often; 0 = the line is on the screen */
    bool is_erasing; /* what libedit draws after the prompt is called for is not sent */

    /* the keys */
    struct nk_channel input;
    bool has_input; /* the terminal has not hung up */
    struct key_input keys;
    const wchar_t *key; /* what libedit reads, and how much of it is left */
    size_t key_left;
    bool is_taking;  /* further up the call stack */
    bool is_quoting; /* ^V: the next character is one of the line */
    char *completed; /* what on_complete was told, or NULL */

    /* the mode */
    bool is_raw;
    bool is_aside;
    bool is_paused;
    bool is_suspended;  /* hidden once for that */
    wchar_t *put_aside; /* the line, or NULL when it was empty */
    int aside_cursor;
    struct nk_timer foreground_timer; /* until the terminal is ours again */
};

/* ---- the screen ---- */

/* libedit's prompt function. */
wchar_t *editor_prompt(EditLine *edit);

/* Takes the line away without waiting for the terminal; to be undone with
 * line_editor_show. */
void editor_hide(struct line_editor *editor);

/* After raw bytes: what comes next begins a row. */
void editor_end_row(struct line_editor *editor);

/* What is edited at the moment is lines, not raw keys. */
static inline bool editor_has_line(const struct line_editor *editor)
{
    return !editor->is_raw || editor->is_aside;
}

/* Brings the terminal's settings in line with the mode. */
void editor_apply_mode(struct line_editor *editor);

/* ---- the keys ---- */

/* Binds keys and the commands above; sets the function that reads keys. Returns 0 or
 * -ENOMEM. */
int editor_set_up_keys(struct line_editor *editor);

/* Has libedit do a command of ours. */
void editor_do(struct line_editor *editor, enum editor_command command);

/* Handles the keys that have been read. */
void editor_take_keys(struct line_editor *editor);

/* Reads from the terminal. */
void editor_on_input(struct nk_channel *channel, unsigned events);

/* Says whether there is any use for keys at the moment. */
void editor_want_input(struct line_editor *editor);

/* The text between two places of a line in the locale's encoding, NUL-terminated, to
 * be freed, its length in *len; NULL without memory. */
char *editor_text(const wchar_t *from, const wchar_t *to, size_t *len);

/* The same text, terminated, to be freed; NULL without memory. */
wchar_t *editor_copy(const wchar_t *from, const wchar_t *to);

/* ---- the signals ---- */

/* Watches them. Returns 0 or -errno. */
int editor_watch_signals(struct line_editor *editor);

#endif
