"""What stands behind '?' is set on the connections of connect, listen and relay, as the kernel and
the peer see it."""

import socket
import struct
import subprocess

import pytest

from netkit_server import connect
from relay_support import RelayStage

OPTIONS = ("?rcvbuf=64k&sndbuf=32k&ttl=9&tos=0x10&keepalive=on&keepidle=1m&keepintvl=5s&keepcnt=3"
           "&user-timeout=30s&congestion=reno")

# As `ss` shows them; the kernel doubles the size of a buffer.
SHOWN = ["rb131072", "tb65536", "tos:0x10", "timer:(keepalive,", " reno "]

IP_RECVTTL = 12  # the socket module does not know it


@pytest.fixture
def stage(tmp_path):
    stage = RelayStage(tmp_path)
    yield stage
    stage.close()


def accept(stage, server):
    """The port of whoever has connected."""
    connection, address = server.accept()
    stage.keep(connection)
    return address[1]


def connection_of(stage, role):
    """The port of netkit's end of a connection whose address has the options."""
    if role == "connect":
        server, word = stage.listener()
        stage.cat("connect", word + OPTIONS)
        return accept(stage, server)
    if role == "listen":
        _, addresses = stage.listening("-v", address="127.0.0.1:0" + OPTIONS)
        address = addresses[0].partition("?")[0]
        stage.keep(connect(address))
        return int(address.rsplit(":", 1)[1])
    server, word = stage.listener()
    relay = stage.relay(word + OPTIONS)
    stage.keep(connect(relay.address))
    return accept(stage, server)


@pytest.mark.parametrize("role", ["connect", "listen", "relay"])
def test_every_option_of_a_connection(stage, need, role):
    """Options are accepted and then forgotten, or set on the listener alone."""
    port = connection_of(stage, role)
    shown = subprocess.run([need("ss"), "-tinomH", "--tos", "state", "established",
                            f"( sport = :{port} )"],
                           capture_output=True, text=True, check=True).stdout
    missing = [text for text in SHOWN if text not in shown]
    assert not missing, shown


@pytest.mark.parametrize("role", ["connect", "listen"])
def test_options_of_datagrams(stage, role):
    """The same for datagrams, which have no connection to look at."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(30)
        peer.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        peer.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        if role == "connect":
            cat = stage.cat("connect", f"udp://127.0.0.1:{peer.getsockname()[1]}?ttl=9&tos=0x10")
        else:
            cat, addresses = stage.listening(address="udp://127.0.0.1:0?ttl=9&tos=0x10")
            port = int(addresses[0].partition("?")[0].rsplit(":", 1)[1])
            peer.sendto(b"hello", ("127.0.0.1", port))
            assert cat.receive(5) == b"hello"
        cat.send(b"x")
        data, control, _, _ = peer.recvmsg(16, 256)
    found = {kind: value for _, kind, value in control}
    assert data == b"x"
    assert struct.unpack("i", found[socket.IP_TTL])[0] == 9
    assert found[socket.IP_TOS][0] == 0x10
