/* `netkit connect` and `netkit listen`: standard input and output joined to a
 * stream connection that is dialled or accepted.
 */
#ifndef CAT_CAT_SERVICE_H
#define CAT_CAT_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "cat/cat_child.h"
#include "cat/cat_progress.h"
#include "cat/cat_proxy_url.h"
#include "cat/cat_session.h"
#include "os/address.h"
#include "service/access_list.h"
#include "service/exit_status.h"

struct cat_replay_input;

/* Over datagrams: one read, at most 65507 bytes, is one datagram, unless they are
 * lines or of one size. */
struct cat_datagram_options {
    bool lines;       /* a line is a datagram; without any of this: on a terminal */
    uint64_t size;    /* bytes of each datagram but the last; 0 = as they are read */
    uint64_t replies; /* connect: over after so many answers; 0 = when the wait is over */
    uint64_t wait;    /* connect: ns to wait for answers after the end of input */
};

struct cat_options {
    struct nk_address address;
    int family;                         /* AF_UNSPEC, AF_INET or AF_INET6 */
    uint64_t connect_timeout;           /* connect: ns; NK_NEVER = as long as the kernel tries */
    struct cat_proxy_url proxy;         /* connect: the way, unless its kind is NONE */
    bool edit;                          /* lines are edited on a terminal */
    bool crlf;                          /* send each end of line as CR LF */
    bool telnet;                        /* connect: the peer speaks telnet */
    bool hex;                           /* what is moved goes to the reporter's hexdump, too */
    bool progress;                      /* tell the reporter once a second how far it is */
    const char *record;                 /* and into this file; NULL = none */
    const char *exec;                   /* command that serves a connection; NULL = none */
    struct cat_replay_input *replay;    /* in the place of standard input; NULL = none */
    const char *dispatcher;             /* NULL = NETKIT_DISPATCHER or epoll */
    bool keep_open;                     /* listen: many peers, not only the first */
    bool broker;                        /* ... and what one says the others hear, too */
    uint64_t max_clients;               /* ... but not more of them at a time */
    struct access_rules access;         /* listen: --allow and --deny */
    struct access_list *access_list;    /* what they say; NULL = everybody; the caller's */
    uint64_t ready_fd;                  /* listen: gets the bound address; UINT64_MAX = none */
    struct cat_session_options session; /* without on_ended and owner */
    struct cat_datagram_options datagram;
};

#define CAT_OPTIONS_DEFAULT                                                                        \
    {                                                                                              \
        .connect_timeout = UINT64_MAX, .max_clients = 100, .ready_fd = UINT64_MAX, .edit = true,   \
        .session = {.on_eof = CAT_ON_EOF_HALF, .linger = UINT64_MAX},                              \
        .datagram = {.wait = UINT64_C(1000000000)},                                                \
    }

struct cat_totals {
    uint64_t sent;     /* bytes */
    uint64_t received; /* bytes */
    uint64_t elapsed;  /* ns since the connection was made; 0 when there was none */
    bool has_clients;  /* many may come, and the next two count */
    uint64_t clients;  /* that have come */
    uint64_t active;   /* that are there now */
    bool has_denied;   /* there is an access list, and the next one counts */
    uint64_t denied;   /* whom it has turned away */
    /* Of others than the peer, or that could not be sent. */
    uint64_t datagrams_dropped;
};

/* How a command of --exec has ended. */
struct cat_command_end {
    const char *command;
    const char *address; /* whom it has served */
    pid_t pid;
    struct cat_child_exit exit;
    bool has_failed; /* by itself: not because its connection was over */
    bool decides;    /* it is the only one, and its failure that of the program */
};

/* A client among many that has gone. */
struct cat_client_end {
    uint64_t number; /* from 1 */
    const char *address;
    uint64_t sent;
    uint64_t received;
    int error;       /* 0, or why it was lost */
    bool is_cut_off; /* it took nothing and held the others up */
};

/* What the program is told; all on the main thread. Strings are valid during
 * the call. */
struct cat_reporter {
    void *context;
    void (*listening)(void *context, const char *address);
    /* An attempt: `error` is -EINPROGRESS when it starts, or why it failed. */
    void (*tried)(void *context, const char *address, int error);
    void (*connected)(void *context, const char *address);
    /* The same for one client among many, and that it has gone. */
    void (*joined)(void *context, uint64_t number, const char *address);
    void (*left)(void *context, const struct cat_client_end *end);
    /* "cannot <action> '<object>': <error>"; `object` may be NULL. */
    void (*failed)(void *context, const char *action, const char *object, int error);
    /* The same in words of its own, which say more than the error: those of a proxy. */
    void (*failed_because)(void *context, const char *action, const char *object, int error,
                           const char *reason);
    void (*command_ended)(void *context, const struct cat_command_end *end);
    /* With --hex: one or more whole lines of a hexdump. */
    void (*hexdump)(void *context, const char *lines);
    /* With --progress, once a second. */
    void (*progress)(void *context, const struct cat_progress *progress);
    /* On SIGUSR1 (final = false) and once at the end; `status` is what a shell
     * will see, 128 and its number for a signal. */
    void (*totals)(void *context, const struct cat_totals *totals, bool final, int status);
};

/* Each runs until its connection is over; returns the exit status. A signal that
 * ends the program is re-raised after the totals. Main thread only. */
enum exit_status cat_connect_run(const struct cat_options *options,
                                 const struct cat_reporter *reporter);
enum exit_status cat_listen_run(const struct cat_options *options,
                                const struct cat_reporter *reporter);

/* The same for addresses of datagrams. */
enum exit_status cat_datagram_connect_run(const struct cat_options *options,
                                          const struct cat_reporter *reporter);
enum exit_status cat_datagram_listen_run(const struct cat_options *options,
                                         const struct cat_reporter *reporter);

#endif
