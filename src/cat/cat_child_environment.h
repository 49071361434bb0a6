/* The environment of a command: ours, and whose connection it serves (see
 * cat_child.h). Any thread, as long as none changes the environment.
 */
#ifndef CAT_CAT_CHILD_ENVIRONMENT_H
#define CAT_CAT_CHILD_ENVIRONMENT_H

#include "os/sockaddr.h"

struct cat_child_environment {
    char **variables; /* for exec: NULL-terminated */
    /* private */
    char own[5][NK_SOCKADDR_TEXT_MAX + 32];
};

/* Variables of ours that are set already give way: a netkit may run in a
 * netkit. Returns 0 or -ENOMEM. The structure may not be moved afterwards. */
int cat_child_environment_init(struct cat_child_environment *environment,
                               const struct nk_sockaddr *local, const struct nk_sockaddr *remote);

/* Frees the list. */
void cat_child_environment_deinit(struct cat_child_environment *environment);

#endif
