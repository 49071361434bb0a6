/* Sockets that carry keepalive messages: what is told of what comes, and how it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "keepalive/keepalive_link.h"
#include "reactor_fixture.h"

static struct nk_event_loop *loop;
static struct keepalive_link wire;
static int peer;

static struct {
    int traffic;
    int messages;
    uint32_t type;    /* of the last message */
    char first_byte;  /* of its data */
    char garbage[80]; /* the last one */
    int ends;
    int error;
    bool is_cut;
    bool closes; /* the next callback closes the wire */
} seen;

static void on_traffic(struct keepalive_link *from)
{
    assert_ptr_equal(from, &wire);
    seen.traffic++;
    if (seen.closes)
        keepalive_link_close(from);
}

static void on_message(struct keepalive_link *from, const struct keepalive_message *message)
{
    assert_ptr_equal(from, &wire);
    seen.messages++;
    seen.type = message->type;
    seen.first_byte = message->data.data[0];
}

static void on_garbage(struct keepalive_link *from, const char *what)
{
    snprintf(seen.garbage, sizeof(seen.garbage), "%s", what);
    if (from->is_stream)
        keepalive_link_close(from);
}

static void on_end(struct keepalive_link *from, int error, bool is_cut)
{
    seen.ends++;
    seen.error = error;
    seen.is_cut = is_cut;
    keepalive_link_close(from);
}

static const struct keepalive_link_handlers handlers = {on_traffic, on_message, on_garbage, on_end};

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    loop = new_loop();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    keepalive_link_close(&wire);
    keepalive_link_close(&wire);
    nk_socket_close(peer);
    nk_event_loop_free(loop);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void open_link(int type, enum nk_scheme scheme, bool is_compat)
{
    int fds[2];
    assert_int_equal(nk_socket_pair(type, fds), 0);
    peer = fds[1];
    assert_int_equal(keepalive_link_open(&wire, loop, fds[0], scheme, is_compat, &handlers), 0);
}

static void make_message(char out[static KEEPALIVE_MESSAGE_SIZE], uint32_t type, char first_byte)
{
    keepalive_message_write(out, type, nk_slice_make(&first_byte, 1));
}

/* Otherwise an answer that comes in pieces would not be understood, or its first piece
 * not be noticed as a sign of life. */
static void every_piece_of_a_stream_is_traffic(void **state)
{
    char message[KEEPALIVE_MESSAGE_SIZE];
    (void)state;
    open_link(SOCK_STREAM, NK_SCHEME_TCP, false);
    make_message(message, KEEPALIVE_PONG, 'x');
    write_all(peer, message, 1);
    TURN_UNTIL(loop, seen.traffic == 1);
    write_all(peer, message + 1, 1000);
    TURN_UNTIL(loop, seen.traffic == 2);
    assert_int_equal(seen.messages, 0);
    write_all(peer, message + 1001, sizeof(message) - 1001);
    TURN_UNTIL(loop, seen.messages == 1);
    assert_int_equal(seen.type, KEEPALIVE_PONG);
    assert_int_equal(seen.first_byte, 'x');
}

/* Otherwise of several messages in one piece only the first would be heard. */
static void messages_in_one_piece_are_all_told(void **state)
{
    char messages[9 * KEEPALIVE_MESSAGE_SIZE];
    (void)state;
    open_link(SOCK_STREAM, NK_SCHEME_UNIX, false);
    for (int i = 0; i < 9; i++)
        make_message(messages + i * KEEPALIVE_MESSAGE_SIZE, KEEPALIVE_NOTE_11, (char)('0' + i));
    write_all(peer, messages, sizeof(messages));
    TURN_UNTIL(loop, seen.messages == 9);
    assert_int_equal(seen.first_byte, '8');
}

/* Otherwise whoever speaks another protocol would be waited for. */
static void another_protocol_is_found_out_at_once(void **state)
{
    (void)state;
    open_link(SOCK_STREAM, NK_SCHEME_TCP, true);
    write_all(peer, "HTT", 3);
    TURN_UNTIL(loop, seen.traffic == 1);
    assert_string_equal(seen.garbage, "");
    write_all(peer, "P/1.1", 5);
    TURN_UNTIL(loop, seen.garbage[0]);
    assert_string_equal(seen.garbage, "a message of the unknown type 1213486160");
}

