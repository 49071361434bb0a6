"""`netkit listen` with datagrams: who the peer is, who else is heard, and when it is over."""

import errno
import os
import signal
import socket

import pytest

import datagram_client
from cat_support import Stage, pattern
from event_schema import Schema
from netkit_server import PATIENCE, wait_until

pytestmark = pytest.mark.dispatchers

TRANSPORTS = ["udp4", "udp6", "unix", "abstract"]


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def listening(stage, *words, transport="udp4", **options):
    """The program and its address."""
    places = {
        "udp4": "udp://127.0.0.1:0",
        "udp6": "udp://[::1]:0",
        "unix": f"unix-dgram:{stage.directory}/d{len(stage.things)}",
        "abstract": f"unix-dgram:@netkit-test-{stage.directory.name}-{len(stage.things)}",
    }
    cat, addresses = stage.listening(*words, address=places.get(transport, transport), **options)
    return cat, addresses[0]


def client(stage, address, **options):
    return stage.keep(datagram_client.client(address, **options))


def refusal_of(peer):
    """What the kernel says to somebody that nobody listens to, at the latest by the next one."""
    try:
        for _ in range(1000):
            peer.send(b"is anybody there?")
    except OSError as error:
        return error.errno
    return None


# ---- one peer ----


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_first_sender_is_the_peer(stage, transport):
    """What it sends is written as it is, and stdin is sent to it."""
    cat, address = listening(stage, transport=transport)
    first = client(stage, address)
    first.send(b"hello\n")
    first.send(b"")
    first.send(b"\0again")
    assert cat.receive(12) == b"hello\n\0again"
    cat.send(b"answer")
    assert first.recv(100) == b"answer"
    first.send(b"!")
    assert cat.receive(1) == b"!"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_others_are_refused(stage, transport):
    """A second client has to learn that it is not the one who is listened to."""
    cat, address = listening(stage, transport=transport)
    first, second = client(stage, address), client(stage, address)
    first.send(b"first")
    assert cat.receive(5) == b"first"
    expected = errno.ECONNREFUSED if transport.startswith("udp") else errno.EPERM
    assert refusal_of(second) == expected
    first.send(b"still here")
    assert cat.receive(10) == b"still here"


def test_the_other_address_is_closed(stage):
    """localhost is two addresses: when the peer has come to one, the other must refuse."""
    cat, addresses = stage.listening(address="udp://localhost:0")
    assert [address.rsplit(":", 1)[0] for address in addresses] == ["udp://127.0.0.1",
                                                                    "udp://[::1]"]
    second, first = client(stage, addresses[0]), client(stage, addresses[1])
    first.send(b"first")
    assert cat.receive(5) == b"first"
    assert refusal_of(second) == errno.ECONNREFUSED
    cat.send(b"answer")
    assert first.recv(100) == b"answer"


