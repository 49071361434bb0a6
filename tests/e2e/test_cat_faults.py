"""What goes wrong around connect, listen and relay: peers that die or stand still, disks that fill
up, descriptors that are missing, networks that go away. Each has the status that the pages say.
"""

import contextlib
import os
import resource
import select
import signal
import subprocess

import pytest

import netkit_server
from cat_support import Peer
from netkit_server import PATIENCE, connect, prlimit, wait_until
from relay_support import RelayStage, exchange, is_reset

ROLES = ["connect", "listen"]
TRANSPORTS = ["tcp", "unix"]


@pytest.fixture
def stage(tmp_path):
    stage = RelayStage(tmp_path)
    yield stage
    stage.close()


def couple(stage, role, *words, transport="tcp", stdin=None):
    """(program under test, another one at the other end), joined; `words` are the first one's."""
    if role == "listen":
        cat, addresses = stage.listening(*words, transport=transport, stdin=stdin)
        other = stage.cat("connect", addresses[0])
    else:
        other, addresses = stage.listening(transport=transport)
        cat = stage.cat("connect", *words, addresses[0], stdin=stdin)
    other.send(b"hello")
    assert cat.receive(5) == b"hello"
    return cat, other


# ---- the peer ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("role", ROLES)
def test_killed_in_mid_transfer(stage, role, transport):
    """The peer dies with half of the bytes, and the transfer looks complete."""
    cat, other = couple(stage, role, transport=transport)
    cat.fill()  # nobody reads the other's output
    other.signal(signal.SIGKILL)
    assert cat.receive_all() == b""
    cat.wait(6)
    assert "connection reset by the peer" in cat.stderr().splitlines()[-1]


@pytest.mark.parametrize("role", ROLES)
def test_killed_in_silence(stage, role):
    """A peer that dies with nothing under way ends like one that leaves: the kernel sends the
    same. What is still open is the way to it."""
    cat, other = couple(stage, role, stdin=subprocess.DEVNULL)
    other.signal(signal.SIGKILL)
    assert cat.receive_all() == b""
    cat.wait(0)


@pytest.mark.dispatchers
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("role", ROLES)
def test_frozen_peer(stage, role, transport):
    """A peer that takes nothing any more holds the program for ever, with bytes to send or
    without."""
    for size in (0, 1):
        cat, other = couple(stage, role, "--idle-timeout", "300ms", transport=transport)
        other.signal(signal.SIGSTOP)
        if size > 0:
            cat.fill()
        cat.wait(5)
        assert "timed out" in cat.stderr().splitlines()[-1]


@pytest.mark.parametrize("role", ROLES)
def test_frozen_peer_and_the_kernel(stage, role):
    """user-timeout is not set, or a connection that the kernel gives up counts as finished."""
    if role == "listen":
        cat, addresses = stage.listening(address="127.0.0.1:0?user-timeout=500ms")
        peer = stage.keep(Peer(connect(addresses[0].partition("?")[0])))
    else:
        server, word = stage.listener()
        cat = stage.cat("connect", f"{word}?user-timeout=500ms")
        peer = stage.keep(Peer(server.accept()[0]))
    peer.send(b"hello")
    assert cat.receive(5) == b"hello"
    cat.fill()  # the peer does not read
    cat.wait(6)
    assert "timed out" in cat.stderr().splitlines()[-1]


# ---- peers of a relay ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("killed", ["client", "server"])
def test_a_side_of_a_relay_is_killed(stage, killed):
    """One end dies in mid-transfer and the other one takes what came for everything, or the
    other clients are cut off, too."""
    server, word = stage.listener()
    relay = stage.relay(word)
    neighbour = stage.pass_through(relay, server)
    target, addresses = stage.listening()
    broken = stage.relay(addresses[0])
    client = stage.cat("connect", broken.address)
    target.send(b"hello")
    assert client.receive(5) == b"hello"
    sender, victim = (client, target) if killed == "server" else (target, client)
    sender.fill()
    victim.signal(signal.SIGKILL)
    sender.wait(6)
    broken.wait_for_totals(lost=1, open=0)
    exchange(*neighbour)


