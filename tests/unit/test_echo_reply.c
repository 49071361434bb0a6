/* What echo makes of a message. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "echo/echo_reply.h"

static const struct nk_slice greeting = NK_SLICE("Hi, ");

static void expect(struct echo_style style, struct echo_message message, const char *reply,
                   size_t len)
{
    char room[128];

    assert_int_equal(echo_reply_len(&style, &message), len);
    memset(room, '#', sizeof room);
    echo_reply_write(&style, &message, room);
    assert_memory_equal(room, reply, len);
    assert_int_equal(room[len], '#'); /* and not a byte more */
}

#define EXPECT(style, message, reply) expect((style), (message), (reply), sizeof(reply) - 1)

/* Letters would stay, or bytes that are none would change. */
static void only_ascii_letters_change(void **state)
{
    static const char bytes[] = "azAZ09[`{@ \xe4\xff";
    const struct echo_message message = {.payload = NK_SLICE(bytes)};

    (void)state;
    EXPECT((struct echo_style){0}, message, "azAZ09[`{@ \xe4\xff");
    EXPECT((struct echo_style){.transform = ECHO_TRANSFORM_UPPER}, message, "AZAZ09[`{@ \xe4\xff");
    EXPECT((struct echo_style){.transform = ECHO_TRANSFORM_ROT13}, message, "nmNM09[`{@ \xe4\xff");
}

/* The prefix would be changed, too, or stand at the wrong place. */
static void the_prefix_comes_first_and_stays_as_it_is(void **state)
{
    const struct echo_style style = {.transform = ECHO_TRANSFORM_UPPER, .prefix = greeting};

    (void)state;
    EXPECT(style, ((struct echo_message){.payload = NK_SLICE("you"), .end = NK_SLICE("\r\n")}),
           "Hi, YOU\r\n");
    EXPECT(style, ((struct echo_message){0}), "Hi, ");
    EXPECT(style, ((struct echo_message){.end = NK_SLICE("\n"), .is_tail = true}), "\n");
}

/* A len32 client would read a wrong number of bytes. */
static void the_length_counts_the_prefix(void **state)
{
    const struct echo_style style = {.prefix = greeting};

    (void)state;
    EXPECT(style, ((struct echo_message){.payload = NK_SLICE("you"), .type = "TYPE"}),
           "\0\0\0\7TYPEHi, you");
    EXPECT((struct echo_style){0}, ((struct echo_message){.type = "\0\1\2\3"}), "\0\0\0\0\0\1\2\3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_ascii_letters_change),
        cmocka_unit_test(the_prefix_comes_first_and_stays_as_it_is),
        cmocka_unit_test(the_length_counts_the_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
