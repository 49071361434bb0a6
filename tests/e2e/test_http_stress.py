"""HTTP under stress: slow, silent, greedy and vanishing clients, limits, the end."""

import os
import random
import re
import socket
import subprocess
import time

import pytest

from http_client import HttpClient, fetch, request
from netkit_server import (
    AT_LIMIT,
    DISPATCHER,
    IS_SANITIZED,
    IS_TSAN,
    PATIENCE,
    prlimit,
    reset,
    wait_until,
    without_leak_check,
)

pytestmark = pytest.mark.dispatchers

KIB = 1024
MIB = 1024 * KIB

TEXT = b"a small file\n"

# The allocator of a sanitizer keeps freed memory for a while.
# A sanitizer keeps freed memory for a while: its runs find leaks in other ways.
MEMORY_SLACK_KIB = 16384 if IS_SANITIZED else 1024

# Deadlines are met late, never early: on the next quarter of a second, on a busy machine.
LATE = 5


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A directory that all tests of this module serve."""
    root = tmp_path_factory.mktemp("site")
    (root / "text").write_bytes(TEXT)
    for number in range(10):
        (root / f"f{number}").write_bytes(b"file %d\n" % number)
    with open(root / "large", "wb") as file:
        source = random.Random(7)
        for _ in range(64):
            file.write(source.randbytes(MIB))
    with open(root / "medium", "wb") as file:
        file.write(random.Random(8).randbytes(4 * MIB))
    return root


@pytest.fixture
def serve_site(serve, site):
    def start(*options, **more):
        return serve("http", "127.0.0.1:0", "--root", site, *options, **more)

    return start


class Timer:
    """How long something took."""

    def __enter__(self):
        self.started = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.started


# ---- slow and silent clients ----


def test_silent_connection_is_closed_without_a_word(serve_site):
    """A port scanner's connection stays for ever, or gets a response to no request."""
    server = serve_site("--header-timeout", "500ms")
    with HttpClient(server) as client, Timer() as timer:
        client.expect_end()
    assert 0.4 < timer.seconds < 0.5 + LATE


@pytest.mark.parametrize("data", [b"G", b"GET /text HTTP/1.1\r\nHost: a\r\n", b"\r\n"])
def test_half_a_header_gets_408(serve_site, data):
    """Slowloris: half requests stay for ever, or are cut without an explanation."""
    server = serve_site("--header-timeout", "500ms")
    with HttpClient(server) as client, Timer() as timer:
        client.send(data)
        assert client.receive().status == 408
        client.expect_end()
    assert 0.4 < timer.seconds < 0.5 + LATE


def test_a_byte_now_and_then_does_not_extend_the_time(serve_site):
    """Slowloris with patience: every byte starts the clock again."""
    server = serve_site("--header-timeout", "1s")
    data = iter(request("/text", "X: " + "a" * 1000))
    with HttpClient(server) as client, Timer() as timer:
        client.socket.settimeout(0.1)
        while True:
            client.send(bytes([next(data)]))
            try:
                client.socket.recv(1, socket.MSG_PEEK)
                break
            except TimeoutError:
                pass
            assert time.monotonic() - timer.started < 1 + LATE, "the time is extended"
        client.socket.settimeout(PATIENCE)
        assert client.receive().status == 408
        client.expect_end()
    assert timer.seconds > 0.9


def test_half_a_later_header_gets_408(serve_site):
    """The second request on a connection has no time limit, or that of an idle connection."""
    server = serve_site("--header-timeout", "500ms", "--keepalive-timeout", "1h")
    with HttpClient(server) as client:
        assert client.get("/text").status == 200
        with Timer() as timer:
            client.send(b"GET /te")
            assert client.receive().status == 408
            client.expect_end()
    assert 0.4 < timer.seconds < 0.5 + LATE


def test_a_header_that_is_just_in_time(serve_site):
    """A client that needs some of its time is cut."""
    server = serve_site("--header-timeout", "3s")
    with HttpClient(server) as client:
        for piece in (b"GET /text", b" HTTP/1.1\r\nHo", b"st: a\r\n", b"\r\n"):
            time.sleep(0.2)
            client.send(piece)
        assert client.receive().body == TEXT


