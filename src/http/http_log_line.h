/* The lines of the access log: common and combined as Apache writes them, and JSON
 * (docs/events.schema.json, the event "request"). Pure.
 *
 * What a client has sent never ends a line or a quotation: in common and combined
 * bytes that are not printable ASCII, quotes and backslashes become \xNN; JSON is
 * UTF-8, and what is not becomes U+FFFD.
 */
#ifndef HTTP_HTTP_LOG_LINE_H
#define HTTP_HTTP_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum http_log_format {
    HTTP_LOG_COMMON,
    HTTP_LOG_COMBINED,
    HTTP_LOG_JSON,
};

/* One request, and what has become of it. Empty slices: nothing of that was sent. */
struct http_log_entry {
    uint64_t wall;           /* ns since 1970 when it had arrived */
    const char *client;      /* address without the port; "unix" */
    const char *user;        /* whose password was right; NULL = nobody was asked, or it was not */
    const char *method;      /* "" for a request that was refused unread */
    struct nk_slice target;  /* as it was sent */
    struct nk_slice line;    /* the first line of a request that was refused unread, as it came */
    unsigned minor_version;  /* of HTTP/1.x */
    int status;              /* of the response; 0 = there was none */
    const char *rule;        /* why the request was refused; NULL = it was not */
    bool is_complete;        /* the whole response went out */
    uint64_t bytes;          /* of the response that went out, its head included */
    uint64_t duration;       /* ns until it had */
    uint64_t first_byte;     /* ns until its first byte was ready; 0 = there was none */
    size_t loop;             /* index of the event loop */
    bool has_path;           /* the next two are known */
    uint64_t round_trip;     /* ns */
    uint64_t retransmits;    /* on this connection */
    struct nk_slice host;    /* Host */
    struct nk_slice referer; /* Referer */
    struct nk_slice agent;   /* User-Agent */
};

/* The last time printed, which is that of the next line, too, for a second. Zero at
 * first. */
struct http_log_time {
    uint64_t second;
    char text[32]; /* "29/Nov/2026:07:19:52 +0000" */
};

/* No line is longer, whatever was sent: longer values are cut. */
#define HTTP_LOG_LINE_MAX 18432

/* Writes the line of `entry`, LF included, and returns its length. */
size_t http_log_line(enum http_log_format format, const struct http_log_entry *entry,
                     struct http_log_time *time, char line[static HTTP_LOG_LINE_MAX]);

#endif
