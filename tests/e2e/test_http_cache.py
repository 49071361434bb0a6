"""Small files in memory: they are served from there, and never for longer than a second after
they have changed; nothing is served from there that would not be served from the disk."""

import os
import time

import pytest

from http_client import HttpClient, fetch, request
from netkit_server import PATIENCE, unprivileged, wait_until

# What is in memory counts for one second; the rest is a machine with much to do.
LIMIT = 10


def until(client, path, condition, what):
    """Asks until the condition holds for the response, which it does soon."""
    deadline = time.monotonic() + LIMIT
    while not condition(response := client.get(path)):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return response


def test_a_file_is_served_from_memory(serve_root, root):
    """Every request opens its file: the cache is off, or never fresh."""
    (root / "file").write_bytes(b"even")
    server = serve_root("--threads", 0)
    contents = [b"even", b"odd"]
    with HttpClient(server) as client:
        for number in range(1, 500):
            # Some of these come right behind a look at the disk, and the answer is the old one.
            (root / "new").write_bytes(contents[number % 2])
            before = client.get("/file").body
            os.replace(root / "new", root / "file")
            after = client.get("/file").body
            if before == after != contents[number % 2]:
                break
            time.sleep(0.02)
        else:
            raise AssertionError("never served from memory")


@pytest.mark.dispatchers
@pytest.mark.parametrize("name", ["file", "index.html"])
def test_changes_are_noticed(serve_root, root, name):
    """What was there once is served for ever."""
    path = "/" if name == "index.html" else "/" + name
    file = root / name
    file.write_bytes(b"1")
    server = serve_root()
    with HttpClient(server) as client:
        assert client.get(path).body == b"1"
        file.write_bytes(b"2")  # in place, as long, perhaps within one tick of the clock
        until(client, path, lambda response: response.body == b"2", "a rewrite goes unnoticed")
        (root / "new").write_bytes(b"3")
        os.replace(root / "new", file)
        until(client, path, lambda response: response.body == b"3", "a new file goes unnoticed")
        with open(file, "ab") as more:
            more.write(b"+")
        until(client, path, lambda response: response.body == b"3+", "growth goes unnoticed")
        file.rename(root / "elsewhere")
        if name != "index.html":  # the directory then has a listing
            until(client, path, lambda response: response.status == 404, "removal goes unnoticed")
        (root / "elsewhere").rename(file)
        until(client, path, lambda response: response.body == b"3+", "a return goes unnoticed")


def test_what_is_missing_is_not_remembered(serve_root, root):
    """A file that has just been made is not found for a second."""
    server = serve_root()
    with HttpClient(server) as client:
        for number in range(20):
            assert client.get(f"/{number}").status == 404
            (root / f"{number}").write_bytes(b"now it is")
            assert client.get(f"/{number}").status == 200


def test_rules_hold_for_what_is_in_memory(serve_root, root):
    """A file in memory is served although it has become a link that leads out, a directory, or
    something else that is not served."""
    (root.parent / "outside").write_bytes(b"secret")
    (root / "file").write_bytes(b"content")
    server = serve_root()
    with HttpClient(server) as client:
        assert client.get("/file").status == 200
        (root / "file").unlink()
        (root / "file").symlink_to("../outside")
        until(client, "/file", lambda response: response.status == 403, "a link out is served")
        (root / "file").unlink()
        (root / "file").write_bytes(b"content")
        until(client, "/file", lambda response: response.status == 200, "it stays refused")
        (root / "file").unlink()
        os.mkfifo(root / "file")
        until(client, "/file", lambda response: response.status == 403, "a FIFO is served")
        (root / "file").unlink()
        (root / "file").mkdir()
        until(client, "/file", lambda response: response.status == 301, "a directory is served")


def test_permission_is_noticed(serve, open_directory):
    """A file that may not be read any more is served from memory."""
    file = open_directory.path / "file"
    file.write_bytes(b"content")
    file.chmod(0o644)
    server = serve("http", "127.0.0.1:0", "--root", open_directory.path, prefix=unprivileged(),
                   program=open_directory.netkit)
    with HttpClient(server) as client:
        assert client.get("/file").status == 200
        file.chmod(0)
        until(client, "/file", lambda response: response.status == 403, "it is still served")


def test_names_lead_to_the_same_file(serve_root, root):
    """Two ways to write a name are two files in memory, or one file is served for another."""
    (root / "sub").mkdir()
    (root / "sub" / "index.html").write_bytes(b"sub")
    (root / "index.html").write_bytes(b"top")
    (root / "a").write_bytes(b"a")
    (root / "b").write_bytes(b"b")
    server = serve_root()
    with HttpClient(server) as client:
        for _ in range(2):
            for path, body in (("/", b"top"), ("/index.html", b"top"), ("/sub/", b"sub"),
                               ("/sub/index.html", b"sub"), ("/%61", b"a"), ("/x/../a", b"a"),
                               ("//a", b"a"), ("/b", b"b"), ("/a?b", b"a")):
                assert client.get(path).body == body, path
            assert client.get("/sub")["Location"] == "/sub/"
            assert client.get("/a/").status == 404
            assert client.get("/index.html/").status == 404
        assert client.get("/.a").status == 404


