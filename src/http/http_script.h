/* An answer that follows a script: when it begins, how fast it comes, and how it ends.
 * For whoever tests how a client takes that.
 */
#ifndef HTTP_HTTP_SCRIPT_H
#define HTTP_HTTP_SCRIPT_H

#include "http/http_pace.h"
#include "http/http_stream.h"

enum http_script_end {
    HTTP_SCRIPT_COMPLETE,
    HTTP_SCRIPT_RESET,     /* when the client has got everything so far: a RST */
    HTTP_SCRIPT_CUT,       /* the connection ends, the answer is not complete */
    HTTP_SCRIPT_HANG,      /* nothing more, until the client leaves or HTTP_SCRIPT_PATIENCE */
    HTTP_SCRIPT_BAD_CHUNK, /* a chunk whose size is none, then the end */
};

/* A client that is left hanging is let go after that. */
#define HTTP_SCRIPT_PATIENCE (600 * NK_NANOSECONDS_PER_SECOND)

/* Bytes that the content repeats after: byte i is (i + i / 256) modulo 256. */
#define HTTP_SCRIPT_PATTERN 65536

struct http_script {
    uint64_t delay;        /* ns before anything is sent */
    bool has_no_head;      /* it ends, in its way, before a response has begun */
    bool is_plain;         /* a short text says 200; the rest is not looked at */
    uint64_t length;       /* announced; HTTP_LENGTH_UNKNOWN for chunks */
    struct http_pace pace; /* what is sent, and in which time behind the delay */
    enum http_script_end end;
};

/* The content: HTTP_SCRIPT_PATTERN bytes. */
const char *http_script_pattern(void);

/* Answers so. */
void http_script_respond(struct http_exchange *exchange, const struct http_script *script);

#endif
