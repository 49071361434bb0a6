/* Why a request was refused, in words: the rule and the name of the field that broke
 * it. Pure.
 */
#ifndef HTTP_HTTP_PROBLEM_H
#define HTTP_HTTP_PROBLEM_H

#include "http/http_request.h"

#define HTTP_PROBLEM_TEXT_MAX 320

/* `white space before the colon in "Host " (RFC 9112 5.1)`: a long name is cut, and
 * what is not printable ASCII, a quote or a backslash is shown as \xNN. Without a
 * rule the text is empty. Returns `text`. */
const char *http_problem_print(const struct http_problem *problem,
                               char text[static HTTP_PROBLEM_TEXT_MAX]);

#endif
