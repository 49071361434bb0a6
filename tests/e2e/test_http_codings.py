"""Content codings: coded files beside a file, and what --compress makes (RFC 9110 8.4, 12.5.3)."""

import gzip
import os
import random
import subprocess
import time

import pytest

from http_client import HttpClient, fetch, request
from netkit_server import PATIENCE, wait_until

KIB = 1024

# Text that gets smaller; a few sizes around the limits of memory and of what is coded.
TEXT = b"".join(b"line %d of the text, which says much the same\n" % i for i in range(4000))
NOISE = random.Random(1).randbytes(100_000)

ALL = "Accept-Encoding: gzip, deflate, br, zstd"


def decode(need, coding, body):
    """The content, by the program of those who made the coding."""
    if coding is None:
        return body
    if coding == "gzip":
        return gzip.decompress(body)
    program = {"br": "brotli", "zstd": "zstd"}[coding]
    return subprocess.run([need(program), "-d", "-c"], input=body, check=True,
                          capture_output=True, timeout=PATIENCE).stdout


def accept(value):
    return [] if value is None else [f"Accept-Encoding: {value}"]


# ---- files beside a file ----


@pytest.fixture
def site(root):
    """page.html with all codings, only.css with gzip alone; each says what it is."""
    (root / "page.html").write_bytes(b"<p>as it is")
    for name in ("page.html.gz", "page.html.br", "page.html.zst"):
        (root / name).write_bytes(name.encode())
    (root / "only.css").write_bytes(b"css as it is")
    (root / "only.css.gz").write_bytes(b"only.css.gz")
    (root / "photo.jpg").write_bytes(b"photo")
    (root / "photo.jpg.gz").write_bytes(b"photo.jpg.gz")
    (root / "unknown").write_bytes(b"as it is")
    (root / "unknown.gz").write_bytes(b"unknown.gz")
    return root


CHOICES = [
    ("/page.html", None, None),
    ("/page.html", "gzip", "gzip"),
    ("/page.html", "gzip, deflate, br, zstd", "br"),
    ("/page.html", "gzip, zstd", "zstd"),
    ("/page.html", "gzip;q=1.0, br;q=0.5", "gzip"),
    ("/page.html", "br;q=0, *", "zstd"),
    ("/page.html", "identity", None),
    ("/page.html", "", None),
    ("/page.html", "identity, gzip;q=0.5", None),
    ("/page.html", "*;q=0", None),
    ("/page.html", "deflate", None),
    ("/page.html", "gzip;q=0", None),
    ("/only.css", "br, gzip", "gzip"),
    ("/only.css", "br", None),
    ("/unknown", "gzip", "gzip"),
    ("/photo.jpg", "gzip", None),  # nobody compresses a photo: not even looked for
]


@pytest.mark.parametrize("path, value, coding", CHOICES)
def test_choice(serve_root, site, path, value, coding):
    """A client gets a coding that it did not ask for, or the larger file."""
    server = serve_root()
    suffix = {None: "", "gzip": ".gz", "br": ".br", "zstd": ".zst"}[coding]
    content = (site / (path[1:] + suffix)).read_bytes()
    plain = fetch(server, path)
    with HttpClient(server) as client:
        for _ in range(3):
            response = client.get(path, *accept(value))
            assert (response.status, response.body) == (200, content)
            assert response["Content-Encoding"] == coding
            assert response["Content-Type"] == plain["Content-Type"]
            assert (response["ETag"] == plain["ETag"]) == (coding is None)
        head = client.get(path, *accept(value), method="HEAD")
        assert head["Content-Length"] == str(len(content))
        assert head["ETag"] == response["ETag"]


def test_vary(serve_root, site):
    """A cache between gives a coding to a client that cannot read it."""
    server = serve_root()
    for value in (None, "gzip", "identity"):
        assert fetch(server, "/page.html", *accept(value))["Vary"] == "Accept-Encoding"
    coded = fetch(server, "/page.html", "Accept-Encoding: gzip")
    known = fetch(server, "/page.html", "Accept-Encoding: gzip", f"If-None-Match: {coded['ETag']}")
    assert (known.status, known["Vary"]) == (304, "Accept-Encoding")
    (site / "alone.html").write_bytes(b"x")
    assert fetch(server, "/alone.html", "Accept-Encoding: gzip")["Vary"] is None


