/* From lines and scripts to single requests, as a client of the remote shell sends them.
 *
 *     cd src; ls -l       # two requests: a ';' ends one, and so does the end of a line
 *     ls 'a;b' "c;d"      # one request: not in quotes
 *
 * Pure: slices in, slices out, any thread.
 */
#ifndef SHELL_SHELL_SCRIPT_H
#define SHELL_SHELL_SCRIPT_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/slice.h"

/* Takes the next request off the front of *script, without blanks around it. What
 * holds nothing but blanks, or begins with '#', is left out. Returns false behind the
 * last one. */
NK_MUST_USE bool shell_script_next(struct nk_slice *script, struct nk_slice *request)
    NK_NONNULL(1, 2);

#endif
