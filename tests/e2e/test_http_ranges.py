"""Parts of files: resumed downloads, seeking in films, several parts at once (RFC 9110 14)."""

import email
import email.policy
import os
import random
import socket
import subprocess

import pytest

from http_client import HttpClient, fetch, request
from netkit_server import PATIENCE

KIB = 1024
MIB = 1024 * KIB

SMALL = random.Random(1).randbytes(1000)
LARGE = random.Random(2).randbytes(3 * MIB + 17)


@pytest.fixture(scope="module")
def server(serve_module, tmp_path_factory):
    root = tmp_path_factory.mktemp("ranges")
    (root / "small").write_bytes(SMALL)
    (root / "large").write_bytes(LARGE)
    (root / "empty").write_bytes(b"")
    (root / "page.html").write_bytes(SMALL)
    for path in root.iterdir():
        os.utime(path, (10**9, 10**9))
    return serve_module("http", "127.0.0.1:0", "--root", root)


@pytest.fixture(params=["/small", "/large"])
def path(request):
    return request.param


def content_of(path):
    return {"/small": SMALL, "/large": LARGE, "/page.html": SMALL, "/empty": b""}[path]


# The value of Range, and what it means of a file of N bytes: (first, last), or a status.
CASES = [
    ("bytes=0-0", lambda n: (0, 0)),
    ("bytes=0-99", lambda n: (0, 99)),
    ("bytes=100-", lambda n: (100, n - 1)),
    ("bytes=-1", lambda n: (n - 1, n - 1)),
    ("bytes=-100", lambda n: (n - 100, n - 1)),
    ("bytes=-99999999", lambda n: (0, n - 1)),
    ("bytes=0-", lambda n: (0, n - 1)),
    ("bytes=999-99999999", lambda n: (999, n - 1)),
    ("bytes=0-18446744073709551616", lambda n: (0, n - 1)),
    ("bytes=0-1,99999999-", lambda n: (0, 1)),  # one is left: no need of several parts
    ("Bytes=5-6", lambda n: (5, 6)),
    ("bytes=5-2", lambda n: 200),
    ("bytes=a-b", lambda n: 200),
    ("bytes=-", lambda n: 200),
    ("bytes=", lambda n: 200),
    ("lines=0-1", lambda n: 200),
    ("bytes=0-5,3-9", lambda n: 200),
    ("bytes=" + "0-,-5," * 250, lambda n: 200),
    ("bytes=" + ",".join(f"{2 * i}-{2 * i}" for i in range(65)), lambda n: 200),
    ("bytes=-0", lambda n: 416),
    ("bytes=99999999-", lambda n: 416),
    ("bytes=18446744073709551616-", lambda n: 416),
    ("bytes=18446744073709551615-18446744073709551616", lambda n: 416),
]


@pytest.mark.dispatchers
@pytest.mark.parametrize("value, meaning", CASES, ids=[case[0][:40] for case in CASES])
def test_one_range(server, path, value, meaning):
    """The wrong bytes, the wrong length, or the next response out of step."""
    content = content_of(path)
    expected = meaning(len(content))
    with HttpClient(server) as client:
        for _ in range(2):
            response = client.get(path, f"Range: {value}")
            if isinstance(expected, tuple):
                first, last = expected
                assert response.status == 206
                assert response["Content-Range"] == f"bytes {first}-{last}/{len(content)}"
                assert response.body == content[first : last + 1]
            elif expected == 416:
                assert response.status == 416
                assert response["Content-Range"] == f"bytes */{len(content)}"
            else:
                assert (response.status, response.body) == (200, content)
                assert response["Content-Range"] is None
        head = client.get(path, f"Range: {value}", method="HEAD")
        assert (head.status, head["Content-Length"]) == (200, str(len(content)))


def test_nothing_of_an_empty_file(server):
    """A range of nothing: 416, not a part with an end before its beginning."""
    for value in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        response = fetch(server, "/empty", f"Range: {value}")
        assert (response.status, response["Content-Range"]) == (416, "bytes */0")


