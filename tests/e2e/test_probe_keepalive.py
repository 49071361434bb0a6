"""`netkit probe keepalive`: heartbeats, and what it says of a peer that fails in each way."""

import re
import select
import signal
import socket
import threading
import time
import urllib.request

import pytest

import datagram_client
import netkit_server
from cli_support import run
from keepalive_support import PING, PONG, SIZE, message, receive_ping
from netkit_server import PATIENCE
from network import namespaces  # noqa: F401, a fixture
from probe_support import Full, Probe, Server, closed_port, listener, of, plain, probe

pytestmark = pytest.mark.dispatchers

# Times for peers that never answer, and for those that do at once.
QUICK = ("--time", "100ms", "--interval", "100ms")
CALM = ("--time", "50ms", "--interval", "20s")

HEARD = "received heartbeat, make heartbeats to 0"


def lines_of(output):
    """What the course's own client prints, and nothing else."""
    return re.findall(r"^(?:sending heartbeat #\d+|received heartbeat.*|connection dead)$", output,
                      re.M)


def end_of(events):
    """Why the session ended."""
    return of(events, "ended")[-1]


# ---- the two experiments of the course ----


def test_late_answers_keep_it_alive():
    """The second experiment: answers after the second heartbeat, for ever."""
    def answer_in_twos(client):
        while True:
            first = receive_ping(client)
            second = receive_ping(client)
            client.sendall(message(PONG, first) + message(PONG, second))

    with Server(answer_in_twos) as server:
        output = plain("keepalive", "--time", "50ms", "--interval", "2500ms", "--count", 4,
                       f"127.0.0.1:{server.port}")
    assert lines_of(output) == 2 * ["sending heartbeat #1", "sending heartbeat #2", HEARD, HEARD]


def test_a_silent_peer_is_dead_after_three_heartbeats(serve):
    """The first experiment: an answer that comes too late is none."""
    server = serve("keepalive", "--delay", "60s", "--drain", "0", "127.0.0.1:0")
    server.allow(r"served .*; \d+ cut")
    server.expect_status = 1  # the answer that is still held back
    output = plain("keepalive", *QUICK, server.address, status=6)
    assert lines_of(output) == ["sending heartbeat #1", "sending heartbeat #2",
                                "sending heartbeat #3", "connection dead"]
    assert f"{server.address}: cannot hear from it: no answer to 3 heartbeats\n" in output


# ---- healthy peers ----


@pytest.mark.parametrize("kind", ["tcp", "unix", "unix-seqpacket", "udp", "unix-dgram"])
def test_every_kind_of_socket(serve, tmp_path, kind):
    """Some kind of server could not be watched, or its answers would not be understood."""
    internet = kind in ("tcp", "udp")
    server = serve("keepalive", f"{kind}://127.0.0.1:0" if internet else f"{kind}:{tmp_path}/s")
    events = probe("keepalive", *CALM, "--count", 3, server.address)
    assert [event["number"] for event in of(events, "heartbeat_sent")] == [1, 1, 1]
    assert len(of(events, "heartbeat_received")) == 3
    assert [event["sequence"] for event in of(events, "reply")] == [1, 2, 3]
    assert all(0 < event["rtt"] < PATIENCE for event in of(events, "reply"))
    assert (events[-1]["sent"], events[-1]["loss"]) == (3, 0)


def test_many_peers_at_once(serve, tmp_path):
    """One of them would wait for another, or its answers be taken for another's."""
    server = serve("keepalive", "127.0.0.1:0", "udp://127.0.0.1:0", f"unix:{tmp_path}/s")
    events = probe("keepalive", *CALM, "--count", 2, *server.addresses, *server.addresses)
    assert events[-1]["targets"] == 6
    assert (events[-1]["sent"], events[-1]["replies"]) == (12, 12)
    for target in of(events, "target"):
        assert (target["sent"], target["state"]) == (2, "up")


