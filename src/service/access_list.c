#include "service/access_list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error_text.h"
#include "base/log.h"
#include "service/access_set.h"

/* Twice what as many networks as a set may have take in their longest form. */
#define FILE_MAX_BYTES ((size_t)96 << 20)

/* Read at a time. */
#define READ_SIZE ((size_t)64 * 1024)

/* How much of a wrong item is shown. */
#define ITEM_SHOWN 80

/* Refusals are logged at most this often, unless everything is (-v). */
#define LOG_INTERVAL (10 * NK_NANOSECONDS_PER_SECOND)

/* What was read at one time; never changed afterwards. */
struct access_table {
    struct access_set allow;
    struct access_set deny;
};

struct access_list {
    struct access_rules rules;
    pthread_rwlock_t lock; /* for `table`; held for the time of a look-up */
    struct access_table *table;
    atomic_uint_fast64_t denied;
    atomic_uint_fast64_t next_log; /* monotonic ns */
};

/* ---- reading ---- */

static int read_all(int fd, struct nk_buffer *text)
{
    for (;;) {
        char *tail;
        int error = nk_buffer_reserve(text, READ_SIZE, &tail, NULL);
        if (error)
            return error == -ENOBUFS ? -EFBIG : error;
        ssize_t len = read(fd, tail, READ_SIZE);
        if (len < 0 && errno != EINTR)
            return -errno;
        if (len == 0)
            return 0;
        if (len > 0)
            nk_buffer_commit(text, (size_t)len);
    }
}

/* Only regular files: a pipe could be read once, and would stop the server while
 * nobody writes to it. */
static int read_file(const char *path, struct nk_buffer *text)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int error = fstat(fd, &status) < 0 ? -errno : 0;
    if (!error && S_ISDIR(status.st_mode))
        error = -EISDIR;
    else if (!error && !S_ISREG(status.st_mode))
        error = -ESPIPE;
    if (!error)
        error = read_all(fd, text);
    close(fd);
    return error;
}

static void describe_mistake(const char *path, const struct access_mistake *mistake,
                             struct access_problem *problem)
{
    size_t used = 0;
    int shown = mistake->item.len < ITEM_SHOWN ? (int)mistake->item.len : ITEM_SHOWN;
    if (path)
        used = (size_t)snprintf(problem->text, sizeof(problem->text), "'%.200s', line %zu: ", path,
                                mistake->line);
    snprintf(problem->text + used, sizeof(problem->text) - used, "'%.*s' %s", shown,
             mistake->item.data, mistake->problem);
}

static int add_file(struct access_set *set, struct nk_slice name, struct access_problem *problem)
{
    char path[PATH_MAX] = "";
    char room[NK_ERROR_TEXT_MAX];
    struct nk_buffer text;
    struct access_mistake mistake = {.problem = NULL};
    nk_buffer_init(&text, FILE_MAX_BYTES);
    int error = name.len < sizeof(path) ? 0 : -ENAMETOOLONG;
    if (!error) {
        memcpy(path, name.data, name.len);
        path[name.len] = '\0';
        error = read_file(path, &text);
    }
    if (error) {
        snprintf(problem->text, sizeof(problem->text), "cannot read '%.*s': %s",
                 name.len < 300 ? (int)name.len : 300, name.data, nk_error_text(error, room));
    } else {
        error = access_set_add_lines(set, nk_buffer_slice(&text), &mistake);
        if (mistake.problem)
            describe_mistake(path, &mistake, problem);
    }
    nk_buffer_deinit(&text);
    return error;
}

static bool is_file(struct nk_slice item)
{
    return item.len > 1 && item.data[0] == '@';
}

/* Fills the set with what the text of a list says. */
static int fill(struct access_set *set, const char *name, const char *text,
                struct access_problem *problem)
{
    struct nk_slice rest = text ? nk_slice_of_string(text) : nk_slice_make(NULL, 0);
    struct nk_slice item;
    int error = 0;
    problem->list = name;
    while (!error && access_next_item(&rest, ',', &item)) {
        struct access_mistake mistake = {.problem = NULL};
        if (is_file(item))
            error = add_file(set, nk_slice_from(item, 1), problem);
        else
            error = access_set_add(set, item, &mistake);
        if (mistake.problem)
            describe_mistake(NULL, &mistake, problem);
    }
    access_set_seal(set);
    return error;
}

int access_list_each_file(const struct access_list *list,
                          int (*each)(void *context, struct nk_slice path), void *context)
{
    const char *const texts[] = {list->rules.allow, list->rules.deny};
    int error = 0;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(texts); i++) {
        struct nk_slice rest = nk_slice_of_string(texts[i] ? texts[i] : "");
        struct nk_slice item;
        while (!error && access_next_item(&rest, ',', &item)) {
            if (is_file(item))
                error = each(context, nk_slice_from(item, 1));
        }
    }
    return error;
}

