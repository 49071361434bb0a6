/* Standard input cut into datagrams: a line is one, or so many bytes, or a read.
 *
 * Nothing is read while the last datagram has not been taken, so whoever takes
 * them sets the pace. Loop thread only. Internal to src/cat.
 */
#ifndef CAT_CAT_DATAGRAM_INPUT_H
#define CAT_CAT_DATAGRAM_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "cat/cat_crlf.h"
#include "cat/cat_port.h"

struct cat_datagram_input;

struct cat_datagram_input_options {
    bool lines;  /* a line, with its end, is a datagram */
    size_t size; /* bytes of each datagram but the last; 0 = as they are read */
    bool crlf;   /* each end of line becomes CR LF */

    /* Takes one datagram. 0, or -ENOBUFS: it is offered again soon; any other error:
     * it is not, and what is read next is not either. */
    int (*on_datagram)(void *context, struct nk_slice datagram);
    /* The input has ended and all of it was taken; `error` is 0, or -errno when it
     * could not be read. Once. */
    void (*on_ended)(void *context, int error);
    void *context;
};

/* Zero-filled before it is opened, or not at all, but for port.fd = -1. */
struct cat_datagram_input {
    /* private */
    struct cat_port port;
    struct nk_event_loop *loop;
    struct cat_datagram_input_options options;
    struct nk_buffer bytes; /* read and not taken yet */
    struct cat_crlf crlf;
    struct nk_timer retry_timer;
    bool is_running;
    bool has_ended;
};

/* Takes over `fd`; nothing is read yet. Returns 0 or -errno. */
int cat_datagram_input_open(struct cat_datagram_input *input, struct nk_event_loop *loop, int fd,
                            const struct cat_datagram_input_options *options);

/* Reads, or leaves everything where it is. Idempotent both; harmless when it was
 * not opened or has ended. */
void cat_datagram_input_resume(struct cat_datagram_input *input);
void cat_datagram_input_pause(struct cat_datagram_input *input);

/* Idempotent; harmless when it was not opened. */
void cat_datagram_input_close(struct cat_datagram_input *input);

#endif
