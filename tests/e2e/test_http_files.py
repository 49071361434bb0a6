"""A directory over HTTP: what is served, under which name, and what never is."""

import filecmp
import hashlib
import os
import random
import socket
import stat
import subprocess
import threading
import time
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

import pytest

import netkit_server
from http_client import HttpClient, fetch, request
from netkit_server import NOBODY, PATIENCE, unprivileged, wait_until

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

# What is in memory counts for one second; the rest is a machine with much to do.
NOTICED = 10

SECRET = b"the secret outside of the root\n"


def write_random(path, size, seed=1):
    """A file whose every block is different."""
    source = random.Random(seed)
    with open(path, "wb") as file:
        while size > 0:
            block = source.randbytes(min(size, MIB))
            file.write(block)
            size -= len(block)


@pytest.fixture
def root(tmp_path, root):
    """A directory to serve, with a secret beside it."""
    (tmp_path / "secret").write_bytes(SECRET)
    return root


def quote(name):
    """The shortest path of a URL for a name."""
    return "/" + urllib.parse.quote(os.fsencode(name), safe="/!$&'()*+,;=:@~")


def quote_all(name):
    """Every byte encoded, hexadecimal digits in lower case."""
    return "/" + "".join(
        "/" if byte == 0x2F else f"%{byte:02x}" for byte in os.fsencode(name)
    )


# ---- bytes ----


def curl_into(path, url, need, *options):
    subprocess.run(
        [need("curl"), "-sS", "--fail", "-o", path, *options, url],
        check=True,
        timeout=10 * PATIENCE,
    )


@pytest.mark.dispatchers
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize(
    "size", [0, 1, 4095, 4096, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB, 64 * MIB]
)
def test_curl_gets_every_byte(serve_root, root, tmp_path, need, size, threads):
    """A file is cut, doubled or mixed up where one way of sending ends and another begins."""
    write_random(root / "file", size)
    server = serve_root("--threads", threads)
    curl_into(tmp_path / "copy", server.address + "file", need)
    assert (tmp_path / "copy").stat().st_size == size
    assert filecmp.cmp(root / "file", tmp_path / "copy", shallow=False)


@pytest.mark.full
def test_curl_gets_every_byte_of_a_large_file(serve_root, root, tmp_path, need):
    """The same with 1 GiB."""
    write_random(root / "file", GIB)
    server = serve_root()
    curl_into(tmp_path / "copy", server.address + "file", need)
    assert filecmp.cmp(root / "file", tmp_path / "copy", shallow=False)


@pytest.mark.full
def test_file_of_more_than_4_gib(serve_root, root, need):
    """An offset or a length of 32 bits."""
    with open(root / "file", "wb") as file:
        file.write(b"begin")
        file.seek(5 * GIB - 3)
        file.write(b"end")
    server = serve_root()
    fetcher = subprocess.Popen(
        [need("curl"), "-sS", "--fail", server.address + "file"], stdout=subprocess.PIPE
    )
    size, first, last = 0, b"", b""
    while block := fetcher.stdout.read(MIB):
        first = first or block[:5]
        last = (last + block)[-3:]
        size += len(block)
    assert fetcher.wait(PATIENCE) == 0
    assert (size, first, last) == (5 * GIB, b"begin", b"end")


def test_length_of_a_file_of_more_than_4_gib(serve_root, root):
    """The same for the head alone."""
    with open(root / "file", "wb") as file:
        file.truncate(5 * GIB)
    response = fetch(serve_root(), "/file", method="HEAD")
    assert response["Content-Length"] == str(5 * GIB)


@pytest.mark.dispatchers
def test_files_on_one_connection(serve_root, root):
    """The end of a file that was sent by the kernel runs into the next response."""
    sizes = [0, 1, 70_000, 64 * KIB, 300_000, 5, 64 * KIB - 1, 2 * MIB, 0]
    for number, size in enumerate(sizes):
        write_random(root / f"f{number}", size, seed=number)
    server = serve_root()
    with HttpClient(server) as client:
        client.send(b"".join(request(f"/f{number}") for number in range(len(sizes))))
        for number in range(len(sizes)):
            assert client.receive().body == (root / f"f{number}").read_bytes()


