"""`netkit probe http` and `probe tcp --ports`: servers of all manners, good and bad."""

import re
import signal
import socket
import struct
import threading
import time

import pytest

from probe_support import Full, Probe, Server, closed_port, listener, of, plain, probe

pytestmark = pytest.mark.dispatchers

QUICK = ("--interval", "20ms", "--wait", "20s")


def request_of(connection):
    """The head of a request."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        piece = connection.recv(4096)
        assert piece, data
        data += piece
    return data


def answer(text):
    """Serves each connection with this."""

    def serve(connection):
        request_of(connection)
        connection.sendall(text)

    return serve


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_our_own_server_is_up(serve):
    """The two ends of netkit would not understand each other."""
    server = serve("http", "127.0.0.1:0", "--demo")
    events = probe("http", server.address + "network", "--count", 3, *QUICK)
    assert [event["code"] for event in of(events, "reply")] == [200, 200, 200]


def test_the_request_is_what_the_url_says():
    """Another page would be asked for than the user means."""
    requests = []

    def serve(connection):
        requests.append(request_of(connection))
        connection.sendall(OK)

    with Server(serve) as server:
        probe("http", f"127.0.0.1:{server.port}/a%20b?c=d", "--count", 1, *QUICK)
        probe("http", f"http://127.0.0.1:{server.port}", "--count", 1, "--method", "HEAD", *QUICK,
              status=0)
    assert requests[0].startswith(b"GET /a%20b?c=d HTTP/1.1\r\n")
    assert f"\r\nHost: 127.0.0.1:{server.port}\r\n".encode() in requests[0]
    assert requests[1].startswith(b"HEAD / HTTP/1.1\r\n")


def test_each_phase_is_timed():
    """One could not tell a slow network from a slow server."""
    gate = threading.Event()

    def serve(connection):
        request_of(connection)
        gate.wait(0.3)
        connection.sendall(OK[:-2])
        gate.wait(0.2)
        connection.sendall(OK[-2:])

    begun = time.monotonic()
    with Server(serve) as server:
        events = probe("http", f"localhost:{server.port}", "--count", 1, *QUICK)
    (reply,) = of(events, "reply")
    assert reply["first_byte"] >= 0.3
    assert reply["rtt"] >= 0.3 + 0.2
    # On a busy machine some time passes between the phases, too.
    rounding = 1e-6
    assert reply["rtt"] + reply["resolve"] <= reply["total"] + rounding
    assert reply["total"] < time.monotonic() - begun
    assert reply["connect"] + reply["first_byte"] <= reply["rtt"]


@pytest.mark.parametrize("response", [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nto the end",
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
])
def test_forms_of_responses(response):
    """A server that is well would be called down."""
    with Server(answer(response)) as server:
        probe("http", f"127.0.0.1:{server.port}", "--count", 1, *QUICK, status=0)


def test_a_large_body_is_read_to_its_end():
    """The time of a download would end at its first packets."""
    body = bytes(8 << 20)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with Server(answer(head + body)) as server:
        probe("http", f"127.0.0.1:{server.port}", "--count", 1, *QUICK, status=0)


class TestExitStatus:
    def test_a_status_that_is_not_expected(self):
        """A server that answers every request with an error would count as well."""
        with Server(answer(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")) as server:
            url = f"127.0.0.1:{server.port}"
            events = probe("http", url, "--count", 1, *QUICK, status=1)
            assert of(events, "missed")[0]["code"] == 503
            probe("http", url, "--count", 1, "--expect", "200,500-599", *QUICK, status=0)
            assert ": probe 1: status 503 is not expected\n" in plain(
                "http", url, "--count", 1, *QUICK, status=1)

    @pytest.mark.parametrize("text, reason", [
        (b"SSH-2.0-OpenSSH_9.2\r\n" + b"x" * 100, "it does not begin with an HTTP/1 status line"),
        (b"HTTP/1.1 200 OK\nX: y\n\n", "a line of its head ends without CR"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10000, "its head is too long"),
    ])
    def test_garbage(self, text, reason):
        """Whatever listens on port 80 would pass for a web server."""
        with Server(answer(text)) as server:
            events = probe("http", f"127.0.0.1:{server.port}", "--count", 1, *QUICK, status=1)
        assert of(events, "missed")[0]["error"] == reason

    def test_reset(self):
        """A server that dies at each request would be a time-out, or worse, up."""

        def serve(connection):
            request_of(connection)
            reset(connection)

        with Server(serve) as server:
            events = probe("http", f"127.0.0.1:{server.port}", "--count", 2, *QUICK, status=6)
        assert of(events, "missed")[0]["error"] == "connection reset by the peer"

    @pytest.mark.parametrize("text", [b"", b"HTTP/1.1 200", OK[:-1]])
    def test_cut_off(self, text):
        """Half a response would be a whole one."""
        with Server(answer(text)) as server:
            probe("http", f"127.0.0.1:{server.port}", "--count", 1, *QUICK, status=6)

    def test_refused(self):
        """A server that is not there would be confused with one that is broken."""
        socket_, port = closed_port()
        with socket_:
            probe("http", f"127.0.0.1:{port}", "--count", 2, *QUICK, status=4)

    def test_unresolved(self):
        """A wrong name would look like a server that is down."""
        probe("http", "no-such-host.invalid", "--count", 1, *QUICK, status=3)

    def test_stopped_server(self, serve):
        """A server that hangs, whose kernel still takes connections, would count as up."""
        server = serve("http", "127.0.0.1:0", "--demo")
        with Probe("http", server.address, "--interval", "50ms", "--wait", "300ms") as running:
            running.event("reply")
            server.send_signal(signal.SIGSTOP)
            missed = running.event("missed")
            assert (missed["status"], missed["error"]) == (5, "it did not begin in time")
            running.event("down")
            server.send_signal(signal.SIGCONT)
            assert running.event("up")["lasted"] > 0

    def test_one_byte_at_a_time(self):
        """A response that never ends would hold the prober for ever."""
        stop = threading.Event()

        def serve(connection):
            request_of(connection)
            for byte in OK:
                if stop.wait(0.05):
                    return
                connection.sendall(bytes([byte]))

        with Server(serve) as server:
            events = probe("http", f"127.0.0.1:{server.port}", "--count", 1, "--wait", "1s",
                           status=5)
            stop.set()
        assert of(events, "missed")[0]["error"] == "it did not end in time"

    def test_a_listener_that_takes_nobody(self):
        """A dead host would hang the prober."""
        with Full() as full:
            events = probe("http", f"127.0.0.1:{full.port}", "--count", 1, "--wait", "200ms",
                           status=5)
        assert of(events, "missed")[0]["action"] == "connect to"


class TestPorts:
    def test_table(self):
        """A port would be shown as what it is not."""
        server, open_port = listener()
        socket_, closed = closed_port()
        with server, socket_, Full() as full:
            ports = sorted([open_port, closed, full.port])
            output = plain("tcp", "--ports", ",".join(map(str, ports)), "127.0.0.1", "--wait",
                           "500ms", status=1)
        lines = output.splitlines()
        assert lines[:2] == ["tcp://127.0.0.1", " port  state     time, ms  service"]
        rows = {int(line.split()[0]): line.split()[1] for line in lines[2:]}
        assert list(rows) == ports
        assert rows == {open_port: "open", closed: "closed", full.port: "filtered"}

    def test_all_open_is_success(self):
        """A script could not ask for several ports at once."""
        server, port = listener()
        other, second = listener()
        with server, other:
            output = plain("tcp", "--ports", f"{port},{second}", "127.0.0.1", "--wait", "20s")
        assert len(re.findall(r"^ *\d+  open +[\d.]+", output, re.MULTILINE)) == 2

    def test_many_closed_ports_are_counted(self):
        """The open port would be lost among a thousand lines."""
        # An address that no other test listens on: they would be connected to.
        with socket.create_server(("127.77.0.1", 0)) as server:
            port = server.getsockname()[1]
            first = min(port, 65535 - 200)
            output = plain("tcp", "--ports", f"{first}-{first + 200}", "127.77.0.1", "--wait",
                           "20s", status=1)
            assert re.search(rf"^ *{port}  open ", output, re.MULTILINE)
            assert re.search(r"^\d+ ports are closed$", output, re.MULTILINE)
            assert len(output.splitlines()) < 60

    def test_several_hosts(self):
        """The ports of two hosts would be mixed."""
        server, port = listener()
        with server:
            output = plain("tcp", "--ports", str(port), "127.0.0.1", "127.0.0.2", "--wait", "20s",
                           status=1)
        assert re.fullmatch(rf"tcp://127.0.0.1\n.*\n *{port}  open .*\n\ntcp://127.0.0.2\n.*\n"
                            rf" *{port}  closed .*\n", output)
