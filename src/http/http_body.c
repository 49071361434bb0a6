#include "http/http_body.h"

#include <errno.h>

#include "http/http_chars.h"

/* 16 hexadecimal digits are 64 bits; more are refused, even if they are zeros. */
#define SIZE_DIGITS_MAX 16

_Static_assert(sizeof(struct http_body) <= 32, "every connection keeps one");

/* The places in a body. Those of a chunked one follow its grammar (RFC 9112
 * 7.1) and are named for what has just been read or has to come next. */
enum body_state {
    BODY_COMPLETE,
    BODY_TOO_LARGE,
    LENGTH_DATA,   /* in the payload of a Content-Length */
    CHUNK_START,   /* the first digit of a size has to come */
    CHUNK_SIZE,    /* in the digits */
    EXTENSION,     /* behind ';' */
    EXT_NAME,      /* in the name of an extension */
    EXT_EQUALS,    /* behind its '=' */
    EXT_TOKEN,     /* in its value */
    EXT_QUOTED,    /* in its value, which is a quoted string */
    EXT_BACKSLASH, /* the byte behind a backslash there has to come */
    EXT_UNQUOTED,  /* behind the closing quote */
    SIZE_LF,       /* the LF of the size line has to come */
    CHUNK_DATA,    /* in the payload of a chunk */
    DATA_CR,       /* the CRLF behind the payload has to come */
    DATA_LF,
    TRAILER_START, /* a trailer field or the last empty line has to come */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF, /* of the empty line that ends the body */
    BODY_STATES,
};

/* A byte of one of `classes` leads to the state `next`. */
struct transition {
    uint16_t classes;
    uint8_t next;
};

struct place {
    const char *rule; /* broken by every byte that no transition accepts */
    bool costs;       /* whether a byte read here counts as overhead */
    struct transition transitions[4];
};

#define TOKEN HTTP_CHAR_TOKEN
#define EQUALS HTTP_CHAR_EQUALS
#define SEMI HTTP_CHAR_SEMICOLON
#define COLON HTTP_CHAR_COLON
#define VALUE HTTP_CHAR_VALUE
#define CR HTTP_CHAR_CR
#define LF HTTP_CHAR_LF

/* No white space is accepted around ';' and '=': the grammar calls it bad, and
 * parsers differ about it. */
/* clang-format off: one place, one paragraph */
static const struct place places[BODY_STATES] = {
    [BODY_TOO_LARGE] = {"Content-Length above the limit (RFC 9110 15.5.14)", false, {{0, 0}}},
    [CHUNK_START] = {"chunk size is not a hexadecimal number (RFC 9112 7.1)",
                     false,
                     {{HTTP_CHAR_HEX, CHUNK_SIZE}}},
    [CHUNK_SIZE] = {"chunk size without CRLF or extension behind it (RFC 9112 7.1)",
                    false,
                    {{HTTP_CHAR_HEX, CHUNK_SIZE}, {CR, SIZE_LF}, {SEMI, EXTENSION}}},
    [EXTENSION] = {"chunk extension without a name (RFC 9112 7.1.1)", true, {{TOKEN, EXT_NAME}}},
    [EXT_NAME] = {"chunk extension whose name is not a token (RFC 9112 7.1.1)",
                  true,
                  {{TOKEN, EXT_NAME}, {EQUALS, EXT_EQUALS}, {CR, SIZE_LF}, {SEMI, EXTENSION}}},
    [EXT_EQUALS] = {"chunk extension without a value behind = (RFC 9112 7.1.1)",
                    true,
                    {{TOKEN, EXT_TOKEN}, {HTTP_CHAR_QUOTE, EXT_QUOTED}}},
    [EXT_TOKEN] = {"chunk extension whose value is not a token (RFC 9112 7.1.1)",
                   true,
                   {{TOKEN, EXT_TOKEN}, {CR, SIZE_LF}, {SEMI, EXTENSION}}},
    [EXT_QUOTED] = {"control byte in a quoted chunk extension (RFC 9112 7.1.1)",
                    true,
                    {{HTTP_CHAR_QUOTED, EXT_QUOTED},
                     {HTTP_CHAR_QUOTE, EXT_UNQUOTED},
                     {HTTP_CHAR_BACKSLASH, EXT_BACKSLASH}}},
    [EXT_BACKSLASH] = {"control byte in a quoted chunk extension (RFC 9112 7.1.1)",
                       true,
                       {{VALUE, EXT_QUOTED}}},
    [EXT_UNQUOTED] = {"bytes behind a quoted chunk extension (RFC 9112 7.1.1)",
                      true,
                      {{CR, SIZE_LF}, {SEMI, EXTENSION}}},
    [SIZE_LF] = {"CR without LF in a chunk line (RFC 9112 2.2)", false, {{LF, CHUNK_DATA}}},
    [DATA_CR] = {"chunk data is not as long as its size (RFC 9112 7.1)", false, {{CR, DATA_LF}}},
    [DATA_LF] = {"CR without LF behind chunk data (RFC 9112 7.1)", false, {{LF, CHUNK_START}}},
    [TRAILER_START] = {"trailer field without a name (RFC 9112 7.1.2)",
                       true,
                       {{TOKEN, TRAILER_NAME}, {CR, LAST_LF}}},
    [TRAILER_NAME] = {"trailer field name is not a token (RFC 9110 5.1)",
                      true,
                      {{TOKEN, TRAILER_NAME}, {COLON, TRAILER_VALUE}}},
    [TRAILER_VALUE] = {"control byte in a trailer field (RFC 9110 5.5)",
                       true,
                       {{VALUE, TRAILER_VALUE}, {CR, TRAILER_LF}}},
    [TRAILER_LF] = {"CR without LF in a trailer field (RFC 9112 2.2)", true, {{LF, TRAILER_START}}},
    [LAST_LF] = {"CR without LF at the end of the body (RFC 9112 7.1)",
                 false,
                 {{LF, BODY_COMPLETE}}},
};
/* clang-format on */

