/* The stream sockets that `netkit listen` waits on, one for each address that its
 * word stands for. Internal to src/cat; loop thread only.
 */
#ifndef CAT_CAT_LISTENER_H
#define CAT_CAT_LISTENER_H

#include "cat/cat_local.h"
#include "net/acceptor.h"

struct cat_listener {
    /* private */
    const struct cat_run *run;
    int backlog;
    void (*on_accepted)(void *context, int fd);
    void *context;
    struct nk_acceptor *acceptors[LOCAL_ADDRESSES_MAX];
    size_t count;
};

/* Binds every address of run->options, tells the reporter and begins to accept:
 * on_accepted takes over each connected descriptor, of a client that has not gone again
 * already. When it fails, that is reported, the run is ended, and false is returned. */
bool cat_listener_open(struct cat_listener *listener, struct cat_run *run, int backlog,
                       void (*on_accepted)(void *context, int fd), void *context);

/* Whether clients are accepted now; the others wait in the backlog. */
void cat_listener_accept(struct cat_listener *listener, bool accepts);

/* Refuses everybody from now on; the file of a unix socket goes. Idempotent, and
 * harmless on a zero-filled one. */
void cat_listener_close(struct cat_listener *listener);

#endif
