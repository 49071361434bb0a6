/* How the remote shell writes names: visible, on one line, and reversible
 * (docs/shell-protocol.md, "How names are written").
 *
 * Pure: no allocation, any thread.
 */
#ifndef SHELL_SHELL_TEXT_H
#define SHELL_SHELL_TEXT_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "base/attributes.h"
#include "base/slice.h"

/* A byte is written in at most so many. */
#define SHELL_ESCAPED_MAX ((size_t)4)

/* The marks of `ls -F`: "/@|=%". */
extern const char shell_type_marks[];

enum shell_escape {
    SHELL_ESCAPE_NAME = 0,
    SHELL_ESCAPE_MARK = 1 << 0,  /* a mark as the last byte, too */
    SHELL_ESCAPE_ARROW = 1 << 1, /* the '-' of " ->", too */
};

/* Writes `name` to `out`, which has room for SHELL_ESCAPED_MAX times its bytes,
 * without a NUL behind it; `how` is a sum of enum shell_escape. Returns the
 * length. */
size_t shell_text_escape(struct nk_slice name, unsigned how, char *out) NK_NONNULL(3);

/* The byte that an escape stands for: `text` begins behind the backslash. Returns
 * how many bytes of `text` belong to it, and *byte, or 0 for what is no escape. */
size_t shell_text_read_escape(struct nk_slice text, char *byte) NK_NONNULL(2);

/* The same for an escape in a word of a request, where quotes and spaces have one, too. */
size_t shell_text_read_word_escape(struct nk_slice text, char *byte) NK_NONNULL(2);

/* Writes the bytes that the escaped `text` stands for to `out`, which has room
 * for text.len. Returns the length, or -EBADMSG for what is no escape. */
NK_MUST_USE ssize_t shell_text_unescape(struct nk_slice text, char *out) NK_NONNULL(2);

/* Whether nothing in `text` would be escaped as a name but its backslashes: it is UTF-8
 * and every character has its place on one line. */
bool shell_text_is_visible(struct nk_slice text);

/* Writes what `text`, escaped as above, is as a word of a request: in double quotes. In
 * `out` is room for twice its bytes and two more. Returns the length. */
size_t shell_text_quote(struct nk_slice text, char *out) NK_NONNULL(2);

/* Room for every date, NUL included. */
#define SHELL_DATE_SIZE 40

/* "2026-11-20T17:01:49", in UTC, or "?" for a year that cannot be. Returns the
 * length. */
size_t shell_text_date(time_t seconds, char out[static SHELL_DATE_SIZE]) NK_NONNULL(2);

#endif
