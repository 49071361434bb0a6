/* Holds our request parser against llhttp, the parser of Node.js: whatever we accept,
 * llhttp in its strict mode accepts too, with the same method, target, header fields,
 * framing and body. Two parsers that disagree are how requests are smuggled.
 *
 * We are stricter, so nothing is said about what we refuse.
 */
#ifndef TESTS_HTTP_LLHTTP_H
#define TESTS_HTTP_LLHTTP_H

#include "base/slice.h"

/* Reads the requests at the start of `input`, one after another, with both. Returns the
 * first difference in words, or NULL; *accepted (may be NULL) receives how many
 * requests we have accepted with their bodies. */
const char *http_llhttp_difference(struct nk_slice input, size_t *accepted);

#endif
