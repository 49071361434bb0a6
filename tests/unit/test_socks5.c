/* SOCKS5 as a client: what is sent, and what every answer means, however the
 * answer is cut (RFC 1928, RFC 1929). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cat/socks5.h"

#define SENT_MAX 2048

struct outcome {
    int error; /* 0, or why it failed */
    bool is_complete;
    size_t used;
    size_t sent_len;
    char sent[SENT_MAX];
    const char *problem;
};

static void take_output(struct socks5 *socks, struct outcome *outcome)
{
    struct nk_slice output = socks5_take_output(socks);

    assert_true(outcome->sent_len + output.len <= SENT_MAX);
    if (output.len > 0)
        memcpy(outcome->sent + outcome->sent_len, output.data, output.len);
    outcome->sent_len += output.len;
    assert_int_equal(socks5_take_output(socks).len, 0); /* once only */
}

/* Hands in a heap copy of exactly the piece's size. Returns false at the end. */
static bool hand_in(struct socks5 *socks, struct nk_slice piece, struct outcome *outcome)
{
    char *copy = malloc(piece.len > 0 ? piece.len : 1);

    assert_non_null(copy);
    memcpy(copy, piece.data, piece.len);
    ssize_t used = socks5_input(socks, nk_slice_make(copy, piece.len));
    free(copy);
    take_output(socks, outcome);
    if (used < 0) {
        outcome->error = (int)used;
        outcome->problem = socks5_problem(socks);
        assert_int_equal(socks5_input(socks, piece), used); /* for good */
        return false;
    }
    outcome->used += (size_t)used;
    assert_true((size_t)used == piece.len || socks5_is_complete(socks));
    return !socks5_is_complete(socks);
}

static struct outcome exchange(const struct proxy_target *target, struct nk_slice answer,
                               size_t first, size_t step)
{
    struct outcome outcome = {0};
    struct socks5 socks;

    memset(&socks, 0xa5, sizeof socks);
    assert_int_equal(socks5_init(&socks, target), 0);
    take_output(&socks, &outcome);
    while (hand_in(&socks, nk_slice_first(answer, first), &outcome) && answer.len > first) {
        answer = nk_slice_from(answer, first);
        first = step;
    }
    outcome.is_complete = socks5_is_complete(&socks);
    return outcome;
}

static void assert_same(const struct outcome *a, const struct outcome *b)
{
    assert_int_equal(a->error, b->error);
    assert_int_equal(a->is_complete, b->is_complete);
    assert_int_equal(a->sent_len, b->sent_len);
    assert_memory_equal(a->sent, b->sent, a->sent_len);
    assert_ptr_equal(a->problem, b->problem);
    if (!a->error)
        assert_int_equal(a->used, b->used);
}

/* Whole, cut in two at every place, and byte by byte: always the same. */
static struct outcome exchange_all_ways(const struct proxy_target *target, struct nk_slice answer)
{
    struct outcome whole = exchange(target, answer, answer.len, 1);

    for (size_t cut = 0; cut < answer.len; cut++) {
        struct outcome halves = exchange(target, answer, cut, answer.len);
        assert_same(&whole, &halves);
    }
    struct outcome bytes = exchange(target, answer, 1, 1);
    assert_same(&whole, &bytes);
    return whole;
}

#define ACCEPTED "\x05\x00"
#define GRANTED "\x05\x00\x00\x01\x7f\x00\x00\x01\x04\xd2"

struct row {
    const char *host;
    const char *user;
    const char *password;
    struct nk_slice answer; /* with 5 bytes of the stream behind it: hello */
    struct nk_slice sent;
};