@pytest.mark.parametrize("option", ["--keepalive-timeout", "--idle-timeout"])
def test_idle_connection_is_closed(serve_site, option):
    """Idle keep-alive connections stay for ever, or get a response to no request."""
    server = serve_site(option, "1s", "--header-timeout", "1h")
    with HttpClient(server) as client:
        assert client.get("/text").status == 200
        time.sleep(0.3)
        with Timer() as timer:
            assert client.get("/text").status == 200  # the time starts again
            client.expect_end()
    assert 0.9 < timer.seconds < 1 + LATE


def test_body_that_stops_gets_408(serve_site):
    """Half a body holds a connection for ever."""
    server = serve_site("--body-timeout", "500ms")
    with HttpClient(server) as client, Timer() as timer:
        client.send(request("/text", "Content-Length: 1000") + b"x" * 999)
        assert client.receive().status == 408
        client.expect_end()
    assert 0.4 < timer.seconds < 0.5 + LATE


def test_body_that_comes_slowly_is_awaited(serve_site):
    """The time for a body counts from its beginning instead of its last byte."""
    server = serve_site("--body-timeout", "2s")
    with HttpClient(server) as client:
        client.send(request("/text", "Content-Length: 10000"))
        for _ in range(10):
            time.sleep(0.22)
            client.send(b"x" * 1000)
        assert client.receive().body == TEXT


def test_body_that_trickles_is_cut(serve_site):
    """A body of one byte a second holds a connection for days: below 500 bytes a second it is cut
    after 10 s."""
    server = serve_site("--body-timeout", "1h")
    with HttpClient(server) as client, Timer() as timer:
        client.socket.settimeout(0.2)
        client.send(request("/text", "Content-Length: 100000"))
        while True:
            client.send(b"x" * 10)
            try:
                client.socket.recv(1, socket.MSG_PEEK)
                break
            except TimeoutError:
                pass
            assert time.monotonic() - timer.started < 10 + LATE, "the body is never cut"
        client.socket.settimeout(PATIENCE)
        assert client.receive().status == 408
        client.expect_end()
    assert timer.seconds > 9.5


def test_client_that_never_reads_is_cut(serve_site):
    """Responses that nobody takes hold memory, a file and a connection for ever."""
    server = serve_site("--send-timeout", "1s", "--threads", 0)
    fetch(server, "/text")
    server.wait_for_no_clients()
    descriptors, memory = server.proc.descriptors(), server.proc.private_kib()
    clients = [HttpClient(server, receive_buffer=4096) for _ in range(10)]
    for client in clients:
        client.send(request("/large") * 10)
    wait_until(lambda: server.statistics()["requests"] >= 11, "all are answered")
    growth = server.proc.private_kib() - memory
    assert growth < MEMORY_SLACK_KIB, f"{growth} KiB for 10 clients"
    server.wait_for_no_clients()
    server.wait_for_descriptors(descriptors)
    for client in clients:
        client.close()


def test_client_that_reads_slowly_is_not_cut(serve_site):
    """A slow line is taken for a dead client: the kernel tells about progress only in steps of
    megabytes, which may take longer than the time limit."""
    server = serve_site("--send-timeout", "1s", "--threads", 0)
    with HttpClient(server, receive_buffer=65536) as client:
        client.send(request("/medium"))
        received = 0
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            received += len(client.socket.recv(4096))
            time.sleep(0.02)
        while received < 4 * MIB:
            piece = client.socket.recv(65536)
            assert piece, f"cut after {received} bytes"
            received += len(piece)


def test_half_requests_cost_no_cpu(serve_site):
    """One idle partial request burns a core and freezes its loop."""
    server = serve_site("--threads", 0)
    clients = [HttpClient(server) for _ in range(30)]
    for number, client in enumerate(clients):
        client.send(request("/text", "Content-Length: 5")[: 1 + number * 3])
    wait_until(lambda: server.statistics()["open"] == 30, "all are accepted")
    cpu = server.proc.cpu_seconds_in(1)
    assert cpu < 0.02, f"{cpu} s of CPU time"
    assert fetch(server, "/text").body == TEXT
    for client in clients:
        client.close()


