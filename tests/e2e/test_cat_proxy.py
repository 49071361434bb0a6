"""connect --proxy, through real proxies (microsocks, tinyproxy) and through bad ones."""

import socket
import subprocess
import threading
import time

import pytest

from cat_support import MIB, Peer, Stage, pattern
from netkit_server import PATIENCE, run, wait_until

KINDS = ["socks5", "http"]
SECRET = "s3cret"


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


class Proxy:
    """One of the two programs on a port of its own."""

    def __init__(self, need, directory, kind, login=None):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        if kind == "socks5":
            words = [need("microsocks"), "-i", "127.0.0.1", "-p", str(self.port)]
            words += ["-u", login[0], "-P", login[1]] if login else []
        else:
            lines = [f"Port {self.port}", "Listen 127.0.0.1", "Timeout 60", "MaxClients 20",
                     "LogLevel Error"]
            lines += [f"BasicAuth {login[0]} {login[1]}"] if login else []
            (directory / "tinyproxy.conf").write_text("\n".join(lines) + "\n")
            words = [need("tinyproxy"), "-d", "-c", str(directory / "tinyproxy.conf")]
        self.place = f"127.0.0.1:{self.port}"
        self.url = f"{kind}://{self.place}"
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.is_up, "the proxy listens")

    def is_up(self):
        assert self.process.poll() is None, "the proxy has ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def with_login(self, login):
        return self.url.replace("://", f"://{login}@")

    def close(self):
        self.process.kill()
        self.process.wait(PATIENCE)


@pytest.fixture
def proxy(stage, need, tmp_path):
    return lambda kind, login=None: stage.keep(Proxy(need, tmp_path, kind, login))


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_pass(stage, proxy, kind):
    """Data is damaged on the way through the handshake, in either direction."""
    server, word = stage.listener()
    cat = stage.cat("connect", "--proxy", proxy(kind).url, word)
    peer = stage.keep(Peer(server.accept()[0]))
    data, answer = pattern(MIB), pattern(MIB, 1)
    sender = threading.Thread(target=peer.send, args=(answer,))
    sender.start()
    assert cat.receive(MIB) == answer
    sender.join()
    sender = threading.Thread(target=cat.send, args=(data,))
    sender.start()
    assert peer.receive(MIB) == data
    sender.join()
    peer.close()
    cat.end()
    cat.wait(0)


@pytest.mark.parametrize("client", ["netkit", "nc"])
@pytest.mark.parametrize("kind", KINDS)
def test_listen_behind_a_proxy(stage, proxy, need, kind, client):
    """The server's side of it: what a proxy brings is damaged, or its end is not passed on."""
    cat, addresses = stage.listening()
    there = proxy(kind)
    if client == "netkit":
        other = stage.cat("connect", "--proxy", there.url, addresses[0])
    else:
        protocol = "5" if kind == "socks5" else "connect"
        other = stage.cat("-N", "-X", protocol, "-x", there.place, "127.0.0.1",
                          addresses[0].rsplit(":", 1)[1], program=need("nc.openbsd"))
    for source, target, data in ((cat, other, b"answer"), (other, cat, b"question")):
        source.send(data)
        assert target.receive(len(data)) == data
    other.end()  # which tinyproxy takes for the end of both directions
    assert cat.receive_all() == b""
    cat.end()
    cat.wait(0)
    other.wait(0)


@pytest.mark.parametrize("kind", KINDS)
def test_names_go_to_the_proxy(stage, proxy, kind):
    """The name is looked up here: in a network with its own names there is nothing to find."""
    server, word = stage.listener()
    cat = stage.cat("connect", "-v", "--proxy", proxy(kind).url, word.replace("127.0.0.1",
                                                                              "localhost"))
    peer = stage.keep(Peer(server.accept()[0]))
    peer.send(b"hello")
    assert cat.receive(5) == b"hello"
    assert f"connected to tcp://localhost:{word.rsplit(':', 1)[1]}" in cat.stderr()


@pytest.mark.parametrize("kind", KINDS)
def test_login(stage, proxy, kind):
    """The right login is refused, or a wrong one or none goes unnoticed; or a message shows it."""
    server, word = stage.listener()
    place = proxy(kind, ("joe", SECRET))
    cat = stage.cat("connect", "-v", "--proxy", place.with_login(f"joe:{SECRET}"), word)
    peer = stage.keep(Peer(server.accept()[0]))
    peer.send(b"hello")
    assert cat.receive(5) == b"hello"
    peer.close()
    cat.end()
    cat.wait(0)
    assert SECRET not in cat.stderr()
    for url in (place.with_login(f"joe:not{SECRET}"), place.url):
        done = run("connect", "--proxy", url, word)
        assert done.returncode == 4
        assert done.stderr.startswith(f"netkit: cannot connect through the proxy to '{word}': ")
        assert SECRET not in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_refused_by_the_target(stage, proxy, kind):
    """What the proxy says about the target is taken for something else."""
    server, word = stage.listener()
    server.close()
    done = run("connect", "--proxy", proxy(kind).url, word)
    assert done.returncode == 4
    assert done.stderr.startswith(f"netkit: cannot connect through the proxy to '{word}': the proxy")