/* clang-format off */
static const struct row rows[] = {
    {"example.org", NULL, NULL, NK_SLICE(ACCEPTED GRANTED "hello"),
     NK_SLICE("\x05\x01\x00" "\x05\x01\x00\x03\x0b" "example.org" "\x1f\x90")},
    {"192.0.2.7", NULL, NULL, NK_SLICE(ACCEPTED GRANTED "hello"),
     NK_SLICE("\x05\x01\x00" "\x05\x01\x00\x01\xc0\x00\x02\x07\x1f\x90")},
    {"2001:db8::7", NULL, NULL, NK_SLICE(ACCEPTED GRANTED "hello"),
     NK_SLICE("\x05\x01\x00" "\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x1f\x90")},
    /* the proxy answers with a name, an empty name, an IPv6 address */
    {"h", NULL, NULL, NK_SLICE(ACCEPTED "\x05\x00\x00\x03\x04" "name\x00\x50" "hello"),
     NK_SLICE("\x05\x01\x00" "\x05\x01\x00\x03\x01h\x1f\x90")},
    {"h", NULL, NULL, NK_SLICE(ACCEPTED "\x05\x00\x00\x03\x00\x00\x50" "hello"),
     NK_SLICE("\x05\x01\x00" "\x05\x01\x00\x03\x01h\x1f\x90")},
    {"h", NULL, NULL, NK_SLICE(ACCEPTED "\x05\x00\x00\x04" "0123456789abcdef\x00\x50" "hello"),
     NK_SLICE("\x05\x01\x00" "\x05\x01\x00\x03\x01h\x1f\x90")},
    /* with a login, which the proxy asks for or does without */
    {"h", "me", "secret", NK_SLICE("\x05\x02" "\x01\x00" GRANTED "hello"),
     NK_SLICE("\x05\x02\x00\x02" "\x01\x02me\x06secret" "\x05\x01\x00\x03\x01h\x1f\x90")},
    {"h", "me", NULL, NK_SLICE("\x05\x02" "\x01\x00" GRANTED "hello"),
     NK_SLICE("\x05\x02\x00\x02" "\x01\x02me\x00" "\x05\x01\x00\x03\x01h\x1f\x90")},
    {"h", "me", "secret", NK_SLICE(ACCEPTED GRANTED "hello"),
     NK_SLICE("\x05\x02\x00\x02" "\x05\x01\x00\x03\x01h\x1f\x90")},
};
/* clang-format on */

/* The bytes are those of the RFC, and what comes behind the reply is left to the
 * stream: a server that speaks first must not lose its greeting. */
static void handshakes_succeed(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        const struct row *row = &rows[i];
        const struct proxy_target target = {row->host, 8080, row->user, row->password};
        struct outcome outcome = exchange_all_ways(&target, row->answer);

        assert_int_equal(outcome.error, 0);
        assert_true(outcome.is_complete);
        assert_int_equal(outcome.used, row->answer.len - strlen("hello"));
        assert_int_equal(outcome.sent_len, row->sent.len);
        assert_memory_equal(outcome.sent, row->sent.data, row->sent.len);
    }
}

/* An end of the stream at any place before the last byte is not a success. */
static void a_truncated_answer_is_not_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        const struct proxy_target target = {rows[i].host, 1, rows[i].user, rows[i].password};

        for (size_t len = 0; len < rows[i].answer.len - strlen("hello"); len++) {
            struct nk_slice part = nk_slice_first(rows[i].answer, len);
            struct outcome outcome = exchange(&target, part, len, 1);
            assert_int_equal(outcome.error, 0);
            assert_false(outcome.is_complete);
        }
    }
}

/* Each of the 255 codes has its own meaning for the exit status and the user. */
static void every_reply_code_has_its_meaning(void **state)
{
    static const int errors[] = {
        0,          -EREMOTEIO,  -EACCES,      -ENETUNREACH, -EHOSTUNREACH, -ECONNREFUSED,
        -ETIMEDOUT, -EOPNOTSUPP, -EAFNOSUPPORT};
    const struct proxy_target target = {"h", 1, NULL, NULL};
    char answer[] = ACCEPTED GRANTED;

    (void)state;
    for (unsigned code = 1; code < 256; code++) {
        answer[3] = (char)code;
        struct outcome outcome =
            exchange_all_ways(&target, nk_slice_make(answer, sizeof answer - 1));
        assert_int_equal(outcome.error, code < NK_ARRAY_LENGTH(errors) ? errors[code] : -EREMOTEIO);
        assert_non_null(strstr(outcome.problem, "proxy"));
        assert_false(outcome.is_complete);
    }
}

/* A proxy that closes behind its refusal gave its reason all the same. */
static void a_short_refusal_counts(void **state)
{
    const struct proxy_target target = {"h", 1, NULL, NULL};
    static const struct nk_slice answer = NK_SLICE(ACCEPTED "\x05\x05");

    (void)state;
    assert_int_equal(exchange_all_ways(&target, answer).error, -ECONNREFUSED);
}

