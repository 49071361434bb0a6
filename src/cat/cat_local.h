/* Where `netkit listen` listens: the addresses of this machine that its word
 * stands for, and telling which ones were bound. Internal to src/cat.
 */
#ifndef CAT_CAT_LOCAL_H
#define CAT_CAT_LOCAL_H

#include "cat/cat_run.h"
#include "os/sockaddr.h"

/* Addresses one word may stand for ("localhost" is two). */
#define CAT_LOCAL_MAX 4

/* Fills in the addresses to be bound, of the family that was asked for. Returns how
 * many; -EAFNOSUPPORT when there is none of that family, or what
 * nk_sockaddr_for_listening returns. */
int cat_local_find(const struct cat_options *options, struct nk_sockaddr locals[CAT_LOCAL_MAX]);

/* Whether the address number `index` may be missing: a machine need not have
 * IPv6. */
bool cat_local_may_lack(int index, int error);

/* Tells the reporter and the ready descriptor an address that was bound; the last
 * one is followed by cat_local_announced, which closes that descriptor. */
void cat_local_announce(const struct cat_run *run, const char *address);
void cat_local_announced(const struct cat_run *run);

#endif