# ---- too much ----


@pytest.mark.parametrize("line", [b"X: a\r\n", b"X: " + b"a" * 1000 + b"\r\n"])
def test_header_flood(serve_site, line):
    """Headers without an end are kept until memory is full."""
    server = serve_site("--threads", 0)
    fetch(server, "/text")
    memory = server.proc.private_kib()
    for _ in range(20):
        with HttpClient(server) as client:
            data = b"GET /text HTTP/1.1\r\nHost: a\r\n" + line * (100_000 // len(line))
            try:
                client.send(data)
            except ConnectionError:
                pass  # more than the server is ready to throw away
            try:
                assert client.receive().status == 431
            except ConnectionResetError:
                pass
    growth = server.proc.private_kib() - memory
    assert growth < MEMORY_SLACK_KIB, f"{growth} KiB"


def test_flood_below_the_linger_limit_is_told(serve_site):
    """A client with a header a little over the limit learns why it was refused."""
    server = serve_site()
    with HttpClient(server) as client:
        client.send(request("/text", *[f"X-{i}: {'a' * 500}" for i in range(90)]))
        assert client.receive().status == 431
        client.expect_end()


def test_many_unfinished_headers_have_a_bound(serve_site):
    """The memory for unfinished headers is that of the headers, not a full buffer each."""
    server = serve_site("--threads", 0)
    fetch(server, "/text")
    memory = server.proc.private_kib()
    clients = [HttpClient(server) for _ in range(100)]
    for client in clients:
        client.send(b"GET /text HTTP/1.1\r\nX: " + b"a" * 1000)
    wait_until(lambda: server.statistics()["open"] == 100, "all are accepted")
    growth = server.proc.private_kib() - memory
    assert growth < MEMORY_SLACK_KIB, f"{growth} KiB for 100 clients"
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    "option, good, bad, status",
    [
        (["--max-target", "100"], "/text?" + "a" * 94, "/text?" + "a" * 95, 414),
        (["--max-header", "1k"], "/text?" + "a" * 900, "/text?" + "a" * 1100, 431),
    ],
)
def test_limits_can_be_set(serve_site, option, good, bad, status):
    """An option is read and then not used, or is off by one."""
    server = serve_site(*option)
    assert fetch(server, good).body == TEXT
    assert fetch(server, bad).status == status


def test_body_limit_can_be_set(serve_site):
    """The same for bodies, with a length and chunked."""
    server = serve_site("--max-body", "10")
    with HttpClient(server) as client:
        client.send(request("/text", "Content-Length: 10", body=b"x" * 10))
        assert client.receive().status == 200
        client.send(request("/text", "Content-Length: 11"))
        assert client.receive().status == 413
        client.expect_end()
    with HttpClient(server) as client:
        head = request("/text", "Transfer-Encoding: chunked")
        client.send(head + b"5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n")
        assert client.receive().status == 200
        client.send(head + b"5\r\nhello\r\n6\r\n")
        assert client.receive().status == 413
        client.expect_end()


def test_request_limit_of_a_connection(serve_site):
    """A connection lives for ever, or ends without saying so."""
    server = serve_site()
    with HttpClient(server) as client:
        for number in range(1, 1001):
            response = client.get("/text")
            assert response.status == 200
            assert response.says_close() == (number == 1000), number
        client.expect_end()


@pytest.mark.parametrize("limit", [1, 3])
def test_request_limit_can_be_set(serve_site, limit):
    """Pipelined requests behind the limit are answered all the same."""
    server = serve_site("--keepalive-requests", limit)
    with HttpClient(server) as client:
        client.send(request("/text") * (limit + 2))
        for number in range(1, limit + 1):
            assert client.receive().says_close() == (number == limit)
        client.expect_end()


