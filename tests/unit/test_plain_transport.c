/* The plain transport: what TLS will have to behave like. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "net/transport.h"
#include "reactor_fixture.h"

struct pair {
    struct nk_transport transport;
    int fd;
    int peer;
};

static int set_up(void **state)
{
    static struct pair pair;

    unix_pair(&pair.fd, &pair.peer);
    nk_plain_transport_init(&pair.transport, pair.fd);
    *state = &pair;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *pair = *state;

    nk_socket_close(pair->fd);
    nk_socket_close(pair->peer);
    return 0;
}

/* Receiving waits for readability and sending for writability, no handshake. */
static void it_waits_for_the_obvious(void **state)
{
    struct pair *pair = *state;

    assert_string_equal(pair->transport.ops->name, "plain");
    assert_null(pair->transport.ops->handshake);
    assert_null(pair->transport.ops->pending);
    assert_int_equal(pair->transport.recv_waits_for, NK_READ);
    assert_int_equal(pair->transport.send_waits_for, NK_WRITE);
    assert_int_equal(pair->transport.fd, pair->fd);
}

/* The four answers of recv: bytes, would block, end of file, an error. */
static void receiving_has_four_answers(void **state)
{
    struct pair *pair = *state;
    struct nk_transport *transport = &pair->transport;
    char bytes[8];

    assert_int_equal(transport->ops->recv(transport, bytes, sizeof bytes), -EAGAIN);
    write_text(pair->peer, "abc");
    assert_int_equal(transport->ops->recv(transport, bytes, sizeof bytes), 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(nk_socket_shutdown_write(pair->peer), 0);
    assert_int_equal(transport->ops->recv(transport, bytes, sizeof bytes), 0);
    struct nk_transport closed;
    nk_plain_transport_init(&closed, -1);
    assert_int_equal(closed.ops->recv(&closed, bytes, sizeof bytes), -EBADF);
}

/* A full socket is -EAGAIN, a dead one -EPIPE without a signal. */
static void sending_never_blocks_or_kills(void **state)
{
    struct pair *pair = *state;
    struct nk_transport *transport = &pair->transport;

    assert_int_equal(transport->ops->send(transport, "abc", 3, false), 3);
    fill(pair->fd);
    assert_int_equal(transport->ops->send(transport, "abc", 3, true), -EAGAIN);
    nk_socket_close(pair->peer);
    pair->peer = -1;
    assert_int_equal(transport->ops->send(transport, "abc", 3, false), -EPIPE);
}

/* The peer reads what was sent and then the end. */
static void shutdown_ends_the_stream_behind_the_bytes(void **state)
{
    struct pair *pair = *state;
    struct nk_transport *transport = &pair->transport;
    char bytes[8];

    assert_int_equal(transport->ops->send(transport, "abc", 3, false), 3);
    assert_int_equal(transport->ops->shutdown(transport), 0);
    assert_int_equal(nk_socket_recv(pair->peer, bytes, sizeof bytes), 3);
    assert_int_equal(nk_socket_recv(pair->peer, bytes, sizeof bytes), 0);
    assert_int_equal(transport->ops->send(transport, "abc", 3, false), -EPIPE);
}

/* A file goes out from its offset, which advances, up to its end. */
static void a_file_is_sent_from_its_offset(void **state)
{
    struct pair *pair = *state;
    struct nk_transport *transport = &pair->transport;
    FILE *file = tmpfile();
    off_t offset = 2;
    char bytes[16];

    assert_non_null(file);
    assert_int_equal(fwrite("0123456789", 1, 10, file), 10);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(transport->ops->send_file(transport, fileno(file), &offset, 5), 5);
    assert_int_equal(offset, 7);
    assert_int_equal(transport->ops->send_file(transport, fileno(file), &offset, 100), 3);
    assert_int_equal(transport->ops->send_file(transport, fileno(file), &offset, 100), 0);
    assert_int_equal(nk_socket_recv(pair->peer, bytes, sizeof bytes), 8);
    assert_memory_equal(bytes, "23456789", 8);
    fclose(file);
}

/* Moving into a pipe: bytes, would block, end of file. */
static void splicing_moves_bytes_into_a_pipe(void **state)
{
    struct pair *pair = *state;
    struct nk_transport *transport = &pair->transport;
    int ends[2];
    char bytes[8];

    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    assert_int_equal(transport->ops->splice(transport, ends[1], 8), -EAGAIN);
    write_text(pair->peer, "abc");
    assert_int_equal(transport->ops->splice(transport, ends[1], 8), 3);
    assert_int_equal(read(ends[0], bytes, sizeof bytes), 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(nk_socket_shutdown_write(pair->peer), 0);
    assert_int_equal(transport->ops->splice(transport, ends[1], 8), 0);
    close(ends[0]);
    close(ends[1]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(it_waits_for_the_obvious),       CASE(receiving_has_four_answers),
        CASE(sending_never_blocks_or_kills),  CASE(shutdown_ends_the_stream_behind_the_bytes),
        CASE(a_file_is_sent_from_its_offset), CASE(splicing_moves_bytes_into_a_pipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