def test_the_default_address_is_that_of_the_server(namespaces):
    """`netkit serve keepalive` and `netkit probe keepalive` would not find each other."""
    server = netkit_server.Server("keepalive", prefix=namespaces.inside("client"))
    try:
        output = plain_in(namespaces, *CALM, "--count", "1")
        assert lines_of(output) == ["sending heartbeat #1", HEARD]
        server.stop()
    finally:
        server.kill()


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_compat(serve, kind):
    """The protocol's first server could not be watched, or would be without asking for it."""
    server = serve("keepalive", "--compat", f"{kind}://127.0.0.1:0")
    events = probe("keepalive", *CALM, "--compat", "--count", 2, server.address)
    assert events[-1]["replies"] == 2
    if kind == "tcp":
        events = probe("keepalive", *CALM, server.address, status=1)
        assert end_of(events)["error"] == "it has sent a message of the unknown type 33554432"
    else:
        events = probe("keepalive", *QUICK, "--count", 2, server.address, status=5)
        assert of(events, "garbage")[0]["text"] == "received a message of the unknown type 33554432"


def test_any_traffic_begins_the_silence_anew():
    """A connection that is busy would be sent heartbeats that nobody needs."""
    def talk_and_listen(client):
        until = time.monotonic() + 3.5
        while time.monotonic() < until:
            client.sendall(message(11))
            time.sleep(0.05)
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)
        client.settimeout(PATIENCE)
        client.sendall(message(PONG, receive_ping(client)))
        client.recv(1)

    with Server(talk_and_listen) as server:
        events = probe("keepalive", "--time", "3s", "--count", 1, f"127.0.0.1:{server.port}")
    assert len(of(events, "message")) > 10
    assert of(events, "message")[0]["text"] == "received a message of type 11"
    assert len(of(events, "heartbeat_sent")) == 1


@pytest.mark.parametrize("answers", [True, False], ids=["answered", "never"])
def test_the_last_answer_has_its_interval_whatever_else_comes(answers):
    """An answer that is on its way would be called lost because the peer has said something
    else; or one that talks all the time, but never answers, keep the watch from its end."""
    def talk_before_it_answers(client):
        data = receive_ping(client)
        until = time.monotonic() + 1
        while time.monotonic() < until or not answers:
            client.sendall(message(11))
            time.sleep(0.02 if not answers else 0.2)
        client.sendall(message(PONG, data))
        client.recv(1)

    with Server(talk_before_it_answers) as server:
        events = probe("keepalive", "--time", "50ms", "--interval", "20s" if answers else "1s",
                       "--count", 1, f"127.0.0.1:{server.port}", status=0 if answers else 5)
    assert len(of(events, "heartbeat_sent")) == 1
    assert events[-1]["replies"] == (1 if answers else 0)


def test_answers_pair_in_order_when_they_carry_nothing():
    """The round trips to a server that returns no data would not be known."""
    def answer_late(client):
        receive_ping(client)
        receive_ping(client)
        client.sendall(message(PONG))
        client.sendall(message(PONG))
        client.recv(1)

    with Server(answer_late) as server:
        events = probe("keepalive", "--time", "50ms", "--interval", "2s", "--count", 2,
                       f"127.0.0.1:{server.port}")
    first, second = of(events, "reply")
    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert first["rtt"] > second["rtt"]


def test_one_byte_after_the_other():
    """A slow link would be taken for a dead peer although something comes all the time."""
    def trickle(client):
        for byte in message(PONG, receive_ping(client)):
            client.sendall(bytes([byte]))
            time.sleep(0.005)
        client.sendall(message(PONG, receive_ping(client)))
        client.recv(1)

    with Server(trickle) as server:
        events = probe("keepalive", "--time", "1s", "--interval", "4s", "--probes", 1,
                       "--count", 2, f"127.0.0.1:{server.port}")
    assert of(events, "reply")[0]["rtt"] > 1028 * 0.005


# ---- loss and duplicates ----


