"""Starting, stopping and starting again: signals, drain time, restart, standard descriptors."""

import os
import signal
import socket
import time

import pytest

import netkit_server
from echo_client import check_served, echo_round, pattern, receive_all, receive_exactly
from netkit_server import DISPATCHER, IS_SANITIZED, connect
from test_echo import fill

pytestmark = pytest.mark.dispatchers

STOP_SIGNALS = [signal.SIGTERM, signal.SIGINT]

# Sooner than the drain time that servers have unless they are told another.
SOON = 9


def blocked_client(server):
    """A client that keeps the server from finishing: it takes nothing of what it is owed."""
    client = connect(server.address, receive_buffer=4096)
    fill(client)
    return client


# ---- the first stop signal ----


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_stop_without_clients(serve, number, threads):
    """A server that cannot be stopped, or calls that a failure."""
    server = serve("echo", "127.0.0.1:0", "--threads", threads)
    started = time.monotonic()
    server.stop(status=0, number=number)
    assert time.monotonic() - started < SOON
    assert f"stopping on {number.name}\n" in server.stderr()


@pytest.mark.parametrize("threads", [0, 2])
def test_stop_with_idle_clients(serve, threads):
    """Clients that say nothing hold the server up for the whole drain time, or are reset."""
    server = serve("echo", "127.0.0.1:0", "--threads", threads)
    clients = [connect(server.address) for _ in range(10)]
    for client in clients:
        client.sendall(b"x")
        receive_exactly(client, 1)
    started = time.monotonic()
    server.send_signal()
    for client in clients:
        assert client.recv(1) == b""
        client.close()
    server.check()
    assert time.monotonic() - started < SOON


def test_stop_with_a_busy_client_that_finishes(serve):
    """Output that is still queued is thrown away although there is time to deliver it."""
    server = serve("echo", "127.0.0.1:0")
    with connect(server.address, receive_buffer=4096) as client:
        client.setblocking(False)
        sent = 0
        try:
            while sent < 4_000_000:
                sent += client.send(pattern(sent, 4_000_000 - sent))
        except BlockingIOError:
            pass
        client.settimeout(netkit_server.PATIENCE)
        client.shutdown(socket.SHUT_WR)
        time.sleep(0.2)  # the server takes what it can hold
        server.send_signal()
        server.wait_for_line("stopping on SIGTERM: 1 connection may finish")
        received = receive_all(client)
        assert received == pattern(0, len(received))
        assert len(received) == sent
    server.check()


@pytest.mark.parametrize("drain", ["0", "300ms"])
def test_stop_with_a_client_that_does_not_finish(serve, drain):
    """The drain time is none, or a server that had to cut says that all went well."""
    server = serve("echo", "127.0.0.1:0", "--drain", drain)
    client = blocked_client(server)
    client.shutdown(socket.SHUT_WR)
    server.allow(r"served .*; 1 cut")
    started = time.monotonic()
    server.stop(status=1)
    taken = time.monotonic() - started
    client.close()
    assert taken < SOON
    assert drain == "0" or taken >= 0.3


def test_nobody_is_accepted_while_draining(serve):
    """A client that comes during the drain is accepted and then cut."""
    server = serve("echo", "127.0.0.1:0", "--drain", "20s")
    with blocked_client(server):
        server.send_signal()
        server.wait_for_line("stopping on SIGTERM")
        with pytest.raises(ConnectionRefusedError):
            connect(server.address)
    server.check()


@pytest.mark.parametrize("first", STOP_SIGNALS)
@pytest.mark.parametrize("second", STOP_SIGNALS)
def test_a_second_signal_ends_at_once(serve, first, second):
    """A user who presses Ctrl-C twice has to wait, and the shell does not learn why it ended."""
    server = serve("echo", "127.0.0.1:0", "--drain", "1h")
    client = blocked_client(server)
    server.send_signal(first)
    server.wait_for_line(f"stopping on {first.name}")
    server.send_signal(second)
    assert server.wait(5) == -second
    server.expect_status = -second
    client.close()


def test_a_storm_of_signals(serve):
    """A signal that arrives while another is handled is lost or handled twice."""
    server = serve("echo", "127.0.0.1:0")
    with connect(server.address) as client:
        for _ in range(200):
            server.send_signal(signal.SIGUSR1)
            client.sendall(b"x")
            assert receive_exactly(client, 1) == b"x"
    assert server.is_running()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGPIPE])
def test_signals_that_do_not_end_a_server(serve, number):
    """A server dies with its terminal, or with a client that has gone."""
    server = serve("echo", "127.0.0.1:0")
    server.send_signal(number)
    check_served(server.address)


@pytest.mark.threads
@pytest.mark.parametrize("threads", [0, 2])
def test_stop_under_load(serve, threads):
    """Connections that begin, work and end while the server stops: a race ends in a crash, a
    hang or a leak that the sanitizers see."""
    server = serve("echo", "127.0.0.1:0", "--threads", threads)
    clients = []
    for number in range(100):
        client = connect(server.address)
        client.sendall(pattern(number, 10_000))
        clients.append(client)
    server.send_signal()
    for number, client in enumerate(clients):
        try:
            received = receive_all(client)
        except ConnectionResetError:
            received = b""  # it was still in the backlog
        assert received == pattern(number, len(received))
        client.close()
    server.check()


# ---- statistics ----


