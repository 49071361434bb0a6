#include "shell/shell_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/shell_names.h"
#include "shell/shell_path.h"
#include "shell/shell_text.h"

/* The fields of a long line, with room to spare. */
#define FIELDS_SIZE 128

struct shell_list {
    const struct shell_ls_options *options;
    bool is_payload;
    DIR *stream;          /* NULL for what is no directory */
    int single;           /* ... which is open here */
    struct nk_slice name; /* ... and was asked for by this name */
    uint64_t left;        /* names that may still be listed */
    int error;            /* of the next read, behind the lines before it */
    bool is_gathered;     /* the first names, or all of them, are in `names` */
    bool has_more;        /* the stream goes on behind them */
    struct shell_names names;
};

/* One name and what is known of it. */
struct entry {
    struct nk_slice name;
    int directory; /* where it lies; or with an empty `lookup` the thing itself */
    const char *lookup;
    unsigned char type; /* DT_* of readdir(3) */
};

/* ---- lines ---- */

/* Types as the mode, as the mark and as readdir names them. */
static const struct {
    mode_t mode;
    unsigned char type;
    char letter;
    char mark;
} types[] = {
    {S_IFREG, DT_REG, '-', 0},    {S_IFDIR, DT_DIR, 'd', '/'},   {S_IFLNK, DT_LNK, 'l', '@'},
    {S_IFIFO, DT_FIFO, 'p', '|'}, {S_IFSOCK, DT_SOCK, 's', '='}, {S_IFCHR, DT_CHR, 'c', '%'},
    {S_IFBLK, DT_BLK, 'b', '%'},
};

static bool get_status(const struct entry *entry, struct stat *status)
{
    return fstatat(entry->directory, entry->lookup, status,
                   AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT) == 0;
}

/* "drwxr-sr-t" */
static void print_mode(mode_t mode, char *out)
{
    static const struct {
        int place;
        mode_t bit;
        char set;
    } bits[] = {
        {1, S_IRUSR, 'r'}, {2, S_IWUSR, 'w'}, {3, S_IXUSR, 'x'},
        {4, S_IRGRP, 'r'}, {5, S_IWGRP, 'w'}, {6, S_IXGRP, 'x'},
        {7, S_IROTH, 'r'}, {8, S_IWOTH, 'w'}, {9, S_IXOTH, 'x'},
    };
    static const struct {
        int place;
        mode_t bit;
        char with_x;
        char without;
    } special[] = {{3, S_ISUID, 's', 'S'}, {6, S_ISGID, 's', 'S'}, {9, S_ISVTX, 't', 'T'}};
    memcpy(out, "?---------", 11);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(types); i++) {
        if (types[i].mode == (mode & S_IFMT))
            out[0] = types[i].letter;
    }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(bits); i++) {
        if (mode & bits[i].bit)
            out[bits[i].place] = bits[i].set;
    }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(special); i++) {
        if (mode & special[i].bit)
            out[special[i].place] =
                out[special[i].place] == 'x' ? special[i].with_x : special[i].without;
    }
}

/* The five fields and the space behind them; returns the length. */
static size_t print_fields(const struct stat *status, char out[static FIELDS_SIZE])
{
    char mode[11] = "??????????";
    char owner[16] = "?";
    char group[16] = "?";
    char size[24] = "?";
    char date[SHELL_DATE_SIZE] = "?";
    if (status) {
        print_mode(status->st_mode, mode);
        snprintf(owner, sizeof(owner), "%u", status->st_uid);
        snprintf(group, sizeof(group), "%u", status->st_gid);
        snprintf(size, sizeof(size), "%lld", (long long)status->st_size);
        shell_text_date(status->st_mtime, date);
    }
    int len = snprintf(out, FIELDS_SIZE, "%s %5s %5s %11s %s%s ", mode, owner, group, size, date,
                       date[0] != '?' ? "Z" : "");
    return (size_t)len;
}

/* " -> " and what the link says. */
static size_t print_target(const struct entry *entry, char *out)
{
    static const char arrow[] = " -> ";
    char target[PATH_MAX];
    ssize_t len = readlinkat(entry->directory, entry->lookup, target, sizeof(target));
    if (len < 0)
        return 0;
    memcpy(out, arrow, sizeof(arrow) - 1);
    struct nk_slice text = nk_slice_make(target, (size_t)len);
    return sizeof(arrow) - 1 + shell_text_escape(text, SHELL_ESCAPE_NAME, out + sizeof(arrow) - 1);
}

static char mark_of(unsigned char type)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(types); i++) {
        if (types[i].type == type)
            return types[i].mark;
    }
    return 0;
}

/* A path that was asked for is never a link, because links are followed. */
_Static_assert(SHELL_LIST_LINE_MAX > FIELDS_SIZE + 8 + SHELL_ESCAPED_MAX * SHELL_PATH_SIZE,
               "the longest path fits");
_Static_assert(SHELL_LIST_LINE_MAX >
                   FIELDS_SIZE + 8 + SHELL_ESCAPED_MAX * (SHELL_NAME_MAX + PATH_MAX),
               "the longest link fits");

