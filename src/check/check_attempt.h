/* One case on its way: a connection, what is sent on it and what has come.
 * Internal to src/check. Loop thread only.
 */
#ifndef CHECK_CHECK_ATTEMPT_H
#define CHECK_CHECK_ATTEMPT_H

#include "check/check_judge.h"
#include "net/connection_group.h"

/* More is not read of a response. */
#define CHECK_RECEIVED_MAX ((size_t)8 * 1024 * 1024)

struct check_attempt {
    size_t index;                /* the owner's */
    struct nk_buffer first;      /* to be sent at once ... */
    struct nk_buffer then;       /* ... and with the first response */
    struct nk_buffer received;   /* everything */
    struct check_transcript log; /* log.received is filled in when it is done */
    uint64_t timeout;            /* ns from the connection to the end */
    bool is_over;
    /* It is over and its connection closed; `log` is complete. From the loop. */
    void (*on_done)(void *owner, struct check_attempt *attempt);
    void *owner;
};

/* Makes the requests of `what` for `subject`. Returns 0, or an error of
 * check_request_make; check_attempt_deinit in either case. */
int check_attempt_init(struct check_attempt *attempt, const struct check_case *what,
                       const struct check_subject *subject);
void check_attempt_deinit(struct check_attempt *attempt);

/* A group whose connections are attempts. Returns 0 or -ENOMEM. */
int check_attempt_group_new(struct nk_connection_group **out, struct nk_event_loop *loop);

/* Goes on with the connected `fd`, which it takes. on_done may be called from within. */
void check_attempt_begin(struct check_attempt *attempt, struct nk_connection_group *group, int fd);

#endif
