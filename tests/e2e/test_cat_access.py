"""listen with --allow and --deny. The addresses of 127.0.0.0/8 are the different clients."""

import signal
import socket

import pytest

from cat_support import Stage
from event_schema import read_events
from netkit_server import PATIENCE, endpoint, run

pytestmark = pytest.mark.dispatchers


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def call(stage, address, source):
    """A client with that source address, or None when it was turned away at once."""
    client = stage.keep(socket.socket())
    client.settimeout(PATIENCE)
    client.bind((source, 0))
    try:
        client.connect(endpoint(address)[1])
    except ConnectionResetError:
        return None
    return client


def is_denied(client):
    try:
        return client is None or client.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("words", [[], ["-k"], ["-k", "--exec", "echo x; cat"]], ids=" ".join)
def test_who_may_come(stage, words):
    """A client that is denied takes the place of the one that is waited for."""
    cat, addresses = stage.listening(*words, "--json", "--deny", "127.0.0.2")
    for _ in range(3):
        assert is_denied(call(stage, addresses[0], "127.0.0.2"))
    friend = call(stage, addresses[0], "127.0.0.3")
    if "--exec" not in words:
        cat.send(b"x")
    assert friend.recv(1) == b"x"
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    events = read_events(cat.stderr())
    assert events[-1]["denied"] == 3
    assert [event["event"] for event in events].count("connected") == 1


@pytest.mark.parametrize("words", [[], ["-k"]], ids=" ".join)
def test_datagrams(stage, words):
    """A stranger's datagram makes him the peer."""
    cat, addresses = stage.listening(*words, "--json", "--allow", "127.0.0.3",
                                     address="udp://127.0.0.1:0")
    target = ("127.0.0.1", int(addresses[0].rsplit(":", 1)[1]))
    for source, text in (("127.0.0.2", b"stranger"), ("127.0.0.3", b"friend")):
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.bind((source, 0))
            client.sendto(text, target)
    assert cat.receive(6) == b"friend"
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    assert read_events(cat.stderr())[-1]["denied"] == 1


def test_files_are_read_again(stage, tmp_path):
    """A friend has to wait for a restart, or SIGHUP ends the program."""
    friends = tmp_path / "friends"
    friends.write_text("127.0.0.2\n")
    cat, addresses = stage.listening("-k", "-v", "--allow", f"@{friends}")
    assert is_denied(call(stage, addresses[0], "127.0.0.3"))
    friends.write_text("127.0.0.3 # and nobody else\n")
    cat.signal(signal.SIGHUP)
    cat.wait_for_line("access lists read again")
    friend = call(stage, addresses[0], "127.0.0.3")
    cat.send(b"x")
    assert friend.recv(1) == b"x"
    assert is_denied(call(stage, addresses[0], "127.0.0.2"))
    friends.write_text("nonsense\n")
    cat.signal(signal.SIGHUP)
    cat.wait_for_line("nonsense")
    assert call(stage, addresses[0], "127.0.0.3")
    assert cat.is_running()


def test_without_files_a_hangup_ends(stage):
    """The program outlives its terminal."""
    cat, _ = stage.listening("-k", "--allow", "127.0.0.1")
    cat.signal(signal.SIGHUP)
    cat.wait(-signal.SIGHUP)


@pytest.mark.parametrize("words, text", [
    (["--allow", "unix", "tcp://127.0.0.1:0"], "--allow: "),
    (["--deny", "10.0.0.0/33", "tcp://127.0.0.1:0"], "--deny: "),
    (["--deny", "10.0.0.0/8", "unix:/nowhere"], "no effect on unix sockets"),
])
def test_mistakes(words, text):
    """A list that keeps nobody out would be taken."""
    done = run("listen", *words)
    assert done.returncode == 2
    assert text in done.stderr and len(done.stderr.splitlines()) == 2
