"""The listing of a directory: sorted by the server, for people with and without scripts, mice and
eyes, and for programs as JSON."""

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser

import pytest

from http_client import fetch

FILES = {"b.txt": (300, 2000), "a.txt": (100, 3000), "C.txt": (200, 1000)}


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root"
    path.mkdir()
    for number, name in enumerate(["zdir", "dir"]):
        (path / name).mkdir()
        os.utime(path / name, (4000 + number, 4000 + number))
    for name, (size, modified) in FILES.items():
        (path / name).write_bytes(bytes(size))
        os.utime(path / name, (modified, modified))
    return path


@pytest.fixture
def server(serve, root):
    return serve("http", "127.0.0.1:0", "--root", root)


class Page(HTMLParser):
    """Every element with its attributes and its text, in order."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self._open = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))
        if tag not in ("meta", "link", "input"):
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        for element in self._open:
            element[2].append(data)

    def all(self, tag):
        """[(attributes, text)] of the elements with that name."""
        return [(attrs, "".join(text)) for name, attrs, text in self.elements if name == tag]


def page_of(server, target="/", *fields):
    response = fetch(server, target, *fields)
    assert response.status == 200
    return Page(response.body.decode())


def names_of(page):
    return [text for attrs, text in page.all("th") if attrs.get("scope") == "row"]


@pytest.mark.parametrize("fields, status", [
    (['If-Match: "x"'], 412), (["If-Match: W/\"x\""], 412), (["If-Match:"], 412),
    (["If-Match: *"], 200), (['If-Match: "x"', "If-Match: *"], 200),
    (['If-None-Match: "x"'], 200), (["If-None-Match: *"], 200),
])
def test_conditions(server, fields, status):
    """Whoever asks for a state that a listing cannot have is told that this is it."""
    for method in ("GET", "HEAD"):
        assert fetch(server, "/", *fields, method=method).status == status


# ---- order ----


@pytest.mark.parametrize(
    "query, names",
    [
        ("", ["dir/", "zdir/", "a.txt", "b.txt", "C.txt"]),
        ("?sort=name&order=desc", ["zdir/", "dir/", "C.txt", "b.txt", "a.txt"]),
        ("?sort=size", ["dir/", "zdir/", "a.txt", "C.txt", "b.txt"]),
        ("?sort=size&order=desc", ["dir/", "zdir/", "b.txt", "C.txt", "a.txt"]),
        ("?sort=date", ["zdir/", "dir/", "C.txt", "b.txt", "a.txt"]),
        ("?order=desc&sort=date", ["dir/", "zdir/", "a.txt", "b.txt", "C.txt"]),
        ("?sort=%00&order=<script>", ["dir/", "zdir/", "a.txt", "b.txt", "C.txt"]),
    ],
)
def test_order(server, query, names):
    """A heading that does nothing, or directories among the files."""
    target = "/" + query.replace("<", "%3C").replace(">", "%3E")
    assert names_of(page_of(server, target)) == names


def test_headings_turn_the_order_round(server):
    """One can sort by a column, but not the other way; the order is only to be seen, not heard."""
    target = "/"
    for sort, order in (("ascending", "desc"), ("descending", "asc"), ("ascending", "desc")):
        page = page_of(server, target)
        columns = [(a, t) for a, t in page.all("th") if a.get("scope") == "col"]
        assert [text for _, text in columns] == ["Name", "Size", "Modified (UTC)"]
        assert [a.get("aria-sort") for a, _ in columns] == [sort, None, None]
        links = [a["href"] for a, _ in page.all("a") if a["href"].startswith("?")]
        assert links == [f"?sort=name&order={order}", "?sort=size&order=asc", "?sort=date&order=asc"]
        target = "/" + links[0]
    page = page_of(server, "/?sort=size")
    assert [a["aria-sort"] for a, text in page.all("th") if "aria-sort" in a] == ["ascending"]


# ---- the page ----


def test_what_a_screen_reader_needs(server, root):
    """A page that is only good to look at."""
    (root / "dir" / "sub").mkdir()
    page = page_of(server, "/dir/sub/")
    assert page.all("html")[0][0]["lang"] == "en"
    assert page.all("title")[0][1] == "Index of /dir/sub/"
    assert page.all("h1")[0][1] == "Index of /dir/sub/"
    assert page.all("caption")[0][1] == "0 directories, 0 files, 0\u00a0B"
    assert page.all("nav")[0][0]["aria-label"]
    assert len(page.all("main")) == 1
    crumbs = [(a["href"], text) for a, text in page.all("a")][:3]
    assert crumbs == [("./../../", "Top"), ("./../", "dir"), ("./", "sub")]
    assert page.all("a")[2][0]["aria-current"] == "page"
    assert page_of(server).all("caption")[0][1] == "2 directories, 3 files, 600\u00a0B"


def test_sizes_and_dates(server, root):
    """Numbers that nobody can read, or of which a program cannot tell the bytes."""
    sizes = {300: "300\u00a0B", 1023: "1023\u00a0B", 1024: "1.0\u00a0KiB", 1536: "1.5\u00a0KiB",
             1048524: "1023.9\u00a0KiB", 1048525: "1.0\u00a0MiB", 1048576: "1.0\u00a0MiB"}
    for size in sizes:
        with open(root / f"{size}", "wb") as file:
            file.truncate(size)
    page = page_of(server, "/?sort=size&order=desc")
    shown = {int(attributes["value"]): text for attributes, text in page.all("data")}
    assert sizes.items() <= shown.items()
    times = dict((text, a["datetime"]) for a, text in page.all("time"))
    assert times["1970-01-01 00:33"] == "1970-01-01T00:33:20Z"


def test_nothing_but_its_own_style_is_applied(server):
    """A page that loads from elsewhere, or a name that becomes a script."""
    response = fetch(server, "/")
    policy = response["Content-Security-Policy"]
    style = re.search("<style>(.*?)</style>", response.body.decode(), re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';") and "script-src" not in policy
    assert "unsafe" not in policy and "*" not in policy
    text = response.body.decode()
    assert not re.search(r"(src|href)=\"(https?:)?//", text)
    assert "script" not in {tag for tag, _, _ in Page(text).elements}
    assert not re.search(r"\bstyle=|\bon\w+=", text)


def test_no_listing_has_the_policy_of_a_file(server):
    """The site's own pages lose their scripts."""
    assert fetch(server, "/a.txt")["Content-Security-Policy"] is None
    assert fetch(server, "/none")["Content-Security-Policy"] is None


