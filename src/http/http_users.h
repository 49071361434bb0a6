/* A file of users and the hashes of their passwords, "name:hash", one a line, as
 * htpasswd(1) and mkpasswd(1) help to write. Empty lines and lines that begin with
 * '#' do not count.
 */
#ifndef HTTP_HTTP_USERS_H
#define HTTP_HTTP_USERS_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/slice.h"

/* Bytes of the file, and users in it. */
#define HTTP_USERS_SIZE_MAX ((size_t)1048576)
#define HTTP_USERS_MAX 10000

struct http_user {
    const char *name;
    const char *hash;
};

struct http_users {
    struct http_user *items; /* in the order of their names */
    size_t count;            /* at least 1 */
    char *text;
};

/* Why a file is refused. */
struct http_users_problem {
    size_t line;      /* counted from 1; 0 = none in particular */
    const char *rule; /* a constant; NULL = reading failed, and errno says why */
};

/* Takes `text`, allocated with `len` bytes and room for one more, also on
 * failure. Returns 0, -EINVAL with *problem, or -ENOMEM. */
int http_users_parse(struct http_users *users, char *text, size_t len,
                     struct http_users_problem *problem);

/* Reads the file. As above, or another -errno, and then problem->rule is NULL. */
int http_users_read(struct http_users *users, const char *path, struct stat *status,
                    struct http_users_problem *problem);

/* What went wrong, as in "'FILE', line 3: ...". Returns `text`. */
#define HTTP_USERS_TEXT_MAX 512
const char *http_users_describe(const char *path, int error,
                                const struct http_users_problem *problem,
                                char text[static HTTP_USERS_TEXT_MAX]);

void http_users_free(struct http_users *users);

/* The user of that name, or NULL. */
const struct http_user *http_users_find(const struct http_users *users, const char *name);

#endif
