/* What goes over the network, to be looked at: `--hex` shows it as hexdump lines,
 * `--record FILE` keeps it in the format of cat/record.h.
 *
 * It is told what is sent and received, by streams and datagrams alike, and
 * changes nothing. The record is written at the end of every turn of the loop in
 * which something was told, so that the file is never far behind; it is written
 * with blocking calls. Loop thread only.
 */
#ifndef CAT_CAT_TRACE_H
#define CAT_CAT_TRACE_H

#include <stdbool.h>

#include "base/slice.h"
#include "cat/record.h"
#include "reactor/event_loop.h"

struct cat_trace;

struct cat_trace_options {
    /* Takes one or more whole lines, NUL-terminated, valid during the call. */
    void (*on_hexdump)(void *context, const char *lines);
    bool hex;           /* whether there are any; on_hexdump may be NULL without */
    const char *record; /* file to be written anew; NULL = no record; not copied */
    /* The record could not be written, for instance because the disk is full:
     * called once, perhaps from within any of the functions below; what follows is
     * not recorded. The trace may not be closed from within. */
    void (*on_failed)(void *context, int error);
    void *context;
};

/* Opens the record and writes its header. Returns 0 and *out, or -errno: the file
 * could not be opened or written, or -ENOMEM. A named pipe that nobody reads is
 * -ENXIO. */
int cat_trace_open(struct cat_trace **out, struct nk_event_loop *loop,
                   const struct cat_trace_options *options);

/* The connection is made: times count from now. Without it, and before it, they
 * count from the opening. Only the first call counts. */
void cat_trace_begin(struct cat_trace *trace);

/* Turns the hexdump on or off. NULL is fine. */
void cat_trace_show_hex(struct cat_trace *trace, bool on);

/* Bytes were sent or received: a piece of a stream of any length, or one
 * datagram, perhaps an empty one. A NULL trace is told nothing. */
void cat_trace_chunk(struct cat_trace *trace, enum record_direction direction,
                     struct nk_slice bytes);

/* The stream has ended in this direction; chunks that follow are not recorded in
 * it. Idempotent. A NULL trace is told nothing. */
void cat_trace_end(struct cat_trace *trace, enum record_direction direction);

/* Writes the rest, closes the file and frees everything. NULL is fine. */
void cat_trace_close(struct cat_trace *trace);

#endif
