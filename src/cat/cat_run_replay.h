/* What a run does differently when a recording is replayed. All of it does nothing
 * when none is. Internal to src/cat.
 */
#ifndef CAT_CAT_RUN_REPLAY_H
#define CAT_CAT_RUN_REPLAY_H

#include "cat/cat_run.h"

/* What is read in place of standard input, or standard input. Returns -1 after it
 * has ended the run. */
int cat_run_input(struct cat_run *run);

/* Compares what was received from the peer; a difference ends the run. A `context`
 * is the run, for filters. */
void cat_run_check(void *context, struct nk_slice bytes);

/* Whether a run that went well may end so: everything that was expected came. Else
 * that is reported. */
bool cat_run_has_all(const struct cat_run *run);

/* Stops playing, before the loop is freed. */
void cat_run_stop_input(const struct cat_run *run);

#endif
