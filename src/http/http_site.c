#include "http/http_site.h"

#include <assert.h>

#include "http/http_auth.h"
#include "http/http_chaos.h"
#include "http/http_cors.h"

/* For a base path and the query of a usual request. */
#define LOCATION_SIZE 16384

static void add(struct http_site *site, struct http_route route)
{
    assert(site->route_count < HTTP_ROUTES_MAX);
    site->routes[site->route_count++] = route;
}

void http_site_add(struct http_site *site, const char *path, http_handler_fn *handle)
{
    add(site, (struct http_route){path, handle, false});
}

void http_site_add_receiver(struct http_site *site, const char *path, http_handler_fn *handle)
{
    add(site, (struct http_route){path, handle, true});
}

static bool leads_to(const struct http_route *route, struct nk_slice path)
{
    struct nk_slice own = nk_slice_of_string(route->path);
    if (own.data[own.len - 1] == '/')
        return path.len >= own.len && nk_slice_equal(nk_slice_first(path, own.len), own);
    return nk_slice_equal(path, own);
}

const struct http_route *http_route_find(const struct http_route *routes, size_t count,
                                         struct nk_slice path)
{
    for (size_t i = 0; i < count; i++) {
        if (leads_to(&routes[i], path))
            return &routes[i];
    }
    return NULL;
}

static const struct http_route *find_route(const struct http_site *site, struct nk_slice path)
{
    return http_route_find(site->routes, site->route_count, path);
}

bool http_site_has_route(const struct http_site *site, const struct http_request *request)
{
    return find_route(site, request->path) != NULL;
}

bool http_site_takes_all_bodies(const struct http_site *site, const struct http_request *request)
{
    const struct http_route *route = find_route(site, request->path);
    return route && route->takes_all_bodies;
}

/* A request for what lies outside the base path: the base itself, without a slash
 * behind it, leads in. */
static void respond_outside(struct http_exchange *exchange)
{
    const char *base = exchange->loop->server->base;
    char location[LOCATION_SIZE];
    struct nk_slice query;
    if (!http_base_path_is_named(base, exchange->request->target, &query)) {
        http_respond_status(exchange, 404, NULL, NULL);
        return;
    }
    int written = snprintf(location, sizeof(location), "Location: %s/%.*s\r\n", base,
                           (int)query.len, query.data);
    if (written < 0 || (size_t)written >= sizeof(location))
        http_respond_status(exchange, 414, NULL, NULL);
    else
        http_respond_status(exchange, 301, NULL, location);
}

void http_site_handle(struct http_exchange *exchange)
{
    const struct http_server *server = exchange->loop->server;
    if (server->options.cors && http_cors_respond_preflight(exchange))
        return; /* it comes without a password (Fetch 4.8) */
    if (!server->auth || http_auth_admit(server->auth, exchange))
        http_site_enter(exchange);
}

void http_site_enter(struct http_exchange *exchange)
{
    struct http_chaos *chaos = exchange->loop->server->chaos;
    if (!chaos || !http_chaos_strike(chaos, exchange))
        http_site_route(exchange);
}

void http_site_route(struct http_exchange *exchange)
{
    const struct http_site *site = exchange->loop->server->site;
    /* Not even by routes that take every method: what it repeats may be secret (RFC 9110
     * 9.3.8). */
    if (exchange->request->method == HTTP_METHOD_TRACE) {
        (void)http_respond_method(exchange);
        return;
    }
    if (exchange->request->path.len == 0) {
        respond_outside(exchange);
        return;
    }
    const struct http_route *route = find_route(site, exchange->request->path);
    if (route)
        route->handle(exchange);
    else
        site->otherwise(exchange);
}