@pytest.mark.dispatchers
@pytest.mark.threads
def test_many_clients_get_their_own_files(serve_root, root):
    """Files of different clients are mixed up, or descriptors of files leak."""
    for number in range(10):
        write_random(root / f"f{number}", 100_000 * number, seed=number)
    server = serve_root("--threads", 3)
    contents = [(root / f"f{number}").read_bytes() for number in range(10)]
    fetch(server, "/f0")  # a large one would still be open
    wait_until(lambda: server.statistics()["open"] == 0, "the first client has gone")
    baseline = server.proc.descriptors()
    problems = []

    def work(number):
        try:
            with HttpClient(server) as client:
                for i in range(30):
                    which = (number + i) % 10
                    assert client.get(f"/f{which}").body == contents[which]
        except Exception as problem:  # a failure in a thread has to reach the test
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)


def test_over_a_unix_socket(serve, root, tmp_path, need):
    """sendfile or the address of the peer works only over TCP."""
    write_random(root / "file", 300_000)
    path = tmp_path / "socket"
    serve("http", f"unix:{path}", "--root", root)
    curl_into(tmp_path / "copy", "http://localhost/file", need, "--unix-socket", path)
    assert filecmp.cmp(root / "file", tmp_path / "copy", shallow=False)


def test_the_current_directory_is_the_default(serve, root):
    """`netkit serve http` serves something else than where the user is."""
    (root / "here").write_bytes(b"here I am")
    server = serve("http", "127.0.0.1:0", cwd=root)
    assert server.address == f"http://127.0.0.1:{server.port}/"
    assert fetch(server, "/here").body == b"here I am"


# ---- names ----

ODD_NAMES = [
    "ä.txt",
    "日本語.txt",
    "a b",
    " ",
    "a%b",
    "a%20b",
    "%2e",
    "%2e%2e",
    "a?b",
    "a#b",
    "a+b",
    "a&b=c",
    "a'b",
    'a"b',
    "<script>alert(1)<script>",
    "a;b",
    "a:b",
    "http:b",
    "~",
    "a\\b",
    "..a",
    "a..",
    "-",
    "a*",
    "a\nb",
    "a\r\nb: c",
    "a\tb",
    "\x01\x7f",
    os.fsdecode(b"\xff\xfe"),
    os.fsdecode(b"\xc0\xae"),
    "x" * 255,
    "CON",
    "a.",
    "$(id)",
    "{a,b}",
    "[a]",
    "a|b",
    "a^b`",
]


@pytest.fixture(scope="module")
def odd_server(serve_module, tmp_path_factory):
    """Files and directories with odd names; each file holds its own name."""
    root = tmp_path_factory.mktemp("odd")
    (root / "dirs").mkdir()
    (root / "files").mkdir()
    for name in ODD_NAMES:
        (root / "files" / name).write_bytes(os.fsencode(name))
        (root / "dirs" / name).mkdir()
        (root / "dirs" / name / "file").write_bytes(b"in " + os.fsencode(name))
    return serve_module("http", "127.0.0.1:0", "--root", root, "--dotfiles")


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: ascii(name)[:40])
def test_odd_names(odd_server, name):
    """A name is decoded twice, not at all, or cut at an odd byte."""
    for path in (quote("files/" + name), quote_all("files/" + name)):
        response = fetch(odd_server, path)
        assert (response.status, response.body) == (200, os.fsencode(name))


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: ascii(name)[:40])
def test_redirects_to_odd_names_can_be_followed(odd_server, name):
    """A directory without its slash leads nowhere, to another host, or splits the header."""
    response = fetch(odd_server, quote("dirs/" + name))
    assert response.status == 301
    location = response["Location"]
    assert location.startswith("/dirs/") and location.endswith("/")
    assert urllib.parse.unquote_to_bytes(location) == b"/dirs/" + os.fsencode(name) + b"/"
    target = urllib.parse.urlsplit(urllib.parse.urljoin("http://host/", location))
    assert (target.netloc, target.query, target.fragment) == ("host", "", "")
    assert fetch(odd_server, location + "file").body == b"in " + os.fsencode(name)


def test_query_is_no_part_of_the_name(serve_root, root):
    """A link with a query is not found."""
    (root / "file").write_bytes(b"content")
    server = serve_root()
    for target in ("/file?", "/file?a=b", "/file?/../x", "/file?%zz", "/file??"):
        assert fetch(server, target).body == b"content"


