#include "http/http_script.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "os/socket.h"

/* Bytes that are queued for one connection at a time: enough for the kernel to be busy
 * while the others get their turn. */
#define BUDGET ((size_t)256 * 1024)

/* A reset takes back what the client's kernel has not got yet: whether it has is asked
 * so often, and not for ever. */
#define RESET_POLL (5 * NK_NANOSECONDS_PER_MILLISECOND)
#define RESET_PATIENCE (2 * NK_NANOSECONDS_PER_SECOND)

struct player {
    struct http_source source;
    struct http_stream stream;
    struct http_script script;
    struct nk_event_loop *loop;
    struct nk_timer timer;
    uint64_t began; /* monotonic ns */
    uint64_t sent;
    uint64_t ended; /* when all was sent; 0 = it was not */
    bool has_head;
};

/* ---- content ---- */

static char pattern[HTTP_SCRIPT_PATTERN];

static void fill_pattern(void)
{
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(unsigned char)(i + i / 256);
}

const char *http_script_pattern(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, fill_pattern);
    return pattern;
}

/* ---- time ---- */

static uint64_t elapsed(const struct player *player)
{
    return nk_event_loop_now(player->loop) - player->began;
}

static enum http_source_state wait_until(struct player *player, uint64_t when)
{
    if (nk_event_loop_set_timer(player->loop, &player->timer, when) < 0)
        nk_tcp_connection_abort(player->source.connection, -ENOMEM);
    return HTTP_SOURCE_WAIT;
}

static void on_timer(struct nk_timer *timer)
{
    http_source_wake(&nk_container_of(timer, struct player, timer)->source);
}

static void forget(struct player *player)
{
    nk_event_loop_cancel_timer(player->loop, &player->timer);
    free(player);
}

/* ---- the end ---- */

/* The connection tells `abort`, which frees the player. */
static enum http_source_state leave(struct player *player, enum nk_close how)
{
    nk_tcp_connection_close(player->source.connection, how);
    return HTTP_SOURCE_WAIT;
}

static enum http_source_state reset(struct player *player)
{
    const int fd = nk_tcp_connection_id(player->source.connection).fd;
    const uint64_t now = nk_event_loop_now(player->loop);
    if (nk_socket_unacknowledged(fd) == 0 || now - player->ended > RESET_PATIENCE)
        return leave(player, NK_CLOSE_RESET);
    return wait_until(player, now + RESET_POLL);
}

static enum http_source_state break_chunks(struct player *player)
{
    static const struct nk_slice bad = NK_SLICE("no size\r\n");
    (void)nk_tcp_connection_send(player->source.connection, bad);
    return leave(player, NK_CLOSE_LINGER);
}

static enum http_source_state complete(struct player *player)
{
    struct http_stream stream = player->stream;
    forget(player);
    http_stream_end(&stream);
    return HTTP_SOURCE_DONE;
}

/* Who has ended its stream has left, as far as anybody can tell. */
static bool has_hung_long_enough(const struct player *player)
{
    const struct nk_tcp_connection *connection = player->source.connection;
    return nk_tcp_connection_input_ended(connection) ||
           nk_connection_group_is_draining(nk_tcp_connection_group(connection)) ||
           nk_event_loop_now(player->loop) - player->ended >= HTTP_SCRIPT_PATIENCE;
}

static enum http_source_state end(struct player *player)
{
    if (player->ended == 0) {
        player->ended = nk_event_loop_now(player->loop);
        if (player->script.end == HTTP_SCRIPT_RESET)
            return HTTP_SOURCE_MORE; /* what this callback sends has to go out first */
    }
    switch (player->script.end) {
    case HTTP_SCRIPT_RESET:
        return reset(player);
    case HTTP_SCRIPT_CUT:
        return leave(player, NK_CLOSE_LINGER);
    case HTTP_SCRIPT_HANG:
        if (has_hung_long_enough(player))
            return leave(player, NK_CLOSE_FLUSH);
        return wait_until(player, player->ended + HTTP_SCRIPT_PATIENCE);
    case HTTP_SCRIPT_BAD_CHUNK:
        return break_chunks(player);
    case HTTP_SCRIPT_COMPLETE:
        break;
    }
    return complete(player);
}

