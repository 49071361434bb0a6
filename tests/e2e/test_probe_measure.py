"""What `netkit probe` measures, against what others have measured; and hosts that vanish."""

import os
import re
import signal
import socket
import subprocess
import time

import pytest

from netkit_server import PATIENCE
from keepalive_support import PONG, message, receive_ping
from network import Way, namespaces  # noqa: F401, a fixture
from probe_support import NETKIT, Probe, listener, of, probe


def agrees(mine, theirs):
    """Within a millisecond or 5 %."""
    return abs(mine - theirs) <= max(0.001, 0.05 * theirs)


def test_loss_and_times_over_a_bad_way():
    """The loss would not be that which was made, or the times those of something else.

    A probe cannot be quicker than the way it goes; how much slower depends on who else wants
    the processor, so that the best one has to agree."""
    count = 100
    with Way(drop_each=10) as way:
        events = probe("udp", f"127.0.0.1:{way.port}", "--data", "x", "--count", count,
                       "--interval", "20ms", "--wait", "10s", status=1)
        held = list(way.held)
    replies = sorted(of(events, "reply"), key=lambda event: event["sequence"])
    assert way.received == count
    assert way.dropped == count // 10
    assert events[-1]["missed"] == way.dropped
    assert events[-1]["loss"] == way.dropped / count
    assert [event["sequence"] for event in of(events, "missed")] == list(range(10, count + 1, 10))
    times = [event["rtt"] for event in replies]
    assert len(times) == len(held)
    assert all(mine >= theirs - 0.001 for mine, theirs in zip(times, held))
    assert min(times) >= Way.DELAY
    assert any(agrees(mine, theirs) for mine, theirs in zip(times, held))


def test_times_to_connect_agree_with_the_kernel():
    """The time to connect would be that of the prober itself."""
    server, port = listener()
    with server:
        events = probe("tcp", f"127.0.0.1:{port}", "--count", 50, "--interval", "10ms")
    pairs = [(event["rtt"], event["kernel_rtt"]) for event in of(events, "reply")]
    assert all(0 < theirs <= mine + 0.001 for mine, theirs in pairs)
    assert any(agrees(mine, theirs) for mine, theirs in pairs)


def kernel_rtt(client):
    """What the kernel believes of the way at the other end of this connection, in seconds."""
    mine, theirs = client.getsockname()[1], client.getpeername()[1]
    done = subprocess.run(["ss", "-tinHO", f"sport = :{theirs} and dport = :{mine}"],
                          capture_output=True, text=True, check=True, timeout=PATIENCE)
    return float(re.search(r" rtt:([\d.]+)/", done.stdout).group(1)) / 1000


@pytest.mark.release
def test_heartbeats_agree_with_the_kernel_and_the_peer():
    """The round trip of a heartbeat would be that of something else.

    The peer does not acknowledge a PING before its PONG, and so the prober's kernel measures
    the same way, which it smooths (RFC 6298). What a busy machine adds is in the prober's time
    only: there are heartbeats until both agree with it."""
    listening, port = listener()
    begun = time.monotonic()
    smoothed = None
    quickest = float("inf")
    has_agreed = False
    with listening, Probe("keepalive", "--time", "10ms", "--interval", "60s",
                          f"127.0.0.1:{port}") as running:
        client, _ = listening.accept()
        client.settimeout(PATIENCE)
        with client:
            while not has_agreed and time.monotonic() - begun < 2 * PATIENCE:
                data = receive_ping(client)
                arrived = time.monotonic()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
                time.sleep(0.02)
                held = time.monotonic() - arrived
                client.sendall(message(PONG, data))
                reply = running.event("reply")
                assert reply["rtt"] >= held
                quickest = min(quickest, reply["rtt"] - held)
                smoothed = smoothed or reply["rtt"]
                smoothed += (reply["rtt"] - smoothed) / 8
                has_agreed = (reply["sequence"] > 30 and agrees(quickest, 0)
                              and agrees(smoothed, kernel_rtt(client)))
            running.signal(signal.SIGTERM)
            events = running.finish(-signal.SIGTERM)
    assert has_agreed, (smoothed, quickest)
    assert events[-1]["min"] >= 0.02


@pytest.mark.parametrize("kind", ["tcp", "udp", "http"])
def test_a_host_that_vanishes(namespaces, kind):  # noqa: F811
    """A host whose cable was pulled would be up for ever, or the prober hang with it."""
    scheme = "http" if kind == "http" else "echo"
    address = namespaces.ADDRESSES["server"] + ":43211"
    bound = f"udp://{address}" if kind == "udp" else address
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        [*namespaces.inside("server"), NETKIT, "serve", scheme, bound, "--ready-fd", str(write_end),
         *(["--demo"] if kind == "http" else [])], stderr=subprocess.DEVNULL, pass_fds=[write_end])
    os.close(write_end)
    try:
        with os.fdopen(read_end) as ready:
            assert ready.readline()
        with Probe(kind, address, "--interval", "100ms", "--wait", "300ms", "--until", "down",
                   "--timeout", "60s", prefix=namespaces.inside("client")) as running:
            running.event("reply")
            namespaces.cut()
            events = running.finish(0)
        missed = of(events, "missed")[-1]
        assert missed["status"] == 5
        assert of(events, "down")
        begun = time.monotonic()
        with Probe(kind, address, "--count", "2", "--interval", "100ms", "--wait", "300ms",
                   prefix=namespaces.inside("client")) as running:
            running.finish(5)
        assert time.monotonic() - begun < PATIENCE
    finally:
        server.kill()
        server.wait(PATIENCE)
