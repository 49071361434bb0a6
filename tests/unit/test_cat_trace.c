/* What --hex shows and --record keeps. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "cat/cat_trace.h"
#include "reactor_fixture.h"

static struct nk_event_loop *loop;
static struct nk_manual_clock clock_by_hand;
static struct cat_trace *trace;
static size_t descriptors_before;
static char directory[64];
static char path[128];
static char shown[4096];
static int failures;
static int last_error;

static void on_hexdump(void *context, const char *lines)
{
    assert_ptr_equal(context, &shown);
    assert_true(strlen(shown) + strlen(lines) < sizeof shown);
    snprintf(shown + strlen(shown), sizeof shown - strlen(shown), "%s", lines);
}

static void on_failed(void *context, int error)
{
    assert_ptr_equal(context, &shown);
    failures++;
    last_error = error;
}

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    descriptors_before = open_descriptors();
    snprintf(directory, sizeof directory, "/tmp/netkit-trace-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/record", directory);
    loop = new_loop_with_clock(&clock_by_hand);
    memset(shown, 0, sizeof shown);
    failures = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cat_trace_close(trace);
    trace = NULL;
    nk_event_loop_free(loop);
    unlink(path);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(open_descriptors(), descriptors_before);
    return 0;
}

static int open_on(const char *record, bool hex)
{
    const struct cat_trace_options options = {
        .on_hexdump = on_hexdump,
        .hex = hex,
        .record = record,
        .on_failed = on_failed,
        .context = &shown,
    };
    return cat_trace_open(&trace, loop, &options);
}

static void tell(enum record_direction direction, const char *text)
{
    cat_trace_chunk(trace, direction, nk_slice_make(text, strlen(text)));
}

static void expect_file(const char *expected)
{
    char text[1024] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_true(read(fd, text, sizeof text - 1) >= 0);
    close(fd);
    assert_string_equal(text, expected);
}

/* Times, directions and ends of a conversation are wrong in the file, or it is
 * written only when the program ends. */
static void a_turn_is_in_the_file_when_it_is_over(void **state)
{
    (void)state;
    assert_int_equal(open_on(path, false), 0);
    nk_manual_clock_advance(&clock_by_hand, SECOND);
    turn_idle(loop, 1);
    expect_file("netkit-record 1\n");
    cat_trace_begin(trace);
    tell(RECORD_SENT, "ask\n");
    nk_manual_clock_advance(&clock_by_hand, MILLISECOND);
    turn_idle(loop, 1);
    expect_file("netkit-record 1\n0 > 4 ask\\n\n");
    cat_trace_begin(trace); /* again: changes nothing */
    tell(RECORD_RECEIVED, "");
    cat_trace_end(trace, RECORD_SENT);
    cat_trace_end(trace, RECORD_SENT);
    tell(RECORD_SENT, "too late");
    turn_idle(loop, 1);
    expect_file("netkit-record 1\n0 > 4 ask\\n\n1000000 < 0 \n1000000 > end\n");
    assert_int_equal(failures, 0);
}

/* A program that ends at once leaves an empty record. */
static void closing_writes_the_rest(void **state)
{
    (void)state;
    assert_int_equal(open_on(path, false), 0);
    tell(RECORD_RECEIVED, "x");
    cat_trace_close(trace);
    trace = NULL;
    expect_file("netkit-record 1\n0 < 1 x\n");
}

/* More than one chunk of a record may hold, or than the buffer, is cut or lost. */
static void long_pieces_become_several_chunks(void **state)
{
    static char bytes[5 * RECORD_CHUNK_MAX + 7];
    static struct record_reader reader;
    static char text[RECORD_LINE_MAX];
    struct record_event event;
    bool is_complete;
    size_t seen = 0;
    ssize_t got;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % 251);
    assert_int_equal(open_on(path, false), 0);
    cat_trace_chunk(trace, RECORD_SENT, nk_slice_make(bytes, sizeof bytes));
    turn_idle(loop, 1);
    record_reader_init(&reader);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while ((got = read(fd, text, sizeof text)) > 0) {
        struct nk_slice rest = nk_slice_make(text, (size_t)got);
        while (rest.len > 0) {
            ssize_t used = record_read(&reader, rest, &event, &is_complete);
            assert_true(used > 0);
            rest = nk_slice_from(rest, (size_t)used);
            if (is_complete) {
                assert_memory_equal(event.bytes.data, bytes + seen, event.bytes.len);
                seen += event.bytes.len;
            }
        }
    }
    close(fd);
    assert_true(record_reader_may_end(&reader));
    assert_int_equal(seen, sizeof bytes);
}

/* Each direction counts for itself; an empty datagram is seen. */
static void the_hexdump_has_offsets_by_direction(void **state)
{
    (void)state;
    assert_int_equal(open_on(NULL, true), 0);
    tell(RECORD_SENT, "0123456789abcdefg");
    tell(RECORD_RECEIVED, "");
    tell(RECORD_SENT, "h");
    assert_string_equal(
        shown, "> 00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
               "> 00000010  67                                                |g|\n"
               "< 00000000                                                    ||\n"
               "> 00000011  68                                                |h|\n");
}

/* Lines of a long piece are lost between two calls. */
static void a_long_hexdump_is_whole(void **state)
{
    static const char zeros[40 * 16];
    size_t lines = 0;

    (void)state;
    assert_int_equal(open_on(NULL, true), 0);
    cat_trace_chunk(trace, RECORD_SENT, nk_slice_make(zeros, sizeof zeros));
    for (const char *at = shown; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 40);
}

/* A full disk is silent, or is reported for every chunk. */
static void a_full_disk_is_reported_once(void **state)
{
    struct rlimit before;

    (void)state;
    assert_int_equal(open_on(path, true), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){20, before.rlim_max}), 0);
    signal(SIGXFSZ, SIG_IGN);
    tell(RECORD_SENT, "a");
    turn_idle(loop, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(failures, 1);
    assert_int_equal(last_error, -EFBIG);
    tell(RECORD_SENT, "b");
    turn_idle(loop, 1);
    cat_trace_close(trace);
    trace = NULL;
    assert_int_equal(failures, 1);
}

/* A file that cannot be written, a disk that is full, or a pipe without a reader (for which opening
 * would wait), is found out at once. */
static void what_cannot_be_opened_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(open_on(directory, false), -EISDIR);
    assert_int_equal(open_on("/dev/full", false), -ENOSPC);
    assert_int_equal(open_on("/nonexistent/record", false), -ENOENT);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(open_on(path, false), -ENXIO);
    assert_null(trace);
    assert_int_equal(failures, 0);
}

/* Whoever has no trace need not ask whether there is one. */
static void no_trace_is_told_nothing(void **state)
{
    (void)state;
    cat_trace_begin(NULL);
    cat_trace_chunk(NULL, RECORD_SENT, nk_slice_make("x", 1));
    cat_trace_end(NULL, RECORD_SENT);
    cat_trace_close(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_turn_is_in_the_file_when_it_is_over),
        CASE(closing_writes_the_rest),
        CASE(long_pieces_become_several_chunks),
        CASE(the_hexdump_has_offsets_by_direction),
        CASE(a_long_hexdump_is_whole),
        CASE(a_full_disk_is_reported_once),
        CASE(what_cannot_be_opened_is_an_error),
        CASE(no_trace_is_told_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
