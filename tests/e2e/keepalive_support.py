"""The keepalive protocol as its clients and servers see it."""

import struct

SIZE = 1028
PING, PONG = 1, 2


def message(kind, data=b"", order=">"):
    return struct.pack(order + "I", kind) + data.ljust(SIZE - 4, b"\0")


def receive_ping(client):
    """The data of the next PING."""
    received = b""
    while len(received) < SIZE:
        piece = client.recv(SIZE - len(received))
        if not piece:
            raise ConnectionError("the prober has gone")
        received += piece
    assert received[:4] == b"\0\0\0\1"
    return received[4:]
