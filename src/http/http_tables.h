/* The constant tables of HTTP: status texts and media types. Pure. */
#ifndef HTTP_HTTP_TABLES_H
#define HTTP_HTTP_TABLES_H

#include <stdint.h>

#include "base/slice.h"

/* "Not Found" for 404 (RFC 9110 15); "Unknown" for what is not in the table. */
const char *http_status_text(int status);

/* The media type for a file name by its last extension, ASCII case ignored,
 * e.g. "text/html; charset=utf-8"; charset only on text types.
 * "application/octet-stream" when unknown. */
const char *http_media_type(struct nk_slice file_name);

/* The type that stands for one extension, or NULL. */
const char *http_media_extension_type(struct nk_slice extension);

/* Whether content of a type gets smaller by compressing it. */
enum http_compressing {
    HTTP_COMPRESSING_USELESS, /* it is compressed already, or nobody has looked */
    HTTP_COMPRESSING_UNKNOWN, /* application/octet-stream may be anything */
    HTTP_COMPRESSING_USEFUL,
};

enum http_compressing http_media_type_compressing(const char *type);

#endif
