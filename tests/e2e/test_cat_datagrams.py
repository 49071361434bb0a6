"""`netkit connect` with datagrams: what is one, and what it means that none comes back."""

import os
import socket
import subprocess

import pytest

pytestmark = pytest.mark.dispatchers

PATIENCE = 20


@pytest.fixture
def peer():
    """A UDP socket of ours to talk to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind(("127.0.0.1", 0))
        ours.settimeout(PATIENCE)
        yield ours


def address_of(ours):
    return f"udp://127.0.0.1:{ours.getsockname()[1]}"


def start(*arguments, stdin=subprocess.PIPE):
    return subprocess.Popen(
        [os.environ["NETKIT"], "connect", *map(str, arguments)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(*arguments, data=b""):
    process = start(*arguments)
    out, err = process.communicate(data, timeout=PATIENCE)
    return process.returncode, out, err.decode()


def test_answers_are_written(serve):
    """What comes back is the whole point."""
    server = serve("echo", "udp://127.0.0.1:0")
    status, out, err = run(server.addresses[0], "--replies", 1, data=b"hello\n")
    assert (status, out, err) == (0, b"hello\n", "")


def test_unix_client_has_a_name(serve, tmp_path):
    """A nameless unix client could not be answered."""
    server = serve("echo", f"unix-dgram:{tmp_path}/s")
    status, out, _ = run(server.addresses[0], "--replies", 1, data=b"hello\n")
    assert (status, out) == (0, b"hello\n")


def test_a_line_is_a_datagram(peer):
    """Lines that share a datagram, or are torn apart, are not what was asked for."""
    process = start(address_of(peer), "--datagram", "line", "--send-only")
    process.stdin.write(b"one\ntw")
    process.stdin.flush()
    assert peer.recv(65536) == b"one\n"
    process.stdin.write(b"o\n\nlast")
    process.stdin.close()
    assert [peer.recv(65536) for _ in range(3)] == [b"two\n", b"\n", b"last"]
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    process.stderr.close()


def test_size_of_datagrams(peer):
    """Every datagram but the last has the size, however the input was written."""
    status, _, _ = run(address_of(peer), "--datagram", 4, "--send-only", data=b"abcdefghij")
    assert status == 0
    assert [peer.recv(65536) for _ in range(3)] == [b"abcd", b"efgh", b"ij"]


def test_largest_datagram(peer, tmp_path):
    """65507 bytes fit one datagram over IPv4; more must not be lost or refused."""
    file = tmp_path / "data"
    file.write_bytes(bytes(range(256)) * 300)
    with file.open("rb") as stdin:
        process = start(address_of(peer), "--send-only", stdin=stdin)
        first = peer.recv(70000)
        rest = peer.recv(70000)
        assert process.wait(PATIENCE) == 0
    process.stdout.close()
    process.stderr.close()
    assert len(first) == 65507
    assert first + rest == file.read_bytes()


def test_no_answer_is_no_success(peer):
    """A script would take silence for an answer."""
    status, out, err = run(address_of(peer), "--wait", "100ms", data=b"anybody?\n")
    assert (status, out) == (5, b"")
    assert err == f"netkit: cannot get an answer from '{address_of(peer)}': no answer\n"


def test_fewer_answers_than_wanted(peer):
    """One of two answers is not what was asked for."""
    process = start(address_of(peer), "--replies", 2, "--wait", "300ms")
    process.stdin.write(b"x")
    process.stdin.close()
    _, client = peer.recvfrom(100)
    peer.sendto(b"only one", client)
    assert process.wait(PATIENCE) == 5
    assert process.stdout.read() == b"only one"
    process.stdout.close()
    process.stderr.close()


def test_empty_datagram_is_an_answer(peer):
    """A datagram of no bytes is data, not an end."""
    process = start(address_of(peer), "--replies", 1)
    process.stdin.write(b"x")
    process.stdin.close()
    _, client = peer.recvfrom(100)
    peer.sendto(b"", client)
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    process.stderr.close()


def test_crlf(peer):
    """-C is for people who type to a text protocol, over datagrams, too."""
    status, _, _ = run(address_of(peer), "-C", "--datagram", "line", "--send-only",
                       data=b"one\ntwo\r\nlast")
    assert status == 0
    assert [peer.recv(100) for _ in range(3)] == [b"one\r\n", b"two\r\n", b"last"]


def test_send_only_receives_nothing(peer):
    """What the peer says is thrown away, and it need not say anything."""
    process = start(address_of(peer), "--send-only")
    process.stdin.write(b"x")
    process.stdin.flush()
    _, client = peer.recvfrom(100)
    for _ in range(3):
        peer.sendto(b"unwanted", client)
    process.stdin.write(b"y")
    process.stdin.flush()
    assert peer.recv(100) == b"y"
    out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, b"")


@pytest.mark.parametrize("words", [["--once"], ["--on-eof", "close"]])
def test_ends_with_the_input(peer, words):
    """Who does not want to wait for an answer does not fail for want of one."""
    status, out, err = run(address_of(peer), *words, data=b"x")
    assert (status, out, err) == (0, b"", "")
    assert peer.recv(100) == b"x"


def test_a_slow_unix_peer_gets_everything(tmp_path):
    """The end of input must not drop what the peer has had no room for yet."""
    (tmp_path / "in").write_bytes(b"".join(b"%05d\n" % number for number in range(3000)))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind(str(tmp_path / "s"))
        ours.settimeout(PATIENCE)
        with open(tmp_path / "in", "rb") as source:
            process = start(f"unix-dgram:{tmp_path}/s", "--datagram", "line", "--send-only",
                            stdin=source)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)  # there is no room for all
        assert [ours.recv(100) for _ in range(3000)] == [b"%05d\n" % n for n in range(3000)]
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0


def test_idle_timeout(peer):
    """Silence ends it, also before the end of input."""
    process = start(address_of(peer), "--idle-timeout", "100ms")
    assert process.wait(PATIENCE) == 5
    assert process.stderr.read() == b"netkit: cannot go on: timed out\n"
    process.communicate()


@pytest.mark.parametrize("words", [["--linger", "1s", "udp://127.0.0.1:9"],
                                   ["--replies", "1", "tcp://127.0.0.1:9"],
                                   ["--wait", "1s", "tcp://127.0.0.1:9"],
                                   ["--datagram", "line", "unix:/nowhere"]])
def test_options_without_effect(words):
    """An option that does nothing is a mistake."""
    status, _, err = run(*words)
    assert status == 2
    assert "has no effect with" in err


def test_record_and_hexdump(serve, tmp_path):
    """What goes over the network can be looked at, datagram by datagram."""
    server = serve("echo", "udp://127.0.0.1:0", "--prefix", "Re: ")
    status, out, err = run(server.addresses[0], "--hex", "--record", tmp_path / "record",
                           "--datagram", "line", "--replies", 2, data=b"one\ntwo\n")
    assert (status, out) == (0, b"Re: one\nRe: two\n")
    lines = [line.split(" ", 1)[1] for line in (tmp_path / "record").read_text().splitlines()[1:]]
    assert [line for line in lines if line[0] == ">"] == ["> 4 one\\n", "> 4 two\\n"]
    assert [line for line in lines if line[0] == "<"] == ["< 8 Re: one\\n", "< 8 Re: two\\n"]
    assert "52 65 3a 20 6f 6e 65 0a" in err


def test_refusal_is_told(peer):
    """ICMP says that nobody is there: that is not the same as silence."""
    address = address_of(peer)
    peer.close()
    status, _, err = run(address, data=b"x")
    assert status == 4
    assert err == f"netkit: cannot send to '{address}': connection refused\n"


def test_unknown_name():
    """A name that does not exist is not a time-out."""
    status, _, err = run("udp://nosuch.invalid:9", data=b"x")
    assert status == 3
    assert "cannot resolve 'udp://nosuch.invalid:9'" in err


@pytest.mark.parametrize("what", ["0", "65508", "lines"])
def test_impossible_datagrams(what):
    """A size that no datagram can have is a mistake on the command line."""
    status, _, err = run("udp://127.0.0.1:9", "--datagram", what)
    assert status == 2
    assert err.endswith("Try 'netkit connect --help'\n")
