/* What `netkit serve http` does for whoever tests a client. */
#include "serve_http.h"

static const struct option_spec testing_options[] = {
    {
        .name = "endpoints",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, endpoints),
        .help = "pages below /_/ for testing clients",
    },
};

const struct option_table serve_http_testing_table = {testing_options,
                                                      NK_ARRAY_LENGTH(testing_options)};
