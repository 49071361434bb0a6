/* Opening a name below a directory without ever leaving it. */
#ifndef HTTP_HTTP_OPEN_H
#define HTTP_HTTP_OPEN_H

#include <stdbool.h>

/* Opens `name` (relative; "" is the directory itself) for reading below the
 * directory descriptor `root`. Links that stay inside are followed; one that
 * leads out, or is absolute, is -EXDEV, unless `follow_out`. Where the kernel
 * has no openat2 (before Linux 5.6, or refused by a sandbox) every symbolic
 * link is -ELOOP. A FIFO does not block. Returns a descriptor or -errno. */
int http_open_beneath(int root, const char *name, bool follow_out);

#endif
