/* Commands that serve a connection: `/bin/sh -c COMMAND` with a pipe to its
 * standard input and one from its standard output.
 *
 * Each runs in a process group of its own, with the signals as a shell expects
 * them and no descriptor beyond the standard three; standard error stays the
 * program's. Its environment says whose connection it is:
 *
 *     NETKIT_PROTO         tcp or unix
 *     NETKIT_REMOTE_ADDR   numeric address, or the path of a unix socket, which
 *     NETKIT_LOCAL_ADDR    is empty when the client has not bound one
 *     NETKIT_REMOTE_PORT   not set for unix sockets
 *     NETKIT_LOCAL_PORT
 *
 * A command that has ended stays a zombie until it is released, because only
 * as long is the number of its process group certain to be its own. Loop thread
 * only; SIGCHLD belongs to this module while it is in use.
 */
#ifndef CAT_CAT_CHILD_H
#define CAT_CAT_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "os/sockaddr.h"
#include "reactor/event_loop.h"

struct cat_children; /* all of them */
struct cat_child;

/* How long a command that was asked to end (SIGTERM) may take before it is
 * killed. */
#define CAT_CHILD_GRACE (2 * NK_NANOSECONDS_PER_SECOND)

/* How a command has ended. */
struct cat_child_exit {
    int status;        /* its exit status; 0 when a signal has ended it */
    int signal_number; /* the signal, or 0 */
};

static inline bool cat_child_has_failed(const struct cat_child_exit *exit)
{
    return exit->status != 0 || exit->signal_number != 0;
}

struct cat_child_options {
    const char *command;
    const struct nk_sockaddr *local;  /* the connection's, for the environment */
    const struct nk_sockaddr *remote; /* likewise */
    /* Once, from the loop, when it has ended: release it, now or later. It may
     * start commands, and release this one but no other. */
    void (*on_exited)(struct cat_child *child, const struct cat_child_exit *exit);
    void *owner; /* the callee's own */
};

/* Begins to watch SIGCHLD. Returns 0 or -errno. */
int cat_children_new(struct cat_children **out, struct nk_event_loop *loop);

/* Ends every command that still runs, with SIGTERM and after CAT_CHILD_GRACE
 * with SIGKILL, and waits until all are gone: the loop turns meanwhile, and
 * nobody is called back. Those not released yet are released. NULL is fine. */
void cat_children_free(struct cat_children *children);

/* Commands that are not both ended and released. */
size_t cat_children_count(const struct cat_children *children);

/* Starts a command. *to is written and *from is read; both are the caller's,
 * close-on-exec and blocking. `from` may be NULL: what the command writes is thrown
 * away then. The options are copied, but for the command and the addresses, which
 * are not needed afterwards. Returns 0 or -errno. */
int cat_child_start(struct cat_child **out, struct cat_children *children,
                    const struct cat_child_options *options, int *to, int *from);

/* Asks the process group to end: SIGTERM, and SIGKILL after CAT_CHILD_GRACE when
 * the command is still there. */
void cat_child_terminate(struct cat_child *child);

/* Whether cat_child_terminate was called: how it ends says nothing then. */
bool cat_child_was_terminated(const struct cat_child *child);

/* Nothing is asked of it any more, and on_exited is not called any more. One that
 * still runs goes on until it ends by itself. NULL is fine. */
void cat_child_release(struct cat_child *child);

/* What the options gave, and the number of the process. */
void *cat_child_owner(const struct cat_child *child);
pid_t cat_child_pid(const struct cat_child *child);

#endif
