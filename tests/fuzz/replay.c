/* Runs a fuzz target over the files of the given directories, without a fuzzer,
 * so that every build checks what the fuzzers have learnt. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define FILE_SIZE_MAX (1 << 20)

/* The bytes of the file in exactly as much memory; NULL on failure. */
static uint8_t *read_file(const char *path, size_t *size)
{
    static uint8_t bytes[FILE_SIZE_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    *size = fread(bytes, 1, sizeof(bytes), file);
    const bool is_good = ferror(file) == 0 && *size < sizeof(bytes);
    (void)fclose(file);
    uint8_t *copy = is_good ? malloc(*size > 0 ? *size : 1) : NULL;
    if (copy != NULL)
        memcpy(copy, bytes, *size);
    return copy;
}

static bool replay_file(const char *directory, const char *name)
{
    char path[4096];
    size_t size = 0;
    if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
        return false;
    uint8_t *bytes = read_file(path, &size);
    if (bytes == NULL)
        return false;
    (void)LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return true;
}

/* Returns how many files were replayed, or -1. */
static int replay_directory(const char *directory)
{
    DIR *stream = opendir(directory);
    int count = 0;
    if (stream == NULL)
        return -1;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        if (entry->d_name[0] == '.')
            continue;
        if (!replay_file(directory, entry->d_name)) {
            fprintf(stderr, "cannot replay '%s/%s': %s\n", directory, entry->d_name,
                    strerror(errno));
            count = -1;
            break;
        }
        count++;
    }
    (void)closedir(stream);
    return count;
}

int main(int argc, char **argv)
{
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        const int count = replay_directory(argv[i]);
        if (count <= 0) {
            fprintf(stderr, "no corpus in '%s'\n", argv[i]);
            return 1;
        }
        printf("%s: %d inputs\n", argv[i], count);
    }
    return argc > 1 ? 0 : 1;
}