def test_the_relay_is_killed(stage):
    """Bytes that were in the relay are missing at the end, and nobody notices."""
    target, addresses = stage.listening()
    relay = stage.relay(addresses[0])
    client = stage.cat("connect", relay.address)
    target.send(b"hello")
    assert client.receive(5) == b"hello"
    client.fill()
    relay.kill()
    client.wait(6)


@pytest.mark.dispatchers
@pytest.mark.parametrize("frozen", ["client", "server"])
def test_a_side_of_a_relay_is_frozen(stage, frozen):
    """A frozen end holds a place in the relay for ever, or the other end waits for ever."""
    target, addresses = stage.listening()
    relay = stage.relay(addresses[0], "--idle-timeout", "500ms")
    client = stage.cat("connect", relay.address)
    target.send(b"hello")
    assert client.receive(5) == b"hello"
    sender, victim = (client, target) if frozen == "server" else (target, client)
    victim.signal(signal.SIGSTOP)
    sender.fill()
    sender.wait(6)
    relay.wait_for_totals(lost=1, open=0)


# ---- standard descriptors ----


@pytest.mark.parametrize("role", ROLES)
def test_a_file_that_may_not_grow(stage, tmp_path, role):
    """A limit on the size of files kills the program, which then says nothing."""
    with open(tmp_path / "out", "wb") as target:
        cat, peer = stage.pair(role, stdout=target, prefix=prlimit(fsize=2048))
        peer.send(bytes(8192))
        cat.wait(1)
    assert cat.stderr().splitlines()[-1] == "netkit: cannot write standard output: file too large"
    assert (tmp_path / "out").stat().st_size == 2048


def test_a_disk_that_is_full_for_messages(stage):
    """A log that cannot be written ends the transfer, or is taken for its failure."""
    server, word = stage.listener()
    cat = stage.cat("connect", "-vv", word, prefix=["sh", "-c", 'exec "$0" "$@" 2>/dev/full'])
    peer = stage.keep(Peer(server.accept()[0]))
    peer.send(b"data")
    peer.end()
    cat.end()
    assert cat.receive_all() == b"data"
    cat.wait(0)


CLOSED = ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]


@pytest.mark.parametrize("closed", CLOSED)
def test_listen_with_closed_descriptors(stage, closed):
    """A descriptor that is closed at the start is taken by the connection, and mixed up with it."""
    cat, addresses = stage.listening(prefix=["sh", "-c", f'exec "$0" "$@" {closed}'])
    peer = stage.keep(Peer(connect(addresses[0])))
    if "<" in closed:
        assert peer.receive_all() == b""
    else:
        cat.send(b"up")
        assert peer.receive(2) == b"up"
        cat.end()
    peer.send(b"down")
    peer.close()
    cat.wait(0)
    assert cat.receive_all() == (b"" if closed in (">&-", CLOSED[-1]) else b"down")


@pytest.mark.parametrize("closed", CLOSED)
def test_relay_with_closed_descriptors(stage, closed):
    """The same for a relay, which needs none of them."""
    server, word = stage.listener()
    relay = stage.relay(word, prefix=["sh", "-c", f'exec "$0" "$@" {closed}'])
    exchange(*stage.pass_through(relay, server))


# ---- descriptors ----


def leave_room_for(pid, count):
    """So many more descriptors and no more; returns the former limit."""
    used = max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    return resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 1 + count, hard))


def test_connect_without_descriptors(stage):
    """EMFILE is taken for a refusal or a success, or a descriptor that could not be made for one
    that was."""
    server, word = stage.listener()
    server.listen(64)
    found = set()
    for count in range(4, 24):
        done = netkit_server.run("connect", "--once", word, prefix=prlimit(nofile=count),
                                 env=netkit_server.without_leak_check())
        if done.returncode == 127 or "Sanitizer" in done.stderr:
            continue  # too few to load the program
        assert done.returncode in (0, 1), done.stderr
        assert done.returncode == 0 or "too many open files" in done.stderr
        found.add(done.returncode)
    assert 0 in found
    if not netkit_server.IS_SANITIZED:
        assert 1 in found


