/* PROXY headers: any bytes, arriving in any pieces; and what was read is printed
 * so that it reads the same. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cat/proxy_protocol.h"
#include "fuzz.h"

struct outcome {
    int error;
    size_t used;
    bool is_complete;
    struct proxy_header header;
};

static struct outcome receive(struct nk_slice input, size_t first, size_t step)
{
    struct outcome outcome = {0};
    struct proxy_parser parser;
    proxy_parser_init(&parser);
    while (input.len > 0 && !proxy_parser_is_complete(&parser)) {
        const struct nk_slice piece = nk_slice_first(input, first > 0 ? first : 1);
        char *copy = malloc(piece.len);
        FUZZ_CHECK(copy != NULL);
        memcpy(copy, piece.data, piece.len);
        const ssize_t used = proxy_parser_input(&parser, nk_slice_make(copy, piece.len));
        free(copy);
        if (used < 0) {
            FUZZ_CHECK(used == -EBADMSG && proxy_parser_problem(&parser) != NULL);
            outcome.error = (int)used;
            break;
        }
        FUZZ_CHECK((size_t)used == piece.len || proxy_parser_is_complete(&parser));
        outcome.used += (size_t)used;
        input = nk_slice_from(input, (size_t)used);
        first = step;
    }
    outcome.is_complete = proxy_parser_is_complete(&parser);
    outcome.header = parser.header;
    return outcome;
}

static bool is_same_header(const struct proxy_header *a, const struct proxy_header *b)
{
    if (a->has_addresses != b->has_addresses)
        return false;
    return !a->has_addresses ||
           (a->is_datagram == b->is_datagram && nk_sockaddr_equal(&a->source, &b->source) &&
            nk_sockaddr_equal(&a->destination, &b->destination));
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    FUZZ_CHECK(a->error == b->error && a->is_complete == b->is_complete);
    FUZZ_CHECK(a->error || a->used == b->used);
    FUZZ_CHECK(!a->is_complete || is_same_header(&a->header, &b->header));
}

static bool is_mapped(const struct nk_sockaddr *address)
{
    return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr);
}

/* Mapped addresses change their family, unix ones and datagrams have no text. */
static void check_printed(const struct proxy_header *header)
{
    for (int version = 1; version <= 2; version++) {
        char text[PROXY_PROTOCOL_MAX];
        const size_t len = proxy_header_print(header, version, text);
        FUZZ_CHECK(len > 0 && len <= sizeof text);
        const struct outcome read = receive(nk_slice_make(text, len), len, len);
        FUZZ_CHECK(read.is_complete && read.used == len);
        if (is_mapped(&header->source) || is_mapped(&header->destination))
            continue;
        if (version == 2 || read.header.has_addresses)
            FUZZ_CHECK(is_same_header(header, &read.header));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    const size_t middle = size > 0 ? data[size - 1] % size : 0;
    const struct outcome whole = receive(input, size, size);
    const struct outcome halves = receive(input, middle, size);
    const struct outcome bytes = receive(input, 1, 1);
    check_same(&whole, &halves);
    check_same(&whole, &bytes);
    if (whole.is_complete)
        check_printed(&whole.header);
    return 0;
}
