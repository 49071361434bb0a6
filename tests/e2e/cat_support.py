"""`netkit connect` and `netkit listen`, running, and the peers of both."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import time

import netkit_server
from netkit_server import NETKIT, PATIENCE, environment
from process import Process

MIB = 1 << 20


def pattern(size, seed=0):
    """Bytes that show every loss, doubling and swap."""
    block = bytes((i * 7 + (i >> 8) + seed) & 0xFF for i in range(65521))
    return (block * (size // len(block) + 1))[:size]


class Cat:
    """One of the two programs. By default its stdin and stdout are pipes, `stdin` and `stdout`
    the test's ends of them; a descriptor or file may be given for each instead."""

    def __init__(self, *words, stdin=None, stdout=None, prefix=(), program=None, pass_fds=(),
                 env=None):
        self._stderr = tempfile.TemporaryFile()
        self.stdin = self.stdout = None
        inner_in, inner_out = stdin, stdout
        if stdin is None:
            inner_in, self.stdin = os.pipe()
        if stdout is None:
            self.stdout, inner_out = os.pipe()
        try:
            self.process = subprocess.Popen(
                [*prefix, str(program or NETKIT), *map(str, words)],
                stdin=inner_in, stdout=inner_out, stderr=self._stderr, pass_fds=pass_fds,
                env=env or environment())
        finally:
            if stdin is None:
                os.close(inner_in)
            if stdout is None:
                os.close(inner_out)
        self.proc = Process(self.process.pid)

    @property
    def pid(self):
        return self.process.pid

    # ---- data ----

    def send(self, data, timeout=PATIENCE):
        """Writes all of it to stdin."""
        os.set_blocking(self.stdin, False)
        left = memoryview(data)
        deadline = time.monotonic() + timeout
        while left:
            _, ready, _ = select.select([], [self.stdin], [], deadline - time.monotonic())
            assert ready, f"{len(left)} bytes were not taken: {self.stderr()}"
            left = left[os.write(self.stdin, left):]

    def fill(self):
        """Writes until nothing more is taken; returns how much went in."""
        return fill(self.stdin, os.write)

    def end(self):
        """The end of stdin."""
        os.close(self.stdin)
        self.stdin = None

    def receive(self, size, timeout=PATIENCE):
        """Exactly so many bytes of stdout, or what comes before its end."""
        return read_exactly(self.stdout, size, timeout)

    def receive_all(self, timeout=PATIENCE):
        """Stdout to its end."""
        return read_exactly(self.stdout, None, timeout)

    # ---- what it says, and its end ----

    def stderr(self):
        return os.pread(self._stderr.fileno(), 1 << 24, 0).decode(errors="replace")

    def wait_for_line(self, text, timeout=PATIENCE):
        netkit_server.wait_until(lambda: text in self.stderr(), f"{text!r} on stderr", timeout)

    def events(self):
        return [json.loads(line) for line in self.stderr().splitlines()]

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, status=0, timeout=PATIENCE):
        """Its exit status has to be this one; a negative one is a signal."""
        assert self.process.wait(timeout) == status, self.stderr()

    def is_running(self):
        return self.process.poll() is None

    def close(self):
        for end in (self.stdin, self.stdout):
            if end is not None:
                os.close(end)
        self.stdin = self.stdout = None
        if self.is_running():
            self.process.kill()
        status = self.process.wait(PATIENCE)
        assert status != netkit_server.SANITIZER_STATUS, self.stderr()
        self._stderr.close()


def read_exactly(fd, size, timeout=PATIENCE):
    pieces = []
    left = size
    deadline = time.monotonic() + timeout
    while left is None or left > 0:
        ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"{sum(map(len, pieces))} bytes and no more came"
        piece = os.read(fd, MIB if left is None else min(left, MIB))
        if not piece:
            break
        pieces.append(piece)
        left = None if left is None else left - len(piece)
    return b"".join(pieces)


def fill(target, write, pause=0.2):
    """Writes until nothing more is taken for a while."""
    os.set_blocking(target if isinstance(target, int) else target.fileno(), False)
    data = pattern(65536)
    written = 0
    while select.select([], [target], [], pause)[1]:
        try:
            written += write(target, data)
        except BlockingIOError:
            time.sleep(0.01)
    return written


@contextlib.contextmanager
def frozen(pid):
    """The program stands still meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        netkit_server.wait_until(lambda: Process(pid).state() == "T", "it stands still")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def come_and_go(pid, address):
    """A client that is reset before the program has accepted it."""
    with frozen(pid):
        netkit_server.reset(netkit_server.connect(address))


class Peer:
    """A plain socket on the other side."""

    def __init__(self, connection):
        self.socket = connection
        connection.settimeout(PATIENCE)

    def send(self, data):
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(data)

    def fill(self):
        written = fill(self.socket, lambda target, data: target.send(data))
        self.socket.settimeout(PATIENCE)
        return written

    def end(self):
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self, size):
        return read_exactly(self.socket.fileno(), size)

    def receive_all(self):
        return read_exactly(self.socket.fileno(), None)

    def reset(self):
        netkit_server.reset(self.socket)

    def close(self):
        self.socket.close()


class Stage:
    """Makes pairs of a program and a peer, and clears everything away."""

    def __init__(self, directory):
        self.directory = directory
        self.things = []

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def listener(self, transport="tcp"):
        """A server of the test's own, and the words that lead to it."""
        if transport == "tcp":
            server = socket.create_server(("127.0.0.1", 0), backlog=8)
            word = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        else:
            path = str(self.directory / f"s{len(self.things)}")
            server = socket.socket(socket.AF_UNIX)
            server.bind(path)
            server.listen(8)
            word = f"unix:{path}"
        server.settimeout(PATIENCE)
        return self.keep(server), word

    def cat(self, *words, **options):
        return self.keep(Cat(*words, **options))

    def listening(self, *words, address=None, transport="tcp", **options):
        """`netkit listen`, ready, and its addresses."""
        if address is None:
            address = "tcp://127.0.0.1:0"
            if transport == "unix":
                address = f"unix:{self.directory}/l{len(self.things)}"
        read_end, write_end = os.pipe()
        try:
            cat = self.cat("listen", *words, address, "--ready-fd", write_end,
                           pass_fds=[write_end], **options)
        finally:
            os.close(write_end)
        try:
            text = read_exactly(read_end, None)
        finally:
            os.close(read_end)
        assert text.endswith(b"\n"), cat.stderr()
        return cat, text.decode().splitlines()

    def pair(self, role, *words, transport="tcp", **options):
        """(program, peer) of a connection; `role` is the program's: connect or listen."""
        if role == "listen":
            cat, addresses = self.listening(*words, transport=transport, **options)
            peer = Peer(netkit_server.connect(addresses[0]))
        else:
            server, word = self.listener(transport)
            cat = self.cat("connect", *words, word, **options)
            peer = Peer(server.accept()[0])
        return cat, self.keep(peer)

    def close(self):
        for thing in reversed(self.things):
            thing.close()
