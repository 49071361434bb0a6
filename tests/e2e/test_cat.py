"""connect and listen beside the grid: options, odd descriptors, failures, signals."""

import os
import pty
import select
import signal
import socket
import subprocess
import termios
import time

import pytest

import netkit_server
from cat_support import MIB, Cat, Peer, Stage, come_and_go, pattern, read_exactly
from event_schema import read_events
from netkit_server import NOBODY, PATIENCE, run, wait_until

ROLES = ["connect", "listen"]


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


# ---- files, terminals, sockets and closed descriptors ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("transport", ["tcp", "unix"])
@pytest.mark.parametrize("role", ROLES)
def test_files_on_both_sides(stage, tmp_path, role, transport):
    """A file as stdin or stdout loses bytes, or its end is not passed on."""
    data, answer = pattern(3 * MIB), pattern(2 * MIB, 1)
    (tmp_path / "in").write_bytes(data)
    with open(tmp_path / "in", "rb") as source, open(tmp_path / "out", "wb") as target:
        cat, peer = stage.pair(role, transport=transport, stdin=source, stdout=target)
        assert peer.receive_all() == data
        peer.send(answer)
        peer.end()
        cat.wait(0)
    assert (tmp_path / "out").read_bytes() == answer


def test_a_file_is_appended_to(stage, tmp_path):
    """>> overwrites what was there."""
    (tmp_path / "out").write_bytes(b"before")
    with open(tmp_path / "out", "ab") as target:
        cat, peer = stage.pair("connect", stdin=subprocess.DEVNULL, stdout=target)
        peer.send(b" after")
        peer.close()
        cat.wait(0)
    assert (tmp_path / "out").read_bytes() == b"before after"


def test_the_rest_of_a_file_is_left_to_the_shell(stage, tmp_path):
    """The program reads on from another place than where the shell stood."""
    (tmp_path / "in").write_bytes(b"skipped|sent")
    with open(tmp_path / "in", "rb", buffering=0) as source:
        source.seek(8)
        _, peer = stage.pair("connect", stdin=source)
        assert peer.receive_all() == b"sent"
        assert source.tell() == 12


