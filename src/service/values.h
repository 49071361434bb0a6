/* Numbers as people write them, on a command line or in a URL: durations (500ms 10s 5m 1h),
 * sizes (64k 1M), plain counts and factors (0.5); read from text and printed back.
 *
 * Strict: the whole text must be the number, there are no signs or blanks, no
 * fractions but of decimals and factors, and nothing wraps around. Every parser returns 0, or
 * -EINVAL or -ERANGE with *problem set to a constant that completes "'10x' ...", such as "is not a
 * size, as in 4096, 64k or 1M". The value is untouched on failure. Safe on any thread.
 */
#ifndef SERVICE_VALUES_H
#define SERVICE_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Room for every printed duration, size or count, NUL included. */
#define VALUE_TEXT_MAX 32

/* Nanoseconds. Units: us, ms, s, m, h. Only a zero may stand without a unit. */
NK_MUST_USE int value_parse_duration(const char *text, uint64_t *nanoseconds, const char **problem)
    NK_NONNULL(1, 2, 3);

/* Bytes. Units: k, M, G, T, each 1,024 times the one before; none means bytes. */
NK_MUST_USE int value_parse_size(const char *text, uint64_t *bytes, const char **problem)
    NK_NONNULL(1, 2, 3);

/* Decimal digits and nothing else. */
NK_MUST_USE int value_parse_count(const char *text, uint64_t *count, const char **problem)
    NK_NONNULL(1, 2, 3);

/* Digits with at most three more behind a point, such as 0 or 0.5; in thousandths. */
NK_MUST_USE int value_parse_decimal(const char *text, uint64_t *thousandths, const char **problem)
    NK_NONNULL(1, 2, 3);

/* A factor above 0, such as 2, 0.5 or 1.25: digits with at most three more behind a
 * point; in thousandths. */
NK_MUST_USE int value_parse_factor(const char *text, uint64_t *thousandths, const char **problem)
    NK_NONNULL(1, 2, 3);

/* Print the value in its largest unit without a remainder, so that parsing the
 * text gives the same value (a duration below one microsecond excepted).
 * Each returns `text`. */
char *value_print_duration(uint64_t nanoseconds, char text[static VALUE_TEXT_MAX]) NK_NONNULL(2);
char *value_print_size(uint64_t bytes, char text[static VALUE_TEXT_MAX]) NK_NONNULL(2);
char *value_print_count(uint64_t count, char text[static VALUE_TEXT_MAX]) NK_NONNULL(2);

/* For people to read, rounded: "5.6 MiB", "12 bytes"; "45 ms", "12.3 s",
 * "5 min 12 s", "3 h 25 min".
 * Each returns `text`. */
char *value_show_bytes(uint64_t bytes, char text[static VALUE_TEXT_MAX]) NK_NONNULL(2);
char *value_show_time(uint64_t nanoseconds, char text[static VALUE_TEXT_MAX]) NK_NONNULL(2);

#endif
