/* TCP echo on libuv, as the peer of `serve echo`: one loop, one receive buffer for
 * all connections, and uv_try_write, which is libuv's cheapest way to send.
 *
 * Listens on a free port of 127.0.0.1 and prints its number. A reply that the
 * kernel takes only in part ends the connection; the load generator never makes
 * that happen.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { LISTEN_BACKLOG = 4096, RECEIVE_BYTES = 64 * 1024 };

static char receive_buffer[RECEIVE_BYTES];

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(receive_buffer, sizeof receive_buffer);
}

static void on_read(uv_stream_t *stream, ssize_t received, const uv_buf_t *buffer)
{
    if (received == 0)
        return;
    uv_buf_t reply = uv_buf_init(buffer->base, received > 0 ? (unsigned)received : 0);
    if (received < 0 || uv_try_write(stream, &reply, 1) != (int)received)
        uv_close((uv_handle_t *)stream, on_closed);
}

static void on_connection(uv_stream_t *listener, int status)
{
    uv_tcp_t *client = status == 0 ? malloc(sizeof *client) : NULL;
    if (client == NULL || uv_tcp_init(listener->loop, client) != 0) {
        free(client);
        return;
    }
    if (uv_accept(listener, (uv_stream_t *)client) != 0 || uv_tcp_nodelay(client, 1) != 0 ||
        uv_read_start((uv_stream_t *)client, on_alloc, on_read) != 0)
        uv_close((uv_handle_t *)client, on_closed);
}

static int print_port(const uv_tcp_t *listener)
{
    struct sockaddr_in address;
    int length = sizeof address;
    int error = uv_tcp_getsockname(listener, (struct sockaddr *)&address, &length);
    if (error == 0 &&
        (printf("%u\n", (unsigned)ntohs(address.sin_port)) < 0 || fflush(stdout) != 0))
        error = UV_EIO;
    return error;
}

int main(void)
{
    static uv_tcp_t listener;
    uv_loop_t *loop = uv_default_loop();
    struct sockaddr_in address;
    int error = uv_ip4_addr("127.0.0.1", 0, &address);
    if (error == 0)
        error = uv_tcp_init(loop, &listener);
    if (error == 0)
        error = uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
    if (error == 0)
        error = uv_listen((uv_stream_t *)&listener, LISTEN_BACKLOG, on_connection);
    if (error == 0)
        error = print_port(&listener);
    if (error == 0)
        return uv_run(loop, UV_RUN_DEFAULT);
    (void)fprintf(stderr, "bench_libuv: %s\n", uv_strerror(error));
    return 1;
}
