"""What programs read from a server: --json events and --ready-fd."""

import json
import os
import signal
import subprocess
import time

import netkit_server
from echo_client import check_served, exchange
from event_schema import Schema, read_events
from http_client import HttpClient
from netkit_server import NETKIT, PATIENCE, connect
from test_echo import fill

ANY_JSON_OBJECT = r"\{.*\}"


def test_the_checker_finds_mistakes():
    """A checker that accepts everything."""
    schema = Schema()
    good = {"event": "listening", "t": 1.5, "address": "tcp://127.0.0.1:1"}
    assert schema.problems(good) == []
    assert schema.problems({**good, "t": "1.5"})
    assert schema.problems({**good, "t": -1})
    assert schema.problems({**good, "more": 1})
    assert schema.problems({**good, "event": "unheard of"})
    assert schema.problems({"event": "listening", "t": 1.5})
    assert schema.problems({"t": 1.5})


def test_a_life_in_events(serve):
    """An event that is missing, not as the schema says, out of order or with wrong numbers."""
    before = time.time()
    server = serve("echo", "127.0.0.1:0", "--json", "--threads", 2)
    server.allow(ANY_JSON_OBJECT)
    exchange(server.address, 4096)
    with connect(server.address) as client:
        client.sendall(b"x")
        client.recv(1)
        server.send_signal(signal.SIGUSR1)
        server.wait_for_line('"statistics"')
    server.stop()
    events = read_events(server.stderr())
    names = [event["event"] for event in events]
    assert names == ["listening", "statistics", "draining", "summary"]
    listening, statistics, draining, summary = events
    assert listening["address"] == server.address
    assert statistics["accepted"] == 2
    assert statistics["active"] in (1, 2)  # the first one may be about to end
    assert statistics["bytes_received"] == 4097
    assert draining["signal"] == "SIGTERM"
    assert draining["drain"] == 10
    assert (summary["accepted"], summary["active"], summary["status"]) == (2, 0, 0)
    assert summary["bytes_received"] == summary["bytes_sent"] == 4097
    assert sum(summary["accepted_by_loop"]) == 2
    assert len(summary["accepted_by_loop"]) == 2
    times = [event["t"] for event in events]
    assert times == sorted(times)
    assert before - 1 <= times[0] <= times[-1] <= time.time() + 1
    assert 0 < summary["elapsed"] < time.time() - before + 1


def test_requests_are_counted(serve, tmp_path):
    """The events of an HTTP server tell another address or another number of requests."""
    (tmp_path / "text").write_bytes(b"0123456789")
    server = serve("http", "127.0.0.1:0", "--root", tmp_path, "--json", "--threads", 2)
    server.allow(ANY_JSON_OBJECT)
    for _ in range(3):
        with HttpClient(server) as client:
            for _ in range(5):
                client.get("/text")
    server.wait_for_line("listening")
    server.stop()
    listening, *_, summary = read_events(server.stderr())
    assert listening["address"] == f"http://127.0.0.1:{server.port}/"
    assert (summary["accepted"], summary["requests"]) == (3, 15)
    assert summary["bytes_sent"] > 15 * 10


def test_summary_carries_the_status_of_a_cut(serve):
    """The last event says 0 and the process 1."""
    server = serve("echo", "127.0.0.1:0", "--json", "--drain", "100ms")
    server.allow(ANY_JSON_OBJECT)
    with connect(server.address, receive_buffer=4096) as client:
        fill(client)
        client.shutdown(netkit_server.socket.SHUT_WR)
        server.stop(status=1)
    summary = read_events(server.stderr())[-1]
    assert (summary["event"], summary["status"], summary["cut"]) == ("summary", 1, 1)


def test_failure_to_listen_is_an_event(serve):
    """A program that reads events gets text when it matters most."""
    server = serve("echo", "127.0.0.1:0")
    second = netkit_server.run("serve", "echo", "--json", f"127.0.0.1:{server.port}")
    assert second.returncode == 8
    error, summary = read_events(second.stderr)
    assert error["event"] == "error"
    assert error["action"] == "listen on"
    assert error["object"] == server.address
    assert error["error"] == "address already in use"
    assert error["errno"] == 98
    assert (summary["event"], summary["status"]) == ("summary", 8)


def test_odd_bytes_in_an_event(serve, tmp_path):
    """A path with quotes or bytes that are not UTF-8 breaks the JSON."""
    path = os.fsencode(tmp_path) + b'/q"b\\u\xff\xc3\xa4'
    server = serve("echo", b"unix:" + path, "--json")
    server.allow(ANY_JSON_OBJECT)
    server.stop()
    listening = read_events(server.stderr())[0]
    assert listening["event"] == "listening"
    assert listening["address"].endswith('/q"b\\u\ufffd\xe4')


def test_quiet_and_json(serve):
    """-q with --json: nothing at all as long as nothing fails."""
    server = serve("echo", "127.0.0.1:0", "--json", "-q")
    check_served(server.address)
    server.stop()
    assert server.stderr() == ""


# ---- --ready-fd ----


def start_with_ready_fd(descriptor, *words):
    return subprocess.Popen(
        [NETKIT, "serve", "echo", "127.0.0.1:0", "--ready-fd", str(descriptor), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=netkit_server.environment(),
    )


def test_ready_descriptor_is_closed_after_the_last_address(serve, tmp_path):
    """Whoever waits for the end of the file waits for ever."""
    server = serve("echo", "127.0.0.1:0", f"unix:{tmp_path}/socket")
    assert len(server.addresses) == 2  # the reader saw the end of the file
    assert not any(target.startswith("pipe:") for target in server.proc.descriptor_targets())


def test_ready_descriptor_may_be_stdout():
    """The usual descriptors work, too."""
    server = start_with_ready_fd(1)
    address = server.stdout.readline().decode().rstrip("\n")
    check_served(address)
    assert server.stdout.read() == b""
    server.send_signal(signal.SIGTERM)
    _, errors = server.communicate(timeout=PATIENCE)
    assert server.returncode == 0, errors


def test_ready_descriptor_whose_reader_has_gone(tmp_path):
    """EPIPE on the ready descriptor ends a server that is up."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    path = tmp_path / "socket"
    server = subprocess.Popen(
        [NETKIT, "serve", "echo", f"unix:{path}", "--ready-fd", str(write_end)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[write_end],
        env=netkit_server.environment(),
    )
    os.close(write_end)
    assert server.stderr.readline() == f"listening on unix:{path}\n".encode()
    check_served(f"unix:{path}")
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=PATIENCE)
    assert server.returncode == 0


def test_ready_descriptor_that_is_not_open():
    """A typing mistake makes the caller wait for ever."""
    done = netkit_server.run("serve", "echo", "127.0.0.1:0", "--ready-fd", 77)
    assert done.returncode == 2
    assert "77" in done.stderr


def test_json_lines_are_whole_under_load(serve):
    """Events of several threads run into each other."""
    server = serve("echo", "127.0.0.1:0", "--json", "-vv", "--threads", 4)
    server.allow(ANY_JSON_OBJECT)
    for _ in range(50):
        check_served(server.address)
        server.send_signal(signal.SIGUSR1)
    server.stop()
    events = read_events(server.stderr())
    assert json.loads(server.stderr().splitlines()[-1])["event"] == "summary"
    assert sum(event["event"] == "statistics" for event in events) >= 1
