/* Bytes from a keyboard, as keys.
 *
 * A key may be several bytes that need not arrive together: a character in the
 * encoding of the locale (LC_CTYPE), or an escape sequence. It is given out when it is
 * complete. Pure.
 */
#ifndef TERMINAL_KEY_INPUT_H
#define TERMINAL_KEY_INPUT_H

#include <stdbool.h>
#include <wchar.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/slice.h"

/* Bytes that may wait; more are not read from the keyboard before these are taken. */
#define KEY_INPUT_MAX 4096

/* Characters of the longest key that means something. */
#define KEY_MAX 8

/* Bytes of an escape sequence; one that has no end by then is over all the same. */
#define KEY_SEQUENCE_MAX 64

/* One character, or the characters of an escape sequence: ESC [ up to its final byte, or
 * in front of the first that cannot belong to it, ESC O and one more, or ESC and one
 * character. */
struct key {
    wchar_t characters[KEY_MAX + 1]; /* terminated, as far as it is not a NUL itself */
    size_t len;                      /* more than KEY_MAX: it was too long and is not here */
};

struct key_input {
    /* private */
    struct nk_buffer bytes;
};

void key_input_init(struct key_input *input);
void key_input_deinit(struct key_input *input);

/* Adds what was typed. Returns 0, -ENOBUFS when it is more than may wait, -ENOMEM. */
NK_MUST_USE int key_input_add(struct key_input *input, struct nk_slice bytes);

/* Takes the next key. Returns whether there was a whole one; bytes that are none in
 * any case are left out, and so is an ESC in front of another. */
bool key_input_next(struct key_input *input, struct key *key);

/* All bytes that wait; valid until more are added. */
struct nk_slice key_input_bytes(const struct key_input *input);

/* Drops the first `len` of them. */
void key_input_drop(struct key_input *input, size_t len);

#endif
