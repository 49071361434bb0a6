/* Telnet as a dumb client: what is left of the server's bytes, what is answered,
 * and what becomes of the user's (RFC 854, 855, 1143), however they are cut. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cat/telnet.h"

#define ROOM 512

#define SE "\xf0"
#define NOP "\xf1"
#define GA "\xf9"
#define SB "\xfa"
#define WILL "\xfb"
#define WONT "\xfc"
#define DO "\xfd"
#define DONT "\xfe"
#define IAC "\xff"

#define ECHO "\x01"
#define GO_AHEAD "\x03"
#define TYPE "\x18"
#define SIZE "\x1f"

struct outcome {
    size_t len;
    size_t reply_len;
    char data[ROOM];
    char reply[ROOM];
};

/* Filters one piece, in buffers of exactly the promised size, in place. */
static void filter(struct telnet *telnet, struct nk_slice piece, struct outcome *outcome)
{
    char *data = malloc(piece.len > 0 ? piece.len : 1);
    char *reply = malloc(TELNET_REPLY_MAX(piece.len));
    size_t reply_len = SIZE_MAX;

    assert_non_null(data);
    assert_non_null(reply);
    memcpy(data, piece.data, piece.len);
    size_t len = telnet_input(telnet, nk_slice_make(data, piece.len), data, reply, &reply_len);
    assert_true(len <= piece.len && reply_len <= TELNET_REPLY_MAX(piece.len));
    assert_true(outcome->len + len <= ROOM && outcome->reply_len + reply_len <= ROOM);
    memcpy(outcome->data + outcome->len, data, len);
    memcpy(outcome->reply + outcome->reply_len, reply, reply_len);
    outcome->len += len;
    outcome->reply_len += reply_len;
    free(data);
    free(reply);
}

static struct outcome receive(struct nk_slice input, size_t first, size_t step)
{
    struct outcome outcome = {0};
    struct telnet telnet;

    memset(&telnet, 0xa5, sizeof telnet);
    telnet_init(&telnet);
    while (input.len > 0) {
        filter(&telnet, nk_slice_first(input, first), &outcome);
        input = nk_slice_from(input, first);
        first = step;
    }
    return outcome;
}

static void assert_outcome(const struct outcome *outcome, struct nk_slice data,
                           struct nk_slice reply)
{
    assert_int_equal(outcome->len, data.len);
    assert_memory_equal(outcome->data, data.data, data.len);
    assert_int_equal(outcome->reply_len, reply.len);
    assert_memory_equal(outcome->reply, reply.data, reply.len);
}

struct row {
    struct nk_slice input;
    struct nk_slice data;
    struct nk_slice reply;
};

/* clang-format off */
static const struct row rows[] = {
    {NK_SLICE("login: "), NK_SLICE("login: "), NK_SLICE("")},
    /* an IAC among the data is doubled on the wire */
    {NK_SLICE("a" IAC IAC "b"), NK_SLICE("a\xff" "b"), NK_SLICE("")},
    {NK_SLICE(IAC IAC IAC IAC), NK_SLICE("\xff\xff"), NK_SLICE("")},
    /* what a dumb client does not do is refused, and each request is answered */
    {NK_SLICE(IAC DO TYPE "x" IAC DO SIZE), NK_SLICE("x"), NK_SLICE(IAC WONT TYPE IAC WONT SIZE)},
    {NK_SLICE(IAC WILL TYPE), NK_SLICE(""), NK_SLICE(IAC DONT TYPE)},
    {NK_SLICE(IAC DO ECHO), NK_SLICE(""), NK_SLICE(IAC WONT ECHO)}, /* we do not echo */
    {NK_SLICE(IAC DO "\x00"), NK_SLICE(""), NK_SLICE(IAC WONT "\x00")},
    {NK_SLICE(IAC DO IAC "x"), NK_SLICE("x"), NK_SLICE(IAC WONT IAC)},
    /* what it can is accepted, and said once only: no endless conversation */
    {NK_SLICE(IAC WILL ECHO IAC WILL GO_AHEAD IAC DO GO_AHEAD), NK_SLICE(""),
     NK_SLICE(IAC DO ECHO IAC DO GO_AHEAD IAC WILL GO_AHEAD)},
    {NK_SLICE(IAC WILL ECHO IAC WILL ECHO IAC WILL ECHO), NK_SLICE(""), NK_SLICE(IAC DO ECHO)},
    {NK_SLICE(IAC WILL ECHO IAC WONT ECHO IAC WONT ECHO), NK_SLICE(""),
     NK_SLICE(IAC DO ECHO IAC DONT ECHO)},
    /* what is off already needs no answer */
    {NK_SLICE(IAC WONT ECHO IAC DONT TYPE IAC WONT TYPE), NK_SLICE(""), NK_SLICE("")},
    /* commands are taken out */
    {NK_SLICE("a" IAC NOP "b" IAC GA "c" IAC SE "d"), NK_SLICE("abcd"), NK_SLICE("")},
    {NK_SLICE("a" IAC "\x07" "b"), NK_SLICE("ab"), NK_SLICE("")}, /* no command at all */
    /* sub-negotiations too, with a doubled IAC inside */
    {NK_SLICE("a" IAC SB TYPE "\x01" IAC IAC "x" IAC SE "b"), NK_SLICE("ab"), NK_SLICE("")},
    {NK_SLICE(IAC SB IAC SE "b"), NK_SLICE("b"), NK_SLICE("")},
    /* one without its end stops at the next command */
    {NK_SLICE(IAC SB TYPE "x" IAC DO TYPE "b"), NK_SLICE("b"), NK_SLICE(IAC WONT TYPE)},
    {NK_SLICE(IAC SB TYPE "x" IAC SB "y" IAC SE "b"), NK_SLICE("b"), NK_SLICE("")},
    /* CR NUL is a CR; other NULs are the user's */
    {NK_SLICE("a\r\0b"), NK_SLICE("a\rb"), NK_SLICE("")},
    {NK_SLICE("a\r\nb"), NK_SLICE("a\r\nb"), NK_SLICE("")},
    {NK_SLICE("\0a\0\r\0\0"), NK_SLICE("\0a\0\r\0"), NK_SLICE("")},
    {NK_SLICE("\r\r\0\n\0"), NK_SLICE("\r\r\n\0"), NK_SLICE("")},
    {NK_SLICE("\r" IAC NOP "\0x"), NK_SLICE("\rx"), NK_SLICE("")},
    {NK_SLICE("\r" IAC IAC "\0x"), NK_SLICE("\r\xff\0x"), NK_SLICE("")},
};
/* clang-format on */

