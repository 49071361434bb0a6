/* The library speaks only through the sink the program installs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"

struct capture {
    int count;
    enum nk_log_level level;
    char message[2048];
};

static void capture_message(void *context, enum nk_log_level level, const char *message)
{
    struct capture *capture = context;
    size_t len = strlen(message);

    assert_true(len < sizeof capture->message);
    memcpy(capture->message, message, len + 1);
    capture->level = level;
    capture->count++;
    errno = EXDEV; /* a sink may do anything to errno */
}

static int remove_sink(void **state)
{
    (void)state;
    nk_log_set_sink(NULL, NK_LOG_ERROR, NULL);
    return 0;
}

/* Without a sink the library must be silent, whatever the level. */
static void nothing_is_enabled_without_a_sink(void **state)
{
    (void)state;
    assert_false(nk_log_enabled(NK_LOG_ERROR));
    assert_false(nk_log_enabled(NK_LOG_DEBUG));
    nk_log(NK_LOG_ERROR, "dropped %d", 1);
    nk_log_set_sink(NULL, NK_LOG_DEBUG, NULL);
    assert_false(nk_log_enabled(NK_LOG_ERROR));
    nk_log(NK_LOG_ERROR, "dropped %d", 2);
}

static void sink_gets_its_context_level_and_text(void **state)
{
    struct capture capture = {0};

    (void)state;
    nk_log_set_sink(capture_message, NK_LOG_INFO, &capture);
    nk_log(NK_LOG_WARNING, "lost %s after %d bytes", "client", 42);
    assert_int_equal(capture.count, 1);
    assert_int_equal(capture.level, NK_LOG_WARNING);
    assert_string_equal(capture.message, "lost client after 42 bytes");
}

/* A level too many on the hot path would cost a format per event. */
static void only_levels_up_to_the_chosen_one_pass(void **state)
{
    (void)state;
    for (int chosen = NK_LOG_ERROR; chosen <= NK_LOG_DEBUG; chosen++)
        for (int level = NK_LOG_ERROR; level <= NK_LOG_DEBUG; level++) {
            struct capture capture = {0};

            nk_log_set_sink(capture_message, (enum nk_log_level)chosen, &capture);
            assert_int_equal(nk_log_enabled((enum nk_log_level)level), level <= chosen);
            nk_log((enum nk_log_level)level, "x");
            assert_int_equal(capture.count, level <= chosen);
        }
}

static void removed_sink_is_not_called_any_more(void **state)
{
    struct capture capture = {0};

    (void)state;
    nk_log_set_sink(capture_message, NK_LOG_DEBUG, &capture);
    nk_log_set_sink(NULL, NK_LOG_DEBUG, NULL);
    nk_log(NK_LOG_ERROR, "x");
    assert_int_equal(capture.count, 0);
}

/* Messages quote what peers sent; a long one must be cut, not overflow. */
static void long_messages_are_cut_at_1023_bytes(void **state)
{
    struct capture capture = {0};
    char text[3000];

    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    nk_log_set_sink(capture_message, NK_LOG_DEBUG, &capture);
    nk_log(NK_LOG_DEBUG, "%s", text);
    assert_int_equal(strlen(capture.message), 1023);
    text[1023] = '\0';
    nk_log(NK_LOG_DEBUG, "%s", text);
    assert_string_equal(capture.message, text);
}

/* A peer must not be able to forge a log line or to steer the terminal. */
static void control_bytes_are_replaced(void **state)
{
    struct capture capture = {0};

    (void)state;
    nk_log_set_sink(capture_message, NK_LOG_DEBUG, &capture);
    nk_log(NK_LOG_DEBUG, "%s", "a\nb\r\tc\x1b[2Jd\x7f\xc3\xa4");
    assert_string_equal(capture.message, "a?b??c?[2Jd?\xc3\xa4");
}

/* Code logs between a failed call and the use of its errno. */
static void errno_is_kept(void **state)
{
    struct capture capture = {0};

    (void)state;
    errno = ENOENT;
    nk_log(NK_LOG_ERROR, "no sink");
    assert_int_equal(errno, ENOENT);
    nk_log_set_sink(capture_message, NK_LOG_DEBUG, &capture);
    nk_log(NK_LOG_ERROR, "with a sink");
    assert_int_equal(capture.count, 1);
    assert_int_equal(errno, ENOENT);
}

enum { THREADS = 4, MESSAGES = 1000 };

static void count_intact_message(void *context, enum nk_log_level level, const char *message)
{
    atomic_int *intact = context;

    (void)level;
    if (strlen(message) == 40 && strspn(message, (const char[]){message[0], '\0'}) == 40)
        atomic_fetch_add(intact, 1);
}

static void *log_from_thread(void *letter)
{
    char text[41];

    memset(text, *(const char *)letter, 40);
    text[40] = '\0';
    for (int i = 0; i < MESSAGES; i++)
        nk_log(NK_LOG_INFO, "%s", text);
    return NULL;
}

/* Loops log at the same time: no message may mix with another. */
static void threads_do_not_mix_their_messages(void **state)
{
    pthread_t threads[THREADS];
    char letters[THREADS] = {'a', 'b', 'c', 'd'};
    atomic_int intact = 0;

    (void)state;
    nk_log_set_sink(count_intact_message, NK_LOG_DEBUG, &intact);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_from_thread, &letters[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&intact), THREADS * MESSAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_is_enabled_without_a_sink, remove_sink),
        cmocka_unit_test_teardown(sink_gets_its_context_level_and_text, remove_sink),
        cmocka_unit_test_teardown(only_levels_up_to_the_chosen_one_pass, remove_sink),
        cmocka_unit_test_teardown(removed_sink_is_not_called_any_more, remove_sink),
        cmocka_unit_test_teardown(long_messages_are_cut_at_1023_bytes, remove_sink),
        cmocka_unit_test_teardown(control_bytes_are_replaced, remove_sink),
        cmocka_unit_test_teardown(errno_is_kept, remove_sink),
        cmocka_unit_test_teardown(threads_do_not_mix_their_messages, remove_sink),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
