"""A client of the remote shell that holds the server to its protocol: docs/shell-protocol.md."""

import re

import netkit_server

# A payload line begins with a space; these are all the others there may be.
STATUS = re.compile(rb"ok|error: [^\n]+|bye(: [^\n]+)?")


class Shell:
    """One session. Every answer is checked for its form."""

    def __init__(self, address, token=None, **options):
        self.socket = netkit_server.connect(address, **options)
        self._rest = b""
        greeting = self.line()
        assert greeting in (b"netkit-shell 1 ready", b"netkit-shell 1 token"), greeting
        self.needs_token = greeting.endswith(b"token")
        if token:
            assert self.request(f"token {token}") == ([], "ok")

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.socket.close()

    def send(self, request):
        data = request if isinstance(request, bytes) else request.encode()
        self.socket.sendall(data + b"\n")

    def line(self):
        """The next line without its end; None behind the last."""
        while b"\n" not in self._rest:
            piece = self.socket.recv(65536)
            if not piece:
                assert self._rest == b"", f"broken off in {self._rest!r}"
                return None
            self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        assert not re.search(rb"[\x00-\x1f\x7f]", line), f"control characters in {line!r}"
        return line

    def answer(self):
        """(payload lines, status) of one answer."""
        payload = []
        while (line := self.line()) is not None and line.startswith(b" "):
            payload.append(line[1:])
        assert line is not None, f"no status behind {payload[-3:]}"
        assert STATUS.fullmatch(line), line
        return payload, line.decode()

    def request(self, request):
        self.send(request)
        return self.answer()

    def names(self, request="ls"):
        """The lines of a request that has to succeed, as text."""
        payload, status = self.request(request)
        assert status == "ok", (request, status)
        return [line.decode() for line in payload]

    def pwd(self):
        (path,) = self.names("pwd")
        return path

    def cd(self, directory=""):
        assert self.request(f"cd {directory}") == ([], "ok"), directory

    def error(self, request):
        """The text of the error that a request has to bring."""
        payload, status = self.request(request)
        assert payload == [] and status.startswith("error: "), (request, payload, status)
        return status.removeprefix("error: ")

    def is_at_end(self):
        """The server has closed the connection, in the orderly way."""
        return self.line() is None


def quote(name):
    """A name (bytes) as a word of a request: every byte that means something is written in
    hexadecimal digits."""
    return b'"' + re.sub(rb"[^A-Za-z0-9_./ ]", lambda m: b"\\x%02x" % m.group()[0], name) + b'"'


def unescape(text):
    """The bytes of a name that the server has written."""
    single = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}

    def byte(match):
        return single.get(match.group(1)) or bytes([int(match.group(1)[1:], 16)])

    return re.sub(rb"\\(x[0-9a-f]{2}|[nrt\\])", byte, text)
