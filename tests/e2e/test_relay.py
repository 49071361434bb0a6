"""relay between streams: bytes, ends, failures, many clients, limits and its own end."""

import os
import re
import signal
import socket
import threading
import time

import pytest

import netkit_server
from cat_support import MIB, Peer, come_and_go, pattern
from event_schema import read_events
from netkit_server import PATIENCE, connect, run, wait_until
from relay_support import RelayStage, exchange, is_reset, is_silent, is_turned_away

TRANSPORTS = [("tcp", "tcp"), ("tcp", "unix"), ("unix", "tcp"), ("unix", "unix")]


@pytest.fixture
def stage(tmp_path):
    stage = RelayStage(tmp_path)
    yield stage
    stage.close()


# ---- bytes and ends ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("transports", TRANSPORTS)
def test_bytes_and_ends_both_ways(stage, transports):
    """A byte is lost or changed, or an end is not passed on."""
    _, client, server = stage.through(transports=transports)
    exchange(client, server)


@pytest.mark.dispatchers
@pytest.mark.parametrize("transports", TRANSPORTS)
@pytest.mark.parametrize("first", ["client", "server"])
def test_half_close(stage, transports, first):
    """The end of one direction ends the other one, too."""
    _, client, server = stage.through(transports=transports)
    one, other = (client, server) if first == "client" else (server, client)
    one.send(b"question")
    one.end()
    assert other.receive_all() == b"question"
    for _ in range(3):
        other.send(pattern(100000))
        assert one.receive(100000) == pattern(100000)
    other.end()
    assert one.receive_all() == b""


