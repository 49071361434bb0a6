"""Services on unix sockets that keep records (SOCK_SEQPACKET)."""

import calendar
import os
import re
import signal
import socket
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import netkit_server
from cat_support import Stage
from netkit_server import NETKIT, PATIENCE

pytestmark = pytest.mark.dispatchers


def client(server):
    where = server.addresses[0].removeprefix("unix-seqpacket:")
    result = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    result.settimeout(PATIENCE)
    result.connect("\0" + where[1:] if where.startswith("@") else where)
    return result


def ask(server, *records):
    """The answers to that many records."""
    with client(server) as asking:
        for record in records:
            asking.send(record)
        return [asking.recv(1 << 20) for _ in records]


@pytest.fixture(params=["path", "abstract"])
def word(request, tmp_path):
    if request.param == "path":
        return f"unix-seqpacket:{tmp_path}/s"
    return f"unix-seqpacket:@netkit-e2e-{os.getpid()}-{tmp_path.name}"


@pytest.mark.threads
@pytest.mark.parametrize("threads", [0, 2])
def test_records_are_echoed_as_they_are(serve, word, threads):
    """Records are merged, cut, or the empty one ends the connection."""
    server = serve("echo", "--threads", threads, word)
    assert server.addresses == [word]
    records = [b"one", b"", b"x" * 65536, b"three"]
    for _ in range(4):  # on every loop
        assert ask(server, *records) == records


@pytest.mark.threads
def test_every_kind_of_address_at_once(serve, tmp_path):
    """A stream is served as records, or the other way round."""
    server = serve("echo", "--threads", 2, f"unix-seqpacket:{tmp_path}/p", f"unix:{tmp_path}/s",
                   "tcp://127.0.0.1:0", f"unix-dgram:{tmp_path}/d")
    assert ask(server, b"one", b"two") == [b"one", b"two"]
    for address in server.addresses[1:3]:
        with netkit_server.connect(address) as asking:
            asking.sendall(b"one")
            asking.sendall(b"two")
            asking.shutdown(socket.SHUT_WR)
            assert b"".join(iter(lambda: asking.recv(100), b"")) == b"onetwo"


def test_the_end_of_a_client(serve, word):
    """What was asked before the end stays without an answer, or the end without an end."""
    server = serve("echo", word)
    with client(server) as asking:
        asking.send(b"last")
        asking.shutdown(socket.SHUT_WR)
        assert asking.recv(100) == b"last"
        assert asking.recv(100) == b""


def test_a_client_that_does_not_read(serve, tmp_path):
    """Answers of a slow client are lost, merged, or fill the memory."""
    server = serve("echo", "--threads", 0, f"unix-seqpacket:{tmp_path}/s")
    with client(server) as asking:
        asking.setblocking(False)
        sent = []
        for _ in range(3):
            try:
                while True:
                    record = bytes([len(sent) % 251]) * (len(sent) * 37 % 5000)
                    asking.send(record)
                    sent.append(record)
            except BlockingIOError:
                time.sleep(0.05)  # the server may take some more
        asking.settimeout(PATIENCE)
        assert len(sent) > 50
        for record in sent:
            assert asking.recv(8192) == record


@pytest.mark.parametrize("words, answers", [
    (["--transform", "upper"], [b"ONE\nTWO", b"", b"THREE"]),
    (["--prefix", "> "], [b"> one\ntwo", b"> ", b"> three"]),
    (["--frame", "line", "--prefix", "> "], [b"> one\ntwo", b"> ", b"> three"]),
    (["--delay", "100ms"], [b"one\ntwo", b"", b"three"]),
    (["--delay", "100ms", "--prefix", "> "], [b"> one\ntwo", b"> ", b"> three"]),
])
def test_a_record_is_a_message(serve, word, words, answers):
    """Options that work on messages see lines of a record, or parts of several."""
    server = serve("echo", *words, word)
    assert ask(server, b"one\ntwo", b"", b"three") == answers


def test_more_delayed_replies_than_fit(serve, tmp_path):
    """With a delay the replies of a busy client fill the memory, or some are lost."""
    server = serve("echo", "--delay", "300ms", f"unix-seqpacket:{tmp_path}/s")
    records = [bytes([i]) * 50000 for i in range(20)]
    with client(server) as asking, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(lambda: [asking.send(record) for record in records])
        assert [asking.recv(1 << 20) for _ in records] == records
        assert sent.result(PATIENCE) == [50000] * len(records)


def test_what_has_arrived_is_answered_before_the_end(serve, word):
    """Requests are lost when the server is stopped."""
    server = serve("echo", "--threads", 0, word)
    with client(server) as asking:
        asking.send(b"first")
        assert asking.recv(100) == b"first"
        server.send_signal(signal.SIGSTOP)  # what follows waits in the kernel
        for number in range(10):
            asking.send(b"%d" % number)
        server.send_signal()
        server.send_signal(signal.SIGCONT)
        for number in range(10):
            assert asking.recv(100) == b"%d" % number
        assert asking.recv(100) == b""
    server.wait()


