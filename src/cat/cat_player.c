#include "cat/cat_player.h"

#include <errno.h>

/* Chunks in a row, however fast: then the other side has its turn. */
#define CHUNKS_MAX 64

static void end(struct cat_player *player, int error)
{
    player->has_ended = true;
    player->options.on_ended(player->options.context, error);
}

static void wait_until(struct cat_player *player, uint64_t deadline)
{
    int error = nk_event_loop_set_timer(player->options.loop, &player->timer, deadline);
    if (error)
        end(player, error);
}

/* When what was recorded at `time` is to be repeated: time * 1000 / speed, which
 * may be more than there is. */
static uint64_t due_at(const struct cat_player *player, uint64_t time)
{
    uint64_t speed = player->options.speed;
    uint64_t whole;
    uint64_t part;
    uint64_t due;
    if (player->options.fast)
        return player->started_at;
    if (__builtin_mul_overflow(time / speed, CAT_PLAYER_SPEED_UNIT, &whole) ||
        __builtin_mul_overflow(time % speed, CAT_PLAYER_SPEED_UNIT, &part) ||
        __builtin_add_overflow(whole, part / speed, &due) ||
        __builtin_add_overflow(due, player->started_at, &due))
        return NK_NEVER;
    return due;
}

/* Finds what is to be sent next; the end of the recording is an end of the stream.
 * Returns 0 or -errno. */
static int find_next(struct cat_player *player)
{
    struct record_event *event = &player->event;
    while (!player->has_event) {
        int result = cat_recording_next(player->options.recording, CAT_RECORDING_FIRST, event);
        if (result < 0)
            return result;
        if (result == 0)
            *event = (struct record_event){.time = player->last_time,
                                           .direction = RECORD_SENT,
                                           .is_end = true};
        player->last_time = event->time;
        player->has_event = event->direction == RECORD_SENT;
    }
    return 0;
}

/* Repeats one thing that is due. Returns whether to go on at once. */
static bool play_one(struct cat_player *player)
{
    if (player->event.is_end) {
        end(player, 0);
        return false;
    }
    int error = player->options.on_chunk(player->options.context, player->event.bytes);
    if (error == -EAGAIN && player->options.retry_after > 0)
        wait_until(player, nk_event_loop_now(player->options.loop) + player->options.retry_after);
    if (error) {
        player->has_ended = player->has_ended || error != -EAGAIN;
        return false;
    }
    player->has_event = false;
    return !player->has_ended;
}

static void play(struct cat_player *player)
{
    uint64_t now = nk_event_loop_now(player->options.loop);
    for (int i = 0; i < CHUNKS_MAX; i++) {
        int error = find_next(player);
        if (error) {
            end(player, error);
            return;
        }
        uint64_t due = due_at(player, player->event.time);
        if (due > now) {
            wait_until(player, due);
            return;
        }
        if (!play_one(player))
            return;
    }
    wait_until(player, now);
}

static void on_timer(struct nk_timer *timer)
{
    play(nk_container_of(timer, struct cat_player, timer));
}

void cat_player_init(struct cat_player *player, const struct cat_player_options *options)
{
    *player = (struct cat_player){.options = *options};
    nk_timer_init(&player->timer, on_timer);
}

void cat_player_start(struct cat_player *player)
{
    player->started_at = nk_event_loop_now(player->options.loop);
    wait_until(player, player->started_at);
}

void cat_player_retry(struct cat_player *player)
{
    if (!player->has_ended)
        play(player);
}

void cat_player_stop(struct cat_player *player)
{
    if (!player->options.loop)
        return;
    player->has_ended = true;
    nk_event_loop_cancel_timer(player->options.loop, &player->timer);
}