def test_every_coding_has_its_own_tag(serve_root, site):
    """A client joins the parts of two codings, or keeps one for the other."""
    server = serve_root()
    tags = {value: fetch(server, "/page.html", *accept(value))["ETag"]
            for value in (None, "gzip", "br", "zstd")}
    assert len(set(tags.values())) == 4
    for value, tag in tags.items():
        for other in tags:
            response = fetch(server, "/page.html", *accept(other), f"If-None-Match: {tag}")
            assert response.status == (304 if value == other else 200)


def test_part_of_a_coding(serve_root, site):
    """A range of a coded file is one of the bytes that are sent."""
    server = serve_root()
    response = fetch(server, "/page.html", "Accept-Encoding: br", "Range: bytes=5-8")
    assert (response.status, response["Content-Encoding"]) == (206, "br")
    assert response["Content-Range"] == "bytes 5-8/12"
    assert response.body == b"html"


def test_coded_file_by_its_own_name(serve_root, site):
    """page.html.gz is an archive when it is asked for by name: browsers must not unpack it."""
    response = fetch(serve_root(), "/page.html.gz", ALL)
    assert response["Content-Type"] == "application/gzip"
    assert response["Content-Encoding"] is None
    assert response.body == b"page.html.gz"


def test_index_in_a_coding(serve_root, site):
    """The index of a directory is never coded."""
    (site / "index.html").write_bytes(b"as it is")
    (site / "index.html.gz").write_bytes(b"coded")
    server = serve_root()
    for _ in range(2):
        response = fetch(server, "/", "Accept-Encoding: gzip")
        assert (response.body, response["Content-Encoding"]) == (b"coded", "gzip")


def test_a_coded_file_that_is_older(serve_root, site):
    """A page is edited, and its old coding is served for ever."""
    old = time.time() - 100
    os.utime(site / "page.html.br", (old, old))
    server = serve_root()
    response = fetch(server, "/page.html", "Accept-Encoding: br, gzip")
    assert response["Content-Encoding"] == "gzip"
    with HttpClient(server) as client:
        (site / "page.html").write_bytes(b"new")
        later = time.time() + 5
        os.utime(site / "page.html", (later, later))
        wait_until(lambda: client.get("/page.html", "Accept-Encoding: gzip").body == b"new",
                   "the coding of the old page is not served any more")


@pytest.mark.parametrize("content", [b"as it is", TEXT], ids=["small", "large"])
def test_a_coded_file_comes_and_goes(serve_root, root, content):
    """What was beside a file once is served, or a 404, when it is gone; or requests without
    a pause keep the server from ever looking again."""
    (root / "page.html").write_bytes(content)
    server = serve_root()
    with HttpClient(server) as client:
        assert client.get("/page.html", ALL).body == content
        (root / "page.html.gz").write_bytes(b"coded")
        wait_until(lambda: client.get("/page.html", ALL).body == b"coded", "it is served")
        (root / "page.html.gz").unlink()
        wait_until(lambda: client.get("/page.html", ALL).body == content, "it is gone")


def test_rules_hold_for_coded_files(serve_root, root):
    """A coded file that is a link out of the root, a directory, or may not be seen."""
    (root.parent / "outside").write_bytes(b"secret")
    (root / "page.html").write_bytes(b"as it is")
    (root / "page.html.br").symlink_to("../outside")
    (root / "page.html.gz").mkdir()
    os.mkfifo(root / "page.html.zst")
    server = serve_root()
    for _ in range(2):
        response = fetch(server, "/page.html", ALL)
        assert (response.body, response["Content-Encoding"]) == (b"as it is", None)


