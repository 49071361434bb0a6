"""Who may be a client: --allow and --deny, which every server has. The addresses of
127.0.0.0/8 are the different clients."""

import errno
import re
import signal
import socket
from random import randint

import pytest

import netkit_server
from datagram_client import target
from event_schema import read_events
from keepalive_support import PING, message
from netkit_server import PATIENCE, endpoint, run

pytestmark = pytest.mark.dispatchers

DENIED = r"netkit: warning: denied access to \S+ \(\d+ denied so far\)"
DENIED_EACH = r"netkit: info: denied access to \S+"

# What a client learns of a reset, by what it was doing.
RESET = (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN)

# The ways in which a server accepts.
WAYS = {
    "single": ["--threads", "0"],
    "threads": ["--threads", "2"],
    "reuseport": ["--threads", "2", "--reuseport"],
}


@pytest.fixture(params=WAYS.values(), ids=WAYS.keys())
def way(request):
    return request.param


def call(address, source, message=b"hello"):
    """What a client with that source address is answered; None when it is turned away."""
    family, where = endpoint(address)
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        client.bind((source, 0))
        try:
            client.connect(where)
            client.sendall(message)
            client.shutdown(socket.SHUT_WR)
            return client.recv(1 << 16)
        except OSError as error:
            assert error.errno in RESET, error
            return None


def serve_allowing(serve, *words):
    server = serve(*words)
    server.allow(DENIED, r"served .*; \d+ denied.*", r"received \d+ datagrams?; \d+ denied")
    return server


def reload(server, expected=r"info: access lists read again"):
    """SIGHUP, until it was heeded. The server has to run with -v."""
    seen = len(re.findall(expected, server.stderr()))
    server.send_signal(signal.SIGHUP)
    netkit_server.wait_until(
        lambda: len(re.findall(expected, server.stderr())) > seen, f"a line {expected!r}")


# ---- streams ----


def test_only_the_allowed_are_served(serve, way):
    """A client that was not allowed is served, or an allowed one is not, on some thread."""
    server = serve_allowing(serve, "echo", "127.0.0.1:0", "--allow", "127.0.0.1,127.1.0.0/16", *way)
    for _ in range(8):
        assert call(server.address, "127.0.0.1") == b"hello"
        assert call(server.address, "127.1.255.255") == b"hello"
        assert call(server.address, "127.0.0.2") is None
        assert call(server.address, "127.2.0.0") is None
    totals = server.statistics()
    assert totals["denied"] == 16
    assert totals["connections"] == 16


def test_the_denied_are_not_served(serve, way):
    """A list of those denied lets them in, shuts others out, or is overruled by the other list."""
    server = serve_allowing(
        serve, "echo", "127.0.0.1:0", "--deny", "127.0.0.2", "--allow", "127.0.0.0/24", *way)
    assert call(server.address, "127.0.0.1") == b"hello"
    assert call(server.address, "127.0.0.2") is None
    assert call(server.address, "127.0.1.1") is None
    server = serve_allowing(serve, "echo", "127.0.0.1:0", "--deny", "127.0.0.2", *way)
    assert call(server.address, "127.0.0.2") is None
    assert call(server.address, "127.0.1.1") == b"hello"


@pytest.mark.parametrize("denied,v4,v6", [
    ("127.0.0.1", None, b"hello"),
    ("::ffff:127.0.0.0/104", None, b"hello"),
    ("::/0", b"hello", None),
    ("::1,127.0.0.0/8", None, None),
])
def test_ipv4_clients_of_a_socket_for_both(serve, denied, v4, v6):
    """An IPv4 client in the guise of an IPv6 one gets past the rules for IPv4."""
    server = serve_allowing(serve, "echo", ":0", "--deny", denied, "--threads", 0)
    port = int(server.address.rpartition(":")[2])
    assert call(f"tcp://127.0.0.1:{port}", "127.0.0.1") == v4
    assert call(f"tcp://[::1]:{port}", "::1") == v6


