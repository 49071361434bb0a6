"""The remote shell under many clients, large directories and clients that misbehave."""

import os
import socket
import threading
import time

import pytest

from many_names import make_names
from netkit_server import DISPATCHER, PATIENCE, prlimit, reset, wait_until
from shell_client import Shell

pytestmark = [pytest.mark.dispatchers, pytest.mark.threads]

LARGE = 200_000


@pytest.fixture(scope="module")
def large(names_store):
    """A directory of 200,000 entries beside a small one."""
    return names_store.get("load", large=LARGE, small=3)


@pytest.mark.parametrize("threads", [0, 2])
def test_two_hundred_clients_each_in_its_own_directory(serve, tmp_path, threads):
    """One client's `cd` would move another (the source's moved the whole process), or clients
    would have to wait for each other's end."""
    root = tmp_path / "root"
    for number in range(200):
        make_names(root / f"d{number}" / "sub", 0)
        (root / f"d{number}" / f"file-{number}").touch()
    server = serve("shell", "127.0.0.1:0", "--root", root, "--threads", threads)
    clients = [Shell(server.address) for _ in range(200)]
    try:
        for number, client in enumerate(clients):
            client.send(f"cd d{number}\npwd\nls\ncd sub\npwd\ncd -\npwd")
        for number, client in enumerate(clients):
            here = f"/d{number}".encode()
            assert client.answer() == ([], "ok")
            assert client.answer() == ([here], "ok")
            assert client.answer() == ([f"file-{number}".encode(), b"sub"], "ok")
            assert client.answer() == ([], "ok")
            assert client.answer() == ([here + b"/sub"], "ok")
            assert client.answer() == ([], "ok")
            assert client.answer() == ([here], "ok")
        for number, client in enumerate(clients):
            assert client.pwd() == f"/d{number}"
    finally:
        for client in clients:
            client.socket.close()
    server.wait_for_no_clients()


def test_small_directories_are_sorted_and_large_ones_complete(serve, tmp_path):
    """Names would be lost where sorting gives way to streaming."""
    make_names(tmp_path / "root" / "sorted", 10_000)
    make_names(tmp_path / "root" / "more", 10_001)
    server = serve("shell", "127.0.0.1:0", "--root", tmp_path / "root")
    with Shell(server.address) as client:
        assert client.names("ls sorted") == [f"entry-{number:06}" for number in range(10_000)]
        assert sorted(client.names("ls more")) == [f"entry-{number:06}" for number in range(10_001)]
        assert client.names("ls -p entry-0100 -m 5 more") == ["entry-010000"]
        assert len(client.names("ls -m 20 more")) == 20


def test_large_listing_is_complete(serve, large):
    """A listing would end at some size (DEFECTS 23), or lose names between two pieces."""
    server = serve("shell", "127.0.0.1:0", "--root", large)
    with Shell(server.address) as client:
        assert sorted(client.names("ls large")) == [f"entry-{number:06}" for number in range(LARGE)]
        long = client.names("ls -lF large")
        assert len(long) == LARGE and all(line.startswith("-rw") for line in long)


def test_others_are_answered_while_one_reads_slowly(serve, large):
    """One slow reader of a large directory would hold up everybody, or fill the memory."""
    server = serve("shell", "127.0.0.1:0?sndbuf=16k", "--root", large, "--threads", 0)
    with Shell(server.address, receive_buffer=4096) as slow, Shell(server.address) as other:
        slow.send("ls large")
        assert slow.line()
        slow.socket.settimeout(PATIENCE)
        worst = 0
        for _ in range(200):
            started = time.monotonic()
            assert other.names("ls small") == ["entry-000000", "entry-000001", "entry-000002"]
            worst = max(worst, time.monotonic() - started)
            slow.socket.recv(1024)
        assert worst < 5
    server.wait_for_no_clients()


@pytest.mark.release
def test_memory_stays_flat_for_slow_readers(serve, large):
    """200,000 names, or what the clients have not taken yet, would be kept in memory."""
    server = serve("shell", "127.0.0.1:0?sndbuf=16k", "--root", large, "--threads", 0)
    with Shell(server.address) as client:
        client.names("ls -l large")
        before = server.proc.peak_kib()
        for _ in range(3):
            client.names("ls -l large")
        assert server.proc.peak_kib() - before < 2 * 1024  # one listing has 15 MiB
    slow = [Shell(server.address, receive_buffer=4096) for _ in range(8)]
    try:
        for client in slow:
            client.send("ls -l large")
        for client in slow:
            assert client.line()
        with Shell(server.address) as other:
            for _ in range(100):
                other.names("ls small")
        # Per client: what is gathered for sorting, and one piece of the listing.
        assert server.proc.peak_kib() - before < 8 * 1024
        payload, status = slow[0].answer()
        assert status == "ok" and len(payload) == LARGE - 1
    finally:
        for client in slow:
            client.socket.close()
    server.wait_for_no_clients()


def test_many_listings_at_once(serve, large):
    """Listings would disturb each other, or more than the workers would never begin."""
    server = serve("shell", "127.0.0.1:0", "--root", large, "--threads", 2)
    counts = []

    def walk():
        with Shell(server.address) as client:
            counts.append(len(client.names("ls large")))

    walkers = [threading.Thread(target=walk) for _ in range(12)]
    for walker in walkers:
        walker.start()
    for walker in walkers:
        walker.join()
    assert counts == [LARGE] * 12


@pytest.mark.parametrize("threads", [0, 2])
def test_clients_that_go_in_the_middle(serve, large, threads):
    """A directory, a listing or a client would stay open for ever, or be used after its end."""
    server = serve("shell", "127.0.0.1:0", "--root", large, "--threads", threads)
    with Shell(server.address) as client:
        client.cd("small")
        client.names("ls")
    server.wait_for_no_clients()
    baseline = server.proc.descriptors()
    for round_ in range(60):
        client = Shell(server.address, receive_buffer=4096)
        client.send("cd small\ncd ..\nls -l large\nls large")
        if round_ % 3 == 0:
            client.answer()
        elif round_ % 3 == 1:
            client.socket.shutdown(socket.SHUT_WR)
            client.line()
        (reset if round_ % 2 else socket.socket.close)(client.socket)
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)
    with Shell(server.address) as client:
        assert client.names("ls") == ["large", "small"]


@pytest.mark.skipif(DISPATCHER == "select", reason="select has fewer descriptors than this takes")
def test_out_of_descriptors_is_an_error_and_no_more(serve, large):
    """A session would end, or the server, when a directory cannot be opened for want of one."""
    server = serve("shell", "127.0.0.1:0", "--root", large, "--max-conns", 30, "--threads", 0,
                   prefix=prlimit(nofile=40))
    clients = [Shell(server.address) for _ in range(20)]
    try:
        statuses = [client.request("cd small")[1] for client in clients]
        assert "ok" in statuses
        assert "error: cannot enter 'small': too many open files" in statuses
        for client, status in zip(clients, statuses):
            assert client.pwd() == ("/small" if status == "ok" else "/")
        for client in clients[:10]:
            client.socket.close()
        wait_until(lambda: clients[-1].request("cd small")[1] == "ok", "descriptors are back")
    finally:
        for client in clients:
            client.socket.close()
