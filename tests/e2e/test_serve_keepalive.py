"""serve keepalive: answers on every kind of socket, and the failures it rehearses."""

import re
import socket
import time

import pytest

import datagram_client
import netkit_server
from echo_client import receive_all, receive_exactly
from keepalive_support import PING, PONG, SIZE, message
from netkit_server import PATIENCE

pytestmark = pytest.mark.dispatchers

DATA = bytes(range(256)) * 4


def ask(client, data=DATA):
    client.sendall(message(PING, data))
    return receive_exactly(client, SIZE)


def is_silent(client, server):
    """Whether nothing comes although the server has handled all it was sent: it has, when a
    client that asked later was answered."""
    with server.connect() as other:
        ask(other)
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.recv(1)
    client.settimeout(PATIENCE)
    return True


@pytest.mark.threads
@pytest.mark.parametrize("threads", [0, 2])
def test_every_kind_of_address(serve, tmp_path, threads):
    """Clients of one kind of socket would get no answer, or another client's data."""
    server = serve("keepalive", "--threads", threads, "tcp://127.0.0.1:0", f"unix:{tmp_path}/s",
                   "udp://127.0.0.1:0", f"unix-dgram:{tmp_path}/d", f"unix-seqpacket:{tmp_path}/p")
    for address in server.addresses[:2]:
        with netkit_server.connect(address) as client, netkit_server.connect(address) as other:
            for number in range(3):
                assert ask(client, b"one %d" % number) == message(PONG, b"one %d" % number)
                assert ask(other, b"two %d" % number) == message(PONG, b"two %d" % number)
    for address in server.addresses[2:4]:
        assert datagram_client.ask(address, message(PING, DATA)) == message(PONG, DATA)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(PATIENCE)
        client.connect(f"{tmp_path}/p")
        for _ in range(2):
            client.send(message(PING, DATA))
            assert client.recv(2 * SIZE) == message(PONG, DATA)
    server.stop()
    assert "16 requests" in server.stderr()


def test_messages_cut_anywhere(serve):
    """TCP delivers pieces; a server that takes each for a message answers garbage, or never."""
    server = serve("keepalive", "--threads", 0, "127.0.0.1:0")
    stream = b"".join(message(PING, b"%d" % number) for number in range(3))
    for first in (1, 3, 4, 5, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE + 2):
        with server.connect() as client:
            client.sendall(stream[:first])
            if first < SIZE:
                assert is_silent(client, server)
            client.sendall(stream[first:])
            for number in range(3):
                assert receive_exactly(client, SIZE) == message(PONG, b"%d" % number)


def test_many_pings_in_a_row(serve):
    """A client that asks faster than it reads would lose answers, or stop the server."""
    server = serve("keepalive", "--threads", 0, "127.0.0.1:0")
    with server.connect() as client:
        client.sendall(b"".join(message(PING, b"%d" % number) for number in range(500)))
        client.shutdown(socket.SHUT_WR)
        answers = receive_all(client)
    assert answers == b"".join(message(PONG, b"%d" % number) for number in range(500))


def test_notes_are_logged_without_a_reply(serve):
    """Types 11 and 21 would be answered, refused, or go unseen."""
    server = serve("keepalive", "-v", "--threads", 0, "127.0.0.1:0", "udp://127.0.0.1:0")
    server.allow(r"netkit: info: a client has sent a message of type (11|21)")
    with server.connect() as client:
        client.sendall(message(11) + message(21) + message(PING, b"next"))
        assert receive_exactly(client, SIZE) == message(PONG, b"next")
    with datagram_client.client(server.addresses[1]) as client:
        client.send(message(11))
        client.send(message(PING, b"next"))
        assert client.recv(SIZE + 1) == message(PONG, b"next")
    server.stop()
    assert re.findall(r"of type (\d+)", server.stderr()) == ["11", "21", "11"]