def test_refused_by_the_proxy(stage):
    """Nobody at the proxy's address, and the target gets the blame."""
    server, word = stage.listener()
    server.close()
    place = word.replace("tcp", "socks5")
    done = run("connect", "--proxy", place.replace("://", f"://joe:{SECRET}@"), "localhost:1")
    assert done.returncode == 4
    assert done.stderr == f"netkit: cannot connect to the proxy '{place}': connection refused\n"


def test_unresolved_proxy():
    """A proxy that does not exist."""
    done = run("connect", "--proxy", "http://proxy.invalid:1", "localhost:1")
    assert done.returncode == 3
    assert "cannot resolve 'http://proxy.invalid:1'" in done.stderr


def test_proxy_on_a_unix_socket(stage):
    """A unix: path behind the scheme leads nowhere."""
    server, word = stage.listener("unix")
    cat = stage.cat("connect", "--proxy", f"http://{word}", "host.example:80")
    peer = stage.keep(Peer(server.accept()[0]))
    request = b"CONNECT host.example:80 HTTP/1.1\r\nHost: host.example:80\r\n\r\n"
    assert peer.receive(len(request)) == request
    peer.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
    assert cat.receive(5) == b"hello"


# ---- proxies that behave badly ----


def talk(stage, url_scheme, say, *words):
    """connect and the proxy's end of its connection, after `say` was said."""
    server, word = stage.listener()
    cat = stage.cat("connect", *words, "--proxy", word.replace("tcp", url_scheme),
                    "host.example:80")
    peer = stage.keep(Peer(server.accept()[0]))
    peer.send(say)
    return cat, peer


def test_a_server_that_talks_first(stage):
    """The greeting of the server comes in the same segment as the proxy's answer and is lost."""
    cat, peer = talk(stage, "http", b"HTTP/1.1 200 OK\r\n\r\n" + pattern(60000))
    assert cat.receive(60000) == pattern(60000)
    cat.send(b"answer")
    request = b"CONNECT host.example:80 HTTP/1.1\r\nHost: host.example:80\r\n\r\n"
    assert peer.receive(len(request) + 6) == request + b"answer"


def test_the_end_right_behind_the_handshake(stage):
    """The same with the end of the stream."""
    cat, peer = talk(stage, "http", b"HTTP/1.1 200 OK\r\n\r\nbye")
    peer.end()
    cat.end()
    assert cat.receive_all() == b"bye"
    cat.wait(0)


@pytest.mark.parametrize("scheme, answer", [
    ("socks5", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    ("http", b"\x05\xff"),
    ("http", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10000),
])
def test_no_proxy(stage, scheme, answer):
    """Something else listens there: its bytes get onto stdout, or the status says "refused"."""
    cat, _ = talk(stage, scheme, answer)
    assert cat.receive_all() == b""
    cat.wait(1)
    assert "cannot connect through the proxy to 'tcp://host.example:80': " in cat.stderr()


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_lost_in_the_handshake(stage, leave):
    """The proxy goes away, and that is success or is waited for."""
    cat, peer = talk(stage, "socks5", b"\x05\x00")
    peer.receive(3)
    getattr(peer, leave)()
    cat.wait(6)
    assert "cannot connect through the proxy" in cat.stderr()


def test_a_silent_proxy(stage):
    """The time-out ends with the connection to the proxy, and its answer is waited for."""
    started = time.monotonic()
    cat, _ = talk(stage, "socks5", b"\x05", "-w", "300ms")
    cat.wait(5)
    assert time.monotonic() - started < PATIENCE
    assert "the proxy did not answer in time" in cat.stderr()


@pytest.mark.parametrize("words", [
    ["--proxy", "proxy:1080", "localhost:1"],
    ["--proxy", f"ftp://joe:{SECRET}@proxy:1080", "localhost:1"],
    ["--proxy", f"socks5://joe:{SECRET}@proxy:port", "localhost:1"],
    ["--proxy", f"socks5://joe:{SECRET}", "localhost:1"],
    ["--proxy", f"http://j%3ae:{SECRET}@proxy", "localhost:1"],
    ["--proxy", "socks5://proxy", "unix:/tmp/x"],
    ["--proxy", "socks5://proxy", "udp://localhost:1"],
    ["--proxy", "socks5://proxy", ":80"],
])
def test_mistakes(words):
    """A mistake is carried out, or a password is shown with it."""
    done = run("connect", *words)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert SECRET not in done.stderr


def test_events(stage):
    """--json: the proxy's words are missing."""
    cat, _ = talk(stage, "socks5", b"\x05\x00\x05\x05", "--json")
    cat.wait(4)
    failure = cat.events()[0]
    assert failure["event"] == "error"
    assert failure["object"] == "tcp://host.example:80"
    assert failure["error"] == "the proxy's connection was refused"
