/* Paths as the clients of the remote shell see them: absolute, from the root of
 * the server's tree, without empty names and dot segments.
 *
 * Pure text: nothing is looked up. ".." takes away the name in front of it, also
 * where that is a symbolic link, and does nothing at the root. Any thread.
 */
#ifndef SHELL_SHELL_PATH_H
#define SHELL_SHELL_PATH_H

#include "base/attributes.h"
#include "base/slice.h"

/* Bytes of a path with its NUL; PATH_MAX of the kernel. */
#define SHELL_PATH_SIZE 4096

/* What `argument` means in `directory`: itself when it begins with "/", a path
 * from `start` when it is "~" or begins with "~/", else one from `directory`.
 * Both of those are such paths already; `argument` holds no NUL. Returns 0 and
 * *out, which may be one of the two, or -ENAMETOOLONG for an argument or a result
 * that does not fit. */
NK_MUST_USE int shell_path_resolve(const char *directory, const char *start,
                                   struct nk_slice argument, char out[static SHELL_PATH_SIZE])
    NK_NONNULL(1, 2, 4);

#endif
