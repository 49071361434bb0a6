#include "net/dialer.h"

#include <errno.h>

#include "net/address_order.h"
#include "net/resolver.h"
#include "os/socket_options.h"

/* One per address; connecting while it has a connector. */
struct attempt {
    struct nk_dialer *dialer;
    struct nk_connector *connector;
};

struct nk_dialer {
    struct nk_event_loop *loop;
    struct nk_dialer_options options; /* but for the source, which is: */
    struct nk_source_address source;
    char socket_options[NK_ADDRESS_OPTIONS_MAX + 1];
    int type;

    struct nk_resolver *resolver; /* NULL unless it is at work */
    struct nk_sockaddr addresses[NK_RESOLVER_MAX];
    struct attempt attempts[NK_RESOLVER_MAX];
    size_t count;
    size_t next;    /* index of the address to be tried next */
    size_t running; /* attempts under way */

    int error;                         /* of the last attempt, see failed_at */
    size_t failed_at;                  /* its index */
    struct nk_connect_failure failure; /* and what failed there */

    struct nk_timer start_next; /* when the next attempt is to begin */
    struct nk_timer deadline;
};

/* ---- the end ---- */

/* Stops whatever is under way. Everything is idempotent, so that it serves every
 * stage from half built to nearly done. */
static void release(struct nk_dialer *dialer)
{
    if (dialer->resolver)
        nk_resolver_cancel(dialer->resolver);
    for (size_t i = 0; i < dialer->next; i++)
        if (dialer->attempts[i].connector)
            nk_connector_cancel(dialer->attempts[i].connector);
    nk_event_loop_cancel_timer(dialer->loop, &dialer->start_next);
    nk_event_loop_cancel_timer(dialer->loop, &dialer->deadline);
    free(dialer);
}

/* Reports `fd`, which may be an error, of the address at `index`. */
static void finish(struct nk_dialer *dialer, int fd, struct nk_connect_failure failure,
                   size_t index)
{
    struct nk_dialer_result result = {.fd = fd, .failure = failure, .has_remote = dialer->next > 0};
    nk_dialer_fn *on_done = dialer->options.on_done;
    void *context = dialer->options.context;
    if (result.has_remote)
        result.remote = dialer->addresses[index];
    release(dialer);
    on_done(context, &result);
}

/* ---- attempts ---- */

static void report_attempt(const struct nk_dialer *dialer, size_t index, int error)
{
    if (dialer->options.on_attempt)
        dialer->options.on_attempt(dialer->options.context, &dialer->addresses[index], error);
}

/* Attempts overlap, so the one that was started last need not fail last. */
static void note_failure(struct nk_dialer *dialer, size_t index, int error,
                         struct nk_connect_failure failure)
{
    if (!dialer->error || index >= dialer->failed_at) {
        dialer->error = error;
        dialer->failed_at = index;
        dialer->failure = failure;
    }
    report_attempt(dialer, index, error);
}

static void on_attempt_done(void *context, int fd);

/* Starts connecting to the address at `index`. */
static int start_attempt(struct nk_dialer *dialer, size_t index, struct nk_connect_failure *failure)
{
    const struct nk_sockaddr *remote = &dialer->addresses[index];
    struct nk_connector_options options = {
        .type = dialer->type,
        .socket_options = dialer->socket_options,
        .no_delay = dialer->options.no_delay,
    };
    struct nk_sockaddr local;
    int count = nk_source_address_for(&dialer->source, remote->any.sa_family, &local);
    if (count < 0) {
        *failure = (struct nk_connect_failure){.step = NK_CONNECT_BIND};
        return count;
    }
    options.source = count > 0 ? &local : NULL;
    struct attempt *attempt = &dialer->attempts[index];
    attempt->dialer = dialer;
    return nk_connector_start_with(&attempt->connector, dialer->loop, remote, &options, NK_NEVER,
                                   on_attempt_done, attempt, failure);
}

/* Starts attempts until one is under way and the one behind it has its time.
 * Without memory for that timer the next one is simply not delayed. */
static void go_on(struct nk_dialer *dialer)
{
    nk_event_loop_cancel_timer(dialer->loop, &dialer->start_next);
    while (dialer->next < dialer->count) {
        size_t index = dialer->next++;
        struct nk_connect_failure failure;
        report_attempt(dialer, index, -EINPROGRESS);
        int error = start_attempt(dialer, index, &failure);
        if (error) {
            note_failure(dialer, index, error, failure);
            continue;
        }
        dialer->running++;
        uint64_t time = nk_event_loop_now(dialer->loop) + dialer->options.attempt_delay;
        if (dialer->next == dialer->count ||
            nk_event_loop_set_timer(dialer->loop, &dialer->start_next, time) == 0)
            return;
    }
    if (dialer->running == 0)
        finish(dialer, dialer->error, dialer->failure, dialer->failed_at);
}

/* The connector has freed itself. */
static void on_attempt_done(void *context, int fd)
{
    struct attempt *attempt = context;
    struct nk_dialer *dialer = attempt->dialer;
    struct nk_connect_failure connecting = {.step = NK_CONNECT_CONNECT};
    size_t index = (size_t)(attempt - dialer->attempts);
    attempt->connector = NULL;
    dialer->running--;
    if (fd >= 0) {
        finish(dialer, fd, connecting, index);
        return;
    }
    note_failure(dialer, index, fd, connecting);
    go_on(dialer);
}

