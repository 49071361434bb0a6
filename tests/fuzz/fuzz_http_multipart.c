/* The form decoder: any bytes, arriving in any pieces. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "http/http_multipart.h"

struct outcome {
    uint64_t checksum; /* of the events, the content of a part as one */
    uint64_t length;   /* of all content */
    size_t depth;      /* parts that are open */
    int status;
    bool is_complete;
};

static void mix(struct outcome *outcome, struct nk_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        outcome->checksum = outcome->checksum * 31 + (unsigned char)bytes.data[i] + 1;
}

static void take(struct outcome *outcome, const struct http_multipart_event *event)
{
    static const struct nk_slice close = NK_SLICE("close");
    switch (event->kind) {
    case HTTP_MULTIPART_PART:
        FUZZ_CHECK(outcome->depth == 0);
        outcome->depth = 1;
        mix(outcome, event->name);
        mix(outcome, event->filename);
        break;
    case HTTP_MULTIPART_DATA:
        FUZZ_CHECK(outcome->depth == 1 && event->data.len > 0);
        outcome->length += event->data.len;
        mix(outcome, event->data);
        break;
    case HTTP_MULTIPART_CLOSE:
        FUZZ_CHECK(outcome->depth == 1);
        outcome->depth = 0;
        mix(outcome, close);
        break;
    case HTTP_MULTIPART_END:
        FUZZ_CHECK(outcome->depth == 0 && !outcome->is_complete);
        outcome->is_complete = true;
        break;
    case HTTP_MULTIPART_NOTHING:
        break;
    }
}

static bool read_piece(struct http_multipart *multipart, struct nk_slice piece,
                       struct outcome *outcome)
{
    struct http_multipart_event event;
    struct http_problem problem;
    do {
        const ssize_t used = http_multipart_next(multipart, piece, &event, &problem);
        if (used < 0) {
            FUZZ_CHECK(used == -EBADMSG && problem.status == 400 && problem.rule != NULL);
            outcome->status = problem.status;
            return false;
        }
        FUZZ_CHECK((size_t)used <= piece.len);
        take(outcome, &event);
        piece = nk_slice_from(piece, (size_t)used);
    } while (event.kind != HTTP_MULTIPART_NOTHING);
    FUZZ_CHECK(piece.len == 0);
    return true;
}

static struct outcome read_in_pieces(struct http_multipart multipart, struct nk_slice input,
                                     size_t first, size_t step)
{
    struct outcome outcome = {0};
    size_t size = first;
    bool goes_on = true;
    while (goes_on && input.len > 0) {
        const struct nk_slice piece = nk_slice_first(input, size);
        char *copy = malloc(piece.len > 0 ? piece.len : 1);
        FUZZ_CHECK(copy != NULL);
        memcpy(copy, piece.data, piece.len);
        goes_on = read_piece(&multipart, nk_slice_make(copy, piece.len), &outcome);
        free(copy);
        input = nk_slice_from(input, piece.len);
        size = step;
    }
    FUZZ_CHECK(outcome.is_complete == http_multipart_is_complete(&multipart));
    return outcome;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    FUZZ_CHECK(a->checksum == b->checksum && a->length == b->length);
    FUZZ_CHECK(a->status == b->status && a->is_complete == b->is_complete);
}

/* The first line is the Content-Type, what follows is the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    const size_t end = nk_slice_find(input, '\n');
    const struct nk_slice body = nk_slice_from(input, end == NK_SLICE_NOT_FOUND ? size : end + 1);
    static struct http_multipart multipart;
    struct http_problem problem;
    if (http_multipart_init(&multipart, nk_slice_first(input, end), &problem) < 0) {
        FUZZ_CHECK(problem.status == 400 || problem.status == 415);
        return 0;
    }
    const struct outcome whole = read_in_pieces(multipart, body, body.len, 1);
    FUZZ_CHECK(whole.length <= body.len);
    const size_t middle = body.len > 0 ? (unsigned char)body.data[body.len - 1] % body.len : 0;
    const struct outcome halves = read_in_pieces(multipart, body, middle, body.len);
    check_same(&whole, &halves);
    const struct outcome bytes = read_in_pieces(multipart, body, 1, 1);
    check_same(&whole, &bytes);
    return 0;
}
