"""`netkit probe tcp` and what all kinds of probes have in common: the schedule, the end of a
run, its exit status and its report."""

import re
import signal
import socket

import pytest

from cli_support import run
from netkit_server import PATIENCE
from probe_support import Full, Probe, closed_port, listener, of, plain, probe

pytestmark = pytest.mark.dispatchers

# The wait is for names, which other threads look up: they may have to wait for a processor.
QUICK = ("--interval", "10ms", "--wait", "10s")


def test_every_probe_is_answered_and_counted():
    """A run that went well would not exit 0, or its summary would not agree with its lines."""
    server, port = listener()
    with server:
        events = probe("tcp", f"127.0.0.1:{port}", "--count", 5, *QUICK)
    replies = of(events, "reply")
    assert [event["sequence"] for event in replies] == [1, 2, 3, 4, 5]
    assert {event["target"] for event in replies} == {f"tcp://127.0.0.1:{port}"}
    summary = events[-1]
    assert (summary["sent"], summary["replies"], summary["missed"], summary["loss"]) == (5, 5, 0, 0)
    times = sorted(event["rtt"] for event in replies)
    assert summary["min"] == pytest.approx(times[0], abs=2e-6)
    assert summary["max"] == pytest.approx(times[-1], abs=2e-6)
    assert summary["p50"] == pytest.approx(times[2], rel=2e-3, abs=2e-6)


def test_plain_report_has_a_line_for_each_probe_and_a_table():
    """People would see objects, or figures without names."""
    server, port = listener()
    with server:
        output = plain("tcp", str(port), "--count", 2, *QUICK)
    # The second has a look-up of its own when that of the first has taken longer than a moment.
    name = rf"tcp://localhost:{port}"
    assert re.fullmatch(
        rf"{name}: probe 1: [\d.]+ ms, resolve [\d.]+ ms, connect [\d.]+ ms\n"
        rf"{name}: probe 2: [\d.]+ ms(, resolve [\d.]+ ms, connect [\d.]+ ms)?\n"
        r"\naddress +probes +lost +min +p50 +p90 +p99 +max  \(ms\)\n"
        rf"{name} +2 +0%( +[\d.]+){{5}}\n", output)


def test_quiet_prints_the_summary_only():
    """A cron job would be mailed every probe."""
    server, port = listener()
    with server:
        assert len(plain("tcp", str(port), "--count", 3, "-q", *QUICK).splitlines()) == 2
        with Probe("tcp", f"127.0.0.1:{port}", "--count", 3, "-q", *QUICK) as running:
            assert [event["event"] for event in running.finish(0)] == ["summary"]


class TestExitStatus:
    def test_refused(self):
        """A script could not tell a server that is down from one that is slow."""
        socket_, port = closed_port()
        with socket_:
            events = probe("tcp", f"127.0.0.1:{port}", "--count", 3, *QUICK, status=4)
        assert [event["error"] for event in of(events, "missed")] == 3 * ["connection refused"]
        assert events[-1]["loss"] == 1

    def test_unresolved(self):
        """A typing mistake in a name would look like a server that is down."""
        events = probe("tcp", "no-such-host.invalid:80", "--count", 1, "--wait", "20s", status=3)
        assert of(events, "missed")[0]["action"] == "resolve"

    def test_timed_out(self):
        """A host that swallows everything would be a success, or hang the script."""
        with Full() as full:
            events = probe("tcp", f"127.0.0.1:{full.port}", "--count", 2, "--interval", "50ms",
                           "--wait", "100ms", status=5)
        assert [event["status"] for event in of(events, "missed")] == [5, 5]

    def test_time_is_up_before_anything_is_known(self):
        """--timeout would turn a server that never answered into a success."""
        with Full() as full:
            events = probe("tcp", f"127.0.0.1:{full.port}", "--timeout", "100ms", "--wait", "60s",
                           "--interval", "1s", status=5)
        assert (events[-1]["sent"], events[-1]["replies"]) == (0, 0)

    def test_one_of_two_targets_missed(self):
        """A dead server among several would be overlooked."""
        server, port = listener()
        socket_, closed = closed_port()
        with server, socket_:
            events = probe("tcp", f"127.0.0.1:{port}", f"127.0.0.1:{closed}", "--count", 2, *QUICK,
                           status=1)
        targets = {event["target"]: event for event in of(events, "target")}
        assert targets[f"tcp://127.0.0.1:{port}"]["state"] == "up"
        assert targets[f"tcp://127.0.0.1:{closed}"]["state"] == "down"

    def test_a_threshold_that_is_not_met(self):
        """--fail-if would be decoration."""
        server, port = listener()
        with server:
            events = probe("tcp", f"127.0.0.1:{port}", "--count", 2, *QUICK, "--fail-if",
                           "max>=0ms", "--fail-if", "loss>1%", status=9)
            (violation,) = of(events, "violated")
            assert violation["threshold"] == "max>=0ms"
            output = plain("tcp", f"127.0.0.1:{port}", "--count", 2, *QUICK, "--fail-if",
                           "sent<3", status=9)
        assert output.endswith(f"tcp://127.0.0.1:{port}: failed because sent<3: it is 2\n")

    def test_a_threshold_may_allow_some_loss(self):
        """--fail-if 'loss>60%' would still fail at the first lost probe."""
        server, port = listener()
        socket_, closed = closed_port()
        with server, socket_:
            probe("tcp", f"127.0.0.1:{port}", f"127.0.0.1:{closed}", "--count", 2, *QUICK,
                  "--fail-if", "missed>2", status=0)
            probe("tcp", f"127.0.0.1:{port}", f"127.0.0.1:{closed}", "--count", 2, *QUICK,
                  "--fail-if", "loss>60%", status=9)


