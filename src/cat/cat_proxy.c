#include "cat/cat_proxy.h"

#include <errno.h>

#include "cat/http_connect.h"
#include "cat/socks5.h"
#include "os/socket.h"

/* Looked at in one go: more than any usual answer of a proxy. */
#define PEEK_SIZE 2048

/* Answers larger than PEEK_SIZE go on in the next turn. */
#define STEPS_PER_EVENT 8

struct cat_proxy {
    struct nk_event_loop *loop;
    struct nk_channel channel;
    struct nk_timer deadline;
    int fd;
    enum cat_proxy_kind kind;
    union {
        struct socks5 socks;
        struct http_connect http;
    };
    struct nk_slice output; /* of the handshake, not yet sent */
    cat_proxy_fn *on_done;
    void *context;
};

/* ---- the two protocols ---- */

static int init_protocol(struct cat_proxy *proxy, const struct proxy_target *target)
{
    return proxy->kind == CAT_PROXY_HTTP ? http_connect_init(&proxy->http, target)
                                         : socks5_init(&proxy->socks, target);
}

static struct nk_slice take_output(struct cat_proxy *proxy)
{
    return proxy->kind == CAT_PROXY_HTTP ? http_connect_take_output(&proxy->http)
                                         : socks5_take_output(&proxy->socks);
}

static ssize_t hand_in(struct cat_proxy *proxy, struct nk_slice input)
{
    return proxy->kind == CAT_PROXY_HTTP ? http_connect_input(&proxy->http, input)
                                         : socks5_input(&proxy->socks, input);
}

static bool is_complete(const struct cat_proxy *proxy)
{
    return proxy->kind == CAT_PROXY_HTTP ? http_connect_is_complete(&proxy->http)
                                         : socks5_is_complete(&proxy->socks);
}

static const char *problem_of(const struct cat_proxy *proxy)
{
    return proxy->kind == CAT_PROXY_HTTP ? http_connect_problem(&proxy->http)
                                         : socks5_problem(&proxy->socks);
}

/* The proxy has answered, but not with a connection: that is a refusal whatever
 * its reason. An answer in no known language is something else. */
static int error_of_answer(int error)
{
    static const struct {
        int error;
        int reported;
    } table[] = {
        {-EREMOTEIO, -ECONNREFUSED}, {-EOPNOTSUPP, -ECONNREFUSED}, {-EAFNOSUPPORT, -ECONNREFUSED},
        {-EBADMSG, -EPROTO},         {-EMSGSIZE, -EPROTO},
    };
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        if (table[i].error == error)
            return table[i].reported;
    }
    return error;
}

/* ---- the end ---- */

static void release(struct cat_proxy *proxy)
{
    nk_channel_close(&proxy->channel);
    nk_event_loop_cancel_timer(proxy->loop, &proxy->deadline);
    free(proxy);
}

static void finish(struct cat_proxy *proxy, int fd, const char *problem)
{
    cat_proxy_fn *on_done = proxy->on_done;
    void *context = proxy->context;
    if (fd < 0)
        nk_channel_close_descriptor(&proxy->channel);
    release(proxy);
    on_done(context, fd, problem);
}

static void finish_lost(struct cat_proxy *proxy, ssize_t error)
{
    if (error == 0)
        finish(proxy, -ECONNRESET, "the proxy closed the connection");
    else
        finish(proxy, error == -EPIPE ? -ECONNRESET : (int)error, NULL);
}

static void on_deadline(struct nk_timer *timer)
{
    struct cat_proxy *proxy = nk_container_of(timer, struct cat_proxy, deadline);
    finish(proxy, -ETIMEDOUT, "the proxy did not answer in time");
}

/* ---- talking ---- */

/* Sends what is to be sent now. Returns 0 or -errno; the rest waits for room. */
static int send_output(struct cat_proxy *proxy)
{
    if (proxy->output.len == 0)
        proxy->output = take_output(proxy);
    if (proxy->output.len > 0) {
        ssize_t sent = nk_socket_send(proxy->fd, proxy->output.data, proxy->output.len, false);
        if (sent < 0 && sent != -EAGAIN)
            return (int)sent;
        proxy->output = nk_slice_from(proxy->output, sent > 0 ? (size_t)sent : 0);
    }
    nk_channel_want(&proxy->channel, proxy->output.len > 0 ? NK_WRITE : NK_READ);
    return 0;
}

/* Takes the `len` bytes that were looked at; they are there. */
static int consume(struct cat_proxy *proxy, char *room, size_t len)
{
    ssize_t got = len > 0 ? nk_socket_recv(proxy->fd, room, len) : 0;
    if (got < 0)
        return (int)got;
    return (size_t)got == len ? 0 : -EIO;
}

/* One look at what has arrived. True when there may be more to do; otherwise the
 * handshake may be over and freed. */
static bool step(struct cat_proxy *proxy)
{
    char bytes[PEEK_SIZE];
    ssize_t there = nk_socket_peek(proxy->fd, bytes, sizeof(bytes));
    if (there == -EAGAIN)
        return false;
    if (there <= 0) {
        finish_lost(proxy, there);
        return false;
    }
    ssize_t used = hand_in(proxy, nk_slice_make(bytes, (size_t)there));
    if (used < 0) {
        finish(proxy, error_of_answer((int)used), problem_of(proxy));
        return false;
    }
    int error = consume(proxy, bytes, (size_t)used);
    if (!error && is_complete(proxy)) {
        finish(proxy, proxy->fd, NULL);
        return false;
    }
    if (!error)
        error = send_output(proxy);
    if (error)
        finish_lost(proxy, error);
    return !error;
}

static void on_ready(struct nk_channel *channel, unsigned events)
{
    struct cat_proxy *proxy = nk_container_of(channel, struct cat_proxy, channel);
    if (nk_channel_wanted(channel) == NK_WRITE) {
        int error = send_output(proxy);
        if (error)
            finish_lost(proxy, error);
        return;
    }
    (void)events;
    for (int i = 0; i < STEPS_PER_EVENT && step(proxy); i++)
        ;
}

/* ---- beginning ---- */

int cat_proxy_start(struct cat_proxy **out, struct nk_event_loop *loop, int fd,
                    const struct cat_proxy_url *url, const struct nk_address *target,
                    uint64_t deadline, cat_proxy_fn *on_done, void *context)
{
    struct cat_proxy *proxy = calloc(1, sizeof(*proxy));
    struct proxy_target wanted = cat_proxy_url_target(url, target);
    int error = -ENOMEM;
    if (!proxy)
        goto close;
    proxy->loop = loop;
    proxy->fd = fd;
    proxy->kind = url->kind;
    proxy->on_done = on_done;
    proxy->context = context;
    nk_timer_init(&proxy->deadline, on_deadline);
    error = init_protocol(proxy, &wanted);
    if (!error)
        error = nk_channel_open(&proxy->channel, loop, fd, on_ready);
    if (error)
        goto free;
    if (deadline != NK_NEVER)
        error = nk_event_loop_set_timer(loop, &proxy->deadline, deadline);
    if (error) {
        nk_channel_close(&proxy->channel);
        goto free;
    }
    nk_channel_want(&proxy->channel, NK_WRITE);
    *out = proxy;
    return 0;
free:
    free(proxy);
close:
    nk_socket_close(fd);
    return error;
}

void cat_proxy_cancel(struct cat_proxy *proxy)
{
    if (!proxy)
        return;
    nk_channel_close_descriptor(&proxy->channel);
    release(proxy);
}
