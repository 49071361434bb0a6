"""connect and listen with --exec: a command instead of standard input and output."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from cat_support import MIB, Stage, pattern
from event_schema import read_events
from netkit_server import PATIENCE, run, wait_until

ROLES = ["connect", "listen"]


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def children(pid):
    """The processes that a process has started, zombies included."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def pid_from(path):
    """What a command has written with `echo $$ >path`."""
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"), f"{path} is written")
    return int(path.read_text())


# ---- data ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("transport", ["tcp", "unix"])
@pytest.mark.parametrize("role", ROLES)
def test_both_ways(stage, role, transport):
    """Bytes are lost between the peer and the command, or the end of one direction."""
    data = pattern(2 * MIB)
    cat, peer = stage.pair(role, "--exec", "sort -u >/dev/null & tee /dev/null; echo end",
                           transport=transport)
    sender = os.fork()
    if sender == 0:
        try:
            peer.send(data)
            peer.end()
        finally:
            os._exit(0)
    assert peer.receive(len(data)) == data
    assert peer.receive_all() == b"end\n"
    os.waitpid(sender, 0)
    cat.wait(0)


@pytest.mark.dispatchers
@pytest.mark.parametrize("role", ROLES)
def test_a_long_answer_to_an_unread_question(stage, role):
    """The connection is closed, or even reset, under the last bytes of the command."""
    cat, peer = stage.pair(role, "--exec", f"head -c {8 * MIB} /dev/zero")
    peer.send(pattern(65536))
    assert peer.receive_all() == bytes(8 * MIB)
    cat.wait(0)


@pytest.mark.parametrize("role", ROLES)
def test_standard_input_and_output_are_left_alone(stage, role):
    """What is typed is taken away from the next program, or the peer's words are shown."""
    cat, peer = stage.pair(role, "--exec", "cat")
    cat.send(b"not for the peer\n")
    peer.send(b"ping")
    assert peer.receive(4) == b"ping"
    peer.end()
    assert peer.receive_all() == b""
    cat.wait(0)
    assert cat.receive_all() == b""


@pytest.mark.parametrize("role", ROLES)
def test_no_other_descriptors(stage, tmp_path, role):
    """A command holds what the one who has started the program has opened."""
    cat, peer = stage.pair(role, "--exec", "test -e /proc/self/fd/9 && echo one || echo none",
                           prefix=["sh", "-c", f'exec "$0" "$@" 9>{tmp_path}/open'])
    assert peer.receive_all() == b"none\n"
    cat.wait(0)


def test_output_is_not_shown_and_errors_are(stage):
    """Messages of the command get lost, or reach the peer."""
    cat, peer = stage.pair("listen", "--exec", "echo trouble >&2; echo fine")
    assert peer.receive_all() == b"fine\n"
    cat.wait(0)
    assert "trouble\n" in cat.stderr()


@pytest.mark.parametrize("words, expected", [
    (["nc.openbsd", "-N", "127.0.0.1"], b"HELLO\n"),
    (["ncat", "127.0.0.1"], b"HELLO\n"),
    (["socat", "-t30", "-"], b"HELLO\n"),
])
def test_clients_that_people_have(stage, need, words, expected):
    """Another netcat hangs, or misses the answer."""
    need(words[0])
    _, addresses = stage.listening("--exec", "tr a-z A-Z")
    port = addresses[0].rsplit(":", 1)[1]
    target = [f"TCP:127.0.0.1:{port}"] if words[0] == "socat" else [port]
    done = subprocess.run([*words, *target], input=b"hello\n", stdout=subprocess.PIPE,
                          timeout=PATIENCE, check=True)
    assert done.stdout == expected


# ---- the environment ----

SHOW = ('env | grep ^NETKIT_ | grep -v -e NETKIT_DISPATCHER -e ^NETKIT= -e NETKIT_SOURCE'
        ' -e NETKIT_TEST | sort')


def variables(peer):
    return dict(line.split("=", 1) for line in peer.receive_all().decode().splitlines())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_command_knows_its_connection(stage, host):
    """A script cannot tell who calls, or on which address."""
    word = f"[{host}]" if ":" in host else host
    cat, peer = stage.pair("listen", "--exec", SHOW, address=f"tcp://{word}:0")
    local, remote = peer.socket.getpeername(), peer.socket.getsockname()
    assert variables(peer) == {
        "NETKIT_PROTO": "tcp",
        "NETKIT_LOCAL_ADDR": host, "NETKIT_LOCAL_PORT": str(local[1]),
        "NETKIT_REMOTE_ADDR": host, "NETKIT_REMOTE_PORT": str(remote[1]),
    }
    cat.wait(0)


