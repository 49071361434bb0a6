/* `netkit shell client`: a person or a script at a remote shell
 * (docs/shell-protocol.md).
 */
#ifndef SHELL_SHELL_CLIENT_H
#define SHELL_SHELL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "os/address.h"
#include "service/exit_status.h"
#include "service/word_list.h"

struct shell_client_options {
    struct nk_address address;
    int family;               /* AF_UNSPEC, AF_INET or AF_INET6 */
    uint64_t connect_timeout; /* ns until the server has greeted; NK_NEVER = none */
    uint64_t idle_timeout;    /* ns without any part of an answer; 0 = for ever */
    uint64_t settle;          /* raw form: ns of silence that end an answer */
    struct word_list scripts; /* requests; none = they are on standard input */
    const char *token_file;   /* its first line is given when it is asked for; NULL = none */
    bool reconnect;           /* a connection that is lost is made again */
    bool fail_fast;           /* a script ends with the first request that fails */
    bool compat;              /* the raw form, without lines and status */
    bool edit;                /* lines are edited on a terminal */
    bool colours;             /* on a terminal */
    const char *dispatcher;   /* NULL = NETKIT_DISPATCHER or epoll */
};

#define SHELL_CLIENT_OPTIONS_DEFAULT                                                               \
    {                                                                                              \
        .connect_timeout = 10 * NK_NANOSECONDS_PER_SECOND,                                         \
        .idle_timeout = 60 * NK_NANOSECONDS_PER_SECOND,                                            \
        .settle = 200 * NK_NANOSECONDS_PER_MILLISECOND, .edit = true, .colours = true,             \
    }

/* What has become of a request of a script. */
struct shell_client_answer {
    const char *request; /* as it was sent */
    const char *error;   /* NULL = none: what the server says, or that it was lost */
    uint64_t lines;      /* that were written to standard output */
    uint64_t elapsed;    /* ns */
};

struct shell_client_totals {
    uint64_t requests; /* of the user's */
    uint64_t failed;
    uint64_t reconnects;
    uint64_t sent;     /* bytes */
    uint64_t received; /* bytes */
    uint64_t elapsed;  /* ns since the first connection was made; 0 = there was none */
};

/* What the program is told; all on the main thread. Strings are valid during the call. */
struct shell_client_reporter {
    void *context;
    /* An attempt: `error` is -EINPROGRESS when it starts, or why it failed. */
    void (*tried)(void *context, const char *address, int error);
    void (*connected)(void *context, const char *address);
    /* The connection is gone and will be made again in `delay` ns. */
    void (*lost)(void *context, const char *address, const char *reason, uint64_t delay);
    void (*answered)(void *context, const struct shell_client_answer *answer);
    /* "cannot <action> '<object>': <reason>"; a `reason` of NULL is what `error`, -errno,
     * says; `object` may be NULL. */
    void (*failed)(void *context, const char *action, const char *object, int error,
                   const char *reason);
    /* On SIGUSR1 (final = false) and once at the end; `status` is what a shell will see,
     * 128 and its number for a signal. */
    void (*totals)(void *context, const struct shell_client_totals *totals, bool final, int status);
};

/* Runs until the requests, or the person, are at their end, or the connection is;
 * returns the exit status. A signal that ends the program is re-raised after the totals.
 * Main thread only. */
enum exit_status shell_client_run(const struct shell_client_options *options,
                                  const struct shell_client_reporter *reporter);

#endif
