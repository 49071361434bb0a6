"""Many echo clients at once, each of which checks every byte that comes back."""

import random
import selectors
import socket
import time

import netkit_server

# A prime number of bytes: a block that arrives twice or not at all never fits.
_PATTERN = random.Random(1).randbytes(65521)
_STREAM = memoryview(_PATTERN * 3)
_PIECE = 65536


def pattern(offset, size):
    """`size` bytes of the endless stream from `offset` on."""
    start = offset % len(_PATTERN)
    if start + size <= len(_STREAM):
        return _STREAM[start : start + size]
    copies = (start + size) // len(_PATTERN) + 1
    return memoryview(_PATTERN * copies)[start : start + size]


class EchoClient:
    """Sends `size` bytes, half-closes, and expects exactly these and the end."""

    def __init__(self, client, size, start=0, half_close=True):
        self.socket = client
        self.size = size
        self.start = start
        self.half_close = half_close
        self.sent = 0
        self.received = 0
        client.setblocking(False)

    def wanted(self):
        write = selectors.EVENT_WRITE if self.sent < self.size else 0
        return selectors.EVENT_READ | write

    def send(self):
        piece = pattern(self.start + self.sent, min(_PIECE, self.size - self.sent))
        try:
            self.sent += self.socket.send(piece)
        except BlockingIOError:
            return
        if self.sent == self.size and self.half_close:
            self.socket.shutdown(socket.SHUT_WR)

    def receive(self):
        """Returns whether this client has got all it waits for."""
        try:
            piece = self.socket.recv(_PIECE)
        except BlockingIOError:
            return False
        if not piece:
            assert self.received == self.size, f"the end after {self.received} of {self.size} bytes"
            return True
        assert piece == pattern(self.start + self.received, len(piece)), (
            f"wrong bytes between {self.received} and {self.received + len(piece)}"
        )
        self.received += len(piece)
        return self.received == self.size and not self.half_close


def run_clients(clients, timeout=120):
    """Drives all clients to their end."""
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        for client in clients:
            if client.size == 0 and client.half_close:
                client.socket.shutdown(socket.SHUT_WR)
            selector.register(client.socket, client.wanted(), client)
        left = len(clients)
        while left > 0:
            ready = selector.select(timeout=max(0, deadline - time.monotonic()))
            assert ready, f"{left} of {len(clients)} clients are not done within {timeout} s"
            for key, events in ready:
                client = key.data
                before = client.wanted()
                if events & selectors.EVENT_WRITE and client.sent < client.size:
                    client.send()
                if events & selectors.EVENT_READ and client.receive():
                    selector.unregister(client.socket)
                    left -= 1
                elif client.wanted() != before:
                    selector.modify(client.socket, client.wanted(), client)


def echo_round(address, count, size):
    """`count` clients that are all connected at the same time echo `size` bytes each."""
    clients = [
        EchoClient(netkit_server.connect(address), size, start=number * 7919)
        for number in range(count)
    ]
    try:
        run_clients(clients)
    finally:
        for client in clients:
            client.socket.close()


def exchange(address, size, **options):
    """One client."""
    with netkit_server.connect(address, **options) as client:
        run_clients([EchoClient(client, size)])


def receive_all(client):
    """Everything up to the end."""
    pieces = []
    while piece := client.recv(_PIECE):
        pieces.append(piece)
    return b"".join(pieces)


def receive_exactly(client, size):
    pieces = b""
    while len(pieces) < size:
        piece = client.recv(size - len(pieces))
        assert piece, f"the end after {len(pieces)} of {size} bytes"
        pieces += piece
    return pieces


def check_served(address, text=b"hello"):
    """A client is served at once."""
    with netkit_server.connect(address, timeout=10) as client:
        client.sendall(text)
        assert receive_exactly(client, len(text)) == text
