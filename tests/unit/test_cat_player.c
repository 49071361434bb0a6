/* Handing over what was sent in a recording, when its time has come. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "cat/cat_player.h"
#include "reactor_fixture.h"
#include "recording_fixture.h"

static struct nk_event_loop *loop;
static struct nk_manual_clock manual_clock;
static struct cat_player player;
static struct cat_recording *recording;

static struct {
    char text[128];
    size_t count;
    int refusal;
    size_t refused;
    bool ended;
    int error;
} played;

static int on_chunk(void *context, struct nk_slice chunk)
{
    (void)context;
    assert_false(played.ended);
    if (played.refusal != 0) {
        played.refused++;
        return played.refusal;
    }
    played.count++;
    size_t len = strlen(played.text);
    if (len + chunk.len + 2 < sizeof played.text)
        snprintf(played.text + len, sizeof played.text - len, "|%.*s", (int)chunk.len, chunk.data);
    return 0;
}

static void on_ended(void *context, int error)
{
    (void)context;
    assert_false(played.ended); /* once */
    played.ended = true;
    played.error = error;
}

static int setup(void **state)
{
    (void)state;
    memset(&played, 0, sizeof played);
    memset(&player, 0, sizeof player);
    loop = new_loop_with_clock(&manual_clock);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cat_player_stop(&player);
    cat_player_stop(&player); /* harmless */
    cat_recording_close(recording);
    recording = NULL;
    nk_event_loop_free(loop);
    return 0;
}

static void start(const char *lines, struct cat_player_options options)
{
    recording = open_recording(lines);
    options.loop = loop;
    options.recording = recording;
    options.on_chunk = on_chunk;
    options.on_ended = on_ended;
    if (options.speed == 0)
        options.speed = CAT_PLAYER_SPEED_UNIT;
    cat_player_init(&player, &options);
    cat_player_start(&player);
    turn_idle(loop, 2);
}

static void pass(uint64_t time)
{
    nk_manual_clock_advance(&manual_clock, time);
    turn_idle(loop, 2);
}

/* It would come too early or too late, or what was received be sent. */
static void the_times_are_kept(void **state)
{
    (void)state;
    start("0 > 1 a\n1000000000 > 1 b\n1500000000 < 1 x\n3600000000000 > 1 c\n"
          "3600000000001 > end\n",
          (struct cat_player_options){0});
    assert_string_equal(played.text, "|a");
    pass(SECOND - 1);
    assert_string_equal(played.text, "|a");
    pass(1);
    assert_string_equal(played.text, "|a|b");
    pass(3599 * SECOND);
    assert_string_equal(played.text, "|a|b|c");
    assert_false(played.ended);
    pass(1);
    assert_true(played.ended);
    assert_int_equal(played.error, 0);
}

/* A factor would be taken the wrong way round, or be inexact after hours. */
static void the_speed_divides_the_times(void **state)
{
    (void)state;
    start("0 > 1 a\n10000000000 > 1 b\n36000000000000 > 1 c\n",
          (struct cat_player_options){.speed = 2500});
    pass(4 * SECOND - 1);
    assert_string_equal(played.text, "|a");
    pass(1);
    assert_string_equal(played.text, "|a|b");
    pass(14396 * SECOND - 1);
    assert_string_equal(played.text, "|a|b");
    pass(1);
    assert_string_equal(played.text, "|a|b|c");
}

/* Times at the end of all numbers would wrap around. */
static void the_longest_time_never_comes(void **state)
{
    (void)state;
    start("0 > 1 a\n18446744073709551615 > 1 b\n", (struct cat_player_options){.speed = 1});
    pass(3600 * SECOND);
    assert_string_equal(played.text, "|a");
    assert_false(played.ended);
}

/* Without waiting everything comes at once, but the other side has its turns. */
static void fast_does_not_wait(void **state)
{
    enum { CHUNKS = 200 };
    char lines[CHUNKS * 24];
    size_t len = 0;

    (void)state;
    for (int i = 0; i < CHUNKS; i++)
        len += (size_t)snprintf(lines + len, 24, "%d000000000 > 1 x\n", i + 1);
    start(lines, (struct cat_player_options){.fast = true});
    assert_true(played.count >= 1);
    assert_true(played.count < CHUNKS);
    for (int i = 0; i < 10; i++)
        pass(1); /* a timer that is due at once needs the next instant */
    assert_int_equal(played.count, CHUNKS);
    assert_true(played.ended);
}

/* A recording that stops without an end would never end, or too early. */
static void the_last_line_is_the_end(void **state)
{
    (void)state;
    start("0 > 1 a\n2000000000 < 1 x\n", (struct cat_player_options){0});
    pass(SECOND);
    assert_false(played.ended);
    pass(SECOND);
    assert_true(played.ended);
}

/* What nobody took would be lost, or its owner not be asked again. */
static void what_is_not_taken_is_offered_again(void **state)
{
    (void)state;
    played.refusal = -EAGAIN;
    start("0 > 1 a\n0 > 1 b\n", (struct cat_player_options){0});
    pass(SECOND);
    assert_int_equal(played.refused, 1); /* the owner says when */
    played.refusal = 0;
    cat_player_retry(&player);
    assert_string_equal(played.text, "|a|b");
    assert_true(played.ended);
    cat_player_retry(&player); /* harmless */
}

/* The same by itself, for who cannot know when. */
static void it_tries_again_by_itself_when_told_so(void **state)
{
    (void)state;
    played.refusal = -EAGAIN;
    start("0 > 1 a\n", (struct cat_player_options){.retry_after = MILLISECOND});
    size_t refused = played.refused;
    pass(MILLISECOND);
    assert_true(played.refused > refused);
    played.refusal = 0;
    pass(MILLISECOND);
    assert_string_equal(played.text, "|a");
}

/* After a failure the rest would still be sent. */
static void a_failure_is_the_end(void **state)
{
    (void)state;
    played.refusal = -EPIPE;
    start("0 > 1 a\n1 > 1 b\n", (struct cat_player_options){0});
    pass(SECOND);
    assert_int_equal(played.refused, 1);
    assert_false(played.ended);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_times_are_kept),
        TEST(the_speed_divides_the_times),
        TEST(the_longest_time_never_comes),
        TEST(fast_does_not_wait),
        TEST(the_last_line_is_the_end),
        TEST(what_is_not_taken_is_offered_again),
        TEST(it_tries_again_by_itself_when_told_so),
        TEST(a_failure_is_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
