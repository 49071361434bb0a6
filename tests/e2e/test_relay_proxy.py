"""relay and the PROXY protocol: the header that is sent, the one that is taken, and HAProxy."""

import ipaddress
import re
import socket
import struct
import subprocess

import pytest

from cat_support import Peer
from netkit_server import PATIENCE, connect
from relay_support import RelayStage, exchange, is_reset

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


@pytest.fixture
def stage(tmp_path):
    stage = RelayStage(tmp_path)
    yield stage
    stage.close()


def v2(source, destination, extension=b""):
    """A header of version 2 for two (host, port)."""
    hosts = b"".join(ipaddress.ip_address(host).packed for host, _ in (source, destination))
    ports = struct.pack("!HH", source[1], destination[1])
    family = 0x11 if len(hosts) == 8 else 0x21
    body = hosts + ports + extension
    return SIGNATURE + struct.pack("!BBH", 0x21, family, len(body)) + body


def addresses_of(client):
    return client.socket.getsockname(), client.socket.getpeername()


# ---- sending ----


def test_send_v1(stage):
    """The line is not the one that servers expect, or a byte behind it is lost."""
    _, client, server = stage.through("--send-proxy", "v1")
    (host, port), (relay_host, relay_port) = addresses_of(client)
    line = f"PROXY TCP4 {host} {relay_host} {port} {relay_port}\r\n".encode()
    assert server.receive(len(line)) == line
    exchange(client, server)


def test_send_v2(stage):
    """The same in binary."""
    _, client, server = stage.through("--send-proxy", "v2")
    header = v2(*addresses_of(client))
    assert server.receive(len(header)) == header
    exchange(client, server)


def test_send_for_ipv6_and_mapped_ipv4(stage):
    """A client of a socket for both families is said to have an address it does not have."""
    server, word = stage.listener()
    relay = stage.relay(word, "--send-proxy", "v1", address=":0")
    for host, protocol in (("127.0.0.1", "TCP4"), ("::1", "TCP6")):
        client = stage.keep(Peer(socket.create_connection((host, relay.port), PATIENCE)))
        other = stage.keep(Peer(server.accept()[0]))
        port = client.socket.getsockname()[1]
        line = f"PROXY {protocol} {host} {host} {port} {relay.port}\r\n".encode()
        assert other.receive(len(line)) == line


def test_send_for_a_unix_client(stage):
    """Unix addresses are left out, or make the header unreadable."""
    relay, _, server = stage.through("--send-proxy", "v2", transports=("unix", "tcp"))
    header = server.receive(16 + 216)
    assert header[:16] == SIGNATURE + b"\x21\x31\x00\xd8"
    assert header[16:124] == bytes(108)
    assert header[124:].rstrip(b"\0").decode() == relay.address[len("unix:"):]
    _, _, server = stage.through("--send-proxy", "v1", transports=("unix", "tcp"))
    assert server.receive(15) == b"PROXY UNKNOWN\r\n"


# ---- accepting ----


@pytest.mark.parametrize("header, name", [
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n", "tcp://192.0.2.1:1000"),
    (b"PROXY TCP6 2001:db8::1 ::1 1000 80\r\n", "tcp://[2001:db8::1]:1000"),
    (v2(("192.0.2.1", 1000), ("192.0.2.2", 80)), "tcp://192.0.2.1:1000"),
    (v2(("2001:db8::1", 1000), ("::1", 80), b"\x04\x20\x00" + bytes(0x2000)),
     "tcp://[2001:db8::1]:1000"),
])
@pytest.mark.parametrize("is_cut", [False, True])
def test_accept(stage, header, name, is_cut):
    """The header gets to the server, bytes behind it are lost, or its address is not used."""
    server, word = stage.listener()
    relay = stage.relay(word, "-v", "--accept-proxy", "--send-proxy", "v1")
    relay.allow(r"tcp://\S+ connected to \S+", r"tcp://\S+ closed: .*")
    client = stage.keep(Peer(connect(relay.address)))
    if is_cut:
        for index in range(min(30, len(header))):
            client.send(header[index : index + 1])
        client.send(header[30:])
        client.send(b"first words")
    else:
        client.send(header + b"first words")
    other = stage.keep(Peer(server.accept()[0]))
    expected = header if header.startswith(b"PROXY") else {
        "tcp://192.0.2.1:1000": b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n",
        "tcp://[2001:db8::1]:1000": b"PROXY TCP6 2001:db8::1 ::1 1000 80\r\n",
    }[name]
    assert other.receive(len(expected) + 11) == expected + b"first words"
    relay.wait_for_line(re.escape(f"{name} connected to {word}"))
    exchange(client, other)


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", SIGNATURE + b"\x20\x00\x00\x00"])
def test_without_addresses(stage, header):
    """A header that says nothing makes the client nameless."""
    server, word = stage.listener()
    relay = stage.relay(word, "--accept-proxy", "--send-proxy", "v1")
    client = stage.keep(Peer(connect(relay.address)))
    client.send(header)
    other = stage.keep(Peer(server.accept()[0]))
    (host, port), (relay_host, relay_port) = addresses_of(client)
    line = f"PROXY TCP4 {host} {relay_host} {port} {relay_port}\r\n".encode()
    assert other.receive(len(line)) == line


