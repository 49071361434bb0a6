#include "probe/probe_dial.h"

#include <errno.h>

#include "net/resolver.h"
#include "probe/probe_private.h"

/* What went wrong at which step. */
static void describe(struct probe_dial *dial, struct probe_result *result, int error,
                     enum nk_connect_step step)
{
    result->status = exit_status_of_connect_error(error);
    result->action = "connect to";
    result->error = error;
    if (step == NK_CONNECT_RESOLVE) {
        result->status = EXIT_STATUS_UNRESOLVED;
        result->action = "resolve";
        result->reason = nk_resolver_error_text(error, dial->room);
    } else if (step == NK_CONNECT_OPTIONS) {
        result->status = EXIT_STATUS_FAILED;
        result->action = "set the socket options of";
    } else if (step == NK_CONNECT_BIND) {
        result->status = EXIT_STATUS_CANNOT_LISTEN;
        result->action = "bind the source of";
    }
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

static void on_dialled(void *context, const struct nk_dialer_result *dialled)
{
    struct probe_dial *dial = context;
    struct probe_target *target = dial->target;
    struct probe_result result = {.status = EXIT_STATUS_OK};
    uint64_t now = probe_target_clock(target);
    dial->dialer = NULL;
    if (dialled->fd < 0) {
        target->has_remote = false;
        describe(dial, &result, dialled->fd, dialled->failure.step);
        dial->on_done(dial, dialled->fd, &result);
        return;
    }
    if (dial->looks_up)
        result.phases[PROBE_PHASE_RESOLVE] = dial->resolved - dial->began;
    result.rtt = now - dial->connecting;
    result.phases[PROBE_PHASE_CONNECT] = result.rtt;
    target->has_remote = true;
    target->remote = dialled->remote;
    dial->on_done(dial, dialled->fd, &result);
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

static bool is_name(const struct nk_address *address)
{
    struct nk_sockaddr ignored;
    return !nk_scheme_is_unix(address->scheme) && address->host[0] &&
           nk_sockaddr_from_numeric(&ignored, address->host, 0) == -EINVAL;
}

int probe_dial_start(struct probe_dial *dial, struct probe_target *target, probe_dial_fn *on_done)
{
    struct nk_address address;
    const struct nk_dialer_options options = {
        .pool = probe_target_pool(target),
        .on_attempt = on_attempt,
        .on_done = on_dialled,
        .context = dial,
    };
    *dial = (struct probe_dial){
        .target = target,
        .on_done = on_done,
        .began = probe_target_clock(target),
    };
    probe_target_address(target, &address);
    if (target->has_remote)
        use_remote(&address, &target->remote);
    dial->looks_up = is_name(&address);
    return nk_dialer_start(&dial->dialer, probe_target_loop(target), &address, &options);
}

void probe_dial_stop(struct probe_dial *dial)
{
    if (!dial->dialer)
        return;
    dial->target->run->look_up_was_left |= dial->looks_up && dial->resolved == 0;
    nk_dialer_cancel(dial->dialer);
    dial->dialer = NULL;
    dial->target->has_remote = false;
}

void probe_dial_expire(const struct probe_dial *dial, struct probe_result *result)
{
    if (!dial->dialer)
        return;
    result->action = dial->resolved > 0 ? "connect to" : "resolve";
    if (dial->resolved == 0)
        result->status = EXIT_STATUS_UNRESOLVED;
}
