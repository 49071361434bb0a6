/* The path below which a site lies, as in "/app" for http://host/app/... Pure. */
#ifndef HTTP_HTTP_BASE_PATH_H
#define HTTP_HTTP_BASE_PATH_H

#include <stdbool.h>

#include "base/slice.h"

#define HTTP_BASE_PATH_SIZE 1024

/* Writes the base path that a person has given ("/app", "app/", "/a b/c") as it
 * stands in URLs: with a slash in front and none behind, percent-encoded.
 * Returns 0, or -EINVAL with *mistake, a constant text. */
int http_base_path_make(const char *text, char base[static HTTP_BASE_PATH_SIZE],
                        const char **mistake);

/* Takes the base off the front of the path of a request ("" = there is none):
 * "/app/a" becomes "/a". The result is empty when the path lies elsewhere, as the
 * base without a slash behind it does. */
struct nk_slice http_base_path_strip(const char *base, struct nk_slice path);

/* Whether the target of a request is the base itself, without a slash behind it;
 * *query is then what follows, with its '?', or empty. */
bool http_base_path_is_named(const char *base, struct nk_slice target, struct nk_slice *query);

#endif
