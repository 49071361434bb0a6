/* A person on a terminal as the user of a connection.
 *
 *     terminal ==== line editor ---- pipe ----> in  \
 *                               <--- pipe ---- out  /  session
 *
 * The session has two pipes and knows nothing of the terminal; what is typed comes
 * line by line, what is received is shown above the line being typed. ^] opens a
 * command line about the connection (cat/cat_command_line.h). When the peer says that
 * it echoes (telnet), keys go to it as they are typed. Loop thread only.
 */
#ifndef CAT_CAT_TERMINAL_H
#define CAT_CAT_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "reactor/event_loop.h"

struct cat_terminal;

struct cat_terminal_status {
    const char *address; /* of the peer, or peers; valid until the loop goes on */
    uint64_t sent;       /* bytes */
    uint64_t received;   /* bytes */
    uint64_t elapsed;    /* ns */
    bool hex;
    bool crlf;
};

/* What the person asks for. Each may free the terminal, but for `status`. */
struct cat_terminal_hooks {
    void *context;
    void (*status)(void *context, struct cat_terminal_status *status);
    void (*set_hex)(void *context, bool on);
    void (*set_crlf)(void *context, bool on);
    void (*quit)(void *context);
    void (*interrupt)(void *context); /* ^C on an empty line */
};

/* Whether standard input and output are both a terminal. */
bool cat_terminal_is_there(void);

/* Takes over the terminal. *in and *out become what a session takes for standard
 * input and output, and owns. Returns 0 and *terminal, or -errno; on failure nothing
 * has changed, and the terminal can be used as it is. Hooks are copied. */
NK_MUST_USE int cat_terminal_open(struct cat_terminal **terminal, struct nk_event_loop *loop,
                                  const struct cat_terminal_hooks *hooks, int *in, int *out);

/* Gives the terminal back and frees everything. NULL is fine. */
void cat_terminal_free(struct cat_terminal *terminal);

/* The session is gone, and so are its ends of the pipes: shows what it has left in
 * them, then calls `on_done` with the context of the hooks, perhaps at once. */
void cat_terminal_finish(struct cat_terminal *terminal, void (*on_done)(void *context));

/* Somebody prints to standard error between the two. NULL is fine. */
void cat_terminal_hide(struct cat_terminal *terminal);
void cat_terminal_show(struct cat_terminal *terminal);

/* The peer echoes what it gets, or not any more. NULL is fine. */
void cat_terminal_set_echo(struct cat_terminal *terminal, bool peer_echoes);

#endif
