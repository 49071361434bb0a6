/* How long `netkit serve http` waits, and how much it takes. */
#include "base/byte_rate.h"
#include "base/clock.h"
#include "serve_http.h"

#define MILLISECOND NK_NANOSECONDS_PER_MILLISECOND
#define HOUR (UINT64_C(3600) * NK_NANOSECONDS_PER_SECOND)
#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)

static const struct option_spec limit_options[] = {
    {
        .name = "header-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct http_options, header_timeout),
        .argument = "TIME",
        .minimum = MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "to receive a whole request header",
    },
    {
        .name = "body-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct http_options, body_timeout),
        .argument = "TIME",
        .minimum = MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "between two parts of a request body",
        .rare = true,
    },
    {
        .name = "keepalive-timeout",
        .also = "idle-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct http_options, service.idle_timeout),
        .argument = "TIME",
        .maximum = 8760 * HOUR,
        .help = "between requests",
    },
    {
        .name = "send-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct http_options, send_timeout),
        .argument = "TIME",
        .minimum = MILLISECOND,
        .maximum = 24 * HOUR,
        .help = "while a client takes nothing",
        .rare = true,
    },
    {
        .name = "keepalive-requests",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, keepalive_requests),
        .argument = "N",
        .maximum = UINT32_MAX,
        .help = "requests on a connection; 0: no limit",
        .rare = true,
    },
    {
        .name = "max-target",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, max_target),
        .argument = "SIZE",
        .minimum = 16,
        .maximum = MIB,
        .help = "bytes of a request target, else 414",
        .rare = true,
    },
    {
        .name = "max-header",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, max_header),
        .argument = "SIZE",
        .minimum = 256,
        .maximum = 16 * MIB,
        .help = "bytes of a request header, else 431",
        .rare = true,
    },
    {
        .name = "max-body",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, max_body),
        .argument = "SIZE",
        .maximum = KIB * MIB * MIB,
        .help = "bytes of a request body, else 413",
    },
    {
        .name = "limit-rate",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, limit_rate),
        .argument = "RATE",
        .maximum = NK_BYTE_RATE_MAX,
        .help = "bytes a second to each connection; 0: any",
        .rare = true,
    },
};

const struct option_table serve_http_limit_table = {limit_options, NK_ARRAY_LENGTH(limit_options)};
