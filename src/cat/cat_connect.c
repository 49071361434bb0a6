/* `netkit connect`: dials, then joins standard input and output. */
#include <errno.h>

#include "cat/cat_run.h"
#include "net/dialer.h"

/* One name is looked up at a time. */
#define RESOLVER_THREADS 1
#define RESOLVER_QUEUE 1

struct connecting {
    struct cat_run run;
    struct nk_worker_pool *pool;
    struct nk_dialer *dialer; /* while it dials */
    bool look_up_timed_out;   /* a worker may still be at it */
};

static void on_attempt(void *context, const struct nk_sockaddr *remote, int error)
{
    struct connecting *connecting = context;
    char text[CAT_ADDRESS_TEXT_MAX];
    cat_print_address(remote, text);
    connecting->run.reporter->tried(connecting->run.reporter->context, text, error);
}

static void fail(struct connecting *connecting, const struct nk_connect_failure *failure, int error)
{
    char text[NK_ADDRESS_TEXT_MAX];
    connecting->look_up_timed_out = failure->step == NK_CONNECT_RESOLVE && error == -ETIMEDOUT;
    bool is_name = failure->step == NK_CONNECT_RESOLVE && error != -ETIMEDOUT;
    nk_address_print(&connecting->run.options->address, text);
    if (is_name)
        cat_run_end(&connecting->run, EXIT_STATUS_UNRESOLVED, "resolve", text, error);
    else
        cat_run_end(&connecting->run, cat_status_of_connect_error(error), "connect to", text,
                    error);
}

static void on_dialled(void *context, const struct nk_dialer_result *result)
{
    struct connecting *connecting = context;
    char text[CAT_ADDRESS_TEXT_MAX];
    connecting->dialer = NULL;
    if (result->fd < 0) {
        fail(connecting, &result->failure, result->fd);
        return;
    }
    cat_print_address(&result->remote, text);
    connecting->run.reporter->connected(connecting->run.reporter->context, text);
    cat_run_join(&connecting->run, result->fd);
}

static int dial(struct connecting *connecting)
{
    const struct cat_options *options = connecting->run.options;
    uint64_t now = nk_event_loop_now(connecting->run.loop);
    uint64_t timeout = options->connect_timeout;
    int error = nk_worker_pool_start(&connecting->pool, RESOLVER_THREADS, RESOLVER_QUEUE);
    if (error)
        return error;
    const struct nk_dialer_options dialer_options = {
        .pool = connecting->pool,
        .deadline = timeout == NK_NEVER ? NK_NEVER : now + timeout,
        .family = options->family,
        .on_attempt = on_attempt,
        .on_done = on_dialled,
        .context = connecting,
    };
    return nk_dialer_start(&connecting->dialer, connecting->run.loop, &options->address,
                           &dialer_options);
}

enum exit_status cat_connect_run(const struct cat_options *options,
                                 const struct cat_reporter *reporter)
{
    struct connecting connecting = {0};
    enum exit_status status = cat_run_open(&connecting.run, options, reporter);
    if (status != EXIT_STATUS_OK)
        return status;
    int error = dial(&connecting);
    if (error)
        cat_run_end(&connecting.run, EXIT_STATUS_FAILED, "connect", NULL, error);
    cat_run_until_end(&connecting.run);
    /* getaddrinfo cannot be interrupted, and nobody shall wait for it: then the
     * worker and what it uses end with the process. */
    if (connecting.dialer || connecting.look_up_timed_out)
        return cat_run_leave(&connecting.run);
    nk_worker_pool_stop(connecting.pool);
    return cat_run_close(&connecting.run);
}