/* Otherwise one datagram that went astray would end everything, or be taken for a message. */
static void datagrams_are_messages_by_themselves(void **state)
{
    char message[KEEPALIVE_MESSAGE_SIZE];
    char long_one[5 * KEEPALIVE_MESSAGE_SIZE] = {0};
    (void)state;
    open_link(SOCK_DGRAM, NK_SCHEME_UDP, false);
    make_message(message, KEEPALIVE_PONG, 'x');
    assert_int_equal(nk_socket_send(peer, "", 0, false), 0);
    TURN_UNTIL(loop, seen.garbage[0]);
    assert_string_equal(seen.garbage, "a message of 0 bytes");
    assert_true(nk_socket_send(peer, long_one, sizeof(long_one), false) > 0);
    TURN_UNTIL(loop, seen.traffic == 2);
    assert_string_equal(seen.garbage, "a message of at least 4112 bytes");
    assert_true(nk_socket_send(peer, message, sizeof(message) - 1, false) > 0);
    TURN_UNTIL(loop, seen.traffic == 3);
    assert_string_equal(seen.garbage, "a message of 1027 bytes");
    assert_true(nk_socket_send(peer, message, sizeof(message), false) > 0);
    TURN_UNTIL(loop, seen.messages == 1);
    assert_int_equal(seen.ends, 0);
}

/* Otherwise the protocol's first server would not be understood. */
static void host_order_is_a_pong_when_compatible(void **state)
{
    char message[KEEPALIVE_MESSAGE_SIZE];
    (void)state;
    open_link(SOCK_SEQPACKET, NK_SCHEME_UNIX_SEQPACKET, true);
    make_message(message, keepalive_type_swap(KEEPALIVE_PONG), 'x');
    write_all(peer, message, sizeof(message));
    TURN_UNTIL(loop, seen.messages == 1);
    assert_int_equal(seen.type, KEEPALIVE_PONG);
}

/* Otherwise nobody would know whether the last answer was whole. */
static void an_end_says_whether_it_cuts_a_message(void **state)
{
    char message[KEEPALIVE_MESSAGE_SIZE];
    (void)state;
    for (size_t len = 0; len <= sizeof(message); len += sizeof(message) / 2) {
        memset(&seen, 0, sizeof(seen));
        open_link(SOCK_STREAM, NK_SCHEME_TCP, false);
        make_message(message, KEEPALIVE_PONG, 'x');
        write_all(peer, message, len);
        nk_socket_close(peer);
        TURN_UNTIL(loop, seen.ends == 1);
        assert_int_equal(seen.error, 0);
        assert_int_equal(seen.is_cut, len == sizeof(message) / 2);
        assert_int_equal(seen.messages, len == sizeof(message));
    }
    peer = -1;
}

/* Otherwise heartbeats to a server that does not read would be cut, or be kept without
 * end. */
static void a_stream_that_does_not_move_is_owed_a_bounded_number(void **state)
{
    char message[KEEPALIVE_MESSAGE_SIZE];
    char received[KEEPALIVE_MESSAGE_SIZE];
    size_t len = 0;
    int sent = 0;
    (void)state;
    open_link(SOCK_STREAM, NK_SCHEME_UNIX, false);
    size_t before = fill(wire.channel.fd);
    make_message(message, KEEPALIVE_PING, 'x');
    while (keepalive_link_send(&wire, message) == 0)
        sent++;
    assert_int_equal(keepalive_link_send(&wire, message), -ENOBUFS);
    assert_int_equal(sent, 64);
    for (size_t left = before; left > 0;) {
        ssize_t got =
            nk_socket_recv(peer, received, left < sizeof(received) ? left : sizeof(received));
        assert_true(got > 0);
        left -= (size_t)got;
    }
    for (size_t left = (size_t)sent * sizeof(message); left > 0; left -= len) {
        TURN_UNTIL(loop, (len = (size_t)nk_socket_recv(peer, received, sizeof(received))) <=
                             sizeof(received));
        assert_true(len > 0);
    }
    assert_int_equal(keepalive_link_send(&wire, message), 0);
}

/* Otherwise a session that ends because something has come would touch what it has freed. */
static void a_callback_may_close(void **state)
{
    char message[KEEPALIVE_MESSAGE_SIZE];
    (void)state;
    open_link(SOCK_STREAM, NK_SCHEME_TCP, false);
    make_message(message, KEEPALIVE_PONG, 'x');
    seen.closes = true;
    write_all(peer, message, sizeof(message));
    TURN_UNTIL(loop, seen.traffic == 1);
    turn_idle(loop, 2);
    assert_int_equal(seen.messages, 0);
    assert_int_equal(seen.ends, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_piece_of_a_stream_is_traffic),
        CASE(messages_in_one_piece_are_all_told),
        CASE(another_protocol_is_found_out_at_once),
        CASE(datagrams_are_messages_by_themselves),
        CASE(host_order_is_a_pong_when_compatible),
        CASE(an_end_says_whether_it_cuts_a_message),
        CASE(a_stream_that_does_not_move_is_owed_a_bounded_number),
        CASE(a_callback_may_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
