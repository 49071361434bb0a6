/* The recording format: what is written is exact, what is read is what was
 * written, however it is cut, and what is damaged is refused with its line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cat/record.h"

#define HEADER "netkit-record 1\n"

/* What was read, written down again in a form that tests can compare. */
struct reading {
    struct nk_buffer text;
    int error;
    bool may_end;
    const char *problem;
    uint64_t line;
};

static void note(struct reading *reading, const struct record_event *event)
{
    assert_int_equal(event->is_end ? record_write_end(&reading->text, event->time, event->direction)
                                   : record_write_chunk(&reading->text, event->time,
                                                        event->direction, event->bytes),
                     0);
}

/* Reads one piece from a heap copy of exactly its size; false when it is refused. */
static bool read_piece(struct record_reader *reader, struct nk_slice piece, struct reading *reading)
{
    char *copy = malloc(piece.len > 0 ? piece.len : 1);
    bool goes_on = true;

    assert_non_null(copy);
    memcpy(copy, piece.data, piece.len);
    struct nk_slice rest = nk_slice_make(copy, piece.len);
    while (rest.len > 0 && goes_on) {
        struct record_event event;
        bool is_complete;
        ssize_t used = record_read(reader, rest, &event, &is_complete);
        if (used < 0) {
            assert_int_equal(used, -EBADMSG);
            assert_int_equal(record_read(reader, rest, &event, &is_complete), -EBADMSG);
            goes_on = false;
        } else {
            assert_true(is_complete ? used > 0 : (size_t)used == rest.len);
            rest = nk_slice_from(rest, (size_t)used);
        }
        if (is_complete)
            note(reading, &event);
    }
    free(copy);
    return goes_on;
}

static void read_in_steps(struct nk_slice input, size_t first, size_t step, struct reading *reading)
{
    struct record_reader *reader = malloc(sizeof *reader);

    assert_non_null(reader);
    memset(reader, 0xa5, sizeof *reader);
    record_reader_init(reader);
    *reading = (struct reading){0};
    nk_buffer_init(&reading->text, 1 << 20);
    while (reading->error == 0 && input.len > 0) {
        if (!read_piece(reader, nk_slice_first(input, first), reading))
            reading->error = -EBADMSG;
        input = nk_slice_from(input, first);
        first = step;
    }
    reading->may_end = record_reader_may_end(reader);
    reading->problem = record_reader_problem(reader, &reading->line);
    free(reader);
}

static void assert_same(const struct reading *a, const struct reading *b)
{
    assert_int_equal(a->error, b->error);
    assert_int_equal(a->may_end, b->may_end);
    assert_int_equal(a->line, b->line);
    assert_ptr_equal(a->problem, b->problem);
    assert_true(nk_slice_equal(nk_buffer_slice(&a->text), nk_buffer_slice(&b->text)));
}

/* Whole, cut in two at every place, and byte by byte: always the same. The caller
 * frees whole->text. */
static void read_all_ways(struct nk_slice input, struct reading *whole)
{
    struct reading other;

    read_in_steps(input, input.len, 1, whole);
    for (size_t cut = 1; cut < input.len; cut++) {
        read_in_steps(input, cut, input.len, &other);
        assert_same(whole, &other);
        nk_buffer_deinit(&other.text);
    }
    read_in_steps(input, 1, 1, &other);
    assert_same(whole, &other);
    nk_buffer_deinit(&other.text);
}

/* The text is a file format: a change of it would orphan people's recordings. */
static void what_is_written_is_exact(void **state)
{
    static const struct nk_slice request = NK_SLICE("GET / HTTP/1.0\r\n\r\n");
    static const struct nk_slice bytes = NK_SLICE("\0\xff"
                                                  "ab\\\n\t\x7f ~");
    static const struct nk_slice nothing = NK_SLICE("");
    static const char expected[] = HEADER "0 > 18 GET / HTTP/1.0\\r\\n\\r\\n\n"
                                          "1534021 < 10 \\x00\\xffab\\\\\\n\\t\\x7f ~\n"
                                          "1534022 < 0 \n"
                                          "18446744073709551615 > end\n"
                                          "18446744073709551615 < end\n";
    struct nk_buffer out;
    struct reading reading;

    (void)state;
    nk_buffer_init(&out, 4096);
    assert_int_equal(record_write_header(&out), 0);
    assert_int_equal(record_write_chunk(&out, 0, RECORD_SENT, request), 0);
    assert_int_equal(record_write_chunk(&out, 1534021, RECORD_RECEIVED, bytes), 0);
    assert_int_equal(record_write_chunk(&out, 1534022, RECORD_RECEIVED, nothing), 0);
    assert_int_equal(record_write_end(&out, UINT64_MAX, RECORD_SENT), 0);
    assert_int_equal(record_write_end(&out, UINT64_MAX, RECORD_RECEIVED), 0);
    struct nk_slice text = nk_buffer_slice(&out);
    assert_int_equal(text.len, sizeof expected - 1);
    assert_memory_equal(text.data, expected, text.len);

    /* and it is read back */
    read_all_ways(text, &reading);
    assert_int_equal(reading.error, 0);
    assert_true(reading.may_end);
    assert_true(
        nk_slice_equal(nk_buffer_slice(&reading.text), nk_slice_from(text, sizeof HEADER - 1)));
    nk_buffer_deinit(&reading.text);
    nk_buffer_deinit(&out);
}

