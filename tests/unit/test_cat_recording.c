/* A recording that is read from two places. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "recording_fixture.h"

static void expect(struct cat_recording *recording, enum cat_recording_cursor cursor, uint64_t time,
                   const char *text)
{
    struct record_event event;

    assert_int_equal(cat_recording_next(recording, cursor, &event), 1);
    assert_int_equal(event.time, time);
    assert_int_equal(event.bytes.len, strlen(text));
    assert_memory_equal(event.bytes.data, text, strlen(text));
}

/* One that looks ahead would take lines away from the other. */
static void the_cursors_are_independent(void **state)
{
    struct cat_recording *recording = open_recording("1 > 3 one\n2 < 3 two\n3 > 5 three\n");
    struct record_event event;

    (void)state;
    expect(recording, CAT_RECORDING_FIRST, 1, "one");
    expect(recording, CAT_RECORDING_SECOND, 1, "one");
    expect(recording, CAT_RECORDING_SECOND, 2, "two");
    expect(recording, CAT_RECORDING_SECOND, 3, "three");
    assert_int_equal(cat_recording_next(recording, CAT_RECORDING_SECOND, &event), 0);
    assert_int_equal(cat_recording_next(recording, CAT_RECORDING_SECOND, &event), 0);
    expect(recording, CAT_RECORDING_FIRST, 2, "two");
    cat_recording_close(recording);
}

/* What is waited for would not be known. */
static void the_summary_counts(void **state)
{
    struct cat_recording *recording =
        open_recording("1 > 3 one\n2 < 0 \n2 < 2 xy\n9 < end\n10 > end\n");
    const struct cat_recording_summary *summary = cat_recording_summary(recording);

    (void)state;
    assert_int_equal(summary->chunks[RECORD_SENT], 1);
    assert_int_equal(summary->bytes[RECORD_SENT], 3);
    assert_int_equal(summary->chunks[RECORD_RECEIVED], 2);
    assert_int_equal(summary->bytes[RECORD_RECEIVED], 2);
    assert_int_equal(summary->duration, 10);
    cat_recording_close(recording);
}

/* Lines that lie across two reads of the file would be torn apart. */
static void long_files_are_read_in_pieces(void **state)
{
    enum { LINES = 3000, SIZE = 100 };
    char *lines = malloc((size_t)LINES * (SIZE + 32));
    char bytes[SIZE + 1];
    size_t len = 0;

    (void)state;
    assert_non_null(lines);
    memset(bytes, 'x', SIZE);
    bytes[SIZE] = '\0';
    for (int i = 0; i < LINES; i++)
        len += (size_t)snprintf(lines + len, SIZE + 32, "%d > %d %s\n", i, SIZE, bytes);
    struct cat_recording *recording = open_recording(lines);
    for (uint64_t i = 0; i < LINES; i++)
        expect(recording, CAT_RECORDING_FIRST, i, bytes);
    cat_recording_close(recording);
    free(lines);
}

/* A bad file would be found when half of it has been sent, or nobody know where. */
static void problems_are_found_at_once(void **state)
{
    static const struct {
        const char *lines;
        const char *text;
        uint64_t line;
    } cases[] = {
        {"1 > 1 a\n0 > 1 b\n", "the time goes back", 3},
        {"1 > 1 a\n2 > 1 b", "the record ends in the middle of a line", 3},
        {"1 > end\n2 > 1 b\n", "this direction has ended already", 3},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct cat_recording *recording = NULL;
        struct cat_recording_problem problem;

        write_recording(cases[i].lines);
        assert_int_equal(cat_recording_open(&recording, recording_path, &problem), -EBADMSG);
        assert_null(recording);
        assert_string_equal(problem.text, cases[i].text);
        assert_int_equal(problem.line, cases[i].line);
        remove_recording();
    }
}

/* A device would be read without end. */
static void only_regular_files_are_read(void **state)
{
    struct cat_recording *recording;
    struct cat_recording_problem problem;

    (void)state;
    assert_int_equal(cat_recording_open(&recording, "/dev/zero", &problem), -EINVAL);
    assert_string_equal(problem.text, "it is not a regular file");
    assert_int_equal(cat_recording_open(&recording, "/proc/netkit/nowhere", &problem), -ENOENT);
    assert_null(problem.text);
    cat_recording_close(NULL);
}

/* A file that is cut off while it is replayed would end it as if all were well. */
static void a_file_that_has_changed_is_noticed(void **state)
{
    struct cat_recording *recording;
    struct cat_recording_problem problem;
    struct record_event event;

    (void)state;
    write_recording("1 > 3 one\n");
    assert_int_equal(cat_recording_open(&recording, recording_path, &problem), 0);
    assert_int_equal(truncate(recording_path, 20), 0);
    assert_int_equal(cat_recording_next(recording, CAT_RECORDING_FIRST, &event), -EBADMSG);
    remove_recording();
    cat_recording_close(recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cursors_are_independent),
        cmocka_unit_test(the_summary_counts),
        cmocka_unit_test(long_files_are_read_in_pieces),
        cmocka_unit_test(problems_are_found_at_once),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(a_file_that_has_changed_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
