"""`serve http --endpoints`: pages for testing clients, and through /_/echo everything
that concerns the bodies of requests and answers that are sent while they are made."""

import random
import subprocess
import threading

import pytest

from http_client import HttpClient, request
from netkit_server import PATIENCE, reset

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


# ---- the rest of the server ----


def test_endpoints_have_to_be_asked_for(serve, tmp_path):
    """Something below /_/ exists that nobody has asked for."""
    server = serve("http", "127.0.0.1:0", "--root", tmp_path)
    with HttpClient(server) as client:
        assert client.get("/_/echo").status == 404
