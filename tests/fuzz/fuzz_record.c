/* Records: any bytes, arriving in any pieces; and any bytes recorded and read. */
#include <errno.h>
#include <string.h>

#include "cat/record.h"
#include "fuzz.h"

/* Every event, written down again. */
struct outcome {
    struct nk_buffer text;
    bool is_refused;
    bool may_end;
};

static struct record_reader reader;

static void note(struct outcome *outcome, const struct record_event *event)
{
    const int error =
        event->is_end
            ? record_write_end(&outcome->text, event->time, event->direction)
            : record_write_chunk(&outcome->text, event->time, event->direction, event->bytes);
    FUZZ_CHECK(error == 0);
}

static void read_piece(struct nk_slice piece, struct outcome *outcome)
{
    char *copy = malloc(piece.len > 0 ? piece.len : 1);
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, piece.data, piece.len);
    struct nk_slice rest = nk_slice_make(copy, piece.len);
    while (rest.len > 0 && !outcome->is_refused) {
        struct record_event event;
        bool is_complete;
        const ssize_t used = record_read(&reader, rest, &event, &is_complete);
        outcome->is_refused = used < 0;
        FUZZ_CHECK(used > 0 || used == -EBADMSG);
        if (is_complete)
            note(outcome, &event);
        if (used > 0)
            rest = nk_slice_from(rest, (size_t)used);
    }
    free(copy);
}

static struct outcome read_record(struct nk_slice input, size_t first, size_t step)
{
    struct outcome outcome = {.is_refused = false};
    nk_buffer_init(&outcome.text, 16 << 20);
    record_reader_init(&reader);
    FUZZ_CHECK(record_write_header(&outcome.text) == 0);
    while (input.len > 0 && !outcome.is_refused) {
        read_piece(nk_slice_first(input, first), &outcome);
        input = nk_slice_from(input, first);
        first = step;
    }
    outcome.may_end = record_reader_may_end(&reader);
    FUZZ_CHECK(!outcome.is_refused || !outcome.may_end);
    return outcome;
}

static void check_same(const struct outcome *a, struct outcome *b)
{
    FUZZ_CHECK(a->is_refused == b->is_refused && a->may_end == b->may_end);
    FUZZ_CHECK(nk_slice_equal(nk_buffer_slice(&a->text), nk_buffer_slice(&b->text)));
    nk_buffer_deinit(&b->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    const size_t middle = size > 1 ? 1 + data[size - 1] % (size - 1) : 1;
    struct outcome whole = read_record(input, size, 1);
    struct outcome halves = read_record(input, middle, size);
    struct outcome bytes = read_record(input, 1, 1);
    check_same(&whole, &halves);
    check_same(&whole, &bytes);

    /* What was understood reads the same when it is written by us. */
    struct outcome again = read_record(nk_buffer_slice(&whole.text), SIZE_MAX, 1);
    FUZZ_CHECK(!again.is_refused && again.may_end);
    again.is_refused = whole.is_refused;
    again.may_end = whole.may_end;
    check_same(&whole, &again);
    nk_buffer_deinit(&whole.text);
    return 0;
}
