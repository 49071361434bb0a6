/* What one may choose about the HTTP server: filled by cmd/, constant afterwards. */
#ifndef HTTP_HTTP_OPTIONS_H
#define HTTP_HTTP_OPTIONS_H

#include "service/service_options.h"
#include "service/word_list.h"

struct http_options {
    struct service_options service; /* first; idle_timeout is the keep-alive time-out */
    const char *root;               /* directory to serve */
    bool demo;                      /* the demonstration routes and no files */
    bool upload;                    /* clients may bring files */
    bool overwrite;                 /* also in the place of others */
    uint64_t requests;              /* the server ends behind so many; 0 = it does not */
    bool once;                      /* behind the first one; cmd/ makes that `requests` */
    uint64_t run_for;               /* ns, likewise */
    uint64_t max_upload;            /* bytes of one upload; 0 = no limit */
    const char *chaos;              /* faults by chance, see http_chaos_spec.h; NULL = none */
    uint64_t chaos_seed;
    bool endpoints;              /* pages below /_/ for testing clients */
    bool dotfiles;               /* also serve names that start with a dot */
    bool follow_symlinks;        /* also follow symbolic links out of the root */
    uint64_t header_timeout;     /* ns from the first byte to the end of the header */
    uint64_t body_timeout;       /* ns between two reads of a body */
    uint64_t send_timeout;       /* ns in which a client takes nothing */
    uint64_t limit_rate;         /* bytes a second to each connection; 0 = no limit */
    uint64_t keepalive_requests; /* requests on one connection; 0 = no limit */
    uint64_t max_target;         /* bytes of a request target */
    uint64_t max_header;         /* bytes of a header block */
    uint64_t max_body;           /* bytes of a request body */
    uint64_t cache;              /* bytes of small files that each loop keeps */
    bool compress;               /* code what gets smaller; as many bytes again are kept */

    /* how it is served */
    bool spa;                  /* unknown paths are answered with the root's index.html */
    const char *not_found;     /* file that is the body of every 404; NULL = a line of text */
    const char *base_path;     /* where the site lies, "/app"; NULL = at the top */
    bool cors;                 /* pages of other sites may use it */
    bool isolate;              /* its pages may be isolated from those of other sites */
    bool no_cache;             /* caches have to ask each time */
    const char *cache_control; /* what caches are told; NULL = nothing */
    const char *auth_file;     /* who may use it; NULL = everybody */
    struct word_list fields;   /* further header lines, "Name: value" */

    /* what is told about it */
    const char *access_log; /* file for a line about each request, "-" = stderr; NULL = none */
    const char *log_format; /* "common", "combined" or "json"; NULL = combined */
    bool metrics;           /* figures for Prometheus at /_/metrics */
    bool status;            /* a page that shows the event loops at /_/status */
};

#define HTTP_OPTIONS_DEFAULT                                                                       \
    {                                                                                              \
        .service = SERVICE_OPTIONS_DEFAULT, .root = ".", .header_timeout = UINT64_C(10000000000),  \
        .body_timeout = UINT64_C(30000000000), .send_timeout = UINT64_C(60000000000),              \
        .keepalive_requests = 1000, .max_target = 8192, .max_header = 32768, .max_body = 1048576,  \
        .cache = 8388608, .max_upload = UINT64_C(1) << 30,                                         \
    }

#endif
