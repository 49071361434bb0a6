/* Writes one event as a line of JSON:
 *
 *     json_line_begin(out, "listening");
 *     json_line_string(out, "address", "tcp://127.0.0.1:43211");
 *     json_line_end(out);
 *
 * The stream stays locked from begin to end, so that threads do not mix their
 * lines. Strings are written as UTF-8; bytes that are not become U+FFFD.
 */
#ifndef CMD_JSON_LINE_H
#define CMD_JSON_LINE_H

#include <stdint.h>
#include <stdio.h>

#include "base/attributes.h"

/* Writes "event" and "t", the seconds since 1970 with microseconds. */
void json_line_begin(FILE *out, const char *event) NK_NONNULL(1, 2);
void json_line_string(FILE *out, const char *name, const char *value) NK_NONNULL(1, 2, 3);
void json_line_integer(FILE *out, const char *name, uint64_t value) NK_NONNULL(1, 2);
void json_line_integers(FILE *out, const char *name, const uint64_t *values, size_t count)
    NK_NONNULL(1, 2);

/* A number that is no integer, with six digits behind the point. */
void json_line_number(FILE *out, const char *name, double value) NK_NONNULL(1, 2);

/* Nanoseconds, written as seconds. */
void json_line_seconds(FILE *out, const char *name, uint64_t nanoseconds) NK_NONNULL(1, 2);
void json_line_end(FILE *out) NK_NONNULL(1);

#endif
