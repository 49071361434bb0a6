/* The constant parts of the status page, in the order in which they stand there. */
#ifndef HTTP_HTTP_STATUS_ASSETS_H
#define HTTP_HTTP_STATUS_ASSETS_H

extern const char http_status_head[];
extern const char http_status_charts[];
extern const char http_status_table[];
extern const char http_status_script[];

#endif
