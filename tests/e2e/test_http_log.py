"""The access log: one true line for each request, whatever the client sends or the disk does."""

import json
import os
import re
import signal
import threading
from base64 import b64encode

import pytest

from event_schema import Schema
from http_client import HttpClient, request
from netkit_server import reset, run, wait_until

LARGE = 8 * 1024 * 1024


@pytest.fixture
def logged(serve, tmp_path):
    """A server with a log in tmp_path/log, and a root with two files."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "text").write_bytes(b"hello\n")
    (root / "large").write_bytes(b"x" * LARGE)
    (root / "sub").mkdir()

    def start(*words, path=tmp_path / "log"):
        # One loop: lines of several loops are in order for each connection only.
        threads = [] if "--threads" in words else ["--threads", "1"]
        return serve("http", "127.0.0.1:0", "--root", root, "--access-log", path, *threads, *words)

    return start


def lines(tmp_path, count, name="log"):
    """The lines of the log, as soon as there are so many."""
    path = tmp_path / name

    def read():
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    wait_until(lambda: len(read()) >= count, f"{count} lines in the log")
    found = read()
    assert len(found) == count, found
    return found


def entries(tmp_path, count):
    schema = Schema()
    found = [json.loads(line) for line in lines(tmp_path, count)]
    for entry in found:
        assert not schema.problems(entry), entry
    return found


@pytest.mark.dispatchers
def test_combined(logged, tmp_path):
    """Programs that read other servers' logs do not read ours."""
    server = logged()
    with HttpClient(server) as client:
        client.send(request("/text?a=b", "Referer: http://x/", "User-Agent: tester/1"))
        size = len(client.receive().body)
        client.send(request("/missing", version="HTTP/1.0"))
        client.receive()
    first, second = lines(tmp_path, 2)
    stamp = r"127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "
    assert size == 6
    assert re.fullmatch(
        stamp + r'"GET /text\?a=b HTTP/1\.1" 200 \d+ "http://x/" "tester/1"', first
    ), first
    assert re.fullmatch(stamp + r'"GET /missing HTTP/1\.0" 404 \d+ "-" "-"', second), second


def test_common(logged, tmp_path):
    """The format that was asked for is another one."""
    server = logged("--log-format", "common")
    with HttpClient(server) as client:
        client.get("/text")
    assert lines(tmp_path, 1)[0].split('"')[2].split()[0] == "200"
    assert lines(tmp_path, 1)[0].count('"') == 2


@pytest.mark.dispatchers
def test_json(logged, tmp_path):
    """An entry is not as the schema says, or not true."""
    server = logged("--log-format", "json")
    with HttpClient(server) as client:
        client.send(request("/text", "User-Agent: tester/1") + request("/sub/") + request("/sub"))
        for status in (200, 200, 301):
            assert client.receive().status == status
        client.get("/large")
    found = entries(tmp_path, 4)
    assert [entry["target"] for entry in found] == ["/text", "/sub/", "/sub", "/large"]
    assert [entry["status"] for entry in found] == [200, 200, 301, 200]
    assert all(entry["complete"] for entry in found)
    assert found[0]["agent"] == "tester/1" and "agent" not in found[1]
    assert found[3]["bytes"] > LARGE
    assert all(0 < entry["first_byte"] <= entry["duration"] for entry in found)
    assert all("round_trip" in entry for entry in found)


