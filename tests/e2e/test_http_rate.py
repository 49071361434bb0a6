"""`serve http --limit-rate`: what a site is like on a slow line."""

import socket
import time

import pytest

from http_client import HttpClient, request

pytestmark = pytest.mark.dispatchers

RATE = 100_000
BURST = RATE // 10


@pytest.fixture
def server(serve, tmp_path):
    (tmp_path / "small").write_bytes(bytes(40_000))  # comes from memory
    (tmp_path / "large").write_bytes(bytes(80_000))  # comes from the disk

    return serve("http", "127.0.0.1:0", "--root", tmp_path, "--endpoints", "--limit-rate", "100k",
                 "--send-timeout", "1ms")


def assert_takes_its_time(began, count):
    """It cannot be sooner, however fast the machine is; how much later says nothing."""
    assert time.monotonic() - began >= (count - BURST) / (RATE * 1.024)


@pytest.mark.parametrize("path, count", [("small", 40_000), ("large", 80_000),
                                         ("_/bytes/50000", 50_000)])
def test_no_answer_is_faster(server, path, count):
    """The limit holds for some kinds of answers only, or its waits are taken for a client that
    takes nothing, which --send-timeout ends."""
    with HttpClient(server) as client:
        began = time.monotonic()
        client.send(request(f"/{path}"))
        response = client.receive()
        assert response.status == 200 and len(response.body) == count
        assert_takes_its_time(began, count)


def test_requests_of_one_connection_share_the_limit(server):
    """Many small requests get around it; or one of those that wait is lost."""
    with HttpClient(server) as client:
        began = time.monotonic()
        client.send(request("/_/bytes/2000") * 20)
        assert all(len(client.receive().body) == 2000 for _ in range(20))
        assert_takes_its_time(began, 40_000)


def test_a_client_that_leaves_is_noticed(server):
    """A connection that waits for its pace stays when its client is gone."""
    with HttpClient(server) as client:
        client.send(request("/_/bytes/10M"))
        client.socket.recv(1)
    server.wait_for_no_clients()


def test_what_is_under_way_is_finished(server):
    """A server that ends cuts an answer because it waits for its pace."""
    with HttpClient(server) as client:
        client.send(request("/large"))
        client.socket.recv(1, socket.MSG_PEEK)
        server.send_signal()
        assert len(client.receive().body) == 80_000
    server.check()
