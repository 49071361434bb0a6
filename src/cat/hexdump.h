/* Bytes as people read them: sixteen a line, in hexadecimal and in ASCII.
 *
 *     > 00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|
 *     < 00000000  48 54 54 50 2f 31 2e 31  20 32 30 30              |HTTP/1.1 200|
 *
 * Pure: no descriptors, no allocation. The mark in front shows the direction; each
 * direction counts its own offset.
 */
#ifndef CAT_HEXDUMP_H
#define CAT_HEXDUMP_H

#include <stdint.h>

#include "base/slice.h"

#define HEXDUMP_BYTES_PER_LINE 16

/* Room for every line, newline and NUL included. */
#define HEXDUMP_LINE_MAX 104

/* Formats the first 16 bytes of `bytes` (fewer at their end, and none of an empty
 * datagram) as one line with a newline and a NUL. `offset` is that of the first
 * byte; behind 4 GiB it is printed with more digits. Returns the line's length
 * without the NUL. */
size_t hexdump_line(char line[static HEXDUMP_LINE_MAX], char mark, uint64_t offset,
                    struct nk_slice bytes);

#endif
