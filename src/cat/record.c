#include "cat/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char header[] = "netkit-record 1\n";
static const char marks[] = {[RECORD_SENT] = '>', [RECORD_RECEIVED] = '<'};
static const char end_word[] = "end";

/* The letters behind a backslash, and what they stand for. */
static const struct {
    char letter;
    char byte;
} escapes[] = {{'r', '\r'}, {'n', '\n'}, {'t', '\t'}, {'\\', '\\'}};

/* ---- writing ---- */

static bool is_plain(char byte)
{
    return byte >= ' ' && byte <= '~' && byte != '\\';
}

/* Writes one byte of a chunk; returns its length, at most 4. */
static size_t put_byte(char *out, char byte)
{
    static const char digits[] = "0123456789abcdef";
    if (is_plain(byte)) {
        out[0] = byte;
        return 1;
    }
    out[0] = '\\';
    for (size_t i = 0; i < NK_ARRAY_LENGTH(escapes); i++)
        if (escapes[i].byte == byte) {
            out[1] = escapes[i].letter;
            return 2;
        }
    out[1] = 'x';
    out[2] = digits[(unsigned char)byte >> 4];
    out[3] = digits[(unsigned char)byte & 15];
    return 4;
}

int record_write_header(struct nk_buffer *out)
{
    return nk_buffer_append(out, nk_slice_make(header, sizeof header - 1));
}

/* One line of a chunk that fits into one. */
static int write_line(struct nk_buffer *out, uint64_t time, enum record_direction direction,
                      struct nk_slice bytes)
{
    char start[64];
    int start_len =
        snprintf(start, sizeof start, "%" PRIu64 " %c %zu ", time, marks[direction], bytes.len);
    size_t len = (size_t)start_len + 1;
    char room[4];
    for (size_t i = 0; i < bytes.len; i++)
        len += put_byte(room, bytes.data[i]);
    char *at;
    int error = nk_buffer_reserve(out, len, &at, NULL);
    if (error)
        return error;
    memcpy(at, start, (size_t)start_len);
    at += start_len;
    for (size_t i = 0; i < bytes.len; i++) {
        size_t part = put_byte(room, bytes.data[i]);
        memcpy(at, room, part);
        at += part;
    }
    *at = '\n';
    nk_buffer_commit(out, len);
    return 0;
}

int record_write_chunk(struct nk_buffer *out, uint64_t time, enum record_direction direction,
                       struct nk_slice bytes)
{
    return bytes.len > RECORD_CHUNK_MAX ? -EMSGSIZE : write_line(out, time, direction, bytes);
}

int record_write_end(struct nk_buffer *out, uint64_t time, enum record_direction direction)
{
    char line[64];
    int len = snprintf(line, sizeof line, "%" PRIu64 " %c %s\n", time, marks[direction], end_word);
    return nk_buffer_append(out, nk_slice_make(line, (size_t)len));
}

/* ---- reading ---- */

/* What the next byte belongs to. */
enum state {
    HEADER,
    TIME,
    DIRECTION,
    DIRECTION_BLANK,
    LENGTH_START, /* of a number or of "end" */
    LENGTH,
    END_WORD,
    BYTES,
    ESCAPE,   /* behind a backslash */
    HEX_HIGH, /* behind \x */
    HEX_LOW,
};

static int fail(struct record_reader *reader, const char *problem)
{
    reader->problem = problem;
    return -EBADMSG;
}

static int go_to(struct record_reader *reader, enum state state)
{
    reader->state = (uint8_t)state;
    reader->number = 0;
    reader->digits = 0;
    reader->place = 0;
    return 0;
}

static int on_header(struct record_reader *reader, char byte)
{
    if (byte != header[reader->place])
        return fail(reader, "this is not a netkit record of version 1");
    if (++reader->place < sizeof header - 1)
        return 0;
    reader->line++;
    return go_to(reader, TIME);
}

/* One more digit of a decimal number without leading zeros. */
static bool add_digit(struct record_reader *reader, char byte)
{
    unsigned digit = (unsigned)(unsigned char)byte - '0';
    bool has_leading_zero = reader->digits > 0 && reader->number == 0;
    if (digit > 9 || has_leading_zero)
        return false;
    reader->digits = 1; /* there are some */
    return !__builtin_mul_overflow(reader->number, UINT64_C(10), &reader->number) &&
           !__builtin_add_overflow(reader->number, (uint64_t)digit, &reader->number);
}

static int on_time(struct record_reader *reader, char byte)
{
    if (byte != ' ' || reader->digits == 0)
        return add_digit(reader, byte) ? 0 : fail(reader, "the time is not a number");
    if (reader->number < reader->time)
        return fail(reader, "the time goes back");
    reader->time = reader->number;
    return go_to(reader, DIRECTION);
}