@pytest.mark.parametrize("words", [
    ["http", "--demo"], ["echo"], ["discard"], ["chargen"], ["daytime"], ["time"],
    ["keepalive"]], ids=str)
def test_every_server_has_them(serve, words):
    """A server takes the options and serves everybody."""
    server = serve_allowing(serve, *words, "127.0.0.1:0", "--deny", "127.0.0.2", "--threads", 0)
    request = message(PING) if words == ["keepalive"] else b"GET / HTTP/1.0\r\n\r\n"
    assert call(server.address, "127.0.0.1", request) is not None
    assert call(server.address, "127.0.0.2", request) is None


def test_unix_clients_are_always_served(serve, tmp_path):
    """A server on both kinds of socket would shut out clients that no list can name."""
    server = serve("echo", "127.0.0.1:0", f"unix:{tmp_path}/s", f"unix-dgram:{tmp_path}/d",
                   "--allow", "10.0.0.1")
    with netkit_server.connect(server.addresses[1]) as client:
        client.sendall(b"hello")
        assert client.recv(10) == b"hello"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.bind("")
        client.sendto(b"hello", f"{tmp_path}/d")
        assert client.recv(10) == b"hello"


def test_a_denied_client_takes_no_place(serve):
    """Clients that are not served use up --max-conns, or stay in memory."""
    server = serve_allowing(
        serve, "echo", "127.0.0.1:0", "--deny", "127.0.0.2", "--max-conns", 1, "--threads", 0)
    descriptors = server.proc.descriptors()
    for _ in range(100):
        assert call(server.address, "127.0.0.2") is None
    assert call(server.address, "127.0.0.1") == b"hello"
    server.wait_for_no_clients()
    server.wait_for_descriptors(descriptors)


# ---- datagrams ----


