"""`netkit probe`, running, and things to be probed."""

import json
import socket
import subprocess
import threading

from event_schema import read_events
from netkit_server import NETKIT, PATIENCE, environment


class Probe:
    """probe = Probe("tcp", "127.0.0.1:80", "--count", 3): started with --json, unless plain."""

    def __init__(self, *words, plain=False, prefix=(), stdout=subprocess.PIPE):
        words = ["probe", *map(str, words), *([] if plain else ["--json"])]
        self.process = subprocess.Popen(
            [*prefix, str(NETKIT), *words], stdin=subprocess.DEVNULL, stdout=stdout,
            stderr=subprocess.PIPE, env=environment(), text=True)
        self.lines = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def event(self, *names):
        """The next event of one of these names."""
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line)
                event = json.loads(line)
                if event["event"] in names:
                    return event
        finally:
            timer.cancel()
        raise AssertionError(f"no {names}: {self.lines}, {self.process.stderr.read()}")

    def line(self):
        """The next line of the plain report."""
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        try:
            return self.process.stdout.readline()
        finally:
            timer.cancel()

    def signal(self, number):
        self.process.send_signal(number)

    def finish(self, status=None, stderr=""):
        """Waits for the end; the events of the whole run, checked against the schema."""
        rest, errors = self.process.communicate(timeout=PATIENCE)
        assert errors == stderr
        events = read_events("".join(self.lines) + rest)
        if status is not None:
            assert self.process.returncode == status, events
        assert events[-1]["event"] == "summary"
        expected = self.process.returncode
        assert events[-1]["status"] == (expected if expected >= 0 else 128 - expected)
        return events


def probe(*words, status=0, **options):
    """Runs it to its end; all events."""
    with Probe(*words, **options) as running:
        return running.finish(status)


def plain(*words, status=0):
    """Runs it to its end; the report for people."""
    with Probe(*words, plain=True) as running:
        output, errors = running.process.communicate(timeout=PATIENCE)
        assert running.process.returncode == status, (output, errors)
        assert errors == ""
        return output


def of(events, name):
    return [event for event in events if event["event"] == name]


def listener(kind=socket.SOCK_STREAM, backlog=128, port=0):
    """A socket on 127.0.0.1 that takes connections or datagrams, and its port."""
    made = socket.socket(socket.AF_INET, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    if kind == socket.SOCK_STREAM:
        made.listen(backlog)
    made.settimeout(PATIENCE)
    return made, made.getsockname()[1]


def closed_port(kind=socket.SOCK_STREAM):
    """A port that nobody has. It stays bound to a socket that does not listen, so that nobody
    takes it meanwhile; for datagrams it is only likely."""
    made = socket.socket(socket.AF_INET, kind)
    made.bind(("127.0.0.1", 0))
    port = made.getsockname()[1]
    if kind == socket.SOCK_DGRAM:
        made.close()
        return None, port
    return made, port


class Full:
    """A TCP port whose queue of connections is full: the kernel drops further attempts, as if
    the host had vanished."""

    def __init__(self):
        self.listener, self.port = listener(backlog=0)
        self.waiting = []
        for _ in range(8):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", self.port))
            self.waiting.append(client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in [self.listener, *self.waiting]:
            each.close()


class Server(threading.Thread):
    """Calls `serve` with each connection, one after the other, until it is closed."""

    def __init__(self, serve):
        super().__init__(daemon=True)
        self.serve = serve
        self.listener, self.port = listener()
        self.problems = []

    def __enter__(self):
        self.start()
        return self

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(PATIENCE)
                try:
                    self.serve(connection)
                except OSError:
                    pass  # the prober has gone, as some tests want it to

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join(PATIENCE)
