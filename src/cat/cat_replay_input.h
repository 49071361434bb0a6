/* A recording in the place of standard input: what was sent is sent again, and what
 * comes back may be compared with what was received then. Loop thread only, once it
 * has been started. Internal to src/cat.
 */
#ifndef CAT_CAT_REPLAY_INPUT_H
#define CAT_CAT_REPLAY_INPUT_H

#include "cat/cat_check.h"
#include "cat/cat_player.h"
#include "cat/cat_replay.h"

struct cat_replay_input;

/* Opens and checks the file; `keeps_records` says whether chunks are datagrams, or
 * how they are cut is chance. Returns 0 and *out, or as cat_recording_open. */
int cat_replay_input_open(struct cat_replay_input **out, const struct cat_replay_options *options,
                          bool keeps_records, struct cat_recording_problem *problem);

/* Stops and frees it; its descriptor stays the reader's. NULL is fine. */
void cat_replay_input_close(struct cat_replay_input *input);

const struct cat_recording_summary *cat_replay_input_summary(const struct cat_replay_input *input);

/* Starts to play into a descriptor, which is the caller's and is to be read in place
 * of standard input: a stream, or records when chunks are kept. `on_failed` is called
 * when the file cannot be read any more. Returns 0 and *fd, or -errno. */
int cat_replay_input_start(struct cat_replay_input *input, struct nk_event_loop *loop, int *fd,
                           void (*on_failed)(void *context, int error), void *context);

/* Starts to play datagrams; the arguments are those of struct cat_player_options.
 * One that is not taken (-EAGAIN) is offered again soon. */
void cat_replay_input_start_datagrams(struct cat_replay_input *input, struct nk_event_loop *loop,
                                      int (*on_chunk)(void *context, struct nk_slice chunk),
                                      void (*on_ended)(void *context, int error), void *context);

/* Stops; nothing is called any more. Idempotent. */
void cat_replay_input_stop(struct cat_replay_input *input);

/* The comparison, if it was asked for; else everything is right. As cat_check. */
bool cat_replay_input_received(struct cat_replay_input *input, struct nk_slice bytes);
bool cat_replay_input_end(struct cat_replay_input *input);
const char *cat_replay_input_difference(const struct cat_replay_input *input);

#endif
