/* --ready-fd: whoever has started a server reads there which addresses it has, one a line,
 * and that all of them are bound: at the end of the file.
 */
#ifndef SERVICE_READY_FD_H
#define SERVICE_READY_FD_H

#include <stdint.h>

#include "base/attributes.h"

/* `fd` is what the option says; UINT64_MAX = nobody reads. */
void ready_fd_write(uint64_t fd, const char *address) NK_NONNULL(2);
void ready_fd_close(uint64_t fd);

#endif
