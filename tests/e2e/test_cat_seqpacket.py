"""connect and listen on unix-seqpacket: records stay what they are, also with socat."""

import os
import socket
import subprocess

import pytest

from cat_support import Stage, pattern, read_exactly
from cli_support import run
from netkit_server import PATIENCE, wait_until

ROLES = ["connect", "listen"]
RECORD_MAX = 65536


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def pair(stage, role, *words, **options):
    """A program and the test's socket, connected."""
    path = f"{stage.directory}/records"
    if role == "listen":
        cat, addresses = stage.listening(*words, address=f"unix-seqpacket:{path}", **options)
        assert addresses == [f"unix-seqpacket:{path}"]
        peer = stage.keep(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        peer.connect(path)
    else:
        server = stage.keep(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        server.bind(path)
        server.listen(1)
        cat = stage.cat("connect", *words, f"unix-seqpacket:{path}", **options)
        peer = stage.keep(server.accept()[0])
    peer.settimeout(PATIENCE)
    return cat, peer


@pytest.mark.dispatchers
@pytest.mark.parametrize("role", ROLES)
def test_a_read_is_a_record(stage, role):
    """Two reads become one record, or the end is not passed on."""
    cat, peer = pair(stage, role)
    for text in (b"first", b"second", b"third"):
        cat.send(text)
        assert peer.recv(100) == text
    peer.send(b"answer")
    assert cat.receive(6) == b"answer"
    cat.end()
    assert peer.recv(100) == b""
    peer.send(b"after")
    peer.close()
    assert cat.receive_all() == b"after"
    cat.wait(0)


@pytest.mark.parametrize("role", ROLES)
def test_what_waits_is_not_joined(stage, role):
    """Records that arrive together become one on a socket that keeps them, too."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    stage.keep(ours)
    with theirs:
        cat, peer = pair(stage, role, stdin=theirs, stdout=theirs)
    ours.settimeout(PATIENCE)
    for number in range(20):
        peer.send(b"r" * number)
        ours.send(b"s" * number)
    for number in range(20):
        assert ours.recv(100) == b"r" * number
        assert peer.recv(100) == b"s" * number
    peer.shutdown(socket.SHUT_WR)
    ours.shutdown(socket.SHUT_WR)
    cat.wait(0)


@pytest.mark.parametrize("role", ROLES)
def test_the_longest_record(stage, tmp_path, role):
    """A long record is cut without a word."""
    data = pattern(RECORD_MAX * 3)
    (tmp_path / "in").write_bytes(data)
    with open(tmp_path / "in", "rb") as source:
        cat, peer = pair(stage, role, stdin=source)
    received = b""
    while piece := peer.recv(1 << 20):
        assert len(piece) <= RECORD_MAX
        received += piece
    assert received == data
    peer.send(data[:RECORD_MAX])
    assert cat.receive(RECORD_MAX) == data[:RECORD_MAX]
    peer.send(data[: RECORD_MAX + 1])
    cat.wait(1)
    assert cat.stderr().splitlines()[-1] == (
        "netkit: cannot receive from the peer: message too long")


def test_a_record_of_records(stage, tmp_path):
    """In the file of --record a record is cut or joined."""
    cat, peer = pair(stage, "connect", "--record", tmp_path / "record")
    for text in (b"one", b"", b"three"):
        peer.send(text)
    assert cat.receive(8) == b"onethree"
    peer.close()
    cat.end()
    cat.wait(0)
    lines = (tmp_path / "record").read_text().splitlines()[1:]
    received = [line.split(" ", 2)[2] for line in lines if " < " in line]
    assert received == ["3 one", "0 ", "5 three", "end"]


@pytest.mark.parametrize("role", ROLES)
def test_socat(stage, need, tmp_path, role):
    """With another program: data damaged, or an end not passed on."""
    data, answer = pattern(300000), pattern(200000, 1)
    (tmp_path / "answer").write_bytes(answer)
    path = tmp_path / "records"
    if role == "listen":
        cat, _ = stage.listening(address=f"unix-seqpacket:{path}")
        place = f"UNIX-CONNECT:{path},type=5"
    else:
        place = f"UNIX-LISTEN:{path},type=5"
    with open(tmp_path / "answer", "rb") as source, open(tmp_path / "out", "wb") as target:
        tool = subprocess.Popen([need("socat"), "-b65536", "-t30", "-", place], stdin=source,
                                stdout=target, stderr=subprocess.PIPE)
    try:
        if role == "connect":
            wait_until(lambda: is_listening(path), "socat listens")
            cat = stage.cat("connect", f"unix-seqpacket:{path}")
        sender = os.fork()
        if sender == 0:
            try:
                os.set_blocking(cat.stdin, True)
                with os.fdopen(cat.stdin, "wb") as pipe:
                    pipe.write(data)
            finally:
                os._exit(0)
        assert cat.receive_all() == answer
        os.waitpid(sender, 0)
        cat.end()
        cat.wait(0)
        _, errors = tool.communicate(timeout=PATIENCE)
        assert tool.returncode == 0, errors
    finally:
        tool.kill()
        tool.communicate()
    assert (tmp_path / "out").read_bytes() == data


def is_listening(path):
    """The file exists before the server listens."""
    with open("/proc/net/unix", encoding="utf-8") as table:
        return any(line.split()[3] == "00010000" and line.endswith(f" {path}\n") for line in table)


def test_the_other_kind_of_socket(stage, tmp_path):
    """A stream is taken for records, or the exit status is that of something else."""
    path = tmp_path / "stream"
    server = stage.keep(socket.socket(socket.AF_UNIX))
    server.bind(str(path))
    server.listen(1)
    result = run("connect", f"unix-seqpacket:{path}", stdin=subprocess.DEVNULL)
    assert result.returncode == 4
    assert "cannot connect to" in result.stderr


def test_an_abstract_name(stage):
    """A name without a file is not found."""
    name = f"unix-seqpacket:@netkit-records-{os.getpid()}"
    server, addresses = stage.listening(address=name)
    assert addresses == [name]
    client = stage.cat("connect", name)
    client.send(b"x")
    client.end()
    assert read_exactly(server.stdout, None) == b"x"
    server.end()
    client.wait(0)
    server.wait(0)
