/* The keepalive message: framing on streams of any cut, and byte order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/attributes.h"
#include "keepalive/keepalive_message.h"

/* Otherwise no other implementation would understand us. */
static void a_message_is_1028_bytes_with_its_type_in_network_order(void **state)
{
    char bytes[KEEPALIVE_MESSAGE_SIZE];
    struct keepalive_message message;
    (void)state;
    keepalive_message_write(bytes, KEEPALIVE_PONG, nk_slice_make("data", 4));
    assert_int_equal(sizeof(bytes), 1028);
    assert_memory_equal(bytes, "\0\0\0\2data\0", 9);
    assert_int_equal(keepalive_message_read(&message, nk_slice_make(bytes, sizeof(bytes))), 0);
    assert_int_equal(message.type, KEEPALIVE_PONG);
    assert_int_equal(message.data.len, 1024);
    assert_memory_equal(message.data.data, "data\0", 5);
}

/* Otherwise a short or long datagram would be read beyond its end. */
static void a_datagram_of_another_size_is_refused(void **state)
{
    char bytes[KEEPALIVE_MESSAGE_SIZE + 1] = {0};
    struct keepalive_message message = {.type = 77};
    (void)state;
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        int result = keepalive_message_read(&message, nk_slice_make(bytes, len));
        assert_int_equal(result, len == KEEPALIVE_MESSAGE_SIZE ? 0 : -EBADMSG);
    }
}

/* Otherwise a client would be silent on messages that TCP delivers in pieces. */
static void a_stream_may_be_cut_anywhere(void **state)
{
    char stream[3 * KEEPALIVE_MESSAGE_SIZE];
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        char text[] = {(char)('a' + i)};
        keepalive_message_write(stream + i * KEEPALIVE_MESSAGE_SIZE, i + 1, nk_slice_make(text, 1));
    }
    for (size_t piece = 1; piece <= sizeof(stream); piece += piece < 8 ? 1 : 97) {
        struct keepalive_reader reader = {0};
        uint32_t messages = 0;
        for (size_t at = 0; at < sizeof(stream); at += piece) {
            size_t len = sizeof(stream) - at < piece ? sizeof(stream) - at : piece;
            struct nk_slice rest = nk_slice_make(stream + at, len);
            while (rest.len > 0) {
                struct keepalive_message message;
                bool is_complete;
                size_t taken = keepalive_reader_take(&reader, rest, &message, &is_complete);
                rest = nk_slice_from(rest, taken);
                if (!is_complete)
                    continue;
                assert_int_equal(message.type, ++messages);
                assert_int_equal(message.data.data[0], 'a' + (int)messages - 1);
            }
        }
        assert_int_equal(messages, 3);
    }
}

/* Otherwise whoever speaks another protocol would be found out only after 1,028 bytes,
 * which may never come. */
static void a_type_is_known_early(void **state)
{
    static const char bytes[] = {0, 0, 1, 2, 3};
    struct keepalive_reader reader = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        struct keepalive_message message;
        bool is_complete;
        uint32_t type = 77;
        bool is_astray = keepalive_reader_is_astray(&reader, true, &type);
        assert_int_equal(is_astray, i >= 4);
        assert_int_equal(type, is_astray ? 0x0102 : 77);
        (void)keepalive_reader_take(&reader, nk_slice_make(bytes + i, 1), &message, &is_complete);
    }
}

/* Otherwise the protocol's first server could not be probed, or a host-order type
 * would pass without having been asked for. */
static void host_order_pong_is_accepted_only_when_compatible(void **state)
{
    static const struct {
        uint32_t type;
        bool is_compat;
        bool is_accepted;
        uint32_t result;
    } rows[] = {
        {1, false, true, 1},
        {2, false, true, 2},
        {11, false, true, 11},
        {21, false, true, 21},
        {0, false, false, 0},
        {3, false, false, 3},
        {0x02000000, false, false, 0x02000000},
        {0x02000000, true, true, 2},
        {0x01000000, true, false, 0x01000000},
        {UINT32_MAX, true, false, UINT32_MAX},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(rows); i++) {
        uint32_t type = rows[i].type;
        assert_int_equal(keepalive_type_accept(&type, rows[i].is_compat), rows[i].is_accepted);
        assert_int_equal(type, rows[i].result);
    }
}

/* Otherwise a lost or doubled datagram would be taken for another one. */
static void a_stamp_comes_back_as_it_was(void **state)
{
    const struct keepalive_stamp stamp = {UINT64_C(0x0123456789abcdef), 1, UINT64_MAX};
    char bytes[KEEPALIVE_STAMP_SIZE];
    struct keepalive_stamp back;
    (void)state;
    keepalive_stamp_write(bytes, &stamp);
    assert_true(keepalive_stamp_read(&back, nk_slice_make(bytes, sizeof(bytes))));
    assert_int_equal(back.session, stamp.session);
    assert_int_equal(back.sequence, stamp.sequence);
    assert_int_equal(back.time, stamp.time);
    assert_false(keepalive_stamp_read(&back, nk_slice_make(bytes, sizeof(bytes) - 1)));
    bytes[0] ^= 1;
    assert_false(keepalive_stamp_read(&back, nk_slice_make(bytes, sizeof(bytes))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_1028_bytes_with_its_type_in_network_order),
        cmocka_unit_test(a_datagram_of_another_size_is_refused),
        cmocka_unit_test(a_stream_may_be_cut_anywhere),
        cmocka_unit_test(a_type_is_known_early),
        cmocka_unit_test(host_order_pong_is_accepted_only_when_compatible),
        cmocka_unit_test(a_stamp_comes_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