@pytest.mark.dispatchers
@pytest.mark.parametrize("words", [[], ["-k"]], ids=["one", "many"])
def test_listen_without_descriptors(stage, words):
    """EMFILE: the program ends, spins, or never accepts again."""
    cat, addresses = stage.listening(*words)
    before = leave_room_for(cat.pid, 0)
    crowd = [stage.keep(Peer(connect(addresses[0]))) for _ in range(2)]
    cat.wait_for_line("netkit: warning: cannot accept connections: too many open files")
    assert cat.proc.cpu_seconds_in(0.5) < 0.2
    assert cat.is_running()
    resource.prlimit(cat.pid, resource.RLIMIT_NOFILE, before)

    def is_served():
        """Somebody of the crowd, or somebody new: those who came first may have been shed."""
        try:
            crowd.append(stage.keep(Peer(connect(addresses[0]))))
        except ConnectionRefusedError:
            pass  # one has been taken, and it is the only one
        for peer in crowd:
            with contextlib.suppress(OSError):
                peer.socket.send(b"hello")
        return bool(select.select([cat.stdout], [], [], 0.2)[0])

    wait_until(is_served, "a peer is served")
    assert cat.receive(5) == b"hello"


@pytest.mark.dispatchers
@pytest.mark.parametrize("room", [0, 1], ids=["to accept", "to connect"])
def test_relay_without_descriptors(stage, room):
    """EMFILE ends the relay, or it never serves anybody again, or loses those whom it serves."""
    server, word = stage.listener()
    relay = stage.relay(word)
    relay.allow(r"netkit: warning: cannot accept connections: .*",
                r"netkit: cannot connect to .*: too many open files",
                r"relayed .*; \d+ refused")
    inside = stage.pass_through(relay, server)
    before = leave_room_for(relay.pid, room)
    try:
        outside = stage.keep(Peer(connect(relay.address)))
    except ConnectionResetError:  # before it could look whether it is connected
        outside = None
    wait_until(lambda: "too many open files" in relay.stderr(), "it is reported")
    resource.prlimit(relay.pid, resource.RLIMIT_NOFILE, before)
    if room > 0:
        assert outside is None or is_reset(outside.socket)
    else:
        assert outside is not None
    if outside:
        outside.close()
    exchange(*inside)

    def is_served():
        client = stage.keep(Peer(connect(relay.address)))
        client.send(b"x")
        ready, _, _ = select.select([server], [], [], 1)
        if not ready:
            return False
        other = stage.keep(Peer(server.accept()[0]))
        return other.socket.recv(1) == b"x"  # b"": it was the one that had to wait outside

    wait_until(is_served, "a client is served again")


# ---- the network ----


class Network:
    """Two machines with a cable between them: network namespaces and a pair of interfaces. `here`
    and `there` are the words that run a command on each; their addresses are HERE and THERE."""

    HERE, THERE = "10.77.0.1", "10.77.0.2"

    def __init__(self):
        self._holders = [subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep 1000"],
                                          stdout=subprocess.PIPE) for _ in range(2)]
        for holder in self._holders:
            holder.stdout.readline()
        self.here, self.there = (["nsenter", "-t", str(holder.pid), "-n"]
                                 for holder in self._holders)
        self._ip(self.here, "link", "add", "net0", "type", "veth", "peer", "name", "net0",
                 "netns", str(self._holders[1].pid))
        for machine, address in ((self.here, self.HERE), (self.there, self.THERE)):
            self._ip(machine, "addr", "add", f"{address}/24", "dev", "net0")
            self._ip(machine, "link", "set", "lo", "up")
            self._ip(machine, "link", "set", "net0", "up")

    def _ip(self, machine, *words):
        subprocess.run([*machine, "ip", *words], check=True, timeout=PATIENCE)

    def cut(self):
        """The interfaces are gone, on both sides."""
        self._ip(self.here, "link", "del", "net0")

    def close(self):
        for holder in self._holders:
            holder.kill()
            holder.communicate()