@pytest.mark.parametrize("words, reason", [
    (b"GET / HTTP/1.1\r\n\r\n", "there is no PROXY header in front"),
    (b"PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n", "the addresses in the PROXY header are malformed"),
])
def test_another_protocol(stage, words, reason):
    """Somebody without a header gets through."""
    server, word = stage.listener()
    relay = stage.relay(word, "--accept-proxy")
    client = stage.keep(Peer(connect(relay.address)))
    name = "tcp://{}:{}".format(*client.socket.getsockname())
    relay.allow(re.escape(f"netkit: cannot take a PROXY header from '{name}': {reason}"))
    client.send(words)
    assert is_reset(client.socket)
    relay.wait_for_totals(open=0, failed=1)
    assert reason in relay.stderr()
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.accept()
    relay.stop(status=1)


def test_no_header_in_time(stage):
    """A client that says nothing keeps its place for ever."""
    server, word = stage.listener()
    relay = stage.relay(word, "--accept-proxy")
    relay.allow(r"netkit: cannot take a PROXY header from .*: timed out")
    assert is_reset(stage.keep(Peer(connect(relay.address))).socket)
    relay.stop(status=1)


def test_looking_whether_anybody_is_there(stage):
    """A health check counts as a failure, or fills the log."""
    relay = stage.relay("localhost:1", "--accept-proxy")
    connect(relay.address).close()
    relay.wait_for_totals(open=0, failed=0)


# ---- with HAProxy ----


class HAProxy:
    """It accepts from a socket of ours, which listens before it runs: `BIND` in the sections."""

    def __init__(self, need, directory, sections):
        config = directory / f"haproxy{len(list(directory.iterdir()))}.cfg"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        fd = self._listener.fileno()
        config.write_text(
            "defaults\n  mode http\n  timeout connect 10s\n  timeout client 10s\n"
            "  timeout server 10s\n" + sections.replace("BIND", f"bind fd@{fd}"))
        self.process = subprocess.Popen([need("haproxy"), "-q", "-f", str(config)], pass_fds=[fd],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def close(self):
        self._listener.close()
        self.process.kill()
        self.process.wait(PATIENCE)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_haproxy_takes_our_header(stage, need, tmp_path, version):
    """HAProxy sees another client than the one of the relay."""
    haproxy = stage.keep(HAProxy(need, tmp_path, """
frontend who
  BIND accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port]"
"""))
    relay = stage.relay(f"127.0.0.1:{haproxy.port}", "--send-proxy", version)
    client = stage.keep(Peer(connect(relay.address)))
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = client.receive_all().decode()
    name = "{}:{}".format(*client.socket.getsockname())
    assert answer.startswith("HTTP/1.1 200")
    assert answer.endswith(name)


@pytest.mark.parametrize("option", ["send-proxy", "send-proxy-v2",
                                    "send-proxy-v2 proxy-v2-options unique-id,crc32c"])
def test_we_take_the_header_of_haproxy(stage, need, tmp_path, option):
    """What HAProxy sends, its extensions included, is refused or misread."""
    server, word = stage.listener()
    relay = stage.relay(word, "-v", "--accept-proxy")
    relay.allow(r"tcp://\S+ connected to \S+", r"tcp://\S+ closed: .*")
    haproxy = stage.keep(HAProxy(need, tmp_path, f"""
frontend in
  mode tcp
  BIND
  unique-id-format %{{+X}}o%ci:%cp
  default_backend out
backend out
  mode tcp
  server relay 127.0.0.1:{relay.port} {option}
"""))
    client = stage.keep(Peer(socket.create_connection(("127.0.0.1", haproxy.port), PATIENCE)))
    other = stage.keep(Peer(server.accept()[0]))
    name = "tcp://{}:{}".format(*client.socket.getsockname())
    exchange(client, other, size=100000)
    relay.wait_for_line(re.escape(f"{name} connected to {word}"))


def test_netkit_takes_its_own_header(stage):
    """Two relays in a row: the second one shows the first one's address."""
    server, word = stage.listener()
    behind = stage.relay(word, "-v", "--accept-proxy")
    behind.allow(r"tcp://\S+ connected to \S+", r"tcp://\S+ closed: .*")
    front = stage.relay(behind.address, "--send-proxy", "v2")
    client, other = stage.pass_through(front, server)
    name = "tcp://{}:{}".format(*client.socket.getsockname())
    exchange(client, other)
    behind.wait_for_line(re.escape(f"{name} connected to {word}"))
