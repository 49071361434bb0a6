"""A server that runs out: descriptors, connections, patience."""

import os
import signal
import socket
import subprocess

import pytest

import netkit_server
from echo_client import check_served, echo_round, receive_exactly
from netkit_server import DISPATCHER, PATIENCE, connect, prlimit, wait_until

pytestmark = pytest.mark.dispatchers

NO_DESCRIPTORS = r"netkit: warning: cannot accept connections: .*"

# Descriptors of a server under `starved`: few enough that connections up to the
# default limit of 80 % do not fit beside the server's own.
FEW = 20


@pytest.fixture
def starved(serve):
    """A server without descriptors for all its clients, and more clients than that."""
    server = serve("echo", "127.0.0.1:0", "--threads", 0, prefix=prlimit(nofile=FEW))
    server.allow(NO_DESCRIPTORS, r"served .*; \d+ refused")
    clients = []

    def add():
        client = connect(server.address)
        client.sendall(b"x")
        clients.append(client)
        return client

    yield server, clients, add
    for client in clients:
        client.close()


def is_answered(client, timeout):
    """True: echoed, False: not within the time, None: closed."""
    client.settimeout(timeout)
    try:
        return bool(client.recv(1)) or None
    except TimeoutError:
        return False
    except ConnectionResetError:
        return None


def test_descriptors_run_out_and_come_back(starved):
    """EMFILE: the server spins, forgets the clients it has, or never accepts again."""
    server, _, add = starved
    served = []
    while len(served) < FEW:
        client = add()
        if not is_answered(client, 0.5):
            break
        served.append(client)
    assert 8 <= len(served) < FEW, f"{len(served)} served with {FEW} descriptors"
    crowd = [add() for _ in range(30)]

    cpu = server.proc.cpu_seconds_in(1)
    assert cpu < 0.1, f"{cpu} s of CPU time in a second without work"
    for client in served:  # those that are inside go on
        client.sendall(b"y")
        assert receive_exactly(client, 1) == b"y"

    while served:
        served.pop().close()
    for client in crowd:  # each in its turn, or turned away
        assert is_answered(client, PATIENCE) is not False, "a client in the backlog still waits"
        client.close()
    check_served(server.address)
    warnings = [line for line in server.stderr().splitlines() if "cannot accept" in line]
    assert len(warnings) <= 1, "one line per interval"


def test_descriptors_run_out_over_and_over(starved):
    """Each round without descriptors loses one: the reserve is not opened again."""
    server, clients, add = starved
    check_served(server.address)
    server.wait_for_no_clients()
    baseline = server.proc.descriptors()
    for _ in range(10):
        for _ in range(40):
            add()
        while clients:
            clients.pop().close()
        # Those who have left stand in the backlog for a moment: a new one may be turned away.
        wait_until(lambda: is_answered(add(), PATIENCE), "a new client is served")
        clients.pop().close()
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)


def test_soft_limit_is_raised_to_the_hard_one(serve):
    """A server gets 1024 descriptors although it may have more."""
    prefix = ["sh", "-c", 'ulimit -S -n 64; exec "$@"', "sh"]
    server = serve("echo", "127.0.0.1:0", "--threads", 0, prefix=prefix)
    with open(f"/proc/{server.pid}/limits", encoding="ascii") as limits:
        (line,) = [line for line in limits if line.startswith("Max open files")]
    soft, hard = line.split()[3:5]
    assert soft == hard
    echo_round(server.address, 100, 1000)


@pytest.mark.parametrize("threads", [0, 2])
def test_more_clients_than_select_knows(serve, threads):
    """Descriptor numbers from FD_SETSIZE on write behind select's sets, or poll's table is full:
    select's clients have to wait their turn, the others are all served at once."""
    server = serve("echo", "127.0.0.1:0", "--threads", threads)
    clients = [connect(server.address) for _ in range(1100)]
    try:
        for client in clients:
            client.sendall(b"x")
        if DISPATCHER == "select":
            limit = server_limit_under_select(server)
            for client in clients[:limit]:
                assert receive_exactly(client, 1) == b"x"
            assert is_answered(clients[-1], 0.3) is False
            for client in clients[:200]:
                client.close()
            clients[:limit] = []
        for client in clients:
            client.settimeout(PATIENCE)
            assert receive_exactly(client, 1) == b"x"
    finally:
        for client in clients:
            client.close()


