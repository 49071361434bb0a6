"""The other ways to look at a run of probes: --live on a terminal, and --metrics over HTTP."""

import re
import signal
import urllib.error
import urllib.request

import pytest

from cli_support import run
from netkit_server import PATIENCE
from probe_support import Probe, closed_port, listener, plain
from terminal_support import Terminal, control


def drawing(terminal):
    """The last whole drawing."""
    return terminal.look().split("\x1b[H")[-2]


class TestLive:
    def test_is_drawn_in_place_and_gone_at_the_end(self, tmp_path):
        """The picture would scroll the terminal's history away, or stay on it for ever."""
        server, port = listener()
        socket_, closed = closed_port()
        with server, socket_:
            terminal = Terminal("probe", "tcp", f"127.0.0.1:{port}", f"127.0.0.1:{closed}",
                                "--live", "--interval", "50ms", directory=tmp_path)
            try:
                terminal.wait_for("\x1b[?1049h")
                terminal.wait_for("2 addresses")
                terminal.wait_for(f"tcp://127.0.0.1:{port}")
                terminal.wait_for("100% lost xx")
                terminal.type(control("c"))
                terminal.wait_for("\x1b[?1049l")
                terminal.wait_for("address ")
                terminal.wait(-signal.SIGINT)
                assert terminal.is_as_before()
            finally:
                terminal.close()

    def test_follows_the_size_of_the_terminal(self, tmp_path):
        """Rows would wrap and the picture crawl up the screen after a change of size."""
        server, port = listener()
        with server:
            terminal = Terminal("probe", "tcp", *3 * [f"127.0.0.1:{port}"], "--live", "--interval",
                                "50ms", directory=tmp_path, rows=10, columns=80)
            try:
                terminal.wait_for("3 addresses")
                terminal.resize(3, 60)
                terminal.wait_for("and 2 more")
                terminal.resize(10, 80)
                while drawing(terminal).count("tcp://") != 3:
                    terminal.wait_for("\x1b[H")
                terminal.type(control("c"))
                terminal.wait(-signal.SIGINT)
            finally:
                terminal.close()

    def test_without_a_terminal_it_is_the_usual_report(self):
        """A log file would be full of control characters."""
        server, port = listener()
        with server:
            output = plain("tcp", f"127.0.0.1:{port}", "--live", "--count", 2, "--interval", "10ms")
        assert "\x1b" not in output
        assert output.startswith(f"tcp://127.0.0.1:{port}: probe 1: ")

    @pytest.mark.parametrize("option", ["--json", "--quiet"])
    def test_with_other_forms_it_is_a_mistake(self, option):
        """One of two forms that exclude each other would be ignored."""
        result = run("probe", "tcp", "h:1", "--live", option)
        assert result.stderr.startswith(f"netkit: --live has no effect with {option}\n")
        assert result.returncode == 2


def fetch(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return response.read().decode()


def samples(text):
    """{(name, labels): value}; every line is a comment or a sample."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.match(r"# (HELP|TYPE) netkit_\w+ .+", line)
            continue
        name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
        found[name, labels] = float(value)
    return found


class TestMetrics:
    def test_figures_are_those_of_the_run(self):
        """A dashboard would show other figures than the report."""
        server, port = listener()
        socket_, closed = closed_port()
        with server, socket_, Probe("tcp", f"127.0.0.1:{port}", f"127.0.0.1:{closed}", "--interval",
                                    "50ms", "--metrics", "127.0.0.1:0") as running:
            url = running.event("listening")["address"]
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/metrics", url)
            running.event("reply")
            running.event("missed")
            figures = samples(fetch(url))
            up = f'target="tcp://127.0.0.1:{port}"'
            down = f'target="tcp://127.0.0.1:{closed}"'
            assert figures["netkit_probe_up", up] == 1
            assert figures["netkit_probe_up", down] == 0
            assert figures["netkit_probe_replies_total", up] >= 1
            assert figures["netkit_probe_missed_total", down + ',reason="refused"'] >= 1
            assert figures["netkit_probe_rtt_seconds_count", up] >= 1
            assert 0 < figures["netkit_probe_rtt_seconds", up + ',quantile="0.5"'] < PATIENCE
            assert ("netkit_probe_rtt_seconds", down + ',quantile="0.5"') not in figures
            with pytest.raises(urllib.error.HTTPError, match="404"):
                fetch(url.replace("/metrics", "/"))
            running.signal(signal.SIGTERM)
            running.finish(-signal.SIGTERM)

    def test_address_in_use(self):
        """Probing would begin although nobody can see its figures."""
        server, port = listener()
        with server:
            result = run("probe", "tcp", f"127.0.0.1:{port}", "--metrics", f"127.0.0.1:{port}")
        assert result.stderr == (f"netkit: cannot listen on 'tcp://127.0.0.1:{port}': address "
                                 "already in use\n")
        assert (result.stdout, result.returncode) == ("", 8)

    @pytest.mark.parametrize("address, problem", [
        ("host:80", "a number must stand for the host, or localhost"),
        ("127.0.0.1", "the port is missing"),
        ("udp://:80", "the figures are served over TCP or a unix stream socket"),
        ("http://127.0.0.1:80/x", "the path is always /metrics"),
    ])
    def test_mistakes(self, address, problem):
        """An address that nobody can listen on would be noticed late."""
        result = run("probe", "tcp", "h:1", "--metrics", address)
        assert result.stderr.startswith(f"netkit: --metrics: '{address}': {problem}\n")
        assert result.returncode == 2