def test_a_client_of_both_families_is_known_by_its_own(stage):
    """An IPv4 client of a dual-stack listener is called ::ffff:127.0.0.1."""
    cat, addresses = stage.listening("--exec", SHOW, address="tcp://:0")
    port = int(addresses[0].rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        text = client.makefile().read()
    assert "NETKIT_REMOTE_ADDR=127.0.0.1\n" in text
    cat.wait(0)


def test_a_unix_client_has_no_port(stage):
    """A port that means nothing would be told."""
    cat, peer = stage.pair("listen", "--exec", SHOW, transport="unix")
    assert variables(peer) == {
        "NETKIT_PROTO": "unix", "NETKIT_LOCAL_ADDR": peer.socket.getpeername(),
        "NETKIT_REMOTE_ADDR": "",
    }
    cat.wait(0)


# ---- the end ----


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("command, how", [
    ("exit 3", "exit status 3"), ("kill -KILL $$", "SIGKILL"), ("/no/such/program", "exit status 127"),
])
def test_a_command_that_fails(stage, role, command, how):
    """A script could not see that the command has failed, or nobody how."""
    cat, peer = stage.pair(role, "--exec", command)
    assert peer.receive_all() == b""
    cat.wait(1)
    assert f"netkit: '{command}' failed: {how}\n" in cat.stderr()


def test_events(stage):
    """A program that reads the events misses the end of the command."""
    cat, peer = stage.pair("listen", "--json", "--exec", "exit 3")
    peer.receive_all()
    cat.wait(1)
    events = read_events(cat.stderr())
    ended = [event for event in events if event["event"] == "command_ended"]
    assert [event["status"] for event in ended] == [3]
    assert events[-1]["event"] == "summary" and events[-1]["status"] == 1


@pytest.mark.dispatchers
@pytest.mark.parametrize("role", ROLES)
def test_a_lost_connection(stage, tmp_path, role):
    """The command takes a reset for the end of an upload and keeps half of it."""
    kept, started = tmp_path / "kept", tmp_path / "started"
    cat, peer = stage.pair(role, "--exec", f"echo $$ >{started}; cat >/dev/null; touch {kept}")
    pid = pid_from(started)
    peer.send(b"half of it")
    peer.reset()
    cat.wait(6)
    assert not is_running(pid)
    assert not kept.exists()


def test_silence(stage, tmp_path):
    """A command whose peer says nothing stays for ever."""
    started = tmp_path / "started"
    cat, _ = stage.pair("listen", "--idle-timeout", "1s", "--exec",
                        f"echo $$ >{started}; sleep 1000")
    cat.wait(5)
    assert not is_running(pid_from(started))


@pytest.mark.dispatchers
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_command_and_its_children(stage, tmp_path, number):
    """Processes stay behind when the program is stopped."""
    outer, inner = tmp_path / "outer", tmp_path / "inner"
    cat, _ = stage.pair("listen", "--exec",
                        f"echo $$ >{outer}; sleep 1000 & echo $! >{inner}; wait")
    pids = [pid_from(outer), pid_from(inner)]
    cat.signal(number)
    cat.wait(-number)
    wait_until(lambda: not any(map(is_running, pids)), "the processes are gone")


def test_a_command_that_does_not_listen_is_killed(stage, tmp_path):
    """A stubborn command keeps the program from ending, or outlives it."""
    started = tmp_path / "started"
    cat, _ = stage.pair("listen", "--exec",
                        f"trap '' TERM; echo $$ >{started}; while :; do sleep 0.05; done")
    pid = pid_from(started)
    begin = time.monotonic()
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    assert time.monotonic() - begin > 1  # it had its time
    wait_until(lambda: not is_running(pid), "the process is gone")


def test_the_end_of_input_can_be_awaited(stage):
    """--on-eof keep closes the connection when the command ends."""
    cat, peer = stage.pair("listen", "--on-eof", "half", "--exec", "echo question; exec true <&-")
    assert peer.receive_all() == b"question\n"
    peer.send(b"nobody reads this")
    assert cat.is_running()
    peer.end()
    cat.wait(0)


# ---- the command line ----


@pytest.mark.parametrize("words", [
    ["connect", "--exec", "true", "udp://127.0.0.1:9"],
    ["listen", "--exec", "", "tcp://127.0.0.1:0"],
])
def test_mistakes(words):
    """A command line that cannot work would be taken."""
    done = run(*words)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
