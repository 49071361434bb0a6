"""The keepalive protocol as its clients and servers see it."""

import struct

SIZE = 1028
PING, PONG = 1, 2


def message(kind, data=b"", order=">"):
    return struct.pack(order + "I", kind) + data.ljust(SIZE - 4, b"\0")
