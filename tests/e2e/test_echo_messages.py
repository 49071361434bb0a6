"""serve echo message by message: --frame, --prefix, --transform, --delay, --max-frame."""

import re
import socket
import struct
import threading
import time

import pytest

import netkit_server
from echo_client import receive_all, receive_exactly

pytestmark = pytest.mark.dispatchers


def exchange(server, data):
    """Everything that comes back for `data` and the end of the stream."""
    with server.connect() as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return receive_all(client)


def frame(kind, payload):
    return struct.pack(">I4s", len(payload), kind) + payload


@pytest.mark.parametrize(
    "how, expected", [("none", b"Hello, World! \xc3\xa4"), ("upper", b"HELLO, WORLD! \xc3\xa4"),
                      ("rot13", b"Uryyb, Jbeyq! \xc3\xa4")])
def test_transform(serve, how, expected):
    """Bytes that are not ASCII letters would change, or letters would not."""
    server = serve("echo", "--transform", how, "127.0.0.1:0")
    assert exchange(server, b"Hello, World! \xc3\xa4") == expected


def test_large_transformed_stream(serve):
    """A stream longer than every buffer would be cut or stand still."""
    server = serve("echo", "--transform", "rot13", "127.0.0.1:0")
    data = bytes(range(256)) * 40000
    table = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                            b"NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm")
    with server.connect() as client:
        sender = threading.Thread(
            target=lambda: (client.sendall(data), client.shutdown(socket.SHUT_WR)))
        sender.start()
        assert receive_all(client) == data.translate(table)
        sender.join()


def test_prefix_is_put_before_each_line(serve):
    """Each end of a line, also one in two reads, would begin a line too many or too few."""
    server = serve("echo", "--prefix", "Hi, ", "127.0.0.1:0")
    assert exchange(server, b"one\ntwo\rthree\r\n\nlast") == (
        b"Hi, one\nHi, two\rHi, three\r\nHi, \nHi, last")
    with server.connect() as client:
        client.sendall(b"split\r")
        assert receive_exactly(client, 10) == b"Hi, split\r"
        client.sendall(b"\nnext\n")
        assert receive_exactly(client, 10) == b"\nHi, next\n"


def test_many_short_lines_with_a_long_prefix(serve):
    """A small request would make the server hold a thousand times as much."""
    server = serve("echo", "--prefix", "p" * 4096, "127.0.0.1:0")
    answer = exchange(server, b"\n" * 20000)
    assert len(answer) == 20000 * 4097
    assert answer == (b"p" * 4096 + b"\n") * 20000


def test_len32(serve):
    """Types would be lost, or lengths not count the prefix."""
    server = serve("echo", "--frame", "len32", "--prefix", "ab", "--transform", "upper",
                   "127.0.0.1:0")
    assert exchange(server, frame(b"type", b"xyz") + frame(b"\0\1\2\3", b"")) == (
        frame(b"type", b"abXYZ") + frame(b"\0\1\2\3", b"ab"))
    with server.connect() as client:
        for byte in frame(b"slow", b"payload"):
            client.sendall(bytes([byte]))
        assert receive_exactly(client, 17) == frame(b"slow", b"abPAYLOAD")


@pytest.mark.parametrize("framing, data", [
    ("line", b"ok\n" + b"x" * 101), ("len32", frame(b"type", b"ok") + frame(b"type", b"x" * 101)),
    ("len32", frame(b"type", b"ok") + b"\xff\xff\xff\xff")])
def test_too_long_a_message_ends_the_connection(serve, framing, data):
    """One client could make the server wait for, and hold, gigabytes."""
    server = serve("echo", "--frame", framing, "--max-frame", "100", "127.0.0.1:0")
    server.allow(r"netkit: warning: a client was refused: .*--max-frame \(100\)",
                 r"served 2 connections, .*; 1 refused")
    with server.connect() as client, server.connect() as other:
        client.sendall(data)
        answer = receive_all(client)
        assert answer == (b"ok\n" if framing == "line" else frame(b"type", b"ok"))
        good = b"y" * 100 + b"\n" if framing == "line" else frame(b"type", b"y" * 100)
        other.sendall(good)
        assert receive_exactly(other, len(good)) == good
    server.stop()


def test_delay_keeps_order_and_others_unaffected(serve):
    """Replies would come early, in another order, or one client would wait for another."""
    server = serve("echo", "--delay", "500ms", "--frame", "line", "--threads", 0, "127.0.0.1:0")
    with server.connect() as first, server.connect() as second:
        start = time.monotonic()
        first.sendall(b"one\ntwo\n")
        second.sendall(b"other\n")
        assert receive_exactly(first, 8) == b"one\ntwo\n"
        assert receive_exactly(second, 6) == b"other\n"
        assert 0.5 <= time.monotonic() - start < 0.5 + netkit_server.PATIENCE


def test_delayed_replies_reach_a_client_that_has_ended(serve):
    """The end of the client's stream would drop what is held back."""
    server = serve("echo", "--delay", "200ms", "127.0.0.1:0")
    assert exchange(server, b"hello") == b"hello"


@pytest.mark.release
def test_delayed_replies_take_bounded_memory(serve):
    """A client that sends without end would fill the memory with what is held back."""
    server = serve("echo", "--delay", "1h", "--drain", "0", "127.0.0.1:0")
    server.allow(r"served 1 connection, .*; 1 cut")
    with server.connect() as client:
        before = server.proc.private_kib()
        client.setblocking(False)
        sent, block = 0, b"x" * 65536
        deadline = time.monotonic() + netkit_server.PATIENCE
        idle_since = time.monotonic()
        while time.monotonic() < deadline and time.monotonic() - idle_since < 0.3:
            try:
                sent += client.send(block)
                idle_since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        assert time.monotonic() < deadline, f"{sent} bytes were read"
        assert server.proc.private_kib() - before < 4096
        server.stop(status=1)


def test_drain_waits_for_delayed_replies(serve):
    """SIGTERM would drop what is held back."""
    server = serve("echo", "--delay", "500ms", "127.0.0.1:0")
    server.allow(r"stopping on SIGTERM: 1 connection may finish.*")
    with server.connect() as client:
        client.sendall(b"hello")
        netkit_server.wait_until(lambda: "5 bytes in" in statistics_line(server), "it has arrived")
        server.send_signal()
        assert receive_all(client) == b"hello"
    server.wait()
    server.stop()


def statistics_line(server):
    server.statistics()
    return re.findall(r"^served .*$", server.stderr(), re.M)[-1]
