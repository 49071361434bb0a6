/* A response header line that a person has written: "Name: value". Pure. */
#ifndef HTTP_HTTP_FIELD_LINE_H
#define HTTP_HTTP_FIELD_LINE_H

#include <stdbool.h>

#include "base/slice.h"

/* Longer lines are refused: some clients take no more in one field. */
#define HTTP_FIELD_LINE_MAX 4096

/* And all of them together: a response head has room for that. */
#define HTTP_FIELD_LINES_MAX 8192

/* Splits the line at its colon and checks both sides (RFC 9110 5.1, 5.5): the
 * value may be empty, white space around it is dropped. Fields that the server
 * writes itself, or that say where a message ends, are refused. Returns 0, or
 * -EINVAL with *mistake, a constant text; then the slices are undefined. */
int http_field_line_parse(struct nk_slice line, struct nk_slice *name, struct nk_slice *value,
                          const char **mistake);

/* Whether the text can be the value of a field (RFC 9110 5.5). */
bool http_field_value_is_valid(struct nk_slice value);

#endif
