"""How a site is served: where it lies, what its responses tell browsers and caches, what stands in
for pages that are not there."""

import pytest

import netkit_server
from http_client import HttpClient, fetch

PREFLIGHT = ["Origin: http://elsewhere.example", "Access-Control-Request-Method: PUT"]


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root"
    (path / "sub").mkdir(parents=True)
    (path / "index.html").write_text("the application")
    (path / "sub" / "a.txt").write_text("a")
    return path


@pytest.fixture
def serve_root(serve, root):
    def start(*options):
        return serve("http", "127.0.0.1:0", "--root", root, *options)

    return start


# ---- header lines ----


def test_header_lines_are_on_every_response(serve_root):
    """A line that is missing on errors, or lost behind the remembered head of a first response."""
    server = serve_root("--header", "X-One: 1", "--header", "X-Two:  a b  ", "--header", "X-Empty:")
    with HttpClient(server) as client:
        for target, status in (("/", 200), ("/", 200), ("/sub", 301), ("/none", 404)):
            response = client.get(target)
            assert response.status == status
            assert (response["X-One"], response["X-Two"], response["X-Empty"]) == ("1", "a b", "")
        assert client.get("/", method="POST")["X-One"] == "1"


def test_many_long_header_lines_arrive_whole(serve_root):
    """Room for a head that does not grow with what it has to hold: lines that get lost."""
    words = []
    for i in range(32):
        words += ["--header", f"X-{i}: {'v' * 240}"]
    response = fetch(serve_root(*words), "/sub/a.txt")
    assert response.body == b"a"
    assert all(response[f"X-{i}"] == "v" * 240 for i in range(32))


@pytest.mark.parametrize(
    "option, value", [("--cache-control", "public, max-age=60"), ("--no-cache", "no-cache")]
)
def test_caching_is_for_what_is_there(serve_root, option, value):
    """A 404 that a cache keeps for a year because the files may be kept."""
    server = serve_root(option, *([value] if option == "--cache-control" else []))
    assert fetch(server, "/")["Cache-Control"] == value
    assert fetch(server, "/sub/")["Cache-Control"] == value
    assert fetch(server, "/none")["Cache-Control"] is None


def test_isolation(serve_root):
    """A page without these gets no SharedArrayBuffer."""
    response = fetch(serve_root("--isolate"), "/")
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


def test_cors(serve_root):
    """A browser that refuses the page of another site the response, or even the request."""
    server = serve_root("--cors")
    assert fetch(server, "/")["Access-Control-Allow-Origin"] == "*"
    assert fetch(server, "/none")["Access-Control-Allow-Origin"] == "*"
    answer = fetch(server, "/sub/a.txt", *PREFLIGHT, method="OPTIONS")
    assert answer.status == 204
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Allow-Methods"] == "*"
    assert answer["Access-Control-Allow-Headers"] == "*, Authorization"
    # An OPTIONS request that no browser has made by itself is what it was.
    plain = fetch(server, "/sub/a.txt", method="OPTIONS")
    assert plain["Allow"] and plain["Access-Control-Allow-Methods"] is None


def test_nothing_of_it_unasked(serve_root):
    """Other sites' pages may read what they were not meant to."""
    for method, fields in (("GET", []), ("OPTIONS", PREFLIGHT)):
        response = fetch(serve_root(), "/", *fields, method=method)
        names = {name.lower() for name, _ in response.fields}
        assert not any(name.startswith(("access-control-", "cross-origin-")) for name in names)
        assert "cache-control" not in names


# ---- pages for what is not there ----


def test_single_page_application(serve_root):
    """A reload in the middle of an application that gives 404, or a missing script that is HTML."""
    server = serve_root("--spa")
    for target in ("/", "/users", "/users/12/", "/a.b/c", "/sub/none", "/index.html/x"):
        response = fetch(server, target)
        assert (response.status, response.body) == (200, b"the application"), target
        assert response["Content-Type"] == "text/html; charset=utf-8"
    for target in ("/app.js", "/users/photo.png", "/.hidden"):
        assert fetch(server, target).status == 404, target
    assert fetch(server, "/sub/a.txt").body == b"a"
    assert fetch(server, "/users", method="POST").status == 405
    assert fetch(server, "/users", method="HEAD")["Content-Length"] == str(len("the application"))


def test_single_page_application_makes_up_no_names(serve_root):
    """A program that asks for figures, or for what is well known, takes a page for the answer."""
    server = serve_root("--spa", "--endpoints")
    for target in ("/_/metrics", "/_/none", "/_/", "/.git/config", "/a/.git/", "/.well-known/none"):
        assert fetch(server, target).status == 404, target
    for target in ("/_a", "/__/a", "/a/_/b", "/_/ip"):
        assert fetch(server, target).status == 200, target


def test_single_page_application_without_its_page(serve_root, root):
    """A loop, or a 500, when the page itself is missing."""
    (root / "index.html").unlink()
    assert fetch(serve_root("--spa"), "/users").status == 404


