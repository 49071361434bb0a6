/* UTF-8, as far as a program needs it that shows other people's bytes.
 *
 * Safe on any thread; nothing allocates or fails.
 */
#ifndef NK_BASE_UTF8_H
#define NK_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"

/* The length, 1 to 4, of the well-formed sequence that `text` begins with (RFC
 * 3629: no overlong forms, no surrogates, nothing above U+10FFFF), or 0 when
 * there is none. *code_point (may be NULL) receives what it stands for. */
NK_PUBLIC size_t nk_utf8_decode(struct nk_slice text, uint32_t *code_point);

#endif
