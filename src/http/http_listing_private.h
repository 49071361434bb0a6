/* Internal to http_listing*.c: the two forms of a listing and the constant parts
 * of the page. The writers leave errors to the stream. */
#ifndef HTTP_HTTP_LISTING_PRIVATE_H
#define HTTP_HTTP_LISTING_PRIVATE_H

#include <stdio.h>

#include "http/http_listing.h"

/* A name of 255 bytes, encoded for a link and escaped for HTML or JSON, with room. */
#define HTTP_LISTING_NAME_SIZE 4096

void http_listing_write_html(FILE *page, const struct http_listing *listing,
                             const struct http_entries *entries);
void http_listing_write_json(FILE *page, const struct http_entries *entries);

/* "2026-11-20T12:34:56Z" of seconds since 1970 (RFC 3339); "" for times that no
 * calendar has. */
#define HTTP_LISTING_DATE_SIZE 32
void http_listing_print_date(int64_t seconds, char text[static HTTP_LISTING_DATE_SIZE]);

/* http_listing_assets.c: what stands between the tags. */
extern const char http_listing_style[];
extern const char http_listing_script[];

/* Header lines for the page without and with its form. They name the style and
 * the script by their SHA-256, so that nothing else is ever applied or run. */
extern const char http_listing_policy[];
extern const char http_listing_policy_with_upload[];

#endif
