/* The file of `--record`: a session as text that people can read, compare and
 * edit, and that `netkit replay` reads back.
 *
 *     netkit-record 1
 *     0 > 18 GET / HTTP/1.0\r\n\r\n
 *     1534021 < 6 \x00\xffab\\\n
 *     1534021 > end
 *     2000417 < end
 *
 * The first line is the format's name and version. Then one line for each chunk:
 * the time since the start in ns, which never goes back; the direction, `>` sent
 * and `<` received; the number of bytes; one blank; and the bytes. Printable
 * ASCII stands for itself, the others are \r, \n, \t, \\ and \xNN. A chunk of a
 * stream is what one call moved; of datagrams each is one, and may be empty. `end`
 * in place of the number is the end of the stream in that direction; nothing may
 * follow it there. Every line ends with LF.
 *
 * Pure: writing goes to a buffer, reading comes from slices of any size.
 */
#ifndef CAT_RECORD_H
#define CAT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Bytes of one chunk: more than any datagram has, and what a loop reads at once. */
#define RECORD_CHUNK_MAX 65536

/* Bytes of the longest line: every byte of a full chunk escaped. */
#define RECORD_LINE_MAX (4 * RECORD_CHUNK_MAX + 64)

enum record_direction {
    RECORD_SENT,     /* `>` */
    RECORD_RECEIVED, /* `<` */
};

/* Each appends one line, or nothing; the first one the format's name and version.
 * Returns 0, -ENOBUFS when the buffer's cap would be passed, -ENOMEM; -EMSGSIZE for
 * a chunk above RECORD_CHUNK_MAX. */
int record_write_header(struct nk_buffer *out);
int record_write_chunk(struct nk_buffer *out, uint64_t time, enum record_direction direction,
                       struct nk_slice bytes);
int record_write_end(struct nk_buffer *out, uint64_t time, enum record_direction direction);

/* One line of a record. */
struct record_event {
    uint64_t time; /* ns since the start */
    enum record_direction direction;
    bool is_end;
    struct nk_slice bytes; /* of a chunk; valid until the next read */
};

/* 64 KiB: keep it where there is room for it. */
struct record_reader {
    /* private */
    uint8_t state;
    uint8_t place;     /* in the header or in "end" */
    uint8_t digits;    /* of the number being read */
    uint8_t high;      /* the first digit of \xNN */
    bool has_ended[2]; /* by direction */
    uint64_t number;   /* the one being read */
    uint64_t time;     /* of the last line whose time was read */
    uint64_t line;     /* number of this line, from 1 */
    enum record_direction direction;
    size_t expected; /* bytes of this chunk */
    size_t len;      /* how many of them were read */
    const char *problem;
    char bytes[RECORD_CHUNK_MAX];
};

void record_reader_init(struct record_reader *reader);

/* Reads from the front of `input`. Returns how many bytes were consumed; when a
 * line is complete, reading stops behind it, *is_complete is true and *event is
 * that line; else all of the input was consumed and more is needed. -EBADMSG when
 * it is no record, for good; see record_reader_problem. */
ssize_t record_read(struct record_reader *reader, struct nk_slice input, struct record_event *event,
                    bool *is_complete);

/* Whether the record may end here: behind the header or a whole line. */
bool record_reader_may_end(const struct record_reader *reader);

/* After a failure: what is wrong, as a constant sentence fragment, and in which
 * line. When a record ends in the middle: that. */
const char *record_reader_problem(const struct record_reader *reader, uint64_t *line);

#endif
