/* The telnet filters: any bytes in either direction, in any pieces. The first
 * byte chooses what we ask for before. */
#include <stdbool.h>
#include <string.h>

#include "cat/telnet.h"
#include "fuzz.h"

struct text {
    size_t len;
    char *bytes; /* of exactly the promised room */
};

struct outcome {
    struct text data;
    struct text reply;
};

static struct text make_text(size_t room)
{
    const struct text text = {0, malloc(room > 0 ? room : 1)};
    FUZZ_CHECK(text.bytes != NULL);
    return text;
}

static void append(struct text *text, const char *bytes, size_t len)
{
    if (len > 0)
        memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

static bool is_same(const struct text *a, const struct text *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void free_outcome(struct outcome *outcome)
{
    free(outcome->data.bytes);
    free(outcome->reply.bytes);
}

/* `asked` names an option in its low bits, a side and a direction above. */
static struct outcome receive(uint8_t asked, struct nk_slice input, size_t first, size_t step)
{
    struct outcome outcome = {make_text(input.len), make_text(TELNET_REPLY_MAX(input.len))};
    struct telnet telnet;
    char request[TELNET_REQUEST_SIZE];
    telnet_init(&telnet);
    (void)telnet_ask(&telnet, asked & 0x80 ? TELNET_LOCAL : TELNET_REMOTE, asked & 0x1f, true,
                     request);
    if (asked & 0x40)
        (void)telnet_ask(&telnet, asked & 0x80 ? TELNET_LOCAL : TELNET_REMOTE, asked & 0x1f, false,
                         request);
    while (input.len > 0) {
        const struct nk_slice piece = nk_slice_first(input, first);
        struct outcome part = {make_text(piece.len), make_text(TELNET_REPLY_MAX(piece.len))};
        part.data.len =
            telnet_input(&telnet, piece, part.data.bytes, part.reply.bytes, &part.reply.len);
        append(&outcome.data, part.data.bytes, part.data.len);
        append(&outcome.reply, part.reply.bytes, part.reply.len);
        free_outcome(&part);
        input = nk_slice_from(input, first);
        first = step > 0 ? step : 1;
    }
    return outcome;
}

static void check_cuts(uint8_t asked, struct nk_slice input)
{
    const size_t middle = input.len > 1 ? 1 + (uint8_t)input.data[0] % (input.len - 1) : 1;
    struct outcome whole = receive(asked, input, input.len, 1);
    struct outcome halves = receive(asked, input, middle, input.len);
    struct outcome bytes = receive(asked, input, 1, 1);
    FUZZ_CHECK(is_same(&whole.data, &halves.data) && is_same(&whole.reply, &halves.reply));
    FUZZ_CHECK(is_same(&whole.data, &bytes.data) && is_same(&whole.reply, &bytes.reply));
    FUZZ_CHECK(whole.reply.len % TELNET_REQUEST_SIZE == 0);
    free_outcome(&whole);
    free_outcome(&halves);
    free_outcome(&bytes);
}

/* What we send, a peer with the same filter reads: the user's bytes, with CR LF
 * for each new line, and no command. */
static void check_round_trip(struct nk_slice input)
{
    struct text sent = make_text(TELNET_OUTPUT_MAX(input.len));
    struct text expected = make_text(2 * input.len);
    struct telnet telnet;
    telnet_init(&telnet);
    sent.len = telnet_output(&telnet, input, sent.bytes);
    for (size_t i = 0; i < input.len; i++) {
        if (input.data[i] == '\n' && (i == 0 || input.data[i - 1] != '\r'))
            append(&expected, "\r", 1);
        append(&expected, &input.data[i], 1);
    }
    struct outcome read = receive(0, nk_slice_make(sent.bytes, sent.len), sent.len, 1);
    FUZZ_CHECK(is_same(&read.data, &expected));
    FUZZ_CHECK(read.reply.len == 0);
    free_outcome(&read);
    free(sent.bytes);
    free(expected.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct nk_slice input = {(const char *)data + 1, size - 1};
    check_cuts(data[0], input);
    check_round_trip(input);
    return 0;
}
