/* epoll, poll and select must behave alike: one table of cases, run on each. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>

#include "reactor/event_dispatcher.h"
#include "reactor_fixture.h"

typedef void case_fn(const struct nk_event_dispatcher_ops *ops,
                     struct nk_event_dispatcher *dispatcher);

static struct nk_ready ready[NK_READY_MAX];

/* What the dispatcher says about `fd` right now; 0 when it says nothing. */
static unsigned events_of(const struct nk_event_dispatcher_ops *ops,
                          struct nk_event_dispatcher *dispatcher, int fd)
{
    int count = ops->dispatch(dispatcher, 0, ready, NK_READY_MAX);
    unsigned events = 0;

    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        if (ready[i].fd == fd)
            events |= ready[i].events;
    }
    return events;
}

/* Readiness for what is not wanted must not be told: the loop would spin. */
static void tells_only_what_is_wanted(const struct nk_event_dispatcher_ops *ops,
                                      struct nk_event_dispatcher *dispatcher)
{
    int one;
    int other;

    unix_pair(&one, &other);
    write_text(other, "x");
    assert_int_equal(ops->add(dispatcher, one, NK_READ), 0);
    assert_int_equal(events_of(ops, dispatcher, one), NK_READ);
    assert_int_equal(ops->update(dispatcher, one, NK_WRITE), 0);
    assert_int_equal(events_of(ops, dispatcher, one), NK_WRITE);
    assert_int_equal(ops->update(dispatcher, one, NK_READ | NK_WRITE), 0);
    assert_int_equal(events_of(ops, dispatcher, one), NK_READ | NK_WRITE);
    ops->del(dispatcher, one);
    assert_int_equal(events_of(ops, dispatcher, one), 0);
    close(one);
    close(other);
}

/* Level-triggered: bytes that were left must be told of again. */
static void tells_again_until_it_is_read(const struct nk_event_dispatcher_ops *ops,
                                         struct nk_event_dispatcher *dispatcher)
{
    int one;
    int other;
    char byte;

    unix_pair(&one, &other);
    write_text(other, "ab");
    assert_int_equal(ops->add(dispatcher, one, NK_READ), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(events_of(ops, dispatcher, one), NK_READ);
        assert_int_equal(nk_socket_recv(one, &byte, 1), 1);
    }
    assert_int_equal(events_of(ops, dispatcher, one), 0);
    ops->del(dispatcher, one);
    close(one);
    close(other);
}

/* DEFECTS 9: unread bytes and the hang-up come together; if only the hang-up
 * were told, the bytes would be lost. */
static void tells_of_unread_bytes_beside_a_hang_up(const struct nk_event_dispatcher_ops *ops,
                                                   struct nk_event_dispatcher *dispatcher)
{
    int one;
    int other;
    char byte;

    unix_pair(&one, &other);
    write_text(other, "x");
    close(other);
    assert_int_equal(ops->add(dispatcher, one, NK_READ), 0);
    assert_true(events_of(ops, dispatcher, one) & NK_READ);
    assert_int_equal(nk_socket_recv(one, &byte, 1), 1);
    /* The end of the stream is readable too, or a hang-up: never silence. */
    assert_true(events_of(ops, dispatcher, one) != 0);
    ops->del(dispatcher, one);
    close(one);
}

/* A reset must wake somebody who only wants to write, too. */
static void tells_a_writer_of_a_reset(const struct nk_event_dispatcher_ops *ops,
                                      struct nk_event_dispatcher *dispatcher)
{
    int one;
    int other;

    tcp_pair(&one, &other);
    fill(one);
    assert_int_equal(ops->add(dispatcher, one, NK_WRITE), 0);
    assert_int_equal(events_of(ops, dispatcher, one), 0);
    close_with_reset(other);
    assert_int_equal(ops->dispatch(dispatcher, PATIENCE_MS * MILLISECOND, ready, 1), 1);
    assert_int_equal(ready[0].fd, one);
    ops->del(dispatcher, one);
    close(one);
}

/* A regular file is always ready: epoll refuses it with -EPERM, on which the
 * loop's own list relies, and the others say so themselves. */
