/* The settings of a terminal: kept, changed while somebody types to us, given back.
 *
 * A terminal belongs to whoever is in its foreground: from the background its
 * settings are left alone, because changing them would stop the process.
 */
#ifndef TERMINAL_TERMINAL_SETTINGS_H
#define TERMINAL_TERMINAL_SETTINGS_H

#include <stdbool.h>
#include <termios.h>

#include "base/attributes.h"

enum terminal_mode {
    TERMINAL_GIVEN, /* as it was found */
    TERMINAL_EDITS, /* keys come one by one and are not echoed; ^C is a key like others */
    TERMINAL_WAITS, /* the same, but ^C is the signal again: nobody reads the keys */
    TERMINAL_RAW,   /* every key is a byte: ^C, ^Z and ^S as well, and Enter is a CR */
};

struct terminal_settings {
    /* private */
    int fd;
    struct termios given;
    bool is_changed;
};

/* Keeps the settings of the terminal `fd`, which stays the caller's and has to
 * outlive this. Returns 0, or -ENOTTY. */
NK_MUST_USE int terminal_settings_keep(struct terminal_settings *settings, int fd);

/* Changes the terminal, at once and without losing what was typed ahead. Does
 * nothing in the background. */
void terminal_settings_change(struct terminal_settings *settings, enum terminal_mode mode);

/* Whether this process may read from the terminal and change it. */
bool terminal_is_ours(int fd);

/* The same terminal once more, in a description of our own that does not block.
 * Where that is not allowed (another user's terminal) a duplicate of the shared one,
 * which blocks: *is_shared says so. Returns the descriptor or -errno. */
NK_MUST_USE int terminal_open_again(int fd, bool *is_shared);

#endif
