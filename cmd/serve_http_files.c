/* How `netkit serve http` keeps and codes what it serves. */
#include "serve_http.h"

#define MIB (UINT64_C(1024) * 1024)

static const struct option_spec file_options[] = {
    {
        .name = "compress",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, compress),
        .help = "compress text for clients that take br, zstd, gzip",
    },
    {
        .name = "cache",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_PERFORMANCE,
        .offset = offsetof(struct http_options, cache),
        .argument = "SIZE",
        .maximum = 1024 * 1024 * MIB,
        .help = "small files that each thread keeps in memory",
        .rare = true,
    },
};

const struct option_table serve_http_file_table = {file_options, NK_ARRAY_LENGTH(file_options)};
