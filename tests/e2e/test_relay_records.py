"""relay where a side keeps records: unix-seqpacket sockets."""

import socket
import subprocess

import pytest

from cat_support import Peer
from netkit_server import PATIENCE, connect, wait_until
from relay_support import RelayStage


@pytest.fixture
def stage(tmp_path):
    stage = RelayStage(tmp_path)
    yield stage
    stage.close()


def record_server(stage):
    path = f"{stage.directory}/records{len(stage.things)}"
    server = stage.keep(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    server.bind(path)
    server.listen(8)
    server.settimeout(PATIENCE)
    return server, f"unix-seqpacket:{path}"


def record_client(stage, relay):
    client = stage.keep(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    client.settimeout(PATIENCE)
    client.connect(relay.address.split(":", 1)[1])
    return client


@pytest.mark.dispatchers
def test_records_stay_what_they_are(stage, tmp_path):
    """Two records become one, one becomes two, or the empty one is taken for the end."""
    server, word = record_server(stage)
    relay = stage.relay(word, address=f"unix-seqpacket:{tmp_path}/relay")
    client = record_client(stage, relay)
    other = stage.keep(server.accept()[0])
    other.settimeout(PATIENCE)
    records = [b"one", b"", b"x" * 60000, b"two", b"", b"three"]
    for one, another in ((client, other), (other, client)):
        for record in records:
            one.send(record)
        for record in records:
            assert another.recv(1 << 17) == record
    client.shutdown(socket.SHUT_WR)
    assert other.recv(10) == b""
    other.send(b"answer")
    assert client.recv(10) == b"answer"
    other.close()
    assert client.recv(10) == b""
    relay.wait_for_totals(open=0, lost=0)


def test_records_to_a_stream_and_back(stage, tmp_path):
    """Bytes are lost where records meet a stream."""
    server, word = stage.listener()
    relay = stage.relay(word, address=f"unix-seqpacket:{tmp_path}/relay")
    client = record_client(stage, relay)
    other = stage.keep(Peer(server.accept()[0]))
    for _ in range(100):
        client.send(b"0123456789")
    client.shutdown(socket.SHUT_WR)
    assert other.receive_all() == b"0123456789" * 100
    other.send(b"a stream")
    other.end()
    assert client.recv(100) == b"a stream"
    assert client.recv(100) == b""


def test_a_stream_to_records(stage):
    """The same the other way round."""
    server, word = record_server(stage)
    relay = stage.relay(word)
    client = stage.keep(Peer(connect(relay.address)))
    client.send(b"question")
    other = stage.keep(server.accept()[0])
    other.settimeout(PATIENCE)
    assert other.recv(100) == b"question"
    other.send(b"one")
    other.send(b"two")
    assert client.receive(6) == b"onetwo"
    client.end()
    assert other.recv(100) == b""


def test_with_socat(stage, need, tmp_path):
    """Another program's records do not come back."""
    path = f"{tmp_path}/socat"
    stage.keep(Program([need("socat"), f"UNIX-LISTEN:{path},type=5", "EXEC:cat,socktype=5"]))
    wait_until(lambda: (tmp_path / "socat").exists(), "socat listens")
    relay = stage.relay(f"unix-seqpacket:{path}", address=f"unix-seqpacket:{tmp_path}/relay")
    client = record_client(stage, relay)
    for record in (b"one", b"two"):
        client.send(record)
        assert client.recv(100) == record


class Program:
    def __init__(self, words):
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def close(self):
        self.process.kill()
        self.process.wait(PATIENCE)
