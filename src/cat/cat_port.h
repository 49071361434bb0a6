/* One descriptor that bytes come from, go to, or both: a socket, a pipe, a file
 * or a terminal.
 *
 * Standard input and output are shared with the shell and with other programs, so
 * O_NONBLOCK is never set on them. A port reads and writes them only after the
 * loop has found them ready, and writes no more than what is certain not to
 * block; of a terminal, which promises nothing, it opens a description of its own
 * where it may. Loop thread only.
 */
#ifndef CAT_CAT_PORT_H
#define CAT_CAT_PORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "reactor/event_loop.h"

struct cat_pump;

enum cat_port_kind {
    CAT_PORT_SOCKET,        /* our own, non-blocking */
    CAT_PORT_SHARED_SOCKET, /* a blocking one that other programs have, too */
    CAT_PORT_PIPE,
    CAT_PORT_FILE, /* regular files, and devices that never block */
    CAT_PORT_TERMINAL,
};

struct cat_port {
    struct nk_channel channel;
    int fd;    /* what is read and written; -1 = closed */
    int given; /* what was handed over: the same, or a terminal's shared one */
    enum cat_port_kind kind;
    bool keeps_records;      /* a socket whose every read is a record of its own */
    struct cat_pump *reads;  /* the pump that takes from this port, or NULL */
    struct cat_pump *writes; /* the pump that puts into this port, or NULL */
    /* Called instead of the pumps when it is set; then the owner says what it
     * waits for with nk_channel_want. */
    void (*on_ready)(struct cat_port *port);
};

/* Takes over `fd` and finds out what it is. Returns 0 or -errno; on failure the
 * descriptor stays the caller's. */
int cat_port_open(struct cat_port *port, struct nk_event_loop *loop, int fd);

/* Stops watching and closes. Descriptors 0 to 2 are reopened on /dev/null, so
 * that no later descriptor gets their number. Idempotent. */
void cat_port_close(struct cat_port *port);

/* n > 0, 0 = end of stream, -EAGAIN, -errno. Anything but a socket is read once
 * per readiness and may otherwise block. */
ssize_t cat_port_read(struct cat_port *port, void *data, size_t len);

/* One record: 0 is an empty one unless *has_ended is set to true, which is the end
 * of stream. -EMSGSIZE for one that is longer than `len`. A port that keeps no
 * records gives what one read gives. */
ssize_t cat_port_read_record(struct cat_port *port, void *data, size_t len, bool *has_ended);

/* n > 0 (perhaps fewer than `len`), -EAGAIN, -errno. As for reading. */
ssize_t cat_port_write(struct cat_port *port, const void *data, size_t len);

/* The other side shall read the end of the stream: half-closes a socket, closes
 * everything else. */
void cat_port_end(struct cat_port *port);

/* Lets the loop watch for what the two pumps want now. */
void cat_port_update(struct cat_port *port);

#endif