def test_part_keeps_the_fields_of_the_whole(server, path):
    """A client that resumes cannot see whether the file is still the same."""
    whole = fetch(server, path)
    part = fetch(server, path, "Range: bytes=1-2")
    for name in ("ETag", "Last-Modified", "Content-Type", "Accept-Ranges"):
        assert part[name] == whole[name]


def test_if_range(server, path):
    """A part of a new file behind the beginning of an old one (row 55)."""
    whole = fetch(server, path)
    tag, date = whole["ETag"], whole["Last-Modified"]
    for state, status in (
        (tag, 206),
        (date, 206),
        ("W/" + tag, 200),
        ('"x"', 200),
        (tag.strip('"'), 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 200),
    ):
        response = fetch(server, path, "Range: bytes=1-2", f"If-Range: {state}")
        assert response.status == status, state
        assert response.body == (content_of(path)[1:3] if status == 206 else content_of(path))
    # what cannot be satisfied, of another state, is not even looked at
    assert fetch(server, path, "Range: bytes=99999999-", 'If-Range: "x"').status == 200


def test_if_range_with_the_date_of_this_second(serve_root, root):
    """The file changes once more within the second that its date tells: the rest of the new state
    is put behind the beginning of the old one (RFC 9110 8.8.2.2)."""
    (root / "file").write_bytes(SMALL)
    os.utime(root / "file", (2**32, 2**32))  # a time to come is told as that of the answer
    server = serve_root()
    whole = fetch(server, "/file")
    for state, status in ((whole["Last-Modified"], 200), (whole["ETag"], 206)):
        part = fetch(server, "/file", "Range: bytes=1-2", f"If-Range: {state}")
        assert part.status == status, state


# ---- several ----


def parts_of(response):
    """[(first, last, size, type, bytes)] of a multipart/byteranges response."""
    assert response.status == 206
    assert response["Content-Range"] is None
    head = f"Content-Type: {response['Content-Type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + response.body, policy=email.policy.HTTP)
    assert message.get_content_type() == "multipart/byteranges"
    assert not message.defects, message.defects
    boundary = message.get_boundary()
    # The parser of e-mail may touch line ends in binary data: the bytes are cut out here.
    pieces = response.body.split(b"--" + boundary.encode())
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
    parts = []
    for piece in pieces[1:-1]:
        fields, data = piece.split(b"\r\n\r\n", 1)
        fields = email.message_from_bytes(fields.lstrip() + b"\r\n\r\n")
        span, size = fields["Content-Range"].removeprefix("bytes ").split("/")
        first, last = map(int, span.split("-"))
        parts.append((first, last, int(size), fields["Content-Type"], data.removesuffix(b"\r\n")))
    return parts


SEVERAL = [
    "bytes=0-0,-1",
    "bytes=900-999,0-99,500-599",
    "bytes=0-499, 500-999",
    "bytes=" + ",".join(f"{2 * i}-{2 * i}" for i in range(64)),
    "bytes=0-9,99999999-,20-29",
]


@pytest.mark.dispatchers
@pytest.mark.parametrize("value", SEVERAL, ids=lambda value: value[:40])
def test_several_ranges(server, path, value):
    """Parts in another order, with other bytes, or a body of another length than announced."""
    content = content_of(path)
    spans = []
    for member in value.removeprefix("bytes=").split(","):
        first, last = member.strip().split("-")
        if first == "":
            spans.append((len(content) - int(last), len(content) - 1))
        elif last != "":
            spans.append((int(first), int(last)))
    with HttpClient(server) as client:
        for _ in range(2):
            parts = parts_of(client.get(path, f"Range: {value}"))
            assert [part[:2] for part in parts] == spans
            for first, last, size, kind, data in parts:
                assert (size, kind) == (len(content), "application/octet-stream")
                assert data == content[first : last + 1]
        assert client.get("/small").body == SMALL


def test_type_of_parts(server):
    """The parts say what the whole says."""
    parts = parts_of(fetch(server, "/page.html", "Range: bytes=0-1,3-4"))
    assert {part[3] for part in parts} == {"text/html; charset=utf-8"}