@pytest.mark.parametrize("threads", [0, 2])
def test_statistics_on_request_and_at_the_end(serve, threads):
    """Totals that nobody asked for, or wrong ones."""
    server = serve("echo", "127.0.0.1:0", "--threads", threads)
    totals = server.statistics()
    assert (totals["connections"], totals["open"]) == (0, 0)
    with connect(server.address) as client:
        client.sendall(b"x" * 2048)
        receive_exactly(client, 2048)
        totals = server.statistics()
        assert (totals["connections"], totals["open"]) == (1, 1)
    server.wait_for_no_clients()
    assert server.statistics()["connections"] == 1
    server.stop()
    assert server.stderr().splitlines()[-1].startswith("served 1 connection, 2.0 KiB in, 2.0 KiB")


# ---- again on the same port ----


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_restart_on_the_same_port_with_clients_still_open(serve, how):
    """TIME_WAIT or half-closed connections of the old server keep the new one from starting."""
    server = serve("echo", "127.0.0.1:0")
    clients = [connect(server.address) for _ in range(5)]
    for client in clients:
        client.sendall(b"x")
        receive_exactly(client, 1)
    getattr(server, how)()
    again = serve("echo", f"127.0.0.1:{server.port}")
    check_served(again.address)
    for client in clients:
        client.close()


def test_restart_while_the_old_one_still_drains(serve):
    """The port stays taken until the last client has gone."""
    server = serve("echo", "127.0.0.1:0", "--drain", "20s")
    with blocked_client(server):
        server.send_signal()
        server.wait_for_line("stopping on SIGTERM")
        with pytest.raises(ConnectionRefusedError):
            connect(server.address)
        again = serve("echo", f"127.0.0.1:{server.port}")
        check_served(again.address)
    server.check()


@pytest.mark.parametrize("options", [[], ["--reuseport", "--threads", "2"]])
def test_a_second_instance_is_refused(serve, options):
    """Two servers share a port by accident and each gets half of the clients."""
    server = serve("echo", "127.0.0.1:0", *options)
    second = netkit_server.run("serve", "echo", f"127.0.0.1:{server.port}")
    assert second.returncode == 8
    assert second.stderr == (
        f"netkit: cannot listen on 'tcp://127.0.0.1:{server.port}': address already in use\n"
    )
    check_served(server.address)


# ---- standard descriptors ----


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_descriptors(serve, closed):
    """A client's connection gets number 0, 1 or 2, and messages are written into it."""
    server = serve("echo", "127.0.0.1:0", prefix=["sh", "-c", f'exec "$@" {closed}', "sh"])
    echo_round(server.address, 5, 100_000)
    for number in (0, 1, 2):
        target = os.readlink(f"/proc/{server.pid}/fd/{number}")
        assert not target.startswith("socket:"), target


def test_no_descriptor_is_inherited_from_the_program(serve):
    """Every other descriptor is close-on-exec: a child would keep a port or a client open."""
    server = serve("echo", "127.0.0.1:0", "--threads", 2)
    with connect(server.address):
        netkit_server.wait_until(lambda: server.statistics()["open"] == 1, "accepted")
        for name in os.listdir(f"/proc/{server.pid}/fd"):
            if int(name) <= 2:
                continue
            with open(f"/proc/{server.pid}/fdinfo/{name}", encoding="ascii") as info:
                (flags,) = [line.split()[1] for line in info if line.startswith("flags:")]
            target = os.readlink(f"/proc/{server.pid}/fd/{name}")
            assert int(flags, 8) & os.O_CLOEXEC, f"{name}: {target}"


def test_stderr_that_is_full_or_gone(serve):
    """A message that cannot be written ends or blocks the server."""
    script = 'exec "$@" 2>/dev/full'
    server = serve("echo", "127.0.0.1:0", prefix=["sh", "-c", script, "sh"])
    server.send_signal(signal.SIGUSR1)
    check_served(server.address)
    server.stop()


@pytest.mark.skipif(IS_SANITIZED, reason="sanitizers need their own time to start")
@pytest.mark.release
def test_start_up_is_quick_and_small(serve):
    """An idle server is ready 10 ms after exec and needs at most 4 MiB."""
    times = []
    for _ in range(5):
        started = time.monotonic()
        server = serve("echo", "127.0.0.1:0", "--threads", 0)
        times.append(time.monotonic() - started)
        with open(f"/proc/{server.pid}/status", encoding="ascii") as status:
            (resident,) = [int(line.split()[1]) for line in status if line.startswith("VmRSS:")]
        assert resident <= 4096, f"{resident} KiB"
        server.stop()
    assert min(times) < 0.05, times


@pytest.mark.parametrize("dispatcher", ["epoll", "poll", "select"])
def test_dispatcher_option(serve, dispatcher):
    """The option names a dispatcher that does not work, or the variable overrules it."""
    env = netkit_server.environment(NETKIT_DISPATCHER="epoll")
    server = serve("echo", "127.0.0.1:0", "--dispatcher", dispatcher, env=env)
    echo_round(server.address, 20, 10_000)
    targets = server.proc.descriptor_targets()
    assert ("anon_inode:[eventpoll]" in targets) == (dispatcher == "epoll"), targets


def test_dispatcher_variable(serve):
    """NETKIT_DISPATCHER is not what runs, and the suite tests epoll three times."""
    server = serve("echo", "127.0.0.1:0")
    assert ("anon_inode:[eventpoll]" in server.proc.descriptor_targets()) == (DISPATCHER == "epoll")
