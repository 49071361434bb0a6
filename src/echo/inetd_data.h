/* What chargen, daytime and time send (RFC 864, 867, 868). Pure: bytes out, no
 * clock, no allocation. Safe on any thread.
 */
#ifndef ECHO_INETD_DATA_H
#define ECHO_INETD_DATA_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a chargen line: 72 characters, CR and LF. */
#define CHARGEN_LINE_LEN 74

/* Line `number` of the pattern of RFC 864: 72 of the 95 printable characters in
 * a ring, from one character later in each line. */
void chargen_line(uint64_t number, char line[static CHARGEN_LINE_LEN]);

/* Room for every daytime line, NUL included. */
#define DAYTIME_MAX 64

/* "Friday, November 20, 2026 17:40:00-UTC\r\n", of the first of the formats that
 * RFC 867 suggests, for seconds since 1970. Returns the length. */
size_t daytime_line(uint64_t seconds, char line[static DAYTIME_MAX]);

/* Seconds since 1900, big-endian, which wrap around in 2036 (RFC 868), for
 * seconds since 1970. */
void time_bytes(uint64_t seconds, unsigned char bytes[static 4]);

#endif