@pytest.mark.dispatchers
def test_a_refusal_names_its_rule(logged, tmp_path):
    """Who reads the log cannot tell why a request was refused."""
    server = logged("--log-format", "json")
    for data in (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", request("/%zz"), b"GET / HTTP/9.9\r\n\r\n"):
        with HttpClient(server) as client:
            client.send(data)
            client.receive()
    found = entries(tmp_path, 3)
    assert [entry["status"] for entry in found] == [400, 400, 505]
    assert [entry["method"] for entry in found] == ["", "GET", ""]
    assert [entry.get("line") for entry in found] == ["GET / HTTP/1.1", None, "GET / HTTP/9.9"]
    assert found[0]["rule"] == 'white space before the colon in "Host " (RFC 9112 5.1)'
    assert found[1]["rule"] == "% without two hexadecimal digits (RFC 3986 2.1)"
    assert found[2]["rule"] == "major version is not 1 (RFC 9110 15.6.6)"


def test_a_refused_line_is_shown(logged, tmp_path):
    """Nobody can tell what was refused; or its bytes end the quotation, or the line."""
    server = logged("--log-format", "common")
    sent = [b'\r\nGET "\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n', b"GET /" + 20000 * b"a"]
    for data in sent:
        with HttpClient(server) as client:
            client.send(data)
            client.receive()
    first, second = lines(tmp_path, 2)
    assert r'] "GET \x22\x1b[2J HTTP/1.1" 400 ' in first
    assert '] "GET /' + 1019 * "a" + '..." 414 ' in second


@pytest.mark.dispatchers
def test_a_request_that_does_not_end_is_shown(logged, tmp_path):
    """Who looks for slow clients, or for bodies that are too large, finds a dash."""
    server = logged("--header-timeout", "300ms", "--body-timeout", "300ms")
    coded = "Transfer-Encoding: chunked"
    for data, status in ((b"GET /text HTTP/1.1\r\nHost: x\r\nX: ", 408), (b"GET /te", 408),
                         (request("/text", "Content-Length: 9"), 408),
                         (request("/text", coded, method="HEAD", body=b"100001\r\n"), 413),
                         (request("/text", coded, "Referer: y", body=b"x"), 400),
                         (request("/text", coded, body=b"5\r\nhel"), 408)):
        with HttpClient(server) as client:
            client.send(data)
            assert client.receive("HEAD" if data.startswith(b"HEAD") else "GET").status == status
            client.expect_end()
    found = [line.partition("] ")[2] for line in lines(tmp_path, 6)]
    late = '"the request {} did not arrive in time"'
    assert [re.sub(r" (\d{3}) \d+ ", r" \1 ", line) for line in found] == [
        '"GET /text HTTP/1.1" 408 "-" "-" ' + late.format("head"),
        '"GET /te" 408 "-" "-" ' + late.format("head"),
        '"GET /text HTTP/1.1" 408 "-" "-" ' + late.format("body"),
        '"HEAD /text HTTP/1.1" 413 "-" "-" "chunked body above the limit (RFC 9110 15.5.14)"',
        '"GET /text HTTP/1.1" 400 "y" "-" "chunk size is not a hexadecimal number (RFC 9112 7.1)"',
        '"GET /text HTTP/1.1" 408 "-" "-" ' + late.format("body"),
    ]


@pytest.mark.dispatchers
def test_a_lost_client_is_logged_with_what_he_got(logged, tmp_path):
    """A download that was broken off looks like a complete one, or is not there."""
    server = logged("--log-format", "json")
    client = server.connect(receive_buffer=4096)
    client.sendall(request("/large"))
    assert client.recv(1000)
    reset(client)
    (entry,) = entries(tmp_path, 1)
    assert entry["status"] == 200 and not entry["complete"]
    assert 0 < entry["bytes"] < LARGE


@pytest.mark.parametrize("how", ["combined", "json"])
def test_no_client_can_forge_a_line(logged, tmp_path, how):
    """Bytes of a client end a line, close a quotation, or reach the terminal as they are."""
    server = logged("--log-format", how)
    hostile = "a\" 200 1 \\\tb\x80\xff\xc3\xa4"
    with HttpClient(server) as client:
        client.send(request('/text?"\\', f"User-Agent: {hostile}", f"Referer: {hostile}"))
        assert client.receive().status == 200
    with HttpClient(server) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\nX\x1b]0;evil\x07: y\r\n\r\n")
        assert client.receive().status == 400
    found = lines(tmp_path, 2)
    for line in found:
        assert line.isprintable(), line
    if how == "json":
        entry = json.loads(found[0])
        assert entry["target"] == '/text?"\\'
        assert entry["agent"].startswith('a" 200 1 \\\tb\ufffd\ufffd')
    else:
        assert found[0].count('"') == 6
        assert r"a\x22 200 1 \x5c\x09b\x80\xff" in found[0]


