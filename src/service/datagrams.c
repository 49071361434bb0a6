#include "service/datagrams.h"

#include <errno.h>
#include <pthread.h>

#include "threads/loop_call.h"

/* One socket. `endpoint` is written on its loop only and read elsewhere with the
 * lock held: the statistics may be asked for while it is being closed. */
struct service_socket {
    struct service_socket *next;
    struct service_datagrams *datagrams;
    struct nk_event_loop *loop;
    struct nk_udp_endpoint *endpoint; /* NULL once it is closed */
    struct nk_udp_statistics last;    /* then */
    struct nk_task drain_task;        /* main -> its loop */
    struct nk_task closed_task;       /* its loop -> main */
};

struct service_datagrams {
    struct nk_event_loop *main_loop;
    struct nk_thread_pool *pool;
    struct service_datagrams_options options;
    struct service_socket *sockets;
    size_t open_count;
    pthread_mutex_t lock;
};

int service_datagrams_new(struct service_datagrams **out, struct nk_event_loop *main_loop,
                          struct nk_thread_pool *pool,
                          const struct service_datagrams_options *options)
{
    struct service_datagrams *datagrams = calloc(1, sizeof(*datagrams));
    if (!datagrams)
        return -ENOMEM;
    datagrams->main_loop = main_loop;
    datagrams->pool = pool;
    datagrams->options = *options;
    pthread_mutex_init(&datagrams->lock, NULL);
    *out = datagrams;
    return 0;
}

/* On the socket's loop. */
static int close_socket(void *argument)
{
    struct service_socket *socket = argument;
    struct nk_udp_endpoint *endpoint = socket->endpoint;
    if (!endpoint)
        return 0;
    pthread_mutex_lock(&socket->datagrams->lock);
    nk_udp_endpoint_close(endpoint); /* its memory lives until the turn is over */
    nk_udp_endpoint_statistics(endpoint, &socket->last);
    socket->endpoint = NULL;
    pthread_mutex_unlock(&socket->datagrams->lock);
    return 0;
}

void service_datagrams_free(struct service_datagrams *datagrams)
{
    if (!datagrams)
        return;
    while (datagrams->sockets) {
        struct service_socket *socket = datagrams->sockets;
        datagrams->sockets = socket->next;
        (void)nk_loop_call(socket->loop, close_socket, socket);
        free(socket);
    }
    pthread_mutex_destroy(&datagrams->lock);
    free(datagrams);
}

/* ---- binding ---- */

struct bind_call {
    struct service_socket *socket;
    const struct nk_sockaddr *local;
    const struct nk_udp_options *options;
};

/* On the socket's loop. */
static int bind_on_loop(void *argument)
{
    struct bind_call *call = argument;
    struct service_socket *socket = call->socket;
    return nk_udp_endpoint_bind(&socket->endpoint, socket->loop, call->local, call->options);
}

/* Adds a socket on the loop of that index; *bound receives its address. */
static int add_socket(struct service_datagrams *datagrams, size_t index,
                      const struct nk_sockaddr *local, const struct nk_udp_options *options,
                      struct nk_sockaddr *bound)
{
    struct service_socket *socket = calloc(1, sizeof(*socket));
    if (!socket)
        return -ENOMEM;
    socket->datagrams = datagrams;
    socket->loop = nk_thread_pool_loop(datagrams->pool, index);
    struct bind_call call = {socket, local, options};
    int error = nk_loop_call(socket->loop, bind_on_loop, &call);
    if (error) {
        free(socket);
        return error;
    }
    *bound = *nk_udp_endpoint_address(socket->endpoint);
    socket->next = datagrams->sockets;
    datagrams->sockets = socket;
    datagrams->open_count++;
    return 0;
}

int service_datagrams_listen(struct service_datagrams *datagrams, const struct nk_sockaddr *local,
                             bool v6_only, const char *socket_options, struct nk_sockaddr *bound)
{
    bool is_unix = local->any.sa_family == AF_UNIX;
    size_t count = is_unix ? 1 : nk_thread_pool_size(datagrams->pool);
    bool reuse_port = datagrams->options.reuse_port;
    struct access_list *access_list = datagrams->options.access_list;
    struct nk_sockaddr address = *local;
    struct nk_udp_options options = {
        .handlers = datagrams->options.handlers,
        .socket_options = socket_options,
        .v6_only = v6_only,
        .reuse_port = !is_unix && (count > 1 || reuse_port),
        .admit = access_list ? access_list_admit : NULL,
        .admit_context = access_list,
        .peer_idle = datagrams->options.peer_idle,
    };
    for (size_t i = 0; i < count; i++) {
        options.context = datagrams->options.contexts[i];
        /* Only this server's own loops share the port, unless asked otherwise. */
        options.is_first = i == 0 && !reuse_port;
        options.unicast_only = i > 0;
        int error = add_socket(datagrams, i, &address, &options, &address);
        if (error)
            return error;
    }
    *bound = address;
    return 0;
}

/* ---- life ---- */

/* On the socket's loop. */
static int start_socket(void *argument)
{
    struct service_socket *socket = argument;
    nk_udp_endpoint_resume(socket->endpoint);
    return 0;
}

void service_datagrams_start(struct service_datagrams *datagrams)
{
    for (struct service_socket *socket = datagrams->sockets; socket; socket = socket->next)
        (void)nk_loop_call(socket->loop, start_socket, socket);
}

static void on_closed(struct nk_task *task)
{
    struct service_socket *socket = nk_container_of(task, struct service_socket, closed_task);
    struct service_datagrams *datagrams = socket->datagrams;
    datagrams->open_count--;
    if (datagrams->open_count == 0)
        datagrams->options.on_drained(datagrams->options.context);
}

static void drain_socket(struct nk_task *task)
{
    struct service_socket *socket = nk_container_of(task, struct service_socket, drain_task);
    nk_udp_endpoint_drain(socket->endpoint);
    (void)close_socket(socket);
    nk_event_loop_post(socket->datagrams->main_loop, &socket->closed_task, on_closed);
}

bool service_datagrams_drain(struct service_datagrams *datagrams)
{
    for (struct service_socket *socket = datagrams->sockets; socket; socket = socket->next)
        nk_event_loop_post(socket->loop, &socket->drain_task, drain_socket);
    return datagrams->open_count > 0;
}

/* ---- counters ---- */

bool service_datagrams_exist(const struct service_datagrams *datagrams)
{
    return datagrams->sockets != NULL;
}

_Static_assert(sizeof(struct nk_udp_statistics) % sizeof(uint64_t) == 0, "counters only");

static void add(struct nk_udp_statistics *sum, const struct nk_udp_statistics *part)
{
    uint64_t values[sizeof(*sum) / sizeof(uint64_t)];
    uint64_t more[NK_ARRAY_LENGTH(values)];
    memcpy(values, sum, sizeof(values));
    memcpy(more, part, sizeof(more));
    for (size_t i = 0; i < NK_ARRAY_LENGTH(values); i++)
        values[i] += more[i];
    memcpy(sum, values, sizeof(values));
}

void service_datagrams_statistics(struct service_datagrams *datagrams,
                                  struct nk_udp_statistics *out)
{
    struct nk_udp_statistics sum = {0};
    pthread_mutex_lock(&datagrams->lock);
    for (struct service_socket *socket = datagrams->sockets; socket; socket = socket->next) {
        struct nk_udp_statistics part = socket->last;
        if (socket->endpoint)
            nk_udp_endpoint_statistics(socket->endpoint, &part);
        add(&sum, &part);
    }
    pthread_mutex_unlock(&datagrams->lock);
    *out = sum;
}
