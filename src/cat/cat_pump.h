/* One direction of a connection: from a port to a port, with an end of its own.
 *
 * A pump reads when its sink has room and stops when it has not, so the reader
 * of the bytes sets the pace and memory stays bounded. It ends when its source
 * has ended and the last byte has been written, or when either side fails. Two
 * pumps make a connection; neither waits for the other.
 *
 * Where the kernel can move the bytes itself (splice, sendfile) they never enter
 * this process; a filter, which wants to see them, turns that off. Where a side
 * keeps records (SOCK_SEQPACKET), they stay what they are; one above 64 KiB is
 * -EMSGSIZE. Loop thread only.
 */
#ifndef CAT_CAT_PUMP_H
#define CAT_CAT_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/byte_rate.h"
#include "base/slice.h"
#include "cat/cat_pipes.h"
#include "cat/cat_port.h"

/* Looks at or changes bytes on their way: appends what shall be written to
 * `out`. Returns 0, or -errno to fail the pump. */
typedef int cat_filter_fn(void *context, struct nk_slice bytes, struct nk_buffer *out);

/* The longest record: that of RECORD_CHUNK_MAX and of what other tools read. */
#define CAT_PUMP_RECORD_MAX ((size_t)64 * 1024)

/* How the bytes travel. */
enum cat_pump_mode {
    CAT_PUMP_COPY,     /* read and write */
    CAT_PUMP_PACKET,   /* one read, one write: a side is a socket that keeps records */
    CAT_PUMP_SPLICE,   /* splice(2), one side is a pipe */
    CAT_PUMP_SENDFILE, /* sendfile(2), from a file to a socket */
    CAT_PUMP_RELAY,    /* splice(2) twice, through a pipe of our own */
};

struct cat_pump {
    struct cat_port *source;
    struct cat_port *sink;

    /* Called once when the pump has ended; `error` is 0, or -errno and then
     * `error_at_sink` says which side failed. What a source gave before it
     * failed has been written. */
    void (*on_ended)(struct cat_pump *pump, int error, bool error_at_sink);
    cat_filter_fn *filter; /* or NULL */
    void *filter_context;
    struct cat_pipes *pipes;    /* RELAY: borrows from here; NULL = has one of its own */
    uint64_t rate_limit;        /* bytes a second to be taken from the source; 0 = no limit */
    struct nk_event_loop *loop; /* needed with a limit */

    uint64_t moved; /* bytes written to the sink */

    /* private */
    enum cat_pump_mode mode;
    struct nk_buffer buffer;
    int pipe[2];  /* RELAY: ours, while it is needed */
    size_t piped; /* RELAY: bytes in it */
    bool source_ended;
    int source_error; /* why it has ended; reported when its bytes are written */
    bool is_bulk;     /* SPLICE: the last turn moved much */
    bool has_record;  /* PACKET: one is in the buffer, perhaps an empty one */
    bool has_ended;
    struct nk_byte_rate rate;   /* with a limit */
    struct nk_timer rate_timer; /* runs while the limit forbids to read */
    bool wants_source;          /* for cat_port_update */
    bool wants_sink;
};

/* Connects `source` to `sink`; fill in on_ended, filter, pipes and limit first. Nothing
 * moves before cat_pump_start. Cannot fail: without memory or a pipe it fails
 * when it runs. */
void cat_pump_init(struct cat_pump *pump, struct cat_port *source, struct cat_port *sink);

/* Frees what it holds; the ports stay. Harmless twice, and on
 * a zero-filled one that was never initialised. */
void cat_pump_deinit(struct cat_pump *pump);

/* Begins to move. */
void cat_pump_start(struct cat_pump *pump);

/* One of its ports is ready, or both: moves what can be moved. */
void cat_pump_run(struct cat_pump *pump, bool source_is_ready, bool sink_is_ready);

/* Puts bytes of our own in front of what comes next from the source; the filter
 * does not see them. Only for a pump with a filter. Also possible when it has ended:
 * then they are written as far as the sink takes them. Returns 0, -ENOBUFS when too
 * much is waiting already, -ENOMEM. */
int cat_pump_put(struct cat_pump *pump, struct nk_slice bytes);

#endif