def server_limit_under_select(server):
    wait_until(lambda: server.statistics()["open"] > 900, "most clients are accepted")
    limit = 0
    while (now := server.statistics()["open"]) != limit:
        limit = now
    assert limit < 1024
    return limit


def test_half_open_clients_cost_no_cpu(serve):
    """Connections in odd states (half-closed, blocked, silent) make a level-triggered loop turn
    for ever."""
    server = serve("echo", "127.0.0.1:0", "--threads", 0)
    clients = [connect(server.address) for _ in range(20)]
    for client in clients[:10]:
        client.sendall(b"x")
    blocked = connect(server.address, receive_buffer=4096)
    blocked.setblocking(False)
    try:
        while True:
            blocked.send(b"z" * 65536)
    except BlockingIOError:
        pass
    wait_until(lambda: server.statistics()["open"] == 21, "all are accepted")
    with subprocess.Popen(["sleep", "0.3"]) as pause:
        pause.wait()  # the last megabytes are on their way
    blocked.shutdown(socket.SHUT_WR)
    cpu = server.proc.cpu_seconds_in(1)
    for client in [*clients, blocked]:
        client.close()
    assert cpu < 0.05, f"{cpu} s of CPU time"


@pytest.mark.threads
def test_ten_thousand_connects(serve):
    """A connection that is armed before it is complete: rare crashes, and a data race that
    ThreadSanitizer sees; or each connection leaves something behind."""
    server = serve("echo", "127.0.0.1:0", "--threads", 3)
    check_served(server.address)
    server.wait_for_no_clients()
    baseline = server.proc.descriptors()
    target = netkit_server.endpoint(server.address)[1]
    for number in range(10_000):
        client = socket.create_connection(target, timeout=PATIENCE)
        if number % 3 == 0:
            client.send(b"x")
        if number % 6 == 0:
            assert client.recv(1) == b"x"
        client.close()
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)
    assert server.statistics()["connections"] >= 10_001 * 0.9


@pytest.mark.release
@pytest.mark.parametrize("threads", [0, 3])
def test_ten_thousand_clients_leave_no_memory(serve, threads):
    """Closed connections are not freed: 128 KiB each in the course's server."""
    server = serve("echo", "127.0.0.1:0", "--threads", threads)
    target = netkit_server.endpoint(server.address)[1]

    def round_of_clients():
        for _ in range(5000):
            with socket.create_connection(target, timeout=PATIENCE) as client:
                client.send(b"hello")
                assert client.recv(5) == b"hello"
        server.wait_for_no_clients()

    round_of_clients()
    descriptors, memory = server.proc.descriptors(), server.proc.private_kib()
    round_of_clients()
    server.wait_for_descriptors(descriptors)
    growth = server.proc.private_kib() - memory
    assert growth < 64, f"{growth} KiB"


def test_memory_runs_out(serve):
    """Out of memory loses one client, not the server."""
    if netkit_server.IS_SANITIZED:
        pytest.skip("a sanitizer needs the address space for itself")
    server = serve("echo", "127.0.0.1:0", "--threads", 0, prefix=prlimit(data=24 * 1024 * 1024))
    server.allow(r"netkit: warning: .*")
    clients = []
    for _ in range(250):
        client = connect(server.address, receive_buffer=4096)
        client.setblocking(False)
        try:
            for _ in range(200):
                client.send(b"z" * 65536)
        except (BlockingIOError, ConnectionError):
            pass
        clients.append(client)
    for client in clients:
        client.close()
    check_served(server.address)
    assert server.is_running()
    assert os.path.exists(f"/proc/{server.pid}")
    server.send_signal(signal.SIGUSR1)
