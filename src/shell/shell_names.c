#include "shell/shell_names.h"

/* What each place grows by at first, then it doubles. */
#define FIRST_BYTES ((size_t)4096)
#define FIRST_PLACES ((size_t)256)

/* A name with its type and its NUL. */
#define RECORD_MAX (SHELL_NAME_MAX + 2)

void shell_names_init(struct shell_names *names, atomic_size_t *budget, size_t most)
{
    *names = (struct shell_names){.budget = budget, .most = most};
}

void shell_names_deinit(struct shell_names *names)
{
    free(names->bytes);
    free(names->places);
    atomic_fetch_add(names->budget, names->taken);
    shell_names_init(names, names->budget, names->most);
}

static bool take_from_budget(struct shell_names *names, size_t size)
{
    size_t left = atomic_load(names->budget);
    do {
        if (left < size)
            return false;
    } while (!atomic_compare_exchange_weak(names->budget, &left, left - size));
    names->taken += size;
    return true;
}

/* Enlarges *memory from `old` bytes to `size`. */
static bool grow(struct shell_names *names, void **memory, size_t old, size_t size)
{
    if (!take_from_budget(names, size - old))
        return false;
    void *grown = realloc(*memory, size);
    if (grown)
        *memory = grown;
    return grown != NULL;
}

static bool reserve_bytes(struct shell_names *names)
{
    if (names->bytes_size - names->bytes_len >= RECORD_MAX)
        return true;
    size_t size = names->bytes_size > 0 ? names->bytes_size * 2 : FIRST_BYTES;
    void *memory = names->bytes;
    if (!grow(names, &memory, names->bytes_size, size))
        return false;
    names->bytes = memory;
    names->bytes_size = size;
    return true;
}

static bool reserve_place(struct shell_names *names)
{
    if (names->count < names->places_size)
        return true;
    size_t size = names->places_size > 0 ? names->places_size * 2 : FIRST_PLACES;
    void *memory = names->places;
    if (!grow(names, &memory, names->places_size * sizeof(uint32_t), size * sizeof(uint32_t)))
        return false;
    names->places = memory;
    names->places_size = size;
    return true;
}

bool shell_names_reserve(struct shell_names *names)
{
    return names->count < names->most && reserve_bytes(names) && reserve_place(names);
}

void shell_names_add(struct shell_names *names, const char *name, unsigned char type)
{
    size_t len = strlen(name) + 1;
    names->places[names->count++] = (uint32_t)names->bytes_len;
    names->bytes[names->bytes_len] = (char)type;
    memcpy(names->bytes + names->bytes_len + 1, name, len);
    names->bytes_len += 1 + len;
}

static int compare(const void *left, const void *right, void *bytes)
{
    const uint32_t *a = left;
    const uint32_t *b = right;
    const char *base = bytes;
    return strcmp(base + *a + 1, base + *b + 1);
}

void shell_names_sort(struct shell_names *names)
{
    if (names->count > 0)
        qsort_r(names->places, names->count, sizeof(names->places[0]), compare, names->bytes);
}

bool shell_names_next(struct shell_names *names, const char **name, unsigned char *type)
{
    if (names->next == names->count)
        return false;
    const char *record = names->bytes + names->places[names->next++];
    *type = (unsigned char)record[0];
    *name = record + 1;
    return true;
}