@pytest.mark.dispatchers
@pytest.mark.parametrize("direction", ["there", "back"])
def test_slow_reader(stage, direction):
    """One who does not read stops the other direction, or his bytes pile up in memory."""
    relay, client, server = stage.through()
    writer, reader = (client, server) if direction == "there" else (server, client)
    written = writer.fill()
    assert written > 0
    reader.send(b"still moving")
    assert writer.receive(12) == b"still moving"
    if not netkit_server.IS_SANITIZED:
        assert relay.proc.private_kib() < 2048
    expected = (pattern(65536) * (written // 65536 + 1))[:written]
    writer.end()
    received = reader.receive_all()
    assert len(received) == written
    # The fill may have ended in the middle of a block, and each block starts anew.
    assert received[:65536] == expected[:65536]


def test_a_server_that_talks_first(stage):
    """The greeting is lost because the client says nothing."""
    _, client, server = stage.through()
    server.send(b"220 ready\r\n")
    assert client.receive(11) == b"220 ready\r\n"


def test_a_client_that_is_faster_than_the_connection(stage):
    """What was sent before the other side is reached is lost, or its end is."""
    server, word = stage.listener()
    relay = stage.relay(word)
    client = stage.keep(Peer(connect(relay.address)))
    client.send(pattern(MIB // 8))
    client.end()
    other = stage.keep(Peer(server.accept()[0]))
    assert other.receive_all() == pattern(MIB // 8)


def test_small_pieces_are_not_delayed(stage):
    """Question and answer wait for each other's acknowledgement (Nagle), which takes 40 ms. A
    machine with much to do is that slow now and then, but not nearly always."""
    _, client, server = stage.through()
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times = []
    for _ in range(100):
        started = time.monotonic()
        client.send(b"a")
        client.send(b"b")
        assert server.receive(2) == b"ab"
        server.send(b"c")
        server.send(b"d")
        assert client.receive(2) == b"cd"
        times.append(time.monotonic() - started)
    assert sorted(times)[len(times) // 2] < 0.04, times


# ---- failures of one client ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("side", ["client", "server"])
def test_reset(stage, side):
    """A reset becomes an end, as if all had been well, or is not passed on at all."""
    relay, client, server = stage.through()
    one, other = (client, server) if side == "client" else (server, client)
    one.send(b"last words")
    assert other.receive(10) == b"last words"
    one.reset()
    assert is_reset(other.socket)
    relay.wait_for_totals(open=0, lost=1)


@pytest.mark.parametrize("side", ["client", "server"])
def test_reset_behind_bytes(stage, side):
    """Bytes that came before the reset are thrown away by it."""
    relay, client, server = stage.through()
    one, other = (client, server) if side == "client" else (server, client)
    one.socket.sendall(pattern(100000))
    relay.wait_for_totals(open=1)
    assert other.receive(1) == pattern(1)
    # A closed socket with unread bytes sends a reset behind what it has sent.
    other.socket.sendall(b"unread")
    wait_until(lambda: not is_silent(one.socket, 0), "the bytes arrive")
    one.close()
    assert other.receive(99999) == pattern(100000)[1:]
    assert is_reset(other.socket)


@pytest.mark.parametrize("transports", [("unix", "unix"), ("tcp", "unix")])
def test_a_unix_peer_leaves(stage, transports):
    """What a unix peer said before it went is lost, or its client is kept."""
    relay, client, server = stage.through(transports=transports)
    server.send(b"bye")
    server.close()
    assert client.receive_all() == b"bye"
    client.close()
    relay.wait_for_totals(open=0)


def test_refused(stage):
    """Nobody is reached: the client reads an end as if all had been well, or it is not said."""
    server, word = stage.listener()
    server.close()
    relay = stage.relay(word)
    assert is_turned_away(relay)
    line = rf"netkit: cannot connect to '{word}' for 'tcp://127.0.0.1:\d+': connection refused"
    relay.allow(line)
    relay.wait_for_line(line)
    relay.wait_for_totals(open=0, failed=1)
    relay.stop(status=4)  # a run in which everything failed


def test_failures_do_not_fill_the_log(stage):
    """Each of many failures has a line."""
    server, word = stage.listener()
    server.close()
    relay = stage.relay(word)
    relay.allow(r"netkit: cannot connect to .*: connection refused")
    for _ in range(50):
        assert is_turned_away(relay)
    relay.wait_for_totals(open=0, failed=50)
    assert relay.stderr().count("refused") < 10
    relay.stop(status=4)


def test_others_go_on(stage, tmp_path):
    """What happens to one client is noticed by another."""
    path = tmp_path / "target"
    server = stage.keep(socket.socket(socket.AF_UNIX))
    server.bind(str(path))
    server.listen(8)
    server.settimeout(PATIENCE)
    relay = stage.relay(f"unix:{path}")
    client, other = stage.pass_through(relay, server)
    os.rename(path, tmp_path / "away")
    relay.allow(r"netkit: cannot connect to .*: no such file or directory")
    assert is_turned_away(relay)
    os.rename(tmp_path / "away", path)
    resetting, third = stage.pass_through(relay, server)
    resetting.reset()
    assert third.receive_all() == b""
    exchange(client, other)


@pytest.mark.parametrize("target, status", [
    ("unix:{}/none", 4),
    ("nobody.invalid:1", 3),
    ("127.0.0.1:9?source=192.0.2.77", 8),
])
def test_status_of_a_run_that_failed(stage, tmp_path, target, status):
    """A run in which nobody was led anywhere ends with 0."""
    relay = stage.relay(target.format(tmp_path))
    relay.allow(r"netkit: cannot (connect to|resolve|bind the source of) .*")
    assert is_turned_away(relay)
    relay.wait_for_totals(open=0, failed=1)
    relay.stop(status=status)


def test_connect_timeout(stage):
    """A server that does not answer keeps its client for ever."""
    server, word = stage.listener()
    server.listen(0)
    fillers = []
    for _ in range(4):
        filler = stage.keep(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(server.getsockname())
        fillers.append(filler)
    relay = stage.relay(word, "-w", "300ms")
    relay.allow(r"netkit: cannot connect to .*: timed out")
    assert is_turned_away(relay)
    relay.wait_for_totals(open=0, failed=1)
    relay.stop(status=5)


def test_idle_timeout(stage):
    """A silent connection is kept, or one that is not is cut."""
    relay, client, server = stage.through("--idle-timeout", "1s")
    started = time.monotonic()
    while time.monotonic() - started < 1.5:
        client.send(b"x")
        assert server.receive(1) == b"x"
        time.sleep(0.05)
    assert is_reset(client.socket)
    assert is_reset(server.socket)
    relay.wait_for_totals(open=0)


# ---- who may come ----


def test_access_list(stage, tmp_path):
    """A denied client is led to the other side, or a list that was changed stays as it was."""
    (tmp_path / "friends").write_text("192.0.2.1\n")
    server, word = stage.listener()
    relay = stage.relay(word, "-v", "--allow", f"@{tmp_path}/friends")
    relay.allow(r".*denied.*", r"tcp://\S+ (connected|closed).*", r".*access lists read again")
    assert is_turned_away(relay)
    relay.wait_for_totals(open=0, connections=0, denied=1)
    (tmp_path / "friends").write_text("127.0.0.0/8 # this machine\n")
    relay.send_signal(signal.SIGHUP)
    relay.wait_for_line("read again")
    exchange(*stage.pass_through(relay, server), size=1000)


# ---- many clients ----


@pytest.mark.dispatchers
def test_many_clients(stage):
    """Two hundred at once: bytes of one get to another, or a descriptor is left open."""
    server, word = stage.listener()
    server.listen(256)
    relay = stage.relay(word)
    before = relay.proc.descriptors()
    pairs = [stage.pass_through(relay, server) for _ in range(200)]
    for number, (client, _) in enumerate(pairs):
        client.send(b"client %3d " % number)
    # The order of the two backlogs is the same, for they are dialled one after another.
    said = {}
    for _, other in pairs:
        text = other.receive(11)
        said[int(text[7:10])] = other
    assert sorted(said) == list(range(200))
    for number, other in said.items():
        other.send(b"server %3d" % number)
    for number, (client, _) in enumerate(pairs):
        assert client.receive(10) == b"server %3d" % number
    for client, other in pairs:
        client.close()
        other.close()
    relay.wait_for_totals(open=0, connections=200)
    wait_until(lambda: relay.proc.descriptors() == before, "descriptors are back")


def test_clients_in_parallel(stage):
    """Ten busy clients at once: their bytes are mixed up."""
    server, word = stage.listener()
    relay = stage.relay(word)
    pairs = [stage.pass_through(relay, server) for _ in range(10)]
    threads = [threading.Thread(target=exchange, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE)
    relay.wait_for_totals(open=0, lost=0, connections=10)


def test_limit(stage):
    """--max-conns: a client too many is taken, or it is refused instead of having to wait."""
    server, word = stage.listener()
    relay = stage.relay(word, "--max-conns", "2")
    first = stage.pass_through(relay, server)
    second = stage.pass_through(relay, server)
    third = stage.keep(Peer(connect(relay.address)))
    third.send(b"waiting")
    assert is_silent(server)
    exchange(*second, size=1000)
    other = stage.keep(Peer(server.accept()[0]))
    assert other.receive(7) == b"waiting"
    exchange(*first, size=1000)


def test_few_descriptors(stage):
    """The default limit is more than there are descriptors for."""
    server, word = stage.listener()
    server.listen(128)
    relay = stage.relay(word, prefix=netkit_server.prlimit(nofile=80))
    clients = [stage.keep(Peer(connect(relay.address))) for _ in range(60)]
    for client in clients:
        other = Peer(server.accept()[0])
        other.send(b"hello")
        other.close()
        assert client.receive_all() == b"hello"
        client.close()
    relay.wait_for_totals(open=0, failed=0, lost=0, connections=60)


def test_fewer_pipes_than_clients(stage):
    """Blocked clients hold all the pipes there may be, and the others wait for one."""
    server, word = stage.listener()
    relay = stage.relay(word, prefix=netkit_server.prlimit(nofile=80))
    for _ in range(9):
        blocked, _ = stage.pass_through(relay, server)
        blocked.fill()
    exchange(*stage.pass_through(relay, server))


def test_once(stage):
    """--once: the relay goes on, or takes a second client."""
    relay, client, server = stage.through("--once")
    with pytest.raises(ConnectionRefusedError):
        connect(relay.address)
    exchange(client, server, size=1000)
    assert relay.wait() == 0
    relay.check()


def test_once_and_a_reset(stage):
    """Its status hides that the connection was lost."""
    relay, client, server = stage.through("--once")
    client.reset()
    assert is_reset(server.socket)
    relay.expect_status = 6
    relay.wait()
    relay.check()


@pytest.mark.dispatchers
@pytest.mark.parametrize("words", [["--once"], ["--max-conns", "1"]])
def test_a_client_that_has_gone_again(stage, words):
    """One that is reset before it is accepted keeps the place of the next one for ever."""
    server, word = stage.listener()
    relay = stage.relay(word, *words)
    come_and_go(relay.pid, relay.address)
    exchange(*stage.pass_through(relay, server), size=1000)
    if words == ["--once"]:
        assert relay.wait() == 0
        relay.check()


def test_once_and_silence(stage):
    """Its status is not the one that connect has for --idle-timeout."""
    relay, client, server = stage.through("--once", "--idle-timeout", "300ms")
    assert is_reset(client.socket)
    assert is_reset(server.socket)
    relay.expect_status = 5
    relay.wait()
    relay.check()


# ---- addresses ----


def test_wildcard_is_dual_stack(stage):
    """An address without a host takes IPv4 or IPv6 only."""
    server, word = stage.listener()
    relay = stage.relay(word, address=":0")
    for host in ("127.0.0.1", "::1"):
        client = stage.keep(Peer(socket.create_connection((host, relay.port), PATIENCE)))
        exchange(client, stage.keep(Peer(server.accept()[0])), size=1000)


def test_a_bare_port_is_of_this_machine(stage):
    """A bare port listens on every interface, or leads nowhere."""
    server, word = stage.listener()
    relay = stage.relay(word.rsplit(":", 1)[1], address="0")
    assert {address.rsplit(":", 1)[0] for address in relay.addresses} <= {"tcp://127.0.0.1",
                                                                          "tcp://[::1]"}
    client, other = stage.pass_through(relay, server)
    exchange(client, other, size=1000)


def test_the_file_of_a_unix_socket_is_removed(stage, tmp_path):
    """A later start finds the file of an earlier one."""
    relay = stage.relay("localhost:1", address=f"unix:{tmp_path}/own")
    assert (tmp_path / "own").exists()
    relay.stop()
    assert not (tmp_path / "own").exists()


def test_cannot_listen(stage):
    """The address is taken."""
    server, word = stage.listener()
    done = run("relay", word, "localhost:1")
    assert done.returncode == 8
    assert done.stderr == f"netkit: cannot listen on '{word}': address already in use\n"


def test_unresolved():
    """A name to listen on that does not exist."""
    done = run("relay", "nobody.invalid:1", "localhost:1")
    assert done.returncode == 3
    assert "no such host" in done.stderr


@pytest.mark.parametrize("words", [
    ["--allow", "10.0.0.0/8", "unix:/tmp/x", "localhost:1"],
    ["--allow", "10.0.0.0/99", "localhost:1", "localhost:2"],
    ["--send-proxy", "v3", "localhost:1", "localhost:2"],
    ["--send-proxy", "v1", "localhost:1", "unix-seqpacket:/tmp/x"],
    ["--send-proxy", "v1", "udp://localhost:1", "localhost:2"],
    ["--send-proxy", "v2", "unix-dgram:/tmp/x", "localhost:2"],
    ["--accept-proxy", "unix-seqpacket:/tmp/x", "localhost:1"],
    [],
    ["localhost:1"],
    ["localhost:1", "localhost:2", "localhost:3"],
    ["localhost", "localhost:1"],
    ["localhost:1", "localhost"],
    ["localhost:1", "localhost:0"],
    ["http://localhost:1", "localhost:1"],
    ["localhost:1?ttl=0", "localhost:1"],
    ["--once", "--max-conns", "3", "localhost:1", "localhost:2"],
    ["--ready-fd", "77", "localhost:1", "localhost:2"],
])
def test_mistakes(words):
    """A command line that means nothing is carried out."""
    done = run("relay", *words)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2


# ---- its end ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_drain(stage, number):
    """A signal cuts a connection that would have ended in time, or a new client is taken."""
    relay, client, server = stage.through()
    relay.send_signal(number)
    relay.wait_for_line("1 connection may finish")
    with pytest.raises(ConnectionRefusedError):
        connect(relay.address)
    exchange(client, server)
    assert relay.wait() == 0
    relay.check()


def test_drain_ends(stage):
    """A connection that does not end keeps the program for ever, or is not counted."""
    relay, client, server = stage.through("--drain", "200ms")
    relay.stop(status=1)
    assert is_reset(client.socket)
    assert is_reset(server.socket)
    assert "; 1 cut" in relay.stderr()


def test_second_signal(stage):
    """Somebody who is in a hurry is not heard, or the shell sees another status."""
    relay, _, _ = stage.through()
    relay.send_signal(signal.SIGTERM)
    relay.wait_for_line("may finish")
    relay.send_signal(signal.SIGINT)
    relay.expect_status = -signal.SIGINT
    relay.wait()
    relay.check()


def test_statistics(stage):
    """Bytes of connections that are open are not counted."""
    relay, client, server = stage.through()
    client.send(b"x" * 2048)
    assert server.receive(2048)
    wait_until(lambda: relay.statistics() and "2.0 KiB sent" in relay.stderr(), "the bytes")


def test_events(stage):
    """--json: an event is missing, or is not what the schema says."""
    server, word = stage.listener()
    relay = stage.relay(word, "--json")
    relay.allow(r"\{.*\}")
    client, other = stage.pass_through(relay, server)
    exchange(client, other, size=1000)
    server.close()
    assert is_turned_away(relay)
    wait_until(lambda: "client_failed" in relay.stderr(), "the failure")
    relay.stop()
    events = read_events(relay.stderr())
    names = [event["event"] for event in events]
    assert names == ["listening", "client_connected", "client_closed", "client_failed",
                     "draining", "summary"]
    assert events[1]["target"] == word
    assert (events[2]["bytes_sent"], events[2]["bytes_received"]) == (1000, 1000)
    assert events[3]["error"] == "connection refused"
    assert events[-1]["status"] == 0


def test_verbose(stage):
    """-v does not say who came, where he was led and how it ended."""
    relay, client, server = stage.through("-v")
    name = "tcp://{}:{}".format(*client.socket.getsockname())
    relay.allow(rf"{re.escape(name)} (connected to tcp://\S+|closed: sent .*, received .* in .*)")
    exchange(client, server, size=1000)
    relay.wait_for_line(f"{name} closed: sent 1000 bytes, received 1000 bytes in")
