"""`serve http` that ends by itself: behind so many requests, after a time; for scripts, which
see by the exit status whether it was asked enough."""

import signal
import time

import pytest

import netkit_server
from event_schema import read_events
from http_client import HttpClient, fetch, request

STOPPING = r"stopping(: \d+ connections? may finish within \S+; a signal stops at once)?"


@pytest.fixture
def start(serve, tmp_path):
    def start(*options):
        server = serve("http", "127.0.0.1:0", "--demo", *options)
        server.allow(STOPPING)
        return server

    return start


@pytest.mark.threads
@pytest.mark.dispatchers
@pytest.mark.parametrize("threads", [0, 2])
def test_requests(start, threads):
    """A script's server ends too early, too late, or without its last answer."""
    server = start("--requests", "3", "--threads", threads)
    with HttpClient(server) as client:
        assert not client.get("/network").says_close()
        assert fetch(server, "/network").status == 200
        assert server.is_running()
        assert client.get("/photo").says_close()
        client.expect_end()
    server.check()
    assert "3 requests" in server.stderr()


def test_once(start):
    """One request and no more, also when more came in one piece."""
    server = start("--once")
    with HttpClient(server) as client:
        client.send(request("/network") + request("/network"))
        assert client.receive().says_close()
        client.expect_end()
    server.check()


def test_one_too_many(serve, tmp_path):
    """A request that comes while the last answer is on its way is told so."""
    server = serve("http", "127.0.0.1:0", "--endpoints", "--once")
    server.allow(STOPPING)
    with HttpClient(server) as other, HttpClient(server) as client:
        other.send(request("/", "Content-Length: 5"))  # its body is waited for, it is not idle
        client.send(request("/_/drip?duration=1s"))
        server.wait_for_line("stopping")
        other.send(b"hello")
        response = other.receive()
        assert (response.status, response.says_close()) == (503, True)
        assert client.receive().status == 200
    server.check()


def test_for_a_time(start):
    """The time passes and nothing ends, or an answer that was begun is lost."""
    server = start("--for", "300ms")
    server.check()
    assert time.monotonic() - server.started >= 0.3


@pytest.mark.parametrize("span, asked, status", [("300ms", 0, 1), ("1h", 2, 0)])
def test_the_status_says_whether_all_were_answered(start, span, asked, status):
    """A script takes a server that was not asked enough for a success."""
    server = start("--for", span, "--requests", "2")
    for _ in range(asked):
        fetch(server, "/network")
    server.expect_status = status
    server.check()


def test_a_signal_before_the_requests(start):
    """Stopped before it was asked: not what --requests has promised."""
    server = start("--requests", "2")
    fetch(server, "/network")
    server.stop(status=1, number=signal.SIGTERM)


def test_events_of_a_server_that_ends():
    """A program that reads the events finds no signal, because there was none."""
    done = netkit_server.run("serve", "http", "127.0.0.1:0", "--demo", "--for", "10ms", "--json")
    assert done.returncode == 0
    events = read_events(done.stderr)
    draining = [event for event in events if event["event"] == "draining"]
    assert len(draining) == 1 and "signal" not in draining[0]


@pytest.mark.parametrize("words, problem", [
    (["--once", "--requests", "2"], "--once is --requests 1"),
    (["--for", "10"], "--for"),
])
def test_usage(words, problem):
    """A command line that contradicts itself."""
    done = netkit_server.run("serve", "http", *words)
    assert done.returncode == 2
    assert problem in done.stderr
