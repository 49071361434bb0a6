"""check http: against our own server, against servers with known faults, and against none."""

import socket
import threading

import pytest

from event_schema import read_events
from netkit_server import PATIENCE, run

# A response to each request, whatever it was, as a server would that has no parser at all.
CARELESS = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
POLITE = CARELESS.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")


class FakeServer:
    """Answers whatever a client sends with the same bytes, so many times, and ends the
    connection."""

    def __init__(self, answer, times=1):
        self._answer = answer
        self._times = times
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=[client])
            self._threads.append(thread)
            thread.start()

    def _serve(self, client):
        with client:
            try:
                client.settimeout(PATIENCE)
                left = self._times
                while client.recv(65536):
                    client.sendall(self._answer)
                    left -= 1
                    if left == 0:
                        client.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()


@pytest.fixture
def fake():
    servers = []

    def start(*words, **options):
        servers.append(FakeServer(*words, **options))
        return servers[-1].url

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def own(serve, tmp_path):
    (tmp_path / "text").write_bytes(b"the file that every case asks for\n")
    return serve("http", "127.0.0.1:0", f"unix:{tmp_path}/socket", "--root", tmp_path)


def check(*words, timeout=2 * PATIENCE):
    return run("check", "http", "--timeout", f"{PATIENCE}s", *words, timeout=timeout)


@pytest.mark.dispatchers
def test_our_own_server_keeps_every_rule(own):
    """serve http breaks a rule of the table, or check http accuses it falsely."""
    done = check(own.address + "text")
    assert "failed" not in done.stdout and "skipped" not in done.stdout, done.stdout
    assert done.returncode == 0, done
    assert done.stderr == ""


@pytest.mark.dispatchers
def test_a_directory_keeps_every_rule_too(own):
    """The answers that take work on another thread are framed differently."""
    done = check(own.address)
    assert (done.returncode, "failed" in done.stdout) == (0, False), done.stdout


def test_what_runs_the_skipped_cases(own):
    """Cases are skipped, and nobody says what would have run them; or who has a file is told so."""
    hint = "--path FILE"
    assert check(own.address).stdout.count(hint) == 1
    assert hint not in check(own.address + "text").stdout
    assert hint not in check("--json", own.address).stdout
    assert check("--quiet", own.address).stdout == ""


def test_over_a_unix_socket(own, tmp_path):
    """A server on a unix socket cannot be checked."""
    done = check(f"unix:{tmp_path}/socket", "--path", "/text")
    assert (done.returncode, "failed" in done.stdout) == (0, False), done.stdout


def test_events(own):
    """A program that reads the events misses cases or totals."""
    done = check("--json", own.address + "text")
    events = read_events(done.stdout)
    summary = events.pop()
    assert {event["event"] for event in events} == {"check"}
    assert {event["row"] for event in events} == set(range(1, 61))
    rows = [event["row"] for event in events]
    assert rows == sorted(rows), "the cases are told in the order of the table"
    assert summary["event"] == "summary"
    assert summary["passed"] + summary["skipped"] == len(events)
    assert summary["status"] == done.returncode == 0


def test_one_row(own):
    """--row asks for other rows, too, or for nothing."""
    done = check("--json", "--row", "7", own.address + "text")
    events = read_events(done.stdout)
    assert {event["row"] for event in events[:-1]} == {7}
    assert events[-1]["passed"] == len(events) - 1 > 0


def test_verbose_tells_every_case(own):
    """-v hides what has passed."""
    done = check("-v", "--row", "1", own.address + "text")
    assert "passed  MUST   RFC 9112 6.3     row 1  length-and-chunked: answered 400" in done.stdout


def test_a_careless_server_fails(fake):
    """A server that answers everything alike passes."""
    done = check("--json", fake(POLITE))
    events = read_events(done.stdout)
    assert done.returncode == events[-1]["status"] == 9
    failed = {event["row"] for event in events if event.get("result") == "failed"}
    assert {3, 7, 11, 13, 25, 46, 57} <= failed
    assert events[-1]["must_failed"] > 30


def test_a_server_that_goes_on_fails(fake):
    """A connection that goes on behind a request whose end is unclear is as good as an end."""
    done = check("--json", "--row", "1", fake(CARELESS, 2))
    events = read_events(done.stdout)
    assert done.returncode == 9, done
    assert all("the connection goes on" in event["answered"] for event in events[:-1])


def test_a_server_that_gives_hints(fake):
    """A 103 on the way to the answer is taken for the answer."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    done = check("--json", "--row", "58", fake(hints + POLITE))
    assert [event.get("answered") for event in read_events(done.stdout)][0].startswith("200")


def test_a_silent_server(fake):
    """A server that says nothing is waited for without end, or passes."""
    done = run("check", "http", "--timeout", "300ms", fake(b"", -1))
    assert done.returncode == 5, done
    assert "cannot check" in done.stderr and "there is no answer" in done.stderr


def test_a_resource_that_does_not_exist(own):
    """All cases are held against the answer to a resource that is not there."""
    done = check(own.address + "missing")
    assert done.returncode == 1
    assert done.stderr == (
        f"netkit: cannot check '{own.address}missing': GET of it is answered with 404;"
        " --path names a resource that exists\n"
    )


def test_nobody_there():
    """A server that does not listen passes, or the exit status says something else."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        done = check(f"127.0.0.1:{port}")
        assert done.returncode == 4
        assert done.stderr == (
            f"netkit: cannot connect to 'http://127.0.0.1:{port}': connection refused\n"
        )
        events = read_events(check("--json", f"127.0.0.1:{port}").stdout)
        assert [event["event"] for event in events] == ["error", "summary"]
        assert events[-1]["status"] == 4


def test_no_such_host():
    """A name that is not resolved is reported as a failed connection."""
    done = check("http://netkit.invalid/")
    assert done.returncode == 3
    assert "cannot resolve" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["http://a/", "http://b/"],
        ["udp://a:1"],
        ["http://a/b", "--path", "/c"],
        ["http://a/", "--path", "c"],
        ["http://a/", "--path", "/a b"],
        ["http://a/", "--row", "61"],
        ["https://a/"],
    ],
    ids=str,
)
def test_usage(words):
    """A command line that makes no sense is carried out."""
    done = run("check", "http", *words)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 2
