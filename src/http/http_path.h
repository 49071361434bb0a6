/* From the path of a request target to a name below the root, and back.
 *
 * Pure. The path is split at '/', every segment is decoded exactly once
 * (RFC 3986 2.1, 2.4) and dot segments are removed (RFC 3986 5.2.4), so that
 * no encoding ever turns into a separator or climbs above the root.
 */
#ifndef HTTP_HTTP_PATH_H
#define HTTP_HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "http/http_request.h"

/* Decodes `path` (it starts with '/') into `name`, NUL-terminated and relative:
 * "" for the root, "a/b", or "a/b/" when the path ends in a slash. Empty
 * segments collapse. Returns the length of the name or -EBADMSG with *problem:
 * 400 for %zz, %2, %00 and for `..` above the root, 404 for %2f in a segment,
 * 414 when the name does not fit; what `name` then holds is undefined. */
ssize_t http_path_decode(struct nk_slice path, char *name, size_t size,
                         struct http_problem *problem);

/* Whether a segment of the decoded name starts with a dot; "/.well-known/" at
 * the root does not count (RFC 8615). */
bool http_path_has_dotfile(const char *name);

/* Percent-encodes bytes for a path (RFC 3986 3.3: unreserved, sub-delims, ':',
 * '@' and '/' stay). Appends to out[*len], never past `size`; returns 0 or
 * -ENOBUFS, and then *len is as before. At most 3 bytes per byte. */
int http_path_encode(struct nk_slice name, char *out, size_t size, size_t *len);

/* Appends text for HTML: & < > " ' become references. As above; at most 6
 * bytes per byte. Bytes that are not UTF-8 become U+FFFD. */
int http_html_escape(struct nk_slice text, char *out, size_t size, size_t *len);

#endif
