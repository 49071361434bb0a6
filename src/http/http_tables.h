/* The constant tables of HTTP: status texts, media types, dates. Pure. */
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

/* IMF-fixdate (RFC 9110 5.6.7), "Sun, 06 Nov 1994 08:49:37 GMT", of seconds
 * since 1970. Writes 29 bytes and a NUL. What lies behind the year 9999 is
 * printed as its last second. */
#define HTTP_DATE_SIZE 30
void http_date_print(uint64_t seconds, char date[static HTTP_DATE_SIZE]);

#endif