def test_dot_segments_inside_the_root(serve_root, root):
    """Relative links that a client has not resolved."""
    (root / "sub").mkdir()
    (root / "file").write_bytes(b"content")
    server = serve_root()
    for target in ("/./file", "/sub/../file", "/sub/./../file", "/sub/../sub/../file", "//file",
                   "/sub//../file", "/%2e/file", "/sub/%2E%2e/file"):
        assert fetch(server, target).body == b"content", target


def test_not_found(serve_root, root):
    """What is not there gets anything but 404."""
    (root / "file").write_bytes(b"content")
    server = serve_root()
    for target in ("/missing", "/missing/", "/missing/file", "/file/", "/file/more", "/FILE", "/fil",
                   "/file%20", "/" + "a" * 256, "/" + "/".join(["a" * 200] * 20)):
        assert fetch(server, target).status == 404, target


# ---- directories ----


def test_index_is_served_for_a_directory(serve_root, root):
    """A site shows a listing instead of its page."""
    (root / "index.html").write_bytes(b"<p>top")
    (root / "sub").mkdir()
    (root / "sub" / "index.html").write_bytes(b"<p>sub")
    server = serve_root()
    for target, body in (("/", b"<p>top"), ("/?q", b"<p>top"), ("/sub/", b"<p>sub")):
        response = fetch(server, target)
        assert (response.status, response.body) == (200, body)
        assert response["Content-Type"] == "text/html; charset=utf-8"
    assert fetch(server, "/sub")["Location"] == "/sub/"


@pytest.mark.parametrize("target", ["/dir", "//dir", "///dir", "/./dir", "/.//dir", "/x/../dir",
                                    "/%64ir", "//%64ir"])
def test_redirect_never_names_a_host(serve_root, root, target):
    """`Location: //dir/` sends the client to a host named dir."""
    (root / "dir").mkdir()
    (root / "x").mkdir()
    response = fetch(serve_root(), target)
    assert (response.status, response["Location"]) == (301, "/dir/")


def test_redirect_keeps_the_query(serve_root, root):
    """The query is lost, or moves into the path."""
    (root / "dir").mkdir()
    assert fetch(serve_root(), "/dir?a=b%26c")["Location"] == "/dir/?a=b%26c"


class Links(HTMLParser):
    """The links of a page but those that sort it or show where it is, and all text of it."""

    def __init__(self, page):
        super().__init__()
        self.links = []
        self.text = ""
        self.tags = set()
        self._aside = 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag in ("nav", "thead"):
            self._aside += 1
        if tag == "a" and not self._aside:
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag):
        if tag in ("nav", "thead"):
            self._aside -= 1

    def handle_data(self, data):
        self.text += data


def listing_of(server, target):
    response = fetch(server, target)
    assert response.status == 200
    assert response["Content-Type"] == "text/html; charset=utf-8"
    return Links(response.body.decode("utf-8"))


def test_links_of_a_listing_can_be_followed(odd_server):
    """An odd name in a listing is a dead link, a link to elsewhere, or runs as a script."""
    page = listing_of(odd_server, "/files/")
    found = set()
    for link in page.links:
        target = urllib.parse.urljoin("http://host/files/", link)
        parts = urllib.parse.urlsplit(target)
        assert parts.netloc == "host", link
        if parts.path == "/":
            continue  # up
        response = fetch(odd_server, target.removeprefix("http://host"))
        assert response.status == 200, link
        found.add(os.fsdecode(response.body))
    assert found == set(ODD_NAMES)
    assert "script" not in page.tags
    for name in ("ä.txt", "a b", "<script>alert(1)<script>", "a&b=c"):
        assert name in page.text


def test_title_of_a_listing_is_escaped(serve_root, root):
    """The name of the directory itself runs as a script."""
    (root / "<script>x").mkdir()
    page = listing_of(serve_root(), quote("<script>x") + "/")
    assert "script" not in page.tags
    assert "<script>x" in page.text


