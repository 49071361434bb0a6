"""relay where datagrams are on one side or on both."""

import re
import signal
import socket
import subprocess
import time

import pytest

import datagram_client
import netkit_server
from cat_support import MIB, Peer, frozen, pattern
from netkit_server import PATIENCE, connect, run, wait_until
from relay_support import RelayStage, is_reset, is_silent

KINDS = ["udp", "unix-dgram"]


class DatagramStage(RelayStage):
    def server(self, kind="udp"):
        """A datagram socket of the test's own, and the words that lead to it."""
        if kind == "udp":
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.bind(("127.0.0.1", 0))
            word = f"udp://127.0.0.1:{server.getsockname()[1]}"
        else:
            path = f"{self.directory}/d{len(self.things)}"
            server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            server.bind(path)
            word = f"unix-dgram:{path}"
        server.settimeout(PATIENCE)
        return self.keep(server), word

    def datagram_relay(self, target, *words, kind="udp", **options):
        address = "udp://127.0.0.1:0"
        if kind != "udp":
            address = f"unix-dgram:{self.directory}/r{len(self.things)}"
        return self.relay(target, *words, address=address, **options)

    def client(self, relay, **options):
        return self.keep(datagram_client.client(relay.address, **options))


@pytest.fixture
def stage(tmp_path):
    stage = DatagramStage(tmp_path)
    yield stage
    stage.close()


# ---- datagrams on both sides ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("kinds", [(one, other) for one in KINDS for other in KINDS])
def test_datagrams_both_ways(stage, kinds):
    """A datagram is changed, run together with another or lost, the empty and longest included."""
    server, word = stage.server(kinds[1])
    relay = stage.datagram_relay(word, kind=kinds[0])
    client = stage.client(relay)
    datagrams = [b"one", b"", b"x" * 1400, pattern(65507), b"two", b""]
    for datagram in datagrams:
        client.send(datagram)
        received, sender = server.recvfrom(1 << 17)
        assert received == datagram
        server.sendto(datagram[::-1], sender)
        assert client.recv(1 << 17) == datagram[::-1]


def test_a_burst_keeps_its_order(stage):
    """What comes before the other side is reached is lost or mixed up."""
    server, word = stage.server()
    relay = stage.datagram_relay(word)
    client = stage.client(relay)
    for number in range(60):
        client.send(b"%d" % number)
    got = [int(server.recv(100)) for _ in range(60)]
    assert got == list(range(60))


@pytest.mark.dispatchers
def test_each_client_has_a_socket_of_its_own(stage):
    """Answers for one client get to another."""
    server, word = stage.server()
    relay = stage.datagram_relay(word)
    clients = [stage.client(relay) for _ in range(100)]
    senders = {}
    for number, client in enumerate(clients):
        client.send(b"%d" % number)
        text, sender = server.recvfrom(100)
        senders[int(text)] = sender
    assert len(set(senders.values())) == 100
    for number, sender in senders.items():
        server.sendto(b"first for %d" % number, sender)
        server.sendto(b"second for %d" % number, sender)
    for number, client in enumerate(clients):
        assert client.recv(100) == b"first for %d" % number
        assert client.recv(100) == b"second for %d" % number
    relay.wait_for_totals(open=100, connections=100)


