/* `netkit connect`: dials, asks a proxy if there is one, then joins standard input
 * and output. */
#include <errno.h>

#include "cat/cat_proxy.h"
#include "cat/cat_run.h"
#include "net/dialer.h"
#include "service/connect_failure.h"

/* One name is looked up at a time. */
#define RESOLVER_THREADS 1
#define RESOLVER_QUEUE 1

struct connecting {
    struct cat_run run;
    struct nk_worker_pool *pool;
    struct nk_dialer *dialer; /* while it dials */
    struct cat_proxy *proxy;  /* while the proxy is asked */
    uint64_t deadline;        /* of all that comes before the connection */
    bool look_up_timed_out;   /* a worker may still be at it */
};

static bool has_proxy(const struct connecting *connecting)
{
    return connecting->run.options->proxy.kind != CAT_PROXY_NONE;
}

/* Whom the dialer calls. */
static const struct nk_address *dialled_address(const struct connecting *connecting)
{
    const struct cat_options *options = connecting->run.options;
    return has_proxy(connecting) ? &options->proxy.address : &options->address;
}

static void on_attempt(void *context, const struct nk_sockaddr *remote, int error)
{
    struct connecting *connecting = context;
    char text[CAT_ADDRESS_TEXT_MAX];
    cat_print_address(connecting->run.options->address.scheme, remote, text);
    connecting->run.reporter->tried(connecting->run.reporter->context, text, error);
}

static void fail(struct connecting *connecting, const struct nk_connect_failure *failure, int error)
{
    char text[CAT_PROXY_TEXT_MAX];
    const char *action = has_proxy(connecting) ? "connect to the proxy" : "connect to";
    enum exit_status status = connect_failure_status(failure, error, &action);
    connecting->look_up_timed_out = failure->step == NK_CONNECT_RESOLVE && error == -ETIMEDOUT;
    if (has_proxy(connecting))
        cat_proxy_url_print(&connecting->run.options->proxy, text);
    else
        nk_address_print(&connecting->run.options->address, text);
    cat_run_end(&connecting->run, status, action, text, error);
}

static void join(struct connecting *connecting, int fd, const char *address)
{
    connecting->run.reporter->connected(connecting->run.reporter->context, address);
    cat_run_join(&connecting->run, fd);
}

/* ---- through a proxy ---- */

static void on_proxy_done(void *context, int fd, const char *problem)
{
    struct connecting *connecting = context;
    const struct cat_reporter *reporter = connecting->run.reporter;
    const char *action = "connect through the proxy to";
    char text[NK_ADDRESS_TEXT_MAX];
    nk_address_print(&connecting->run.options->address, text);
    connecting->proxy = NULL;
    if (fd >= 0) {
        join(connecting, fd, text);
        return;
    }
    if (problem)
        reporter->failed_because(reporter->context, action, text, fd, problem);
    cat_run_end(&connecting->run, exit_status_of_connect_error(fd), problem ? NULL : action, text,
                fd);
}

static void ask_proxy(struct connecting *connecting, int fd)
{
    const struct cat_options *options = connecting->run.options;
    int error = cat_proxy_start(&connecting->proxy, connecting->run.loop, fd, &options->proxy,
                                &options->address, connecting->deadline, on_proxy_done, connecting);
    if (error)
        cat_run_end(&connecting->run, EXIT_STATUS_FAILED, "ask the proxy", NULL, error);
}

/* ---- dialling ---- */

static void on_dialled(void *context, const struct nk_dialer_result *result)
{
    struct connecting *connecting = context;
    char text[CAT_ADDRESS_TEXT_MAX];
    connecting->dialer = NULL;
    if (result->fd < 0) {
        fail(connecting, &result->failure, result->fd);
        return;
    }
    if (has_proxy(connecting))
        ask_proxy(connecting, result->fd);
    else
        join(connecting, result->fd,
             cat_print_address(connecting->run.options->address.scheme, &result->remote, text));
}

static int dial(struct connecting *connecting)
{
    const struct cat_options *options = connecting->run.options;
    struct nk_address address = *dialled_address(connecting);
    uint64_t timeout = options->connect_timeout;
    connecting->deadline =
        timeout == NK_NEVER ? NK_NEVER : nk_event_loop_now(connecting->run.loop) + timeout;
    memcpy(address.options, options->address.options, sizeof(address.options));
    int error = nk_worker_pool_start(&connecting->pool, RESOLVER_THREADS, RESOLVER_QUEUE);
    if (error)
        return error;
    const struct nk_dialer_options dialer_options = {
        .pool = connecting->pool,
        .deadline = connecting->deadline,
        .family = options->family,
        .no_delay = true,
        .on_attempt = on_attempt,
        .on_done = on_dialled,
        .context = connecting,
    };
    return nk_dialer_start(&connecting->dialer, connecting->run.loop, &address, &dialer_options);
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
    cat_proxy_cancel(connecting.proxy);
    /* getaddrinfo cannot be interrupted, and nobody shall wait for it: then the
     * worker and what it uses end with the process. */
    if (connecting.dialer || connecting.look_up_timed_out)
        return cat_run_leave(&connecting.run);
    nk_worker_pool_stop(connecting.pool);
    return cat_run_close(&connecting.run);
}