void http_body_init(struct http_body *body, const struct http_request *request, uint64_t max)
{
    *body = (struct http_body){.max = max, .state = BODY_COMPLETE};
    if (request->framing == HTTP_FRAMING_CHUNKED) {
        body->state = CHUNK_START;
    } else if (request->framing == HTTP_FRAMING_LENGTH && request->content_length > 0) {
        body->left = request->content_length;
        body->state = body->left <= max ? LENGTH_DATA : BODY_TOO_LARGE;
    }
}

bool http_body_is_complete(const struct http_body *body)
{
    return body->state == BODY_COMPLETE;
}

static bool is_in_payload(const struct http_body *body)
{
    return body->state == CHUNK_DATA || body->state == LENGTH_DATA;
}

static struct nk_slice take_payload(struct http_body *body, struct nk_slice input)
{
    struct nk_slice run = input;
    if (body->left < run.len)
        run.len = (size_t)body->left;
    body->left -= run.len;
    body->received += run.len;
    if (body->left == 0)
        body->state = body->state == CHUNK_DATA ? DATA_CR : BODY_COMPLETE;
    return run;
}

static int refuse(struct http_problem *problem, int status, const char *rule)
{
    *problem = (struct http_problem){.status = status, .rule = rule};
    return -EBADMSG;
}

static int add_overhead(struct http_body *body, struct http_problem *problem)
{
    if (body->overhead >= HTTP_BODY_OVERHEAD_MAX)
        return refuse(problem, 400, "too many bytes around too little payload (RFC 9112 7.1.1)");
    body->overhead++;
    return 0;
}

static int read_digit(struct http_body *body, char byte, struct http_problem *problem)
{
    if (body->state == CHUNK_START)
        body->digits = 0;
    if (body->digits == SIZE_DIGITS_MAX)
        return refuse(problem, 400, "chunk size above 64 bits (RFC 9112 7.1)");
    const bool behind_zeros = body->digits > 0 && body->left == 0;
    if (behind_zeros && add_overhead(body, problem) < 0)
        return -EBADMSG;
    body->left = body->left * 16 + http_char_hex_value(byte);
    body->digits++;
    return 0;
}

/* The size line is complete. What follows it, and what the payload pays for. */
static enum body_state begin_chunk(struct http_body *body)
{
    if (body->left == 0)
        return TRAILER_START;
    if (body->left < body->overhead)
        body->overhead -= (uint32_t)body->left;
    else
        body->overhead = 0;
    return CHUNK_DATA;
}

/* Reads one byte that is not payload. Nothing has changed if it is refused. */
static int read_byte(struct http_body *body, char byte, struct http_problem *problem)
{
    const struct place *place = &places[body->state];
    const unsigned classes = http_char_of(byte);
    size_t i = 0;
    while ((place->transitions[i].classes & classes) == 0)
        if (++i == NK_ARRAY_LENGTH(place->transitions))
            return refuse(problem, body->state == BODY_TOO_LARGE ? 413 : 400, place->rule);

    uint8_t next = place->transitions[i].next;
    if (next == CHUNK_SIZE && read_digit(body, byte, problem) < 0)
        return -EBADMSG;
    if (body->state == CHUNK_SIZE && next != CHUNK_SIZE && body->left > body->max - body->received)
        return refuse(problem, 413, "chunked body above the limit (RFC 9110 15.5.14)");
    if (place->costs && next != LAST_LF && add_overhead(body, problem) < 0)
        return -EBADMSG;
    if (body->state == SIZE_LF)
        next = (uint8_t)begin_chunk(body);
    body->state = next;
    return 0;
}

ssize_t http_body_decode(struct http_body *body, struct nk_slice input, struct nk_slice *payload,
                         struct http_problem *problem)
{
    struct nk_slice run = nk_slice_first(input, 0);
    size_t used = 0;
    while (used < input.len && body->state != BODY_COMPLETE) {
        if (is_in_payload(body)) {
            if (run.len > 0)
                break; /* there is one *payload per call */
            run = take_payload(body, nk_slice_from(input, used));
            used += run.len;
            continue;
        }
        struct http_problem fault;
        if (read_byte(body, input.data[used], &fault) < 0) {
            if (used > 0)
                break; /* the next call begins at the fault and reports it */
            *problem = fault;
            return -EBADMSG;
        }
        used++;
    }
    *payload = run;
    return (ssize_t)used;
}