def test_the_loss_reported_is_the_loss_made(serve):
    """Figures of loss would be guesses."""
    server = serve("keepalive", "--drop", 20, "--seed", 3, "--threads", 0, "udp://127.0.0.1:0")
    server.allow(r"received 20 datagrams; \d+ not answered")
    events = probe("keepalive", "--time", "10ms", "--interval", "1500ms", "--probes", 10, "--count",
                   20,
                   server.address, status=1)
    server.stop()
    dropped = int(re.search(r"(\d+) not answered", server.stderr()).group(1))
    assert 0 < dropped < 10
    summary = events[-1]
    assert (summary["sent"], summary["missed"], summary["duplicates"]) == (20, dropped, 0)
    assert summary["loss"] == pytest.approx(dropped / 20)


class Forwarder(threading.Thread):
    """A way for datagrams between one client and a server that takes 20 ms each, and drops
    every tenth of all."""

    DELAY = 0.02

    def __init__(self, address):
        super().__init__(daemon=True)
        self.front, self.port = listener(socket.SOCK_DGRAM)
        self.back = datagram_client.client(address)
        self.seen = 0
        self.dropped = 0
        self.is_over = False

    def run(self):
        client = None
        while not self.is_over:
            ready, _, _ = select.select([self.front, self.back], [], [], 0.1)
            for side in ready:
                if side is self.front:
                    data, client = side.recvfrom(65536)
                else:
                    data = side.recv(65536)
                self.seen += 1
                if self.seen % 10 == 5:
                    self.dropped += 1
                    continue
                time.sleep(self.DELAY)
                if side is self.front:
                    self.back.send(data)
                else:
                    self.front.sendto(data, client)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.join(PATIENCE)
        self.front.close()
        self.back.close()


def test_the_way_makes_the_loss_and_the_time(serve):
    """Loss would be noticed in one direction only, or the time not be that of the way."""
    server = serve("keepalive", "udp://127.0.0.1:0")
    with Forwarder(server.address) as way:
        events = probe("keepalive", "--time", "10ms", "--interval", "1500ms", "--count", 20,
                       f"udp://127.0.0.1:{way.port}", status=1)
    assert events[-1]["missed"] == way.dropped == 4
    assert events[-1]["duplicates"] == 0
    assert events[-1]["min"] >= 2 * Forwarder.DELAY


def test_the_time_is_that_between_sending_and_receiving():
    """Times would be those of the machinery around the probe. The peer knows how long it has
    waited before it answered."""
    waits = []

    def answer_after_a_while(client):
        while True:
            data = receive_ping(client)
            start = time.monotonic()
            time.sleep(0.05 * (1 + len(waits)))
            waits.append(time.monotonic() - start)
            client.sendall(message(PONG, data))

    with Server(answer_after_a_while) as server:
        events = probe("keepalive", *CALM, "--count", 4, f"127.0.0.1:{server.port}")
    for event, wait in zip(of(events, "reply"), waits):
        assert event["rtt"] >= wait
    # On a busy machine some are late; the least disturbed one shows what the probe adds.
    extra = min(event["rtt"] - wait for event, wait in zip(of(events, "reply"), waits))
    assert extra < 0.05


def test_a_threshold_decides_about_loss(serve):
    """Some loss could not be allowed, or too much of it would pass."""
    server = serve("keepalive", "--drop", 50, "--seed", 3, "--threads", 0, "udp://127.0.0.1:0")
    server.allow(r"received \d+ datagrams; \d+ not answered")
    words = ("--time", "10ms", "--interval", "300ms", "--probes", 20, "--count", 8, server.address)
    probe("keepalive", "--fail-if", "loss>99%", *words)
    probe("keepalive", "--fail-if", "loss>1%", *words, status=9)


def test_duplicates_are_told(serve):
    """A network that doubles datagrams would look like a healthy one, or like one that answers
    more than it is asked."""
    server, port = listener(socket.SOCK_DGRAM)
    with server, Probe("keepalive", *CALM, "--count", 2, f"udp://127.0.0.1:{port}") as running:
        first, where = server.recvfrom(SIZE)
        server.sendto(message(PONG, first[4:]), where)
        server.sendto(message(PONG, first[4:]), where)
        assert running.event("duplicate")["sequence"] == 1
        second, where = server.recvfrom(SIZE)
        server.sendto(message(PONG, second[4:]), where)
        events = running.finish(0)
    assert (events[-1]["replies"], events[-1]["duplicates"]) == (2, 1)