/* Every byte, and a chunk of the greatest length, survive. */
static void every_byte_survives(void **state)
{
    static char bytes[RECORD_CHUNK_MAX + 1];
    struct nk_slice chunk = nk_slice_make(bytes, RECORD_CHUNK_MAX);
    struct nk_buffer out;
    struct reading reading;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(uint8_t)i;
    nk_buffer_init(&out, RECORD_LINE_MAX + 64);
    assert_int_equal(record_write_header(&out), 0);
    assert_int_equal(record_write_chunk(&out, 7, RECORD_SENT, chunk), 0);
    struct nk_slice text = nk_buffer_slice(&out);
    read_in_steps(text, 1000, 1000, &reading);
    assert_int_equal(reading.error, 0);
    assert_true(
        nk_slice_equal(nk_buffer_slice(&reading.text), nk_slice_from(text, sizeof HEADER - 1)));
    nk_buffer_deinit(&reading.text);

    chunk.len++;
    assert_int_equal(record_write_chunk(&out, 8, RECORD_SENT, chunk), -EMSGSIZE);
    nk_buffer_deinit(&out);
    memset(bytes, 0xff, sizeof bytes);
    chunk.len--;
    nk_buffer_init(&out, RECORD_LINE_MAX);
    assert_int_equal(record_write_chunk(&out, UINT64_MAX, RECORD_SENT, chunk), 0);
    nk_buffer_deinit(&out);
}

/* A full buffer takes nothing of a line: half a line would damage the record. */
static void a_full_buffer_takes_no_part_of_a_line(void **state)
{
    static const struct nk_slice bytes = NK_SLICE("hello\n");
    struct nk_buffer out;

    (void)state;
    nk_buffer_init(&out, sizeof HEADER - 1 + 5);
    assert_int_equal(record_write_header(&out), 0);
    assert_int_equal(record_write_chunk(&out, 0, RECORD_SENT, bytes), -ENOBUFS);
    assert_int_equal(record_write_end(&out, 0, RECORD_SENT), -ENOBUFS);
    assert_int_equal(nk_buffer_len(&out), sizeof HEADER - 1);
    nk_buffer_deinit(&out);
}

/* What people write by hand: printable bytes as \xNN, capital digits. */
static void other_spellings_are_read(void **state)
{
    static const struct nk_slice text = NK_SLICE(HEADER "1 > 4 \\x41\\xfF\\x0d\\x5c\n");
    static const struct nk_slice canonical = NK_SLICE("1 > 4 A\\xff\\r\\\\\n");
    struct reading reading;

    (void)state;
    read_all_ways(text, &reading);
    assert_int_equal(reading.error, 0);
    assert_true(nk_slice_equal(nk_buffer_slice(&reading.text), canonical));
    nk_buffer_deinit(&reading.text);
}

