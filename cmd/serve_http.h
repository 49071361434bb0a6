/* `netkit serve http`: its options lie in several tables, one for each concern, each
 * in a file of its own with the check of what they say together.
 *
 * To add a table: declare it and its check here, and name both in serve_http.c.
 */
#ifndef CMD_SERVE_HTTP_H
#define CMD_SERVE_HTTP_H

#include "command.h"
#include "http/http_service.h"

struct serve_http_options {
    struct common_options common;
    struct http_options http;
    bool open; /* in a browser */
    bool qr;
};

/* All tables fill struct http_options. */
extern const struct option_table serve_http_content_table; /* what is served */
extern const struct option_table serve_http_header_table;  /* how it is served */
extern const struct option_table serve_http_upload_table;  /* what clients may bring */
extern const struct option_table serve_http_testing_table; /* endpoints, faults */
extern const struct option_table serve_http_file_table;    /* how files are kept and coded */
extern const struct option_table serve_http_auth_table;    /* who may use it */
extern const struct option_table serve_http_ending_table;  /* when it ends by itself */
extern const struct option_table serve_http_limit_table;   /* times and sizes */
extern const struct option_table serve_http_log_table;     /* what is told about it */

/* This one fills struct serve_http_options. */
extern const struct option_table serve_http_announce_table; /* for whom it is ready, and how */

/* Checks the options of a table against each other and against the rest. Returns
 * EXIT_STATUS_OK, or EXIT_STATUS_USAGE after saying what is wrong. */
typedef enum exit_status serve_http_check_fn(const struct command_call *call);

extern serve_http_check_fn serve_http_check_content;
extern serve_http_check_fn serve_http_check_headers;
extern serve_http_check_fn serve_http_check_auth;
extern serve_http_check_fn serve_http_check_upload;
extern serve_http_check_fn serve_http_check_ending;
extern serve_http_check_fn serve_http_check_testing;
extern serve_http_check_fn serve_http_check_log;
extern serve_http_check_fn serve_http_check_announce;

#endif