def test_listing_is_sorted_and_hides_dotfiles(serve_root, root):
    """The order of the file system, and names that are not for everybody."""
    for name in ("c", "a", "b", "10", "9", ".hidden", ".well-known", "Z"):
        (root / name).write_bytes(b"")
    (root / "dir").mkdir()
    (root / "adir").mkdir()
    page = listing_of(serve_root(), "/")
    names = [urllib.parse.unquote(link).removeprefix("./") for link in page.links]
    files = [name for name in names if not name.endswith("/")]
    directories = [name for name in names if name.endswith("/")]
    assert files == ["9", "10", "a", "b", "c", "Z"]
    assert directories == ["adir/", "dir/"]


def test_listing_shows_dotfiles_when_asked_to(serve_root, root):
    """--dotfiles serves what nobody can find."""
    (root / ".hidden").write_bytes(b"")
    page = listing_of(serve_root("--dotfiles"), "/")
    assert page.links == ["./.hidden"]


def test_listing_of_an_empty_directory(serve_root):
    """Nothing to list is taken for an error."""
    page = listing_of(serve_root(), "/")
    assert page.links == []


def test_listing_has_a_way_up(serve_root, root):
    """Down is easy, up needs the address bar; at the top there is no up."""
    (root / "a" / "b").mkdir(parents=True)
    server = serve_root()
    for target, parent in (("/a/", "/"), ("/a/b/", "/a/")):
        links = [urllib.parse.urljoin(target, link) for link in listing_of(server, target).links]
        assert parent in links
    assert "../" not in listing_of(server, "/").links


def test_listing_of_a_large_directory(serve_root, root):
    """A page larger than any buffer."""
    for number in range(3000):
        (root / f"a rather long name for the file with the number {number:05}").touch()
    server = serve_root()
    page = listing_of(server, "/")
    assert len(page.links) == 3000
    assert page.links == sorted(page.links)


@pytest.mark.threads
@pytest.mark.dispatchers
def test_many_listings_at_once(serve_root, root):
    """Listings are made on other threads: one reaches the wrong client, or one that has left."""
    for number in range(20):
        (root / f"d{number}").mkdir()
        (root / f"d{number}" / f"only-{number}").touch()
    server = serve_root("--threads", 2)
    clients = [HttpClient(server) for _ in range(60)]
    for number, client in enumerate(clients):
        client.send(request(f"/d{number % 20}/"))
    for client in clients[::3]:
        client.close()  # before its answer is there
    for number, client in enumerate(clients):
        if number % 3 == 0:
            continue
        response = client.receive()
        if response.status == 200:
            assert Links(response.body.decode()).links[-1] == f"./only-{number % 20}"
        else:
            assert response.status == 503
            assert response["Retry-After"]
        client.close()
    assert listing_of(server, "/d7/").links[-1] == "./only-7"


def test_stop_while_directories_are_listed(serve_root, root):
    """A listing that is being made when the server stops is lost, or crashes it."""
    for number in range(2000):
        (root / f"{number}").touch()
    server = serve_root()
    clients = [HttpClient(server) for _ in range(10)]
    for client in clients:
        client.send(request("/"))
    wait_until(lambda: server.statistics()["requests"] == 10, "all have asked")
    server.send_signal()
    for client in clients:
        response = client.receive()
        assert response.status == 200
        client.expect_end()
        client.close()
    server.check()


# ---- types ----

TYPES = {
    "a.html": "text/html; charset=utf-8",
    "a.HTM": "text/html; charset=utf-8",
    "a.css": "text/css; charset=utf-8",
    "a.js": "text/javascript; charset=utf-8",
    "a.mjs": "text/javascript; charset=utf-8",
    "a.txt": "text/plain; charset=utf-8",
    "a.c": "text/plain; charset=utf-8",
    "a.md": "text/markdown; charset=utf-8",
    "a.json": "application/json",
    "a.xml": "text/xml; charset=utf-8",
    "a.svg": "image/svg+xml",
    "a.png": "image/png",
    "a.JPG": "image/jpeg",
    "a.jpeg": "image/jpeg",
    "a.gif": "image/gif",
    "a.webp": "image/webp",
    "a.ico": "image/vnd.microsoft.icon",
    "a.woff2": "font/woff2",
    "a.pdf": "application/pdf",
    "a.wasm": "application/wasm",
    "a.mp4": "video/mp4",
    "a.mp3": "audio/mpeg",
    "a.zip": "application/zip",
    "a.gz": "application/gzip",
    "a.tar.gz": "application/gzip",
    "a.html.bin": "application/octet-stream",
    "a.unheard-of": "application/octet-stream",
    "README": "application/octet-stream",
    "a.": "application/octet-stream",
    "html": "application/octet-stream",
}


