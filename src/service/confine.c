#include "service/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error_text.h"
#include "base/log.h"

/* The headers of a build machine may be older than the kernel it runs on: what
 * came after the first version is stated here, numbers and structure. */
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

struct ruleset_attributes {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

/* The rights that the first version knew; all of them are taken. */
#define FILES_FROM_THE_START (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1)

/* What later versions can take, too. */
static const struct {
    int version;
    struct ruleset_attributes taken;
    const char *what;
} additions[] = {
    {2, {.files = UINT64_C(1) << 13}, "moving files between directories"},
    {3, {.files = FS_TRUNCATE}, "truncating files"},
    {4, {.network = NET_BIND_TCP | NET_CONNECT_TCP}, "TCP connections of its own"},
    {5, {.files = FS_IOCTL_DEV}, "control of devices"},
    {6, {.scopes = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL}, "signals and abstract unix sockets"},
};

/* What a rule gives back, and whether to the directory that holds its path. */
static const struct {
    uint64_t rights;
    bool to_parent;
} kinds[] = {
    [CONFINE_LIST] = {LANDLOCK_ACCESS_FS_READ_DIR, false},
    [CONFINE_READ] = {LANDLOCK_ACCESS_FS_READ_FILE, false},
    [CONFINE_READ_AGAIN] = {LANDLOCK_ACCESS_FS_READ_FILE, true},
    [CONFINE_APPEND] = {LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG, true},
    [CONFINE_REMOVE] = {LANDLOCK_ACCESS_FS_REMOVE_FILE, true},
};

/* What every server keeps. */
static const struct confine_rule always[] = {
    /* An acceptor that has run out of descriptors opens its reserve again. */
    {CONFINE_READ, "/dev/null"},
/* In a test build: src/CMakeLists.txt. */
#ifdef NETKIT_INSTRUMENTS_READ
    {CONFINE_LIST, NETKIT_INSTRUMENTS_READ},
    {CONFINE_READ, NETKIT_INSTRUMENTS_READ},
#endif
#ifdef NETKIT_INSTRUMENTS_WRITE
    {CONFINE_READ, NETKIT_INSTRUMENTS_WRITE},
    {CONFINE_APPEND, NETKIT_INSTRUMENTS_WRITE},
#endif
};

static int create_ruleset(const struct ruleset_attributes *attributes, size_t size, unsigned flags)
{
    long result = syscall(SYS_landlock_create_ruleset, attributes, size, flags);
    return result < 0 ? -errno : (int)result;
}

/* The version of the kernel's Landlock; 0 when it has none, has it switched off,
 * or a sandbox hides it. */
static int find_version(void)
{
    int version = create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : version;
}

/* Everything that this version can take away, and the size of the structure it
 * knows. */
static struct ruleset_attributes choose_attributes(int version, size_t *size)
{
    struct ruleset_attributes all = {.files = FILES_FROM_THE_START};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(additions); i++) {
        if (version < additions[i].version) {
            nk_log(NK_LOG_INFO, "not confined in %s: Landlock has version %d here",
                   additions[i].what, version);
            continue;
        }
        all.files |= additions[i].taken.files;
        all.network |= additions[i].taken.network;
        all.scopes |= additions[i].taken.scopes;
    }
    *size = version >= 6 ? sizeof(all) : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
    return all;
}

/* The directory that holds `path`. */
static int open_parent(const char *path)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= sizeof(parent))
        return -ENAMETOOLONG;
    memcpy(parent, path, len);
    parent[len] = '\0';
    const char *name = len > 0 ? parent : slash ? "/" : ".";
    int fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int open_path(const char *path)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int add_rule(int ruleset, const struct confine_rule *rule)
{
    int fd = kinds[rule->kind].to_parent ? open_parent(rule->path) : open_path(rule->path);
    if (fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES)
        return 0;
    if (fd < 0)
        return fd;
    struct landlock_path_beneath_attr attributes = {
        .allowed_access = kinds[rule->kind].rights,
        .parent_fd = fd,
    };
    long result =
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &attributes, 0);
    int error = result < 0 ? -errno : 0;
    close(fd);
    return error;
}

static int add_rules(int ruleset, const struct confine_rule *rules, size_t count)
{
    int error = 0;
    for (size_t i = 0; i < count && !error; i++)
        error = add_rule(ruleset, &rules[i]);
    return error;
}

int confine_process(const struct confine_rule *rules, size_t count)
{
    int version = find_version();
    if (version == 0) {
        nk_log(NK_LOG_INFO, "not confined: the kernel offers no Landlock");
        return 0;
    }
    size_t size;
    struct ruleset_attributes attributes = choose_attributes(version, &size);
    int ruleset = create_ruleset(&attributes, size, 0);
    if (ruleset < 0)
        return ruleset;
    int error = add_rules(ruleset, rules, count);
    if (!error)
        error = add_rules(ruleset, always, NK_ARRAY_LENGTH(always));
    /* Without this promise only a privileged process may confine itself. */
    if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        error = -errno;
    if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
        error = -errno;
    close(ruleset);
    if (!error)
        nk_log(NK_LOG_INFO, "confined by Landlock, version %d", version);
    return error;
}