def test_large_coded_file(serve_root, root):
    """A coding that is too large for memory; a file that is, with a coding that is not."""
    (root / "a.txt").write_bytes(TEXT)
    (root / "a.txt.gz").write_bytes(NOISE)
    (root / "b.txt").write_bytes(TEXT)
    (root / "b.txt.gz").write_bytes(b"small")
    server = serve_root()
    with HttpClient(server) as client:
        for _ in range(3):
            assert client.get("/a.txt", "Accept-Encoding: gzip").body == NOISE
            assert client.get("/b.txt", "Accept-Encoding: gzip").body == b"small"
            assert client.get("/a.txt").body == client.get("/b.txt").body == TEXT


# ---- --compress ----


@pytest.mark.dispatchers
@pytest.mark.threads
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_compressed_content(serve_root, root, need, coding, threads):
    """Other content than that of the file, or another length."""
    sizes = [1024, 5000, 65_535, 65_536, 180_000]
    for size in sizes:
        (root / f"{size}.txt").write_bytes(TEXT[:size])
    server = serve_root("--compress", "--threads", threads)
    with HttpClient(server) as client:
        for size in sizes * 2:
            response = client.get(f"/{size}.txt", f"Accept-Encoding: {coding}")
            assert response["Content-Encoding"] == coding
            assert response["Content-Type"] == "text/plain; charset=utf-8"
            assert response["Vary"] == "Accept-Encoding"
            assert len(response.body) < size / 2
            assert decode(need, coding, response.body) == TEXT[:size]
            head = client.get(f"/{size}.txt", f"Accept-Encoding: {coding}", method="HEAD")
            assert head["Content-Length"] == str(len(response.body))
            assert head["ETag"] == response["ETag"]


def test_not_everything_is_compressed(serve_root, root):
    """Small files, photos, noise, parts, and clients that do not ask get what is there."""
    for name, content in (("small.txt", TEXT[:1023]), ("photo.png", TEXT), ("noise.txt", NOISE),
                          ("text.txt", TEXT)):
        (root / name).write_bytes(content)
    server = serve_root("--compress")
    with HttpClient(server) as client:
        for _ in range(3):
            for name, content in (("small.txt", TEXT[:1023]), ("photo.png", TEXT),
                                  ("noise.txt", NOISE)):
                response = client.get(f"/{name}", ALL)
                assert (response["Content-Encoding"], response.body) == (None, content)
            response = client.get("/text.txt")
            assert (response["Content-Encoding"], response.body) == (None, TEXT)
            response = client.get("/text.txt", ALL, "Range: bytes=100-199")
            assert (response.status, response["Content-Encoding"]) == (206, None)
            assert response.body == TEXT[100:200]
    assert fetch(serve_root(), "/text.txt", ALL)["Content-Encoding"] is None  # without --compress


def test_conditions_of_what_is_compressed(serve_root, root):
    """A client gets again what it has, or keeps one coding for another."""
    (root / "file.txt").write_bytes(TEXT)
    old = time.time() - 1000
    os.utime(root / "file.txt", (old, old))
    server = serve_root("--compress")
    plain = fetch(server, "/file.txt")
    tags = {}
    for coding in ("gzip", "br", "zstd"):
        response = fetch(server, "/file.txt", f"Accept-Encoding: {coding}")
        tags[coding] = response["ETag"]
        assert response["Last-Modified"] == plain["Last-Modified"]
    assert len({plain["ETag"], *tags.values()}) == 4
    for coding, tag in tags.items():
        for other in tags:
            response = fetch(server, "/file.txt", f"Accept-Encoding: {other}",
                             f"If-None-Match: {tag}")
            assert response.status == (304 if coding == other else 200)
    assert fetch(server, "/file.txt", ALL, f"If-Match: {tags['br']}").status == 200
    assert fetch(server, "/file.txt", ALL, f"If-Match: {tags['gzip']}").status == 412


def test_the_same_file_is_compressed_once(serve_root, root):
    """Every request costs the work of a compressor."""
    (root / "file.txt").write_bytes(TEXT * 20)
    server = serve_root("--compress", "--threads", 0)
    asking = request("/file.txt", "Accept-Encoding: br")
    time.sleep(3.1)  # from then on a change would show in the time of the file
    before = server.proc.cpu_seconds()
    with HttpClient(server) as client:
        client.send(asking)
        first = client.receive()
        once = server.proc.cpu_seconds() - before
        client.send(asking * 100)
        for _ in range(100):
            assert client.receive().body == first.body
        assert server.proc.cpu_seconds() - before < 20 * once