class TestState:
    def test_down_and_up_again(self):
        """Nobody would be told since when a server is gone."""
        server, port = listener()
        with Probe("tcp", f"127.0.0.1:{port}", "--interval", "20ms") as running:
            assert "lasted" not in running.event("up")
            server.close()
            assert running.event("down")["lasted"] > 0
            server, _ = listener(port=port)
            with server:
                assert running.event("up")["lasted"] > 0
            running.signal(signal.SIGTERM)
            running.finish(-signal.SIGTERM)

    def test_until_up(self):
        """A start-up script would go on before its server is there, or never."""
        socket_, port = closed_port()
        with Probe("tcp", f"127.0.0.1:{port}", "--until", "up", "--timeout", "60s") as running:
            running.event("missed")
            socket_.close()
            server, _ = listener(port=port)
            with server:
                events = running.finish(0)
        assert of(events, "up") and events[-1]["missed"] > 0

    def test_until_down(self):
        """A script that waits for the end of a server would wait for ever."""
        server, port = listener()
        with Probe("tcp", f"127.0.0.1:{port}", "--until", "down", "--timeout", "60s") as running:
            running.event("reply")
            server.close()
            running.finish(0)

    def test_until_waits_for_all(self):
        """One server that is up would count for all of them."""
        server, port = listener()
        socket_, closed = closed_port()
        with server, socket_, Probe("tcp", f"127.0.0.1:{port}", f"127.0.0.1:{closed}", "--until",
                                    "up") as running:
            running.event("reply")
            for _ in range(3):
                running.event("missed")
            running.signal(signal.SIGTERM)
            events = running.finish(-signal.SIGTERM)
        # The one that is up is left alone from then on.
        assert of(events, "target")[0]["sent"] == 1

    def test_until_tries_ever_more_rarely(self):
        """A server that is slow to start would be hammered: ten probes in the first second."""
        socket_, port = closed_port()
        with socket_:
            events = probe("tcp", f"127.0.0.1:{port}", "--until", "up", "--timeout", "1500ms",
                           status=5)
        assert 2 <= events[-1]["missed"] <= 8


class TestEnd:
    def test_interrupt_prints_the_summary_and_is_raised_again(self):
        """^C would lose the figures, or a script would go on after it."""
        server, port = listener()
        with server, Probe("tcp", f"127.0.0.1:{port}", "--interval", "20ms") as running:
            running.event("reply")
            running.signal(signal.SIGINT)
            events = running.finish(-signal.SIGINT)
        assert events[-1]["status"] == 128 + signal.SIGINT
        assert events[-1]["replies"] >= 1

    def test_usr1_shows_the_figures_so_far(self):
        """One would have to end a long run to learn how it is going."""
        server, port = listener()
        with server, Probe("tcp", f"127.0.0.1:{port}", "--interval", "20ms", plain=True) as running:
            running.line()
            running.signal(signal.SIGUSR1)
            assert running.process.stderr.readline().startswith("address ")
            assert running.process.stderr.readline().startswith(f"tcp://127.0.0.1:{port} ")
            running.signal(signal.SIGINT)
            running.process.communicate(timeout=PATIENCE)

    def test_reader_that_goes_away_ends_the_run_quietly(self):
        """`netkit probe | head` would go on for ever, or complain."""
        server, port = listener()
        with server, Probe("tcp", f"127.0.0.1:{port}", "--interval", "20ms", plain=True) as running:
            running.line()
            running.process.stdout.close()
            assert running.process.wait(PATIENCE) == 0
            assert running.process.stderr.read() == ""

    def test_full_disk_is_a_failure(self):
        """A log of probes would end without anybody noticing."""
        server, port = listener()
        with server, open("/dev/full", "w", encoding="ascii") as full, \
                Probe("tcp", f"127.0.0.1:{port}", plain=True, stdout=full) as running:
            _, errors = running.process.communicate(timeout=PATIENCE)
        assert running.process.returncode == 1
        assert errors == "netkit: cannot write to standard output: no space left on device\n"


