/* One request head while it is being read, line by line.
 *
 * Internal to http_request.c (which line comes next), http_request_line.c and
 * http_fields.c (what stands in it). Every reading function takes the line at
 * head->line and returns 0 with head->line behind it, -EAGAIN when the bytes
 * end first, or -EBADMSG with head->problem; head->line then stays.
 */
#ifndef HTTP_HTTP_HEAD_H
#define HTTP_HTTP_HEAD_H

#include <errno.h>
#include <stdbool.h>

#include "base/slice.h"
#include "http/http_request.h"

/* A longer method is refused unread, so that the work per line has a bound. */
#define HTTP_METHOD_SIZE_MAX 32

/* What the lines so far have said. It has to fit http_progress.seen. */
enum http_seen {
    HTTP_SEEN_REQUEST_LINE = 1 << 0,
    HTTP_SEEN_VERSION_1_0 = 1 << 1,
    HTTP_SEEN_HOST = 1 << 2,
    HTTP_SEEN_CONTENT_LENGTH = 1 << 3,
    HTTP_SEEN_TRANSFER_ENCODING = 1 << 4,
    HTTP_SEEN_CLOSE = 1 << 5,
    HTTP_SEEN_KEEP_ALIVE = 1 << 6,
    HTTP_SEEN_CONTINUE = 1 << 7,
};

struct http_head {
    const char *line; /* start of the line to read next */
    const char *end;  /* of the bytes that are there */
    const struct http_limits *limits;
    struct http_request *request; /* filled as the lines are read */
    unsigned seen;                /* enum http_seen */
    struct http_problem problem;
};

/* Method, target and version (RFC 9112 3). */
int http_request_line_read(struct http_head *head);

/* One header field (RFC 9112 5) and what it means for the framing. */
int http_field_read(struct http_head *head);

/* host [":" port] without user information (RFC 9110 4.2.4). *port is what
 * stands behind the colon, empty when there is none. */
bool http_authority_parse(struct nk_slice authority, struct nk_slice *port);

static inline int http_head_refuse(struct http_head *head, int status, const char *rule)
{
    head->problem = (struct http_problem){.status = status, .rule = rule};
    return -EBADMSG;
}

/* Refuses a line at a byte that cannot stand there: the general rules about
 * line ends and NUL first, otherwise `rule`. */
int http_head_refuse_byte(struct http_head *head, char byte, const char *rule);

#endif