def test_an_unknown_type_closes_that_connection(serve):
    """One client that speaks something else would stay for ever, or end the others."""
    server = serve("keepalive", "--threads", 0, "127.0.0.1:0")
    server.allow(r"netkit: warning: a client was refused: it has sent a message of the unknown"
                 r" type 7", r"served .*; 1 refused")
    with server.connect() as client, server.connect() as other:
        client.sendall(message(PING) + message(7) + message(PING))
        assert receive_all(client) == message(PONG)
        assert ask(other) == message(PONG, DATA)


def test_another_protocol_is_found_out_at_once(serve):
    """A client that speaks HTTP would be waited for until 1,028 bytes have come: for ever."""
    server = serve("keepalive", "127.0.0.1:0")
    server.allow(r"netkit: warning: a client was refused: it has sent a message of the unknown"
                 r" type 1195725856", r"served .*; 1 refused")
    with server.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert receive_all(client) == b""


def test_records_and_datagrams_of_another_size(serve, tmp_path):
    """A short one would be read beyond its end; a record that is none ends its connection only."""
    server = serve("keepalive", f"unix-seqpacket:{tmp_path}/p", "udp://127.0.0.1:0")
    server.allow(r"netkit: warning: a client was refused: it has sent a message of the wrong size"
                 r" 1027", r"served .*; 1 refused", r"received 5 datagrams; 4 not answered")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(PATIENCE)
        client.connect(f"{tmp_path}/p")
        client.send(message(PING)[:-1])
        assert client.recv(SIZE) == b""
    with datagram_client.client(server.addresses[1]) as client:
        for wrong in (b"", message(PING)[:-1], message(PING) + b"x", message(7), message(PING)):
            client.send(wrong)
        assert client.recv(2 * SIZE) == message(PONG)


# ---- what it rehearses ----


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_delay(serve, kind):
    """Answers would come early, or in another order, or a client that has ended got none."""
    server = serve("keepalive", "--delay", "400ms", f"{kind}://127.0.0.1:0")
    start = time.monotonic()
    if kind == "udp":
        with datagram_client.client(server.address) as client:
            for number in range(3):
                client.send(message(PING, b"%d" % number))
            answers = b"".join(client.recv(SIZE) for _ in range(3))
    else:
        with server.connect() as client:
            client.sendall(b"".join(message(PING, b"%d" % number) for number in range(3)))
            client.shutdown(socket.SHUT_WR)
            answers = receive_all(client)
    assert time.monotonic() - start >= 0.4
    assert answers == b"".join(message(PONG, b"%d" % number) for number in range(3))


def test_a_client_that_asks_too_much_is_held(serve):
    """Answers that are held back would fill the memory; held back from reading, none is lost."""
    server = serve("keepalive", "--delay", "300ms", "--threads", 0, "127.0.0.1:0")
    with server.connect() as client:
        client.sendall(b"".join(message(PING, b"%d" % number) for number in range(400)))
        client.shutdown(socket.SHUT_WR)
        answers = receive_all(client)
    assert answers == b"".join(message(PONG, b"%d" % number) for number in range(400))


def datagrams_received(server):
    """As the statistics say, which SIGUSR1 brings."""
    server.statistics()
    return int(re.findall(r"^received (\d+) datagram", server.stderr(), re.M)[-1])


def receive_what_has_come(client):
    client.setblocking(False)
    try:
        while True:
            yield client.recv(SIZE)
    except BlockingIOError:
        client.settimeout(PATIENCE)


def test_drop_is_the_same_with_the_same_seed(serve):
    """A rehearsal could not be repeated, and a client's loss not be checked."""
    fates = []
    for seed in (1, 1, 2):
        server = serve("keepalive", "--drop", 30, "--seed", seed, "--threads", 0,
                       "udp://127.0.0.1:0")
        server.allow(r"received \d+ datagrams; \d+ not answered")
        answered = []
        with datagram_client.client(server.address) as client:
            for number in range(200):
                client.send(message(PING, b"%d" % number))
                if number % 40 == 39:  # what fits into the buffers
                    netkit_server.wait_until(lambda: datagrams_received(server) == number + 1,
                                             "all have come")
                    answered += receive_what_has_come(client)
        server.stop()
        dropped = int(re.search(r"(\d+) not answered\Z", server.stderr().strip()).group(1))
        assert len(answered) == 200 - dropped
        assert 20 < dropped < 110
        fates.append(answered)
    assert fates[0] == fates[1] != fates[2]


