#include "http/http_media_types.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "http/http_chars.h"
#include "http/http_tables.h"

#define CHARSET "; charset=utf-8"

/* Longer ones are no extensions that anybody uses. */
#define EXTENSION_SIZE_MAX 32

/* Takes the next word off the front of a line. */
static bool next_word(struct nk_slice *line, struct nk_slice *word)
{
    *line = nk_slice_trim(*line);
    size_t len = 0;
    while (len < line->len && line->data[len] != ' ' && line->data[len] != '\t')
        len++;
    *word = nk_slice_first(*line, len);
    *line = nk_slice_from(*line, len);
    return len > 0 && word->data[0] != '#';
}

static bool is_token(struct nk_slice text)
{
    const char *const end = text.data + text.len;
    return text.len > 0 && http_char_skip(text.data, end, HTTP_CHAR_TOKEN) == end;
}

/* type "/" subtype (RFC 9110 8.3.1): nothing else may come into a header. */
static bool is_type(struct nk_slice text)
{
    const size_t slash = nk_slice_find(text, '/');
    return slash != NK_SLICE_NOT_FOUND && is_token(nk_slice_first(text, slash)) &&
           is_token(nk_slice_from(text, slash + 1));
}

static struct nk_slice extension_of(struct nk_slice file_name)
{
    const size_t dot = nk_slice_find_last(file_name, '.');
    return dot == NK_SLICE_NOT_FOUND ? nk_slice_make(NULL, 0) : nk_slice_from(file_name, dot + 1);
}

