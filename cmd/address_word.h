/* What an address says as it was typed, before it is parsed. Pure. */
#ifndef CMD_ADDRESS_WORD_H
#define CMD_ADDRESS_WORD_H

#include <stdbool.h>

#include "base/attributes.h"

/* Whether the word has a port but nothing where a host would stand, as in `80`,
 * `80?rcvbuf=64k`, `udp://80` and `http://80/`; `:80` has the empty host. To servers that
 * is a port of this machine only. */
bool address_word_is_bare_port(const char *word) NK_NONNULL(1);

#endif