def test_a_datagram_that_is_none_of_ours_is_told():
    """A stray datagram would end the session, or count as an answer."""
    server, port = listener(socket.SOCK_DGRAM)
    with server, Probe("keepalive", *CALM, "--count", 1, f"udp://127.0.0.1:{port}") as running:
        ping, where = server.recvfrom(SIZE)
        for stray in (b"", b"hello", b"x" * 5000, message(99)):
            server.sendto(stray, where)
        texts = [running.event("garbage")["text"] for _ in range(4)]
        server.sendto(message(PONG, ping[4:]), where)
        running.finish(0)
    assert texts == [f"received a message of {what}" for what in
                     ("0 bytes", "5 bytes", "at least 4112 bytes", "the unknown type 99")]


# ---- failures by real means ----


def test_killed(serve):
    """The end of a server would not be noticed until its next heartbeat, or be a success."""
    server = serve("keepalive", "127.0.0.1:0")
    with Probe("keepalive", *CALM, server.address) as running:
        running.event("reply")
        server.kill()
        events = running.finish(6)
    assert end_of(events)["action"] == "stay connected to"
    assert end_of(events)["error"] in ("it has closed the connection",
                                       "connection reset by the peer")


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_stopped(serve, tmp_path, kind):
    """A server that hangs keeps its connections: only heartbeats tell."""
    server = serve("keepalive", "127.0.0.1:0" if kind == "tcp" else f"unix:{tmp_path}/s")
    with Probe("keepalive", "--time", "500ms", "--interval", "300ms", server.address) as running:
        running.event("up")
        server.send_signal(signal.SIGSTOP)
        events = running.finish(6)
        server.send_signal(signal.SIGCONT)
    assert end_of(events)["error"] == "no answer to 3 heartbeats"
    assert of(events, "dead")[0]["text"] == "connection dead"


def test_reset(serve):
    """A reset would be taken for an orderly end."""
    server = serve("keepalive", "--rst-after", 1, "127.0.0.1:0")
    events = probe("keepalive", *CALM, server.address, status=6)
    assert end_of(events)["error"] == "connection reset by the peer"
    assert (events[-1]["replies"], events[-1]["missed"]) == (1, 1)


def test_refused(tmp_path):
    """A server that is not there would look like one that died, or be waited for."""
    taken, port = closed_port()
    with taken:
        events = probe("keepalive", f"127.0.0.1:{port}", status=4)
    assert end_of(events)["action"] == "connect to"
    assert end_of(events)["error"] == "connection refused"
    for kind in ("unix", "unix-dgram", "unix-seqpacket"):
        probe("keepalive", f"{kind}:{tmp_path}/nothing", status=4)


def test_refused_datagrams():
    """ICMP says at once what silence says late."""
    _, port = closed_port(socket.SOCK_DGRAM)
    events = probe("keepalive", *CALM, f"udp://127.0.0.1:{port}", status=4)
    assert end_of(events)["error"] == "connection refused"


def test_a_datagram_server_that_ends(serve, tmp_path):
    """Watching a unix datagram server would go on for ever after its end."""
    server = serve("keepalive", f"unix-dgram:{tmp_path}/s")
    with Probe("keepalive", *CALM, server.address) as running:
        running.event("reply")
        server.kill()
        assert running.process.wait(PATIENCE) in (4, 6)


def test_unresolved():
    """A typing mistake in a name would look like a server that is down."""
    events = probe("keepalive", "no-such-host.invalid:80", status=3)
    assert end_of(events)["action"] == "resolve"


def test_a_host_that_swallows_everything():
    """Connecting would hang for minutes, longer than a peer is given up in."""
    with Full() as full:
        events = probe("keepalive", *QUICK, f"127.0.0.1:{full.port}", status=5)
        assert end_of(events)["action"] == "connect to"
        probe("keepalive", "--timeout", "200ms", f"127.0.0.1:{full.port}", status=5)


