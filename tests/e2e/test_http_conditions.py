"""Conditional requests: who has a file already does not get it again (RFC 9110 13)."""

import email.utils
import os
import re
import subprocess
import time

import pytest

from http_client import HttpClient, fetch
from netkit_server import PATIENCE

CONTENT = b"the content\n"

# Two days ago, so that nothing depends on the second in which a test runs.
MODIFIED = int(time.time()) - 172_800


def date_of(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


EXACT = date_of(MODIFIED)
BEFORE = date_of(MODIFIED - 1)
AFTER = date_of(MODIFIED + 1)
RFC850 = time.strftime("%A, %d-%b-%y %H:%M:%S GMT", time.gmtime(MODIFIED))
ASCTIME = time.asctime(time.gmtime(MODIFIED))


@pytest.fixture(scope="module")
def server(serve_module, tmp_path_factory):
    root = tmp_path_factory.mktemp("conditions")
    for name, size in (("file", len(CONTENT)), ("large", 200_000)):
        (root / name).write_bytes((CONTENT * size)[:size])
        os.utime(root / name, (MODIFIED, MODIFIED))
    (root / "dir").mkdir()
    return serve_module("http", "127.0.0.1:0", "--root", root)


@pytest.fixture(scope="module", params=["/file", "/large"])
def known(request, server):
    """A file, its tag, and its content: one that is kept in memory, and one that is not."""
    response = fetch(server, request.param)
    return request.param, response["ETag"], response.body


# Fields, and the status that they lead to; TAG stands for the entity tag.
CASES = [
    ([], 200),
    (["If-None-Match: TAG"], 304),
    (["If-None-Match: W/TAG"], 304),
    (["If-None-Match: *"], 304),
    (['If-None-Match: "x", TAG'], 304),
    (['If-None-Match: "x"', "If-None-Match: TAG"], 304),
    (['If-None-Match: "x"'], 200),
    (["If-None-Match: x"], 200),
    ([f"If-Modified-Since: {EXACT}"], 304),
    ([f"If-Modified-Since: {AFTER}"], 304),
    ([f"If-Modified-Since: {RFC850}"], 304),
    ([f"If-Modified-Since: {ASCTIME}"], 304),
    ([f"If-Modified-Since: {BEFORE}"], 200),
    (["If-Modified-Since: yesterday"], 200),
    (["If-Modified-Since: 0"], 200),
    # row 54: If-None-Match wins
    (['If-None-Match: "x"', f"If-Modified-Since: {AFTER}"], 200),
    (["If-None-Match: TAG", f"If-Modified-Since: {BEFORE}"], 304),
    (["If-Match: TAG"], 200),
    (["If-Match: *"], 200),
    (["If-Match: W/TAG"], 412),
    (['If-Match: "x"'], 412),
    (["If-Match: TAG", "If-None-Match: TAG"], 304),
    (['If-Match: "x"', "If-None-Match: TAG"], 412),
    ([f"If-Unmodified-Since: {EXACT}"], 200),
    ([f"If-Unmodified-Since: {BEFORE}"], 412),
    (["If-Unmodified-Since: nonsense"], 200),
    (["If-Match: TAG", f"If-Unmodified-Since: {BEFORE}"], 200),
    # a condition comes before a range
    (["If-None-Match: TAG", "Range: bytes=0-0"], 304),
    (['If-Match: "x"', "Range: bytes=0-0"], 412),
    ([f"If-Unmodified-Since: {EXACT}", "Range: bytes=0-0"], 206),
]


@pytest.mark.parametrize("number", range(len(CASES)), ids=str)
def test_conditions(server, known, number):
    """A client keeps an old file, or gets one again that it has."""
    path, tag, content = known
    fields, status = CASES[number]
    fields = [field.replace("TAG", tag) for field in fields]
    with HttpClient(server) as client:
        for _ in range(2):
            response = client.get(path, *fields)
            assert response.status == status
            if status == 200:
                assert response.body == content
        response = client.get(path, *fields, method="HEAD")
        assert response.status == (200 if status == 206 else status)


def test_304_carries_what_a_cache_needs(server):
    """A cache loses the tag of what it has, or takes the headers of nothing for new ones."""
    whole = fetch(server, "/file")
    response = fetch(server, "/file", "If-None-Match: *")
    assert response.status == 304
    for name in ("ETag", "Last-Modified"):
        assert response[name] == whole[name]
    for name in ("Content-Length", "Content-Type", "Transfer-Encoding", "Content-Range"):
        assert response[name] is None


def test_validators(server):
    """A client can neither ask again nor resume."""
    response = fetch(server, "/file")
    assert re.fullmatch(r'"[\x21\x23-\x7e]+"', response["ETag"])
    assert response["Last-Modified"] == EXACT
    assert response["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("path, status", [("/missing", 404), ("/dir", 301), ("/../x", 400)])
def test_conditions_of_what_is_not_there(server, path, status):
    """412 or 304 for something that would not be served (RFC 9110 13.2.1)."""
    for field in ('If-Match: "x"', "If-None-Match: *", f"If-Unmodified-Since: {BEFORE}"):
        assert fetch(server, path, field).status == status


def test_a_change_changes_the_tag(serve_root, root):
    """Content changes, the tag stays: everybody keeps the old content."""
    server = serve_root("--cache", "0")
    path = root / "file"
    tags = set()

    def note():
        tags.add(fetch(server, "/file")["ETag"])

    path.write_bytes(b"one")
    os.utime(path, (MODIFIED, MODIFIED))
    note()
    path.write_bytes(b"two, longer")
    os.utime(path, (MODIFIED, MODIFIED))
    note()
    (root / "new").write_bytes(b"2, as long.")  # the size and the time stay
    os.utime(root / "new", (MODIFIED, MODIFIED))
    (root / "new").rename(path)
    note()
    os.utime(path, (MODIFIED, MODIFIED + 1))
    note()
    assert len(tags) == 4


def test_a_time_in_the_future(serve_root, root):
    """Last-Modified behind Date (RFC 9110 8.8.2.1): a cache would never ask again."""
    (root / "file").write_bytes(b"x")
    os.utime(root / "file", (time.time() + 86400,) * 2)
    response = fetch(serve_root(), "/file")
    date = email.utils.parsedate_to_datetime(response["Date"])
    assert email.utils.parsedate_to_datetime(response["Last-Modified"]) <= date


def curl(need, *arguments):
    return subprocess.run([need("curl"), "-sS", *map(str, arguments)], check=True,
                          capture_output=True, timeout=PATIENCE)


def test_curl_asks_by_time(serve_root, root, tmp_path, need):
    """curl -z downloads what it has."""
    (root / "file").write_bytes(CONTENT)
    os.utime(root / "file", (MODIFIED, MODIFIED))
    url = serve_root().address + "file"
    copy = tmp_path / "copy"
    curl(need, "-R", "-o", copy, url)
    assert copy.stat().st_mtime == MODIFIED
    result = curl(need, "-z", copy, "-w", "%{http_code}", "-o", tmp_path / "again", url)
    assert result.stdout == b"304"
    os.utime(copy, (MODIFIED - 1, MODIFIED - 1))
    result = curl(need, "-z", copy, "-w", "%{http_code}", "-o", tmp_path / "again", url)
    assert result.stdout == b"200"


def test_curl_asks_by_tag(serve_root, root, tmp_path, need):
    """curl --etag-compare downloads what it has."""
    (root / "file").write_bytes(CONTENT)
    url = serve_root().address + "file"
    curl(need, "--etag-save", tmp_path / "tag", "-o", tmp_path / "copy", url)
    options = ("--etag-compare", tmp_path / "tag", "-w", "%{http_code}", "-o", tmp_path / "again")
    assert curl(need, *options, url).stdout == b"304"
    (root / "file").write_bytes(CONTENT * 2)
    time.sleep(1.1)  # what was in memory counts for a second
    assert curl(need, *options, url).stdout == b"200"


def test_wget_asks_by_time(serve_root, root, tmp_path, need):
    """wget -N downloads what it has."""
    (root / "file").write_bytes(CONTENT)
    os.utime(root / "file", (MODIFIED, MODIFIED))
    command = [need("wget"), "-N", "-P", tmp_path, serve_root().address + "file"]
    subprocess.run(command, check=True, timeout=PATIENCE)
    assert (tmp_path / "file").read_bytes() == CONTENT
    again = subprocess.run([*command, "-S"], check=True, timeout=PATIENCE, capture_output=True,
                           text=True)
    assert "304 Not Modified" in again.stderr
