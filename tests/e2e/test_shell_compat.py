"""The raw form of the remote shell, with programs of the shape that it comes from: the course's
server for our client, and both of ours together. (The course's client for our server is in
test_shell_server.py.)"""

import os
import socket
import threading
import time

import pytest

import netkit_server
from cat_support import Cat, Stage
from netkit_server import PATIENCE
from terminal_support import Terminal
from test_shell_client import Script, outcome, plays, run

pytestmark = pytest.mark.dispatchers


class CourseServer:
    """The course's server: one client after the other, one read is one command, bare answers."""

    def __init__(self, root):
        self._root = root
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.commands = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._talk(connection)

    def _talk(self, connection):
        here = self._root
        while command := connection.recv(1024).decode():
            self.commands.append(command)
            name, _, argument = command.partition(" ")
            if name == "pwd":
                connection.sendall(str(here).encode())
            elif name == "ls":
                connection.sendall("".join(f"{each}\n" for each in sorted(os.listdir(here))).encode())
            elif name == "cd":
                here = (here / argument).resolve()
            else:
                connection.sendall(b"error: unknown input type")

    def close(self):
        self._listener.close()


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "sub" / "empty").mkdir(parents=True)
    (root / "file").touch()
    return root


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


@pytest.fixture(params=["course", "ours"])
def server(request, root, serve):
    """(address, what pwd says of a path in the root)"""
    if request.param == "ours":
        ours = serve("shell", "127.0.0.1:0", "--root", root, "--compat")
        yield ours.address, lambda path: f"/{path}"
    else:
        course = CourseServer(root)
        yield course.address, lambda path: str(root / path).rstrip("/")
        course.close()


def test_transcript(server):
    """The client would send its line ends, run two commands into one, or lose an answer."""
    address, path = server
    done = run("--compat", address, "-e", "pwd; ls; cd sub; pwd; ls; cd empty; ls; cd ..; pwd")
    assert outcome(done) == (
        0, f"{path('')}\nfile\nsub\n{path('sub')}\nempty\n{path('sub')}\n", "")
    # The next client begins where the first one did.
    assert outcome(run("--compat", address, stdin="pwd\nquit\npwd\n")) == (0, f"{path('')}\n", "")


def test_errors(server):
    """An error would be taken for a name, and the script for a success."""
    address, path = server
    done = run("--compat", address, stdin="fly\npwd\n")
    assert outcome(done) == (1, f"{path('')}\n", "netkit: unknown input type\n")
    done = run("--compat", "--fail-fast", address, stdin="fly\npwd\n")
    assert outcome(done) == (1, "", "netkit: unknown input type\n")


def test_commands_are_sent_as_the_course_sends_them(root):
    """A server that compares whole reads would understand nothing."""
    server = CourseServer(root)
    assert outcome(run("--compat", server.address, stdin="cd sub \nls;  pwd\nquit\n"))[0] == 0
    server.close()
    assert server.commands == ["cd sub", "ls", "pwd"]


def test_large_listing(serve, tmp_path):
    """An answer that comes in many pieces would be cut, or mixed with the next one."""
    many = tmp_path / "many"
    many.mkdir()
    for number in range(20_000):
        (many / f"entry-{number:06}").touch()
    server = serve("shell", "127.0.0.1:0", "--root", many, "--compat")
    done = run("--compat", server.address, "-e", "ls; pwd", "--settle", "1s")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and lines[-1] == "/"
    assert sorted(lines[:-1]) == [f"entry-{number:06}" for number in range(20_000)]


@pytest.mark.parametrize("how", ["close", "reset", "silence"])
def test_server_that_goes(stage, how):
    """A lost connection would be taken for the end of an answer."""
    listener, address = stage.listener()
    client = stage.keep(Cat("shell", "client", "--compat", address, "-e", "pwd; pwd",
                            "--idle-timeout", "500ms"))
    peer = stage.keep(listener.accept()[0])
    peer.settimeout(PATIENCE)
    assert peer.recv(100) == b"pwd"
    if how == "silence":
        client.wait(5)
        assert client.stderr() == f"netkit: cannot go on with '{address}': no answer in time\n"
        return
    peer.sendall(b"/here")
    assert peer.recv(100) == b"pwd"
    assert client.receive(6) == b"/here\n"
    if how == "reset":
        netkit_server.reset(peer)
    else:
        peer.close()
    client.wait(6)
    assert client.stderr().startswith(f"netkit: cannot go on with '{address}': ")


def test_slow_reader_does_not_shorten_the_next_answer(stage):
    """Time in which the answer before was still being written would count as the silence behind
    this one: its error would be taken for a name, and the script for a success."""
    names = 20_000 * b"name\n"  # more than a pipe holds, and less than stops the client
    listed = threading.Event()

    def session(script, connection):
        plays("ls", names)(script, connection)
        listed.set()
        plays("pwd")(script, connection)
        time.sleep(0.6)
        connection.sendall(b"error: gone")
        assert connection.recv(1) == b""

    server = Script(session)
    client = stage.keep(Cat("shell", "client", "--compat", server.address, "-e", "ls; pwd",
                            "--settle", "200ms"))
    assert listed.wait(PATIENCE)
    time.sleep(0.5)  # the answer is over, as far as silence tells
    assert client.receive(30_000) + client.receive_all() == names
    client.wait(1)
    assert client.stderr() == "netkit: gone\n"
    server.finish()


def test_names_of_a_hostile_server(stage, tmp_path):
    """What a server sends as one name could act on the terminal, or, once it is made visible, be
    more than a listing has room for."""
    def session(script, connection):
        plays("ls", 70_000 * b"\1")(script, connection)
        assert connection.recv(1) == b""

    server = Script(session)
    terminal = stage.keep(Terminal("shell", "client", "--compat", server.address, "-e", "ls",
                                   directory=tmp_path, NO_COLOR="1"))
    terminal.wait(0)
    server.finish()
    assert terminal.look().count(r"\x01") == 70_000
    assert "\1" not in terminal.look()


def test_server_that_sends_on_behind_the_end(stage):
    """The last answer would be lost: quit ends one direction only."""
    listener, address = stage.listener()
    client = stage.keep(Cat("shell", "client", "--compat", address, "-e", "cd x; quit"))
    peer = stage.keep(listener.accept()[0])
    peer.settimeout(PATIENCE)
    assert peer.recv(100) == b"cd x"
    assert peer.recv(100) == b""
    peer.sendall(b"late but here\n")
    peer.close()
    client.wait(0)
    assert client.receive_all() == b"late but here\n"
