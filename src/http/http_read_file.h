/* Reads a small file whole, for what a server needs before it serves. */
#ifndef HTTP_HTTP_READ_FILE_H
#define HTTP_HTTP_READ_FILE_H

#include <stddef.h>
#include <sys/stat.h>

/* Reads the regular file at `path`, of at most `max` bytes. Returns 0 with *text
 * (free it) and *len, or -errno: -EFBIG above the maximum, -EISDIR or -ESPIPE for
 * what is no regular file. `status` receives what fstat says and may be NULL. */
int http_read_file(const char *path, size_t max, char **text, size_t *len, struct stat *status);

#endif
