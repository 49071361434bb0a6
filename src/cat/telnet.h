/* Telnet as a dumb client speaks it: RFC 854, options by RFC 855 and the Q method
 * of RFC 1143.
 *
 * A filter in each direction. Pure: bytes in, bytes out; no descriptors, no
 * allocation. From what the server sends it takes the commands out and answers the
 * options: the server may echo and may suppress go-ahead, and so may we; all else
 * is refused, each request once, so that no two sides can talk in circles.
 * What the user sends gets the network's form: CR LF for a new line, CR NUL for a
 * lone CR, and IAC doubled.
 */
#ifndef CAT_TELNET_H
#define CAT_TELNET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum {
    TELNET_ECHO = 1,              /* RFC 857 */
    TELNET_SUPPRESS_GO_AHEAD = 3, /* RFC 858 */
};

/* Who does what an option is about. */
enum telnet_side {
    TELNET_LOCAL,  /* we: WILL and WONT are ours, DO and DONT the server's */
    TELNET_REMOTE, /* the server: the other way round */
};

#define TELNET_REQUEST_SIZE 3

/* Room for the replies to `len` bytes of input. A reply of three bytes answers
 * three bytes, two of which may have come in an earlier piece. */
#define TELNET_REPLY_MAX(len) ((len) + 2)

/* Room for the network's form of `len` bytes: each may become two, and a CR may
 * still lack its NUL. */
#define TELNET_OUTPUT_MAX(len) (2 * (len) + 1)

struct telnet {
    /* private */
    uint8_t state;           /* what the next byte of input belongs to */
    uint8_t verb;            /* WILL, WONT, DO or DONT when its option is to come */
    bool input_after_cr;     /* a NUL that follows is dropped */
    bool output_after_cr;    /* an LF or a NUL has to follow */
    uint8_t options[2][256]; /* by side and option: a state of the Q method */
};

/* Every option is off and nothing is said: a dumb client asks for nothing. */
void telnet_init(struct telnet *telnet);

/* Filters what the server sent: all of `input` is taken. The user's part is
 * written to `data`, which has room for input.len bytes and may be input.data
 * itself; what is to be sent back is written to `reply`, which has room for
 * TELNET_REPLY_MAX(input.len) bytes, its length to *reply_len. Returns the length
 * of the data. */
size_t telnet_input(struct telnet *telnet, struct nk_slice input, char *data, char *reply,
                    size_t *reply_len);

/* Writes the network's form of what the user sends to `out`, which has room for
 * TELNET_OUTPUT_MAX(bytes.len). Returns its length. The NUL behind a CR is written
 * when the next byte shows that it is needed. */
size_t telnet_output(struct telnet *telnet, struct nk_slice bytes, char *out);

/* Asks for an option to be turned on or off. Writes what is to be sent to
 * `request`; returns its length, or 0 when nothing has to be said (now). */
size_t telnet_ask(struct telnet *telnet, enum telnet_side side, uint8_t option, bool on,
                  char request[static TELNET_REQUEST_SIZE]);

/* Whether both sides have agreed on the option. When the server echoes
 * (TELNET_REMOTE, TELNET_ECHO) a terminal should not. */
bool telnet_is_on(const struct telnet *telnet, enum telnet_side side, uint8_t option);

#endif
