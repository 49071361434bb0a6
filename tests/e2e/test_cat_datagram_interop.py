"""Datagrams with the netcats that people have: nc, ncat and socat, both roles each."""

import signal
import socket
import subprocess

import pytest

import datagram_client
from cat_support import Stage, read_exactly
from netkit_server import PATIENCE, wait_until

# Each tool as client and as server; {} is the port, the path or the abstract name, {own} a
# name for the tool itself where it needs one to be answered.
PROGRAMS = {"nc": "nc.openbsd", "ncat": "ncat", "socat": "socat"}
TOOLS = {
    ("nc", "udp4"): (["-u", "127.0.0.1", "{}"], ["-u", "-l", "127.0.0.1", "{}"]),
    ("nc", "udp6"): (["-u", "::1", "{}"], ["-u", "-l", "::1", "{}"]),
    ("nc", "unix"): (["-u", "-U", "{}"], ["-u", "-l", "-U", "{}"]),
    ("ncat", "udp4"): (["-u", "127.0.0.1", "{}"], ["-u", "-l", "127.0.0.1", "{}"]),
    ("ncat", "udp6"): (["-u", "-6", "::1", "{}"], ["-u", "-6", "-l", "::1", "{}"]),
    ("ncat", "unix"): (["-u", "-U", "{}"], ["-u", "-l", "-U", "{}"]),
    ("socat", "udp4"): (["-", "UDP4:127.0.0.1:{}"], ["-", "UDP4-RECVFROM:{},bind=127.0.0.1"]),
    ("socat", "udp6"): (["-", "UDP6:[::1]:{}"], ["-", "UDP6-RECVFROM:{},bind=[::1]"]),
    ("socat", "unix"): (["-", "UNIX-SENDTO:{},bind={own}"], ["-", "UNIX-RECVFROM:{}"]),
    ("socat", "abstract"): (["-", "ABSTRACT-SENDTO:{},bind={own}"], ["-", "ABSTRACT-RECVFROM:{}"]),
}
ALL = [pytest.param(*key, id="-".join(key)) for key in TOOLS]


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def free_port(family):
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        return probe.getsockname()[1]


class Tool:
    """A netcat on pipes."""

    def __init__(self, need, name, words, place, own):
        words = [word.replace("{}", str(place)).replace("{own}", str(own)) for word in words]
        self.process = subprocess.Popen([need(PROGRAMS[name]), *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def say(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def hear(self, size):
        return read_exactly(self.process.stdout.fileno(), size)

    def is_bound(self, transport, place):
        """Whether it can be talked to."""
        assert self.process.poll() is None, self.process.stderr.read()
        if transport.startswith("udp"):
            table = "/proc/net/udp6" if transport == "udp6" else "/proc/net/udp"
            with open(table, encoding="ascii") as lines:
                return any(line.split()[1].endswith(f":{place:04X}") for line in lines)
        with open("/proc/net/unix", encoding="utf-8") as lines:
            return any(line.rstrip("\n").endswith(f" {'@' * (transport == 'abstract')}{place}")
                       for line in lines)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=PATIENCE)


def place_for(stage, transport):
    if transport == "udp4":
        return free_port(socket.AF_INET)
    if transport == "udp6":
        return free_port(socket.AF_INET6)
    if transport == "abstract":
        return f"netkit-test-{stage.directory.parent.name}-{stage.directory.name}"
    return stage.directory / "tool"


def address_of(transport, place):
    return {
        "udp4": f"udp://127.0.0.1:{place}",
        "udp6": f"udp://[::1]:{place}",
        "unix": f"unix-dgram:{place}",
        "abstract": f"unix-dgram:@{place}",
    }[transport]


@pytest.mark.parametrize("words", [[], ["--keep-open"]], ids=["one", "many"])
@pytest.mark.parametrize("name, transport", ALL)
def test_as_client(stage, need, name, transport, words):
    """`netkit listen` with another client: each has to get what the other says."""
    place = 0 if transport.startswith("udp") else place_for(stage, transport)
    cat, addresses = stage.listening(*words, address=address_of(transport, place))
    if transport.startswith("udp"):
        place = addresses[0].rsplit(":", 1)[1]
    tool = stage.keep(Tool(need, name, TOOLS[name, transport][0], place, f"{place}-own"))
    for number in range(3):
        tool.say(b"question %d\n" % number)
        assert cat.receive(11) == b"question %d\n" % number
        cat.send(b"answer %d\n" % number)
        assert tool.hear(9) == b"answer %d\n" % number
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)


@pytest.mark.parametrize("name, transport", ALL)
def test_as_server(stage, need, name, transport):
    """`netkit connect` with another server: the same."""
    place = place_for(stage, transport)
    tool = stage.keep(Tool(need, name, TOOLS[name, transport][1], place, None))
    wait_until(lambda: tool.is_bound(transport, place), "the tool is there")
    cat = stage.cat("connect", "--replies", 2, address_of(transport, place))
    cat.send(b"question\n")
    assert tool.hear(9) == b"question\n"
    for number in range(2):
        tool.say(b"answer %d\n" % number)
        assert cat.receive(9) == b"answer %d\n" % number
    cat.end()
    cat.wait(0)


def test_a_stream_of_socat(stage, need, tmp_path):
    """socat's one-way pair: many datagrams into a file, none lost or merged."""
    path = tmp_path / "here"
    cat, _ = stage.listening("--recv-only", address=f"unix-dgram:{path}")
    data = b"".join(b"%06d\n" % number for number in range(20000))
    sender = subprocess.run([need("socat"), "-u", "-b", "700", "-", f"UNIX-SENDTO:{path}"],
                            input=data, capture_output=True, timeout=PATIENCE, check=False)
    assert sender.returncode == 0, sender.stderr
    assert cat.receive(len(data)) == data


def test_both_roles_are_ours(stage):
    """netkit to netkit, over a name that has two addresses."""
    listener, addresses = stage.listening(address="udp://localhost:0")
    talker = stage.cat("connect", "--replies", 1, addresses[1])
    talker.send(b"question")
    assert listener.receive(8) == b"question"
    listener.send(b"answer")
    assert talker.receive(6) == b"answer"
    talker.end()
    talker.wait(0)
    # Its port is closed now.
    listener.send(b"still there?")
    listener.wait(4)
    with datagram_client.client(addresses[1]) as late:
        with pytest.raises(ConnectionRefusedError):
            for _ in range(100):
                late.send(b"x")
