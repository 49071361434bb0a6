"""Networks of the tests' own: hosts that can vanish without a FIN, and ways that are slow and lossy."""

import os
import select
import shutil
import socket
import struct
import subprocess
import threading
import time

import pytest

from netkit_server import PATIENCE

# From the kernel's headers; not in Python 3.11.
SO_TIMESTAMPNS = 35


class Namespaces:
    """Two hosts with a cable between them, which can be cut. The kernel keeps knowing where the
    other one is, so that nothing tells a program but silence."""

    ADDRESSES = {"client": "10.211.0.1", "server": "10.211.0.2"}

    def __init__(self):
        self.prefix = f"nk{os.getpid()}"
        ends = [("client", "02:00:00:00:00:01"), ("server", "02:00:00:00:00:02")]
        for name, _ in ends:
            self.ip("netns", "add", self.name(name))
        self.ip("-n", self.name("client"), "link", "add", "cable", "address", ends[0][1], "type",
                "veth", "peer", "name", "cable", "address", ends[1][1], "netns",
                self.name("server"))
        for (name, _), (other, hardware) in zip(ends, reversed(ends)):
            inside = ("-n", self.name(name))
            self.ip(*inside, "address", "add", f"{self.ADDRESSES[name]}/24", "dev", "cable")
            self.ip(*inside, "link", "set", "lo", "up")
            self.ip(*inside, "link", "set", "cable", "up")
            self.ip(*inside, "neighbour", "replace", self.ADDRESSES[other], "lladdr", hardware,
                    "dev", "cable", "nud", "permanent")

    def name(self, host):
        return f"{self.prefix}-{host}"

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=PATIENCE)

    def inside(self, host):
        """The words in front of a command that runs it on that host."""
        return ["ip", "netns", "exec", self.name(host)]

    def cut(self):
        self.ip("-n", self.name("server"), "link", "set", "cable", "down")

    def remove(self):
        for host in self.ADDRESSES:
            subprocess.run(["ip", "netns", "delete", self.name(host)], capture_output=True,
                           check=False)


@pytest.fixture
def namespaces():
    if os.getuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and ip(8)")
    hosts = None
    try:
        hosts = Namespaces()
    except subprocess.CalledProcessError as problem:
        pytest.skip(f"no network namespaces here: {problem.stderr.decode().strip()}")
    yield hosts
    hosts.remove()


class Way(threading.Thread):
    """A way for datagrams to an answering end: it holds each one back and drops every n-th.

    `held` has the time between a datagram and its answer, as the kernel and the clock saw
    it at this end, in the order of the datagrams that were not dropped."""

    DELAY = 0.02

    def __init__(self, drop_each):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.drop_each = drop_each
        self.received = 0
        self.dropped = 0
        self.held = []
        self.waiting = []
        self.is_over = False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.join(PATIENCE)
        self.socket.close()

    def run(self):
        while not self.is_over:
            now = time.time()
            patience = self.waiting[0][0] - now if self.waiting else 0.1
            if select.select([self.socket], [], [], max(patience, 0))[0]:
                self._receive()
            while self.waiting and self.waiting[0][0] <= time.time():
                _, arrived, peer, data = self.waiting.pop(0)
                self.held.append(time.time() - arrived)
                self.socket.sendto(data, peer)

    def _receive(self):
        data, controls, _, peer = self.socket.recvmsg(2048, 256)
        seconds, nanoseconds = struct.unpack("@ll", controls[0][2])
        arrived = seconds + nanoseconds / 1e9
        self.received += 1
        if self.received % self.drop_each == 0:
            self.dropped += 1
            return
        self.waiting.append((arrived + self.DELAY, arrived, peer, data))


class Names(threading.Thread):
    """A name server of the test's own, and the words in front of a command that asks it and no
    other. It knows every name as 127.0.0.1; or it is `silent`."""

    A, AAAA = 1, 28  # types of records, which hold addresses

    def __init__(self, directory, silent=False):
        super().__init__(daemon=True)
        if os.getuid() != 0 or not shutil.which("unshare"):
            pytest.skip("a name server of one's own needs root and unshare(1)")
        self.silent = silent
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Tests run beside each other, and the port is always the same.
        pid = os.getpid()
        self.socket.bind((f"127.{1 + pid // 62500 % 250}.{1 + pid // 250 % 250}.{1 + pid % 250}",
                          53))
        self.files = {"/etc/resolv.conf": directory / "resolv.conf",
                      "/etc/nsswitch.conf": directory / "nsswitch.conf"}
        self.files["/etc/resolv.conf"].write_text(
            f"nameserver {self.socket.getsockname()[0]}\noptions timeout:30 attempts:1\n")
        self.files["/etc/nsswitch.conf"].write_text("hosts: dns\n")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"", self.socket.getsockname())
        self.join(PATIENCE)
        self.socket.close()

    def words(self):
        mounts = " && ".join(f"mount --bind '{mine}' {theirs}"
                             for theirs, mine in self.files.items())
        return ["unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh"]

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(2048)
            if not query:
                return
            end = query.index(b"\0", 12) + 1
            kind = int.from_bytes(query[end:end + 2], "big")
            self.asked.append(kind)
            if self.silent:
                continue
            # RFC 1035, 4.1: the question again and, of type A, one answer that refers to it.
            answers = int(kind == self.A)
            answer = struct.pack("!HHHIH", 0xC00C, self.A, 1, 60, 4) + b"\x7f\0\0\1"
            head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, answers, 0, 0)
            self.socket.sendto(head + query[12:end + 4] + answer * answers, peer)