def test_media_types(serve_root, root):
    """A page is downloaded instead of shown, or a download is run as a page."""
    for name in TYPES:
        (root / name).write_bytes(b"<html>")
    server = serve_root()
    with HttpClient(server) as client:
        told = {name: client.get(f"/{name}")["Content-Type"] for name in TYPES}
    assert told == TYPES


# ---- what is not served ----

TRAVERSAL = {
    "/../secret": 400,
    "/../../../../../../etc/passwd": 400,
    "/sub/../../secret": 400,
    "/./../secret": 400,
    "/sub//../../secret": 400,
    "/..": 400,
    "/sub/../..": 400,
    "/%2e%2e/secret": 400,
    "/%2E./secret": 400,
    "/.%2e/secret": 400,
    "/sub/%2e%2e/%2e%2e/secret": 400,
    "http://host/../secret": 400,
    "http://host/%2e%2e/secret": 400,
    "/..%2fsecret": 404,
    "/..%2Fsecret": 404,
    "/%2e%2e%2fsecret": 404,
    "/sub%2f..%2f..%2fsecret": 404,
    "/..%252fsecret": 404,
    "/%252e%252e/secret": 404,
    "/%25%32%65%25%32%65/secret": 404,
    "/..%5csecret": 404,
    "/..\\secret": 404,
    "/%2e%2e%5csecret": 404,
    "/%c0%ae%c0%ae/secret": 404,
    "/%c0%ae%c0%ae%c0%afsecret": 404,
    "/..%c0%afsecret": 404,
    "/%e0%80%ae%e0%80%ae/secret": 404,
    "/..%ef%bc%8fsecret": 404,
    "/%uff0e%uff0e/secret": 400,
    "/..;/secret": 404,
    "/.../secret": 404,
    "/....//secret": 404,
    "/..%20/secret": 404,
    "/..%00/secret": 400,
    "/sub%00/../../secret": 400,
    "/.%00./secret": 400,
    "/..%0d%0a/secret": 404,
    "/~root/secret": 404,
    "//secret": 404,
    "/sub/secret": 404,
    "/proc/self/environ": 404,
}


@pytest.mark.parametrize("options", [[], ["--dotfiles"], ["--follow-symlinks"]], ids=str)
def test_nothing_outside_of_the_root(serve_root, root, options):
    """An encoding of `..` or `/` that one step of the way decodes and another does not."""
    (root / "sub").mkdir()
    server = serve_root(*options)
    for target, status in TRAVERSAL.items():
        response = fetch(server, target)
        assert SECRET not in response.body, target
        assert b"root:" not in response.body, target
        assert response.status == status, target


@pytest.fixture
def links(root, tmp_path):
    """All kinds of symbolic links, by the status they get without any option."""
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "file").write_bytes(b"content")
    (root / "sub" / "file").write_bytes(b"content")
    os.symlink("file", root / "to-file")
    os.symlink("to-file", root / "to-link")
    os.symlink("sub", root / "to-dir")
    os.symlink("../../file", root / "sub" / "deep" / "up")
    os.symlink("./sub/../file", root / "with-dots")
    os.symlink(root / "file", root / "absolute-inside")
    os.symlink("/etc", root / "absolute-dir")
    os.symlink(tmp_path / "secret", root / "absolute-secret")
    os.symlink("../secret", root / "up-and-out")
    os.symlink("..", root / "parent")
    os.symlink("../root/file", root / "out-and-in")
    os.symlink("absolute-secret", root / "to-bad-link")
    os.symlink("/proc/self/cwd", root / "magic")
    os.symlink("/proc/self/fd/0", root / "magic-descriptor")
    os.symlink("loop", root / "loop")
    os.symlink("nowhere", root / "dangling")
    return root


INSIDE = ["/to-file", "/to-link", "/to-dir/file", "/sub/deep/up", "/with-dots", "/to-dir/deep/up"]
OUTSIDE = ["/absolute-inside", "/absolute-dir/passwd", "/absolute-secret", "/up-and-out",
           "/parent/secret", "/out-and-in", "/to-bad-link", "/magic/file", "/magic-descriptor",
           "/loop", "/loop/file"]


