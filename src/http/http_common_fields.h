/* The header lines that the options add to responses. Pure but for its memory. */
#ifndef HTTP_HTTP_COMMON_FIELDS_H
#define HTTP_HTTP_COMMON_FIELDS_H

#include "http/http_options.h"

struct http_common_fields {
    char *all;     /* of every response; lines, each ended by CRLF */
    char *success; /* of every response that is no error */
};

/* The options were checked with http_field_line_parse and
 * http_field_value_is_valid. Returns 0 or -ENOMEM. */
int http_common_fields_make(struct http_common_fields *fields, const struct http_options *options);
void http_common_fields_free(struct http_common_fields *fields);

#endif
