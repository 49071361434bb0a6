/* An HTTP/1.x response, read as far as a prober wants to know it: its status and
 * where it ends (RFC 9112). Nothing of it is kept.
 *
 * Pure and incremental: how the bytes are cut never changes the result. It is strict:
 * what is no response is refused rather than guessed at. Interim responses (1xx) are
 * passed over.
 */
#ifndef PROBE_PROBE_RESPONSE_H
#define PROBE_PROBE_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "http/http_body.h"

/* The head with all its interim responses may be so long, and a single line. */
#define PROBE_RESPONSE_HEAD_MAX 65536
#define PROBE_RESPONSE_LINE_MAX 8192

enum probe_response_state {
    PROBE_RESPONSE_STATUS_LINE,
    PROBE_RESPONSE_FIELDS,
    PROBE_RESPONSE_BODY,
    PROBE_RESPONSE_BODY_TO_END, /* of the connection */
    PROBE_RESPONSE_COMPLETE,
};

struct probe_response {
    enum probe_response_state state; /* read-only */
    unsigned code;                   /* of the final response; 0 = not known yet */
    const char *problem;             /* why it was refused, or NULL */
    /* private */
    bool is_for_head;
    bool has_length;
    bool is_chunked;
    uint64_t length;
    struct http_body body;
    size_t head_size;
    bool ends_with_cr; /* the line does, so far */
    size_t line_len;   /* may be more than is kept: */
    char line[256];
};

/* Before the first byte. `is_for_head`: the request was HEAD, and there is no body. */
void probe_response_init(struct probe_response *response, bool is_for_head);

/* Takes bytes; those behind the end of the response are ignored. Returns 0, or -EBADMSG
 * with response->problem, a constant. */
int probe_response_take(struct probe_response *response, struct nk_slice bytes);

/* The connection has ended. Returns 0 when that is where the response ends, too, and
 * otherwise -EBADMSG with response->problem. */
int probe_response_end(struct probe_response *response);

#endif
