/* The routes /_/metrics, /_/status and /_/status.json: what the server is doing, made
 * on a worker thread.
 */
#ifndef HTTP_HTTP_REPORT_H
#define HTTP_HTTP_REPORT_H

#include "http/http_site.h"

void http_report_add_metrics(struct http_site *site);
void http_report_add_status(struct http_site *site);

#endif