def test_every_kind_of_request(serve_root, root):
    """HEAD with a body, HTTP/1.0 without its answer to keep-alive, a close that is not said."""
    (root / "file").write_bytes(b"content")
    server = serve_root()
    for _ in range(2):
        with HttpClient(server) as client:
            head = client.get("/file", method="HEAD")
            whole = client.get("/file")
            assert (head.body, whole.body) == (b"", b"content")
            unlike = [name for name, _ in whole.fields if head[name] != whole[name]]
            assert set(unlike) <= {"Date"}
            client.send(request("/file", "Connection: keep-alive", version="HTTP/1.0"))
            assert client.receive()["Connection"] == "keep-alive"
            assert client.get("/file", f"If-None-Match: {whole['ETag']}").status == 304
            assert client.get("/file", "Range: bytes=1-3").body == b"ont"
            last = client.get("/file", "Connection: close")
            assert (last.body, last["Connection"]) == (b"content", "close")
            client.expect_end()


@pytest.mark.dispatchers
def test_pipelined_requests(serve_root, root):
    """Answers from memory and from the disk change places."""
    sizes = [0, 1, 100, 5000, 16_000, 20_000, 65_000, 66_000, 3]
    for size in sizes:
        (root / str(size)).write_bytes(os.urandom(size))
    server = serve_root()
    with HttpClient(server) as client:
        for _ in range(3):
            client.send(b"".join(request(f"/{size}") for size in sizes * 3))
            for size in sizes * 3:
                assert client.receive().body == (root / str(size)).read_bytes()


def test_date_is_of_today(serve_root, root):
    """A response from memory has the date of the first one."""
    (root / "file").write_bytes(b"content")
    server = serve_root()
    with HttpClient(server) as client:
        first = client.get("/file")["Date"]
        until(client, "/file", lambda response: response["Date"] != first, "the clock stands")


def test_without_a_cache(serve_root, root):
    """--cache 0 still keeps files."""
    (root / "file").write_bytes(b"1")
    server = serve_root("--cache", 0)
    with HttpClient(server) as client:
        for number in range(20):
            content = f"{number}".encode()
            (root / "file").write_bytes(content)
            assert client.get("/file").body == content


@pytest.mark.threads
def test_many_threads(serve_root, root):
    """Loops disturb each other's memory."""
    for number in range(50):
        (root / f"{number}").write_bytes(f"{number}".encode() * 1000)
    server = serve_root("--threads", 3, "--cache", "100k")
    clients = [HttpClient(server, timeout=PATIENCE) for _ in range(12)]
    for turn in range(20):
        for index, client in enumerate(clients):
            client.send(request(f"/{(turn * 7 + index) % 50}"))
        for index, client in enumerate(clients):
            number = (turn * 7 + index) % 50
            assert client.receive().body == f"{number}".encode() * 1000
    for client in clients:
        client.close()
    assert fetch(server, "/7").body == b"7" * 1000


def test_a_large_file_is_kept_open_but_not_believed(serve_root, root):
    """A large file is opened for every request; or one that was changed, replaced or removed is
    served as it was, or its length with another content."""
    first, second = b"1" * 100_000, b"2" * 100_000
    (root / "file").write_bytes(first)
    server = serve_root("--threads", 0)
    with HttpClient(server) as client:
        wait_until(lambda: client.get("/file").body == first and
                   str(root / "file") in server.proc.descriptor_targets(), "it is kept open")
        etag = client.get("/file")["ETag"]
        (root / "file").write_bytes(second)
        changed = client.get("/file")
        assert changed.body == second and changed["ETag"] != etag
        (root / "new").write_bytes(first + b"!")
        os.replace(root / "new", root / "file")
        assert client.get("/file").body == first + b"!"
        with open(root / "file", "ab") as more:
            more.write(b"+")
        assert client.get("/file").body == first + b"!+"
        (root / "file").unlink()
        assert client.get("/file").status == 404


def test_a_removed_file_frees_its_room(serve_root, root):
    """A server that nobody asks any more keeps a removed film on the disk."""
    (root / "film").write_bytes(bytes(200_000))
    server = serve_root("--threads", 0)
    with HttpClient(server) as client:
        assert len(client.get("/film").body) == 200_000
        (root / "film").unlink()
        wait_until(lambda: not any("film" in target for target in server.proc.descriptor_targets()),
                   "it is closed")