def test_names_are_tried_on_all_their_addresses():
    """localhost is ::1 first on most machines; a server on 127.0.0.1 would be called down."""
    server, port = listener()
    with server:
        with Probe("tcp", f"localhost:{port}", "--interval", "50ms", "--wait", "20s") as running:
            assert running.event("reply")["resolve"] > 0
            # Those that have begun meanwhile had to look it up, too; then it is known.
            while "resolve" in running.event("reply"):
                pass


def test_many_targets_at_once():
    """Probes of one target would wait for those of another: a dead one holds up the rest."""
    servers = [listener() for _ in range(40)]
    with Full() as full:
        events = probe("tcp", f"127.0.0.1:{full.port}",
                       *[f"127.0.0.1:{port}" for _, port in servers], "--count", 3,
                       "--interval", "200ms", "--wait", "2s", status=1)
    replies = of(events, "reply")
    assert len(replies) == 120
    # Everything else was through before the first one was given up.
    assert events.index(replies[-1]) < events.index(of(events, "missed")[0])
    for server, _ in servers:
        server.close()


def test_probes_on_one_target_may_overlap():
    """Waiting for one answer would delay the next probe, and what is measured is better than
    what is."""
    with Full() as full:
        events = probe("tcp", f"127.0.0.1:{full.port}", "--count", 10, "--interval", "20ms",
                       "--wait", "1s", "-v", status=5)
    order = [event["event"] for event in events if event["event"] in ("sent", "missed")]
    assert order == 10 * ["sent"] + 10 * ["missed"]


def test_socket_options_of_the_address_are_used():
    """`?source=` would be ignored, and the wrong interface probed."""
    server, port = listener()
    with server:
        probe("tcp", f"tcp://127.0.0.1:{port}?source=127.0.0.7", "--count", 1)
        connection, (source, _) = server.accept()
        connection.close()
    assert source == "127.0.0.7"


def test_connections_are_closed_in_an_orderly_way():
    """The server's log would be full of resets."""
    server, port = listener()
    with server:
        probe("tcp", f"127.0.0.1:{port}", "--count", 1)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(PATIENCE)
            assert connection.recv(1) == b""


@pytest.mark.parametrize("words, problem", [
    (["tcp", "host"], "'host': the port is missing"),
    (["tcp", "host:0"], "'host:0': port 0 cannot be connected to"),
    (["tcp", "udp://host:1"], "'udp://host:1': that kind of address is not supported by this "
                              "command"),
    (["tcp", "host:1", "--fail-if", "p99"], "--fail-if: 'p99' needs one of >, >=, < and <=, and a "
                                            "limit"),
    (["tcp", "host:1", "--until", "up", "--count", "1"], "--count has no effect with --until"),
    (["tcp", "host:1", "--until", "up", "--fail-if", "loss>1%"],
     "--fail-if has no effect with --until"),
    (["tcp", "host:1", "--count", "0"], "--count: '0' is too small; the least is 1"),
    (["tcp", "host:1", "--interval", "1ms", "--wait", "2s"],
     "--wait may be 1024 times the --interval at most"),
    (["tcp", "host:1", "--ports", "80"], "'host:1': has a port, and --ports says which"),
    (["tcp", "host", "--ports", "80-"], "--ports: '80-' is no list as 22,80,8000-8100"),
    (["http", "h", "--expect", "2xx"], "--expect: '2xx' is no list as 200,300-399, from 100 to 599"),
    (["http", "https://h"], "'https://h': TLS is not supported yet"),
    (["unix"], "an address is needed"),
    (["unix", "tcp://h:1"], "'tcp://h:1': that kind of address is not supported by this command"),
    (["udp", "h:1", "--hex", "--data", "abc"], "--data: 'abc' is not an even number of hexadecimal digits"),
    (["udp", "h:1", "--hex"], "--hex has no effect without --data"),
])
def test_mistakes(words, problem):
    """A mistake would be taken for a target that does not answer."""
    result = run("probe", *words)
    assert result.stderr == f"netkit: {problem}\nTry 'netkit probe {words[0]} --help'\n"
    assert (result.stdout, result.returncode) == ("", 2)