def test_the_last_response_survives_a_pipelined_request(serve_site, site):
    """The server ends a connection by itself while the client, which cannot know it yet, sends
    its next request: the reset that this causes destroys what is still on its way."""
    (site / "fits").write_bytes(b"x" * MIB)  # into the buffers of the kernel
    server = serve_site("--keepalive-requests", 1)
    with HttpClient(server, receive_buffer=4096) as client:
        client.send(request("/fits"))
        wait_until(lambda: server.statistics()["requests"] == 1, "it is answered")
        time.sleep(0.2)
        client.send(request("/text"))
        time.sleep(0.2)
        response = client.receive()
        assert response.body == b"x" * MIB
        assert response.says_close()
        client.expect_end()


def test_no_request_limit(serve_site):
    """0 is taken for none at all."""
    server = serve_site("--keepalive-requests", 0)
    with HttpClient(server) as client:
        for _ in range(1500):
            assert not client.get("/text").says_close()


def test_idle_connections_make_room(serve_site):
    """Browsers that keep their connections open shut new clients out."""
    server = serve_site("--max-conns", 3, "--threads", 0)
    server.allow(*AT_LIMIT)
    clients = [HttpClient(server) for _ in range(3)]
    for client in clients:
        client.get("/text")
        time.sleep(0.3)  # so that it is clear which one is the oldest
    with Timer() as timer:
        assert fetch(server, "/text").body == TEXT
    assert timer.seconds < LATE
    clients[0].expect_end()
    assert server.statistics()["evicted"] == 1
    for client in clients[1:]:
        assert client.get("/text").body == TEXT
    for client in clients:
        client.close()


@pytest.mark.threads
def test_idle_connections_of_other_threads_make_room(serve_site):
    """A thread has no idle connection to give up, another one has."""
    server = serve_site("--max-conns", 4, "--threads", 2)
    server.allow(*AT_LIMIT)
    clients = [HttpClient(server) for _ in range(4)]
    for client in clients:
        client.get("/text")
    for _ in range(10):
        assert fetch(server, "/text").body == TEXT
    for client in clients:
        client.close()


@pytest.mark.parametrize("options", [[], ["--reuseport", "--threads", "1"]], ids=str)
def test_new_connections_are_not_the_oldest_idle_ones(serve_site, options):
    """A client whose request is on its way is thrown out, and those who only keep their
    connections open stay."""
    server = serve_site("--max-conns", 3, "--threads", 0, *options)
    server.allow(*AT_LIMIT)
    idle = [HttpClient(server) for _ in range(2)]
    for client in idle:
        client.get("/text")
    with HttpClient(server) as new, HttpClient(server) as newer:
        time.sleep(0.3)  # as long as the way of a request may be
        for client in (new, newer):
            client.send(request("/text"))
        for client in (new, newer):
            assert client.receive().body == TEXT
    for client in idle:
        client.close()


def test_busy_connections_do_not_make_room(serve_site):
    """A client in the middle of its response is thrown out for a new one."""
    server = serve_site("--max-conns", 2, "--threads", 0)
    server.allow(*AT_LIMIT)
    busy = [HttpClient(server, receive_buffer=4096) for _ in range(2)]
    for client in busy:
        client.send(request("/large"))
        client.socket.recv(1, socket.MSG_PEEK)
    with HttpClient(server) as waiting:
        waiting.send(request("/text"))
        waiting.expect_silence(0.5)
        busy[0].close()
        assert waiting.receive().body == TEXT
    assert len(busy[1].receive().body) == 64 * MIB
    busy[1].close()


def test_descriptors_run_out(serve_site):
    """Without a descriptor for a file the server answers 503 and goes on."""
    server = serve_site("--threads", 0, prefix=prlimit(nofile=28))
    server.allow(r"netkit: warning: cannot accept connections: .*", r"served .*; \d+ refused")
    with HttpClient(server) as client:
        assert client.get("/text").status == 200
        crowd = []
        for _ in range(40):
            other = HttpClient(server)
            other.send(b"GET /te")  # not idle: it cannot be shed
            crowd.append(other)
        time.sleep(0.3)
        assert client.get("/text").status in (200, 503)
        cpu = server.proc.cpu_seconds_in(1)
        assert cpu < 0.1, f"{cpu} s of CPU time in a second without work"
        for other in crowd:
            other.close()
        wait_until(lambda: client.get("/text").status == 200, "descriptors have come back")


