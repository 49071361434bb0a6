"""serve discard, chargen, daytime and time over TCP, unix and UDP."""

import calendar
import re
import socket
import struct
import subprocess
import time

import pytest

import netkit_server
from datagram_client import ask, client
from echo_client import receive_all, receive_exactly

pytestmark = pytest.mark.dispatchers

PRINTABLE = bytes(range(32, 127))


def line(number):
    """A line of RFC 864, written down in another way than the server does it."""
    start = number % 95
    return (PRINTABLE * 2)[start : start + 72] + b"\r\n"


def addresses(tmp_path):
    return ["tcp://127.0.0.1:0", f"unix:{tmp_path}/stream", "udp://127.0.0.1:0",
            f"unix-dgram:{tmp_path}/datagrams"]


def test_discard(serve, tmp_path):
    """Something would come back, or a sender be stopped."""
    server = serve("discard", *addresses(tmp_path))
    for address in server.addresses[:2]:
        with netkit_server.connect(address) as sender:
            sender.sendall(b"x" * (8 << 20))
            sender.shutdown(socket.SHUT_WR)
            assert receive_all(sender) == b""
    for address in server.addresses[2:]:
        with client(address) as sender:
            sender.send(b"x")
            sender.settimeout(0.1)
            with pytest.raises(TimeoutError):
                sender.recv(1)
    server.stop()
    assert "received 2 datagrams\n" in server.stderr()


def test_chargen(serve, tmp_path):
    """The pattern would have a gap where one piece ends and the next begins."""
    server = serve("chargen", *addresses(tmp_path))
    expected = b"".join(line(number) for number in range(3000))
    for address in server.addresses[:2]:
        with netkit_server.connect(address) as reader:
            reader.shutdown(socket.SHUT_WR)  # whoever only listens is served, too
            assert receive_exactly(reader, len(expected)) == expected
    for address in server.addresses[2:]:
        with client(address) as asking:
            for number in range(3):
                asking.send(b"")
                assert asking.recv(1000) == line(number)


@pytest.mark.release
def test_chargen_waits_for_its_readers(serve):
    """A client that does not read would fill the memory, or keep a processor busy."""
    server = serve("chargen", "--threads", 0, "--drain", "0", "127.0.0.1:0")
    server.allow(r"served 1 connection, .*; 1 cut", r"stopping on SIGTERM.*")
    with server.connect(receive_buffer=4096) as reader:
        receive_exactly(reader, 1000)
        netkit_server.wait_until(lambda: server.proc.cpu_seconds_in(0.1) < 0.005, "it is quiet")
        assert server.proc.private_kib() < 8192
        server.expect_status = 1
        server.stop()


@pytest.mark.parametrize("service", ["daytime", "time"])
def test_clocks(serve, tmp_path, service):
    """The wrong time, the wrong form, or a connection that stays open."""
    server = serve(service, *addresses(tmp_path))
    answers = []
    for address in server.addresses[:2]:
        with netkit_server.connect(address) as reader:
            reader.sendall(b"ignored")
            answers.append(receive_all(reader))
    answers += [ask(address, b"") for address in server.addresses[2:]]
    for answer in answers:
        if service == "daytime":
            match = re.fullmatch(rb"(\w+day, \w+ \d+, \d{4} \d\d:\d\d:\d\d)-UTC\r\n", answer)
            now = time.strptime(match.group(1).decode(), "%A, %B %d, %Y %H:%M:%S")
            seconds = calendar.timegm(now)
        else:
            seconds = struct.unpack(">I", answer)[0] - 2208988800
        assert abs(seconds - time.time()) < netkit_server.PATIENCE


def test_with_nc_and_socat(serve, need):
    """The usual clients of these services would not understand them."""
    server = serve("daytime", "tcp://127.0.0.1:0", "udp://127.0.0.1:0")
    ports = [address.rsplit(":", 1)[1] for address in server.addresses]
    for command in ([need("nc"), "-d", "127.0.0.1", ports[0]],
                    [need("socat"), "-t", "1", "-", f"UDP4:127.0.0.1:{ports[1]}"]):
        done = subprocess.run(command, input=b"\n", stdout=subprocess.PIPE,
                              timeout=netkit_server.PATIENCE, check=False)
        assert done.stdout.endswith(b"-UTC\r\n"), command
