/* The chain in each direction: what is changed, what the trace is told, and what is
 * answered. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cat/cat_filters.h"
#include "reactor_fixture.h"

static struct cat_filters filters;
static struct nk_buffer out;
static char replied[256];
static size_t replied_len;
static int reply_error;
static char shown[4096];

static int on_reply(void *context, struct nk_slice bytes)
{
    assert_ptr_equal(context, &replied);
    assert_true(replied_len + bytes.len <= sizeof replied);
    memcpy(replied + replied_len, bytes.data, bytes.len);
    replied_len += bytes.len;
    return reply_error;
}

static char echoes[8]; /* one letter for each time it was told: + or - */

static void on_echo(void *context, bool peer_echoes)
{
    size_t len = strlen(echoes);

    assert_ptr_equal(context, &replied);
    assert_true(len + 1 < sizeof echoes);
    echoes[len] = peer_echoes ? '+' : '-';
}

static int set_up(void **state)
{
    (void)state;
    nk_buffer_init(&out, (size_t)64 * 1024);
    replied_len = 0;
    reply_error = 0;
    memset(shown, 0, sizeof shown);
    memset(echoes, 0, sizeof echoes);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nk_buffer_deinit(&out);
    return 0;
}

static void start(const struct cat_filter_options *options)
{
    cat_filters_init(&filters, options);
    filters.reply = on_reply;
    filters.on_echo = on_echo;
    filters.context = &replied;
}

static void expect_out(const char *bytes, size_t len)
{
    assert_int_equal(nk_buffer_len(&out), len);
    if (len > 0)
        assert_memory_equal(nk_buffer_slice(&out).data, bytes, len);
    nk_buffer_consume(&out, len);
}

static void up(const char *bytes, size_t len)
{
    assert_int_equal(cat_filter_up(&filters, nk_slice_make(bytes, len), &out), 0);
}

static void down(const char *bytes, size_t len)
{
    assert_int_equal(cat_filter_down(&filters, nk_slice_make(bytes, len), &out), 0);
}

/* Nothing asked for: nothing may be changed, not even a NUL or an IAC. */
static void without_work_bytes_pass(void **state)
{
    const struct cat_filter_options options = {0};

    (void)state;
    assert_false(cat_filters_have_work(&options));
    start(&options);
    up("\0a\n\377", 4);
    expect_out("\0a\n\377", 4);
    down("\0a\r\n\377\375\1", 7);
    expect_out("\0a\r\n\377\375\1", 7);
}

/* An end of line keeps its form when it is cut, and nothing received changes. */
static void crlf_is_for_what_is_sent(void **state)
{
    const struct cat_filter_options options = {.crlf = true};

    (void)state;
    assert_true(cat_filters_have_work(&options));
    start(&options);
    up("a\nb\r", 4);
    up("\n", 1);
    expect_out("a\r\nb\r\n", 6);
    down("a\n", 2);
    expect_out("a\n", 2);
}

/* A server that asks is not answered, or the user sees the question. */
static void telnet_is_answered_and_taken_out(void **state)
{
    const struct cat_filter_options options = {.telnet = true, .crlf = true};

    (void)state;
    start(&options);
    down("lo\377\375\30gin: \377\373\1", 13); /* DO TERMINAL-TYPE, WILL ECHO */
    expect_out("login: ", 7);
    assert_int_equal(replied_len, 6);
    assert_memory_equal(replied, "\377\374\30\377\375\1", 6); /* WONT, DO */
    up("me\377\n", 4);
    expect_out("me\377\377\r\n", 6);
}

/* Who is not told shows a password, or every key twice. */
static void the_peers_echo_is_told(void **state)
{
    (void)state;
    start(&(struct cat_filter_options){.telnet = true});
    down("login: ", 7);
    assert_string_equal(echoes, "");
    down("\xff\xfb\x01", 3);
    assert_string_equal(echoes, "+");
    down("\xff\xfb\x01$ ", 5);
    assert_string_equal(echoes, "+");
    down("\xff\xfc\x01", 3);
    assert_string_equal(echoes, "+-");
    nk_buffer_consume(&out, nk_buffer_len(&out));
}

/* More than the room for its answers at once: the rest is not answered. */
static void telnet_answers_a_long_piece(void **state)
{
    static char asked[3 * 4000];
    const struct cat_filter_options options = {.telnet = true};

    (void)state;
    start(&options);
    for (size_t i = 0; i < sizeof asked; i += 3)
        memcpy(asked + i, i % 2 == 0 ? "\377\361\361" : "a\377\361", 3);
    memcpy(asked + 4095, "\377\375\42", 3); /* over the edge of a piece */
    down(asked, sizeof asked);
    assert_int_equal(replied_len, 3);
    assert_memory_equal(replied, "\377\374\42", 3);
}

/* An answer that cannot be sent is an error, not silence. */
static void an_answer_that_fails_is_reported(void **state)
{
    const struct cat_filter_options options = {.telnet = true};

    (void)state;
    start(&options);
    reply_error = -ENOBUFS;
    assert_int_equal(cat_filter_down(&filters, nk_slice_make("\377\375\30", 3), &out), -ENOBUFS);
}

static void on_hexdump(void *context, const char *lines)
{
    (void)context;
    snprintf(shown + strlen(shown), sizeof shown - strlen(shown), "%s", lines);
}

static void on_failed(void *context, int error)
{
    (void)context;
    assert_int_equal(error, 0);
}

/* The trace tells what the user typed instead of what the network got, or nothing
 * of the answers. */
static void the_trace_is_next_to_the_network(void **state)
{
    const struct cat_trace_options trace_options = {.on_hexdump = on_hexdump,
                                                    .hex = true,
                                                    .on_failed = on_failed};
    struct nk_event_loop *loop = new_loop();
    struct cat_filter_options options = {.telnet = true, .hides_data = true};

    (void)state;
    assert_int_equal(cat_trace_open(&options.trace, loop, &trace_options), 0);
    start(&options);
    up("\n", 1);
    expect_out("\r\n", 2);
    down("x\377\375\30", 4);
    expect_out("", 0);
    assert_string_equal(shown,
                        "> 00000000  0d 0a                                             |..|\n"
                        "< 00000000  78 ff fd 18                                       |x...|\n"
                        "> 00000002  ff fc 18                                          |...|\n");
    filters.options.hides_data = false;
    down("y", 1);
    expect_out("y", 1);
    cat_trace_close(options.trace);
    nk_event_loop_free(loop);
}

/* What does not fit is an error, so that the pump fails instead of losing it. */
static void a_full_buffer_is_reported(void **state)
{
    static const struct cat_filter_options all[] = {{0}, {.crlf = true}, {.telnet = true}};
    static const char bytes[100];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(all); i++) {
        struct nk_buffer small;
        nk_buffer_init(&small, 50);
        start(&all[i]);
        assert_int_equal(cat_filter_up(&filters, nk_slice_make(bytes, sizeof bytes), &small),
                         -ENOBUFS);
        assert_int_equal(cat_filter_down(&filters, nk_slice_make(bytes, sizeof bytes), &small),
                         -ENOBUFS);
        nk_buffer_deinit(&small);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(without_work_bytes_pass),          CASE(crlf_is_for_what_is_sent),
        CASE(telnet_is_answered_and_taken_out), CASE(the_peers_echo_is_told),
        CASE(telnet_answers_a_long_piece),      CASE(an_answer_that_fails_is_reported),
        CASE(the_trace_is_next_to_the_network), CASE(a_full_buffer_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
