"""The servers that are compared.

A peer is one entry in PEERS: for every service it offers, a function that says how to start it.
To add a peer, write such functions and one entry. The services are

  http   answers GET <path> with 200 and <body_bytes> bytes, from memory
  files  the same for the files of `make_files`, by their name
  short  http that closes the connection when the request says so; the reference never does
  echo   sends back what it gets
  unix   the same on a unix stream socket
  udp    the same with datagrams
"""

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .environment import BenchError, Environment, pinned

START_SECONDS = 20
STOP_SECONDS = 15

FILES = {"1k.bin": 1024, "16k.bin": 16 * 1024, "1m.bin": 1024 * 1024}


@dataclass(frozen=True)
class Launch:
    """How to start a server, how to learn its port, and what to request of it.

    The port is `port` when that is given; else it is on the first line that the server writes, on
    the descriptor that replaces "{ready_fd}" in argv, or on its stdout when there is none.
    """

    argv: list[str]
    port: int | None = None
    path: str = "/"
    body_bytes: int = 13
    unix_path: Path | None = None  # where it listens instead of a port


@dataclass(frozen=True)
class Peer:
    """A server program; `services` maps a service to what starts it."""

    name: str
    services: Mapping[str, Callable[[Environment, Path], Launch]]


def make_files(directory: Path) -> Path:
    """The files of the `files` service; made once in a run."""
    root = directory / "files"
    if not root.exists():
        root.mkdir()
        for name, size in FILES.items():
            (root / name).write_bytes(b"netkit benchmark\n" * (size // 17) + b"." * (size % 17))
    return root


def _reference(mode: str):
    return lambda env, directory: Launch([str(env.reference), mode])


def _reference_unix(env: Environment, directory: Path) -> Launch:
    path = directory / "echo"
    return Launch([str(env.reference), "unix", str(path)], unix_path=path)


def _library(name: str):
    """TCP echo on an event library; there is a program for each one that is installed."""
    return lambda env, directory: Launch([str(env.reference.with_name(f"bench_{name}"))])


def _netkit_http(env: Environment, directory: Path) -> Launch:
    return Launch([str(env.netkit), "serve", "http", "--demo", "--threads", "0",
                   "--keepalive-requests", "0", "--ready-fd", "{ready_fd}", "127.0.0.1:0"],
                  path="/network", body_bytes=len("hello, network programming"))


def _netkit_files(env: Environment, directory: Path) -> Launch:
    return Launch([str(env.netkit), "serve", "http", "--root", str(make_files(env.scratch)),
                   "--threads", "0", "--keepalive-requests", "0",
                   "--ready-fd", "{ready_fd}", "127.0.0.1:0"])


def _netkit_echo(scheme: str):
    return lambda env, directory: Launch([str(env.netkit), "serve", "echo", "--threads", "0",
                                          "--ready-fd", "{ready_fd}", f"{scheme}://127.0.0.1:0"])


def _netkit_unix(env: Environment, directory: Path) -> Launch:
    path = directory / "echo"
    return Launch([str(env.netkit), "serve", "echo", "--threads", "0",
                   "--ready-fd", "{ready_fd}", f"unix:{path}"], unix_path=path)


NGINX_CONFIGURATION = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {directory}/nginx.pid;
error_log {directory}/error.log error;
events {{ worker_connections 32768; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    sendfile on;
    open_file_cache max=1000 inactive=600s;
    open_file_cache_valid 60s;
    default_type text/plain;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ {content} }}
    }}
}}
"""


def _nginx(env: Environment, directory: Path, content: str) -> Launch:
    port = _free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(
        NGINX_CONFIGURATION.format(directory=directory, port=port, content=content))
    return Launch([str(env.nginx), "-p", str(directory), "-c", str(configuration),
                   "-e", str(directory / "error.log")], port=port)


def _nginx_http(env: Environment, directory: Path) -> Launch:
    return _nginx(env, directory, 'return 200 "Hello, world!";')


def _nginx_files(env: Environment, directory: Path) -> Launch:
    return _nginx(env, directory, f"root {make_files(env.scratch)};")


PEERS = {
    peer.name: peer
    for peer in (
        Peer("reference", {"http": _reference("http"), "echo": _reference("echo"),
                           "udp": _reference("udp"), "unix": _reference_unix}),
        Peer("netkit", {"http": _netkit_http, "short": _netkit_http, "files": _netkit_files,
                        "echo": _netkit_echo("tcp"), "udp": _netkit_echo("udp"),
                        "unix": _netkit_unix}),
        Peer("libuv", {"echo": _library("libuv")}),
        Peer("libevent", {"echo": _library("libevent")}),
        Peer("nginx", {"http": _nginx_http, "short": _nginx_http, "files": _nginx_files}),
    )
}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RunningServer:
    """A server process, pinned to the server core, from `with` to the end of the block."""

    def __init__(self, env: Environment, peer: Peer, service: str,
                 wrapper: list[str] | None = None) -> None:
        """`wrapper` is put in front of the command line, for example valgrind and its options."""
        self._name = peer.name
        self._env = env
        self._directory = env.scratch / f"{peer.name}-{service}-{time.monotonic_ns()}"
        # nginx gives up its privileges and must still get at its directory.
        self._directory.mkdir(mode=0o755)
        self.launch = peer.services[service](env, self._directory)
        self._wrapper = wrapper or []
        self._log = self._directory / "stderr"
        self._process: subprocess.Popen | None = None
        self.port = 0

    def __enter__(self) -> "RunningServer":
        read_end, write_end = os.pipe()
        argv = [word.format(ready_fd=write_end) for word in self.launch.argv]
        on_stdout = argv == self.launch.argv
        try:
            with open(self._log, "wb") as log:
                self._process = subprocess.Popen(
                    self._wrapper + argv, stdin=subprocess.DEVNULL,
                    stdout=write_end if on_stdout else subprocess.DEVNULL, stderr=log,
                    pass_fds=() if on_stdout else (write_end,),
                    preexec_fn=pinned(self._env.server_core))
            os.close(write_end)
            write_end = -1
            if self.launch.port is not None:
                self.port = self.launch.port
                self._await_listener()
            else:
                self.port = self._announced_port(read_end)
        except BaseException:
            self._kill()
            raise
        finally:
            os.close(read_end)
            if write_end >= 0:
                os.close(write_end)
        return self

    def __exit__(self, kind, *_rest) -> None:
        assert self._process is not None
        died = self._process.poll() is not None
        if not died:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._kill()
                raise BenchError(f"{self._name} did not stop within {STOP_SECONDS} s") from None
        elif kind is None:
            raise BenchError(f"{self._name} ended during the run: {self._complaint()}")

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pids(self) -> list[int]:
        """The server's process and all its descendants."""
        assert self._process is not None
        found = [self._process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        return found

    def _announced_port(self, descriptor: int) -> int:
        text = b""
        deadline = time.monotonic() + START_SECONDS
        while b"\n" not in text:
            left = max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([descriptor], [], [], left)
            part = os.read(descriptor, 4096) if ready else b""
            if not part:
                raise BenchError(f"{self._name} announced no port: {self._complaint()}")
            text += part
        line = text.split(b"\n", 1)[0].decode()
        if self.launch.unix_path is not None:
            return 0
        port = int(line) if line.isdigit() else urlsplit(line).port
        if port is None:
            raise BenchError(f"{self._name} announced '{line}', which has no port")
        return port

    def _await_listener(self) -> None:
        """A port that we chose ourselves may not be open yet."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if not self.alive or time.monotonic() > deadline:
                    raise BenchError(f"{self._name} does not listen: {self._complaint()}") from None
                time.sleep(0.01)

    def _complaint(self) -> str:
        return self._log.read_text(errors="replace").strip()[-500:] or "it said nothing"

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
