"""`netkit serve echo`: what comes back, to whom, and what it costs."""

import fcntl
import re
import select
import signal
import socket
import subprocess
import termios
import time

import pytest

import netkit_server
from echo_client import (
    check_served,
    echo_round,
    exchange,
    pattern,
    receive_all,
    receive_exactly,
)
from netkit_server import AT_LIMIT, DISPATCHER, IS_TSAN, PATIENCE, connect, reset

pytestmark = pytest.mark.dispatchers

KIB = 1024
MIB = 1024 * KIB

# Under select the program keeps room below FD_SETSIZE for its other descriptors.
CROWD = 800 if DISPATCHER == "select" else 1000


@pytest.fixture(params=["tcp", "unix"])
def address(request, tmp_path):
    """Both kinds of stream that echo speaks."""
    return "127.0.0.1:0" if request.param == "tcp" else f"unix:{tmp_path}/socket"


def fill(client):
    """Sends without reading until the whole way there and back is full; returns how much."""
    client.setblocking(False)
    sent = 0
    full_since = None
    while full_since is None or time.monotonic() - full_since < 0.3:
        try:
            sent += client.send(pattern(sent, 65536))
            full_since = None
        except BlockingIOError:
            full_since = full_since or time.monotonic()
            time.sleep(0.01)
    client.settimeout(PATIENCE)
    return sent


# ---- bytes ----


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, MIB, 64 * MIB])
@pytest.mark.parametrize("threads", [0, 2])
def test_every_byte_comes_back(serve, address, size, threads):
    """Bytes are lost, doubled or reordered at a buffer boundary or under back-pressure."""
    server = serve("echo", address, "--threads", threads)
    exchange(server.address, size)


def test_half_close_gets_everything_back(serve, address):
    """A FIN right behind the data is taken for a disconnect and the echo is cut."""
    server = serve("echo", address)
    with connect(server.address) as client:
        client.sendall(pattern(0, 100_000))
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client) == pattern(0, 100_000)


def test_half_close_on_a_full_way_gets_everything_back(serve, address):
    """The server holds output that it could not send when the client's FIN arrives: it has to
    deliver it, and read the rest, before it closes."""
    server = serve("echo", address)
    with connect(server.address, receive_buffer=4096) as client:
        sent = fill(client)
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client) == pattern(0, sent)


def test_reset_in_the_middle_of_an_echo(serve, address):
    """ECONNRESET or EPIPE while output is queued ends more than that one connection."""
    server = serve("echo", address, "--threads", 0)
    with connect(server.address) as bystander:
        for _ in range(20):
            client = connect(server.address, receive_buffer=4096)
            client.setblocking(False)
            for _ in range(20):
                try:
                    client.send(pattern(0, 65536))
                except BlockingIOError:
                    break
            reset(client)
        bystander.sendall(b"still there")
        assert receive_exactly(bystander, 11) == b"still there"
    server.wait_for_no_clients()


def test_client_that_leaves_without_a_word(serve, address):
    """A connection that is opened and closed costs a descriptor or brings the server down."""
    server = serve("echo", address, "--threads", 0)
    check_served(server.address)
    server.wait_for_no_clients()
    baseline = server.proc.descriptors()
    for _ in range(100):
        connect(server.address).close()
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)


# ---- many at once ----


@pytest.mark.threads
@pytest.mark.parametrize("threads", [0, 2])
def test_a_crowd_gets_its_bytes_and_leaves_nothing(serve, address, threads):
    """Bytes of one client reach another, a hand-off loses a client, descriptors leak."""
    server = serve("echo", address, "--threads", threads)
    check_served(server.address)
    server.wait_for_no_clients()
    baseline = server.proc.descriptors()
    echo_round(server.address, CROWD, 64 * KIB if IS_TSAN else MIB)
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)
    assert server.statistics()["connections"] == CROWD + 1


@pytest.mark.release
@pytest.mark.parametrize("threads", [0, 2])
def test_a_second_crowd_needs_no_more_memory(serve, address, threads):
    """Memory per closed connection: a leak that no exit check sees, because the process frees
    everything in the end."""
    server = serve("echo", address, "--threads", threads)
    echo_round(server.address, CROWD, MIB)
    server.wait_for_no_clients()
    before = server.proc.private_kib()
    echo_round(server.address, CROWD, MIB)
    server.wait_for_no_clients()
    growth = server.proc.private_kib() - before
    assert growth < 64, f"{growth} KiB"


