/* Keepalive messages: any bytes, arriving in any pieces. */
#include <string.h>

#include "fuzz.h"
#include "keepalive/keepalive_message.h"

/* What was understood: the number of messages, and all of them mixed into one word. */
struct outcome {
    uint64_t messages;
    uint64_t mixed;
};

static void note(struct outcome *outcome, const struct keepalive_message *message)
{
    char again[KEEPALIVE_MESSAGE_SIZE];
    struct keepalive_message same;
    struct keepalive_stamp stamp;
    FUZZ_CHECK(message->data.len == KEEPALIVE_DATA_SIZE);
    outcome->messages++;
    outcome->mixed = outcome->mixed * 31 + message->type;
    for (size_t i = 0; i < message->data.len; i++)
        outcome->mixed = outcome->mixed * 31 + (unsigned char)message->data.data[i];

    /* It reads the same when it is written by us, and so does its stamp. */
    keepalive_message_write(again, message->type, message->data);
    FUZZ_CHECK(keepalive_message_read(&same, nk_slice_make(again, sizeof(again))) == 0);
    FUZZ_CHECK(same.type == message->type && nk_slice_equal(same.data, message->data));
    if (keepalive_stamp_read(&stamp, message->data)) {
        char bytes[KEEPALIVE_STAMP_SIZE];
        keepalive_stamp_write(bytes, &stamp);
        FUZZ_CHECK(memcmp(bytes, message->data.data, sizeof(bytes)) == 0);
    }
}

static void read_piece(struct keepalive_reader *reader, struct nk_slice piece,
                       struct outcome *outcome)
{
    char *copy = malloc(piece.len > 0 ? piece.len : 1);
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, piece.data, piece.len);
    struct nk_slice rest = nk_slice_make(copy, piece.len);
    while (rest.len > 0) {
        struct keepalive_message message;
        bool is_complete;
        size_t taken = keepalive_reader_take(reader, rest, &message, &is_complete);
        FUZZ_CHECK(taken > 0 && taken <= rest.len);
        uint32_t type = 0;
        bool is_astray = keepalive_reader_is_astray(reader, true, &type);
        FUZZ_CHECK(!is_astray || reader->len >= 4);
        if (is_complete) {
            uint32_t accepted = message.type;
            FUZZ_CHECK(is_astray == !keepalive_type_accept(&accepted, true));
            FUZZ_CHECK(!is_astray || type == message.type);
            note(outcome, &message);
        }
        rest = nk_slice_from(rest, taken);
    }
    free(copy);
}

static struct outcome read_stream(struct nk_slice input, size_t first, size_t step)
{
    struct keepalive_reader reader = {0};
    struct outcome outcome = {0};
    size_t size = input.len;
    while (input.len > 0) {
        read_piece(&reader, nk_slice_first(input, first), &outcome);
        input = nk_slice_from(input, first);
        first = step;
    }
    FUZZ_CHECK(outcome.messages == size / KEEPALIVE_MESSAGE_SIZE);
    return outcome;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    FUZZ_CHECK(a->messages == b->messages && a->mixed == b->mixed);
}

static void check_datagram(struct nk_slice input)
{
    struct keepalive_message message = {.type = 0};
    int error = keepalive_message_read(&message, input);
    FUZZ_CHECK((error == 0) == (input.len == KEEPALIVE_MESSAGE_SIZE));
    uint32_t type = message.type;
    if (error == 0 && keepalive_type_accept(&type, true))
        FUZZ_CHECK(type == KEEPALIVE_PING || type == KEEPALIVE_PONG || type == KEEPALIVE_NOTE_11 ||
                   type == KEEPALIVE_NOTE_21);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    const size_t middle = size > 1 ? 1 + data[size - 1] * 7u % (size - 1) : 1;
    const struct outcome whole = read_stream(input, SIZE_MAX, 1);
    const struct outcome halves = read_stream(input, middle, SIZE_MAX);
    const struct outcome bytes = read_stream(input, 1, 1);
    check_same(&whole, &halves);
    check_same(&whole, &bytes);
    check_datagram(input);
    return 0;
}