static void on_start_next(struct nk_timer *timer)
{
    go_on(nk_container_of(timer, struct nk_dialer, start_next));
}

static void on_deadline(struct nk_timer *timer)
{
    struct nk_dialer *dialer = nk_container_of(timer, struct nk_dialer, deadline);
    struct nk_connect_failure failure = {
        .step = dialer->next > 0 ? NK_CONNECT_CONNECT : NK_CONNECT_RESOLVE,
    };
    finish(dialer, -ETIMEDOUT, failure, dialer->next > 0 ? dialer->next - 1 : 0);
}

/* ---- the beginning ---- */

static void on_resolved(void *context, int result, const struct nk_sockaddr *addresses)
{
    struct nk_dialer *dialer = context;
    dialer->resolver = NULL;
    if (result <= 0) {
        struct nk_connect_failure failure = {.step = NK_CONNECT_RESOLVE};
        finish(dialer, result, failure, 0);
        return;
    }
    dialer->count = (size_t)result;
    memcpy(dialer->addresses, addresses, dialer->count * sizeof *addresses);
    nk_address_order_interleave(dialer->addresses, dialer->count);
    go_on(dialer);
}

static int type_of(enum nk_scheme scheme)
{
    if (scheme == NK_SCHEME_UDP || scheme == NK_SCHEME_UNIX_DGRAM)
        return SOCK_DGRAM;
    return scheme == NK_SCHEME_UNIX_SEQPACKET ? SOCK_SEQPACKET : SOCK_STREAM;
}

/* Without a look-up the first attempt is made from the loop, too. */
static int start_known(struct nk_dialer *dialer)
{
    return nk_event_loop_set_timer(dialer->loop, &dialer->start_next,
                                   nk_event_loop_now(dialer->loop));
}

static int start_addresses(struct nk_dialer *dialer, uint16_t port, int family)
{
    const struct nk_dialer_options *options = &dialer->options;
    for (size_t i = 0; i < options->address_count && dialer->count < NK_RESOLVER_MAX; i++) {
        if (family != AF_UNSPEC && options->addresses[i].any.sa_family != family)
            continue;
        dialer->addresses[dialer->count] = options->addresses[i];
        nk_sockaddr_set_port(&dialer->addresses[dialer->count++], port);
    }
    nk_address_order_interleave(dialer->addresses, dialer->count);
    return dialer->count > 0 ? start_known(dialer) : -EAFNOSUPPORT;
}

static int start_unix(struct nk_dialer *dialer, const struct nk_address *address)
{
    int error = nk_sockaddr_from_unix_path(&dialer->addresses[0], address->path);
    if (error)
        return error;
    dialer->count = 1;
    return start_known(dialer);
}

static int start_resolver(struct nk_dialer *dialer, const struct nk_address *address, int family)
{
    return nk_resolver_start(&dialer->resolver, dialer->loop, dialer->options.pool, address->host,
                             address->port, family, dialer->type, on_resolved, dialer);
}

/* The caller knows better than the address. Options that are wrong as a text are
 * for the attempts to report. */
static int take_source(struct nk_dialer *dialer, const struct nk_address *address,
                       const struct nk_dialer_options *options)
{
    int error = nk_socket_options_source(address->options, &dialer->source);
    if (options->source)
        dialer->source = (struct nk_source_address){.address = *options->source};
    else if (error && error != -EINVAL)
        return error;
    if (options->source_port)
        dialer->source.port = options->source_port;
    return 0;
}

static int start(struct nk_dialer *dialer, const struct nk_address *address)
{
    const struct nk_dialer_options *options = &dialer->options;
    bool is_unix = nk_scheme_is_unix(address->scheme);
    int family = is_unix ? AF_UNIX : options->family;
    if (dialer->source.address.len > 0) {
        int source_family = dialer->source.address.any.sa_family;
        if (family != source_family && (family != AF_UNSPEC || source_family == AF_UNIX))
            return -EAFNOSUPPORT;
        family = source_family;
    }
    if (options->deadline != NK_NEVER) {
        int error = nk_event_loop_set_timer(dialer->loop, &dialer->deadline, options->deadline);
        if (error)
            return error;
    }
    if (is_unix)
        return start_unix(dialer, address);
    if (options->addresses)
        return start_addresses(dialer, address->port, family);
    return start_resolver(dialer, address, family);
}

int nk_dialer_start(struct nk_dialer **out, struct nk_event_loop *loop,
                    const struct nk_address *address, const struct nk_dialer_options *options)
{
    struct nk_dialer *dialer = calloc(1, sizeof(*dialer));
    if (!dialer)
        return -ENOMEM;
    dialer->loop = loop;
    dialer->type = type_of(address->scheme);
    dialer->options = *options;
    if (options->deadline == 0)
        dialer->options.deadline = NK_NEVER;
    if (options->attempt_delay == 0)
        dialer->options.attempt_delay = NK_DIALER_ATTEMPT_DELAY;
    memcpy(dialer->socket_options, address->options, sizeof dialer->socket_options);
    nk_timer_init(&dialer->start_next, on_start_next);
    nk_timer_init(&dialer->deadline, on_deadline);
    int error = take_source(dialer, address, options);
    if (!error)
        error = start(dialer, address);
    if (error)
        release(dialer);
    else
        *out = dialer;
    return error;
}

void nk_dialer_cancel(struct nk_dialer *dialer)
{
    release(dialer);
}