def test_no_answer_over_datagrams():
    """Silence would be a success, or a lost connection where there never was one."""
    server, port = listener(socket.SOCK_DGRAM)
    with server:
        events = probe("keepalive", *QUICK, f"udp://127.0.0.1:{port}", status=5)
    assert (events[-1]["sent"], events[-1]["missed"]) == (3, 3)


def test_half_an_answer_and_then_silence():
    """A part of an answer would be taken for one, or be waited for for ever."""
    def answer_half(client):
        client.sendall(message(PONG, receive_ping(client))[:500])
        while client.recv(SIZE):
            pass

    with Server(answer_half) as server:
        events = probe("keepalive", *QUICK, f"127.0.0.1:{server.port}", status=6)
    assert end_of(events)["error"] == "no answer to 3 heartbeats"
    assert not of(events, "reply")


def test_half_an_answer_and_then_the_end():
    """Nobody would know that the answer was cut."""
    def answer_half(client):
        client.sendall(message(PONG, receive_ping(client))[:500])

    with Server(answer_half) as server:
        events = probe("keepalive", *CALM, f"127.0.0.1:{server.port}", status=6)
    assert end_of(events)["error"] == "it has closed the connection in the middle of a message"


def test_garbage():
    """A server of another protocol would be alive, or waited for until 1,028 bytes have come."""
    def speak_http(client):
        receive_ping(client)
        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        client.recv(1)

    with Server(speak_http) as server:
        events = probe("keepalive", *CALM, f"127.0.0.1:{server.port}", status=1)
    assert end_of(events)["action"] == "talk to"
    number = int.from_bytes(b"HTTP", "big")
    assert end_of(events)["error"] == f"it has sent a message of the unknown type {number}"


# ---- a host that vanishes without a word ----


def plain_in(namespaces, *words):
    """The plain report of a probe on the client host."""
    with Probe("keepalive", *words, plain=True, prefix=namespaces.inside("client")) as running:
        output, errors = running.process.communicate(timeout=PATIENCE)
        assert (running.process.returncode, errors) == (0, "")
        return output


@pytest.mark.parametrize("words", [
    ["--time", "300ms", "--interval", "300ms"],
    ["--time", "1s", "--interval", "1s", "--kernel"]], ids=["messages", "kernel"])
def test_a_host_that_vanishes(namespaces, words):
    """Without a FIN the connection would live for ever: this is what heartbeats are for."""
    where = namespaces.ADDRESSES["server"]
    server = netkit_server.Server("keepalive", f"{where}:0", prefix=namespaces.inside("server"))
    try:
        with Probe("keepalive", *words, server.address,
                   prefix=namespaces.inside("client")) as running:
            running.event("reply")
            namespaces.cut()
            events = running.finish(6)
    finally:
        server.kill()
    assert end_of(events)["error"] == "no answer to 3 heartbeats"
    assert [event["number"] for event in of(events, "heartbeat_sent")[-3:]] == [1, 2, 3]
    assert events[-1]["missed"] >= 3


# ---- the kernel's heartbeats ----


def test_the_kernel_answers_for_a_server_that_hangs(serve):
    """The lesson: TCP keep-alive tells that the host lives, not that the server does."""
    server = serve("keepalive", "127.0.0.1:0")
    with Probe("keepalive", "--kernel", "--time", "1s", "--count", 2, server.address) as running:
        running.event("up")
        server.send_signal(signal.SIGSTOP)
        events = running.finish(0)
        server.send_signal(signal.SIGCONT)
    assert events[-1]["replies"] == 2
    assert len(of(events, "heartbeat_received")) == 2


def test_the_kernels_last_heartbeat_has_its_interval(namespaces):  # noqa: F811
    """--kernel --count would wait for an answer that does not come until the peer is dead, and send
    more heartbeats than were asked for meanwhile."""
    where = namespaces.ADDRESSES["server"]
    server = netkit_server.Server("keepalive", f"{where}:0", prefix=namespaces.inside("server"))
    try:
        with Probe("keepalive", "--kernel", "--time", "1s", "--interval", "1s", "--probes", 9,
                   "--count", 1, server.address, prefix=namespaces.inside("client")) as running:
            running.event("up")
            namespaces.cut()
            events = running.finish(5)
    finally:
        server.kill()
    assert len(of(events, "heartbeat_sent")) == 1
    assert (events[-1]["sent"], events[-1]["missed"]) == (1, 1)