static void regular_file_is_ready_or_refused(const struct nk_event_dispatcher_ops *ops,
                                             struct nk_event_dispatcher *dispatcher)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int fd = fileno(file);
    int error = ops->add(dispatcher, fd, NK_READ);

    if (error) {
        assert_int_equal(error, -EPERM);
        assert_ptr_equal(ops, &nk_epoll_dispatcher);
    } else {
        assert_int_equal(events_of(ops, dispatcher, fd), NK_READ);
        ops->del(dispatcher, fd);
    }
    fclose(file);
}

/* Closing one of many must not disturb the others (poll moves the last entry
 * into the gap). */
static void removing_one_keeps_the_others(const struct nk_event_dispatcher_ops *ops,
                                          struct nk_event_dispatcher *dispatcher)
{
    enum { PAIRS = 40 };
    int one[PAIRS];
    int other[PAIRS];

    for (int i = 0; i < PAIRS; i++) {
        unix_pair(&one[i], &other[i]);
        write_text(other[i], "x");
        assert_int_equal(ops->add(dispatcher, one[i], NK_READ), 0);
    }
    for (int i = 0; i < PAIRS; i += 3)
        ops->del(dispatcher, one[i]);
    ops->del(dispatcher, one[0]); /* not watched any more: fine */
    for (int i = 0; i < PAIRS; i++)
        assert_int_equal(events_of(ops, dispatcher, one[i]), i % 3 == 0 ? 0 : NK_READ);
    for (int i = 0; i < PAIRS; i++) {
        ops->del(dispatcher, one[i]);
        close(one[i]);
        close(other[i]);
    }
    assert_int_equal(ops->dispatch(dispatcher, 0, ready, NK_READY_MAX), 0);
}

/* With more ready descriptors than one batch holds, everybody must get a turn
 * within two batches; a scan that always starts at 0 would starve the rest. */
static void full_batches_starve_nobody(const struct nk_event_dispatcher_ops *ops,
                                       struct nk_event_dispatcher *dispatcher)
{
    enum { WATCHED = 400, BATCH = 250 };
    int fds[WATCHED];
    int one;
    int other;
    bool seen[FD_SETSIZE] = {false};

    unix_pair(&one, &other);
    write_text(other, "x");
    for (int i = 0; i < WATCHED; i++) {
        fds[i] = fcntl(one, F_DUPFD_CLOEXEC, 0);
        assert_in_range(fds[i], 0, FD_SETSIZE - 1);
        assert_int_equal(ops->add(dispatcher, fds[i], NK_READ), 0);
    }
    for (int round = 0; round < 2; round++) {
        assert_int_equal(ops->dispatch(dispatcher, 0, ready, BATCH), BATCH);
        for (int i = 0; i < BATCH; i++)
            seen[ready[i].fd] = true;
    }
    for (int i = 0; i < WATCHED; i++)
        assert_true(seen[fds[i]]);
    for (int i = 0; i < WATCHED; i++) {
        ops->del(dispatcher, fds[i]);
        close(fds[i]);
    }
    close(one);
    close(other);
}

/* DEFECTS 15: a wait must last at least as long as was asked for, and a time-out
 * of less than the mechanism's unit may not become a busy loop of zero waits. */
static void waits_at_least_the_timeout(const struct nk_event_dispatcher_ops *ops,
                                       struct nk_event_dispatcher *dispatcher)
{
    static const uint64_t timeouts[] = {1, 300, 100 * 1000, 1500 * 1000, 3 * MILLISECOND};

    for (size_t i = 0; i < NK_ARRAY_LENGTH(timeouts); i++) {
        uint64_t start = time_now();
        assert_int_equal(ops->dispatch(dispatcher, timeouts[i], ready, NK_READY_MAX), 0);
        assert_true(time_now() - start >= timeouts[i]);
    }
}

/* The longest waits that are not "for ever" must not be taken for an error or
 * for zero; they end early here because something is ready. */
static void accepts_any_timeout(const struct nk_event_dispatcher_ops *ops,
                                struct nk_event_dispatcher *dispatcher)
{
    static const uint64_t timeouts[] = {NK_NEVER, NK_NEVER - 1, UINT64_C(100) * 86400 * SECOND};
    int one;
    int other;

    unix_pair(&one, &other);
    write_text(other, "x");
    assert_int_equal(ops->add(dispatcher, one, NK_READ), 0);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(timeouts); i++)
        assert_int_equal(ops->dispatch(dispatcher, timeouts[i], ready, NK_READY_MAX), 1);
    ops->del(dispatcher, one);
    close(one);
    close(other);
}

