/* Dates of HTTP (RFC 9110 5.6.7). Pure. */
#ifndef HTTP_HTTP_DATE_H
#define HTTP_HTTP_DATE_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"

/* IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT", of seconds since 1970. Writes 29
 * bytes and a NUL. What lies behind the year 9999 is printed as its last second. */
#define HTTP_DATE_SIZE 30
void http_date_print(uint64_t seconds, char date[static HTTP_DATE_SIZE]);

/* Reads a date in any of the three forms that recipients have to take:
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT     what everybody sends today
 *     Sunday, 06-Nov-94 08:49:37 GMT    RFC 850: a year in two digits, which is in
 *                                       the past when it would be more than 50
 *                                       years after `now` (seconds since 1970)
 *     Sun Nov  6 08:49:37 1994          asctime
 *
 * Every digit counts, so does the case of letters; the day has to exist, but the
 * day of the week need not be the right one. A leap second is the second before.
 * Returns 0 and *seconds since 1970, negative before, or -EINVAL. */
NK_MUST_USE int http_date_parse(struct nk_slice text, uint64_t now, int64_t *seconds) NK_NONNULL(3);

#endif
