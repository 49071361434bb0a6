"""`serve http --endpoints`: pages for testing clients, and through /_/echo everything
that concerns the bodies of requests and answers that are sent while they are made."""

import random
import subprocess
import threading
import time

import pytest

from http_client import HttpClient, request
from netkit_server import PATIENCE, reset, wait_until

pytestmark = pytest.mark.dispatchers

KIB = 1024
MIB = 1024 * KIB


@pytest.fixture(scope="module")
def server(serve_module, tmp_path_factory):
    """One server for all tests that do not end it."""
    root = tmp_path_factory.mktemp("root")
    return serve_module(
        "http", "127.0.0.1:0", "--root", root, "--endpoints", "--max-body", "64M", "--threads", 1
    )


@pytest.fixture
def client(server):
    with HttpClient(server) as client:
        yield client


def chunked(*pieces):
    """A body of these chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def noise(size):
    return random.Random(size).randbytes(size)


# ---- echo ----


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS"])
@pytest.mark.parametrize("size", [0, 1, 100, 65536, 200_000])
def test_echo_answers_with_the_body(client, method, size):
    """A body is lost or cut for some method, or its framing spoils the next request."""
    for _ in range(3):
        client.send(request("/_/echo", f"Content-Length: {size}", method=method, body=noise(size)))
        response = client.receive()
        assert (response.status, response.body) == (200, noise(size))
        assert response["Content-Length"] == str(size)
        assert not response.says_close()


def test_echo_repeats_the_type(client):
    """The client cannot tell what it gets back."""
    client.send(request("/_/echo", "Content-Type: a/b", "Content-Length: 2", method="PUT",
                        body=b"hi"))
    assert client.receive()["Content-Type"] == "a/b"
    client.send(request("/_/echo", "Content-Length: 2", method="PUT", body=b"hi"))
    assert client.receive()["Content-Type"] == "application/octet-stream"


def test_echo_of_a_request_without_a_body(client):
    """The server waits for a body that was not announced."""
    assert client.get("/_/echo").body == b""
    assert client.get("/_/echo", method="POST").body == b""


def test_echo_of_head_has_no_body(client):
    """A body behind HEAD would be taken for the next response."""
    client.send(request("/_/echo", "Content-Length: 5", method="HEAD", body=b"hello"))
    assert client.receive("HEAD")["Content-Length"] == "5"
    client.send(request("/_/echo", "Transfer-Encoding: chunked", method="HEAD",
                        body=chunked(b"hello")))
    assert client.receive("HEAD")["Transfer-Encoding"] == "chunked"
    assert client.get("/_/echo").status == 200


def test_echo_of_chunks(client):
    """The payload of chunks, not their framing, comes back, and the next request is found."""
    for pieces in [[], [b"a"], [b"hello, ", b"world"], [noise(70_000), b"x", noise(100)]]:
        client.send(request("/_/echo", "Transfer-Encoding: chunked", method="POST",
                            body=chunked(*pieces)))
        response = client.receive()
        assert response["Transfer-Encoding"] == "chunked"
        assert response.body == b"".join(pieces)


def test_echo_to_http_1_0(server):
    """An HTTP/1.0 client does not know chunks."""
    with HttpClient(server) as client:
        client.send(request("/_/echo", "Content-Length: 5", method="POST", version="HTTP/1.0",
                            body=b"hello"))
        response = client.receive()
        assert response.body == b"hello"
        assert response["Transfer-Encoding"] is None
        client.expect_end()


def test_echo_answers_while_the_body_arrives(client):
    """Streams: the first part comes back before the last is sent."""
    client.send(request("/_/echo", "Content-Length: 10", method="POST", body=b"hello"))
    received = b""
    while not received.endswith(b"\r\n\r\nhello"):
        piece = client.socket.recv(4096)
        assert piece
        received += piece
    client.send(b"world")
    assert client.socket.recv(5, 0x100) == b"world"  # MSG_WAITALL


def test_echo_byte_by_byte(serve, tmp_path):
    """How the bytes arrive changes what comes back."""
    server = serve("http", f"unix:{tmp_path}/socket", "--endpoints")
    with HttpClient(server) as client:
        client.send_bytewise(request("/_/echo", "Transfer-Encoding: chunked", method="POST",
                                     body=chunked(b"hello, ", b"world")))
        assert client.receive().body == b"hello, world"


def test_echo_says_continue_before_its_head(client):
    """100 behind the head of the response would be a second response; without it the client waits."""
    head = request("/_/echo", "Content-Length: 5", "Expect: 100-continue", method="POST")
    client.send(head)
    assert client.receive().status == 100
    client.send(b"hello")
    response = client.receive()
    assert (response.status, response.body) == (200, b"hello")


def test_pipelined_echoes(client):
    """Answers in the order of the requests, each with its own body."""
    bodies = [noise(size) for size in (10, 0, 5000, 1, 70_000, 3)]
    pieces = []
    for number, body in enumerate(bodies):
        if number % 2:
            pieces.append(request("/_/echo", "Transfer-Encoding: chunked", method="POST",
                                  body=chunked(body) if body else chunked()))
        else:
            pieces.append(request("/_/echo", f"Content-Length: {len(body)}", method="PUT",
                                  body=body))
    sender = threading.Thread(target=client.send, args=(b"".join(pieces),))
    sender.start()
    for body in bodies:
        assert client.receive().body == body
    sender.join()


def test_large_echo_with_back_pressure(server):
    """32 MiB through a connection whose client reads only after it has seen the server stop
    reading: nothing may be lost, and the server may not keep it all in memory."""
    size = 32 * MIB
    data = noise(size)
    before = server.proc.private_kib()
    with HttpClient(server) as client:
        client.send(request("/_/echo", f"Content-Length: {size}", method="POST"))
        client.socket.settimeout(0.5)
        sent = 0
        try:
            while sent < size:
                sent += client.socket.send(data[sent : sent + 65536])
        except TimeoutError:
            pass
        assert sent < size, "the server has read everything and sent nothing"
        assert server.proc.private_kib() - before < 20 * KIB
        client.socket.settimeout(PATIENCE)
        sender = threading.Thread(target=client.send, args=(data[sent:],))
        sender.start()
        assert client.receive().body == data
        sender.join()
        assert client.get("/_/echo").status == 200


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_echo_of_a_client_that_leaves(server, framing):
    """The end of the connection is the end of the body: nothing may be kept of it."""
    server.wait_for_no_clients()
    baseline = server.proc.descriptors()
    for leave in (reset, lambda client: client.close()):
        for _ in range(20):
            client = HttpClient(server)
            client.send(request("/_/echo", framing, method="POST", body=b"3\r\nabc\r\n"))
            client.socket.recv(1)
            leave(client.socket)
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)


def test_bad_chunk_in_the_middle_of_an_echo(server):
    """A 400 in the middle of the response would be taken for a part of the body."""
    with HttpClient(server) as client:
        client.send(request("/_/echo", "Transfer-Encoding: chunked", method="POST",
                            body=b"5\r\nhello\r\nxyz\r\n"))
        received = b""
        try:
            while piece := client.socket.recv(4096):
                received += piece
        except ConnectionResetError:
            pass
        assert b"400" not in received
        assert not received.endswith(b"0\r\n\r\n"), "a cut body looks complete"


def test_body_above_the_limit_is_refused_before_it_is_sent(client):
    """The client sends a body that nobody takes, and 100 promises otherwise."""
    client.send(request("/_/echo", f"Content-Length: {65 * MIB}", "Expect: 100-continue",
                        method="POST"))
    assert client.receive().status == 413
    client.expect_end()


def test_curl_echo(server, need, tmp_path):
    """A client of everyday life, with 100-continue and a body of unknown length."""
    data = noise(3 * MIB)
    (tmp_path / "data").write_bytes(data)
    for options in (["-T", tmp_path / "data"], ["-T", "-"], ["--data-binary", "@-"],
                    ["-0", "--data-binary", "@-"], ["-H", "Expect: 100-continue", "-T", "-"]):
        done = subprocess.run(
            [need("curl"), "-sS", "--fail", *options, server.address + "_/echo"],
            input=data, capture_output=True, check=True, timeout=PATIENCE,
        )
        assert done.stdout == data, options


# ---- what the client has sent, and who it is ----


def test_headers_are_shown(client):
    """Somebody who looks for a header that a proxy adds."""
    response = client.get("/_/headers", "X-One: 1", "x-two:  2 ", "Empty:")
    assert response.body == b"Host: localhost\nX-One: 1\nx-two: 2\nEmpty: \n"


def test_ip(client, serve, tmp_path):
    """The address, and nothing else."""
    assert client.get("/_/ip").body == b"127.0.0.1\n"
    six = serve("http", "[::1]:0", f"unix:{tmp_path}/socket", "--endpoints")
    for address, text in zip(six.addresses, (b"::1\n", b"unix\n")):
        with HttpClient(address) as other:
            assert other.get("/_/ip").body == text


@pytest.mark.parametrize("target", ["/_/headers", "/_/echo", "/_/status/200"])
def test_trace_is_refused(client, target):
    """TRACE sends back what only the client and its proxies should know."""
    client.send(request(target, "Cookie: secret", method="TRACE"))
    response = client.receive()
    assert response.status == 405
    assert b"secret" not in response.body


# ---- statuses ----


@pytest.mark.parametrize("status", [200, 204, 205, 206, 301, 304, 400, 401, 404, 405, 418, 426,
                                    429, 500, 503, 507, 599])
def test_status(client, status):
    """A client is tested with a status that it does not get, or the next response is lost."""
    client.send(request(f"/_/status/{status}"))
    line = client._receive_line()
    assert line.startswith(b"HTTP/1.1 %d " % status)
    fields = {}
    while line := client._receive_line():
        name, value = line.decode().split(": ", 1)
        fields[name] = value
    if status in (204, 304):
        assert fields.get("Content-Length", "0") == "0"
    else:
        size = int(fields["Content-Length"])
        while len(client._buffer) < size:
            assert client._fill()
        client._buffer = client._buffer[size:]
    needed = {401: "WWW-Authenticate", 405: "Allow", 301: "Location", 426: "Upgrade"}
    assert needed.get(status, "Date") in fields
    assert client.get("/_/ip").status == 200


@pytest.mark.parametrize("target", ["/_/status/100", "/_/status/600", "/_/status/x", "/_/status/",
                                    "/_/delay/1x", "/_/delay/301", "/_/delay/300.001", "/_/delay/0.0001", "/_/delay/.5",
                                    "/_/delay/0.5s", "/_/delay/4294967296", "/_/bytes/-1", "/_/bytes/1000G",
                                    "/_/stream/1k", "/_/redirect/101", "/_/drip?bytes=x",
                                    "/_/fault/truncate/x", "/_/bytes/" + "1" * 100,
                                    "/_/drip?duration=1h"])
def test_bad_numbers(client, target):
    """A number that is too large or none at all is refused, not guessed at."""
    assert client.get(target).status == 400


@pytest.mark.parametrize("target", ["/_/", "/_/statuses", "/_/fault/", "/_/fault/truncate",
                                    "/_/fault/hang/5", "/_/fault/none"])
def test_what_is_no_endpoint(client, target):
    """Only what is documented exists."""
    assert client.get(target).status == 404


def test_body_before_a_status(client):
    """The connection goes on behind a body that an endpoint does not want."""
    for method in ("POST", "PUT", "DELETE"):
        client.send(request("/_/status/503", "Content-Length: 100000", method=method,
                            body=bytes(100_000)))
        response = client.receive()
        assert (response.status, response.says_close()) == (503, False)


def test_redirects(client, server, need):
    """A client that follows as many as it should, and finds the end."""
    response = client.get("/_/redirect/2")
    assert (response.status, response["Location"]) == (302, "1")
    assert client.get("/_/redirect/0").status == 200
    done = subprocess.run(
        [need("curl"), "-sSL", "-w", "%{num_redirects}", server.address + "_/redirect/7"],
        capture_output=True, check=True, timeout=PATIENCE,
    )
    assert done.stdout == b"200 OK\n7"


# ---- time and size ----


def pattern(size):
    block = bytes((i + i // 256) % 256 for i in range(65536))
    return (block * (size // len(block) + 1))[:size]


@pytest.mark.parametrize("size", ["0", "1", "65537", "1M", "20M"])
def test_bytes(client, size):
    """The content is known, so that a client can be checked without keeping it."""
    count = int(size.replace("M", "")) * (MIB if "M" in size else 1)
    response = client.get(f"/_/bytes/{size}")
    assert response["Content-Length"] == str(count)
    assert response.body == pattern(count)
    assert client.get(f"/_/bytes/{size}", method="HEAD")["Content-Length"] == str(count)


def test_bytes_are_not_kept_in_memory(server):
    """A client that reads nothing makes the server hold gigabytes."""
    before = server.proc.private_kib()
    with HttpClient(server) as client:
        client.send(request("/_/bytes/10G"))
        assert len(client.socket.recv(1000)) > 0
        assert server.proc.private_kib() - before < 20 * KIB
        reset(client.socket)
    server.wait_for_no_clients()


@pytest.mark.parametrize("count", [0, 1, 20, 5000])
def test_stream_of_lines(client, count):
    """Every line is a chunk, so that a client that reads chunks sees lines."""
    client.send(request(f"/_/stream/{count}"))
    response = client._receive_head()
    assert response["Transfer-Encoding"] == "chunked"
    chunks = list(iter(client._receive_chunk, b""))
    assert chunks == [b"%d of %d\n" % (number, count) for number in range(1, count + 1)]
    assert client.get("/_/ip").status == 200


def test_stream_to_http_1_0(server):
    """Without chunks the end of the connection is the end."""
    with HttpClient(server) as client:
        client.send(request("/_/stream/3", "Connection: keep-alive", version="HTTP/1.0"))
        data = b""
        while piece := client.socket.recv(4096):
            data += piece
    head, body = data.split(b"\r\n\r\n")
    assert body == b"1 of 3\n2 of 3\n3 of 3\n"
    assert b"\r\nConnection: close" in head


def test_delay(client):
    """Not before its time; requests behind it are answered in order."""
    client.send(request("/_/delay/300ms") + request("/_/ip"))
    started = time.monotonic()
    assert client.receive().body == b"200 OK\n"
    assert time.monotonic() - started >= 0.25
    assert client.receive().body == b"127.0.0.1\n"


@pytest.mark.parametrize("target", ["/_/delay/0.3", "/_/drip?duration=0&delay=0.300"])
def test_delay_of_a_fraction(client, target):
    """Half a second is refused, or rounded to none."""
    client.send(request(target))
    started = time.monotonic()
    assert client.receive().status == 200
    assert time.monotonic() - started >= 0.25


def test_drip(client):
    """The bytes come one after the other, not at once."""
    client.send(request("/_/drip?bytes=5&duration=500ms&delay=100ms"))
    started = time.monotonic()
    response = client.receive()
    assert response.body == pattern(5)
    assert time.monotonic() - started >= 0.5


def test_stop_while_an_answer_is_delayed(serve, tmp_path):
    """A delay of minutes keeps a server from ending."""
    server = serve("http", "127.0.0.1:0", "--root", tmp_path, "--endpoints")
    with HttpClient(server) as client, HttpClient(server) as hanging:
        client.send(request("/_/delay/4m"))
        hanging.send(request("/_/fault/hang"))
        wait_until(lambda: server.statistics()["requests"] == 2, "both have begun")
        server.send_signal()
        assert client.receive().status == 200
        hanging.expect_end()
        server.check()


@pytest.mark.parametrize("target", ["/_/delay/4m", "/_/drip?bytes=100&duration=4m",
                                    "/_/fault/hang", "/_/fault/hang-after/10", "/_/stream/1000000",
                                    "/_/bytes/1G", "/_/fault/slow"])
def test_clients_that_leave_in_the_middle(server, target):
    """What was begun for a client that has gone stays for ever."""
    server.wait_for_no_clients()
    baseline = server.proc.descriptors()
    for _ in range(20):
        client = HttpClient(server)
        client.send(request(target))
        reset(client.socket)
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)


# ---- faults ----


def receive_until_end(client):
    """(everything that came, how it ended)"""
    data = b""
    try:
        while piece := client.socket.recv(1 << 16):
            data += piece
    except ConnectionResetError:
        return data, "reset"
    return data, "end"


@pytest.mark.parametrize("size", [0, 1, 1000, 300_000])
def test_reset_after(server, size):
    """Exactly so many bytes, then a reset: not an end that a client may take for complete."""
    with HttpClient(server) as client:
        client.send(request(f"/_/fault/reset-after/{size}"))
        data, how = receive_until_end(client)
        head, body = data.split(b"\r\n\r\n", 1)
        assert b"Content-Length: %d\r\n" % (size + 65536) in head
        assert (body, how) == (pattern(size), "reset")


@pytest.mark.parametrize("size", [0, 1, 300_000])
def test_truncate(server, size):
    """Fewer bytes than announced, then an orderly end."""
    with HttpClient(server) as client:
        client.send(request(f"/_/fault/truncate/{size}"))
        data, how = receive_until_end(client)
        assert (data.split(b"\r\n\r\n", 1)[1], how) == (pattern(size), "end")


@pytest.mark.parametrize("name, how", [("reset", "reset"), ("close", "end")])
def test_no_response_at_all(server, name, how):
    """The connection ends before a response has begun."""
    with HttpClient(server) as client:
        client.send(request(f"/_/fault/{name}"))
        assert receive_until_end(client) == (b"", how)


def test_bad_chunk(server):
    """A chunk whose size is none, behind good ones."""
    with HttpClient(server) as client:
        client.send(request("/_/fault/bad-chunk"))
        data, _ = receive_until_end(client)
        assert data.endswith(b"\r\n\r\n64\r\n" + pattern(100) + b"\r\nno size\r\n")


def test_hang(server):
    """Nothing comes, and nothing ends, until the client does."""
    for target, size in (("hang", 0), ("hang-after/10", 10)):
        with HttpClient(server) as client:
            client.send(request(f"/_/fault/{target}"))
            data = b""
            if size:
                while not data.endswith(b"\r\n\r\n" + pattern(size)):
                    data += client.socket.recv(4096)
            client.expect_silence()
            client.half_close()
            assert receive_until_end(client)[0] == b""


def test_hang_of_a_client_that_sends_nothing_more(server):
    """The end of the stream comes with the request (nc -N), before there is anything to end."""
    for target, size in (("hang", 0), ("hang-after/10", 10)):
        with HttpClient(server) as client:
            client.send(request(f"/_/fault/{target}"))
            client.half_close()
            assert receive_until_end(client)[0].endswith(pattern(size))


def test_curl_notices(server, need):
    """The exit statuses that curl has for what a server should not do."""
    for target, status in (("truncate/10", 18), ("reset-after/10", 56), ("close", 52),
                           ("bad-chunk", 56), ("hang", 28)):
        done = subprocess.run(
            [need("curl"), "-sS", "-m", "1" if target == "hang" else "20", "-o", "/dev/null",
             server.address + "_/fault/" + target],
            capture_output=True, timeout=PATIENCE, check=False,
        )
        assert done.returncode == status, (target, done.stderr)


# ---- the rest of the server ----


def test_endpoints_have_to_be_asked_for(serve, tmp_path):
    """Something below /_/ exists that nobody has asked for."""
    server = serve("http", "127.0.0.1:0", "--root", tmp_path)
    with HttpClient(server) as client:
        assert client.get("/_/echo").status == 404
