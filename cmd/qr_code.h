/* A text as a QR code (ISO/IEC 18004) on a terminal, for cameras. Main thread. */
#ifndef CMD_QR_CODE_H
#define CMD_QR_CODE_H

#include <stdio.h>

#include "base/attributes.h"

/* Draws the code with two modules a character, dark on light whatever the colours
 * of the terminal are. `columns` is its width. Returns 0, -EMSGSIZE when the
 * terminal is too narrow, or another -errno. */
NK_MUST_USE int qr_code_draw(FILE *out, const char *text, size_t columns) NK_NONNULL(1, 2);

#endif