def test_a_wildcard_answers_from_the_address_asked(stage):
    """The answer comes from another address, which a connected client does not take."""
    server, word = stage.server()
    relay = stage.relay(word, address="udp://:0")
    for host in ("127.0.0.1", "127.0.0.2", "::1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as client:
            client.settimeout(PATIENCE)
            client.connect((host, int(relay.address.rsplit(":", 1)[1])))
            client.send(b"question")
            question, sender = server.recvfrom(100)
            server.sendto(question, sender)
            assert client.recv(100) == b"question"


def test_silence(stage):
    """A silent client keeps its socket, or one that is only answered loses it."""
    server, word = stage.server()
    relay = stage.datagram_relay(word, "--idle-timeout", "1s")
    client = stage.client(relay)
    client.send(b"one")
    _, first = server.recvfrom(100)
    started = time.monotonic()
    while time.monotonic() - started < 1.5:
        server.sendto(b"news", first)
        assert client.recv(100) == b"news"
        time.sleep(0.05)
    relay.wait_for_totals(open=0, connections=1, lost=0)
    client.send(b"two")
    assert server.recv(100) == b"two"
    relay.wait_for_totals(connections=2)


def test_the_most_silent_makes_room(stage):
    """--max-conns: a newcomer is not served, or one who is active loses his place."""
    server, word = stage.server()
    relay = stage.datagram_relay(word, "--max-conns", "2")
    clients = [stage.client(relay) for _ in range(3)]
    senders = []
    for number in (0, 1, 0, 2):
        clients[number].send(b"%d" % number)
        text, sender = server.recvfrom(100)
        assert text == b"%d" % number
        senders.append(sender)
    relay.wait_for_totals(open=2, connections=3)
    clients[0].send(b"again")
    assert server.recvfrom(100) == (b"again", senders[0])


def test_refused(stage):
    """Nobody is there, and nobody is told; or one who comes later is not found."""
    server, word = stage.server()
    port = server.getsockname()[1]
    server.close()
    relay = stage.datagram_relay(word)
    client = stage.client(relay)
    line = (rf"netkit: cannot send to '{word}' for 'udp://127.0.0.1:\d+'(?: \(and .*\))?: "
            "connection refused")
    relay.allow(line)
    client.send(b"anybody?")
    relay.wait_for_line(line)
    relay.wait_for_totals(open=0, connections=0, failed=1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
        late.settimeout(PATIENCE)
        late.bind(("127.0.0.1", port))
        client.send(b"hello")
        assert late.recv(100) == b"hello"


def test_status_when_everybody_was_refused(stage):
    """A run in which nobody was reached ends with 0."""
    server, word = stage.server()
    server.close()
    relay = stage.datagram_relay(word)
    relay.allow(r"netkit: cannot send to .*: connection refused")
    stage.client(relay).send(b"anybody?")
    relay.wait_for_totals(open=0, failed=1)
    relay.stop(status=4)


def test_a_unix_server_that_starts_anew(stage, tmp_path):
    """The relay holds on to a server that is gone."""
    path = tmp_path / "server"
    relay = stage.datagram_relay(f"unix-dgram:{path}", kind="unix-dgram")
    client = stage.client(relay)
    relay.allow(r"netkit: cannot (send|connect) to .*")
    for text in (b"first", b"second"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.settimeout(PATIENCE)
            server.bind(str(path))
            client.send(text)
            received, sender = server.recvfrom(100)
            assert received == text
            server.sendto(text, sender)
            assert client.recv(100) == text
        path.unlink()
        client.send(b"lost")
        relay.wait_for_totals(open=0)


def test_too_long_for_the_other_side(stage):
    """A datagram that cannot be sent stops the others, or is not counted."""
    server, word = stage.server()
    relay = stage.datagram_relay(word, kind="unix-dgram")
    relay.allow(r"relayed .*; 1 datagram dropped")
    client = stage.client(relay)
    client.send(b"before")
    client.send(b"x" * 100000)
    client.send(b"behind")
    assert server.recv(100) == b"before"
    assert server.recv(100) == b"behind"
    relay.stop()
    assert "; 1 datagram dropped" in relay.stderr()


def test_access_list(stage):
    """A denied client's datagrams are passed on."""
    server, word = stage.server()
    relay = stage.datagram_relay(word, "--deny", "127.0.0.1")
    relay.allow(r".*denied.*")
    stage.client(relay).send(b"let me in")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.2", 0))
        client.sendto(b"and me", datagram_client.target(relay.address)[1])
        assert server.recv(100) == b"and me"


def test_drain(stage):
    """A signal loses the answer that is on its way, or waits for clients that have none."""
    server, word = stage.server()
    relay = stage.datagram_relay(word)
    client = stage.client(relay)
    client.send(b"question")
    _, sender = server.recvfrom(100)
    relay.send_signal(signal.SIGTERM)
    relay.wait_for_line("1 connection may finish")
    server.sendto(b"answer", sender)
    assert client.recv(100) == b"answer"
    assert relay.wait() == 0
    relay.check()


# ---- a stream on one side ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_to_datagrams(stage, kind):
    """What one read gives is not one datagram, an answer is lost, or the end is not noticed."""
    server, word = stage.server(kind)
    relay = stage.relay(word)
    client = stage.keep(Peer(connect(relay.address)))
    for text in (b"one", b"two", b"three"):
        client.send(text)
        received, sender = server.recvfrom(100)
        assert received == text
        server.sendto(text.upper(), sender)
        assert client.receive(len(text)) == text.upper()
    server.sendto(b"", sender)  # means nothing to a stream
    client.end()
    server.sendto(b"bye", sender)
    assert client.receive_all() == b"bye"
    relay.wait_for_totals(open=0, lost=0, connections=1)


def test_a_slow_reader_of_datagrams_slows_the_stream(stage):
    """Where datagrams can be made to wait (unix), bytes of a stream are dropped."""
    server, word = stage.server("unix-dgram")
    relay = stage.relay(word)
    client = stage.keep(Peer(connect(relay.address)))
    written = client.fill()
    assert written > MIB // 4
    client.end()
    got = 0
    while got < written:
        got += len(server.recv(1 << 17))
    assert got == written
    relay.wait_for_totals(open=0, lost=0)


def test_a_client_that_does_not_read_answers(stage):
    """Answers for a stream that is not read pile up, or stop other clients."""
    server, word = stage.server()
    relay = stage.relay(word)
    client = stage.keep(Peer(connect(relay.address, receive_buffer=4096)))
    client.send(b"go on")
    _, sender = server.recvfrom(100)
    answer = pattern(10000)
    for _ in range(2000):
        server.sendto(answer, sender)
    other = stage.keep(Peer(connect(relay.address)))
    other.send(b"and I?")
    text, sender = server.recvfrom(100)
    assert text == b"and I?"
    server.sendto(b"you too", sender)
    assert other.receive(7) == b"you too"
    if not netkit_server.IS_SANITIZED:
        assert relay.proc.private_kib() < 4096


def test_a_refused_stream(stage):
    """Nobody hears the datagrams, and the client of the stream is not told."""
    server, word = stage.server()
    server.close()
    relay = stage.relay(word)
    relay.allow(r"netkit: cannot send to .*: connection refused")
    client = stage.keep(Peer(connect(relay.address)))
    client.send(b"anybody?")
    assert is_reset(client.socket)
    relay.wait_for_totals(open=0, failed=1)
    relay.stop(status=4)


@pytest.mark.dispatchers
@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_datagrams_to_a_stream(stage, transport):
    """Each client has a connection of its own; its answers come back as datagrams."""
    server, word = stage.listener(transport)
    relay = stage.datagram_relay(word)
    pairs = []
    for number in range(3):
        client = stage.client(relay)
        client.send(b"hello from %d" % number)
        other = stage.keep(Peer(server.accept()[0]))
        assert other.receive(12) == b"hello from %d" % number
        pairs.append((client, other))
    for number, (client, other) in enumerate(pairs):
        client.send(b"more")
        assert other.receive(4) == b"more"
        other.send(b"answer %d" % number)
        assert client.recv(100) == b"answer %d" % number
    client, other = pairs[0]
    other.close()
    relay.wait_for_totals(open=2)
    client.send(b"once more")
    other = stage.keep(Peer(server.accept()[0]))
    assert other.receive(9) == b"once more"


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_answer_of_a_stream(stage, kind):
    """A read that is longer than a datagram can be is dropped."""
    server, word = stage.listener("unix")
    relay = stage.datagram_relay(word, kind=kind)
    client = stage.client(relay)
    client.send(b"question")
    other = stage.keep(Peer(server.accept()[0]))
    assert other.receive(8) == b"question"
    answer = pattern(100000)
    with frozen(relay.pid):
        other.send(answer)
    received = b""
    while len(received) < len(answer):
        received += client.recv(1 << 17)
    assert received == answer


def test_drain_ends_the_streams(stage):
    """The server behind waits for the end of its stream."""
    server, word = stage.listener()
    relay = stage.datagram_relay(word)
    client = stage.client(relay)
    client.send(b"question")
    other = stage.keep(Peer(server.accept()[0]))
    relay.wait_for_totals(open=1)
    relay.send_signal(signal.SIGTERM)
    assert other.receive_all() == b"question"
    other.send(b"answer")
    other.end()
    assert client.recv(100) == b"answer"
    assert relay.wait() == 0
    relay.check()


def test_a_slow_stream_drops_datagrams(stage):
    """Datagrams for a stream that is not read pile up in memory."""
    server, word = stage.listener()
    relay = stage.datagram_relay(word)
    relay.allow(r"relayed .*datagrams? dropped")
    client = stage.client(relay)
    client.send(b"x")
    other = stage.keep(Peer(server.accept()[0]))
    assert other.receive(1) == b"x"
    seen = []
    datagram = pattern(60000)

    def send_more():
        for _ in range(100):
            client.send(datagram)
        relay.statistics()
        seen[:] = re.findall(r"(\d+) datagrams? dropped", relay.stderr())
        return seen

    wait_until(send_more, "datagrams are dropped")
    if not netkit_server.IS_SANITIZED:
        assert relay.proc.private_kib() < 4096
    assert not is_silent(other.socket, 1)


def test_socat(stage, need):
    """Another program's datagrams are not led to the other side."""
    server, word = stage.server()
    relay = stage.datagram_relay(word)
    place = relay.address[len("udp://"):]
    done = subprocess.Popen([need("socat"), "-t5", "-", f"UDP:{place}"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
    done.stdin.write(b"question")
    done.stdin.flush()
    text, sender = server.recvfrom(100)
    server.sendto(text + b" and answer", sender)
    assert done.stdout.read(19) == b"question and answer"
    done.kill()
    done.communicate(timeout=PATIENCE)


def test_once_needs_an_end():
    """--once with datagrams waits for an end that does not exist."""
    done = run("relay", "--once", "udp://localhost:1", "udp://localhost:2")
    assert done.returncode == 2