# ---- large responses ----


def test_slow_reader_gets_64_mib(serve_site, site):
    """A response larger than any socket buffer: the server crashes, keeps it all in memory, or
    loses a byte."""
    server = serve_site("--threads", 0)
    fetch(server, "/text")
    before = server.proc.private_kib()
    most = 0
    with HttpClient(server, receive_buffer=65536) as client:
        client.send(request("/large"))
        deadline = time.monotonic() + 5
        received = b""
        while time.monotonic() < deadline:
            received += client.socket.recv(KIB)
            most = max(most, server.proc.private_kib() - before)
            time.sleep(0.01)
        client._buffer = received  # pylint: disable=protected-access
        response = client.receive()
    assert response.body == (site / "large").read_bytes()
    assert most <= (4096 if IS_SANITIZED else 1024), f"{most} KiB more while it was sent"


def test_half_close_behind_the_request(serve_site, site):
    """FIN right behind the request (nc -N) is taken for a disconnect and the file is cut."""
    server = serve_site()
    with HttpClient(server, receive_buffer=65536) as client:
        client.send(request("/large"))
        client.half_close()
        assert client.receive().body == (site / "large").read_bytes()
        client.expect_end()


def test_half_close_in_the_middle_of_the_response(serve_site, site):
    """The same a little later."""
    server = serve_site()
    with HttpClient(server, receive_buffer=4096) as client:
        client.send(request("/large") + request("/text"))
        client.socket.recv(1, socket.MSG_PEEK)
        client.half_close()
        assert client.receive().body == (site / "large").read_bytes()
        assert client.receive().body == TEXT
        client.expect_end()


def test_clients_that_leave_in_the_middle(serve_site):
    """A reset during a response leaves a file open, kills the server (SIGPIPE), or hangs the next
    client on the same descriptor."""
    server = serve_site("--threads", 0)
    fetch(server, "/text")
    server.wait_for_no_clients()
    baseline = server.proc.descriptors()
    for number in range(60):
        client = HttpClient(server, receive_buffer=4096)
        client.send(request("/large"))
        client.socket.recv(1)
        if number % 2:
            reset(client.socket)
        else:
            client.close()
        if number % 10 == 0:
            assert fetch(server, "/text").body == TEXT
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)


# ---- pipelining ----


def test_a_thousand_pipelined_requests(serve_site):
    """Requests get lost, or their answers change places."""
    server = serve_site("--keepalive-requests", 0)
    with HttpClient(server) as client:
        client.send(b"".join(request(f"/f{number % 10}") for number in range(1000)))
        for number in range(1000):
            assert client.receive().body == b"file %d\n" % (number % 10)


