#include "probe/probe_dial.h"

#include <errno.h>

#include "net/resolver.h"
#include "probe/probe_private.h"
#include "service/connect_failure.h"

/* What went wrong at which step. */
static void describe(struct probe_dial *dial, struct probe_result *result, int error,
                     const struct nk_connect_failure *failure)
{
    result->action = "connect to";
    result->status = connect_failure_status(failure, error, &result->action);
    result->error = error;
    if (result->status == EXIT_STATUS_UNRESOLVED)
        result->reason = nk_resolver_error_text(error, dial->room);
}

static void on_attempt(void *context, const struct nk_sockaddr *remote, int error)
{
    struct probe_dial *dial = context;
    (void)remote;
    if (error != -EINPROGRESS)
        return;
    dial->connecting = probe_target_clock(dial->target);
    if (dial->resolved == 0)
        dial->resolved = dial->connecting;
}

/* The outcome of either way, read off the clock before anything else is done. */
static void finish(struct probe_dial *dial, int fd, const struct nk_connect_failure *failure)
{
    struct probe_result result = {.status = EXIT_STATUS_OK};
    uint64_t now = probe_target_clock(dial->target);
    dial->target->has_remote = fd >= 0;
    if (fd < 0) {
        describe(dial, &result, fd, failure);
    } else {
        if (dial->looks_up)
            result.phases[PROBE_PHASE_RESOLVE] = dial->resolved - dial->began;
        result.rtt = now - dial->connecting;
        result.phases[PROBE_PHASE_CONNECT] = result.rtt;
    }
    dial->on_done(dial, fd, &result);
}

static void on_dialled(void *context, const struct nk_dialer_result *dialled)
{
    struct probe_dial *dial = context;
    dial->dialer = NULL;
    if (dialled->fd >= 0)
        dial->target->remote = dialled->remote;
    finish(dial, dialled->fd, &dialled->failure);
}

static void on_connected(void *context, int fd)
{
    const struct nk_connect_failure connecting = {.step = NK_CONNECT_CONNECT};
    struct probe_dial *dial = context;
    dial->connector = NULL;
    finish(dial, fd, &connecting);
}

/* The address that answered last takes the place of the name. */
static void use_remote(struct nk_address *address, const struct nk_sockaddr *remote)
{
    char text[NK_SOCKADDR_TEXT_MAX];
    struct nk_address numeric;
    const char *reason;
    nk_sockaddr_print(remote, text);
    if (nk_scheme_is_unix(address->scheme) || nk_address_parse(&numeric, text, &reason))
        return;
    memcpy(address->host, numeric.host, sizeof address->host);
}

static int type_of(enum nk_scheme scheme)
{
    if (scheme == NK_SCHEME_UDP || scheme == NK_SCHEME_UNIX_DGRAM)
        return SOCK_DGRAM;
    return scheme == NK_SCHEME_UNIX_SEQPACKET ? SOCK_SEQPACKET : SOCK_STREAM;
}

/* To all addresses; `known` are those of the name, when it was looked up before. */
static int dial_addresses(struct probe_dial *dial, const struct nk_address *address,
                          const struct nk_sockaddr *known, size_t known_count)
{
    struct probe_target *target = dial->target;
    const struct nk_dialer_options options = {
        .pool = probe_target_pool(target),
        .family = target->run->options->family,
        .addresses = known,
        .address_count = known_count,
        .on_attempt = on_attempt,
        .on_done = on_dialled,
        .context = dial,
    };
    return nk_dialer_start(&dial->dialer, probe_target_loop(target), address, &options);
}

static void on_name(struct probe_name_wish *wish, int result, const struct nk_sockaddr *addresses)
{
    struct probe_dial *dial = nk_container_of(wish, struct probe_dial, wish);
    struct nk_connect_failure failure = {.step = NK_CONNECT_RESOLVE};
    struct nk_address address;
    int error = result;
    dial->is_wishing = false;
    probe_target_address(dial->target, &address);
    if (result > 0) {
        failure.step = NK_CONNECT_SOCKET;
        error = dial_addresses(dial, &address, addresses, (size_t)result);
    }
    if (error)
        finish(dial, error, &failure);
}

/* The whole way: name, addresses, options. */
static int dial_address(struct probe_dial *dial)
{
    struct probe_target *target = dial->target;
    struct probe_run *run = target->run;
    struct nk_address address;
    probe_target_address(target, &address);
    target->is_plain = address.options[0] == '\0';
    target->remote_type = type_of(address.scheme);
    if (target->has_remote)
        use_remote(&address, &target->remote);
    dial->looks_up = nk_resolver_is_needed(&address);
    if (!dial->looks_up || !run->options->shares_names)
        return dial_addresses(dial, &address, NULL, 0);
    dial->is_wishing = true;
    int error =
        probe_names_ask(&run->names, address.host, target->sequence == 1, &dial->wish, on_name);
    if (error)
        dial->is_wishing = false;
    return error;
}

/* The short way to where the target was last. */
static int dial_again(struct probe_dial *dial)
{
    const struct nk_connector_options options = {.type = dial->target->remote_type};
    dial->resolved = dial->connecting = dial->began;
    return nk_connector_start_with(&dial->connector, probe_target_loop(dial->target),
                                   &dial->target->remote, &options, NK_NEVER, on_connected, dial,
                                   NULL);
}

int probe_dial_start(struct probe_dial *dial, struct probe_target *target, probe_dial_fn *on_done)
{
    *dial = (struct probe_dial){
        .target = target,
        .on_done = on_done,
        .began = probe_target_clock(target),
    };
    return target->has_remote && target->is_plain ? dial_again(dial) : dial_address(dial);
}

/* One that shares its name's look-up need not know whether that was left: the run does. */
void probe_dial_stop(struct probe_dial *dial)
{
    if (dial->is_wishing)
        probe_names_withdraw(&dial->wish);
    dial->is_wishing = false;
    if (!dial->dialer && !dial->connector)
        return;
    dial->target->run->look_up_was_left |= dial->looks_up && dial->resolved == 0;
    if (dial->dialer)
        nk_dialer_cancel(dial->dialer);
    else
        nk_connector_cancel(dial->connector);
    dial->dialer = NULL;
    dial->connector = NULL;
    dial->target->has_remote = false;
}

void probe_dial_expire(const struct probe_dial *dial, struct probe_result *result)
{
    if (dial->dialer || dial->connector || dial->is_wishing)
        result->action = "connect to";
}
