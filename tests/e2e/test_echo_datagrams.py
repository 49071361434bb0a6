"""serve echo on UDP and unix datagram sockets, with real clients."""

import os
import re
import signal
import socket
import subprocess

import pytest

import datagram_client
import echo_client
import netkit_server
from datagram_client import LONGEST, ask, client
from event_schema import read_events

pytestmark = pytest.mark.dispatchers


def received(server):
    """Stops the server; how many datagrams it says it has received."""
    server.stop()
    return int(re.search(r"^received (\d+) datagram", server.stderr(), re.M).group(1))


@pytest.mark.parametrize("threads", [0, 2])
def test_every_kind_of_address_at_once(serve, tmp_path, threads):
    """One server would serve streams or datagrams, but not both."""
    path = tmp_path / "socket"
    server = serve(
        "echo", "--threads", threads, "tcp://127.0.0.1:0", "udp://127.0.0.1:0", "udp://[::1]:0",
        f"unix-dgram:{path}", f"unix-dgram:@netkit-{os.getpid()}", f"unix:{path}-stream",
    )
    assert [address.split(":")[0] for address in server.addresses] == [
        "tcp", "udp", "udp", "unix-dgram", "unix-dgram", "unix"]
    echo_client.check_served(server.addresses[0])
    echo_client.check_served(server.addresses[5])
    for address in server.addresses[1:5]:
        assert ask(address, b"hello") == b"hello"
        assert ask(address, b"") == b""
    assert received(server) == 8
    assert not path.exists()


@pytest.mark.parametrize("size", [1, 1472, 9000, LONGEST])
def test_sizes(serve, size):
    """A long datagram would be cut."""
    server = serve("echo", "udp://127.0.0.1:0")
    question = os.urandom(size)
    assert ask(server.address, question) == question


def test_wildcard_answers_from_where_it_was_asked(serve):
    """The client asked one address and is answered from another, and drops the answer."""
    server = serve("echo", "udp://:0")
    port = server.address.rsplit(":", 1)[1]
    for host in ("127.0.0.1", "127.0.0.2", "[::1]"):
        assert ask(f"udp://{host}:{port}", b"who") == b"who"


@pytest.mark.threads
def test_many_peers_with_a_bounded_window(serve):
    """Datagrams would be lost or mixed up although the buffers never overflow."""
    peers, rounds = 200, 50
    server = serve("echo", "--threads", 2, "udp://127.0.0.1:0")
    clients = [client(server.address) for _ in range(peers)]
    for number in range(rounds):
        for index, each in enumerate(clients):
            each.send(b"%d of %d" % (number, index))
        for index, each in enumerate(clients):
            assert each.recv(100) == b"%d of %d" % (number, index)
    for each in clients:
        each.close()
    assert received(server) == peers * rounds


def test_a_second_instance_is_refused(serve):
    """It would take half of the clients away."""
    server = serve("echo", "--threads", 2, "udp://127.0.0.1:0")
    done = netkit_server.run("serve", "echo", server.address)
    assert done.returncode == 8
    assert done.stderr == f"netkit: cannot listen on '{server.address}': address already in use\n"


def test_unix_path_of_a_dead_server_is_replaced(serve, tmp_path):
    """After a crash nobody could start the server again; a live one would be robbed."""
    path = tmp_path / "socket"
    first = serve("echo", f"unix-dgram:{path}")
    done = netkit_server.run("serve", "echo", f"unix-dgram:{path}")
    assert done.returncode == 8
    first.kill()
    assert path.exists()
    second = serve("echo", f"unix-dgram:{path}")
    assert ask(second.address, b"hello") == b"hello"


