/* Takes the body of a form with files apart: multipart/form-data (RFC 7578, RFC 2046 5.1).
 *
 * Pure and incremental: bytes in, events out; of the content of a part nothing is kept
 * but what may turn out to be the beginning of a boundary. How the bytes are cut into
 * calls changes only how the content is cut into pieces.
 */
#ifndef HTTP_HTTP_MULTIPART_H
#define HTTP_HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"
#include "http/http_request.h"

/* RFC 2046 5.1.1. */
#define HTTP_MULTIPART_BOUNDARY_MAX 70

/* Bytes of the header of one part, and the number of parts. */
#define HTTP_MULTIPART_HEAD_MAX 4096
#define HTTP_MULTIPART_PARTS_MAX 1000

enum http_multipart_kind {
    HTTP_MULTIPART_NOTHING, /* more bytes are needed */
    HTTP_MULTIPART_PART,    /* a part begins: `name`, `filename` */
    HTTP_MULTIPART_DATA,    /* the next bytes of its content: `data` */
    HTTP_MULTIPART_CLOSE,   /* the part is complete */
    HTTP_MULTIPART_END,     /* the form is complete; what still comes means nothing */
};

/* Slices are valid until the next call. */
struct http_multipart_event {
    enum http_multipart_kind kind;
    struct nk_slice name;     /* of the field, without quotes */
    struct nk_slice filename; /* likewise; whatever the client sent */
    bool has_filename;        /* it is a file, even one without a name */
    struct nk_slice data;     /* never empty */
};

struct http_multipart {
    /* private */
    char delimiter[sizeof("\r\n--") + HTTP_MULTIPART_BOUNDARY_MAX];
    size_t delimiter_len;
    size_t matched;  /* bytes of the delimiter at the end of what was read */
    size_t borrowed; /* of these the first ones, when they are no content in any case */
    uint8_t state;
    unsigned parts;
    size_t head_len;
    char head[HTTP_MULTIPART_HEAD_MAX];
};

/* For a body of that Content-Type. Returns 0 or -EBADMSG with *problem: 415 for another
 * type, 400 without a good boundary. */
int http_multipart_init(struct http_multipart *multipart, struct nk_slice content_type,
                        struct http_problem *problem);

/* Takes bytes from the front of `input` up to the next event. Returns how many (0 is
 * possible when there is an event; call again with the rest until the event is
 * HTTP_MULTIPART_NOTHING, and then all of the input was consumed), or -EBADMSG with *problem. */
ssize_t http_multipart_next(struct http_multipart *multipart, struct nk_slice input,
                            struct http_multipart_event *event, struct http_problem *problem);

/* Whether the form was complete: a body that ends before is cut. */
bool http_multipart_is_complete(const struct http_multipart *multipart);

#endif