/* A command that two reads cut in two must neither show up as text nor be lost. */
static void input_is_filtered_at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        for (size_t cut = 1; cut <= rows[i].input.len; cut++) {
            struct outcome halves = receive(rows[i].input, cut, rows[i].input.len);
            assert_outcome(&halves, rows[i].data, rows[i].reply);
        }
        struct outcome bytes = receive(rows[i].input, 1, 1);
        assert_outcome(&bytes, rows[i].data, rows[i].reply);
    }
}

/* Each of the 256 options in each of the four verbs gets exactly one answer, or
 * none when there is nothing to change. */
static void every_option_is_answered(void **state)
{
    (void)state;
    for (unsigned option = 0; option < 256; option++) {
        char input[] = IAC DO "x" IAC DONT "x" IAC WILL "x" IAC WONT "x";
        bool is_go_ahead = option == TELNET_SUPPRESS_GO_AHEAD;
        size_t expected = 2U + (is_go_ahead ? 2U : 0U) + (option == TELNET_ECHO ? 1U : 0U);

        for (size_t i = 2; i < sizeof input - 1; i += 3)
            input[i] = (char)option;
        struct outcome outcome = receive(nk_slice_make(input, sizeof input - 1), 3, 3);
        assert_int_equal(outcome.reply_len, 3 * expected);
    }
}

static void say(struct telnet *telnet, const char *text)
{
    struct outcome outcome = {0};

    filter(telnet, nk_slice_of_string(text), &outcome);
    assert_int_equal(outcome.len, 0);
}

/* A terminal turns its own echo off while the server echoes, and on again. */
static void the_state_of_options_can_be_asked(void **state)
{
    struct telnet telnet;

    (void)state;
    telnet_init(&telnet);
    assert_false(telnet_is_on(&telnet, TELNET_REMOTE, TELNET_ECHO));
    say(&telnet, IAC WILL ECHO);
    assert_true(telnet_is_on(&telnet, TELNET_REMOTE, TELNET_ECHO));
    assert_false(telnet_is_on(&telnet, TELNET_LOCAL, TELNET_ECHO));
    say(&telnet, IAC WONT ECHO);
    assert_false(telnet_is_on(&telnet, TELNET_REMOTE, TELNET_ECHO));
}

/* The Q method as a table: what we ask ('+' on, '-' off) and hear ('y' on, 'n'
 * off) about an option in turn; what is said each time; and the end. An option
 * must not flip for ever when both sides change their minds at the same time. */