class TestDatagrams:
    def test_open(self):
        """The payload would not arrive as it was given, or an answer would not count."""
        server, port = listener(socket.SOCK_DGRAM)
        with server, Probe("udp", f"127.0.0.1:{port}", "--count", 2, "--interval", "50ms",
                           "--hex", "--data", "00ff0A", "--wait", "20s") as running:
            for _ in range(2):
                data, peer = server.recvfrom(100)
                assert data == b"\x00\xff\x0a"
                server.sendto(b"answer", peer)
            events = running.finish(0)
        assert [event["detail"] for event in of(events, "reply")] == ["open", "open"]

    def test_an_empty_datagram_is_an_answer(self):
        """An answer without bytes would be taken for none."""
        server, port = listener(socket.SOCK_DGRAM)
        with server, Probe("udp", f"127.0.0.1:{port}", "--count", 1, "--wait", "20s") as running:
            data, peer = server.recvfrom(100)
            assert data == b""
            server.sendto(b"", peer)
            running.finish(0)

    def test_closed(self):
        """A refusal would look like silence."""
        _, port = closed_port(socket.SOCK_DGRAM)
        events = probe("udp", f"127.0.0.1:{port}", "--count", 2, "--interval",
                       "50ms", "--wait", "20s", status=4)
        assert [event["detail"] for event in of(events, "missed")] == ["closed", "closed"]

    def test_no_answer(self):
        """Silence would be success, or be called closed: more than anybody knows."""
        server, port = listener(socket.SOCK_DGRAM)
        with server:
            events = probe("udp", f"127.0.0.1:{port}", "--count", 2, *QUICK, "--wait", "100ms",
                           "--data", "hello", status=5)
            assert server.recv(100) == b"hello"
        assert [event["detail"] for event in of(events, "missed")] == 2 * ["no answer"]

    def test_a_late_answer_is_not_that_of_the_next_probe(self):
        """A slow server would look quick: the answer to probe 1 would be counted as one to 2."""
        server, port = listener(socket.SOCK_DGRAM)
        with server, Probe("udp", f"127.0.0.1:{port}", "--count", 2, "--interval", "500ms",
                           "--wait", "20ms") as running:
            _, first = server.recvfrom(100)
            _, second = server.recvfrom(100)
            server.sendto(b"late", first)
            events = running.finish(5)
        assert first != second
        assert events[-1]["replies"] == 0


class TestUnix:
    @pytest.mark.parametrize("kind, scheme", [
        (socket.SOCK_STREAM, ""), (socket.SOCK_STREAM, "unix:"),
        (socket.SOCK_DGRAM, "unix-dgram:"), (socket.SOCK_SEQPACKET, "unix-seqpacket:")])
    def test_served(self, kind, scheme, tmp_path):
        """One type of unix socket could not be watched."""
        with socket.socket(socket.AF_UNIX, kind) as server:
            server.bind(str(tmp_path / "s"))
            if kind != socket.SOCK_DGRAM:
                server.listen(16)
            events = probe("unix", f"{scheme}{tmp_path}/s", "--count", 2, *QUICK)
        assert events[-1]["replies"] == 2

    def test_abstract(self):
        """Sockets without a file could not be watched."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("\0netkit-probe-test")
            server.listen(16)
            probe("unix", "@netkit-probe-test", "--count", 1)

    @pytest.mark.parametrize("name", ["missing", "stale", "other"])
    def test_not_served(self, name, tmp_path):
        """A socket's file would be taken for its server."""
        with socket.socket(socket.AF_UNIX) as stale, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            stale.bind(str(tmp_path / "stale"))
            other.bind(str(tmp_path / "other"))
            stale.close()
            probe("unix", f"{tmp_path}/{name}", "--count", 1, status=4)

    def test_full_queue_times_out(self, tmp_path):
        """A server that hangs, whose kernel takes no more connections, would count as up."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "s"))
            server.listen(0)
            clients = []
            for _ in range(3):
                client = socket.socket(socket.AF_UNIX)
                client.setblocking(False)
                client.connect_ex(str(tmp_path / "s"))
                clients.append(client)
            probe("unix", f"{tmp_path}/s", "--count", 1, "--wait", "200ms", status=5)
            for client in clients:
                client.close()


@pytest.mark.parametrize("option, status", [("-4", 0), ("-6", 3)])
def test_family(option, status):
    """Whether a service is reached over IPv6 could not be asked: IPv4 would answer instead."""
    server, port = listener()
    with server:
        probe("tcp", f"127.0.0.1:{port}", option, "--count", 1, *QUICK, status=status)