def test_links_and_other_files(server, root):
    """A link out of the root tells what is there; one inside has no size."""
    os.symlink("a.txt", root / "inside")
    os.symlink("/etc/passwd", root / "outside")
    os.symlink("dir", root / "to-dir")
    os.mkfifo(root / "pipe")
    entries = {entry["name"]: entry for entry in listing_as_json(server)}
    assert (entries["inside"]["type"], entries["inside"]["size"]) == ("file", 100)
    assert (entries["to-dir"]["type"], entries["to-dir"]["href"]) == ("directory", "./to-dir/")
    assert entries["outside"] == {
        "name": "outside", "type": "link", "size": None, "modified": None, "href": "./outside",
    }
    assert (entries["pipe"]["type"], entries["pipe"]["size"]) == ("other", None)


# ---- as JSON ----


def listing_as_json(server, target="/", accept="application/json"):
    response = fetch(server, target, f"Accept: {accept}")
    assert response["Content-Type"] == "application/json"
    return json.loads(response.body)


def test_json(server):
    """A program has to read HTML."""
    entries = listing_as_json(server, "/?sort=size&order=desc")
    assert [entry["name"] for entry in entries] == ["dir", "zdir", "b.txt", "C.txt", "a.txt"]
    assert entries[0] == {
        "name": "dir", "type": "directory", "size": None,
        "modified": "1970-01-01T01:06:41Z", "href": "./dir/",
    }
    assert entries[2] == {
        "name": "b.txt", "type": "file", "size": 300,
        "modified": "1970-01-01T00:33:20Z", "href": "./b.txt",
    }
    assert listing_as_json(server, "/dir/") == []


def test_json_of_odd_names(server, root):
    """A name that breaks the JSON, or that cannot be asked for."""
    names = [b'quote " \\ slash', b"control \x01\x1f\x7f \n", "Grüße 😀".encode(), b"bad \xff\xc3"]
    for name in names:
        (root / "dir" / os.fsdecode(name)).write_bytes(name)
    entries = listing_as_json(server, "/dir/")
    shown = {entry["name"] for entry in entries}
    assert shown == {name.decode(errors="replace") for name in names}
    found = {fetch(server, "/dir/" + entry["href"].removeprefix("./")).body for entry in entries}
    assert found == set(names)


@pytest.mark.parametrize(
    "accept, is_json",
    [
        ("application/json", True),
        ("application/json, text/html;q=0.9", True),
        ("application/*", True),
        ("text/html, application/json", False),
        ("text/html;q=0.4, application/json;q=0.5", True),
        ("*/*", False),
        ("application/json;q=0.5, */*", False),
        ("application/json;q=0", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("image/png", False),
        ("", False),
    ],
)
def test_who_gets_json(server, accept, is_json):
    """A browser that gets JSON, a program that gets HTML, a cache that mixes them up."""
    response = fetch(server, "/", f"Accept: {accept}")
    assert (response["Content-Type"] == "application/json") == is_json
    assert response["Vary"] == "Accept"
    head = fetch(server, "/", f"Accept: {accept}", method="HEAD")
    assert head["Content-Type"] == response["Content-Type"]
    assert head["Content-Length"] == response["Content-Length"]


# ---- the form ----


def test_form_for_uploads(serve, root):
    """A form that a browser does not send, or one that is there without --upload."""
    server = serve("http", "127.0.0.1:0", "--root", root, "--upload")
    response = fetch(server, "/dir/")
    page = Page(response.body.decode())
    (form, _), (field, _) = page.all("form")[0], page.all("input")[0]
    assert (form["method"], form["enctype"]) == ("post", "multipart/form-data")
    assert (form["action"], field["name"], field["type"]) == ("./", "file", "file")
    assert page.all("label")[0][0]["for"] == field["id"]
    assert page.all("progress")[0][0]["aria-label"]
    script = re.search("<script>(.*?)</script>", response.body.decode(), re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = response["Content-Security-Policy"]
    for directive in (f"script-src 'sha256-{digest}'", "form-action 'self'", "connect-src 'self'"):
        assert directive in policy
    assert "unsafe" not in policy and "*" not in policy


def test_no_form_without_uploads(server):
    """A button that can only disappoint."""
    response = fetch(server, "/")
    assert b"<form" not in response.body and b"<script" not in response.body
    assert "form-action 'none'" in response["Content-Security-Policy"]
