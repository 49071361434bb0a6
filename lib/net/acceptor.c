#include "net/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error_text.h"
#include "base/log.h"
#include "os/socket.h"
#include "os/socket_options.h"
#include "os/unix_path.h"

/* Accepts in one event: enough to save waits under a storm of connections, few
 * enough (some 500 us) that the connections of this loop are not held up. */
#define ACCEPT_BUDGET 64

/* How long it stops listening when descriptors or memory have run out. */
#define STARVED_PAUSE (100 * NK_NANOSECONDS_PER_MILLISECOND)

/* A starved server says so at most this often. */
#define LOG_INTERVAL (10 * NK_NANOSECONDS_PER_SECOND)

struct nk_acceptor {
    struct nk_channel channel;
    struct nk_event_loop *loop;
    struct nk_acceptor_options options;
    struct nk_sockaddr address;
    struct nk_unix_path path;
    struct nk_timer timer; /* runs while starved */
    struct nk_task task;   /* in the end freeing */
    bool is_paused;        /* by its owner */
    int reserve;           /* descriptor given up to shed one client */
    uint64_t shed;
    uint64_t next_log;
};

static void open_reserve(struct nk_acceptor *acceptor)
{
    if (acceptor->reserve < 0)
        acceptor->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void update_interest(struct nk_acceptor *acceptor)
{
    bool listens = !acceptor->is_paused && !nk_timer_is_running(&acceptor->timer);
    nk_channel_want(&acceptor->channel, listens ? NK_READ : 0);
}

static void on_timer(struct nk_timer *timer)
{
    struct nk_acceptor *acceptor = nk_container_of(timer, struct nk_acceptor, timer);
    open_reserve(acceptor);
    update_interest(acceptor);
}

/* No descriptor (or no memory) for the next client. The reserve is spent to
 * take one and close it, so that it learns at once; the others keep waiting in
 * the backlog until descriptors return. */
static void starve(struct nk_acceptor *acceptor, int error)
{
    uint64_t now = nk_event_loop_now(acceptor->loop);
    if (now >= acceptor->next_log) {
        char text[NK_ERROR_TEXT_MAX];
        nk_log(NK_LOG_WARNING, "cannot accept connections: %s", nk_error_text(error, text));
        acceptor->next_log = now + LOG_INTERVAL;
    }
    if (acceptor->reserve >= 0 && (error == -EMFILE || error == -ENFILE)) {
        close(acceptor->reserve);
        acceptor->reserve = -1;
        int fd = nk_socket_accept(acceptor->channel.fd, NULL);
        if (fd >= 0) {
            acceptor->shed++;
            nk_socket_close(fd);
        }
        open_reserve(acceptor);
    }
    if (nk_event_loop_set_timer(acceptor->loop, &acceptor->timer, now + STARVED_PAUSE) == 0)
        update_interest(acceptor);
}

static bool is_starvation(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

/* A client that may not come is reset: it learns that it is not served, and this
 * machine keeps nothing of the connection. */
static bool is_admitted(const struct nk_acceptor *acceptor, int fd, const struct nk_sockaddr *peer)
{
    const struct nk_acceptor_options *options = &acceptor->options;
    if (!options->admit || options->admit(options->admit_context, peer))
        return true;
    int error = nk_socket_set_abortive_close(fd);
    (void)error; /* then it is closed in the usual way */
    nk_socket_close(fd);
    return false;
}

/* Errors of one connection that died in the backlog, and of the network it came
 * over (accept(2)), say nothing about the next one. */
static void on_ready(struct nk_channel *channel, unsigned events)
{
    (void)events;
    struct nk_acceptor *acceptor = nk_container_of(channel, struct nk_acceptor, channel);
    struct nk_sockaddr peer;
    int accepted = 0;
    for (int i = 0; i < ACCEPT_BUDGET && acceptor->channel.wanted; i++) {
        int fd = nk_socket_accept(channel->fd, acceptor->options.admit ? &peer : NULL);
        if (fd >= 0) {
            if (!is_admitted(acceptor, fd, &peer))
                continue;
            acceptor->options.on_accepted(acceptor->options.context, fd);
            accepted++;
        } else if (fd == -EAGAIN) {
            break;
        } else if (is_starvation(fd)) {
            starve(acceptor, fd);
            break;
        }
    }
    if (accepted > 0 && acceptor->options.on_batch_end)
        acceptor->options.on_batch_end(acceptor->options.context);
}

/* ---- opening ---- */

static int set_socket_options(int fd, const struct nk_sockaddr *local,
                              const struct nk_acceptor_options *options)
{
    int error = 0;
    if (local->any.sa_family != AF_UNIX) {
        error = nk_socket_set_reuse_address(fd, true);
        if (!error && options->reuse_port)
            error = nk_socket_set_reuse_port(fd, true);
        if (!error && options->no_delay)
            error = nk_socket_set_no_delay(fd, true);
        if (!error && local->any.sa_family == AF_INET6)
            error = nk_socket_set_v6_only(fd, options->v6_only);
    }
    const char *failed_key;
    if (!error && options->socket_options)
        error = nk_socket_options_refuse_source(options->socket_options);
    if (!error && options->socket_options)
        error = nk_socket_options_apply(fd, options->socket_options, &failed_key);
    return error;
}

static int bind_and_listen(struct nk_acceptor *acceptor, int fd, const struct nk_sockaddr *local)
{
    int error = set_socket_options(fd, local, &acceptor->options);
    if (error)
        return error;
    int backlog = acceptor->options.backlog;
    if (local->any.sa_family == AF_UNIX) {
        error = nk_unix_path_bind(fd, local, acceptor->options.type, backlog, &acceptor->path);
    } else {
        error = nk_socket_bind(fd, local);
        if (!error)
            error = nk_socket_listen(fd, backlog);
    }
    if (error)
        return error;
    acceptor->address = *local;
    error = nk_socket_local(fd, &acceptor->address);
    if (error)
        nk_unix_path_remove(local, &acceptor->path);
    return error;
}

int nk_acceptor_new(struct nk_acceptor **out, struct nk_event_loop *loop,
                    const struct nk_sockaddr *local, const struct nk_acceptor_options *options)
{
    struct nk_acceptor *acceptor = calloc(1, sizeof(*acceptor));
    if (!acceptor)
        return -ENOMEM;
    acceptor->loop = loop;
    acceptor->options = *options;
    if (options->type == 0)
        acceptor->options.type = SOCK_STREAM;
    acceptor->is_paused = true;
    acceptor->reserve = -1;
    nk_timer_init(&acceptor->timer, on_timer);
    int fd = nk_socket_open(local->any.sa_family, acceptor->options.type);
    int error = fd < 0 ? fd : bind_and_listen(acceptor, fd, local);
    if (!error) {
        error = nk_channel_open(&acceptor->channel, loop, fd, on_ready);
        if (error)
            nk_unix_path_remove(&acceptor->address, &acceptor->path);
    }
    if (error) {
        nk_socket_close(fd);
        free(acceptor);
        return error;
    }
    open_reserve(acceptor);
    *out = acceptor;
    return 0;
}

static void free_acceptor(struct nk_task *task)
{
    free(nk_container_of(task, struct nk_acceptor, task));
}

/* What it accepts may be served within its own batch, and a handler may close
 * the listener: the memory lives until the turn is over. */
void nk_acceptor_free(struct nk_acceptor *acceptor)
{
    if (!acceptor)
        return;
    nk_event_loop_cancel_timer(acceptor->loop, &acceptor->timer);
    if (acceptor->address.any.sa_family == AF_UNIX)
        nk_unix_path_remove(&acceptor->address, &acceptor->path);
    nk_channel_close_descriptor(&acceptor->channel);
    if (acceptor->reserve >= 0)
        close(acceptor->reserve);
    nk_event_loop_at_turn_end(acceptor->loop, &acceptor->task, free_acceptor);
}

void nk_acceptor_pause(struct nk_acceptor *acceptor)
{
    acceptor->is_paused = true;
    update_interest(acceptor);
}

void nk_acceptor_resume(struct nk_acceptor *acceptor)
{
    acceptor->is_paused = false;
    nk_event_loop_cancel_timer(acceptor->loop, &acceptor->timer);
    update_interest(acceptor);
}

const struct nk_sockaddr *nk_acceptor_address(const struct nk_acceptor *acceptor)
{
    return &acceptor->address;
}

uint64_t nk_acceptor_shed_count(const struct nk_acceptor *acceptor)
{
    return acceptor->shed;
}
