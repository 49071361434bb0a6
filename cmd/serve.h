/* What all servers of netkit have in common on the command line: the shared
 * options and the way their arguments become addresses to listen on.
 */
#ifndef CMD_SERVE_H
#define CMD_SERVE_H

#include "base/attributes.h"
#include "command.h"
#include "service/reporter.h"
#include "service/service_options.h"

/* The options of struct service_options. */
extern const struct option_table server_option_table;

/* What a server accepts as an address. */
struct server_rules {
    const enum nk_scheme *schemes; /* besides none, which is always fine */
    size_t scheme_count;
    bool has_root; /* a directory given as an address is a mistake worth a hint */
};

/* Checks what the shared options and the arguments say together and fills
 * service->addresses and service->access_list. Whatever it returns, the caller
 * calls server_options_release when the server has ended.
 * A bare port means this machine only, or every interface with --public.
 * Returns EXIT_STATUS_OK, or another status after saying what is wrong. */
NK_MUST_USE enum exit_status server_options_complete(const struct command_call *call,
                                                     const struct server_rules *rules,
                                                     struct service_options *service)
    NK_NONNULL(1, 2, 3);

/* Frees what server_options_complete has made. */
void server_options_release(struct service_options *service) NK_NONNULL(1);

#endif
