/* How what happens in a run becomes its exit status. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cat/cat_run.h"

static struct {
    int failures;
    int status; /* of the totals */
} told;

static void on_failed(void *context, const char *action, const char *object, int error)
{
    (void)context;
    (void)action;
    (void)object;
    assert_true(error < 0);
    told.failures++;
}

static void on_totals(void *context, const struct cat_totals *totals, bool final, int status)
{
    (void)context;
    (void)totals;
    assert_true(final);
    told.status = status;
}

/* A record that could not be written would be forgotten when the connection ends well in the
 * same turn of the loop. */
static void a_lost_record_outweighs_a_good_end(void **state)
{
    const struct cat_reporter reporter = {.failed = on_failed, .totals = on_totals};
    struct cat_options options = CAT_OPTIONS_DEFAULT;
    char directory[] = "/tmp/netkit-test-XXXXXX";
    char path[64];
    struct cat_run run;

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/record", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    options.record = path;
    assert_int_equal(cat_run_open(&run, &options, &reporter), EXIT_STATUS_OK);
    close(reader);
    cat_trace_chunk(run.trace, RECORD_SENT, nk_slice_make("x", 1));
    assert_int_equal(nk_event_loop_turn(run.loop, 0), 0);
    assert_int_equal(told.failures, 1);
    cat_run_end(&run, EXIT_STATUS_OK, NULL, NULL, 0);
    cat_run_until_end(&run);
    assert_int_equal(told.status, EXIT_STATUS_FAILED);
    assert_int_equal(cat_run_close(&run), EXIT_STATUS_FAILED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_record_outweighs_a_good_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
