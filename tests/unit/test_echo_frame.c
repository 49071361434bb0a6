/* Messages in a stream, however the network cuts it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "echo/echo_frame.h"

struct reader {
    struct echo_framer framer;
    char text[512]; /* every message as <payload|end>, a tail as ~end */
    size_t len;
    ssize_t error; /* that ended the reading */
};

static void write_visible(struct reader *reader, struct nk_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char byte = bytes.data[i];
        reader->text[reader->len++] = (char)(byte == '\r' ? 'R' : byte == '\n' ? 'N' : byte);
    }
}

static void write_message(struct reader *reader, const struct echo_message *message)
{
    if (message->is_tail) {
        reader->len -= 1; /* the tail belongs into the brackets of its line */
        write_visible(reader, message->end);
    } else {
        reader->text[reader->len++] = '<';
        if (message->type)
            write_visible(reader, nk_slice_make(message->type, 4));
        write_visible(reader, message->payload);
        reader->text[reader->len++] = '|';
        write_visible(reader, message->end);
    }
    reader->text[reader->len++] = '>';
    reader->text[reader->len] = '\0';
}

/* Takes messages from the front; returns how many bytes are done with. */
static size_t read_messages(struct reader *reader, struct nk_slice input, bool ended)
{
    struct echo_message message;
    size_t done = 0;
    ssize_t taken;

    while ((taken = echo_framer_next(&reader->framer, nk_slice_from(input, done), ended,
                                     &message)) > 0) {
        write_message(reader, &message);
        done += (size_t)taken;
    }
    reader->error = taken;
    return done;
}

/* Feeds the stream in two reads, cut at `cut`, as the connection does it. */
static void read_cut(struct reader *reader, enum echo_framing framing, struct nk_slice stream,
                     size_t cut)
{
    *reader = (struct reader){.framer = {.framing = framing, .max = 20}};
    size_t done = read_messages(reader, nk_slice_first(stream, cut), false);
    if (reader->error == -EAGAIN)
        done += read_messages(reader, nk_slice_from(stream, done), false);
    if (reader->error == -EAGAIN)
        (void)read_messages(reader, nk_slice_from(stream, done), true);
}

static void expect_at_every_cut(enum echo_framing framing, const char *bytes, size_t len,
                                const char *expected, ssize_t error)
{
    struct reader reader;

    for (size_t cut = 0; cut <= len; cut++) {
        read_cut(&reader, framing, nk_slice_make(bytes, len), cut);
        assert_string_equal(reader.text, expected);
        assert_int_equal(reader.error, error);
    }
}

#define EXPECT(framing, bytes, expected, error)                                                    \
    expect_at_every_cut((framing), (bytes), sizeof(bytes) - 1, (expected), (error))

/* A line would be doubled, lost or joined with the next where CR and LF come in
 * different reads. */
static void lines_end_with_cr_lf_or_both(void **state)
{
    (void)state;
    EXPECT(ECHO_FRAMING_LINE, "one\ntwo\rthree\r\nfour", "<one|N><two|R><three|RN><four|>",
           -EAGAIN);
    EXPECT(ECHO_FRAMING_LINE, "\n\r\r\n\n", "<|N><|R><|RN><|N>", -EAGAIN);
    EXPECT(ECHO_FRAMING_LINE, "a\r\n\r\n", "<a|RN><|RN>", -EAGAIN);
    EXPECT(ECHO_FRAMING_LINE, "a\r", "<a|R>", -EAGAIN);
    EXPECT(ECHO_FRAMING_LINE, "", "", -EAGAIN);
}

/* A client that waits for the answer to a line that ends with CR would wait for
 * ever, because a LF might follow. */
static void a_cr_is_answered_at_once(void **state)
{
    struct reader reader = {.framer = {.framing = ECHO_FRAMING_LINE, .max = 20}};

    (void)state;
    assert_int_equal(read_messages(&reader, nk_slice_of_string("a\r"), false), 2);
    assert_string_equal(reader.text, "<a|R>");
    assert_int_equal(read_messages(&reader, nk_slice_of_string("b\n"), false), 2);
    assert_string_equal(reader.text, "<a|R><b|N>");
}

/* A line without end would fill the memory. */
static void long_lines_are_refused(void **state)
{
    (void)state;
    EXPECT(ECHO_FRAMING_LINE, "12345678901234567890\nx\n", "<12345678901234567890|N><x|N>",
           -EAGAIN);
    EXPECT(ECHO_FRAMING_LINE, "ok\n123456789012345678901\nx\n", "<ok|N>", -EMSGSIZE);
}

/* Payloads would be cut at the wrong place, or types mixed up. */
static void lengths_are_big_endian(void **state)
{
    (void)state;
    EXPECT(ECHO_FRAMING_LEN32, "\0\0\0\3typeabc\0\0\0\0TYPE\0\0\0\1tttt\n",
           "<typeabc|><TYPE|><ttttN|>", -EAGAIN);
    EXPECT(ECHO_FRAMING_LEN32, "\0\0\0\3typeab", "", -EAGAIN);
    EXPECT(ECHO_FRAMING_LEN32, "\0\0\0\1tttta\0\0\0\x15tttt", "<tttta|>", -EMSGSIZE);
    EXPECT(ECHO_FRAMING_LEN32, "\x80\0\0\0", "", -EMSGSIZE);
    EXPECT(ECHO_FRAMING_LEN32, "\1\0\0\0tttt", "", -EMSGSIZE);
}

/* Raw bytes would be held back or looked at. */
static void raw_bytes_are_messages_as_they_come(void **state)
{
    struct reader reader = {.framer = {.framing = ECHO_FRAMING_RAW}};

    (void)state;
    assert_int_equal(read_messages(&reader, nk_slice_of_string("a\r\nb"), false), 4);
    assert_string_equal(reader.text, "<aRNb|>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_with_cr_lf_or_both),
        cmocka_unit_test(a_cr_is_answered_at_once),
        cmocka_unit_test(long_lines_are_refused),
        cmocka_unit_test(lengths_are_big_endian),
        cmocka_unit_test(raw_bytes_are_messages_as_they_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
