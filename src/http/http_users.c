#include "http/http_users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_text.h"
#include "http/http_authorization.h"
#include "http/http_password.h"
#include "http/http_read_file.h"

/* ---- lines ---- */

/* What is wrong with the name, or NULL. */
static const char *name_mistake(const char *name)
{
    if (*name == '\0')
        return "there is no name in front of the colon";
    if (strlen(name) >= HTTP_USER_NAME_SIZE)
        return "the name is longer than 255 bytes";
    for (; *name != '\0'; name++) {
        if ((unsigned char)*name < 0x20 || *name == 0x7f)
            return "the name holds a control character";
    }
    return NULL;
}

/* Splits the line at its colon. Returns what is wrong with it, or NULL. */
static const char *take_line(struct http_user *user, char *line)
{
    char *colon = strchr(line, ':');
    if (!colon)
        return "it is not written as 'name:hash'";
    *colon = '\0';
    user->name = line;
    user->hash = colon + 1;
    const char *mistake = name_mistake(line);
    if (!mistake && !http_password_hash_is_good(user->hash))
        mistake = "the hash is not one of bcrypt, yescrypt or sha512crypt";
    return mistake;
}

/* Ends the line at `text` with a NUL. Returns the start of the next one. */
static char *end_line(char *text, char *end)
{
    char *stop = memchr(text, '\n', (size_t)(end - text));
    char *next = stop ? stop + 1 : end;
    if (!stop)
        stop = end;
    if (stop > text && stop[-1] == '\r')
        stop--;
    *stop = '\0';
    return next;
}

static size_t count_lines(const char *text, size_t len)
{
    size_t count = 1;
    for (size_t i = 0; i < len; i++)
        count += text[i] == '\n';
    return count;
}

static const char *take_lines(struct http_users *users, size_t len, size_t *line)
{
    char *end = users->text + len;
    for (char *text = users->text; text < end; (*line)++) {
        char *next = end_line(text, end);
        if (*text != '\0' && *text != '#') {
            if (users->count == HTTP_USERS_MAX)
                return "there are more than 10000 users";
            const char *mistake = take_line(&users->items[users->count], text);
            if (mistake)
                return mistake;
            users->count++;
        }
        text = next;
    }
    *line = 0;
    return users->count == 0 ? "there is no user in it" : NULL;
}

/* ---- order ---- */

static int compare_users(const void *left, const void *right)
{
    const struct http_user *a = left;
    const struct http_user *b = right;
    return strcmp(a->name, b->name);
}

static const char *sort(struct http_users *users)
{
    qsort(users->items, users->count, sizeof(users->items[0]), compare_users);
    for (size_t i = 1; i < users->count; i++) {
        if (strcmp(users->items[i - 1].name, users->items[i].name) == 0)
            return "a name stands there twice";
    }
    return NULL;
}

const struct http_user *http_users_find(const struct http_users *users, const char *name)
{
    const struct http_user wanted = {name, NULL};
    return bsearch(&wanted, users->items, users->count, sizeof(users->items[0]), compare_users);
}

/* ---- the whole ---- */

int http_users_parse(struct http_users *users, char *text, size_t len,
                     struct http_users_problem *problem)
{
    size_t lines = count_lines(text, len);
    *problem = (struct http_users_problem){.line = 1};
    *users = (struct http_users){.text = text};
    users->items = calloc(lines < HTTP_USERS_MAX ? lines : HTTP_USERS_MAX, sizeof(*users->items));
    if (!users->items) {
        http_users_free(users);
        return -ENOMEM;
    }
    if (memchr(text, '\0', len)) {
        *problem = (struct http_users_problem){0, "there is a NUL byte in it"};
    } else {
        text[len] = '\0';
        problem->rule = take_lines(users, len, &problem->line);
        if (!problem->rule)
            problem->rule = sort(users);
    }
    if (!problem->rule)
        return 0;
    http_users_free(users);
    return -EINVAL;
}

int http_users_read(struct http_users *users, const char *path, struct stat *status,
                    struct http_users_problem *problem)
{
    char *text = NULL;
    size_t len = 0;
    *problem = (struct http_users_problem){0};
    *users = (struct http_users){0};
    int error = http_read_file(path, HTTP_USERS_SIZE_MAX, &text, &len, status);
    return error ? error : http_users_parse(users, text, len, problem);
}

const char *http_users_describe(const char *path, int error,
                                const struct http_users_problem *problem,
                                char text[static HTTP_USERS_TEXT_MAX])
{
    char room[NK_ERROR_TEXT_MAX];
    char line[32] = "";
    if (problem->rule && problem->line > 0)
        snprintf(line, sizeof(line), ", line %zu", problem->line);
    snprintf(text, HTTP_USERS_TEXT_MAX, "'%.300s'%s: %s", path, line,
             problem->rule ? problem->rule : nk_error_text(error, room));
    return text;
}

void http_users_free(struct http_users *users)
{
    free(users->items);
    free(users->text);
    *users = (struct http_users){0};
}
