#include "keepalive/keepalive_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* In front of a stamp: data of other programs hardly begins like this. */
static const char stamp_mark[4] = {'n', 'k', 'p', '1'};

static const uint32_t known_types[] = {KEEPALIVE_PING, KEEPALIVE_PONG, KEEPALIVE_NOTE_11,
                                       KEEPALIVE_NOTE_21};

void keepalive_message_write(char out[static KEEPALIVE_MESSAGE_SIZE], uint32_t type,
                             struct nk_slice data)
{
    uint32_t network = htonl(type);
    size_t len = data.len < KEEPALIVE_DATA_SIZE ? data.len : KEEPALIVE_DATA_SIZE;
    memcpy(out, &network, sizeof(network));
    if (len > 0)
        memcpy(out + sizeof(network), data.data, len);
    memset(out + sizeof(network) + len, 0, KEEPALIVE_DATA_SIZE - len);
}

static uint32_t get_type(const char *bytes)
{
    uint32_t network;
    memcpy(&network, bytes, sizeof(network));
    return ntohl(network);
}

static void decode(struct keepalive_message *message, const char *bytes)
{
    message->type = get_type(bytes);
    message->data = nk_slice_make(bytes + sizeof(message->type), KEEPALIVE_DATA_SIZE);
}

int keepalive_message_read(struct keepalive_message *message, struct nk_slice bytes)
{
    if (bytes.len != KEEPALIVE_MESSAGE_SIZE)
        return -EBADMSG;
    decode(message, bytes.data);
    return 0;
}

uint32_t keepalive_type_swap(uint32_t type)
{
    return __builtin_bswap32(type);
}

bool keepalive_type_accept(uint32_t *type, bool is_compat)
{
    if (is_compat && *type == keepalive_type_swap(KEEPALIVE_PONG))
        *type = KEEPALIVE_PONG;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(known_types); i++) {
        if (known_types[i] == *type)
            return true;
    }
    return false;
}

size_t keepalive_reader_take(struct keepalive_reader *reader, struct nk_slice input,
                             struct keepalive_message *message, bool *is_complete)
{
    if (reader->len == KEEPALIVE_MESSAGE_SIZE)
        reader->len = 0; /* the one that was handed out */
    size_t missing = KEEPALIVE_MESSAGE_SIZE - reader->len;
    size_t taken = input.len < missing ? input.len : missing;
    if (taken > 0)
        memcpy(reader->bytes + reader->len, input.data, taken);
    reader->len += taken;
    *is_complete = reader->len == KEEPALIVE_MESSAGE_SIZE;
    if (*is_complete)
        decode(message, reader->bytes);
    return taken;
}

bool keepalive_reader_is_astray(const struct keepalive_reader *reader, bool is_compat,
                                uint32_t *type)
{
    if (reader->len < sizeof(*type))
        return false;
    uint32_t found = get_type(reader->bytes);
    uint32_t accepted = found;
    if (keepalive_type_accept(&accepted, is_compat))
        return false;
    *type = found;
    return true;
}

/* ---- stamps ---- */

static char *put_number(char *out, uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        *out++ = (char)(number >> shift);
    return out;
}

static uint64_t get_number(const char *bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof(number); i++)
        number = number << 8 | (unsigned char)bytes[i];
    return number;
}

void keepalive_stamp_write(char out[static KEEPALIVE_STAMP_SIZE],
                           const struct keepalive_stamp *stamp)
{
    memcpy(out, stamp_mark, sizeof(stamp_mark));
    out = put_number(out + sizeof(stamp_mark), stamp->session);
    out = put_number(out, stamp->sequence);
    (void)put_number(out, stamp->time);
}

bool keepalive_stamp_read(struct keepalive_stamp *stamp, struct nk_slice data)
{
    if (data.len < KEEPALIVE_STAMP_SIZE || memcmp(data.data, stamp_mark, sizeof(stamp_mark)) != 0)
        return false;
    const char *numbers = data.data + sizeof(stamp_mark);
    stamp->session = get_number(numbers);
    stamp->sequence = get_number(numbers + 8);
    stamp->time = get_number(numbers + 16);
    return true;
}
