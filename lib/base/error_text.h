/* What an errno means, in words fit for the middle of a sentence.
 *
 * Lower case, no full stop, the same on every C library; safe on any thread.
 */
#ifndef NK_BASE_ERROR_TEXT_H
#define NK_BASE_ERROR_TEXT_H

#include "base/attributes.h"

#define NK_ERROR_TEXT_MAX 128

/* The description of a negative errno: "permission denied". The result is a
 * constant, or `room` for an error that is not in the table. */
NK_PUBLIC const char *nk_error_text(int error, char room[static NK_ERROR_TEXT_MAX]) NK_NONNULL(2);

#endif