def test_page_for_404(serve_root, tmp_path):
    """A pretty page that is taken for a success, or that is shown for other errors."""
    page = tmp_path / "lost.html"
    page.write_text("<p>lost" + "!" * 100000)
    server = serve_root("--404", page)
    response = fetch(server, "/none")
    assert (response.status, response.body) == (404, page.read_bytes())
    assert response["Content-Type"] == "text/html; charset=utf-8"
    head = fetch(server, "/none", method="HEAD")
    assert (head.status, head["Content-Length"]) == (404, str(page.stat().st_size))
    assert fetch(server, "/", method="DELETE").body == b"405 Method Not Allowed\n"


@pytest.mark.parametrize(
    "make, reason",
    [
        (lambda path: None, "no such file or directory"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_bytes(bytes(262145)), "file too large"),
    ],
)
def test_page_for_404_that_cannot_be_read(root, tmp_path, make, reason):
    """The mistake shows up with the first wrong link instead of at the start."""
    path = tmp_path / "lost.html"
    make(path)
    done = netkit_server.run("serve", "http", "127.0.0.1:0", "--root", root, "--404", path)
    assert done.returncode == 1
    assert done.stderr == f"netkit: cannot read '{path}': {reason}\n"


# ---- where the site lies ----


def base_of(server):
    address, _, base = server.addresses[0].rpartition("/app")
    assert base == "/", server.addresses
    return address + "/"


def test_base_path(serve_root):
    """Behind a proxy that passes on /app: links and redirects that lead out of it."""
    server = serve_root("--base-path", "/app/")
    address = base_of(server)
    assert fetch(address, "/app/").body == b"the application"
    assert fetch(address, "/app/sub/a.txt").body == b"a"
    assert fetch(address, "/app/sub?q=1")["Location"] == "/app/sub/?q=1"
    for target, location in (("/app", "/app/"), ("/app?q=1", "/app/?q=1")):
        response = fetch(address, target)
        assert (response.status, response["Location"]) == (301, location)
    for target in ("/", "/sub/a.txt", "/apple", "/application/", "/x/app/", "/app%2f"):
        assert fetch(address, target).status == 404, target
    assert fetch(address, "/app/../sub/a.txt").status == 400
    assert fetch(address, "*", method="OPTIONS").status == 204
    assert fetch(address, "localhost:443", method="CONNECT").status == 405


def test_a_long_base_path_is_announced_whole(serve_root):
    """The URL that people copy and programs read ends in the middle."""
    base = "/" + 6 * ("a" * 100 + "/")
    server = serve_root("--base-path", base)
    address, _, announced = server.addresses[0].partition("/aaa")
    assert "/aaa" + announced == base
    assert f"listening on {server.addresses[0]}\n" in server.stderr()
    assert fetch(address + "/", base).body == b"the application"


def test_base_path_on_one_connection(serve_root):
    """The head of the last request is recognised: its path must not lose its start twice."""
    with HttpClient(base_of(serve_root("--base-path", "/app"))) as client:
        for _ in range(3):
            assert client.get("/app/sub/a.txt").body == b"a"
        assert client.get("/app/sub/a.txt", "Content-Length: 0").body == b"a"
        assert client.get("/app/sub/").status == 200  # comes back from another thread
        assert client.get("/app/sub/a.txt").body == b"a"


# ---- what makes no sense ----


@pytest.mark.parametrize(
    "words, message",
    [
        (["--header", "X"], "--header 'X': it is not written as 'Name: value'"),
        (["--header", "Content-Length: 5"], "the server alone says where a message ends"),
        (["--header", "transfer-encoding: chunked"], "the server alone says where a message ends"),
        (["--header", "Connection: close"], "the server alone says where a message ends"),
        (["--header", "DATE: now"], "the server writes this field itself"),
        (["--header", "X: a\r\nY: b"], "the value holds a control character"),
        (["--header", "X Y: b"], "the name holds a character that no field name may"),
        (["--cors", "--header", "Access-Control-Max-Age: 1"], "--cors says that"),
        (["--isolate", "--header", "Cross-Origin-Opener-Policy: x"], "--isolate says that"),
        (
            ["--header", "A: " + "a" * 4000, "--header", "B: " + "b" * 4090, "--header", "C: " + "c" * 100],
            "the lines have more than 8192 bytes together",
        ),
        (["--no-cache", "--cache-control", "x"], "exclude each other"),
        (["--cache-control", ""], "--cache-control: the value is empty"),
        (["--cache-control", "a\nb"], "that cannot stand in a header"),
        (["--base-path", "/"], "it names nothing below '/'"),
        (["--base-path", "/a/../b"], "it has a '.' or '..' in it"),
        (["--demo", "--spa"], "--spa has no effect with --demo"),
    ],
)
def test_mistakes_are_found_at_the_start(words, message):
    """A header that would split responses, an option that does nothing."""
    done = netkit_server.run("serve", "http", "127.0.0.1:0", *words)
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[0]
    assert len(done.stderr.splitlines()) == 2
