/* `netkit listen --keep-open`: many clients at once. Internal to src/cat. */
#ifndef CAT_CAT_HUB_RUN_H
#define CAT_CAT_HUB_RUN_H

#include "cat/cat_service.h"

/* Clients that may wait until there is room for them (listen(2)). */
#define CAT_HUB_BACKLOG 4096

/* All of them on standard input and output (cat_hub.h). */
enum exit_status cat_hub_run(const struct cat_options *options,
                             const struct cat_reporter *reporter);

/* Each with a command of its own (cat_child_session.h). */
enum exit_status cat_child_run(const struct cat_options *options,
                               const struct cat_reporter *reporter);

#endif
