/* Where `netkit listen` listens: binding the addresses of this machine that its word
 * stands for, and telling which ones those are. Internal to src/cat.
 */
#ifndef CAT_CAT_LOCAL_H
#define CAT_CAT_LOCAL_H

#include "cat/cat_run.h"
#include "service/local_addresses.h"

/* Binds every address of run->options that is of the family asked for; see
 * local_addresses_bind. When that fails it is reported, the run is ended, and false is
 * returned. */
bool cat_local_bind(struct cat_run *run, local_addresses_fn *bind, void *context);

/* Tells the reporter and the ready descriptor an address that was bound; the last
 * one is followed by cat_local_announced, which closes that descriptor. */
void cat_local_announce(const struct cat_run *run, const struct nk_sockaddr *bound);
void cat_local_announced(const struct cat_run *run);

#endif