def test_changes_of_what_is_compressed(serve_root, root, need):
    """A new content is served in the coding of the old one."""
    (root / "file.txt").write_bytes(TEXT)
    server = serve_root("--compress")
    with HttpClient(server) as client:
        assert gzip.decompress(client.get("/file.txt", "Accept-Encoding: gzip").body) == TEXT
        for content in (TEXT[::-1], TEXT[:50_000], TEXT[100:50_100]):
            (root / "file.txt").write_bytes(content)
            wait_until(
                lambda: decode(need, "gzip", client.get("/file.txt", "Accept-Encoding: gzip").body)
                == content, "the new content")


def test_a_coded_file_comes_first(serve_root, root):
    """Work for something that lies there."""
    (root / "file.txt").write_bytes(TEXT)
    (root / "file.txt.br").write_bytes(b"coded")
    server = serve_root("--compress")
    for _ in range(2):
        assert fetch(server, "/file.txt", ALL).body == b"coded"
        assert gzip.decompress(fetch(server, "/file.txt", "Accept-Encoding: gzip").body) == TEXT


@pytest.mark.threads
def test_more_work_than_workers(serve_root, root, need):
    """Many files at once: a client gets another one's file, nothing, or an error; plain is fine."""
    count = 120
    contents = [b"file %d\n" % number + TEXT[: 20_000 + number] for number in range(count)]
    for number, content in enumerate(contents):
        (root / f"{number}.txt").write_bytes(content)
    server = serve_root("--compress", "--threads", 2)
    clients = [HttpClient(server) for _ in range(count)]
    for number, client in enumerate(clients):
        client.send(request(f"/{number}.txt", "Accept-Encoding: gzip"))
    for client in clients[::5]:
        client.close()  # before its answer is there
    for number, client in enumerate(clients):
        if number % 5 == 0:
            continue
        response = client.receive()
        assert response.status == 200
        assert decode(need, response["Content-Encoding"], response.body) == contents[number]
        client.close()
    server.wait_for_no_clients()


def test_stop_while_files_are_compressed(serve_root, root):
    """An answer that is being made when the server stops is lost, or crashes it."""
    for number in range(8):
        (root / f"{number}.txt").write_bytes(TEXT * 10)
    server = serve_root("--compress")
    clients = [HttpClient(server) for _ in range(8)]
    for number, client in enumerate(clients):
        client.send(request(f"/{number}.txt", "Accept-Encoding: br"))
    wait_until(lambda: server.statistics()["requests"] == 8, "all have asked")
    server.send_signal()
    for client in clients:
        assert client.receive().status == 200
        client.expect_end()
        client.close()
    server.check()


def test_descriptors_of_what_is_kept(serve_root, root):
    """Results in memory files are lost when they leave."""
    for number in range(40):
        content = TEXT + random.Random(number).randbytes(100_000).hex().encode()
        (root / f"{number}.txt").write_bytes(content)
    server = serve_root("--compress", "--cache", "512k", "--threads", 0)
    with HttpClient(server) as client:
        for number in range(40):
            assert client.get(f"/{number}.txt", "Accept-Encoding: gzip").status == 200
        assert server.proc.descriptors() < 40


@pytest.mark.parametrize("options", [[], ["--cache", "0"]])
def test_curl_decodes(serve_root, root, tmp_path, need, options):
    """curl --compressed gets something else than without it."""
    (root / "file.html").write_bytes(TEXT)
    server = serve_root("--compress", *options)
    for name in ("first", "second"):
        subprocess.run([need("curl"), "-sS", "--fail", "--compressed", "-o", tmp_path / name,
                        server.address + "file.html"], check=True, timeout=PATIENCE)
        assert (tmp_path / name).read_bytes() == TEXT
