/* Echo as the load generator speaks it: one message, the same bytes back.
 *
 * A message starts with a stamp of the connection and the message number, so
 * that bytes of another connection or of an earlier message are noticed.
 */
#include "load_engine.h"

#include <errno.h>

struct echo_state {
    size_t size;
    char message[]; /* `size` bytes; the stamp is rewritten for every use */
};

static int echo_prepare(struct load *load)
{
    size_t size = load->options->size;
    struct echo_state *state = malloc(sizeof *state + size);
    if (state == NULL)
        return load_fault(load, -ENOMEM, "out of memory");
    state->size = size;
    for (size_t i = 0; i < size; i++)
        state->message[i] = (char)('a' + i % 26);
    load->protocol_state = state;
    return 0;
}

static void stamp_message(struct echo_state *state, const struct load_connection *connection)
{
    uint64_t stamp = (uint64_t)connection->index << 40 ^ connection->sequence;
    memcpy(state->message, &stamp, sizeof stamp < state->size ? sizeof stamp : state->size);
}

static const char *echo_next_batch(struct load *load, struct load_connection *connection,
                                   size_t *length)
{
    struct echo_state *state = load->protocol_state;
    connection->sequence++;
    connection->body_left = state->size;
    stamp_message(state, connection);
    *length = state->size;
    return state->message;
}

static ssize_t echo_receive(struct load *load, struct load_connection *connection,
                            const char *bytes, size_t length)
{
    struct echo_state *state = load->protocol_state;
    size_t offset = state->size - connection->body_left;
    if (length > connection->body_left)
        return load_fault(load, -EPROTO, "more bytes came back than were sent");
    stamp_message(state, connection);
    if (memcmp(state->message + offset, bytes, length) != 0)
        return load_fault(load, -EPROTO, "other bytes came back than were sent");
    connection->body_left -= length;
    if (connection->body_left == 0)
        connection->outstanding--;
    return (ssize_t)length;
}

const struct load_protocol load_protocol_echo = {
    .name = "echo",
    .prepare = echo_prepare,
    .next_batch = echo_next_batch,
    .receive = echo_receive,
};