static int on_direction(struct record_reader *reader, char byte)
{
    if (byte != marks[RECORD_SENT] && byte != marks[RECORD_RECEIVED])
        return fail(reader, "the direction is neither > nor <");
    reader->direction = byte == marks[RECORD_SENT] ? RECORD_SENT : RECORD_RECEIVED;
    if (reader->has_ended[reader->direction])
        return fail(reader, "this direction has ended already");
    return go_to(reader, DIRECTION_BLANK);
}

static int on_direction_blank(struct record_reader *reader, char byte)
{
    return byte == ' ' ? go_to(reader, LENGTH_START)
                       : fail(reader, "there is no blank behind the direction");
}

static int on_length(struct record_reader *reader, char byte)
{
    if (byte == ' ' && reader->digits > 0) {
        reader->expected = (size_t)reader->number;
        reader->len = 0;
        return go_to(reader, BYTES);
    }
    if (!add_digit(reader, byte) || reader->number > RECORD_CHUNK_MAX)
        return fail(reader, "the length is not a number up to 65536");
    return 0;
}

static int on_end_word(struct record_reader *reader, char byte)
{
    static const char rest[] = "end\n";
    if (byte != rest[reader->place])
        return fail(reader, "the length is neither a number nor 'end'");
    reader->place++;
    return 0;
}

static int on_length_start(struct record_reader *reader, char byte)
{
    (void)go_to(reader, byte == end_word[0] ? END_WORD : LENGTH);
    return byte == end_word[0] ? on_end_word(reader, byte) : on_length(reader, byte);
}

static int add_byte(struct record_reader *reader, char byte)
{
    if (reader->len == reader->expected)
        return fail(reader, "there are more bytes than the length says");
    reader->bytes[reader->len++] = byte;
    reader->state = BYTES;
    return 0;
}

static int on_bytes(struct record_reader *reader, char byte)
{
    if (byte == '\n')
        return reader->len == reader->expected
                   ? 0
                   : fail(reader, "there are fewer bytes than the length says");
    if (byte == '\\')
        return go_to(reader, ESCAPE);
    return is_plain(byte) ? add_byte(reader, byte)
                          : fail(reader, "there is a byte that has to be escaped");
}

static int on_escape(struct record_reader *reader, char byte)
{
    if (byte == 'x')
        return go_to(reader, HEX_HIGH);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(escapes); i++)
        if (escapes[i].letter == byte)
            return add_byte(reader, escapes[i].byte);
    return fail(reader, "there is an escape that is none of \\r \\n \\t \\\\ \\xNN");
}

/* Returns the value of a hexadecimal digit, or -1. */
static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    int letter = byte | 0x20; /* A-F become a-f */
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static int on_hex(struct record_reader *reader, char byte)
{
    int value = hex_value(byte);
    if (value < 0)
        return fail(reader, "\\x is not followed by two hexadecimal digits");
    if (reader->state == HEX_LOW)
        return add_byte(reader, (char)(uint8_t)(reader->high << 4 | value));
    reader->high = (uint8_t)value;
    return go_to(reader, HEX_LOW);
}

static int (*const steps[])(struct record_reader *, char) = {
    [HEADER] = on_header,
    [TIME] = on_time,
    [DIRECTION] = on_direction,
    [DIRECTION_BLANK] = on_direction_blank,
    [LENGTH_START] = on_length_start,
    [LENGTH] = on_length,
    [END_WORD] = on_end_word,
    [BYTES] = on_bytes,
    [ESCAPE] = on_escape,
    [HEX_HIGH] = on_hex,
    [HEX_LOW] = on_hex,
};

/* A line has just ended well: tells what it was and goes on to the next. */
static void finish_line(struct record_reader *reader, struct record_event *event)
{
    bool is_end = reader->state == END_WORD;
    *event = (struct record_event){
        .time = reader->time,
        .direction = reader->direction,
        .is_end = is_end,
        .bytes = nk_slice_make(reader->bytes, is_end ? 0 : reader->len),
    };
    reader->has_ended[reader->direction] = is_end;
    reader->line++;
    (void)go_to(reader, TIME);
}

void record_reader_init(struct record_reader *reader)
{
    /* The bytes are written before they are read; there are many of them. */
    memset(reader, 0, offsetof(struct record_reader, bytes));
    reader->line = 1;
}

ssize_t record_read(struct record_reader *reader, struct nk_slice input, struct record_event *event,
                    bool *is_complete)
{
    *is_complete = false;
    for (size_t i = 0; i < input.len && !reader->problem; i++) {
        bool is_in_line = reader->state == BYTES || reader->state == END_WORD;
        if (steps[reader->state](reader, input.data[i]) == 0 && is_in_line &&
            input.data[i] == '\n') {
            finish_line(reader, event);
            *is_complete = true;
            return (ssize_t)(i + 1);
        }
    }
    return reader->problem ? -EBADMSG : (ssize_t)input.len;
}

bool record_reader_may_end(const struct record_reader *reader)
{
    return !reader->problem && reader->state == TIME && reader->digits == 0;
}

const char *record_reader_problem(const struct record_reader *reader, uint64_t *line)
{
    *line = reader->line;
    return reader->problem ? reader->problem : "the record ends in the middle of a line";
}
