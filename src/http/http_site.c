#include "http/http_site.h"

#include <assert.h>

void http_site_add(struct http_site *site, const char *path, http_handler_fn *handle)
{
    assert(site->route_count < HTTP_ROUTES_MAX);
    site->routes[site->route_count++] = (struct http_route){path, handle};
}

static bool leads_to(const struct http_route *route, struct nk_slice path)
{
    struct nk_slice own = nk_slice_of_string(route->path);
    if (own.data[own.len - 1] == '/')
        return path.len >= own.len && nk_slice_equal(nk_slice_first(path, own.len), own);
    return nk_slice_equal(path, own);
}

void http_site_handle(struct http_exchange *exchange)
{
    const struct http_site *site = exchange->loop->server->site;
    for (size_t i = 0; i < site->route_count; i++) {
        if (leads_to(&site->routes[i], exchange->request->path)) {
            site->routes[i].handle(exchange);
            return;
        }
    }
    site->otherwise(exchange);
}
