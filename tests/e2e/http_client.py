"""A client that sends exactly the bytes it is told to and believes nothing.

Every response is checked for what holds for all of them: its syntax, its
framing to the byte, the fields that every response carries.
"""

import fcntl
import re
import socket
import termios
import time
from dataclasses import dataclass, field

import netkit_server

_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\x20-\x7e]*)")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")
_DATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3]\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" \d{4} [0-2]\d:[0-5]\d:[0-6]\d GMT"
)

REASONS = {
    100: "Continue",
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    206: "Partial Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}


@dataclass
class Response:
    status: int
    reason: str
    fields: list = field(default_factory=list)
    body: bytes = b""

    def __getitem__(self, name):
        """The value of a field that occurs at most once, or None."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} occurs {len(values)} times"
        return values[0] if values else None

    def says_close(self):
        return (self["Connection"] or "").lower() == "close"


class HttpClient:
    """One connection."""

    def __init__(self, server, timeout=netkit_server.PATIENCE, **options):
        address = server if isinstance(server, str) else server.address
        self.socket = netkit_server.connect(address, timeout=timeout, **options)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # ---- sending ----

    def send(self, data):
        self.socket.sendall(data)

    def offer(self, data):
        """Send what the server takes of a body that it may refuse: after its answer it reads on
        only for a while (64 KiB or 2 s) and closes. The answer can be received all the same."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_bytewise(self, data):
        """One byte at a time, each read by the server before the next one goes out (over a unix
        socket the kernel tells how much is unread). A server may answer and close in the middle."""
        assert self.socket.family == socket.AF_UNIX
        try:
            for i in range(len(data)):
                self.socket.sendall(data[i : i + 1])
                self._wait_until_read()
        except BrokenPipeError:
            pass

    def _wait_until_read(self):
        deadline = time.monotonic() + netkit_server.PATIENCE
        while int.from_bytes(fcntl.ioctl(self.socket, termios.TIOCOUTQ, bytes(4)), "little"):
            assert time.monotonic() < deadline, "the server does not read"
            time.sleep(0)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    # ---- receiving ----

    def _fill(self):
        piece = self.socket.recv(1 << 18)
        self._buffer += piece
        return bool(piece)

    def receive(self, method="GET"):
        """The next response, complete and checked."""
        response = self._receive_head()
        if response["Transfer-Encoding"] == "chunked" and method != "HEAD":
            response.body = b"".join(iter(self._receive_chunk, b""))
            return response
        length = self._body_length(response, method)
        pieces = [self._buffer[:length]]
        self._buffer = self._buffer[length:]
        missing = length - len(pieces[0])
        while missing > 0:
            piece = self.socket.recv(min(missing, 1 << 20))
            assert piece, f"the end {missing} bytes before the end of a body of {length}"
            pieces.append(piece)
            missing -= len(piece)
        response.body = b"".join(pieces)
        return response

    def _receive_line(self):
        while b"\r\n" not in self._buffer:
            assert self._fill(), f"the end in the middle of a line: {self._buffer!r}"
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line

    def _receive_chunk(self):
        """The data of the next chunk, framed as strictly as it can be; b"" for the last one."""
        line = self._receive_line()
        assert re.fullmatch(rb"0|[1-9a-f][0-9a-f]*", line), f"not the size of a chunk: {line!r}"
        size = int(line, 16)
        while len(self._buffer) < size + 2:
            assert self._fill(), f"the end in the middle of a chunk of {size}"
        chunk, end, self._buffer = (
            self._buffer[:size],
            self._buffer[size : size + 2],
            self._buffer[size + 2 :],
        )
        assert end == b"\r\n", f"{end!r} behind a chunk"
        return chunk

    def _receive_head(self):
        while b"\r\n\r\n" not in self._buffer:
            assert self._fill(), f"the end in the middle of a head: {self._buffer!r}"
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        line, *rows = head.split(b"\r\n")
        match = _STATUS_LINE.fullmatch(line)
        assert match, f"not a status line: {line!r}"
        fields = []
        for row in rows:
            parts = _FIELD.fullmatch(row)
            assert parts, f"not a header field: {row!r}"
            fields.append((parts.group(1).decode(), (parts.group(2) or b"").decode()))
        response = Response(int(match.group(1)), match.group(2).decode(), fields)
        check_fields(response)
        return response

    @staticmethod
    def _body_length(response, method):
        if method == "HEAD" or response.status < 200 or response.status in (204, 304):
            return 0
        return int(response["Content-Length"])

    def expect_end(self):
        """The server has closed, in an orderly way, and sent nothing more."""
        assert self._buffer == b"", f"unexpected bytes: {self._buffer[:300]!r}"
        rest = self.socket.recv(4096)
        assert rest == b"", f"unexpected bytes: {rest[:300]!r}"

    def expect_silence(self, seconds=0.2):
        """Nothing has been sent and nothing is."""
        assert self._buffer == b"", f"unexpected bytes: {self._buffer[:300]!r}"
        self.socket.settimeout(seconds)
        try:
            piece = self.socket.recv(4096)
            raise AssertionError(f"unexpected bytes or end: {piece[:300]!r}")
        except TimeoutError:
            pass
        finally:
            self.socket.settimeout(netkit_server.PATIENCE)

    # ---- both ----

    def get(self, target, *fields, method="GET"):
        """One request on the open connection."""
        self.send(request(target, *fields, method=method))
        return self.receive(method)


def check_fields(response):
    """What every response has to carry, and what none may."""
    assert response.reason == REASONS[response.status], response
    if response.status < 200:
        return
    assert response["X-Content-Type-Options"] == "nosniff", response
    assert _DATE.fullmatch(response["Date"] or ""), response
    length = response["Content-Length"]
    if response["Transfer-Encoding"] is not None:
        assert response["Transfer-Encoding"] == "chunked", response
        assert length is None, response
    elif response.status in (204, 304):
        assert length is None, response
    else:
        assert re.fullmatch(r"0|[1-9]\d*", length or ""), response
        assert response["Content-Type"], response
    if response.status == 405:
        assert set(response["Allow"].split(", ")) >= {"GET", "HEAD", "OPTIONS"}, response


def request(target, *fields, method="GET", version="HTTP/1.1", host="localhost", body=b""):
    """The bytes of a request; fields are whole lines without their end."""
    lines = [f"{method} {target} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += fields
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def fetch(server, target, *fields, method="GET"):
    """One request on a connection of its own."""
    with HttpClient(server) as client:
        return client.get(target, *fields, "Connection: close", method=method)