/* One line at `out`, which has room for the longest; returns its length. */
static size_t print_line(const struct shell_list *list, struct entry *entry, char *out)
{
    const struct shell_ls_options *options = list->options;
    bool is_unknown = options->marks && entry->type == DT_UNKNOWN;
    unsigned how =
        (options->marks ? SHELL_ESCAPE_MARK : 0u) | (options->is_long ? SHELL_ESCAPE_ARROW : 0u);
    struct stat status;
    bool has_status = (options->is_long || is_unknown) && get_status(entry, &status);
    size_t len = 0;
    if (has_status)
        entry->type = (unsigned char)IFTODT(status.st_mode);
    if (list->is_payload)
        out[len++] = ' ';
    if (options->is_long)
        len += print_fields(has_status ? &status : NULL, out + len);
    len += shell_text_escape(entry->name, how, out + len);
    if (options->marks && mark_of(entry->type))
        out[len++] = mark_of(entry->type);
    if (options->is_long && entry->type == DT_LNK)
        len += print_target(entry, out + len);
    out[len++] = '\n';
    return len;
}

/* ---- names ---- */

static bool is_wanted(const struct shell_list *list, const char *name)
{
    struct nk_slice slice = nk_slice_of_string(name);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || slice.len > SHELL_NAME_MAX)
        return false;
    return (list->options->all || name[0] != '.') &&
           nk_slice_starts_with(slice, list->options->prefix);
}

/* The next name of the stream that is asked for. Returns 1, 0 at the end, or
 * -errno. */
static int next_in_stream(struct shell_list *list, const char **name, unsigned char *type)
{
    const struct dirent *found;
    do {
        errno = 0;
        found = readdir(list->stream);
        if (!found)
            return -errno;
    } while (!is_wanted(list, found->d_name));
    *name = found->d_name;
    *type = found->d_type;
    return 1;
}

/* Reads names until all are there, which are sorted then, or there are too many
 * for that. Returns 0 or -errno. */
static int gather(struct shell_list *list)
{
    const char *name;
    unsigned char type;
    int result = 1;
    while (shell_names_reserve(&list->names) && (result = next_in_stream(list, &name, &type)) > 0)
        shell_names_add(&list->names, name, type);
    list->is_gathered = true;
    list->has_more = result > 0;
    if (result == 0)
        shell_names_sort(&list->names);
    return result < 0 ? result : 0;
}

/* The next name to list. Returns 1, 0 at the end, or -errno. */
static int next_name(struct shell_list *list, const char **name, unsigned char *type)
{
    int error = list->is_gathered ? 0 : gather(list);
    if (error)
        return error;
    if (shell_names_next(&list->names, name, type))
        return 1;
    return list->has_more ? next_in_stream(list, name, type) : 0;
}

/* ---- the listing ---- */

/* Takes the descriptor when it succeeds. */
static int take_descriptor(struct shell_list *list, int found)
{
    struct stat status;
    if (fstat(found, &status) < 0)
        return -errno;
    if (!S_ISDIR(status.st_mode)) {
        list->single = found;
        return 0;
    }
    list->stream = fdopendir(found);
    return list->stream ? 0 : -errno;
}

int shell_list_open(struct shell_list **out, int found, struct nk_slice name,
                    const struct shell_ls_options *options, bool is_payload,
                    struct shell_list_budget *budget)
{
    struct shell_list *list = calloc(1, sizeof(*list));
    int error = list ? take_descriptor(list, found) : -ENOMEM;
    if (error) {
        close(found);
        free(list);
        return error;
    }
    list->options = options;
    list->is_payload = is_payload;
    list->name = name;
    list->left = options->most;
    /* One more than are sorted tells that there are more. */
    shell_names_init(&list->names, &budget->left, SHELL_LIST_SORTED_MAX + 1);
    *out = list;
    return 0;
}

void shell_list_free(struct shell_list *list)
{
    if (!list)
        return;
    shell_names_deinit(&list->names);
    if (list->stream)
        closedir(list->stream);
    else
        close(list->single);
    free(list);
}

static ssize_t read_single(struct shell_list *list, char *out)
{
    struct entry entry = {list->name, list->single, "", DT_UNKNOWN};
    if (list->left == 0)
        return 0;
    list->left = 0;
    return (ssize_t)print_line(list, &entry, out);
}

ssize_t shell_list_read(struct shell_list *list, char *out, size_t size)
{
    size_t len = 0;
    if (!list->stream)
        return read_single(list, out);
    while (!list->error && list->left > 0 && size - len >= SHELL_LIST_LINE_MAX) {
        const char *name;
        unsigned char type;
        int result = next_name(list, &name, &type);
        list->error = result < 0 ? result : 0;
        if (result <= 0)
            break;
        struct entry entry = {nk_slice_of_string(name), dirfd(list->stream), name, type};
        len += print_line(list, &entry, out + len);
        list->left--;
    }
    return len > 0 ? (ssize_t)len : list->error;
}