def test_kernel_notices_the_end(serve):
    """With --kernel the end of a server would be no failure."""
    server = serve("echo", "127.0.0.1:0")
    with Probe("keepalive", "--kernel", server.address) as running:
        running.event("up")
        server.kill()
        events = running.finish(6)
    assert end_of(events)["action"] == "stay connected to"


# ---- beginning anew ----


def test_reconnect():
    """One failure would end the watch; or having been lost would be forgotten."""
    connections = []

    def close_the_first(client):
        connections.append(client)
        if len(connections) == 1:
            return
        client.sendall(message(PONG, receive_ping(client)))
        client.recv(1)

    with Server(close_the_first) as server:
        events = probe("keepalive", *CALM, "--reconnect", "--count", 1,
                       f"127.0.0.1:{server.port}", status=1)
    assert [event["event"] for event in events if event["event"] in ("up", "down", "ended")] == [
        "up", "ended", "down", "up", "ended"]
    assert of(events, "reconnect")[0]["text"].startswith("connecting again in ")
    assert events[-1]["replies"] == 1


def test_failed_connections_are_counted_everywhere():
    """A connection that comes and goes would look like a healthy one to whoever reads figures."""
    def close_at_once(client):
        client.shutdown(socket.SHUT_WR)

    with Server(close_at_once) as server:
        where = f"127.0.0.1:{server.port}"
        with Probe("keepalive", "--reconnect", "--metrics", "127.0.0.1:0", where) as running:
            url = running.event("listening")["address"]
            running.event("reconnect")
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                text = answer.read().decode()
            running.signal(signal.SIGTERM)
            events = running.finish(-signal.SIGTERM)
        output = plain("keepalive", where, status=6)
    name = re.escape(f'netkit_probe_failed_connections_total{{target="tcp://{where}"}} ')
    assert int(re.search(f"^{name}(\\d+)$", text, re.M).group(1)) >= 1
    assert of(events, "target")[0]["losses"] >= 1
    assert events[-1]["losses"] >= 1
    assert re.search(rf"^tcp://{where} .*  1 failed connection$", output, re.M)


def test_reconnect_until_it_is_there():
    """A script could not wait for a server that starts later."""
    taken, port = closed_port()
    with Probe("keepalive", "--reconnect", "--until", "up", f"127.0.0.1:{port}") as running:
        running.event("reconnect")
        taken.listen()
        with taken:
            events = running.finish(0)
    assert events[-1]["status"] == 0


def test_a_server_that_never_comes():
    """Trying again and again without success would be one."""
    taken, port = closed_port()
    with taken:
        events = probe("keepalive", "--reconnect", "--timeout", "1s", f"127.0.0.1:{port}", status=4)
    assert of(events, "reconnect")


def test_until_down(serve):
    """A script could not wait for the end of a server."""
    server = serve("keepalive", "127.0.0.1:0")
    with Probe("keepalive", *CALM, "--until", "down", server.address) as running:
        running.event("up")
        server.kill()
        running.finish(0)


@pytest.mark.parametrize("words, problem", [
    (["--kernel", "--compat"], "--compat has no effect with --kernel"),
    (["--kernel", "--time", "500ms"], "--kernel: --time and --interval are whole seconds then"),
    (["--kernel", "--time", "10h"], "--kernel: --time and --interval are 32767s at most"),
    (["--kernel", "udp://localhost:1"],
     "'udp://localhost:1': that kind of address is not supported by this command"),
    (["--count", "0"], "--count: '0' is too small; the least is 1"),
    (["--count", "1", "--until", "up"], "--count has no effect with --until"),
    (["--probes", "0"], "--probes: '0' is too small; the least is 1"),
], ids=str)
def test_usage_errors(words, problem):
    """An option that does nothing would look as if it did."""
    done = run("probe", "keepalive", *words)
    assert done.returncode == 2
    assert done.stderr == (f"netkit: {problem}\nTry 'netkit probe keepalive --help'\n")