def test_drop_everything(serve):
    """Some would be answered."""
    server = serve("keepalive", "--drop", 100, "--threads", 0, "127.0.0.1:0")
    with server.connect() as client:
        client.sendall(message(PING) * 50)
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client) == b""


@pytest.mark.parametrize("answers", [0, 2])
def test_freeze_after(serve, answers):
    """A frozen server would answer, close, or freeze its other clients as well."""
    server = serve("keepalive", "--freeze-after", answers, "--threads", 0, "127.0.0.1:0")
    with server.connect() as client:
        for _ in range(answers):
            assert ask(client) == message(PONG, DATA)
        client.sendall(message(PING) + message(7) + b"half")
        netkit_server.wait_until(lambda: server.statistics()["requests"] == answers, "answers")
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)
        client.settimeout(PATIENCE)
        with server.connect() as other:
            if answers:
                assert ask(other) == message(PONG, DATA)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""  # its end is still its end


def test_freeze_a_datagram_client(serve):
    """Only connections could be frozen."""
    server = serve("keepalive", "--freeze-after", 1, "udp://127.0.0.1:0")
    server.allow(r"received \d+ datagrams?; 1 not answered")
    with datagram_client.client(server.address) as client:
        client.send(message(PING, b"first"))
        assert client.recv(SIZE) == message(PONG, b"first")
        client.send(message(PING, b"second"))
        netkit_server.wait_until(lambda: datagrams_received(server) == 2, "both have come")
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)


@pytest.mark.parametrize("answers", [0, 2])
def test_rst_after(serve, answers):
    """The client would see an orderly end, which is another failure."""
    server = serve("keepalive", "--rst-after", answers, "127.0.0.1:0")
    with server.connect() as client:
        for _ in range(answers):
            assert ask(client) == message(PONG, DATA)
        client.sendall(message(PING))
        with pytest.raises(ConnectionResetError):
            client.recv(1)


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_compat_answers_in_host_order(serve, kind):
    """Nobody could try whether a client understands the protocol's first server."""
    server = serve("keepalive", "--compat", f"{kind}://127.0.0.1:0")
    pong = message(PONG, DATA, order="<")
    if kind == "udp":
        assert datagram_client.ask(server.address, message(PING, DATA)) == pong
    else:
        with server.connect() as client:
            assert ask(client) == pong


# ---- its end, and mistakes ----


def test_a_stop_waits_for_answers_that_are_held_back(serve):
    """SIGTERM would lose an answer that is already owed, or wait for idle clients."""
    server = serve("keepalive", "--delay", "500ms", "--threads", 0, "127.0.0.1:0")
    with server.connect() as client, server.connect():
        client.sendall(message(PING))
        netkit_server.wait_until(lambda: server.proc.descriptors() and
                                 server.statistics()["open"] == 2, "both are connected")
        server.send_signal()
        assert receive_all(client) == message(PONG)
        assert server.wait() == 0


def test_idle_timeout(serve):
    """Silent clients would stay although they were not to."""
    server = serve("keepalive", "--idle-timeout", "200ms", "127.0.0.1:0")
    with server.connect() as client:
        assert receive_all(client) == b""


@pytest.mark.parametrize("words, problem", [
    (["--drop", "101"], "--drop: '101' is too large; the most is 100"),
    (["--seed", "1"], "--seed has no effect without --drop"),
    (["--freeze-after", "1", "--rst-after", "1"],
     "--freeze-after and --rst-after exclude each other"),
    (["--rst-after", "1", "udp://127.0.0.1:0"], "--rst-after has no effect on datagrams"),
    (["http://127.0.0.1:0"],
     "'http://127.0.0.1:0': that kind of address is not supported by this server")], ids=str)
def test_usage_errors(words, problem):
    """A rehearsal that does not take place would look like a success."""
    done = netkit_server.run("serve", "keepalive", *words)
    assert done.returncode == 2
    assert done.stderr == (f"netkit: {problem}\n"
                           "Try 'netkit serve keepalive --help'\n")
