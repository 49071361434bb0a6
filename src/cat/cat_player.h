/* Plays what was sent in a recording: hands over its chunks when their time has
 * come. Loop thread only. Internal to src/cat.
 */
#ifndef CAT_CAT_PLAYER_H
#define CAT_CAT_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "cat/cat_recording.h"
#include "reactor/event_loop.h"

/* Thousandths: a speed of 1000 is that of the recording. */
#define CAT_PLAYER_SPEED_UNIT UINT64_C(1000)

struct cat_player_options {
    struct nk_event_loop *loop;
    struct cat_recording *recording; /* its first cursor */
    bool fast;                       /* no waiting: the times do not count */
    uint64_t speed;                  /* thousandths of the recording's */

    /* Takes one chunk, whose bytes are valid until it has been taken. 0; -EAGAIN: it
     * is offered again by cat_player_retry, or soon when `retry_after` is not 0; any
     * other error: nothing more is offered. */
    int (*on_chunk)(void *context, struct nk_slice chunk);
    /* Nothing follows: the sender's end of the stream, or that of the recording when
     * it has none. `error` is 0, or why it cannot be read any more. Once. */
    void (*on_ended)(void *context, int error);
    void *context;
    uint64_t retry_after; /* ns */
};

struct cat_player {
    /* private */
    struct cat_player_options options;
    struct nk_timer timer;
    struct record_event event; /* the chunk or the end that comes next */
    uint64_t started_at;
    uint64_t last_time; /* of the line that was read last */
    bool has_event;
    bool has_ended;
};

void cat_player_init(struct cat_player *player, const struct cat_player_options *options);

/* The times count from now. What is due at once is handed over from the loop. */
void cat_player_start(struct cat_player *player);

/* Offers the chunk again that was not taken. */
void cat_player_retry(struct cat_player *player);

/* Idempotent; harmless when it was not started. */
void cat_player_stop(struct cat_player *player);

#endif