def test_pipelining_client_that_does_not_read(serve_site):
    """Answers pile up in memory for a client that only asks."""
    server = serve_site("--keepalive-requests", 0, "--threads", 0)
    fetch(server, "/text")
    before = server.proc.private_kib()
    data = b"".join(request(f"/f{number % 10}") for number in range(100))
    with HttpClient(server, receive_buffer=4096) as client:
        client.socket.setblocking(False)
        sent = 0
        stuck_since = None
        while stuck_since is None or time.monotonic() - stuck_since < 0.3:
            try:
                sent += client.socket.send(data[sent % len(data) :])
                stuck_since = None
            except BlockingIOError:
                stuck_since = stuck_since or time.monotonic()
                time.sleep(0.01)
        growth = server.proc.private_kib() - before
        assert growth < MEMORY_SLACK_KIB, f"{growth} KiB"
        client.socket.settimeout(PATIENCE)
        size = len(data) // 100
        assert fetch(server, "/text").body == TEXT
        for number in range(min(sent // size, 20_000)):
            assert client.receive().body == b"file %d\n" % (number % 10)


CALL = re.compile(r"^\d+\s+(\w+)\((\d+).*\)\s+= (-?\d+)")


@pytest.mark.skipif(DISPATCHER != "epoll", reason="counts the same on every dispatcher")
def test_one_send_per_read(serve_site, need, tmp_path):
    """Pipelined requests are answered with a send each, which costs fifteen times as much."""
    log = tmp_path / "strace"
    prefix = [need("strace"), "-D", "-f", "-qq", "-o", log]
    prefix += ["-e", "trace=recvfrom,read,sendto,sendmsg,write,writev,sendfile"]
    try:
        server = serve_site(
            "--threads", 0, prefix=prefix, env=without_leak_check(), address_count=1
        )
    except AssertionError as problem:
        if "ptrace" in str(problem) or "PTRACE" in str(problem):
            pytest.skip("no permission to trace")
        raise
    rounds = 20
    with HttpClient(server) as client:
        for _ in range(rounds):
            client.send(request("/f1") * 16)
            for _ in range(16):
                assert client.receive().body == b"file 1\n"
    server.stop()
    calls = [CALL.match(row) for row in log.read_text().splitlines()]
    calls = [(match.group(1), int(match.group(3))) for match in calls if match]
    reads = [result for name, result in calls if name == "recvfrom" and result > 0]
    sends = [result for name, result in calls if name.startswith("send") and result > 0]
    assert sum(reads) == rounds * 16 * len(request("/f1"))
    assert len(sends) == len(reads)
    assert len(reads) <= rounds + 2, "one read per batch"


def test_a_body_right_behind_a_large_header(serve, tmp_path):
    """What comes with the end of a header is more than whoever takes the body has room for."""
    server = serve(
        "http", "127.0.0.1:0", "--root", tmp_path, "--upload", "--max-header", "8M", "--threads", 0
    )
    body = random.Random(9).randbytes(2 * MIB)
    with HttpClient(server) as client:
        for number in range(3):
            fields = [f"X: {'a' * 4 * MIB}", f"Content-Length: {len(body)}"]
            client.send(request(f"/up{number}", *fields, method="PUT", body=body))
            assert client.receive().status == 201
            assert (tmp_path / f"up{number}").read_bytes() == body


# ---- the end ----


@pytest.mark.threads
@pytest.mark.parametrize("threads", [0, 2])
def test_stop_finishes_every_response_that_has_begun(serve_site, site, threads):
    """SIGTERM cuts downloads, or idle connections hold the server up."""
    server = serve_site("--threads", threads, "--drain", "2m")
    medium = (site / "medium").read_bytes()
    idle = [HttpClient(server) for _ in range(5)]
    for client in idle:
        client.get("/text")
    silent = [HttpClient(server) for _ in range(5)]
    busy = [HttpClient(server, receive_buffer=4096) for _ in range(20)]
    for client in busy:
        client.send(request("/medium"))
        client.socket.recv(1, socket.MSG_PEEK)
    wait_until(lambda: server.statistics()["open"] == 30, "all are accepted")
    server.send_signal()
    for client in [*idle, *silent]:
        client.expect_end()
        client.close()
    for client in busy:
        assert client.receive().body == medium
        client.expect_end()
        client.close()
    with Timer() as timer:
        server.check()
    assert timer.seconds < LATE


@pytest.mark.parametrize("when", ["read", "unread"])
def test_stop_with_requests_behind_a_download(serve_site, site, when):
    """Requests that were read are forgotten, although no response said that it is the last; or
    those that were not make the end of the download a reset."""
    server = serve_site("--threads", 0)
    with HttpClient(server, receive_buffer=4096) as client:
        client.send(request("/medium") + request("/text") * (when == "read"))
        client.socket.recv(1, socket.MSG_PEEK)
        if when == "unread":
            client.send(request("/text"))
        server.send_signal()
        server.wait_for_line("stopping on SIGTERM")
        assert client.receive().body == (site / "medium").read_bytes()
        if when == "read":
            response = client.receive()
            assert (response.body, response.says_close()) == (TEXT, True)
        client.expect_end()
    server.check()


def test_stop_while_a_request_is_half_here(serve_site):
    """A request whose last bytes are on their way is thrown away, or awaited for ever."""
    server = serve_site("--drain", "20s")
    with HttpClient(server) as quick, HttpClient(server) as slow:
        for client in (quick, slow):
            client.send(b"GET /text HTTP/1.1\r\nHost: a\r\n")
        wait_until(lambda: server.statistics()["open"] == 2, "both are accepted")
        time.sleep(0.1)
        with Timer() as timer:
            server.send_signal()
            server.wait_for_line("stopping on SIGTERM")
            quick.send(b"\r\n")
            assert quick.receive().body == TEXT
            quick.expect_end()
            slow.socket.settimeout(10)
            assert slow.socket.recv(4096)[:13] in (b"", b"HTTP/1.1 408 ")
            slow.close()
            server.check()
        assert timer.seconds < 10


def test_stop_in_the_middle_of_pipelined_requests(serve_site):
    """Responses say keep-alive although the server is about to close."""
    server = serve_site()
    with HttpClient(server) as client:
        for _ in range(5):
            assert not client.get("/text").says_close()
        server.send_signal()
        client.expect_end()
    server.check()


@pytest.mark.threads
def test_stop_under_load_of_short_requests(serve_site):
    """Clients that connect, ask and leave while the server stops get a whole response, a refused
    connection or, from the backlog, a reset: never half a response."""
    server = serve_site("--threads", 2)
    answered = 0
    try:
        for number in range(2000):
            if number == 100:
                server.send_signal()
            with HttpClient(server) as client:
                client.send(request("/text"))
                received = b""
                while not received.endswith(TEXT):
                    piece = client.socket.recv(4096)
                    if not piece:
                        break
                    received += piece
                assert received == b"" or received.endswith(TEXT), received
                answered += bool(received)
    except (ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
        pass
    assert answered >= 100
    server.check()


def test_downloads_that_do_not_finish_are_cut(serve_site):
    """The drain time has no end, or the status hides that downloads were cut."""
    server = serve_site("--drain", "300ms")
    server.allow(r"served .*; 2 cut")
    clients = [HttpClient(server, receive_buffer=4096) for _ in range(2)]
    for client in clients:
        client.send(request("/large"))
        client.socket.recv(1, socket.MSG_PEEK)
    with Timer() as timer:
        server.stop(status=1)
    assert 0.3 <= timer.seconds < 0.3 + LATE
    for client in clients:
        client.close()


# ---- other people's clients ----


@pytest.mark.threads
@pytest.mark.parametrize("threads", [0, 2])
def test_wrk_sees_no_error(serve_site, need, threads):
    """A load of many connections: errors, wrong lengths, connections that hang."""
    server = serve_site("--threads", threads)
    seconds = 1 if IS_TSAN else 2
    done = subprocess.run(
        [need("wrk"), "-t", "2", "-c", "50", "-d", f"{seconds}s", server.address + "text"],
        capture_output=True,
        text=True,
        timeout=PATIENCE + seconds,
        check=True,
    )
    (requests,) = re.findall(r"(\d+) requests in", done.stdout)
    assert int(requests) > 500, done.stdout
    assert "Non-2xx" not in done.stdout, done.stdout
    # wrk counts the announced end of a connection (every 1,000 requests) as no error.
    assert "Socket errors" not in done.stdout, done.stdout
    server.wait_for_no_clients()
    totals = server.statistics()
    assert totals["requests"] >= int(requests)


@pytest.mark.parametrize("options", [[], ["-0"], ["--http1.1"], ["--no-keepalive"], ["-I"],
                                     ["-H", "Expect: 100-continue"], ["--path-as-is"]])
def test_curl(serve_site, need, options):
    """A client of everyday life."""
    server = serve_site()
    url = server.address + "text"
    done = subprocess.run(
        [need("curl"), "-sS", "--fail", *options, url, url], capture_output=True, check=True,
        timeout=PATIENCE,
    )
    if "-I" in options:
        assert done.stdout.count(b"Content-Length: 13\r\n") == 2
    else:
        assert done.stdout == TEXT * 2


@pytest.mark.parametrize("size, status", [(40_000, b"405"), (4 * MIB, b"413")])
def test_curl_that_posts(serve_site, need, tmp_path, size, status):
    """An upload that is refused: the client has to get the status, not a broken pipe."""
    (tmp_path / "upload").write_bytes(b"x" * size)
    server = serve_site()
    done = subprocess.run(
        [need("curl"), "-sS", "-w", "%{http_code}", "-o", os.devnull, "--data-binary",
         f"@{tmp_path / 'upload'}", server.address + "text"],
        capture_output=True, timeout=PATIENCE, check=False,
    )
    assert done.stdout == status, (done.stdout, done.stderr)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_nc_gets_its_response(serve_site, need, version):
    """A request by hand, with the end of the input right behind it."""
    server = serve_site()
    done = subprocess.run(
        [need("nc"), "-N", "127.0.0.1", str(server.port)],
        input=request("/text", version=f"HTTP/{version}"),
        capture_output=True, check=True, timeout=PATIENCE,
    )
    assert done.stdout.startswith(b"HTTP/1.1 200 OK\r\n")
    assert done.stdout.endswith(b"\r\n\r\n" + TEXT)


@pytest.mark.full
@pytest.mark.parametrize("threads", [0, 2])
def test_ten_thousand_aborted_downloads(serve_site, threads):
    """A descriptor, a file or some bytes are left behind by each client that leaves in the
    middle of a download: unseen in a test of ten, the end of a server that runs for weeks."""
    server = serve_site("--threads", threads)

    def abort(count):
        for number in range(count):
            client = HttpClient(server, receive_buffer=4096)
            client.send(request("/large" if number % 2 else "/medium"))
            assert client.socket.recv(1000)
            if number % 3:
                reset(client.socket)
            else:
                client.close()

    abort(500)  # what is kept for the next ones is there by now
    server.wait_for_no_clients()
    wait_until(lambda: not any(target.endswith(("/large", "/medium"))
                               for target in server.proc.descriptor_targets()),
               "files that are asked for often are closed")
    descriptors = server.proc.descriptors()
    memory = server.proc.private_kib()
    abort(10_000)
    server.wait_for_no_clients()
    server.wait_for_descriptors(descriptors)
    assert server.proc.private_kib() - memory < MEMORY_SLACK_KIB


# ---- memory ----


@pytest.mark.release
def test_idle_connections_are_small(serve_site):
    """An idle connection owns a buffer: at most 256 bytes are allowed."""
    server = serve_site("--threads", 0, "--max-conns", 0)
    count = 400 if DISPATCHER == "select" else 4000

    def open_clients(number):
        clients = [HttpClient(server) for _ in range(number)]
        for client in clients:
            client.get("/text")
        return clients

    clients = open_clients(count // 4)
    before = server.proc.private_kib()
    clients += open_clients(count)
    each = (server.proc.private_kib() - before) * KIB / count
    wakeups = server.proc.wakeups()
    cpu = server.proc.cpu_seconds_in(1)
    wakeups = server.proc.wakeups() - wakeups
    for client in clients:
        client.close()
    assert each <= 256, f"{each} bytes for each connection"
    assert cpu < 0.02, f"{cpu} s of CPU time"
    assert wakeups <= 5, f"{wakeups} wake-ups in a second"


@pytest.mark.release
@pytest.mark.parametrize("threads", [0, 2])
def test_a_second_round_needs_no_more_memory(serve_site, threads):
    """Memory that each connection or request leaves behind."""
    server = serve_site("--threads", threads)

    def one_round():
        for number in range(1500):
            with HttpClient(server) as client:
                client.send(request("/text") * 3 + request("/") + request("/missing"))
                for _ in range(5):
                    client.receive()
                if number % 100 == 0:
                    client.send(request("/text", "X: " + "a" * 20_000)[:-100])
        server.wait_for_no_clients()

    one_round()
    before = server.proc.private_kib()
    one_round()
    growth = server.proc.private_kib() - before
    assert growth < 64, f"{growth} KiB"