@pytest.mark.dispatchers
@pytest.mark.threads
@pytest.mark.parametrize("threads", [0, 2])
def test_several_large_ranges_to_a_slow_client(serve, root, threads):
    """Parts that the kernel sends and parts from memory, with a client that takes them in small
    pieces: something is lost, doubled, or held in memory."""
    (root / "file").write_bytes(LARGE)
    server = serve("http", "127.0.0.1:0?sndbuf=32k", "--root", root, "--threads", threads)
    spans = [(2_000_000, 3_000_000), (0, 1_000_000), (1_500_000, 1_500_009), (1_600_000, 1_900_000)]
    value = ",".join(f"{first}-{last}" for first, last in spans)
    with HttpClient(server) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        client.send(request("/file", f"Range: bytes={value}") + request("/file", "Range: bytes=5-6"))
        parts = parts_of(client.receive())
        assert [part[:2] for part in parts] == spans
        for first, last, _, _, data in parts:
            assert data == LARGE[first : last + 1]
        assert client.receive().body == LARGE[5:7]


def test_clients_leave_in_the_middle_of_parts(serve_root, root):
    """A descriptor or memory of an unfinished response is lost."""
    (root / "file").write_bytes(LARGE)
    server = serve_root()
    value = "Range: bytes=0-1000000,1000002-2000000,2000002-"
    fetch(server, "/file", "Range: bytes=0-1")
    server.wait_for_no_clients()
    baseline = server.proc.descriptors()
    for _ in range(20):
        with HttpClient(server) as client:
            client.send(request("/file", value))
            assert client.socket.recv(1000)
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)


def test_a_file_that_shrinks_between_parts(serve_root, root):
    """Something else in the place of bytes that are gone; the connection has to end instead."""
    size = 200 * MIB  # more than any buffer of the kernel holds
    with open(root / "file", "wb") as file:
        file.truncate(size)
    server = serve_root()
    with HttpClient(server) as client:
        client.send(request("/file", f"Range: bytes=0-{size - 100},{size - 50}-"))
        received = client.socket.recv(1000)
        os.truncate(root / "file", 10)
        try:
            while piece := client.socket.recv(MIB):
                received += piece
        except ConnectionResetError:
            pass
        assert len(received) < size
        assert f"bytes {size - 50}-".encode() not in received


# ---- real clients ----


def run(*arguments):
    return subprocess.run([str(word) for word in arguments], check=True, capture_output=True,
                          timeout=PATIENCE)


def test_curl_gets_a_range(server, need):
    """curl --range gets something else, or everything."""
    result = run(need("curl"), "-sS", "--fail", "--range", "1000000-1999999",
                 server.address + "large")
    assert result.stdout == LARGE[1_000_000:2_000_000]


def test_curl_gets_several_ranges(server, need):
    """curl with several ranges."""
    result = run(need("curl"), "-sS", "--fail", "--range", "0-9,20-29", server.address + "large")
    assert LARGE[:10] in result.stdout and LARGE[20:30] in result.stdout


@pytest.mark.parametrize("have", [0, 1, 70_000, len(LARGE) - 1])
def test_curl_resumes(server, tmp_path, need, have):
    """curl -C - leaves a hole, or begins again behind what it has."""
    copy = tmp_path / "copy"
    copy.write_bytes(LARGE[:have])
    run(need("curl"), "-sS", "--fail", "-C", "-", "-o", copy, server.address + "large")
    assert copy.read_bytes() == LARGE


@pytest.mark.parametrize("have", [0, 1, 70_000, len(LARGE) - 1, len(LARGE)])
def test_wget_resumes(server, tmp_path, need, have):
    """wget -c leaves a hole, begins again, or fails with what is complete (416)."""
    copy = tmp_path / "large"
    copy.write_bytes(LARGE[:have])
    run(need("wget"), "-q", "-c", "-P", tmp_path, server.address + "large")
    assert copy.read_bytes() == LARGE