@pytest.fixture
def network(need):
    for program in ("unshare", "nsenter", "ip"):
        need(program)
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("a network of one's own needs privilege here")
    try:
        network = Network()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no pair of interfaces here: {error}")
    yield network
    network.close()


def across(stage, network, role, options="", *words):
    """A connection over the cable: (the program here, the one there)."""
    if role == "listen":
        cat, addresses = stage.listening(*words, address=f"{network.HERE}:0{options}",
                                         prefix=network.here)
        other = stage.cat("connect", addresses[0].partition("?")[0], prefix=network.there)
    else:
        other, addresses = stage.listening(address=f"{network.THERE}:0", prefix=network.there)
        cat = stage.cat("connect", *words, addresses[0] + options, prefix=network.here)
    other.send(b"hello")
    assert cat.receive(5) == b"hello"
    return cat, other


@pytest.mark.parametrize("role", ROLES)
def test_the_interface_goes_with_bytes_to_send(stage, network, role):
    """The kernel gives the connection up, and the program takes that for its end."""
    cat, _ = across(stage, network, role, "?user-timeout=500ms")
    network.cut()
    cat.send(b"more")
    cat.wait(6)
    assert "timed out" in cat.stderr().splitlines()[-1]


@pytest.mark.parametrize("role", ROLES)
def test_the_interface_goes_in_silence(stage, network, role):
    """Without a byte to send nobody notices, and --idle-timeout does not help."""
    cat, _ = across(stage, network, role, "", "--idle-timeout", "500ms")
    network.cut()
    cat.wait(5)
    assert "timed out" in cat.stderr().splitlines()[-1]


def test_the_interface_has_gone(stage, network):
    """No way to the address: not the status of an unreachable one, or a wait without end."""
    network.cut()
    for scheme in ("tcp", "udp"):
        cat = stage.cat("connect", f"{scheme}://{network.THERE}:9", prefix=network.here)
        cat.wait(4)
        assert cat.stderr() == (f"netkit: cannot connect to '{scheme}://{network.THERE}:9': "
                                "network unreachable\n")
    cat = stage.cat("listen", f"{network.HERE}:0", prefix=network.here)
    cat.wait(8)
    assert "this machine does not have that address" in cat.stderr()


@pytest.mark.parametrize("role", ROLES)
def test_the_interface_goes_between_datagrams(stage, network, role):
    """Datagrams that cannot be sent are lost without a word."""
    if role == "listen":
        cat, addresses = stage.listening(address=f"udp://{network.HERE}:0", prefix=network.here)
        other = stage.cat("connect", "--wait", "30s", addresses[0], prefix=network.there)
        other.send(b"hello")
    else:
        other, addresses = stage.listening(address=f"udp://{network.THERE}:0",
                                           prefix=network.there)
        cat = stage.cat("connect", addresses[0], prefix=network.here)
        cat.send(b"hi")
        assert other.receive(2) == b"hi"
        other.send(b"hello")
    assert cat.receive(5) == b"hello"
    network.cut()
    cat.send(b"more")
    cat.wait(4)
    assert "network unreachable" in cat.stderr().splitlines()[-1]


@pytest.mark.dispatchers
def test_a_relay_without_a_way(stage, network):
    """A relay whose target has no way any more waits with its clients, or ends with them."""
    target, addresses = stage.listening("-k", address=f"{network.THERE}:0", prefix=network.there)
    relay = stage.relay(addresses[0] + "?user-timeout=500ms", address=f"unix:{stage.directory}/r",
                        prefix=network.here)
    relay.allow(r"netkit: cannot connect to .*: network unreachable")
    client = stage.keep(Peer(connect(relay.address)))
    client.send(b"hello")
    assert target.receive(5) == b"hello"
    network.cut()
    client.send(b"more")
    assert client.socket.recv(1) == b""  # a unix client is never reset with nothing unread
    late = stage.keep(Peer(connect(relay.address)))
    assert late.socket.recv(1) == b""
    relay.wait_for_totals(lost=1, failed=1, open=0)