@pytest.mark.parametrize("threads", [0, 2])
def test_slow_reader_holds_back_only_itself(serve, address, threads):
    """Back-pressure of one client stops its loop, or its output grows without a limit."""
    server = serve("echo", address, "--threads", threads)
    before = server.proc.private_kib()
    with connect(server.address, receive_buffer=4096) as slow:
        sent = fill(slow)
        growth = server.proc.private_kib() - before
        assert growth < 4 * KIB, f"{growth} KiB for one client that does not read"
        for _ in range(4):  # with two threads at least one of them shares the loop
            check_served(server.address)
        exchange(server.address, MIB)
        slow.shutdown(socket.SHUT_WR)
        assert receive_all(slow) == pattern(0, sent)


@pytest.mark.threads
def test_a_client_is_served_at_once_after_a_storm_of_resets(serve, address):
    """A slot or event of a closed descriptor meets the next client with the same number, which
    then waits for ever."""
    server = serve("echo", address)
    for _ in range(10):
        storm = [connect(server.address) for _ in range(20)]
        for client in storm:
            client.send(b"x")
        for client in storm:
            reset(client)
        for _ in range(3):
            check_served(server.address)
    server.wait_for_no_clients()


# ---- other people's clients ----


@pytest.mark.parametrize("program", ["nc", "ncat", "socat"])
def test_other_clients_get_their_bytes(serve, address, need, program):
    """Only our own client works with the server."""
    client = need(program)
    server = serve("echo", address)
    family, target = netkit_server.endpoint(server.address)
    is_unix = family == socket.AF_UNIX
    socat_target = f"UNIX-CONNECT:{target}" if is_unix else f"TCP:{target[0]}:{target[1]}"
    commands = {
        "nc": [client, "-N", *(["-U", target] if is_unix else [target[0], str(target[1])])],
        "ncat": [client, *(["-U", target] if is_unix else [target[0], str(target[1])])],
        "socat": [client, "-t", str(PATIENCE), "-", socat_target],
    }
    data = bytes(pattern(0, 300_000))
    done = subprocess.run(
        commands[program], input=data, capture_output=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == data


# ---- options ----


def test_idle_timeout_ends_only_silent_clients(serve, address):
    """Silent connections stay for ever, or a busy one is cut."""
    server = serve("echo", address, "--idle-timeout", "1s", "--threads", 0)
    started = time.monotonic()
    with connect(server.address) as busy, connect(server.address) as silent:
        while not select.select([silent], [], [], 0.05)[0]:
            busy.sendall(b"x")
            assert receive_exactly(busy, 1) == b"x"
            assert time.monotonic() - started < PATIENCE, "the silent one stays"
        assert silent.recv(1) == b""
        assert time.monotonic() - started > 0.9
        busy.sendall(b"y")
        assert receive_exactly(busy, 1) == b"y"


def test_idle_timeout_counts_sending(serve, tmp_path):
    """A client that takes its echo slowly is not idle while bytes move. (Over TCP the kernel tells
    the server about progress only in steps of megabytes.)"""
    server = serve("echo", f"unix:{tmp_path}/socket", "--idle-timeout", "1s", "--threads", 0)
    with connect(server.address) as client:
        sent = fill(client)
        received = 0
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and received < sent // 2:
            piece = client.recv(16384)
            assert piece == pattern(received, len(piece)) and piece
            received += len(piece)
            time.sleep(0.02)
        client.shutdown(socket.SHUT_WR)
        assert len(receive_all(client)) == sent - received


def test_max_conns_makes_the_next_one_wait(serve, address):
    """A limit that turns clients away, or that is none."""
    server = serve("echo", address, "--max-conns", 2)
    server.allow(*AT_LIMIT)
    with connect(server.address) as first, connect(server.address) as second:
        for client in (first, second):
            client.sendall(b"a")
            assert receive_exactly(client, 1) == b"a"
        with connect(server.address) as third:
            third.sendall(b"b")
            third.settimeout(0.3)
            with pytest.raises(TimeoutError):
                third.recv(1)
            first.close()
            third.settimeout(PATIENCE)
            assert receive_exactly(third, 1) == b"b"
        second.sendall(b"c")
        assert receive_exactly(second, 1) == b"c"
    warnings = [line for line in server.stderr().splitlines() if "the limit of 2" in line]
    assert len(warnings) == 1


def test_max_conns_and_many_waiting_clients(serve, address):
    """Places that become free are lost, and clients in the backlog starve."""
    server = serve("echo", address, "--max-conns", 3, "--threads", 2)
    server.allow(*AT_LIMIT)
    echo_round(server.address, 100, 1000)
    server.wait_for_no_clients()
    assert server.statistics()["connections"] == 100


@pytest.mark.threads
def test_reuseport_serves_on_every_listener(serve):
    """One of the listeners that share the port does not serve."""
    server = serve("echo", "127.0.0.1:0", "--threads", 2, "--reuseport", "-v")
    server.allow(r"connections by thread: \d+ \d+", r"netkit: info: .*")
    assert len(server.addresses) == 1
    echo_round(server.address, 200, 1000)
    server.stop()
    counts = spread(server)
    assert sum(counts) == 200
    assert min(counts) > 20, counts


@pytest.mark.threads
def test_connections_are_spread_over_the_threads(serve, address):
    """One thread does all the work."""
    server = serve("echo", address, "--threads", 4, "-v")
    server.allow(r"connections by thread:( \d+){4}", r"netkit: info: .*")
    netkit_server.wait_until(lambda: server.proc.thread_count() >= 5, "the threads")
    clients = [connect(server.address) for _ in range(200)]
    for client in clients:
        client.sendall(b"x")
    for client in clients:
        assert receive_exactly(client, 1) == b"x"
    for client in clients:
        client.close()
    server.stop()
    counts = spread(server)
    assert sum(counts) == 200
    assert max(counts) - min(counts) <= 10, counts


def spread(server):
    """The connections of each thread, from the last line that tells them."""
    lines = re.findall(r"connections by thread: ([\d ]+)", server.stderr())
    assert lines, server.stderr()
    return [int(word) for word in lines[-1].split()]


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_thread_count(serve, threads):
    """--threads is not what runs."""
    server = serve("echo", "127.0.0.1:0", "--threads", threads)
    check_served(server.address)
    assert server.proc.thread_count() >= threads + 1
    if not netkit_server.IS_SANITIZED:  # sanitizers bring a thread of their own
        assert server.proc.thread_count() == threads + 1


def test_quiet_says_nothing(serve):
    """-q still writes, which a supervisor then mails to somebody."""
    server = serve("echo", "127.0.0.1:0", "-q")
    check_served(server.address)
    server.send_signal(signal.SIGUSR1)
    check_served(server.address)
    server.stop()
    assert server.stderr() == ""


def test_an_idle_server_sleeps(serve, address):
    """A timer or an event that nobody handles wakes an idle server again and again."""
    server = serve("echo", address, "--idle-timeout", "1h")
    clients = [connect(server.address) for _ in range(50)]
    for client in clients:
        client.sendall(b"x")
        receive_exactly(client, 1)
    before = server.proc.wakeups()
    cpu = server.proc.cpu_seconds_in(1)
    wakeups = server.proc.wakeups() - before
    for client in clients:
        client.close()
    assert cpu < 0.02, f"{cpu} s of CPU time"
    assert wakeups <= 5 or IS_TSAN, f"{wakeups} wake-ups"  # it has a thread that is never idle


def test_busy_poll_still_serves(serve):
    """Spinning before sleeping forgets to look at timers, signals or posted tasks."""
    server = serve("echo", "127.0.0.1:0", "--busy-poll", "1ms", "--threads", 1)
    exchange(server.address, MIB)
    check_served(server.address)


def test_what_has_arrived_is_answered_before_the_end(serve, address):
    """SIGTERM throws away what clients had sent before it."""
    server = serve("echo", address, "--threads", 2)
    clients = [connect(server.address) for _ in range(10)]
    for number, client in enumerate(clients):
        client.sendall(pattern(number, 50_000))
    netkit_server.wait_until(
        lambda: all(unsent(client) == 0 for client in clients), "everything has arrived"
    )
    server.send_signal()
    for number, client in enumerate(clients):
        assert receive_all(client) == pattern(number, 50_000)
        client.close()
    server.check()


def unsent(client):
    """Bytes that have not reached the other end: unacknowledged, or over unix sockets unread."""
    return int.from_bytes(fcntl.ioctl(client, termios.TIOCOUTQ, bytes(4)), "little")


def test_a_cut_client_is_never_reported_as_finished(serve, address):
    """Blocked clients keep the server from ending within its drain time, or it exits 0 although
    it threw their bytes away."""
    server = serve("echo", address, "--drain", "300ms", "--threads", 2)
    clients = [connect(server.address, receive_buffer=4096) for _ in range(4)]
    for client in clients:
        fill(client)
    server.allow(r"served .*; 4 cut")
    started = time.monotonic()
    server.stop(status=1)
    assert time.monotonic() - started < 10
    for client in clients:
        client.close()