@pytest.mark.parametrize("role", ROLES)
def test_null_device(stage, role):
    """/dev/null as stdin is not an end of input, or as stdout not a reader."""
    cat, peer = stage.pair(role, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    assert peer.receive_all() == b""
    peer.send(pattern(MIB))
    assert cat.is_running()
    peer.close()
    cat.wait(0)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors(stage, closed):
    """A descriptor that is closed at the start is taken by the connection, and mixed up with it."""
    server, word = stage.listener()
    cat = stage.cat(word, prefix=["sh", "-c", f'exec "$0" connect "$1" {closed}'],
                    program=netkit_server.NETKIT)
    peer = stage.keep(Peer(server.accept()[0]))
    if "<" in closed:
        assert peer.receive_all() == b""
    else:
        cat.send(b"up")
        assert peer.receive(2) == b"up"
        cat.end()
    peer.send(b"down")
    peer.close()
    cat.wait(0)
    assert cat.receive_all() == (b"" if ">&- " in closed + " " and " >&-" in " " + closed.replace(
        "2>&-", "") else b"down")


def test_one_socket_as_stdin_and_stdout(stage):
    """The way of inetd: the socket is made non-blocking for others, or its end not passed on."""
    ours, theirs = socket.socketpair()
    stage.keep(ours)
    cat, peer = stage.pair("connect", stdin=theirs, stdout=theirs)
    ours.settimeout(PATIENCE)
    ours.sendall(b"up")
    assert peer.receive(2) == b"up"
    peer.send(pattern(MIB))
    assert read_exactly(ours.fileno(), MIB) == pattern(MIB)
    assert os.get_blocking(theirs.fileno())
    peer.end()
    theirs_copy = theirs.dup()
    theirs.close()
    assert ours.recv(1) == b""
    ours.sendall(b"more")
    ours.shutdown(socket.SHUT_WR)
    assert peer.receive_all() == b"more"
    theirs_copy.close()
    cat.wait(0)


class Terminal:
    def __init__(self):
        self.outer, self.inner = pty.openpty()

    def close(self):
        os.close(self.outer)
        os.close(self.inner)


@pytest.mark.dispatchers
@pytest.mark.parametrize("role", ROLES)
def test_terminal(stage, role):
    """Without editing the terminal's settings or flags are changed all the same, or the prompt
    needs a key to come back."""
    terminal = stage.keep(Terminal())
    before = termios.tcgetattr(terminal.inner)
    cat, peer = stage.pair(role, "--no-edit", stdin=terminal.inner, stdout=terminal.inner)
    os.write(terminal.outer, b"typed\n")
    assert peer.receive(6) == b"typed\n"
    assert read_exactly(terminal.outer, 7) == b"typed\r\n"  # the terminal's own echo
    peer.send(b"answer\n\x1b[1m\x00\xff")
    assert read_exactly(terminal.outer, 14) == b"answer\r\n\x1b[1m\x00\xff"
    peer.close()
    cat.wait(0)
    assert termios.tcgetattr(terminal.inner) == before
    assert os.get_blocking(terminal.inner)


def test_end_of_input_on_a_terminal(stage):
    """^D ends the program instead of the sending direction."""
    terminal = stage.keep(Terminal())
    cat, peer = stage.pair("connect", stdin=terminal.inner)
    os.write(terminal.outer, b"\x04")
    assert peer.receive_all() == b""
    peer.send(b"answer")
    peer.close()
    assert cat.receive_all() == b"answer"
    cat.wait(0)


def test_a_terminal_that_is_not_read(stage):
    """A stopped terminal stops the sending direction, too."""
    terminal = stage.keep(Terminal())
    cat, peer = stage.pair("connect", stdout=terminal.inner)
    peer.fill()
    cat.send(b"still moving")
    assert peer.receive(12) == b"still moving"


# ---- bulk ----


@pytest.mark.release
@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_bulk_is_exact_and_memory_flat(stage, transport):
    """256 MiB are damaged on their way, or pile up in memory."""
    total = 256 * MIB
    block = pattern(4 * MIB)
    server, addresses = stage.listening(transport=transport, stdin=subprocess.DEVNULL)
    client = stage.cat("connect", addresses[0])
    os.set_blocking(client.stdin, False)
    client_pipe, sent, received = client.stdin, 0, 0
    peak = samples = 0
    expected = memoryview(block * 2)
    while received < total:
        wants = [client_pipe] if sent < total else []
        readable, writable, _ = select.select([server.stdout], wants, [], PATIENCE)
        assert readable or writable
        if writable:
            at = sent % len(block)
            sent += os.write(client_pipe, expected[at : at + min(MIB, total - sent)])
            if sent == total:
                client.end()
        if readable:
            piece = os.read(server.stdout, MIB)
            at = received % len(block)
            assert piece == expected[at : at + len(piece)]
            received += len(piece)
        if sent < total and received // (8 * MIB) > samples:
            samples += 1
            peak = max(peak, client.proc.private_kib(), server.proc.private_kib())
    client.wait(0)
    server.wait(0)
    assert received == total
    assert 0 < peak < 4096


# ---- options ----


@pytest.mark.parametrize("role", ROLES)
def test_crlf(stage, role):
    """-C forgets an end of line, or doubles one that is complete."""
    cat, peer = stage.pair(role, "-C")
    cat.send(b"a\nb\r\nc\r")
    assert peer.receive(8) == b"a\r\nb\r\nc\r"
    cat.send(b"\n\n")
    cat.end()
    assert peer.receive_all() == b"\n\r\n"
    peer.send(b"x\n")
    peer.close()
    assert cat.receive_all() == b"x\n"
    cat.wait(0)


@pytest.mark.parametrize("role", ROLES)
def test_on_eof_close(stage, role):
    """The program waits for a peer that does not end."""
    cat, peer = stage.pair(role, "--on-eof", "close")
    cat.send(b"last")
    cat.end()
    cat.wait(0)
    assert peer.receive_all() == b"last"


@pytest.mark.parametrize("role", ROLES)
def test_on_eof_keep(stage, role):
    """The peer is told of the end, or the program ends before the peer."""
    cat, peer = stage.pair(role, "--on-eof", "keep")
    cat.end()
    assert select.select([peer.socket], [], [], 0.2)[0] == []
    peer.send(b"answer")
    assert cat.receive(6) == b"answer"
    peer.close()
    cat.wait(0)


@pytest.mark.parametrize("words", [["--linger", "300ms"], ["--linger", "0"]])
def test_linger(stage, words):
    """A peer that never ends keeps the program for ever."""
    cat, peer = stage.pair("connect", *words)
    cat.send(b"x")
    cat.end()
    cat.wait(0)
    assert peer.receive_all() == b"x"


def test_once(stage):
    """--once goes on with the other direction."""
    cat, peer = stage.pair("connect", "--once")
    peer.send(b"x")
    peer.end()
    assert cat.receive_all() == b"x"
    cat.wait(0)


def test_send_only(stage):
    """What is not wanted is shown, or stops the peer; or what was sent is cut off."""
    cat, peer = stage.pair("connect", "--send-only")
    peer.send(pattern(4 * MIB))
    cat.send(pattern(65536))
    cat.end()
    assert peer.receive(65536) == pattern(65536)
    cat.wait(0)
    assert cat.receive_all() == b""


def test_recv_only(stage):
    """Stdin is read, which belongs to somebody else."""
    cat, peer = stage.pair("connect", "--recv-only")
    cat.send(b"not for the peer")
    peer.send(b"x")
    assert cat.receive(1) == b"x"
    peer.end()
    cat.wait(0)
    assert peer.receive_all() == b""


@pytest.mark.parametrize("family,literal", [("-4", "127.0.0.1"), ("-6", "[::1]")])
def test_families(stage, family, literal):
    """-4 and -6 are not obeyed."""
    server, addresses = stage.listening(family, address="localhost:0")
    assert [address.rsplit(":", 1)[0] for address in addresses] == [f"tcp://{literal}"]
    port = addresses[0].rsplit(":", 1)[1]
    client = stage.cat("connect", family, literal.strip("[]"), port)
    client.end()
    server.end()
    client.wait(0)
    server.wait(0)
    other = {"-4": "-6", "-6": "-4"}[family]
    assert run("connect", other, f"tcp://{literal}:{port}").returncode != 0


@pytest.mark.parametrize("word", ["0?rcvbuf=64k", "tcp://0", "udp://0", "udp://0?ttl=9"])
def test_a_bare_port_is_one_of_this_machine(stage, word):
    """A port with an option or a scheme would be open to everybody."""
    _, addresses = stage.listening(address=word)
    hosts = {address.rsplit(":", 1)[0].split("//")[1] for address in addresses}
    assert hosts <= {"127.0.0.1", "[::1]"}


@pytest.mark.parametrize("address", [":0", "[::]:0"])
def test_a_wildcard_is_dual_stack(stage, address):
    """Who listens everywhere is not reached over IPv4, or not over IPv6."""
    for literal in ("127.0.0.1", "[::1]"):
        server, addresses = stage.listening(address=address)
        port = addresses[0].rsplit(":", 1)[1]
        peer = stage.keep(Peer(netkit_server.connect(f"tcp://{literal}:{port}")))
        peer.send(b"x")
        assert server.receive(1) == b"x"


def test_two_words(stage):
    """HOST PORT as for nc, with IPv6 addresses as they are."""
    for host in ("127.0.0.1", "::1", "localhost"):
        server, addresses = stage.listening(address=f"{host}:0" if host != "::1" else "[::1]:0")
        client = stage.cat("connect", host, addresses[0].rsplit(":", 1)[1])
        client.send(b"x")
        client.end()
        assert server.receive_all() == b"x"
        server.end()
        client.wait(0)
        server.wait(0)


def test_abstract_name(stage):
    """A name without a file is not found."""
    name = f"unix:@netkit-cat-{os.getpid()}"
    server, addresses = stage.listening(address=name)
    assert addresses == [name]
    client = stage.cat("connect", name)
    client.send(b"x")
    client.end()
    assert server.receive_all() == b"x"
    server.end()
    client.wait(0)
    server.wait(0)


def test_the_file_of_a_unix_socket_is_removed(stage, tmp_path):
    """The next start finds a file that nobody listens on."""
    path = tmp_path / "socket"
    server, _ = stage.listening(address=f"unix:{path}")
    assert path.is_socket()
    peer = stage.keep(Peer(netkit_server.connect(f"unix:{path}")))
    wait_until(lambda: not path.exists(), "the file is removed")
    server.end()
    peer.close()
    server.wait(0)


def test_a_second_listener_leaves_the_first_alone(stage, tmp_path):
    """Who looks whether somebody listens there is taken for the peer that was waited for."""
    cat, addresses = stage.listening(transport="unix")
    for command in ("listen", "serve echo", "relay"):
        words = [*command.split(), addresses[0], *["1"] * (command == "relay")]
        done = run(*words)
        assert done.returncode == 8, done.stderr
        assert done.stderr.endswith(": address already in use\n")
    peer = stage.keep(Peer(netkit_server.connect(addresses[0])))
    peer.send(b"hello")
    assert cat.receive(5) == b"hello"


def test_a_second_peer_is_refused(stage):
    """A second client waits for ever for somebody who will never look."""
    _, addresses = stage.listening()
    first = stage.keep(Peer(netkit_server.connect(addresses[0])))
    first.send(b"x")
    wait_until(lambda: run("connect", addresses[0]).returncode == 4, "refused")


@pytest.mark.parametrize("words", [[], ["-k", "--once"]])
def test_a_client_that_has_gone_again(stage, words):
    """One that is reset before it is accepted is taken for the peer, or for a failed command."""
    cat, addresses = stage.listening("--exec", "cat", *words)
    come_and_go(cat.pid, addresses[0])
    peer = stage.keep(Peer(netkit_server.connect(addresses[0])))
    peer.send(b"hello")
    peer.end()
    assert peer.receive_all() == b"hello"
    cat.wait(0)


# ---- failures and their status ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("transport", ["tcp", "unix"])
@pytest.mark.parametrize("role", ROLES)
def test_reset_in_mid_transfer(stage, role, transport):
    """A broken transfer looks like a complete one, or bytes that had arrived are dropped."""
    cat, peer = stage.pair(role, transport=transport)
    peer.send(b"before")
    cat.send(b"unread")  # closing with unread bytes resets a unix connection
    assert cat.receive(3) == b"bef"
    wait_until(lambda: select.select([peer.socket], [], [], 0)[0], "bytes are there")
    peer.reset()
    assert cat.receive_all() == b"ore"
    cat.wait(6)
    assert cat.stderr().splitlines()[-1] == \
        "netkit: cannot receive from the peer: connection reset by the peer"


def test_reset_while_stdout_is_blocked(stage):
    """Bytes in front of a reset get lost when the reader of stdout is slow."""
    cat, peer = stage.pair("connect")
    waiting = peer.fill()
    peer.reset()
    received = cat.receive_all()
    # What the peer had not got rid of is gone; the rest is in order.
    assert 0 < len(received) <= waiting
    block = pattern(65536)
    assert received == (block * (len(received) // 65536 + 1))[: len(received)]
    cat.wait(6)


def test_killed_peer(stage):
    """A peer that is killed is noticed: its end is that of the program."""
    server, addresses = stage.listening()
    client = stage.cat("connect", addresses[0], stdin=subprocess.DEVNULL)
    server.send(b"x")
    assert client.receive(1) == b"x"
    server.signal(signal.SIGKILL)
    client.wait(0)


def test_frozen_peer(stage):
    """A peer that stands still is waited for longer than --idle-timeout says."""
    server, addresses = stage.listening()
    client = stage.cat("connect", "--idle-timeout", "300ms", addresses[0])
    client.send(b"x")
    assert server.receive(1) == b"x"
    server.signal(signal.SIGSTOP)
    client.wait(5)
    assert "timed out" in client.stderr()


def test_traffic_puts_the_idle_timeout_off(stage):
    """A slow but living connection is cut."""
    cat, peer = stage.pair("connect", "--idle-timeout", "1s")
    started = time.monotonic()
    while time.monotonic() - started < 1.5:
        peer.send(b"x")
        assert cat.receive(1) == b"x"
        time.sleep(0.1)
    assert cat.is_running()
    cat.wait(5)


def test_refused(stage):
    """Nobody listens, and the status says something else."""
    server, word = stage.listener()
    server.close()
    done = run("connect", word)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == f"netkit: cannot connect to '{word}': connection refused\n"


def test_missing_unix_socket(tmp_path):
    """The same for a path."""
    done = run("connect", f"unix:{tmp_path}/none")
    assert done.returncode == 4
    assert done.stderr == \
        f"netkit: cannot connect to 'unix:{tmp_path}/none': no such file or directory\n"


def test_no_permission(open_directory):
    """A socket of somebody else."""
    path = open_directory.path / "socket"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    path.chmod(0o600)
    os.chown(path, 0 if os.getuid() == 0 else os.getuid(), -1)
    if os.getuid() != 0:
        pytest.skip("needs another user")
    done = subprocess.run(
        [*netkit_server.unprivileged(), str(open_directory.netkit), "connect", f"unix:{path}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False,
        env=netkit_server.environment())
    server.close()
    assert done.returncode == 4, done.stderr
    assert "permission denied" in done.stderr
    assert NOBODY != os.getuid()


def test_unresolved():
    """A name that does not exist (RFC 6761 promises it)."""
    done = run("connect", "nobody.invalid", "80")
    assert done.returncode == 3
    assert "cannot resolve 'tcp://nobody.invalid:80'" in done.stderr


@pytest.mark.parametrize("address", ["nobody.invalid:80", "udp://nobody.invalid:80"])
def test_unresolved_to_listen_on(address):
    """The name is taken for a wrong address, or is not looked up at all."""
    done = run("listen", address)
    assert done.returncode == 3
    assert "cannot resolve '" in done.stderr
    assert done.stderr.endswith("//nobody.invalid:80': no such host\n")


def test_connect_timeout(stage):
    """A server whose backlog is full keeps the program longer than -w says."""
    server = stage.keep(socket.create_server(("127.0.0.1", 0), backlog=0))
    port = server.getsockname()[1]
    for _ in range(8):  # fills the backlog
        filler = stage.keep(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
    done = run("connect", "-w", "200ms", f"127.0.0.1:{port}")
    assert done.returncode == 5
    assert "timed out" in done.stderr


def test_cannot_listen(stage, tmp_path):
    """An address in use, and a directory that does not exist."""
    _, addresses = stage.listening()
    done = run("listen", addresses[0])
    assert done.returncode == 8
    assert done.stderr == f"netkit: cannot listen on '{addresses[0]}': address already in use\n"
    assert run("listen", f"unix:{tmp_path}/none/socket").returncode == 8


@pytest.mark.parametrize("words", [
    ["connect", "-4", "-6", "localhost:1"],
    ["connect", "--send-only", "--recv-only", "localhost:1"],
    ["connect", "--recv-only", "--linger", "1s", "localhost:1"],
    ["connect", "--recv-only", "--on-eof", "close", "localhost:1"],
    ["connect", "--recv-only", "-C", "localhost:1"],
    ["connect", "localhost"],
    ["connect", "localhost:0"],
    ["connect", "a", "1", "2"],
    ["connect", "--on-eof", "never", "localhost:1"],
    ["listen", "--connect-timeout", "1s", "0"],
    ["listen", "--ready-fd", "77", "0"],
])
def test_mistakes(words):
    """A command line that means nothing is carried out."""
    done = run(*words)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("role", ROLES)
def test_full_disk(stage, role):
    """Bytes that could not be written are lost without a word."""
    with open("/dev/full", "wb") as full:
        cat, peer = stage.pair(role, stdout=full)
        peer.send(b"x")
        cat.wait(1)
    assert cat.stderr().splitlines()[-1] == \
        "netkit: cannot write standard output: no space left on device"


@pytest.mark.parametrize("role", ROLES)
def test_reader_of_stdout_leaves(stage, role):
    """`netkit connect ... | head` complains."""
    read_end, write_end = os.pipe()
    cat, peer = stage.pair(role, stdout=write_end)
    os.close(write_end)
    os.close(read_end)
    peer.send(b"x")
    cat.wait(0)
    assert [line for line in cat.stderr().splitlines() if not line.startswith("listening")] == []


def test_directory_as_stdin(stage, tmp_path):
    """An input that cannot be read looks like an empty one."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        cat, _ = stage.pair("connect", stdin=descriptor)
    finally:
        os.close(descriptor)
    cat.wait(1)
    assert "cannot read standard input: is a directory" in cat.stderr()


# ---- signals, totals and events ----


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_after_the_totals(stage, number, role):
    """A shell does not see the signal, or the user not what was moved."""
    cat, peer = stage.pair(role, "-v")
    cat.send(b"abc")
    assert peer.receive(3) == b"abc"
    cat.signal(number)
    cat.wait(-number)
    connected, totals = cat.stderr().splitlines()[-2:]
    assert connected.startswith("connected to tcp://127.0.0.1:")
    assert totals.startswith("sent 3 bytes, received 0 bytes in ")


def test_a_signal_before_there_is_a_peer(stage):
    """Waiting cannot be ended, or leaves a file behind."""
    cat, addresses = stage.listening(transport="unix")
    cat.signal(signal.SIGINT)
    cat.wait(-signal.SIGINT)
    assert not os.path.exists(addresses[0][len("unix:"):])


@pytest.mark.parametrize("role", ROLES)
def test_statistics_on_demand(stage, role):
    """SIGUSR1 ends the program or says nothing."""
    cat, peer = stage.pair(role)
    cat.send(b"abc")
    peer.send(b"12345")
    assert (peer.receive(3), cat.receive(5)) == (b"abc", b"12345")
    cat.signal(signal.SIGUSR1)
    cat.wait_for_line("sent 3 bytes, received 5 bytes in ")
    assert cat.is_running()


@pytest.mark.parametrize("role", ROLES)
def test_events(stage, role):
    """An event that is missing, not as the schema says, or on stdout."""
    cat, peer = stage.pair(role, "--json")
    cat.send(b"abc")
    assert peer.receive(3) == b"abc"
    cat.signal(signal.SIGUSR1)
    cat.wait_for_line('"statistics"')
    peer.close()
    cat.end()
    cat.wait(0)
    assert cat.receive_all() == b""
    events = read_events(cat.stderr())
    names = [event["event"] for event in events]
    assert names == (["listening"] if role == "listen" else []) + \
        ["connected", "statistics", "summary"]
    assert events[-1]["bytes_sent"] == 3
    assert events[-1]["bytes_received"] == 0
    assert events[-1]["status"] == 0
    assert events[-1]["elapsed"] > 0


def test_failure_as_an_event(stage):
    """A program that reads events gets text when it matters most."""
    server, word = stage.listener()
    server.close()
    error, summary = read_events(run("connect", "--json", word).stderr)
    assert (error["event"], error["action"], error["object"]) == ("error", "connect to", word)
    assert (error["error"], error["errno"]) == ("connection refused", 111)
    assert (summary["event"], summary["status"]) == ("summary", 4)


def test_status_of_a_signal_as_an_event(stage):
    """The last event tells another status than the shell sees."""
    cat, _ = stage.pair("connect", "--json")
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    assert read_events(cat.stderr())[-1]["status"] == 128 + signal.SIGTERM


@pytest.mark.parametrize("role", ROLES)
def test_more_is_said_at_wish(stage, role):
    """-vv does not show what the connection is like and which direction has ended."""
    if role == "listen":
        cat, addresses = stage.listening("-vv", address="127.0.0.1:0?ttl=9")
        peer = stage.keep(Peer(netkit_server.connect(addresses[0].partition("?")[0])))
    else:
        server, word = stage.listener()
        cat = stage.cat("connect", "-vv", f"{word}?ttl=9")
        peer = stage.keep(Peer(server.accept()[0]))
    cat.wait_for_line("&ttl=9&")
    peer.end()
    cat.wait_for_line("debug: the peer's direction has ended, after 0 bytes")
    cat.send(b"abc")
    cat.end()
    cat.wait(0)
    cat.wait_for_line("debug: the input has ended, after 3 bytes")


def test_nothing_is_said_without_need(stage):
    """A pipeline's terminal is littered."""
    cat, peer = stage.pair("connect")
    peer.close()
    cat.end()
    cat.wait(0)
    assert cat.stderr() == ""
    cat, peer = stage.pair("listen", "-q")
    peer.close()
    cat.end()
    cat.wait(0)
    assert cat.stderr() == ""


@pytest.mark.dispatchers
@pytest.mark.parametrize("role", ROLES)
def test_waiting_costs_nothing(stage, role):
    """A connection on which nothing moves, or which is blocked both ways, keeps the CPU busy."""
    cat, peer = stage.pair(role)
    assert cat.proc.cpu_seconds_in(0.3) < 0.05
    cat.fill()
    peer.fill()
    assert cat.proc.cpu_seconds_in(0.3) < 0.05
    peer.end()
    cat.end()
    assert cat.proc.cpu_seconds_in(0.3) < 0.05