/* Lower case of an extension, for comparing. Returns its length, 0 = it is none. */
static size_t lower(struct nk_slice extension, char text[static EXTENSION_SIZE_MAX])
{
    if (extension.len > EXTENSION_SIZE_MAX)
        return 0;
    for (size_t i = 0; i < extension.len; i++) {
        const char byte = extension.data[i];
        text[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
    }
    return extension.len;
}

/* ---- reading ---- */

struct reader {
    struct http_media_types *types;
    size_t room; /* in types->extensions */
    size_t used; /* of types->text, which is large enough for all lines */
};

static char *store(struct reader *reader, struct nk_slice bytes)
{
    char *place = reader->types->text + reader->used;
    memcpy(place, bytes.data, bytes.len);
    reader->used += bytes.len;
    return place;
}

static const char *store_type(struct reader *reader, struct nk_slice type)
{
    static const struct nk_slice text = NK_SLICE("text/");
    static const struct nk_slice charset = NK_SLICE(CHARSET);
    static const struct nk_slice end = {"", 1};
    const char *stored = store(reader, type);
    if (nk_slice_starts_with(type, text))
        store(reader, charset);
    store(reader, end);
    return stored;
}

static int add_extension(struct reader *reader, struct nk_slice extension, const char *type)
{
    struct http_media_types *types = reader->types;
    char text[EXTENSION_SIZE_MAX];
    const size_t len = lower(extension, text);
    if (len == 0 || !is_token(extension) || http_media_extension_type(extension))
        return 0;
    if (types->count == reader->room) {
        const size_t room = reader->room > 0 ? 2 * reader->room : 64;
        void *larger = realloc(types->extensions, room * sizeof(types->extensions[0]));
        if (!larger)
            return -ENOMEM;
        types->extensions = larger;
        reader->room = room;
    }
    types->extensions[types->count++] =
        (struct http_media_extension){nk_slice_make(store(reader, nk_slice_make(text, len)), len),
                                      type};
    return 0;
}

static int read_line(struct reader *reader, struct nk_slice line)
{
    struct nk_slice type, extension;
    const char *stored = NULL;
    int error = 0;
    if (!next_word(&line, &type) || !is_type(type))
        return 0;
    while (!error && next_word(&line, &extension)) {
        if (!stored)
            stored = store_type(reader, type);
        error = add_extension(reader, extension, stored);
    }
    return error;
}

static int compare_bytes(struct nk_slice a, struct nk_slice b)
{
    const int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Of equal extensions the one that was read first comes first. */
static int compare(const void *a, const void *b)
{
    const struct http_media_extension *left = a;
    const struct http_media_extension *right = b;
    const int order = compare_bytes(left->extension, right->extension);
    if (order != 0)
        return order;
    return (left->extension.data > right->extension.data) -
           (left->extension.data < right->extension.data);
}

/* The bytes that all lines can take up: their own, and what is put behind a type.
 * Most lines of the system's file name no extension, and are not kept. */
static size_t room_for(struct nk_slice lines)
{
    size_t room = 1;
    while (lines.len > 0) {
        const size_t end = nk_slice_find(lines, '\n');
        struct nk_slice line = nk_slice_first(lines, end);
        struct nk_slice word;
        const size_t len = line.len;
        if (next_word(&line, &word) && next_word(&line, &word))
            room += len + sizeof(CHARSET);
        lines = nk_slice_from(lines, end < lines.len ? end + 1 : lines.len);
    }
    return room;
}

static void forget(struct http_media_types *types)
{
    free(types->extensions);
    free(types->text);
    types->extensions = NULL;
    types->text = NULL;
    types->count = 0;
}

int http_media_types_parse(struct http_media_types *types, struct nk_slice lines)
{
    struct reader reader = {.types = types};
    types->text = malloc(room_for(lines));
    int error = types->text ? 0 : -ENOMEM;
    while (!error && lines.len > 0) {
        const size_t end = nk_slice_find(lines, '\n');
        error = read_line(&reader, nk_slice_first(lines, end));
        lines = nk_slice_from(lines, end < lines.len ? end + 1 : lines.len);
    }
    if (error)
        forget(types);
    else if (types->count > 0)
        qsort(types->extensions, types->count, sizeof(types->extensions[0]), compare);
    return error;
}

/* As much of the file as counts, and can be read. */
static size_t read_text(int file, char *text)
{
    size_t len = 0;
    ssize_t got = 0;
    do {
        got = read(file, text + len, HTTP_MEDIA_TYPES_MAX - len);
        if (got > 0)
            len += (size_t)got;
    } while (got > 0 || (got < 0 && errno == EINTR));
    return len;
}

/* The text is mapped, not allocated: only what the file fills becomes memory, and a
 * large piece that is freed at once would teach the allocator to keep the next ones. */
static int read_file(struct http_media_types *types)
{
    const int protection = PROT_READ | PROT_WRITE;
    char *text = mmap(NULL, HTTP_MEDIA_TYPES_MAX, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (text == MAP_FAILED)
        return -ENOMEM;
    const int file = open(types->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const size_t len = file < 0 ? 0 : read_text(file, text);
    if (file >= 0)
        close(file);
    const int error = http_media_types_parse(types, nk_slice_make(text, len));
    munmap(text, HTTP_MEDIA_TYPES_MAX);
    return error;
}

/* Out of memory, the next who asks tries again. Returns whether it has been read. */
static bool read_once(struct http_media_types *types)
{
    if (!types->path || atomic_load_explicit(&types->is_read, memory_order_acquire))
        return true;
    pthread_mutex_lock(&types->lock);
    bool is_read = atomic_load_explicit(&types->is_read, memory_order_relaxed);
    if (!is_read && read_file(types) == 0) {
        atomic_store_explicit(&types->is_read, true, memory_order_release);
        is_read = true;
    }
    pthread_mutex_unlock(&types->lock);
    return is_read;
}

void http_media_types_init(struct http_media_types *types, const char *path)
{
    *types = (struct http_media_types){.path = path};
    pthread_mutex_init(&types->lock, NULL);
}

void http_media_types_deinit(struct http_media_types *types)
{
    forget(types);
    pthread_mutex_destroy(&types->lock);
}

/* ---- finding ---- */

static const char *find_extension(const struct http_media_types *types, struct nk_slice extension)
{
    char text[EXTENSION_SIZE_MAX];
    const struct nk_slice wanted = nk_slice_make(text, lower(extension, text));
    size_t low = 0;
    size_t high = types->count;
    while (low < high) { /* the first that is not less */
        const size_t middle = low + (high - low) / 2;
        if (compare_bytes(types->extensions[middle].extension, wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const bool is_there =
        low < types->count && nk_slice_equal(types->extensions[low].extension, wanted);
    return is_there ? types->extensions[low].type : NULL;
}

const char *http_media_types_find(struct http_media_types *types, struct nk_slice file_name)
{
    const struct nk_slice extension = extension_of(file_name);
    const char *type = NULL;
    if (extension.len > 0 && !http_media_extension_type(extension) && read_once(types))
        type = find_extension(types, extension);
    return type ? type : http_media_type(file_name);
}