/* ---- the course ---- */

static void begin(struct player *player, struct http_exchange *exchange)
{
    const struct http_response response = {
        .status = 200,
        .type = "application/octet-stream",
        .extra = "Cache-Control: no-store\r\n",
    };
    player->has_head = true;
    player->began = nk_event_loop_now(player->loop);
    http_stream_begin(&player->stream, exchange, &response, player->script.length);
    if (player->stream.is_silent) {
        player->sent = player->script.pace.bytes;
        player->script.end = HTTP_SCRIPT_COMPLETE;
    }
}

/* Sends what is due. Returns false when the connection has closed, and with it the
 * player has gone. */
static bool send_due(struct player *player)
{
    struct nk_tcp_connection *connection = player->source.connection;
    const uint64_t due = http_pace_due(&player->script.pace, elapsed(player));
    size_t budget = BUDGET;
    while (player->sent < due && budget > 0) {
        const size_t at = (size_t)(player->sent % HTTP_SCRIPT_PATTERN);
        size_t len = HTTP_SCRIPT_PATTERN - at;
        if (len > due - player->sent)
            len = (size_t)(due - player->sent);
        if (len > budget)
            len = budget;
        player->sent += len;
        budget -= len;
        http_stream_write(&player->stream, nk_slice_make(http_script_pattern() + at, len));
        if (nk_tcp_connection_is_closing(connection))
            return false;
    }
    return true;
}

static enum http_source_state produce(struct http_source *source, struct http_exchange *exchange)
{
    struct player *player = nk_container_of(source, struct player, source);
    const struct http_pace *pace = &player->script.pace;
    if (!player->has_head && elapsed(player) < player->script.delay)
        return wait_until(player, player->began + player->script.delay);
    if (player->script.is_plain) {
        forget(player);
        http_respond_status(exchange, 200, NULL, NULL);
        return HTTP_SOURCE_DONE;
    }
    if (player->script.has_no_head)
        return end(player);
    if (!player->has_head)
        begin(player, exchange);
    if (player->ended == 0 && player->sent < pace->bytes) {
        if (!send_due(player))
            return HTTP_SOURCE_WAIT;
        const uint64_t due = http_pace_due(pace, elapsed(player));
        if (player->sent < due)
            return HTTP_SOURCE_MORE;
        if (player->sent < pace->bytes)
            return wait_until(player, player->began + http_pace_next(pace, player->sent));
    }
    return end(player);
}

static void abandon(struct http_source *source)
{
    forget(nk_container_of(source, struct player, source));
}

/* Who hangs waits for nothing; a delay is cut short only for a server that ends. */
static void hurry(struct http_source *source, bool drains)
{
    struct player *player = nk_container_of(source, struct player, source);
    if (player->ended != 0 && player->script.end == HTTP_SCRIPT_HANG) {
        nk_tcp_connection_close(source->connection, NK_CLOSE_FLUSH);
    } else if (drains && !player->has_head) {
        player->script.delay = 0;
        nk_event_loop_cancel_timer(player->loop, &player->timer);
        http_source_wake(source);
    }
}

static const struct http_source_ops ops = {.produce = produce, .abort = abandon, .hurry = hurry};

void http_script_respond(struct http_exchange *exchange, const struct http_script *script)
{
    struct player *player = calloc(1, sizeof(*player));
    if (!player) {
        http_respond_status(exchange, 503, NULL, NULL);
        return;
    }
    player->source.ops = &ops;
    player->script = *script;
    player->loop = exchange->loop->loop;
    player->began = nk_event_loop_now(player->loop);
    nk_timer_init(&player->timer, on_timer);
    http_exchange_produce(exchange, &player->source);
}
