/* `netkit check http`: asks a server everything in the table of cases (check_case.h),
 * several at a time, each on a connection of its own.
 */
#ifndef CHECK_CHECK_HTTP_H
#define CHECK_CHECK_HTTP_H

#include <stdint.h>

#include "check/check_judge.h"
#include "os/address.h"
#include "service/exit_status.h"

struct check_options {
    struct nk_address address; /* http or unix */
    const char *path;          /* of a resource that exists, percent-encoded, from '/' on */
    uint64_t row;              /* of the table; 0 = all */
    uint64_t parallel;         /* cases at a time, at least 1 */
    uint64_t timeout;          /* ns for each case */
    const char *dispatcher;    /* NULL = NETKIT_DISPATCHER or epoll */
};

#define CHECK_OPTIONS_DEFAULT                                                                      \
    {                                                                                              \
        .path = "/", .parallel = 8, .timeout = UINT64_C(5000000000),                               \
    }

/* How one case went; `text` is for people. */
struct check_result {
    const struct check_case *what;
    enum check_verdict verdict;
    const char *text;
};

struct check_reporter {
    void *context;
    /* `action` completes "cannot ...", `object` is quoted. */
    void (*failed)(void *context, const char *action, const char *object, int error);
    /* The resource is no use: `status` is what GET of it is answered with (0 = nothing
     * that can be read, for the reason `problem`). */
    void (*unfit)(void *context, int status, const char *problem);
    /* Once for each case, in the order of the table. */
    void (*result)(void *context, const struct check_result *result);
    /* A signal has ended it: what there is to be said before it is raised again. */
    void (*interrupted)(void *context, int signal_number);
};

/* Runs all cases. EXIT_STATUS_OK when all were asked, whatever was answered;
 * otherwise how it failed, which has been reported. Main thread only. */
enum exit_status check_http_run(const struct check_options *options,
                                const struct check_reporter *reporter);

#endif
