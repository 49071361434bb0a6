#include "http/http_auth.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/log.h"
#include "http/http_password.h"
#include "http/http_session.h"
#include "http/http_site.h"
#include "http/http_verified.h"

/* Passwords that wait to be checked, or are: a flood of wrong ones leaves the
 * worker threads room for other work. */
#define CHECKS_MAX 16

struct http_auth {
    const char *path;
    atomic_uint checks; /* now under way */
    pthread_mutex_t lock;
    /* under the lock */
    struct http_users users;
    uint64_t generation; /* of the users */
    struct http_verified verified;
};

/* ---- the file ---- */

static void warn_about(const char *path, const char *root, const struct stat *status)
{
    char *file = realpath(path, NULL);
    char *top = realpath(root, NULL);
    if ((status->st_mode & S_IROTH) != 0)
        nk_log(NK_LOG_WARNING, "'%s' may be read by every user of this machine", path);
    if (file && top) {
        size_t len = strlen(top);
        if (strncmp(file, top, len) == 0 && (file[len] == '/' || top[len - 1] == '/'))
            nk_log(NK_LOG_WARNING, "'%s' lies inside of the directory that is served", path);
    }
    free(file);
    free(top);
}

int http_auth_new(struct http_auth **out, const char *path, const char *root,
                  struct http_users_problem *problem)
{
    struct stat status;
    struct http_auth *auth = calloc(1, sizeof(*auth));
    *problem = (struct http_users_problem){0};
    if (!auth)
        return -ENOMEM;
    auth->path = path;
    int error = http_users_read(&auth->users, path, &status, problem);
    if (!error)
        error = http_verified_init(&auth->verified);
    if (error) {
        http_users_free(&auth->users);
        free(auth);
        return error;
    }
    pthread_mutex_init(&auth->lock, NULL);
    warn_about(path, root, &status);
    *out = auth;
    return 0;
}

void http_auth_free(struct http_auth *auth)
{
    if (!auth)
        return;
    pthread_mutex_destroy(&auth->lock);
    http_users_free(&auth->users);
    explicit_bzero(&auth->verified, sizeof(auth->verified));
    free(auth);
}

void http_auth_reload(struct http_auth *auth)
{
    struct http_users users;
    struct http_users_problem problem;
    char text[HTTP_USERS_TEXT_MAX];
    if (!auth)
        return;
    int error = http_users_read(&users, auth->path, NULL, &problem);
    if (error) {
        nk_log(NK_LOG_ERROR, "the users stay as they were: %s",
               http_users_describe(auth->path, error, &problem, text));
        return;
    }
    pthread_mutex_lock(&auth->lock);
    struct http_users old = auth->users;
    auth->users = users;
    auth->generation++;
    http_verified_clear(&auth->verified);
    pthread_mutex_unlock(&auth->lock);
    http_users_free(&old);
    nk_log(NK_LOG_INFO, "users read again");
}

/* ---- answers ---- */

static void respond_unauthorized(struct http_exchange *exchange)
{
    http_respond_status(exchange, 401, NULL,
                        "WWW-Authenticate: Basic realm=\"netkit\", charset=\"UTF-8\"\r\n");
}

static void respond_busy(struct http_exchange *exchange)
{
    http_respond_status(exchange, 503, "too many passwords are being checked",
                        "Retry-After: 1\r\n");
}

/* The access log names who it was. */
static void tell_log(struct http_exchange *exchange, const struct http_credentials *credentials)
{
    http_watch_user(http_session_of(exchange->connection)->visitor, credentials->name);
}

/* ---- checking a password ---- */

struct check {
    struct http_errand errand;
    struct http_auth *auth;
    uint64_t generation;
    bool is_known; /* there is such a user */
    bool is_right;
    char hash[HTTP_PASSWORD_HASH_SIZE];
    struct http_credentials credentials;
};

static void run_check(struct http_errand *errand)
{
    struct check *check = nk_container_of(errand, struct check, errand);
    bool matches = http_password_matches(check->credentials.password, check->hash);
    check->is_right = matches && check->is_known;
}

/* Whether the users are still those that the password was checked against. */
static bool remember(struct check *check)
{
    struct http_auth *auth = check->auth;
    pthread_mutex_lock(&auth->lock);
    bool is_current = check->generation == auth->generation;
    if (is_current && check->is_right)
        http_verified_add(&auth->verified, &check->credentials);
    pthread_mutex_unlock(&auth->lock);
    return is_current;
}

static void free_check(struct check *check)
{
    atomic_fetch_sub_explicit(&check->auth->checks, 1, memory_order_relaxed);
    explicit_bzero(check, sizeof(*check));
    free(check);
}

static void end_check(struct http_errand *errand, struct http_exchange *exchange)
{
    struct check *check = nk_container_of(errand, struct check, errand);
    bool is_current = remember(check);
    bool is_right = check->is_right;
    if (exchange && is_current && is_right)
        tell_log(exchange, &check->credentials);
    free_check(check);
    if (!exchange)
        return;
    if (!is_current)
        http_site_handle(exchange);
    else if (is_right)
        http_site_enter(exchange);
    else
        respond_unauthorized(exchange);
}

/* Copies what the check needs, so that the users may change meanwhile. Somebody
 * unknown is checked against the hash of somebody else: always the same one, as
 * the time it takes must not tell either. */
static void prepare(const struct http_auth *auth, struct check *check)
{
    const char *name = check->credentials.name;
    const struct http_user *user = http_users_find(&auth->users, name);
    check->is_known = user != NULL;
    if (!user) {
        struct keyed_hash hash = keyed_hash(auth->verified.key, nk_slice_of_string(name));
        user = &auth->users.items[hash.words[0] % auth->users.count];
    }
    snprintf(check->hash, sizeof(check->hash), "%s", user->hash);
    check->generation = auth->generation;
}

/* Whether the credentials were right before; otherwise the check is prepared. */
static bool is_verified(struct http_auth *auth, struct check *check)
{
    pthread_mutex_lock(&auth->lock);
    bool has = http_verified_has(&auth->verified, &check->credentials);
    if (!has)
        prepare(auth, check);
    pthread_mutex_unlock(&auth->lock);
    return has;
}

static void start_check(struct http_auth *auth, struct http_exchange *exchange,
                        const struct check *prepared)
{
    struct check *check = malloc(sizeof(*check));
    if (!check) {
        respond_busy(exchange);
        return;
    }
    *check = *prepared;
    check->auth = auth;
    check->errand.run = run_check;
    check->errand.answer = end_check;
    unsigned before = atomic_fetch_add_explicit(&auth->checks, 1, memory_order_relaxed);
    if (before < CHECKS_MAX && http_errand_start(&check->errand, exchange) == 0)
        return;
    free_check(check);
    respond_busy(exchange);
}

bool http_auth_admit(struct http_auth *auth, struct http_exchange *exchange)
{
    const struct nk_slice *value = http_request_header(exchange->request, "Authorization");
    struct check check = {0};
    if (!value || http_authorization_read(*value, &check.credentials) < 0) {
        respond_unauthorized(exchange);
        return false;
    }
    bool may_go_on = is_verified(auth, &check);
    if (may_go_on)
        tell_log(exchange, &check.credentials);
    else
        start_check(auth, exchange, &check);
    explicit_bzero(&check, sizeof(check));
    return may_go_on;
}