class Asking:
    """A UDP client with that source address."""

    def __init__(self, address, source):
        family, self.where = target(address)
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        self.socket.bind((source, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, message):
        self.socket.sendto(message, self.where)

    def ask(self, message):
        self.say(message)
        return self.socket.recv(1 << 16)

    def has_answer(self):
        self.socket.setblocking(False)
        try:
            return bool(self.socket.recv(1 << 16))
        except BlockingIOError:
            return False


@pytest.mark.parametrize("threads", [0, 2])
def test_datagrams_of_the_denied_are_dropped(serve, threads):
    """A stranger is answered over UDP, or those who may ask are not."""
    server = serve_allowing(
        serve, "echo", "udp://127.0.0.1:0", "--deny", "127.0.0.2", "--threads", threads)
    with Asking(server.address, "127.0.0.1") as friend, \
            Asking(server.address, "127.0.0.2") as stranger:
        for _ in range(5):
            stranger.say(b"hello")
        assert friend.ask(b"hello") == b"hello"
        server.stop()
        assert not stranger.has_answer()
    assert "received 1 datagram; 5 denied\n" in server.stderr()


# ---- messages ----


def test_denials_are_logged_now_and_then(serve):
    """The log is silent about clients that are turned away, or full of them."""
    server = serve_allowing(serve, "echo", "127.0.0.1:0", "--deny", "127.0.0.2", "--threads", 0)
    for _ in range(20):
        assert call(server.address, "127.0.0.2") is None
    server.stop()
    lines = [line for line in server.stderr().splitlines() if "denied access" in line]
    assert 1 <= len(lines) <= 3, "one line in ten seconds"
    assert re.fullmatch(
        r"netkit: warning: denied access to 127\.0\.0\.2:\d+ \(1 denied so far\)", lines[0])
    assert server.stderr().splitlines()[-1].endswith("; 20 denied")


def test_each_denial_is_logged_under_v(serve):
    """Whoever looks for one client does not find it."""
    server = serve_allowing(serve, "echo", "127.0.0.1:0", "--deny", "127.0.0.2", "-v",
                            "--threads", 0)
    server.allow(DENIED_EACH)
    for _ in range(5):
        assert call(server.address, "127.0.0.2") is None
    server.stop()
    assert len(re.findall(DENIED_EACH, server.stderr())) == 5


def test_denials_are_among_the_events(serve):
    """A program that watches the server does not learn of them."""
    server = serve("echo", "127.0.0.1:0", "udp://127.0.0.1:0", "--allow", "127.0.0.1", "--json",
                   "--threads", 0)
    server.allow(r"\{.*\}")
    assert call(server.addresses[0], "127.0.0.2") is None
    with Asking(server.addresses[1], "127.0.0.2") as stranger, \
            Asking(server.addresses[1], "127.0.0.1") as friend:
        stranger.say(b"1")
        stranger.say(b"2")
        assert friend.ask(b"3") == b"3"
    server.stop()
    events = read_events(server.stderr())
    assert events[-1]["event"] == "summary"
    assert events[-1]["denied"] == 1
    assert events[-1]["datagrams_denied"] == 2
    assert events[-1]["datagrams"] == 1
    assert any(event["event"] == "log" and "denied access to 127.0.0.2" in event["message"]
               for event in events)


# ---- files ----


@pytest.fixture
def friends(tmp_path):
    return tmp_path / "friends"


def serve_friends(serve, friends, *more):
    server = serve_allowing(serve, "echo", "127.0.0.1:0", "udp://127.0.0.1:0",
                            "--allow", f"127.0.0.9,@{friends}", "-v", *more)
    server.allow(r"netkit: info: .*", r"connections by thread: .*")
    return server


def test_a_file_is_read_again_on_sighup(serve, friends, way):
    """Whoever changes the file has to restart the server and cut everybody off."""
    friends.write_text("# friends\n127.0.0.1  # me\n\n::1\n")
    server = serve_friends(serve, friends, *way)
    assert call(server.address, "127.0.0.1") == b"hello"
    assert call(server.address, "127.0.0.2") is None
    with Asking(server.addresses[1], "127.0.0.1") as old, \
            Asking(server.addresses[1], "127.0.0.2") as new, \
            netkit_server.connect(server.address) as connected:
        assert old.ask(b"x") == b"x"
        connected.sendall(b"in")
        assert connected.recv(10) == b"in"
        friends.write_text("127.0.0.2\r\n")
        reload(server)
        assert call(server.address, "127.0.0.1") is None
        assert call(server.address, "127.0.0.2") == b"hello"
        assert call(server.address, "127.0.0.9") == b"hello"
        old.say(b"y")
        assert new.ask(b"z") == b"z"
        assert not old.has_answer()
        connected.sendall(b"still")  # who is inside stays
        assert connected.recv(10) == b"still"


@pytest.mark.parametrize("text,complaint", [
    ("127.0.0.2\n127.0.0.300\n", "line 2: '127.0.0.300' is not an IPv4 or IPv6 address or network"),
    (None, "no such file or directory"),
])
def test_a_file_that_cannot_be_read_again_changes_nothing(serve, friends, text, complaint):
    """A slip of the pen opens the server to everybody, or stops it."""
    friends.write_text("127.0.0.1\n")
    server = serve_friends(serve, friends, "--threads", 0)
    server.allow(r"netkit: error: access lists stay as they were: .*")
    if text is None:
        friends.unlink()
    else:
        friends.write_text(text)
    reload(server, r"error: access lists stay as they were: .*" + re.escape(complaint))
    assert call(server.address, "127.0.0.1") == b"hello"
    assert call(server.address, "127.0.0.2") is None
    friends.write_text("127.0.0.2\n")
    reload(server)
    assert call(server.address, "127.0.0.2") == b"hello"


def test_sighup_without_a_file_is_nothing(serve):
    """A server that loses its terminal ends, or loses its lists."""
    server = serve_allowing(serve, "echo", "127.0.0.1:0", "--deny", "127.0.0.2", "--threads", 0)
    server.send_signal(signal.SIGHUP)
    assert call(server.address, "127.0.0.1") == b"hello"
    assert call(server.address, "127.0.0.2") is None


@pytest.mark.threads
def test_a_file_is_read_while_clients_come(serve, friends):
    """A thread looks into a list that is being replaced."""
    friends.write_text("127.0.0.1\n")
    server = serve_friends(serve, friends, "--threads", 3, "--reuseport")
    with Asking(server.addresses[1], "127.0.0.1") as asking:
        for _ in range(100):
            server.send_signal(signal.SIGHUP)
            assert call(server.address, "127.0.0.1") == b"hello"
            assert call(server.address, "127.0.0.2") is None
            assert asking.ask(b"x") == b"x"


def test_a_long_file(serve, friends):
    """A list of the size that people download makes the server slow or large."""
    networks = [f"10.{i >> 8}.{i & 255}.{j}/32" for i in range(400) for j in range(250)]
    friends.write_text("\n".join(networks + ["127.0.0.1"]))
    server = serve_friends(serve, friends, "--threads", 0)
    for _ in range(20):
        assert call(server.address, "127.0.0.1") == b"hello"
        assert call(server.address, "127.0.0.2") is None


# ---- the command line ----


def check_usage_error(done, complaint):
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == f"netkit: {complaint}"
    assert done.stderr.splitlines()[1].startswith("Try 'netkit serve ")


@pytest.mark.parametrize("words,complaint", [
    (["--allow", "10.0.0.0/33"],
     "--allow: '10.0.0.0/33' has a prefix length that is not a number from 0 to 32"),
    (["--deny", "10.0.0.7/8"], "--deny: '10.0.0.7/8' has bits set behind the length of its prefix"),
    (["--deny", "localhost"], "--deny: 'localhost' is not an IPv4 or IPv6 address or network"),
    (["--allow", "::1,"], "--allow: '' is not an IPv4 or IPv6 address or network"),
    (["--allow", ""], "--allow: the value is empty"),
    (["--deny", " "], "--deny: '' is not an IPv4 or IPv6 address or network"),
    (["--allow", "@/no/such"], "--allow: cannot read '/no/such': no such file or directory"),
    (["--deny", "@/"], "--deny: cannot read '/': is a directory"),
    (["--allow", "::1", "unix:@x"], "--allow has no effect on unix sockets"),
    (["--deny", "::1", "unix-dgram:@x"], "--deny has no effect on unix sockets"),
])
def test_mistakes(words, complaint):
    """A list that says something else than was meant is taken, or refused without a reason."""
    check_usage_error(run("serve", "echo", *words), complaint)


def test_a_file_with_a_mistake(friends):
    """A server starts with half of its list."""
    friends.write_text("::1\n\n10.0.0.0/255.0.0.0\n")
    check_usage_error(
        run("serve", "http", "--demo", "--deny", f"@{friends}"),
        f"--deny: '{friends}', line 3: '10.0.0.0/255.0.0.0' has a prefix length that is not a"
        " number from 0 to 32")


# ---- loops ----


@pytest.mark.parametrize("protocol", ["echo", "chargen", "daytime", "time"])
def test_servers_do_not_answer_each_other(serve, protocol):
    """One forged datagram keeps two servers busy for ever (CVE-1999-0103)."""
    server = serve(protocol, "udp://127.0.0.1:0", "--threads", 0)
    server.allow(r"received 3 datagrams; 2 not answered")
    with Asking(server.address, "127.0.0.1") as client, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        try:  # an address that no other test has at the moment
            other.bind((f"127.{randint(1, 254)}.{randint(0, 255)}.{randint(1, 254)}", 19))
        except PermissionError:
            pytest.skip("only root has the ports of servers")
        other.sendto(b"x", client.where)
        other.sendto(b"x", client.where)
        assert client.ask(b"x")
        server.stop()
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.recv(100)