def test_symbolic_links_inside_are_followed(serve_root, links):
    """Sites that use links do not work."""
    server = serve_root()
    for target in INSIDE:
        response = fetch(server, target)
        assert (response.status, response.body) == (200, b"content"), target
    assert fetch(server, "/to-dir").status == 301
    assert fetch(server, "/dangling").status == 404


def test_symbolic_links_out_are_refused(serve_root, links):
    """Whoever may write into the root reads everything that the server may read."""
    server = serve_root()
    for target in OUTSIDE:
        response = fetch(server, target)
        assert response.status == 403, target
        assert SECRET not in response.body


def test_symbolic_links_out_are_followed_when_asked_to(serve_root, links):
    """--follow-symlinks does nothing, or opens the magic links of /proc, too."""
    server = serve_root("--follow-symlinks")
    for target in [*INSIDE, "/absolute-inside", "/out-and-in"]:
        assert fetch(server, target).body == b"content", target
    for target in ("/absolute-secret", "/up-and-out", "/parent/secret", "/to-bad-link"):
        assert fetch(server, target).body == SECRET, target
    assert fetch(server, "/absolute-dir/passwd").status == 200
    for target in ("/magic/file", "/magic-descriptor", "/loop"):
        assert fetch(server, target).status == 403, target
    assert fetch(server, "/dangling").status == 404


def test_index_that_is_a_link_out(serve_root, root, tmp_path):
    """The index page is opened past the rule."""
    os.symlink(tmp_path / "secret", root / "index.html")
    response = fetch(serve_root(), "/")
    assert SECRET not in response.body
    assert response.status in (200, 403)


DOTFILES = ["/.hidden", "/.git/config", "/sub/.hidden", "/sub/.git/config", "/%2ehidden",
            "/sub/.well-known/file", "/.well-known/.hidden", "/.well-knownx"]


@pytest.fixture
def dotfiles(root):
    for name in (".hidden", ".git/config", "sub/.hidden", "sub/.git/config", ".well-known/file",
                 "sub/.well-known/file", ".well-known/.hidden", ".well-knownx"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"content")
    return root


def test_dotfiles_are_not_found(serve_root, dotfiles):
    """.git, .htpasswd and .env are there for everybody, or at least their existence is."""
    server = serve_root()
    for target in DOTFILES:
        assert fetch(server, target).status == 404, target
    assert fetch(server, "/.well-known/file").body == b"content"
    assert fetch(server, "/.well-known").status == 301
    assert fetch(server, "/.git").status == 404, "a redirect tells that it is there"


def test_dotfiles_are_served_when_asked_to(serve_root, dotfiles):
    """--dotfiles does nothing."""
    server = serve_root("--dotfiles")
    for target in DOTFILES:
        assert fetch(server, target).body == b"content", target


