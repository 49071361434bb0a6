/* What a request means: the routes of a server, and behind them its pages or files.
 *
 * Everything that concerns all requests alike before one of them is answered (who
 * may ask, below which path the site lies) belongs here, too.
 */
#ifndef HTTP_HTTP_SITE_H
#define HTTP_HTTP_SITE_H

#include "http/http_server.h"

/* More is a mistake of ours. */
#define HTTP_ROUTES_MAX 32

/* A path that is no file. */
struct http_route {
    const char *path; /* as in "/_/status"; with a slash at the end: all that begin so */
    http_handler_fn *handle;
    bool takes_all_bodies; /* also those of GET, HEAD and OPTIONS, see http_sink.h */
};

/* The first of `routes` that leads to the path, or NULL. */
const struct http_route *http_route_find(const struct http_route *routes, size_t count,
                                         struct nk_slice path);

/* What `site` of struct http_server points to; constant while the server runs. */
struct http_site {
    struct http_route routes[HTTP_ROUTES_MAX];
    size_t route_count;
    http_handler_fn *otherwise; /* for every other path */
};

void http_site_add(struct http_site *site, const char *path, http_handler_fn *handle);

/* The same for a handler that takes the body whatever the method. */
void http_site_add_receiver(struct http_site *site, const char *path, http_handler_fn *handle);

/* Whether the path of the request is a route, and not a file. */
bool http_site_has_route(const struct http_site *site, const struct http_request *request);

/* Whether the request is for a handler that takes all bodies. */
bool http_site_takes_all_bodies(const struct http_site *site, const struct http_request *request);

/* The request callback. */
void http_site_handle(struct http_exchange *exchange);

/* The same once it is known that the client may ask. */
void http_site_enter(struct http_exchange *exchange);

/* The last part of that: calls the handler. */
void http_site_route(struct http_exchange *exchange);

#endif
