/* `netkit replay`: sends what a recording says was sent, to an address of any kind,
 * and writes what comes back to standard output. It is `connect` with the recording
 * in the place of standard input.
 */
#ifndef CAT_CAT_REPLAY_H
#define CAT_CAT_REPLAY_H

#include "cat/cat_service.h"

struct cat_replay_options {
    const char *file;
    bool fast;      /* everything at once: the recorded times do not count */
    uint64_t speed; /* thousandths of the recorded one */
    bool check;     /* what comes back has to be what was received then */
};

/* As cat_connect_run. The file is read through first: when it is no record, nothing
 * is connected. A failed check is EXIT_STATUS_FAILED. */
enum exit_status cat_replay_run(const struct cat_options *options,
                                const struct cat_replay_options *replay,
                                const struct cat_reporter *reporter);

#endif
