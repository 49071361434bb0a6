#include "http/http_cors.h"

/* The wildcard leaves Authorization out. A method that is not served is still
 * answered with 405, which the page may then read. */
static const char preflight_fields[] = "Access-Control-Allow-Methods: *\r\n"
                                       "Access-Control-Allow-Headers: *, Authorization\r\n"
                                       "Access-Control-Max-Age: 600\r\n"
                                       "Vary: Access-Control-Request-Method\r\n";

bool http_cors_respond_preflight(struct http_exchange *exchange)
{
    const struct http_request *request = exchange->request;
    if (request->method != HTTP_METHOD_OPTIONS || !http_request_header(request, "Origin") ||
        !http_request_header(request, "Access-Control-Request-Method"))
        return false;
    http_respond_status(exchange, 204, NULL, preflight_fields);
    return true;
}
