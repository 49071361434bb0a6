"""`serve http --chaos`: faults by chance, which somebody who tests a client can have again."""

import pytest

import netkit_server
from http_client import HttpClient, request
from netkit_server import wait_until

pytestmark = pytest.mark.dispatchers


@pytest.fixture
def start(serve, tmp_path):
    (tmp_path / "file").write_bytes(b"hello")

    def start(spec, *options):
        return serve("http", "127.0.0.1:0", "--root", tmp_path, "--upload", "--overwrite",
                     "--chaos", spec, *options)

    return start


def fate(server):
    """What happened to one request."""
    with HttpClient(server) as client:
        client.send(request("/file"))
        data = b""
        try:
            while piece := client.socket.recv(65536):
                data += piece
                if data.endswith((b"\r\n\r\nhello", b"chaos\n")):
                    break
        except ConnectionResetError:
            return "reset"
    if not data:
        return "close"
    if b"hello" in data:
        return "fine"
    return "error" if data.startswith(b"HTTP/1.1 503") else "truncated"


@pytest.mark.parametrize("spec, expected", [("reset:100%", "reset"), ("truncate:100%", "truncated"),
                                            ("error:100%", "error"), ("delay:1ms", "fine")])
def test_each_fault(start, spec, expected):
    """A client is tested with a fault that does not happen."""
    server = start(spec)
    assert [fate(server) for _ in range(5)] == [expected] * 5


def receive_broken(server, path, *fields, body=b"", method="GET"):
    """All that comes of an answer, and how it ends."""
    with HttpClient(server) as client:
        client.send(request(path, *fields, method=method) + body)
        data = b""
        try:
            while piece := client.socket.recv(65536):
                data += piece
        except ConnectionResetError:
            return data, "reset"
    return data, "end"


@pytest.mark.parametrize("fault, expected", [("truncate", "end"), ("reset", "reset"),
                                             ("delay:1ms,truncate", "end")])
def test_the_real_answer_breaks_off(start, tmp_path, fault, expected):
    """A client is tested with an answer that nobody gives, or gets all of it."""
    contents = {"/file": b"hello", "/large": bytes(range(256)) * 8000}
    (tmp_path / "large").write_bytes(contents["/large"])
    server = start(f"{fault}:100%")
    lengths = set()
    for path in ["/file", "/large"] * 8:
        data, end = receive_broken(server, path)
        head, _, body = data.partition(b"\r\n\r\n")
        assert end == expected
        assert len(body) < len(contents[path]) and contents[path].startswith(body)
        if expected == "end":
            assert b"\r\nContent-Length: %d\r\n" % len(contents[path]) in head
        lengths.add(len(data))
    assert len(lengths) > 4  # they break off in different places


def test_an_answer_without_a_body_breaks_off_in_its_head(start):
    """It is complete, and nothing is tested."""
    data, end = receive_broken(start("truncate:100%"), "/file", method="HEAD")
    assert end == "end" and 0 < len(data) and b"\r\n\r\n" not in data


def test_an_answer_in_chunks_breaks_off(start):
    """Nobody knows how long it is, so it is sent to its end."""
    for fault, expected in [("truncate", "end"), ("reset", "reset")]:
        server = start(f"{fault}:100%", "--endpoints")
        for path in ["/_/stream/1", "/_/stream/1000"]:
            data, end = receive_broken(server, path)
            assert end == expected and not data.endswith(b"0\r\n\r\n")


def test_a_request_is_served_although_its_answer_breaks_off(start, tmp_path):
    """What a client does that does not know whether it was: the hard case is not tested."""
    server = start("truncate:100%")
    data, end = receive_broken(server, "/up", "Content-Length: 5", body=b"world", method="PUT")
    assert end == "end" and data.startswith(b"HTTP/1.1 201 ")
    assert (tmp_path / "up").read_bytes() == b"world"


def test_hang(start):
    """Nothing comes until the client has had enough."""
    server = start("hang:100%")
    with HttpClient(server) as client:
        client.send(request("/file"))
        client.expect_silence()
    server.wait_for_no_clients()


def test_the_same_seed_brings_the_same_faults(start):
    """A failure that was found once can never be had again."""
    spec = "reset:20%,truncate:20%,error:20%,delay:0-3ms:50%"
    runs = []
    for seed in ("7", "7", "8"):
        server = start(spec, "--chaos-seed", seed)
        runs.append([fate(server) for _ in range(40)])
        server.stop()
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {"reset", "truncated", "error", "fine"}


def test_uploads_are_delayed_whole(start, tmp_path):
    """The body of a request that waits is lost, or the request is forgotten."""
    body = bytes(300_000)
    server = start("delay:10ms-50ms")
    with HttpClient(server) as client:
        for number in range(5):
            client.send(request("/up", f"Content-Length: {len(body)}", "Expect: 100-continue",
                                method="PUT"))
            assert client.receive().status == 100
            client.send(body)
            response = client.receive()
            assert (response.status, response.says_close()) == (201 if number == 0 else 204, False)
            assert client.get("/file").body == b"hello"
    assert (tmp_path / "up").read_bytes() == body


def test_clients_that_leave_while_they_wait(start):
    """What was kept for a client that has gone stays."""
    server = start("delay:4m")
    baseline = server.proc.descriptors()
    for _ in range(20):
        client = HttpClient(server)
        client.send(request("/file"))
        netkit_server.reset(client.socket)
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)


def test_stop_while_requests_wait(start):
    """A delay of minutes keeps the server from ending."""
    server = start("delay:4m")
    with HttpClient(server) as client:
        client.send(request("/file"))
        wait_until(lambda: server.statistics()["requests"] == 1, "it has begun")
        server.send_signal()
        assert client.receive().body == b"hello"
        server.check()


@pytest.mark.parametrize("words, problem", [
    (["--chaos", "reset:5"], "--chaos: 'reset:5' has a chance that is not as in 5% or 0.5%"),
    (["--chaos", "rest:5%"], "names no fault"),
    (["--chaos-seed", "5"], "--chaos-seed has no effect without --chaos"),
])
def test_usage(words, problem):
    """A fault that was misspelt never happens, and nobody notices."""
    done = netkit_server.run("serve", "http", *words)
    assert done.returncode == 2
    assert problem in done.stderr