/* ---- the table ---- */

static void table_free(struct access_table *table)
{
    if (!table)
        return;
    access_set_deinit(&table->allow);
    access_set_deinit(&table->deny);
    free(table);
}

static int table_new(struct access_table **out, const struct access_rules *rules,
                     struct access_problem *problem)
{
    struct access_table *table = calloc(1, sizeof(*table));
    problem->list = "allow";
    snprintf(problem->text, sizeof(problem->text), "out of memory");
    if (!table)
        return -ENOMEM;
    access_set_init(&table->allow);
    access_set_init(&table->deny);
    int error = fill(&table->allow, "allow", rules->allow, problem);
    if (!error)
        error = fill(&table->deny, "deny", rules->deny, problem);
    if (error) {
        table_free(table);
        return error;
    }
    *out = table;
    return 0;
}

/* A writer that waits goes first: the look-ups of many busy loops overlap, and by
 * default it would wait until they happen not to. */
static int make_lock(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attributes;
    int error = pthread_rwlockattr_init(&attributes);
    if (error)
        return -error;
    (void)pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    error = pthread_rwlock_init(lock, &attributes);
    (void)pthread_rwlockattr_destroy(&attributes);
    return -error;
}

int access_list_new(struct access_list **out, const struct access_rules *rules,
                    struct access_problem *problem)
{
    struct access_list *list = calloc(1, sizeof(*list));
    if (!list)
        return -ENOMEM;
    list->rules = *rules;
    int error = table_new(&list->table, rules, problem);
    if (!error)
        error = make_lock(&list->lock);
    if (error) {
        table_free(list->table);
        free(list);
        return error;
    }
    *out = list;
    return 0;
}

void access_list_free(struct access_list *list)
{
    if (!list)
        return;
    pthread_rwlock_destroy(&list->lock);
    table_free(list->table);
    free(list);
}

/* ---- asking ---- */

static void log_refusal(struct access_list *list, const struct nk_sockaddr *peer, uint64_t denied)
{
    char text[NK_SOCKADDR_TEXT_MAX];
    if (nk_log_enabled(NK_LOG_INFO)) {
        nk_log(NK_LOG_INFO, "denied access to %s", nk_sockaddr_print(peer, text));
        return;
    }
    uint64_t now = nk_clock_monotonic(nk_clock_system());
    uint_fast64_t next = atomic_load(&list->next_log);
    if (!nk_log_enabled(NK_LOG_WARNING) || now < next ||
        !atomic_compare_exchange_strong(&list->next_log, &next, now + LOG_INTERVAL))
        return;
    nk_log(NK_LOG_WARNING, "denied access to %s (%" PRIu64 " denied so far)",
           nk_sockaddr_print(peer, text), denied);
}

bool access_list_admit(void *list, const struct nk_sockaddr *peer)
{
    struct access_list *mine = list;
    if (peer->any.sa_family != AF_INET && peer->any.sa_family != AF_INET6)
        return true;
    pthread_rwlock_rdlock(&mine->lock);
    const struct access_table *table = mine->table;
    bool is_admitted = (!mine->rules.allow || access_set_contains(&table->allow, peer)) &&
                       !access_set_contains(&table->deny, peer);
    pthread_rwlock_unlock(&mine->lock);
    if (!is_admitted)
        log_refusal(mine, peer, atomic_fetch_add(&mine->denied, 1) + 1);
    return is_admitted;
}

uint64_t access_list_denied_count(const struct access_list *list)
{
    return atomic_load(&list->denied);
}

/* ---- reading again ---- */

static int find_file(void *context, struct nk_slice path)
{
    (void)context;
    (void)path;
    return 1;
}

static bool has_file(const struct access_list *list)
{
    return access_list_each_file(list, find_file, NULL) != 0;
}

int access_list_reload(struct access_list *list)
{
    struct access_problem problem;
    struct access_table *table;
    if (!list || !has_file(list))
        return 0;
    int error = table_new(&table, &list->rules, &problem);
    if (error) {
        nk_log(NK_LOG_ERROR, "access lists stay as they were: %s", problem.text);
        return error;
    }
    pthread_rwlock_wrlock(&list->lock);
    struct access_table *before = list->table;
    list->table = table;
    pthread_rwlock_unlock(&list->lock);
    table_free(before);
    nk_log(NK_LOG_INFO, "access lists read again");
    return 0;
}
