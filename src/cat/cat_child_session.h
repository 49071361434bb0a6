/* A connection that is served by a command of its own (`--exec`): the command's
 * standard output goes to the peer, and what the peer sends to its standard input.
 *
 * It is over when the connection and the command both are. The end of the
 * command's output ends the connection as the options say; a command that no
 * longer reads does not. When the connection is lost, or idle for too long, the
 * command is asked to end before it could take that for the end of its input.
 * Loop thread only.
 */
#ifndef CAT_CAT_CHILD_SESSION_H
#define CAT_CAT_CHILD_SESSION_H

#include "cat/cat_child.h"
#include "cat/cat_session.h"

struct cat_child_session;

struct cat_child_session_result {
    enum exit_status status; /* the connection's; FAILED when that is OK and the command failed */
    const char *action;      /* of the connection, as in cat_session_options.on_ended */
    int error;
    struct cat_child_exit exit; /* the command's */
    bool command_failed;        /* by itself: not because its connection was over */
    uint64_t sent;              /* bytes to the peer */
    uint64_t received;
};

struct cat_child_session_options {
    struct cat_children *children;
    const char *command;
    struct cat_session_options session; /* on_ended, owner and out_may_close are not looked at */
    /* Once, from the loop. It may be freed from within, but no other. */
    void (*on_ended)(struct cat_child_session *session,
                     const struct cat_child_session_result *result);
    void *owner; /* the callee's own */
};

/* Starts the command and joins it to the connected socket `fd`, which is taken
 * over. Options are copied. Returns 0 and *out, or -errno (then `fd` is closed). */
int cat_child_session_start(struct cat_child_session **out, struct nk_event_loop *loop, int fd,
                            const struct cat_child_session_options *options);

/* Closes the connection now, asks the command to end and frees the session at the
 * end of the turn, without a report. NULL is fine. */
void cat_child_session_free(struct cat_child_session *session);

/* The callee's own, the peer's address and the number of the process. */
void *cat_child_session_owner(const struct cat_child_session *session);
const struct nk_sockaddr *cat_child_session_peer(const struct cat_child_session *session);
pid_t cat_child_session_pid(const struct cat_child_session *session);

/* Bytes sent to and received from the peer so far. */
uint64_t cat_child_session_sent(const struct cat_child_session *session);
uint64_t cat_child_session_received(const struct cat_child_session *session);

#endif