@pytest.mark.dispatchers
@pytest.mark.threads
def test_lines_of_many_clients_never_mix(logged, tmp_path):
    """Loops write into each other's lines, or lines are lost at the end."""
    server = logged("--log-format", "json", "--threads", "4")
    each, clients = 50, 16

    def work(number):
        with HttpClient(server) as client:
            for i in range(each):
                assert client.get(f"/text?{number}-{i}-{'x' * 300}").status == 200

    threads = [threading.Thread(target=work, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.stop()
    found = [json.loads(line) for line in lines(tmp_path, each * clients)]
    assert len({entry["target"] for entry in found}) == each * clients
    for number in range(clients):
        mine = [e["target"].split("-")[1] for e in found if e["target"].startswith(f"/text?{number}-")]
        assert mine == [str(i) for i in range(each)], "in the order of their connection"


def test_rotation(logged, tmp_path):
    """SIGHUP does not make a new file, or a line is in neither of them."""
    server = logged()
    with HttpClient(server) as client:
        client.get("/text")
        lines(tmp_path, 1)
        (tmp_path / "log").rename(tmp_path / "log.1")
        server.send_signal(signal.SIGHUP)
        server.statistics()  # signals are taken in order
        client.get("/sub/")
    assert "/sub/" in lines(tmp_path, 1)[0]
    assert "/text" in lines(tmp_path, 1, "log.1")[0]


def test_a_full_disk_is_told_once_and_kills_nobody(logged):
    """A log that cannot be written ends the server, or fills stderr."""
    server = logged(path="/dev/full")
    server.allow(
        r"netkit: warning: cannot write to the access log '/dev/full': no space left on device",
        r"netkit: warning: \d+ lines are missing in the access log '/dev/full'",
    )
    with HttpClient(server) as client:
        for _ in range(3):
            assert client.get("/text").status == 200
            server.wait_for_line("cannot write to the access log")
    server.stop()
    assert server.stderr().count("cannot write to the access log") == 1
    assert "netkit: warning: 3 lines are missing in the access log '/dev/full'" in server.stderr()


@pytest.mark.parametrize("threads", [0, 2])
def test_nothing_is_lost_at_the_end(logged, tmp_path, threads):
    """What the loops have not handed over when the server ends is forgotten."""
    server = logged("--threads", threads)
    with HttpClient(server) as client:
        for _ in range(20):
            client.get("/text")
        server.stop()
    assert len((tmp_path / "log").read_text(encoding="utf-8").splitlines()) == 20


def test_a_log_on_stderr(logged):
    """- is a file of that name."""
    server = logged(path="-")
    server.allow(r'127\.0\.0\.1 - - \[.*\] "GET /text HTTP/1\.1" 200 \d+ "-" "-"')
    with HttpClient(server) as client:
        client.get("/text")
    server.wait_for_line('"GET /text')


def test_over_a_unix_socket(serve, tmp_path):
    """A client without an address cannot be logged."""
    server = serve("http", f"unix:{tmp_path}/socket", "--demo", "--access-log", tmp_path / "log")
    with HttpClient(server) as client:
        client.get("/")
    assert lines(tmp_path, 1)[0].startswith("unix - - [")


def test_a_log_that_cannot_be_opened(tmp_path):
    """The server starts without the log it was told to write."""
    done = run("serve", "http", "0", "--root", tmp_path, "--access-log", tmp_path / "no" / "log")
    assert done.returncode == 1
    assert done.stderr == (
        f"netkit: cannot write the access log '{tmp_path}/no/log': no such file or directory\n"
    )


def test_a_pipe_that_nobody_reads(tmp_path):
    """The server waits for a reader before it serves anybody, and does not say so."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    done = run("serve", "http", "0", "--root", tmp_path, "--access-log", fifo)
    assert done.returncode == 1
    assert done.stderr.startswith(f"netkit: cannot write the access log '{fifo}': ")


def test_a_format_without_a_log():
    """An option without effect is ignored."""
    done = run("serve", "http", "--log-format", "json")
    assert done.returncode == 2
    assert "--log-format has no effect without --access-log" in done.stderr


def test_a_reader_that_stalls_stops_nobody(logged, tmp_path):
    """The server waits for who reads its log."""
    # A FIFO that nobody empties: its 64 KiB are full soon.
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        server = logged(path=fifo)
        with HttpClient(server) as client:
            for i in range(1000):
                assert client.get(f"/text?{'x' * 300}{i}").status == 200
    finally:
        server.kill()
        os.close(reader)


def test_the_log_names_the_user(logged, tmp_path):
    """Nobody can tell who it was; or a name whose password was wrong stands there as if it had
    been right, or that of the request before."""
    users = tmp_path / "users"
    users.write_text("alice:$2y$04$qNXvp07icoXJsYSe8vwZE.go9oANGG7lb0Q3WFMlOrgVlhkuaYkp.\n")
    users.chmod(0o600)
    server = logged("--auth-file", users, "--log-format", "json")
    right, wrong = (f"Authorization: Basic {b64encode(pair).decode()}"
                    for pair in (b"alice:secret", b"alice:guess"))
    with HttpClient(server) as client:
        for field, status in ((right, 200), (right, 200), (wrong, 401), ("X: y", 401)):
            client.send(request("/text", field))
            assert client.receive().status == status
    assert [entry.get("user") for entry in entries(tmp_path, 4)] == ["alice", "alice", None, None]
