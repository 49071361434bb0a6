/* Reads the responses of a server that is being checked: strict about what it says
 * (every deviation from RFC 9112 is named), and tolerant in that it then goes on
 * reading wherever that makes sense. Pure: bytes in, slices of them out.
 */
#ifndef CHECK_CHECK_ANSWER_H
#define CHECK_CHECK_ANSWER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/slice.h"

struct check_answer {
    int status;             /* 100 to 999 */
    unsigned minor_version; /* of HTTP/1.x */
    bool closes;            /* the server says that this is the last response */
    bool is_chunked;
    struct nk_slice fields; /* the header lines, each with its CRLF */
    struct nk_slice body;   /* as it was sent: a chunked one still is */
    const char *problem;    /* what is wrong with it, a constant; NULL = nothing */
};

/* Reads one response at the start of `input`. `to_head`: it answers a HEAD request.
 * `ended`: nothing comes behind `input`. Returns the bytes of the response (> 0);
 * then answer->problem may still name a fault that does not hide its end. -EAGAIN:
 * more is needed. -EBADMSG: it cannot be read, and answer->problem says why. */
ssize_t check_answer_read(struct check_answer *answer, struct nk_slice input, bool to_head,
                          bool ended);

/* The value of the first field of that name (ASCII case ignored); false when there
 * is none. */
bool check_answer_field(const struct check_answer *answer, const char *name,
                        struct nk_slice *value);

#endif