def test_a_record_that_is_too_long(serve, word):
    """It is cut without a word, or takes the others with it."""
    server = serve("echo", word)
    with client(server) as other, client(server) as asking:
        asking.send(b"x" * 65537)
        try:
            assert asking.recv(1 << 20) == b""
        except ConnectionResetError:
            pass
        other.send(b"still here")
        assert other.recv(100) == b"still here"


def test_discard(serve, word):
    """Something comes back, or the records are not taken."""
    server = serve("discard", word)
    with client(server) as sending:
        for _ in range(1000):
            sending.send(b"x" * 1000)
        sending.shutdown(socket.SHUT_WR)
        assert sending.recv(100) == b""


def test_chargen(serve, word):
    """A record is several lines, which other programs cut."""
    server = serve("chargen", word)
    ring = bytes(range(32, 127))
    with client(server) as reader:
        for number in range(1000):
            start = number % len(ring)
            line = (ring + ring)[start:start + 72] + b"\r\n"
            assert reader.recv(8192) == line


@pytest.mark.parametrize("service", ["daytime", "time"])
def test_clocks(serve, word, service):
    """The answer is not one record, or the connection stays open."""
    server = serve(service, word)
    with client(server) as reader:
        answer = reader.recv(100)
        assert reader.recv(100) == b""
    if service == "daytime":
        text = re.fullmatch(rb"(.*)-UTC\r\n", answer).group(1).decode()
        seconds = calendar.timegm(time.strptime(text, "%A, %B %d, %Y %H:%M:%S"))
    else:
        seconds = struct.unpack(">I", answer)[0] - 2208988800
    assert abs(seconds - time.time()) < PATIENCE


# ---- files ----


def leave_dead_socket(path, kind=socket.SOCK_SEQPACKET):
    with socket.socket(socket.AF_UNIX, kind) as dead:
        dead.bind(str(path))


@pytest.mark.parametrize("kind", [socket.SOCK_SEQPACKET, socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_dead_socket_is_replaced(serve, tmp_path, kind):
    """After a crash, of whatever server, this one cannot be started by hand."""
    path = tmp_path / "s"
    leave_dead_socket(path, kind)
    server = serve("echo", f"unix-seqpacket:{path}")
    assert ask(server, b"one") == [b"one"]
    server.stop()
    assert not path.exists()


@pytest.mark.parametrize("first", ["unix-seqpacket", "unix", "unix-dgram"])
def test_a_live_socket_is_not_taken_over(serve, tmp_path, first):
    """A server of another kind is taken for a dead one."""
    path = tmp_path / "s"
    serve("echo", f"{first}:{path}")
    for second in ("unix-seqpacket", "unix"):
        done = netkit_server.run("serve", "echo", f"{second}:{path}")
        assert done.returncode == 8
        assert done.stderr == (
            f"netkit: cannot listen on '{second}:{path}': address already in use\n")


# ---- with other programs ----


def test_with_socat(serve, need, word):
    """A client that other people have does not get along with it."""
    server = serve("echo", word)
    where = word.removeprefix("unix-seqpacket:")
    target = f"ABSTRACT-CONNECT:{where[1:]}" if where[0] == "@" else f"UNIX-CONNECT:{where}"
    done = subprocess.run([need("socat"), "-t", "5", "-", f"{target},type=5"], input=b"hello\n",
                          stdout=subprocess.PIPE, timeout=PATIENCE, check=False)
    assert done.stdout == b"hello\n"


def test_with_netkit(serve, word):
    """Our own client least of all."""
    server = serve("echo", word)
    done = subprocess.run([NETKIT, "connect", word], input=b"hello\n", capture_output=True,
                          timeout=PATIENCE, env=netkit_server.environment(), check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hello\n", b""), server.stderr()


def test_listen(word, tmp_path):
    """`netkit listen` waits on a stream socket, which no such client can connect to."""
    stage = Stage(tmp_path)
    try:
        cat, addresses = stage.listening(address=word)
        assert addresses == [word]
        where = word.removeprefix("unix-seqpacket:")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
            peer.settimeout(PATIENCE)
            peer.connect("\0" + where[1:] if where[0] == "@" else where)
            peer.send(b"one")
            peer.send(b"two")
            assert cat.receive(6) == b"onetwo"
            cat.send(b"three")
            assert peer.recv(100) == b"three"
            peer.shutdown(socket.SHUT_WR)
            cat.end()
            cat.wait(0)
    finally:
        stage.close()


def test_wrong_kind_of_client(serve, word):
    """A stream client hangs instead of being told."""
    serve("echo", word)
    done = netkit_server.run("connect", word.replace("unix-seqpacket:", "unix:"))
    assert done.returncode == 4


def test_http_has_no_records(tmp_path):
    """HTTP is a stream: a server that starts would not answer."""
    done = netkit_server.run("serve", "http", f"unix-seqpacket:{tmp_path}/s", "--root", tmp_path)
    assert done.returncode == 2
    assert "that kind of address is not supported by this server" in done.stderr
