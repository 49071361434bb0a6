"""What people type who come from nc: the letters that connect and listen share with it, and
what they answer to those that they do not."""

import socket
import subprocess

import pytest

from cat_support import Stage
from netkit_server import PATIENCE, run, wait_until


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def port_of(addresses):
    return addresses[0].rsplit(":", 1)[1]


def test_udp(stage):
    """-u is TCP, or two words are not understood with it."""
    cat, addresses = stage.listening("-u", "127.0.0.1", address="0")
    assert addresses[0].startswith("udp://127.0.0.1:")
    client = stage.cat("connect", "-u", "--wait", "0", "127.0.0.1", port_of(addresses))
    client.send(b"datagram")
    assert cat.receive(8) == b"datagram"


def test_udp_with_nc(stage, need):
    """nc -u cannot talk to it."""
    cat, addresses = stage.listening("-u", address="127.0.0.1:0")
    tool = subprocess.Popen([need("nc.openbsd"), "-u", "127.0.0.1", port_of(addresses)],
                            stdin=subprocess.PIPE)
    try:
        tool.stdin.write(b"from nc\n")
        tool.stdin.flush()
        assert cat.receive(8) == b"from nc\n"
    finally:
        tool.kill()
        tool.communicate(timeout=PATIENCE)


@pytest.mark.parametrize("words, prefix", [(["-U"], "unix:"), (["-uU"], "unix-dgram:")])
def test_unix(stage, tmp_path, words, prefix):
    """-U takes a path for a host."""
    path = tmp_path / "a:b"  # a colon is part of the path
    cat, addresses = stage.listening(*words, address=str(path))
    assert addresses == [f"{prefix}{path}"]
    client = stage.cat("connect", *words, *(["--wait", "0"] if "u" in words[0] else []), path)
    client.send(b"hello")
    assert cat.receive(5) == b"hello"


def test_unix_with_nc(stage, need, tmp_path):
    """nc -lU is not found under the same path."""
    path = tmp_path / "socket"
    tool = subprocess.Popen([need("nc.openbsd"), "-lU", str(path)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE)
    try:
        wait_until(path.exists, "nc listens")
        client = stage.cat("connect", "-U", path)
        client.send(b"to nc")
        client.end()
        assert tool.communicate(timeout=PATIENCE)[0] == b"to nc"
    finally:
        tool.kill()
        tool.wait(PATIENCE)


def test_keep_open(stage):
    """-k serves one client."""
    cat, addresses = stage.listening("-kvn", "127.0.0.1", address="0")
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", int(port_of(addresses)))) as client:
            client.sendall(b"x")
            assert cat.receive(1) == b"x"


def test_numeric(stage):
    """-n looks up names, or refuses what needs no look-up."""
    cat, addresses = stage.listening("-n", address="127.0.0.1:0")
    client = stage.cat("connect", "-n", "127.0.0.1", port_of(addresses))
    client.send(b"x")
    assert cat.receive(1) == b"x"
    assert stage.listening("-n", "localhost", address="0")


@pytest.mark.parametrize("words, answer", [
    (["connect", "-z", "localhost", "80"], "netkit connect --once ADDRESS </dev/null"),
    (["connect", "-zv", "localhost", "80"], "netkit connect --once ADDRESS </dev/null"),
    (["connect", "-q", "1", "localhost", "80"], "--linger Ns"),
    (["connect", "-q1", "localhost", "80"], "--linger Ns"),
    (["connect", "localhost", "80", "-q", "0"], "--on-eof close"),
    (["listen", "-q", "1", "8000"], "--linger Ns"),
    (["connect", "-l", "8000"], "netkit listen"),
    (["connect", "-lk", "8000"], "netkit listen -k"),
    (["listen", "-l", "8000"], "not needed"),
    (["listen", "-w", "3", "8000"], "--idle-timeout"),
    (["connect", "-N", "localhost", "80"], "not needed"),
    (["connect", "-e", "/bin/sh", "localhost", "80"], "--exec COMMAND"),
    (["connect", "-n", "example.org", "80"], "--numeric"),
    (["connect", "-u", "tcp://localhost:80"], "--udp"),
    (["connect", "-U", "tcp://localhost:80"], "--unix"),
    (["connect", "-U"], "--unix needs"),
    (["listen", "-U", "/tmp/x", "80"], "unexpected argument '80'"),
    (["connect", "-Y", "localhost", "80"], "unknown option '-Y'"),
    (["connect", "x" * 5000, "80"], "is too long"),
])
def test_answers(words, answer):
    """Somebody is left alone with 'unknown option'."""
    done = run(*words)
    assert done.returncode == 2 and done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and answer in lines[0]
    assert lines[1] == f"Try 'netkit {words[0]} --help'"


def test_the_answer_to_z_is_true(stage):
    """The advice for -z does not do what -z does."""
    _, addresses = stage.listening("-k", "--once")
    assert run("connect", "--once", addresses[0]).returncode == 0
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert run("connect", "--once", f"127.0.0.1:{unused.getsockname()[1]}").returncode == 4


def test_quiet_still_takes_a_port(stage):
    """-q in front of a port is taken for nc's -q N."""
    cat, addresses = stage.listening("-q", address="tcp://127.0.0.1:0")
    client = stage.cat("connect", "-q", "127.0.0.1", port_of(addresses))
    client.end()
    cat.end()
    client.wait(0)
    cat.wait(0)
    assert client.stderr() == cat.stderr() == ""
