/* Failures of system calls and of memory, at the call a test chooses.
 *
 * The programs here are linked with -Wl,--wrap for each of the calls below, so
 * that the library's own calls come through inject.c first. A test's clients use
 * read(2) and write(2), which are left alone. Without a rule every call passes.
 * Safe with several threads.
 */
#ifndef TESTS_FAULT_INJECT_H
#define TESTS_FAULT_INJECT_H

#include <stdbool.h>
#include <stddef.h>

enum inject_call {
    INJECT_RECV,
    INJECT_SEND,
    INJECT_SENDFILE,
    INJECT_ACCEPT,
    INJECT_WAIT,      /* epoll_wait, ppoll or select */
    INJECT_EPOLL_CTL, /* the kernel's own lack of memory */
    INJECT_SOCKET,
    INJECT_ALLOCATION, /* malloc, calloc, realloc, reallocarray */
    INJECT_CALLS,
};

/* Forgets every rule and count. */
void inject_reset(void);

/* The `nth` of these calls from now on (1 = the next) and the `times - 1` behind
 * it fail with `error`. One rule for each kind of call. */
void inject_failure(enum inject_call call, unsigned nth, unsigned times, int error);

/* Every `period`th of these calls fails with `error`. */
void inject_failures(enum inject_call call, unsigned period, int error);

/* These calls move at most `limit` bytes each; 0 = no limit. */
void inject_short(enum inject_call call, size_t limit);

/* How many of these calls were made since the reset, and how many have failed
 * because of a rule. */
unsigned inject_count(enum inject_call call);
unsigned inject_failed(enum inject_call call);

/* Whether the last wait, on whichever dispatcher, had no time limit. */
bool inject_last_wait_was_endless(void);

#endif
