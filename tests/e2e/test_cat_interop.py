"""connect and listen with the netcats that people have: nc, ncat and socat, both roles each."""

import os
import socket
import subprocess

import pytest

from cat_support import MIB, Stage, pattern
from netkit_server import PATIENCE, wait_until

# How each tool is told to pass the end of its input on, as client and as server. {} is the
# port or the path; a server takes any port and is asked which one it got.
TOOLS = {
    "nc": {
        "program": "nc.openbsd",
        "tcp": (["-N", "127.0.0.1", "{}"], ["-N", "-l", "127.0.0.1", "0"]),
        "unix": (["-N", "-U", "{}"], ["-N", "-l", "-U", "{}"]),
    },
    "ncat": {
        "program": "ncat",
        "tcp": (["127.0.0.1", "{}"], ["-l", "127.0.0.1", "{}"]),
        "unix": (["-U", "{}"], ["-l", "-U", "{}"]),
    },
    "socat": {
        "program": "socat",
        "tcp": (["-t30", "-", "TCP:127.0.0.1:{}"], ["-t30", "-", "TCP-LISTEN:0,bind=127.0.0.1"]),
        "unix": (["-t30", "-", "UNIX-CONNECT:{}"], ["-t30", "-", "UNIX-LISTEN:{}"]),
        "abstract": (["-t30", "-", "ABSTRACT-CONNECT:{}"], ["-t30", "-", "ABSTRACT-LISTEN:{}"]),
    },
}

DATA = pattern(MIB)
ANSWER = pattern(MIB, 1)


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def free_port():
    """ncat alone cannot be asked for any port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def is_listening(path):
    """The file exists before the server listens."""
    with open("/proc/net/unix", encoding="utf-8") as table:
        return any(line.split()[3] == "00010000" and line.endswith(f" {path}\n") for line in table)


class Tool:
    """A netcat with its stdin from a file and its stdout into one."""

    def __init__(self, need, name, words, directory):
        (directory / "tool.in").write_bytes(ANSWER)
        self.output = directory / "tool.out"
        with open(directory / "tool.in", "rb") as source, open(self.output, "wb") as target:
            self.process = subprocess.Popen([need(TOOLS[name]["program"]), *words], stdin=source,
                                            stdout=target, stderr=subprocess.PIPE)

    def port(self):
        """The port that it listens on."""
        found = []

        def look():
            inodes = set()
            for fd in os.listdir(f"/proc/{self.process.pid}/fd"):
                try:
                    inodes.add(os.readlink(f"/proc/{self.process.pid}/fd/{fd}"))
                except FileNotFoundError:
                    pass
            with open("/proc/net/tcp", encoding="ascii") as table:
                for line in table.readlines()[1:]:
                    fields = line.split()
                    if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                        found.append(int(fields[1].split(":")[1], 16))
            return found

        wait_until(look, "the tool listens")
        return found[0]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=PATIENCE)

    def finish(self):
        _, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors
        assert self.output.read_bytes() == DATA


def exchange(cat, tool):
    """A mebibyte and the end in each direction. Our end comes last: `nc -l` forgets what it has
    still to send when the other direction ends first."""
    sender = os.fork()
    if sender == 0:
        try:
            os.set_blocking(cat.stdin, True)
            with os.fdopen(cat.stdin, "wb") as pipe:
                pipe.write(DATA)
        finally:
            os._exit(0)
    assert cat.receive_all() == ANSWER
    os.waitpid(sender, 0)
    cat.end()
    cat.wait(0)
    tool.finish()


@pytest.mark.parametrize("transport", ["tcp", "unix"])
@pytest.mark.parametrize("name", TOOLS)
class TestOthers:
    def test_as_client(self, stage, need, tmp_path, name, transport):
        """`netkit listen` with another client: data damaged, or an end not passed on."""
        cat, addresses = stage.listening(transport=transport)
        place = addresses[0].rsplit(":", 1)[1]
        words = [word.format(place) for word in TOOLS[name][transport][0]]
        exchange(cat, stage.keep(Tool(need, name, words, tmp_path)))

    def test_as_server(self, stage, need, tmp_path, name, transport):
        """`netkit connect` with another server: the same."""
        path = tmp_path / "other"
        place = path if transport == "unix" else free_port()
        words = [word.format(place) for word in TOOLS[name][transport][1]]
        tool = stage.keep(Tool(need, name, words, tmp_path))
        if transport == "unix":
            wait_until(lambda: is_listening(path), "the tool listens")
            cat = stage.cat("connect", f"unix:{path}")
        else:
            cat = stage.cat("connect", "127.0.0.1", tool.port())
        exchange(cat, tool)


@pytest.fixture
def abstract_name(tmp_path):
    return f"netkit-test-{tmp_path.parent.name}-{tmp_path.name}"


def test_an_abstract_client(stage, need, tmp_path, abstract_name):
    """A name that others spell differently, with zeros behind it for instance."""
    cat, _ = stage.listening(address=f"unix:@{abstract_name}")
    words = [word.format(abstract_name) for word in TOOLS["socat"]["abstract"][0]]
    exchange(cat, stage.keep(Tool(need, "socat", words, tmp_path)))


def test_an_abstract_server(stage, need, tmp_path, abstract_name):
    """The same the other way."""
    words = [word.format(abstract_name) for word in TOOLS["socat"]["abstract"][1]]
    tool = stage.keep(Tool(need, "socat", words, tmp_path))
    wait_until(lambda: is_listening(f"@{abstract_name}"), "the tool listens")
    exchange(stage.cat("connect", f"unix:@{abstract_name}"), tool)
