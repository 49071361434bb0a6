/* Shared by the two files of the terminal: what moves (cat_terminal.c) and what the
 * command line does (cat_terminal_commands.c).
 */
#ifndef CAT_CAT_TERMINAL_PRIVATE_H
#define CAT_CAT_TERMINAL_PRIVATE_H

#include <limits.h>

#include "base/buffer.h"
#include "cat/cat_terminal.h"
#include "terminal/line_editor.h"

/* A file that is being sent. */
struct cat_upload {
    int fd; /* -1 = none */
    char name[PATH_MAX];
    uint64_t size;  /* when it was opened */
    uint64_t moved; /* bytes read from it */
    size_t before;  /* bytes that were typed before it and have to go first */
};

struct cat_terminal {
    struct nk_event_loop *loop;
    struct cat_terminal_hooks hooks;
    struct line_editor *editor;
    struct nk_task free_task;
    bool in_command; /* lines are commands */

    /* to the session */
    struct nk_channel up;
    struct nk_buffer typed;
    struct nk_buffer piece; /* of the file */
    struct cat_upload upload;
    bool is_closing; /* the end follows when all is written */

    /* from the session */
    struct nk_channel down;
    void (*on_done)(void *context); /* once that has ended and is shown */
};

/* ---- what moves ---- */

/* Whether the sending direction still takes something. */
static inline bool cat_terminal_can_send(const struct cat_terminal *terminal)
{
    return nk_channel_is_open(&terminal->up) && !terminal->is_closing;
}

/* Writes what there is to the session, as far as it goes. */
void cat_terminal_pump(struct cat_terminal *terminal);

/* Ends the sending direction behind all that was typed and the file. */
void cat_terminal_close_up(struct cat_terminal *terminal);

/* Shows a line of ours. */
void cat_terminal_say(struct cat_terminal *terminal, const char *format, ...) NK_FORMAT(2, 3);

/* ---- the command line ---- */

void cat_terminal_begin_command(struct cat_terminal *terminal);
void cat_terminal_end_command(struct cat_terminal *terminal);

/* Does what the line says. May free the terminal. */
void cat_terminal_command(struct cat_terminal *terminal, struct nk_slice line);

#endif