/* DEFECTS 13: a descriptor at or above 1024 works under epoll and poll and is
 * refused by select, which would write behind its bit set. */
static void high_descriptor_works_or_is_refused(const struct nk_event_dispatcher_ops *ops,
                                                struct nk_event_dispatcher *dispatcher)
{
    struct rlimit limit;
    int one;
    int other;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max <= FD_SETSIZE + 200)
        skip();
    rlim_t former = limit.rlim_cur;
    limit.rlim_cur = FD_SETSIZE + 200;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);

    unix_pair(&one, &other);
    write_text(other, "x");
    int high = fcntl(one, F_DUPFD_CLOEXEC, FD_SETSIZE + 100);
    assert_true(high >= FD_SETSIZE + 100);
    if (ops->capacity > 0) {
        assert_int_equal(ops->add(dispatcher, high, NK_READ), -EMFILE);
        ops->del(dispatcher, high);
    } else {
        assert_int_equal(ops->add(dispatcher, high, NK_READ), 0);
        assert_int_equal(events_of(ops, dispatcher, high), NK_READ);
        ops->del(dispatcher, high);
        assert_int_equal(events_of(ops, dispatcher, high), 0);
    }
    close(high);
    close(one);
    close(other);
    limit.rlim_cur = former;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static case_fn *const cases[] = {
    tells_only_what_is_wanted,
    tells_again_until_it_is_read,
    tells_of_unread_bytes_beside_a_hang_up,
    tells_a_writer_of_a_reset,
    regular_file_is_ready_or_refused,
    removing_one_keeps_the_others,
    full_batches_starve_nobody,
    waits_at_least_the_timeout,
    accepts_any_timeout,
    high_descriptor_works_or_is_refused,
};

struct backend {
    const struct nk_event_dispatcher_ops *ops;
};

static void every_case_holds(void **state)
{
    const struct backend *backend = *state;
    const struct nk_event_dispatcher_ops *ops = backend->ops;
    size_t before = open_descriptors();

    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        struct nk_event_dispatcher *dispatcher;
        assert_int_equal(ops->init(&dispatcher), 0);
        cases[i](ops, dispatcher);
        ops->clear(dispatcher);
    }
    assert_int_equal(open_descriptors(), before);
}

/* --dispatcher and NETKIT_DISPATCHER find each by its name and nothing else. */
static void dispatchers_are_found_by_name(void **state)
{
    const char *former = getenv("NETKIT_DISPATCHER");
    char *kept = former ? strdup(former) : NULL;

    (void)state;
    assert_ptr_equal(nk_event_dispatcher_by_name("epoll"), &nk_epoll_dispatcher);
    assert_ptr_equal(nk_event_dispatcher_by_name("poll"), &nk_poll_dispatcher);
    assert_ptr_equal(nk_event_dispatcher_by_name("select"), &nk_select_dispatcher);
    assert_null(nk_event_dispatcher_by_name("kqueue"));
    assert_null(nk_event_dispatcher_by_name("EPOLL"));
    assert_int_equal(setenv("NETKIT_DISPATCHER", "poll", 1), 0);
    assert_ptr_equal(nk_event_dispatcher_by_name(NULL), &nk_poll_dispatcher);
    assert_ptr_equal(nk_event_dispatcher_by_name("select"), &nk_select_dispatcher);
    assert_int_equal(setenv("NETKIT_DISPATCHER", "nonsense", 1), 0);
    assert_null(nk_event_dispatcher_by_name(NULL));
    assert_int_equal(unsetenv("NETKIT_DISPATCHER"), 0);
    assert_ptr_equal(nk_event_dispatcher_by_name(NULL), &nk_epoll_dispatcher);
    if (kept)
        setenv("NETKIT_DISPATCHER", kept, 1);
    free(kept);
}

static struct backend epoll_backend = {&nk_epoll_dispatcher};
static struct backend poll_backend = {&nk_poll_dispatcher};
static struct backend select_backend = {&nk_select_dispatcher};

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"epoll: every case holds", every_case_holds, NULL, NULL, &epoll_backend},
        {"poll: every case holds", every_case_holds, NULL, NULL, &poll_backend},
        {"select: every case holds", every_case_holds, NULL, NULL, &select_backend},
        cmocka_unit_test(dispatchers_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
