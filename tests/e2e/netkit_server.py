"""Starts, watches and stops the real program.

A server is started with --ready-fd, so that nobody guesses when it is ready or
which port it has. When it stops, its exit status is checked, and so is every
line that it wrote: one that no test expected is a failure, a report of a
sanitizer is one in any case.
"""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from process import Process

NETKIT = os.environ.get("NETKIT", "")
SOURCE = Path(os.environ.get("NETKIT_SOURCE", Path(__file__).resolve().parents[2]))

# How long anything may take that takes milliseconds on an idle machine.
PATIENCE = 30

# The status of a process that a sanitizer has ended.
SANITIZER_STATUS = 86
SANITIZER_REPORT = re.compile(r"Sanitizer|runtime error:")

# Nobody in particular, who may not do what root may.
NOBODY = 65534

# What every server may write without being asked.
USUAL_LINES = [
    r"listening on \S+",
    r"stopping on SIG(TERM|INT)(: \d+ connections? may finish within \S+;"
    r" a second signal stops at once)?",
    r"received \d+ datagrams?",
    r"served \d+ connections?(, \d+ requests?)?, .+ in, .+ out in .+ m?s(; \d+ open)?",
]


# What a server may write when more clients come than it takes.
AT_LIMIT = [
    r"netkit: warning: the limit of \d+ connections is reached: clients wait",
    r"served .*; \d+ evicted",
]


def _is_built_with(word):
    if not NETKIT or not Path(NETKIT).is_file():
        return False
    return word.encode() in Path(NETKIT).read_bytes()


IS_ASAN = _is_built_with("__asan_init")
IS_TSAN = _is_built_with("__tsan_init")
IS_SANITIZED = IS_ASAN or IS_TSAN

DISPATCHER = os.environ.get("NETKIT_DISPATCHER", "epoll")

# select knows some 1,000 descriptors: a crowd reaches the limit of any server.
if DISPATCHER == "select":
    USUAL_LINES += AT_LIMIT


def environment(**more):
    """The environment of the program under test."""
    variables = dict(os.environ)
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
        variables.setdefault(name, f"exitcode={SANITIZER_STATUS}")
    for name, value in more.items():
        if value is None:
            variables.pop(name, None)
        else:
            variables[name] = value
    return variables


def without_leak_check():
    """The leak checker cannot work in a process that is being traced."""
    options = os.environ.get("ASAN_OPTIONS", f"exitcode={SANITIZER_STATUS}")
    return environment(ASAN_OPTIONS=options + ":detect_leaks=0")