static void asking_follows_the_q_method(void **state)
{
    static const struct {
        const char *events;
        const char *said; /* '+' on, '-' off, '.' nothing */
        bool is_on;
    } table[] = {
        {"+y", "+.", true},       {"+n", "+.", false},         {"++y", "+..", true},
        {"+y+", "+..", true},     {"+y-n", "+.-.", false},     {"+y-y", "+.-.", false},
        {"+-yn", "+.-.", false},  {"+-n", "+..", false},       {"+-+y", "+...", true},
        {"+--y", "+..-", false},  {"+y-+n", "+.-.+", false},   {"+y-+ny", "+.-.+.", true},
        {"+y-+y", "+.-..", true}, {"+y-+-n", "+.-...", false}, {"-", ".", false},
        {"n", ".", false},        {"y", "-", false}, /* not welcome unless asked for */
        {"+yn", "+.-", false},    {"+y--", "+.-.", false},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        struct telnet telnet;
        telnet_init(&telnet);
        for (size_t k = 0; table[i].events[k]; k++) {
            struct outcome outcome = {0};
            char event = table[i].events[k];
            if (event == 'y' || event == 'n')
                filter(&telnet, nk_slice_of_string(event == 'y' ? IAC WILL SIZE : IAC WONT SIZE),
                       &outcome);
            else
                outcome.reply_len =
                    telnet_ask(&telnet, TELNET_REMOTE, 31, event == '+', outcome.reply);
            const char *said = table[i].said[k] == '+'   ? IAC DO SIZE
                               : table[i].said[k] == '-' ? IAC DONT SIZE
                                                         : "";
            assert_int_equal(outcome.reply_len, strlen(said));
            assert_memory_equal(outcome.reply, said, outcome.reply_len);
        }
        assert_int_equal(telnet_is_on(&telnet, TELNET_REMOTE, 31), table[i].is_on);
    }
}

/* Our own side uses the other two verbs. */
static void our_side_says_will_and_wont(void **state)
{
    char request[TELNET_REQUEST_SIZE];
    struct telnet telnet;

    (void)state;
    telnet_init(&telnet);
    assert_int_equal(telnet_ask(&telnet, TELNET_LOCAL, 31, true, request), 3);
    assert_memory_equal(request, IAC WILL SIZE, 3);
    say(&telnet, IAC DO SIZE);
    assert_true(telnet_is_on(&telnet, TELNET_LOCAL, 31));
    assert_int_equal(telnet_ask(&telnet, TELNET_LOCAL, 31, false, request), 3);
    assert_memory_equal(request, IAC WONT SIZE, 3);
}

static size_t put(struct telnet *telnet, struct nk_slice piece, char *out)
{
    char *room = malloc(TELNET_OUTPUT_MAX(piece.len));

    assert_non_null(room);
    size_t len = telnet_output(telnet, piece, room);
    assert_true(len <= TELNET_OUTPUT_MAX(piece.len));
    memcpy(out, room, len);
    free(room);
    return len;
}

/* A new line is CR LF on the network and a lone CR is CR NUL, also when CR and LF
 * come in different reads; a byte 255 must not become a command. */
static void output_is_escaped_at_every_cut(void **state)
{
    static const struct {
        struct nk_slice bytes;
        struct nk_slice sent;
    } table[] = {
        {NK_SLICE("hello"), NK_SLICE("hello")},
        {NK_SLICE("a\nb"), NK_SLICE("a\r\nb")},
        {NK_SLICE("a\r\nb"), NK_SLICE("a\r\nb")},
        {NK_SLICE("a\rb"), NK_SLICE("a\r\0b")},
        {NK_SLICE("\r\r\n"), NK_SLICE("\r\0\r\n")},
        {NK_SLICE("\n\n"), NK_SLICE("\r\n\r\n")},
        {NK_SLICE("a\r"), NK_SLICE("a\r")},
        {NK_SLICE("\r" IAC), NK_SLICE("\r\0" IAC IAC)},
        {NK_SLICE("a\0" IAC "b" IAC), NK_SLICE("a\0" IAC IAC "b" IAC IAC)},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++)
        for (size_t cut = 0; cut <= table[i].bytes.len; cut++) {
            struct telnet telnet;
            char out[ROOM];
            telnet_init(&telnet);
            size_t len = put(&telnet, nk_slice_first(table[i].bytes, cut), out);
            len += put(&telnet, nk_slice_from(table[i].bytes, cut), out + len);
            assert_int_equal(len, table[i].sent.len);
            assert_memory_equal(out, table[i].sent.data, len);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_is_filtered_at_every_cut),
        cmocka_unit_test(every_option_is_answered),
        cmocka_unit_test(the_state_of_options_can_be_asked),
        cmocka_unit_test(asking_follows_the_q_method),
        cmocka_unit_test(our_side_says_will_and_wont),
        cmocka_unit_test(output_is_escaped_at_every_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