def test_what_has_arrived_is_answered_before_the_end(serve):
    """SIGTERM would drop what the kernel had received already."""
    server = serve("echo", "--threads", 0, "udp://127.0.0.1:0")
    with client(server.address) as asking:
        asking.send(b"first")
        assert asking.recv(100) == b"first"
        server.send_signal(signal.SIGSTOP)  # what follows waits in the kernel
        for number in range(100):
            asking.send(b"%d" % number)
        server.send_signal()
        server.send_signal(signal.SIGCONT)
        for number in range(100):
            assert asking.recv(100) == b"%d" % number
    server.wait()
    assert received(server) == 101


def test_prefix_that_makes_a_reply_too_long_is_counted(serve):
    """The client waits for an answer that cannot exist, and nobody knows why."""
    server = serve("echo", "--prefix", "Hi, ", "udp://127.0.0.1:0")
    server.allow(r"received 3 datagrams; 1 too long to answer")
    with client(server.address) as asking:
        asking.send(b"x" * (LONGEST - 3))
        asking.send(b"x" * (LONGEST - 4))
        assert asking.recv(LONGEST) == b"Hi, " + b"x" * (LONGEST - 4)
        asking.send(b"")
        assert asking.recv(100) == b"Hi, "
    server.stop()


def test_transform_and_delay(serve):
    """Datagrams would go back unchanged, at once, or in another order."""
    server = serve("echo", "--transform", "rot13", "--delay", "300ms", "udp://127.0.0.1:0")
    with client(server.address) as asking, client(server.address) as other:
        for text in (b"Hello", b"", b"World"):
            asking.send(text)
        other.send(b"abc")
        asking.setblocking(False)
        with pytest.raises(BlockingIOError):
            asking.recv(100)
        asking.settimeout(netkit_server.PATIENCE)
        assert [asking.recv(100) for _ in range(3)] == [b"Uryyb", b"", b"Jbeyq"]
        assert other.recv(100) == b"nop"


def test_counters_in_the_summary(serve):
    """Programs that read the events would not know about datagrams."""
    server = serve("echo", "--json", "udp://127.0.0.1:0")
    server.allow(r"\{.*\}")
    assert ask(server.address, b"hello") == b"hello"
    server.stop()
    summary = read_events(server.stderr())[-1]
    assert (summary["datagrams"], summary["datagrams_dropped"]) == (1, 0)
    assert (summary["bytes_received"], summary["bytes_sent"]) == (5, 5)


@pytest.mark.parametrize("address", ["udp://127.0.0.1:0", "udp://[::1]:0"])
def test_with_nc(serve, need, address):
    """The program that everybody has would not be answered."""
    server = serve("echo", address)
    family, (host, port) = datagram_client.target(server.address)
    done = subprocess.run(
        [need("nc"), "-u", "-w", "1", host, str(port)],
        input=b"over nc\n", stdout=subprocess.PIPE, timeout=netkit_server.PATIENCE, check=False)
    assert family in (socket.AF_INET, socket.AF_INET6)
    assert done.stdout == b"over nc\n"


@pytest.mark.parametrize("kind", ["udp", "path", "abstract"])
def test_with_socat(serve, need, tmp_path, kind):
    """socat, which speaks every kind of datagram, would not be answered."""
    name = f"netkit-socat-{os.getpid()}"
    words = {
        "udp": "udp://127.0.0.1:0",
        "path": f"unix-dgram:{tmp_path}/server",
        "abstract": f"unix-dgram:@{name}",
    }
    server = serve("echo", words[kind])
    port = server.address.rsplit(":", 1)[1]
    peers = {
        "udp": f"UDP4-CONNECT:127.0.0.1:{port}",
        "path": f"UNIX-SENDTO:{tmp_path}/server,bind={tmp_path}/client",
        "abstract": f"ABSTRACT-SENDTO:{name},bind={name}-client",
    }
    done = subprocess.run(
        [need("socat"), "-t", "1", "-", peers[kind]],
        input=b"over socat\n", stdout=subprocess.PIPE, timeout=netkit_server.PATIENCE, check=False)
    assert done.stdout == b"over socat\n"