static void logins_that_fail_are_explained(void **state)
{
    static const struct {
        const char *user;
        struct nk_slice answer;
        int error;
        const char *problem;
    } table[] = {
        {NULL, NK_SLICE("\x05\xff"), -EACCES, "asks for a user name"},
        {"me", NK_SLICE("\x05\xff"), -EACCES, "does not take"},
        {"me", NK_SLICE("\x05\x02\x01\x01"), -EACCES, "refuses the user name"},
        {"me", NK_SLICE("\x05\x02\x01\xff"), -EACCES, "refuses the user name"},
        {"me", NK_SLICE("\x05\x02\x05\x00"), -EBADMSG, "not a SOCKS5"},
        {NULL, NK_SLICE("\x05\x02"), -EBADMSG, "not offered"}, /* a login without asking */
        {"me", NK_SLICE("\x05\x01"), -EBADMSG, "not offered"}, /* GSSAPI */
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(table); i++) {
        const struct proxy_target target = {"h", 1, table[i].user, NULL};
        struct outcome outcome = exchange_all_ways(&target, table[i].answer);

        assert_int_equal(outcome.error, table[i].error);
        assert_non_null(strstr(outcome.problem, table[i].problem));
    }
}

/* Another kind of server must be told from a proxy, at its first wrong byte. */
static void garbage_is_refused(void **state)
{
    static const struct nk_slice answers[] = {
        NK_SLICE("HTTP/1.1 400 Bad Request\r\n"),
        NK_SLICE("SSH-2.0-x\r\n"),
        NK_SLICE("\x04\x5a"),
        NK_SLICE("\x00"),
        NK_SLICE(ACCEPTED "\x04\x00"),
        NK_SLICE(ACCEPTED "\x05\x00\x01"),
        NK_SLICE(ACCEPTED "\x05\x00\x00\x02"),
        NK_SLICE(ACCEPTED "\x05\x00\x00\x00"),
        NK_SLICE(ACCEPTED "\x05\x00\x00\xff"),
    };
    const struct proxy_target target = {"h", 1, NULL, NULL};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(answers); i++)
        assert_int_equal(exchange_all_ways(&target, answers[i]).error, -EBADMSG);
}

/* Fills the array with a text of `len` bytes. */
static char *text_of(char *room, size_t len)
{
    memset(room, 'x', len);
    room[len] = '\0';
    return room;
}

/* What does not fit the protocol's length bytes must not be cut silently. */
static void limits_are_exact(void **state)
{
    char fits[PROXY_TEXT_MAX + 1];
    char too_long[PROXY_TEXT_MAX + 2];
    struct socks5 socks;
    static const struct nk_slice answer = NK_SLICE("\x05\x02\x01\x00" GRANTED);

    (void)state;
    text_of(fits, PROXY_TEXT_MAX);
    text_of(too_long, PROXY_TEXT_MAX + 1);
    const struct proxy_target longest = {fits, 65535, fits, fits};
    struct outcome outcome = exchange_all_ways(&longest, answer);
    assert_true(outcome.is_complete);
    assert_int_equal(outcome.sent_len, 4 + (3 + 2 * PROXY_TEXT_MAX) + (7 + PROXY_TEXT_MAX));
    assert_memory_equal(outcome.sent + outcome.sent_len - 2, "\xff\xff", 2);

    const struct proxy_target refused[] = {
        {"", 1, NULL, NULL},       {too_long, 1, NULL, NULL}, {"fe80::1%eth0", 1, NULL, NULL},
        {"h", 1, "", "p"},         {"h", 1, too_long, NULL},  {"h", 1, "me", too_long},
        {"h", 1, NULL, "nobody's"}};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(refused); i++)
        assert_int_equal(socks5_init(&socks, &refused[i]), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes_succeed),
        cmocka_unit_test(a_truncated_answer_is_not_complete),
        cmocka_unit_test(every_reply_code_has_its_meaning),
        cmocka_unit_test(a_short_refusal_counts),
        cmocka_unit_test(logins_that_fail_are_explained),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(limits_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