def run(*words, prefix=(), timeout=PATIENCE, **options):
    """Runs netkit to its end; for command lines that fail at once."""
    options.setdefault("env", environment())
    done = subprocess.run(
        [*prefix, NETKIT, *map(str, words)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        **options,
    )
    assert done.returncode != SANITIZER_STATUS, done.stderr
    return done


# ---- people who are not root ----


def unprivileged():
    """The words in front of a command that make nobody of root."""
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    assert setpriv, "setpriv is missing"
    return [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all"]


class OpenDirectory:
    """A directory that nobody may enter, unlike those of pytest, with a copy of
    the program in it."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="netkit-e2e-"))
        self.path.chmod(0o755)
        self.netkit = self.path / "netkit"
        shutil.copy(NETKIT, self.netkit)
        self.netkit.chmod(0o755)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def prlimit(**limits):
    """prlimit(nofile=40): the words that lower the hard limit of a command."""
    program = shutil.which("prlimit")
    assert program, "prlimit is missing"
    return [program, *(f"--{name}={value}:{value}" for name, value in limits.items())]


# ---- addresses ----


def endpoint(address):
    """(family, address for connect()) of "tcp://127.0.0.1:1", "http://[::1]:1/", "unix:/x"."""
    if address.startswith("unix:@"):
        return socket.AF_UNIX, "\0" + address[len("unix:@") :]
    if address.startswith("unix:"):
        return socket.AF_UNIX, address[len("unix:") :]
    match = re.fullmatch(r"(?:tcp|http)://(?:\[([^]]+)\]|([^:\[\]]+)):(\d+)/?", address)
    assert match, f"not an address: {address!r}"
    if match.group(1):
        host = "::1" if match.group(1) == "::" else match.group(1)
        return socket.AF_INET6, (host, int(match.group(3)))
    host = "127.0.0.1" if match.group(2) == "0.0.0.0" else match.group(2)
    return socket.AF_INET, (host, int(match.group(3)))


def connect(address, timeout=PATIENCE, receive_buffer=None):
    family, target = endpoint(address)
    client = socket.socket(family, socket.SOCK_STREAM)
    try:
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(timeout)
        client.connect(target)
        if family != socket.AF_UNIX:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        client.close()
        raise
    return client


def reset(client):
    """Closes with a RST instead of a FIN."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def wait_until(condition, what, timeout=PATIENCE):
    """For what leaves no event to wait for."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        time.sleep(0.005)


# ---- a server ----


class Server:
    """`netkit serve WORDS`, or the same in another group of commands, running.

    `expect_status` is what stop() demands; `expect_lines` are regular
    expressions for lines on stderr beyond the usual ones. `prefix` are words in
    front of the command that end in an exec of it. Some (a tracer) keep the
    ready descriptor open: then `address_count` says how many addresses to wait
    for.
    """

    COMMAND = "serve"
    USUAL_LINES = USUAL_LINES

    def __init__(
        self, *words, group=None, prefix=(), program=None, env=None, cwd=None, address_count=None
    ):
        self.expect_status = 0
        self.expect_lines = []
        self.is_checked = False
        self._stdout = tempfile.TemporaryFile()
        self._stderr = tempfile.TemporaryFile()
        read_end, write_end = os.pipe()
        command = [*map(str, prefix), str(program or NETKIT), group or self.COMMAND]
        command += [word if isinstance(word, bytes) else str(word) for word in words]
        command += ["--ready-fd", str(write_end)]
        self.started = time.monotonic()
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._stdout,
                stderr=self._stderr,
                pass_fds=[write_end],
                env=env or environment(),
                cwd=cwd,
            )
        finally:
            os.close(write_end)
        try:
            self.addresses = self._read_addresses(read_end, address_count)
        finally:
            os.close(read_end)
        self.proc = Process(self.process.pid)

    @property
    def pid(self):
        return self.proc.pid

    def _read_addresses(self, read_end, count):
        """One address a line; the end of the file says that all are bound."""
        text = b""
        deadline = time.monotonic() + PATIENCE
        while count is None or text.count(b"\n") < count:
            ready, _, _ = select.select([read_end], [], [], deadline - time.monotonic())
            if not ready:
                self.kill()
                raise AssertionError(f"not ready within {PATIENCE} s: {self.stderr()}")
            piece = os.read(read_end, 4096)
            if not piece:
                break
            text += piece
        if not text:
            self.kill()
            raise AssertionError(f"did not start: {self.stderr()}")
        assert text.endswith(b"\n")
        return os.fsdecode(text).splitlines()

    @property
    def address(self):
        return self.addresses[0]

    @property
    def port(self):
        return endpoint(self.address)[1][1]

    def connect(self, **options):
        return connect(self.address, **options)

    # ---- what it says ----

    def stderr(self):
        return os.pread(self._stderr.fileno(), 1 << 24, 0).decode(errors="replace")

    def stdout(self):
        return os.pread(self._stdout.fileno(), 1 << 24, 0)

    def wait_for_line(self, pattern, timeout=PATIENCE):
        """The first line on stderr that matches, as soon as it is there."""
        expression = re.compile(pattern)
        deadline = time.monotonic() + timeout
        while True:
            for line in self.stderr().splitlines():
                if expression.search(line):
                    return line
            assert time.monotonic() < deadline, f"no line {pattern!r} in: {self.stderr()}"
            time.sleep(0.005)

    def allow(self, *patterns):
        """Lines that a test expects on stderr."""
        self.expect_lines += patterns

    def statistics(self):
        """The totals so far, which SIGUSR1 brings: {"connections": 3, "open": 1, ...}."""
        seen = len(self.stderr())
        self.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + PATIENCE
        while True:
            match = re.search(r"^served (.*; \d+ open.*)\n", self.stderr()[seen:], re.MULTILINE)
            if match:
                break
            assert time.monotonic() < deadline, f"no statistics: {self.stderr()}"
            time.sleep(0.002)
        totals = {"requests": 0, "refused": 0, "evicted": 0, "denied": 0, "cut": 0}
        names = r"(\d+) (connection|request|open|refused|evicted|denied|cut)s?\b"
        for count, name in re.findall(names, match.group(1)):
            plural = {"connection": "connections", "request": "requests"}
            totals[plural.get(name, name)] = int(count)
        return totals

    def wait_for_no_clients(self):
        """Until every connection has been closed on this side, too."""
        wait_until(lambda: self.statistics()["open"] == 0, "all clients have gone")

    def wait_for_descriptors(self, baseline):
        """Until no more descriptors are open than before. Clients that have left may still stand
        in the backlog, or be on their way to another thread."""
        try:
            wait_until(lambda: self.proc.descriptors() == baseline, "descriptors are back")
        except AssertionError as problem:
            raise AssertionError(f"{baseline} before: {self.proc.descriptor_targets()}") from problem

    # ---- its end ----

    def send_signal(self, number=signal.SIGTERM):
        os.kill(self.pid, number)

    def is_running(self):
        return self.process.poll() is None

    def wait(self, timeout=PATIENCE):
        """The exit status, negative for a signal."""
        return self.process.wait(timeout)

    def kill(self):
        if self.is_running():
            self.process.kill()
        self.process.wait(PATIENCE)
        self.is_checked = True

    def stop(self, status=None, number=signal.SIGTERM, timeout=PATIENCE):
        """Ends the server in the orderly way and checks all it has left behind."""
        if status is not None:
            self.expect_status = status
        if self.is_running():
            self.send_signal(number)
        self.check(timeout)

    def check(self, timeout=PATIENCE):
        """Waits for the end and checks it. Once."""
        if self.is_checked:
            return
        self.is_checked = True
        try:
            status = self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not stop within {timeout} s: {self.stderr()}") from None
        text = self.stderr()
        assert not SANITIZER_REPORT.search(text), text
        assert status == self.expect_status, f"status {status}: {text}"
        assert self.stdout() == b"", "stdout of a server stays empty"
        for line in text.splitlines():
            allowed = self.USUAL_LINES + self.expect_lines
            assert any(re.fullmatch(pattern, line) for pattern in allowed), (
                f"unexpected line {line!r} in: {text}"
            )


class ServerSet:
    """The servers of one test or one module: all are stopped and checked."""

    def __init__(self):
        self._servers = []

    def __call__(self, *words, **options):
        server = Server(*words, **options)
        self._servers.append(server)
        return server

    def finish(self):
        problems = []
        for server in self._servers:
            try:
                if not server.is_checked:
                    server.stop()
            except AssertionError as problem:
                problems.append(str(problem))
        assert not problems, "\n".join(problems)