def test_special_files_are_refused_at_once(serve_root, root):
    """A FIFO without a writer blocks the thread and all its clients."""
    os.mkfifo(root / "fifo")
    os.mkfifo(root / "index.html")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(root / "socket"))
        targets = ["/fifo", "/socket"]
        try:
            os.mknod(root / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
            os.mknod(root / "zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
            targets += ["/null", "/zero"]
        except PermissionError:
            pass  # only root makes devices
        server = serve_root("--threads", 0)
        started = time.monotonic()
        for target in targets:
            assert fetch(server, target).status == 403, target
        assert fetch(server, "/").status in (200, 403)
        assert time.monotonic() - started < 5


@pytest.mark.skipif(os.getuid() != 0, reason="needs a second user")
def test_unreadable_files_are_forbidden(serve, open_directory):
    """No permission is told as "not found", as an error of the server, or not noticed."""
    root = open_directory.path / "root"
    root.mkdir()
    (root / "file").write_bytes(b"content")
    (root / "private").write_bytes(SECRET)
    (root / "private").chmod(0o600)
    (root / "closed").mkdir()
    (root / "closed" / "file").write_bytes(SECRET)
    (root / "closed").chmod(0o700)
    (root / "no-list").mkdir()
    (root / "no-list" / "file").write_bytes(b"content")
    (root / "no-list").chmod(0o711)
    server = serve(
        "http", "127.0.0.1:0", "--root", root, prefix=unprivileged(), program=open_directory.netkit
    )
    assert os.stat(f"/proc/{server.pid}").st_uid in (0, NOBODY)
    assert fetch(server, "/file").body == b"content"
    assert fetch(server, "/no-list/file").body == b"content"
    for target in ("/private", "/closed/", "/closed/file", "/closed/missing", "/no-list/"):
        response = fetch(server, target)
        assert response.status == 403, target
        assert SECRET not in response.body


# ---- files that change ----


@pytest.mark.dispatchers
def test_file_that_shrinks_while_it_is_sent(serve_root, root):
    """The missing part is filled up from the next response, and the client takes it for the file."""
    write_random(root / "file", 32 * MIB)
    (root / "next").write_bytes(SECRET)
    server = serve_root()
    with HttpClient(server, receive_buffer=4096) as client:
        client.send(request("/file") + request("/next"))
        head = client.socket.recv(16, socket.MSG_PEEK)
        assert head.startswith(b"HTTP/1.1 200 OK")
        os.truncate(root / "file", 100)
        received = b""
        try:
            while piece := client.socket.recv(MIB):
                received += piece
        except ConnectionResetError:
            pass
        assert len(received) < 32 * MIB
        assert SECRET not in received
    assert fetch(server, "/next").body == SECRET


@pytest.mark.dispatchers
def test_file_that_grows_while_it_is_sent(serve_root, root):
    """More than the announced length is sent, and read as the next response."""
    write_random(root / "file", 8 * MIB)
    before = (root / "file").read_bytes()
    server = serve_root()
    with HttpClient(server, receive_buffer=4096) as client:
        client.send(request("/file") + request("/file"))
        client.socket.recv(1, socket.MSG_PEEK)
        with open(root / "file", "ab") as file:
            file.write(b"more" * 1000)
        assert client.receive().body == before
        assert client.receive().body == before + b"more" * 1000


def test_file_that_is_removed_while_it_is_sent(serve_root, root):
    """The rest of an open file gets lost."""
    write_random(root / "file", 16 * MIB)
    before = (root / "file").read_bytes()
    server = serve_root()
    with HttpClient(server, receive_buffer=4096) as client:
        client.send(request("/file"))
        client.socket.recv(1, socket.MSG_PEEK)
        (root / "file").unlink()
        assert client.receive().body == before
    assert fetch(server, "/file").status == 404


@pytest.mark.parametrize("size", [100, 300_000])
def test_replaced_file(serve_root, root, size):
    """An old copy is served for longer than a second, or a mixture of old and new."""
    old, new = b"o" * size, b"n" * size
    (root / "file").write_bytes(old)
    server = serve_root()
    with HttpClient(server) as client:
        for _ in range(3):
            assert client.get("/file").body == old
        (root / "new").write_bytes(new)
        os.replace(root / "new", root / "file")
        deadline = time.monotonic() + NOTICED
        while (body := client.get("/file").body) != new:
            assert body == old
            assert time.monotonic() < deadline, "the old content is served on"
            time.sleep(0.01)
        (root / "file").unlink()
        deadline = time.monotonic() + NOTICED
        while client.get("/file").status != 404:
            assert time.monotonic() < deadline, "a removed file is served on"
            time.sleep(0.01)


def test_file_that_is_rewritten_in_place(serve_root, root):
    """Same name, same length, same inode: only the time tells."""
    (root / "file").write_bytes(b"old")
    server = serve_root()
    with HttpClient(server) as client:
        assert client.get("/file").body == b"old"
        (root / "file").write_bytes(b"new")
        deadline = time.monotonic() + NOTICED
        while client.get("/file").body != b"new":
            assert time.monotonic() < deadline, "the old content is served on"
            time.sleep(0.01)


def test_root_that_is_moved_away(serve_root, root):
    """The directory that was opened is what is served, whatever its name is now."""
    (root / "file").write_bytes(b"content")
    server = serve_root()
    root.rename(root.with_name("elsewhere"))
    assert fetch(server, "/file").body == b"content"


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_root_that_is_no_directory(root, kind):
    """The server starts and answers 404 to everything."""
    path = root / kind
    if kind == "file":
        path.write_bytes(b"")
    done = netkit_server.run("serve", "http", "127.0.0.1:0", "--root", path)
    assert done.returncode == 1
    reason = "no such file or directory" if kind == "missing" else "not a directory"
    assert done.stderr == f"netkit: cannot serve '{path}': {reason}\n"


def test_directory_as_an_address(root):
    """`netkit serve http DIR` is what everybody types: it gets the hint."""
    done = netkit_server.run("serve", "http", root)
    assert done.returncode == 2
    assert "--root" in done.stderr


def test_types_of_the_system(serve_root, root):
    """/etc/mime.types is not read: what our table leaves out is offered for download."""
    system = Path("/etc/mime.types")
    if not system.exists():
        pytest.skip("no /etc/mime.types")
    known = [line.split() for line in system.read_text().splitlines() if line[:1] not in ("#", "")]
    types = {extension: words[0] for words in reversed(known) for extension in words[1:]}
    tried = [extension for extension in ("xbm", "stl", "sgml", "cdx") if extension in types]
    server = serve_root()
    for extension in tried:
        (root / f"a.{extension}").write_bytes(b"x")
        response = fetch(server, f"/a.{extension}")
        assert response["Content-Type"].split(";")[0] == types[extension]
        is_text = types[extension].startswith("text/")
        assert ("charset=utf-8" in response["Content-Type"]) == is_text
    assert tried


# ---- --demo ----

HOME = (
    b"<html><head><title>This is network programming</title></head>"
    b"<body><h1>Hello, network programming</h1></body></html>"
)


@pytest.fixture
def demo(serve, root):
    (root / "file").write_bytes(SECRET)
    return serve("http", "127.0.0.1:0", "--demo", cwd=root)


def test_demo_routes(demo):
    """The routes of the course, to the byte."""
    assert len(HOME) == 116
    for target in ("/", "/?a=b", "/?/network"):
        response = fetch(demo, target)
        assert (response.status, response.body) == (200, HOME)
        assert response["Content-Type"].split(";")[0] == "text/html"
        assert response["Content-Length"] == "116"
    response = fetch(demo, "/network")
    assert (response.status, response.body) == (200, b"hello, network programming")
    assert response["Content-Type"].split(";")[0] == "text/plain"
    response = fetch(demo, "/photo")
    assert response.status == 200
    kind = response["Content-Type"]
    magic = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
    assert response.body.startswith(magic[kind])


def test_demo_serves_no_files(demo):
    """The current directory is served along with the routes."""
    for target in ("/file", "/network/", "/photo.png", "//", "/missing", "/index.html"):
        response = fetch(demo, target)
        assert response.status == 404, target
        assert SECRET not in response.body


def test_demo_keeps_and_closes_connections(demo):
    """Connection: close is not honoured, or keep-alive has no length."""
    with HttpClient(demo) as client:
        for _ in range(3):
            response = client.get("/")
            assert response["Content-Length"] == "116" and not response.says_close()
        assert client.get("/network", method="HEAD")["Content-Length"] == "26"
        assert client.get("/", "Connection: close").says_close()
        client.expect_end()


def test_demo_default_port(serve):
    """The demo is where every demo server of the course is: port 43211."""
    from test_server_addresses import start_on_default_port

    server = start_on_default_port(serve, "http", "--demo")
    assert {netkit_server.endpoint(address)[1][1] for address in server.addresses} == {43211}
    assert fetch(server, "/").body == HOME


@pytest.mark.parametrize("option", [["--root", "."], ["--dotfiles"], ["--follow-symlinks"]])
def test_demo_refuses_options_about_files(option):
    """An option that has no effect is ignored in silence."""
    done = netkit_server.run("serve", "http", "--demo", "127.0.0.1:0", *option)
    assert done.returncode == 2
    assert option[0] in done.stderr


# ---- a whole tree ----


def test_the_digest_of_a_tree(serve_root, root):
    """wget-like use: everything that a listing leads to arrives as it is."""
    tree = {}
    for number in range(40):
        path = root / f"d{number % 4}" / f"e{number % 3}" / f"file {number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_random(path, number * 5000, seed=number)
        tree[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    server = serve_root()
    found = {}

    def visit(path):
        for link in listing_of(server, path).links:
            target = urllib.parse.urljoin(path, link)
            if len(target) <= len(path):
                continue
            if target.endswith("/"):
                visit(target)
            else:
                name = urllib.parse.unquote(target[1:])
                found[name] = hashlib.sha256(fetch(server, target).body).hexdigest()

    visit("/")
    assert found == tree
