/* Keys from bytes that arrive in any pieces. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <locale.h>
#include <string.h>

#include "terminal/key_input.h"

static struct key_input input;
static struct key key;

static int set_up(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    key_input_init(&input);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    key_input_deinit(&input);
    return 0;
}

static void add(const char *bytes, size_t len)
{
    assert_int_equal(key_input_add(&input, nk_slice_make(bytes, len)), 0);
}

static void assert_next(const wchar_t *characters)
{
    assert_true(key_input_next(&input, &key));
    assert_int_equal(key.len, wcslen(characters));
    assert_int_equal(wcscmp(key.characters, characters), 0);
}

/* A slow line must not turn an umlaut into two odd characters, or a cursor key into
 * an escape and two letters. */
static void a_key_waits_for_its_last_byte(void **state)
{
    static const char *const keys[] = {"\xe2\x82\xac", "\033[A", "\033[1;5C", "\033OP", "\033b"};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(keys); i++) {
        for (const char *byte = keys[i]; *byte; byte++) {
            assert_false(key_input_next(&input, &key));
            add(byte, 1);
        }
        assert_true(key_input_next(&input, &key));
        assert_int_equal(key_input_bytes(&input).len, 0);
    }
}

/* Each is one key, however many come at once. */
static void keys_are_told_apart(void **state)
{
    (void)state;
    add("a\xc3\xa4\033[D\033[200~b\033OAc\033dd\r", 21);
    assert_next(L"a");
    assert_next(L"\xe4");
    assert_next(L"\033[D");
    assert_next(L"\033[200~");
    assert_next(L"b");
    assert_next(L"\033OA");
    assert_next(L"c");
    assert_next(L"\033d");
    assert_next(L"d");
    assert_next(L"\r");
    assert_false(key_input_next(&input, &key));
}

/* Somebody who hits Escape by mistake must not spoil the cursor key that follows. */
static void an_escape_before_another_is_nothing(void **state)
{
    (void)state;
    add("\033\033\033[Dx", 6);
    assert_next(L"\033[D");
    assert_next(L"x");
}

/* What a terminal answers or pastes must neither overflow nor become text. */
static void a_sequence_that_is_too_long_is_one_key(void **state)
{
    (void)state;
    add("\033[1;2;3;4;5;6;7Rx", 17);
    assert_true(key_input_next(&input, &key));
    assert_true(key.len > KEY_MAX);
    assert_int_equal(key.characters[0], 0);
    assert_next(L"x");
}

/* A sequence that is broken off must not swallow what follows: with ^C among that the
 * keyboard would be dead. */
static void a_sequence_ends_where_none_can_go_on(void **state)
{
    (void)state;
    add("\033[1;\003\033[\033[D\033[1\xc3\xa4", 15);
    assert_next(L"\033[1;");
    assert_next(L"\003");
    assert_next(L"\033[");
    assert_next(L"\033[D");
    assert_next(L"\033[1");
    assert_next(L"\xe4");
}

/* What was pasted looks like a sequence, and nothing that is typed would be heard any
 * more when no end of it can come into the buffer. */
static void a_sequence_without_an_end_is_given_up(void **state)
{
    (void)state;
    add("\033[", 2);
    for (size_t i = 0; i < KEY_SEQUENCE_MAX - 2; i++)
        add("1", 1);
    assert_true(key_input_next(&input, &key));
    assert_int_equal(key.len, KEY_SEQUENCE_MAX);
    assert_int_equal(key.characters[0], 0);
    add("1\003", 2);
    assert_next(L"1");
    assert_next(L"\003");
}

/* Line noise must neither stop the keyboard nor become text. */
static void bytes_that_are_no_character_are_left_out(void **state)
{
    static const char bytes[] = "\xff\xfe\x80"
                                "a\xc3(";

    (void)state;
    add(bytes, sizeof bytes - 1);
    assert_next(L"a");
    assert_next(L"(");
    assert_int_equal(key_input_bytes(&input).len, 0);
}

/* Ctrl-@ is a key: it must not end the reading. */
static void a_nul_is_a_key(void **state)
{
    (void)state;
    add("\0b", 2);
    assert_true(key_input_next(&input, &key));
    assert_int_equal(key.len, 1);
    assert_int_equal(key.characters[0], 0);
    assert_next(L"b");
}

/* Who reads bytes instead of keys takes them off the front. */
static void bytes_can_be_dropped(void **state)
{
    (void)state;
    add("abc", 3);
    key_input_drop(&input, 2);
    assert_int_equal(key_input_bytes(&input).len, 1);
    assert_next(L"c");
}

/* What nobody takes is bounded. */
static void no_more_than_the_limit_waits(void **state)
{
    static const char bytes[KEY_INPUT_MAX];

    (void)state;
    add(bytes, sizeof bytes);
    assert_int_equal(key_input_add(&input, nk_slice_make("x", 1)), -ENOBUFS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_key_waits_for_its_last_byte),
        CASE(keys_are_told_apart),
        CASE(an_escape_before_another_is_nothing),
        CASE(a_sequence_that_is_too_long_is_one_key),
        CASE(a_sequence_ends_where_none_can_go_on),
        CASE(a_sequence_without_an_end_is_given_up),
        CASE(bytes_that_are_no_character_are_left_out),
        CASE(a_nul_is_a_key),
        CASE(bytes_can_be_dropped),
        CASE(no_more_than_the_limit_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
