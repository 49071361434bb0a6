/* The head of an HTTP/1.x request: request line and header fields (RFC 9112).
 *
 * http_request_parse is a pure function of the bytes it is given: no
 * allocation, no copies, no descriptors. All slices of a request point into
 * the input and live as long as it does. It is strict: what is doubtful in
 * framing is refused (RFC 9112 11.2, request smuggling).
 */
#ifndef HTTP_HTTP_REQUEST_H
#define HTTP_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"

#define HTTP_HEADERS_MAX 100
#define HTTP_HEAD_SIZE_MAX ((UINT32_C(1) << 24) - 1)

enum http_method {
    HTTP_METHOD_UNKNOWN,
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_OPTIONS,
    HTTP_METHOD_POST,
    HTTP_METHOD_PUT,
    HTTP_METHOD_DELETE,
    HTTP_METHOD_PATCH,
    HTTP_METHOD_CONNECT,
    HTTP_METHOD_TRACE,
};

enum http_target_form {                        /* RFC 9112 3.2 */
                        HTTP_TARGET_ORIGIN,    /* /path?query */
                        HTTP_TARGET_ABSOLUTE,  /* http://host/path?query */
                        HTTP_TARGET_AUTHORITY, /* host:port, only with CONNECT */
                        HTTP_TARGET_ASTERISK,  /* *, only with OPTIONS */
};

enum http_framing { /* RFC 9112 6.3 */
                    HTTP_FRAMING_NONE,
                    HTTP_FRAMING_LENGTH,
                    HTTP_FRAMING_CHUNKED,
};

struct http_header {
    struct nk_slice name;
    struct nk_slice value; /* without surrounding white space */
};

struct http_request {
    enum http_method method;
    enum http_target_form form;
    unsigned minor_version; /* 0 or 1: HTTP/1.7 is treated as 1.1 */
    bool keep_alive;        /* from the version and Connection */
    bool expects_continue;  /* Expect: 100-continue; never set for HTTP/1.0 */
    enum http_framing framing;
    uint64_t content_length; /* with HTTP_FRAMING_LENGTH */
    struct nk_slice target;  /* as it was sent */
    struct nk_slice path;    /* still percent-encoded, without the query; "/" when absent */
    struct nk_slice query;   /* behind the '?', or empty */
    struct nk_slice host;    /* of an absolute target, else the Host field, else empty */
    struct nk_slice head;    /* all of its bytes, the empty lines around it included */
    size_t header_count;
    struct http_header headers[HTTP_HEADERS_MAX];
};

struct http_limits {
    size_t target; /* bytes of the request target: above it 414 */
    size_t header; /* bytes of the head, at most HTTP_HEAD_SIZE_MAX: above it 431 */
    size_t lines;  /* header lines, at most HTTP_HEADERS_MAX: above it 431 */
    uint64_t body; /* announced bytes of a body: above it 413 */
};

/* How far an incomplete head has been looked at, so that a head that arrives
 * byte by byte is not read anew each time. All zero before each request. */
struct http_progress {
    uint32_t line : 24;    /* start of the first line that is not complete */
    uint32_t fields : 8;   /* header lines before it */
    uint32_t scanned : 24; /* bytes known to hold no further line end */
    uint32_t seen : 8;     /* what the complete lines have said */
};

/* Why a request was refused: the status to answer with, the rule it broke, a
 * constant such as "white space before the colon (RFC 9112 5.1)", and the name of
 * the header field in the input that broke it, empty when it was none. In words:
 * http_problem.h. */
struct http_problem {
    int status;
    const char *rule;
    struct nk_slice field;
};

/* Parses one request head at the start of `input`.
 *
 * Returns the bytes of the head, its empty line and leading empty lines
 * included (> 0), and *progress is zero again; -EAGAIN when more bytes are
 * needed: call again with the same bytes and more behind them (they may have
 * moved) and the same `progress`; or -EBADMSG with *problem filled. A bad line
 * is reported as soon as it is complete, a limit as soon as it is passed (that
 * of the target at the latest 64 bytes behind it). How the bytes are cut into
 * calls never changes the result. `request` is scratch space that is defined
 * only after success; it need not be the same from call to call. */
ssize_t http_request_parse(struct http_request *request, struct nk_slice input,
                           const struct http_limits *limits, struct http_progress *progress,
                           struct http_problem *problem);

/* The value of the first field of that name (ASCII case ignored), or NULL. */
const struct nk_slice *http_request_header(const struct http_request *request, const char *name);

/* "GET"; "UNKNOWN" for HTTP_METHOD_UNKNOWN. */
const char *http_method_name(enum http_method method);

#endif
