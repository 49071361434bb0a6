#include "http/http_endpoints.h"

#include "http/http_echo.h"

void http_endpoints_add(struct http_site *site)
{
    http_site_add_receiver(site, "/_/echo", http_echo_handle);
}