@pytest.mark.parametrize("asked", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a_wildcard_answers_from_where_it_was_asked(stage, asked):
    """A client takes nothing from another address; and what it sends to this one arrives."""
    cat, address = listening(stage, transport="udp://:0")
    port = int(address.rsplit(":", 1)[1])
    place = f"udp://[{asked}]:{port}" if ":" in asked else f"udp://{asked}:{port}"
    first, second = client(stage, place), client(stage, place)
    for _ in range(50):
        first.send(b"x")
    assert cat.receive(50) == b"x" * 50
    cat.send(b"answer")
    assert first.recv(100) == b"answer"
    first.send(b"y")
    assert cat.receive(1) == b"y"
    assert refusal_of(second) == errno.ECONNREFUSED


def test_what_waited_is_sorted(stage):
    """Of what arrived before anybody looked, the peer's is written and the rest counted."""
    cat, address = listening(stage, "-v")
    first, second = client(stage, address), client(stage, address)
    cat.signal(signal.SIGSTOP)
    first.send(b"1")
    for _ in range(3):
        second.send(b"not me")
        first.send(b"+")
    cat.signal(signal.SIGCONT)
    assert cat.receive(4) == b"1+++"
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    assert "received 4 bytes" in cat.stderr()
    assert "; 3 datagrams dropped" in cat.stderr()


def test_input_waits_for_the_peer(stage, tmp_path):
    """What is read before there is a peer would be lost. A line is a datagram when asked for."""
    (tmp_path / "in").write_bytes(b"one\ntwo\nlast")
    with open(tmp_path / "in", "rb") as source:
        cat, address = listening(stage, "--datagram", "line", "--once", stdin=source.fileno())
    first = client(stage, address)
    first.send(b"?")
    assert [first.recv(100) for _ in range(3)] == [b"one\n", b"two\n", b"last"]
    cat.wait(0)
    assert cat.receive_all() == b"?"


def test_largest_datagram(stage):
    """65507 bytes in one piece, both ways."""
    cat, address = listening(stage)
    first = client(stage, address)
    first.send(pattern(65507))
    assert cat.receive(65507) == pattern(65507)
    cat.send(pattern(65507, 1))
    got = first.recv(70000)
    while len(got) < 65507:  # a pipe may be read in pieces, each of which is a datagram
        got += first.recv(70000)
    assert got == pattern(65507, 1)


def test_slow_reader_loses_nothing_that_was_received(stage):
    """What stdout does not take stays in the kernel, up to its limit, and in order."""
    cat, address = listening(stage, transport="unix")  # whose senders wait, too
    first = client(stage, address)
    first.settimeout(0.5)
    sent = 0
    try:
        while sent < 2000:
            first.send(b"%06d\n" % sent + b"." * 2993)
            sent += 1
    except TimeoutError:
        pass
    assert sent > 300
    for number in range(sent):
        assert cat.receive(3000).startswith(b"%06d\n" % number)


def test_peer_that_has_gone(stage):
    """A refusal is not silence, and no success."""
    cat, address = listening(stage)
    first = client(stage, address)
    first.send(b"bye")
    assert cat.receive(3) == b"bye"
    name = "udp://127.0.0.1:%d" % first.getsockname()[1]
    first.close()
    cat.send(b"still there?")
    cat.wait(4)
    assert cat.stderr().endswith(f"netkit: cannot send to '{name}': connection refused\n")


def test_nameless_peer(stage):
    """It is listened to; that it cannot be answered is said when there is an answer."""
    cat, address = listening(stage, transport="unix")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nameless:
        nameless.connect(datagram_client.target(address)[1])
        nameless.send(b"one")
        nameless.send(b"two")
        assert cat.receive(6) == b"onetwo"
        cat.send(b"answer")
        cat.wait(1)
    assert "cannot send to 'unix-dgram:': destination address required" in cat.stderr()


# ---- many peers ----


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_keep_open_serves_all(stage, transport):
    """What each says is written; what stdin says each hears who has said something."""
    cat, address = listening(stage, "--keep-open", transport=transport)
    peers = [client(stage, address) for _ in range(20)]
    for number, peer in enumerate(peers):
        peer.send(b"%02d" % number)
    heard = cat.receive(40)
    assert sorted(heard[i:i + 2] for i in range(0, 40, 2)) == [b"%02d" % i for i in range(20)]
    silent = client(stage, address)
    silent.settimeout(0.1)
    cat.send(b"to all")
    assert [peer.recv(100) for peer in peers] == [b"to all"] * 20
    with pytest.raises(TimeoutError):
        silent.recv(100)
    peers[3].send(b"3")
    assert cat.receive(1) == b"3"


def test_keep_open_survives_peers_that_leave(stage):
    """One that has gone must not end it for the others."""
    for transport in ["udp4", "unix"]:
        cat, address = listening(stage, "-k", transport=transport)
        gone, here = client(stage, address), client(stage, address)
        gone.send(b"x")
        here.send(b"x")
        assert cat.receive(2) == b"xx"
        gone.close()
        for _ in range(3):
            cat.send(b"anybody?")
            assert here.recv(100) == b"anybody?"
        assert cat.is_running()


def test_keep_open_on_a_wildcard(stage):
    """Each is answered from the address that it has asked."""
    cat, address = listening(stage, "-k", transport="udp://:0")
    port = address.rsplit(":", 1)[1]
    places = [f"udp://127.0.0.1:{port}", f"udp://127.0.0.2:{port}", f"udp://[::1]:{port}"]
    peers = [client(stage, place) for place in places]
    for peer in peers:
        peer.send(b"x")
    assert cat.receive(3) == b"xxx"
    cat.send(b"answer")
    assert [peer.recv(100) for peer in peers] == [b"answer"] * 3


def test_a_frozen_unix_peer_stops_nobody_for_long(stage):
    """It sets the pace only while its queue and ours can take what it does not read."""
    cat, address = listening(stage, "-k", "--datagram", "line", transport="unix")
    frozen, reading = client(stage, address), client(stage, address)
    frozen.send(b"x")
    reading.send(b"x")
    assert cat.receive(2) == b"xx"
    for number in range(100):
        cat.send(b"%d\n" % number)
        assert reading.recv(100) == b"%d\n" % number


# ---- the end ----


def test_end_of_input_is_not_the_end(stage):
    """Nobody can say over UDP that he has finished: it goes on until a signal, as nc -lu does."""
    cat, address = listening(stage, "-v")
    first = client(stage, address)
    first.send(b"one")
    assert cat.receive(3) == b"one"
    cat.end()
    first.send(b"two")
    assert cat.receive(3) == b"two"
    cat.signal(signal.SIGINT)
    cat.wait(-signal.SIGINT)
    assert "sent 0 bytes, received 6 bytes in" in cat.stderr()


@pytest.mark.parametrize("words", [["--once"], ["--on-eof", "close"], ["--send-only"],
                                   ["--linger", "50ms"]])
def test_ends_with_the_input(stage, words):
    """Everything that was read is sent first."""
    cat, address = listening(stage, *words)
    first = client(stage, address)
    first.send(b"one")
    cat.send(b"answer")
    assert first.recv(100) == b"answer"
    cat.end()
    cat.wait(0)
    assert cat.receive_all() == (b"" if words == ["--send-only"] else b"one")


def test_idle_timeout(stage):
    """Silence ends it when that was asked for; before there is a peer there is no silence."""
    cat, address = listening(stage, "--idle-timeout", "300ms")
    first = client(stage, address)
    first.send(b"one")
    cat.wait(5)
    assert cat.receive_all() == b"one"
    assert "cannot go on: timed out" in cat.stderr()


def test_recv_only(stage):
    """Stdin is not read."""
    cat, address = listening(stage, "--recv-only")
    first = client(stage, address)
    cat.send(b"unwanted")
    first.send(b"one")
    assert cat.receive(3) == b"one"
    first.settimeout(0.1)
    with pytest.raises(TimeoutError):
        first.recv(100)


@pytest.mark.parametrize("words", [[], ["-k"]])
def test_a_signal_loses_nothing_that_has_arrived(stage, words):
    """Where only a signal ends it, what the kernel has by then is part of what was asked for."""
    cat, address = listening(stage, *words)
    first = client(stage, address)
    cat.signal(signal.SIGSTOP)
    for number in range(200):
        first.send(b"%03d\n" % number)
    cat.signal(signal.SIGTERM)
    cat.signal(signal.SIGCONT)
    cat.wait(-signal.SIGTERM)
    assert cat.receive_all() == b"".join(b"%03d\n" % number for number in range(200))


def test_reader_of_stdout_leaves(stage):
    """That is no failure."""
    cat, address = listening(stage)
    first = client(stage, address)
    first.send(b"one")
    assert cat.receive(3) == b"one"
    os.close(cat.stdout)
    cat.stdout = None
    first.send(b"two")
    cat.wait(0)


def test_full_disk(stage):
    """What cannot be kept was not received."""
    with open("/dev/full", "wb") as full:
        cat, address = listening(stage, stdout=full.fileno())
    client(stage, address).send(b"one")
    cat.wait(1)
    assert "cannot write standard output: no space left on device" in cat.stderr()


def test_the_file_is_removed(stage, tmp_path):
    """The next one could not tell a dead socket from a live one."""
    cat, address = listening(stage, transport="unix")
    path = address[len("unix-dgram:"):]
    first = client(stage, address)
    first.send(b"x")
    assert cat.receive(1) == b"x"
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    assert not (tmp_path / path).exists()


def test_cannot_listen(stage):
    """A port that somebody has is not shared."""
    _, address = listening(stage)
    cat = stage.cat("listen", address)
    cat.wait(8)
    assert cat.stderr() == f"netkit: cannot listen on '{address}': address already in use\n"


def test_events(stage):
    """Programs read what happened."""
    cat, address = listening(stage, "--json", "-k")
    first = client(stage, address)
    first.send(b"x")
    assert cat.receive(1) == b"x"
    cat.signal(signal.SIGUSR1)
    wait_until(lambda: "statistics" in cat.stderr(), "statistics")
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    events = cat.events()
    schema = Schema()
    assert [problem for event in events for problem in schema.problems(event)] == []
    assert [event["event"] for event in events] == ["listening", "connected", "statistics",
                                                    "summary"]
    assert events[1]["address"] == "udp://127.0.0.1:%d" % first.getsockname()[1]
    assert events[-1]["bytes_received"] == 1


@pytest.mark.parametrize("words", [["--wait", "1s", "udp://:0"], ["--replies", "1", "udp://:0"],
                                   ["--datagram", "line", "tcp://:0"]])
def test_options_without_effect(stage, words):
    """An option that does nothing is a mistake."""
    cat = stage.cat("listen", *words)
    cat.wait(2, PATIENCE)
    assert cat.stderr().endswith("Try 'netkit listen --help'\n")


def test_record_and_hexdump(stage, tmp_path):
    """Each datagram is a line of the record, also an empty one; stdin's is one for all peers."""
    cat, address = listening(stage, "-k", "--hex", "--record", tmp_path / "record",
                             "--datagram", "line")
    peers = [client(stage, address) for _ in range(2)]
    for peer in peers:
        peer.send(b"hi")
        assert cat.receive(2) == b"hi"
    cat.send(b"one\ntwo\n")
    for peer in peers:
        assert [peer.recv(100) for _ in range(2)] == [b"one\n", b"two\n"]
    peers[0].send(b"")
    peers[0].send(b"!")
    assert cat.receive(1) == b"!"
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    lines = (tmp_path / "record").read_text().splitlines()
    assert lines[0] == "netkit-record 1"
    assert [line.split(" ", 1)[1] for line in lines[1:]] == [
        "< 2 hi", "< 2 hi", "> 4 one\\n", "> 4 two\\n", "< 0 ", "< 1 !"]
    assert "6f 6e 65 0a" in cat.stderr()
