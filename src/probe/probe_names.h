/* Names that are looked up once for all targets of a run which have them, as the ports of
 * a host do. Internal to probe_run.c and probe_dial.c; loop thread only.
 */
#ifndef PROBE_PROBE_NAMES_H
#define PROBE_PROBE_NAMES_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/list.h"
#include "net/resolver.h"

struct probe_name;
struct probe_name_wish;

/* As nk_resolver_fn: the addresses, without a port, or why there are none. */
typedef void probe_name_fn(struct probe_name_wish *wish, int result,
                           const struct nk_sockaddr *addresses);

/* Somebody who needs a name's addresses. */
struct probe_name_wish {
    probe_name_fn *on_done;
    /* private */
    struct nk_list_node node;
};

struct probe_names {
    struct nk_event_loop *loop;
    struct nk_worker_pool *pool;
    int family;
    /* private */
    struct probe_name *first;
};

/* Grants the wish, from within when the name was looked up before. That the look-up has
 * failed counts only if it `may_be_old`; else the name is looked up again. Returns 0 or
 * -errno (then nothing is called). */
int probe_names_ask(struct probe_names *names, const char *host, bool may_be_old,
                    struct probe_name_wish *wish, probe_name_fn *on_done) NK_NONNULL(1, 2, 4, 5);

/* The wish is none any more. The look-up goes on for others. Idempotent, but for one that
 * never was. */
void probe_names_withdraw(struct probe_name_wish *wish) NK_NONNULL(1);

/* Forgets everything; nobody may wish anything any more. Returns whether a look-up was
 * under way, which a worker may go on with. */
bool probe_names_deinit(struct probe_names *names) NK_NONNULL(1);

#endif