/* clang-format off */
static const struct {
    struct nk_slice text;
    uint64_t line;
    const char *problem;
} damaged[] = {
    {NK_SLICE("x"), 1, "not a netkit record"},
    {NK_SLICE("netkit-record 2\n"), 1, "not a netkit record"},
    {NK_SLICE("netkit-record 1\r\n"), 1, "not a netkit record"},
    {NK_SLICE("\n"), 1, "not a netkit record"},
    {NK_SLICE(HEADER "\n"), 2, "time"},
    {NK_SLICE(HEADER " > 0 \n"), 2, "time is not"},
    {NK_SLICE(HEADER "-1 > 0 \n"), 2, "time is not"},
    {NK_SLICE(HEADER "1x > 0 \n"), 2, "time is not"},
    {NK_SLICE(HEADER "01 > 0 \n"), 2, "time is not"},
    {NK_SLICE(HEADER "00 > 0 \n"), 2, "time is not"},
    {NK_SLICE(HEADER "18446744073709551616 > 0 \n"), 2, "time is not"},
    {NK_SLICE(HEADER "5 > 0 \n4 > 0 \n"), 3, "time goes back"},
    {NK_SLICE(HEADER "5 = 0 \n"), 2, "direction is neither"},
    {NK_SLICE(HEADER "5  > 0 \n"), 2, "direction is neither"},
    {NK_SLICE(HEADER "5 >0 \n"), 2, "blank"},
    {NK_SLICE(HEADER "5 > \n"), 2, "length"},
    {NK_SLICE(HEADER "5 >  0 \n"), 2, "length"},
    {NK_SLICE(HEADER "5 > 0\n"), 2, "length"},
    {NK_SLICE(HEADER "5 > 01 a\n"), 2, "length"},
    {NK_SLICE(HEADER "5 > 65537 "), 2, "length"},
    {NK_SLICE(HEADER "5 > 99999999999999999999999 "), 2, "length"},
    {NK_SLICE(HEADER "5 > enD\n"), 2, "'end'"},
    {NK_SLICE(HEADER "5 > end \n"), 2, "'end'"},
    {NK_SLICE(HEADER "5 > end\r\n"), 2, "'end'"},
    {NK_SLICE(HEADER "5 > 3 ab\n"), 2, "fewer"},
    {NK_SLICE(HEADER "5 > 1 ab\n"), 2, "more"},
    {NK_SLICE(HEADER "5 > 0 \\n\n"), 2, "more"},
    {NK_SLICE(HEADER "5 > 1 \t\n"), 2, "escaped"},
    {NK_SLICE(HEADER "5 > 1 \r\n"), 2, "escaped"},
    {NK_SLICE(HEADER "5 > 1 \0\n"), 2, "escaped"},
    {NK_SLICE(HEADER "5 > 1 \x7f\n"), 2, "escaped"},
    {NK_SLICE(HEADER "5 > 2 \xc3\xa4\n"), 2, "escaped"},
    {NK_SLICE(HEADER "5 > 1 \\q\n"), 2, "escape"},
    {NK_SLICE(HEADER "5 > 1 \\\n"), 2, "escape"},
    {NK_SLICE(HEADER "5 > 1 \\x4\n"), 2, "hexadecimal"},
    {NK_SLICE(HEADER "5 > 1 \\xg0\n"), 2, "hexadecimal"},
    {NK_SLICE(HEADER "1 > end\n2 < 0 \n2 > 0 \n"), 4, "ended already"},
    {NK_SLICE(HEADER "1 < end\n2 < end\n"), 3, "ended already"},
};
/* clang-format on */

/* A damaged record must not be replayed as something else; the user is told where
 * the damage is. */
static void damaged_records_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(damaged); i++) {
        struct reading reading;

        read_all_ways(damaged[i].text, &reading);
        assert_int_equal(reading.error, -EBADMSG);
        assert_false(reading.may_end);
        assert_int_equal(reading.line, damaged[i].line);
        if (!strstr(reading.problem, damaged[i].problem))
            fail_msg("row %zu: %s", i, reading.problem);
        nk_buffer_deinit(&reading.text);
    }
}

/* A recorder that was killed leaves half a line, which must be noticed. */
static void a_truncated_record_is_noticed(void **state)
{
    static const struct nk_slice text = NK_SLICE(HEADER "0 > 3 a\\x00b\n12 < end\n");

    (void)state;
    for (size_t len = 0; len <= text.len; len++) {
        bool is_whole = len > 0 && text.data[len - 1] == '\n';
        struct reading reading;

        read_in_steps(nk_slice_first(text, len), len, 1, &reading);
        assert_int_equal(reading.error, 0);
        assert_int_equal(reading.may_end, is_whole);
        if (!is_whole)
            assert_non_null(strstr(reading.problem, "in the middle"));
        nk_buffer_deinit(&reading.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_exact),
        cmocka_unit_test(every_byte_survives),
        cmocka_unit_test(a_full_buffer_takes_no_part_of_a_line),
        cmocka_unit_test(other_spellings_are_read),
        cmocka_unit_test(damaged_records_are_refused),
        cmocka_unit_test(a_truncated_record_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
