/* The state of each loop, made before anything runs. */
#include <errno.h>

#include "http/http_coded.h"
#include "http/http_content.h"
#include "http/http_server.h"

static int make_watch(struct http_loop *loop, const struct http_server *server)
{
    const struct http_watch_options options = {
        .log = server->log,
        .counters = server->counts ? &loop->counters : NULL,
        .loop = loop->loop,
        .index = loop->index,
    };
    bool is_wanted = options.log || options.counters;
    return is_wanted ? http_watch_new(&loop->watch, &options) : 0;
}

int http_loop_new(struct http_loop **out, struct http_server *server, struct nk_event_loop *loop)
{
    struct http_loop *made = malloc(sizeof(*made));
    if (!made)
        return -ENOMEM;
    memset(made, 0, offsetof(struct http_loop, small_file));
    struct http_loop **place = &server->loops;
    for (; *place; place = &(*place)->next)
        made->index++;
    made->server = server;
    made->loop = loop;
    int error = make_watch(made, server);
    if (error) {
        free(made);
        return error;
    }
    made->notes_heads = made->watch || server->chaos;
    http_cache_init(&made->cache, (size_t)server->options.cache);
    http_coded_init(&made->coded, (size_t)server->options.cache);
    http_content_init(made);
    *place = made;
    *out = made;
    return 0;
}

void http_loop_free(struct http_loop *loop)
{
    if (!loop)
        return;
    http_watch_free(loop->watch);
    http_coded_deinit(&loop->coded);
    http_cache_deinit(&loop->cache);
    free(loop);
}
