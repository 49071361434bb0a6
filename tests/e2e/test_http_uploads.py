"""`serve http --upload`: files by PUT and from forms. A file appears complete or not at all,
where it may and nowhere else, and what was interrupted can be continued."""

import os
import random
import subprocess
import threading

import pytest

from http_client import HttpClient, request
from netkit_server import PATIENCE, prlimit, reset, wait_until

KIB = 1024
MIB = 1024 * KIB

BOUNDARY = "---------------------------7351"


def noise(size, seed=0):
    return random.Random(size + seed).randbytes(size)


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root"
    path.mkdir()
    return path


@pytest.fixture
def start(serve, root):
    """start("--overwrite", ...): a server that takes files into `root`."""

    def start(*options, **more):
        return serve("http", "127.0.0.1:0", "--root", root, "--upload", *options, **more)

    return start


def entries(root):
    """Everything below a directory, as what is left behind."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def put(server, target, body, *fields, method="PUT"):
    with HttpClient(server) as client:
        client.offer(request(target, f"Content-Length: {len(body)}", *fields, method=method,
                             body=body))
        return client.receive()


def part(name, filename, content):
    filename = f'; filename="{filename}"' if filename is not None else ""
    return (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n'
            "Content-Type: application/octet-stream\r\n\r\n").encode() + content + b"\r\n"


def form(*parts):
    return b"".join(part(*each) for each in parts) + f"--{BOUNDARY}--\r\n".encode()


def post(server, target, body, *fields):
    return put(server, target, body, f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
               *fields, method="POST")


# ---- PUT ----


@pytest.mark.dispatchers
@pytest.mark.threads
@pytest.mark.parametrize("size", [0, 1, 65536, 300_000, 5 * MIB])
def test_put_saves_every_byte(start, root, size):
    """A file is cut, mixed up, or not there when the client is told that it is."""
    server = start("--threads", 2)
    response = put(server, "/file.bin", noise(size))
    assert (response.status, response["Location"]) == (201, "/file.bin")
    assert not response.says_close()
    assert (root / "file.bin").read_bytes() == noise(size)
    assert entries(root) == ["file.bin"]


def test_put_of_chunks(start, root):
    """A body of unknown length is saved with its framing, or refused."""
    server = start()
    with HttpClient(server) as client:
        client.send(request("/f", "Transfer-Encoding: chunked", method="PUT",
                            body=b"5\r\nhello\r\n8\r\n, world!\r\n0\r\n\r\n"))
        assert client.receive().status == 201
        assert client.get("/f").body == b"hello, world!"


def test_put_again_and_again_on_one_connection(start, root):
    """The end of a body is not the beginning of the next request."""
    server = start("--overwrite")
    with HttpClient(server) as client:
        for number in range(20):
            body = noise(number * 10_000)
            client.send(request(f"/{number % 3}", f"Content-Length: {len(body)}", method="PUT",
                                body=body))
            assert client.receive().status == (201 if number < 3 else 204)
            assert client.get(f"/{number % 3}").body == body


def test_put_below_a_directory(start, root):
    """Names are decoded once, and only existing directories are used."""
    (root / "a dir").mkdir()
    server = start()
    assert put(server, "/a%20dir/%C3%A4", b"x").status == 201
    assert (root / "a dir" / "ä").read_bytes() == b"x"
    assert put(server, "/no/file", b"x").status == 409
    assert put(server, "/a%20dir/%C3%A4/file", b"x").status == 409
    assert put(server, "/a%20dir/", b"x").status == 400
    assert entries(root) == ["a dir", "a dir/ä"]


def test_put_keeps_what_is_there(start, root):
    """A file is lost because somebody else chose the same name."""
    (root / "file").write_bytes(b"old")
    (root / "dir").mkdir()
    (root / "link").symlink_to("file")
    server = start()
    assert put(server, "/file", b"new").status == 409
    assert put(server, "/file", b"new", "If-None-Match: *").status == 412
    assert put(server, "/other", b"new", "If-Match: *").status == 412
    assert put(server, "/dir", b"new").status == 409
    assert put(server, "/link", b"new").status == 409
    assert (root / "file").read_bytes() == b"old"
    assert entries(root) == ["dir", "file", "link"]


def test_overwrite(start, root):
    """--overwrite replaces files, as a whole, and nothing that is no file."""
    (root / "file").write_bytes(b"old and longer")
    (root / "dir").mkdir()
    (root / "link").symlink_to("file")
    server = start("--overwrite")
    with open(root / "file", "rb") as old:
        assert put(server, "/file", b"new").status == 204
        assert old.read() == b"old and longer", "a reader sees half of a file"
    assert (root / "file").read_bytes() == b"new"
    assert put(server, "/file", b"new", "If-None-Match: *").status == 412
    assert put(server, "/dir", b"new").status == 409
    assert put(server, "/link", b"new").status == 409
    assert (root / "link").is_symlink()
    assert (root / "file").read_bytes() == b"new"


def tag_of(server, target):
    with HttpClient(server) as client:
        return client.get(target)["ETag"]


def test_a_condition_is_about_the_state_that_is_replaced(start, root):
    """Somebody undoes a change that he has not seen."""
    (root / "file").write_bytes(b"old")
    (root / "dir").mkdir()
    server = start("--overwrite")
    first = tag_of(server, "/file")
    for field, status in (('If-Match: "other"', 412), (f"If-Match: W/{first}", 412),
                          (f"If-None-Match: {first}", 412), (f'If-None-Match: "x", {first}', 412),
                          ("If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT", 412)):
        assert put(server, "/file", b"new", field).status == status, field
    assert (root / "file").read_bytes() == b"old"
    assert put(server, "/file", b"second", f'If-Match: "other", {first}').status == 204
    assert put(server, "/file", b"third", f"If-Match: {first}").status == 412
    assert put(server, "/file", b"third", f"If-None-Match: {first}").status == 204
    assert (root / "file").read_bytes() == b"third"
    assert put(server, "/new", b"x", f"If-Match: {first}").status == 412
    assert put(server, "/new", b"x", f"If-None-Match: {first}").status == 201
    assert put(server, "/dir", b"x", "If-Match: *").status == 409
    assert put(server, "/dir", b"x", f"If-Match: {first}").status == 412
    assert entries(root) == ["dir", "file", "new"]


def test_the_answer_has_the_tag_of_the_new_state(start, root):
    """Who changes a file again and again has to ask for its tag each time, and then does not
    know whether it is that of his own change."""
    server = start("--overwrite")
    created = put(server, "/file", b"one")
    assert created.status == 201 and created["ETag"] == tag_of(server, "/file")
    replaced = put(server, "/file", b"two", f"If-Match: {created['ETag']}")
    assert replaced.status == 204 and replaced["ETag"] == tag_of(server, "/file")
    assert put(server, "/file", b"six", f"If-Match: {created['ETag']}")["ETag"] is None
    whole = put(server, "/file", b"ten!", "Content-Range: bytes 0-3/4")
    assert whole.status == 204 and whole["ETag"] == tag_of(server, "/file")


@pytest.mark.parametrize("existed", [True, False])
def test_a_condition_holds_until_the_file_appears(start, root, existed):
    """What somebody else brings while an upload is under way is lost."""
    path = root / "file"
    if existed:
        path.write_bytes(b"old")
    server = start("--overwrite")
    field = f"If-Match: {tag_of(server, '/file')}" if existed else "If-None-Match: *"
    with HttpClient(server) as client:
        client.send(request("/file", "Content-Length: 4", "Expect: 100-continue", field,
                            method="PUT"))
        assert client.receive().status == 100  # the condition was met
        (root / "other").write_bytes(b"meanwhile")
        (root / "other").rename(path)
        client.send(b"mine")
        assert client.receive().status == 412
    assert path.read_bytes() == b"meanwhile"
    assert entries(root) == ["file"]


def test_one_of_many_replaces_the_same_state(start, root):
    """Two who have seen the same file both believe that theirs has replaced it."""
    (root / "file").write_bytes(b"old")
    server = start("--overwrite")
    field = f"If-Match: {tag_of(server, '/file')}"
    clients = [HttpClient(server) for _ in range(8)]
    for client in clients:
        client.send(request("/file", "Content-Length: 4", "Expect: 100-continue", field,
                            method="PUT"))
        assert client.receive().status == 100
    for number, client in enumerate(clients):
        client.send(b"%04d" % number)
    answers = [client.receive().status for client in clients]
    assert sorted(answers) == [204] + [412] * 7
    assert (root / "file").read_bytes() == b"%04d" % answers.index(204)
    for client in clients:
        client.close()


@pytest.mark.parametrize("target, status", [
    ("/../out", 400), ("/%2e%2e/out", 400), ("/a%2fb", 404), ("/a%00b", 400), ("/%zz", 400),
    ("/.hidden", 403), ("/.d/x", 403), ("/out/x", 409), ("/outlink/x", 403), ("/abs/x", 403),
    ("/" + "n" * 256, 400), ("/.netkit-part-x", 403),
])
def test_put_never_leaves_the_root(start, root, tmp_path, target, status):
    """A client writes where it was not invited to."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "outlink").symlink_to("../outside")
    (root / "abs").symlink_to(outside)
    (root / ".d").mkdir()
    before = entries(tmp_path)
    server = start()
    assert put(server, target, b"x").status == status
    assert entries(tmp_path) == before


def test_dotfiles_when_they_are_served(start, root):
    """--dotfiles serves them, so it takes them; the names of interrupted uploads are ours."""
    server = start("--dotfiles")
    assert put(server, "/.profile", b"x").status == 201
    assert put(server, "/.netkit-part-x", b"x").status == 400
    assert entries(root) == [".profile"]


@pytest.mark.parametrize("fields", [["Origin: http://evil.example"], ["Origin: null"],
                                    ["Origin: http://localhost.evil.example"]])
def test_another_site_cannot_upload(start, root, fields):
    """A page in the user's browser sends a form to the user's own server."""
    server = start()
    assert post(server, "/", form(("file", "a", b"x")), *fields).status == 403
    assert put(server, "/a", b"x", *fields).status == 403
    assert entries(root) == []
    assert post(server, "/", form(("file", "a", b"x")), "Origin: http://localhost").status == 201


@pytest.mark.parametrize("coding, status", [("gzip", 415), ("x", 415), ("identity", 201), ("", 201)])
def test_what_comes_in_a_coding_is_not_saved_as_it_is(start, root, coding, status):
    """The bytes of a coding become the content of the file, and nothing tells of it any more (RFC
    9110 8.4, 15.5.16)."""
    server = start()
    response = put(server, "/f", b"x", f"Content-Encoding: {coding}")
    assert response.status == status
    assert response["Accept-Encoding"] == ("identity" if status == 415 else None)
    assert post(server, "/", form(("file", "g", b"x")), f"Content-Encoding: {coding}").status == status
    assert entries(root) == (["f", "g"] if status == 201 else [])


def test_upload_with_a_password(serve, root, tmp_path):
    """The password is checked elsewhere while the body waits: it may neither get lost nor be
    asked for in vain, and a wrong one writes nothing."""
    users = tmp_path / "users"
    users.write_text("alice:$2y$04$qNXvp07icoXJsYSe8vwZE.go9oANGG7lb0Q3WFMlOrgVlhkuaYkp.\n")
    users.chmod(0o600)
    server = serve("http", "127.0.0.1:0", "--root", root, "--upload", "--auth-file", users)
    alice = "Authorization: Basic YWxpY2U6c2VjcmV0"
    assert put(server, "/f", noise(300_000)).status == 401
    assert put(server, "/f", noise(300_000), "Authorization: Basic YWxpY2U6eA==").status == 401
    assert entries(root) == []
    response = put(server, "/f", noise(300_000), alice)  # not seen before: a worker checks it
    assert (response.status, response.says_close()) == (201, False)
    assert (root / "f").read_bytes() == noise(300_000)
    with HttpClient(server) as client:
        client.send(request("/g", alice, "Content-Length: 5", "Expect: 100-continue", method="PUT"))
        assert client.receive().status == 100
        client.send(b"hello")
        assert client.receive().status == 201


# ---- limits ----


def test_limit_is_told_before_the_body(start, root):
    """The client sends gigabytes that nobody takes."""
    server = start("--max-upload", "1M")
    with HttpClient(server) as client:
        client.send(request("/f", f"Content-Length: {MIB + 1}", "Expect: 100-continue",
                            method="PUT"))
        assert client.receive().status == 413
        client.expect_end()
    with HttpClient(server) as client:
        client.send(request("/f", f"Content-Length: {MIB}", "Expect: 100-continue", method="PUT"))
        assert client.receive().status == 100
        client.send(noise(MIB))
        assert client.receive().status == 201


def test_limit_of_a_body_in_chunks(start, root):
    """The limit holds when the length is not known before."""
    server = start("--max-upload", "1M")
    with HttpClient(server) as client:
        client.send(request("/f", "Transfer-Encoding: chunked", method="PUT"))
        client.offer(100 * (b"%x\r\n%s\r\n" % (65536, bytes(65536))))
        assert client.receive().status == 413
    wait_until(lambda: "f" not in entries(root), "nothing is saved")


def test_refusals_come_before_the_body(start, root):
    """409 and 403 are known before the client has sent anything."""
    (root / "file").write_bytes(b"old")
    server = start()
    for target, status in (("/file", 409), ("/.x", 403), ("/no/x", 409)):
        with HttpClient(server) as client:
            client.send(request(target, "Content-Length: 100000", "Expect: 100-continue",
                                method="PUT"))
            assert client.receive().status == status


def test_full_disk(start, root):
    """What does not fit is 507, and leaves nothing behind: neither a cut file nor a full disk."""
    if os.getuid() != 0:
        pytest.skip("needs root for a small file system")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", root], check=True)
    try:
        server = start()
        assert put(server, "/large", noise(3 * MIB)).status == 507  # known before
        with HttpClient(server) as client:
            client.send(request("/large", "Transfer-Encoding: chunked", method="PUT"))
            client.offer(64 * (b"%x\r\n%s\r\n" % (65536, noise(65536))))
            assert client.receive().status == 507
        wait_until(lambda: os.statvfs(root).f_bavail * os.statvfs(root).f_frsize > MIB,
                   "the room is free again")
        assert entries(root) == []
        assert put(server, "/small", b"x").status == 201
        server.stop()
    finally:
        subprocess.run(["umount", "-l", root], check=True)


def test_file_size_limit_of_the_process(serve, root):
    """The kernel's limit comes as an error, not as a signal that ends the server."""
    server = serve("http", "127.0.0.1:0", "--root", root, "--upload", prefix=prlimit(fsize=100_000))
    assert put(server, "/f", noise(300_000)).status == 413
    assert put(server, "/g", noise(100)).status == 201
    assert entries(root) == ["g"]


# ---- interrupted uploads ----


def interrupted_put(server, target, body, total, *fields, leave=lambda client: client.close()):
    with HttpClient(server) as client:
        client.send(request(target, f"Content-Length: {total}", *fields, method="PUT", body=body))
        leave(client.socket)


def offset(server, target):
    """What is there of an interrupted upload, or None."""
    with HttpClient(server) as client:
        response = client.get(target + "?upload", method="HEAD")
        assert response.status in (204, 404)
        return int(response["Upload-Offset"]) if response.status == 204 else None


@pytest.mark.dispatchers
@pytest.mark.threads
def test_interrupted_put_can_be_continued(start, root):
    """A large upload over a bad line begins anew each time, or is put together wrongly."""
    data = noise(3 * MIB)
    server = start()
    interrupted_put(server, "/f", data[:MIB], len(data))
    wait_until(lambda: offset(server, "/f") == MIB, "the part is kept")
    assert entries(root) == [".netkit-part-f"]
    for end in (2 * MIB, len(data)):
        have = offset(server, "/f")
        response = put(server, "/f", data[have:end], f"Content-Range: bytes {have}-{end - 1}/{len(data)}")
        assert response.status == (202 if end < len(data) else 201)
    assert (root / "f").read_bytes() == data
    assert entries(root) == ["f"]


def test_upload_in_ranges(start, root):
    """A client that sends a file in pieces from the beginning."""
    data = noise(100_000)
    server = start()
    for first in range(0, len(data), 30_000):
        last = min(first + 30_000, len(data)) - 1
        response = put(server, "/f", data[first : last + 1],
                       f"Content-Range: bytes {first}-{last}/{len(data)}")
        if last + 1 < len(data):
            assert (response.status, response["Upload-Offset"]) == (202, str(last + 1))
    assert response.status == 201
    assert (root / "f").read_bytes() == data


def test_range_in_the_wrong_place(start, root):
    """A gap would be filled with zeros, an overlap would spoil what is there."""
    server = start()
    interrupted_put(server, "/f", b"x" * 1000, 5000)
    wait_until(lambda: offset(server, "/f") == 1000, "the part is kept")
    for first in (999, 1001):
        response = put(server, "/f", b"y" * 10, f"Content-Range: bytes {first}-{first + 9}/5000")
        assert (response.status, response["Upload-Offset"]) == (409, "1000")
    assert put(server, "/g", b"y", "Content-Range: bytes 1-1/2").status == 409
    assert put(server, "/g", b"y", "Content-Range: bytes 0-1/2").status == 400
    assert put(server, "/g", b"y", "Content-Range: bytes */2").status == 400
    assert put(server, "/g", b"y", f"Content-Range: bytes 0-0/{2 << 40}").status == 413
    assert offset(server, "/f") == 1000
    assert entries(root) == [".netkit-part-f"]


@pytest.mark.parametrize("first, last, total, length", [
    (0, 9, 100, 50), (0, 9, 50, 50), (0, 49, 50, 60), (10, 19, 50, 40),
])
def test_a_body_that_is_longer_than_its_range(start, root, first, last, total, length):
    """A file is complete with bytes that nobody said belong there, or its part is so long that it
    can never be continued."""
    server = start()
    if first > 0:
        response = put(server, "/f", b"x" * first, f"Content-Range: bytes 0-{first - 1}/{total}")
        assert response.status == 202
    with HttpClient(server) as client:
        client.send(request("/f", f"Content-Range: bytes {first}-{last}/{total}",
                            "Transfer-Encoding: chunked", method="PUT",
                            body=b"%x\r\n%s\r\n0\r\n\r\n" % (length, b"y" * length)))
        assert client.receive().status == 400
    assert entries(root) == []


def test_a_new_upload_ends_an_old_part(start, root):
    """The file is complete: there is nothing left to continue."""
    server = start("--overwrite")
    interrupted_put(server, "/f", b"x" * 1000, 5000, leave=reset)
    wait_until(lambda: offset(server, "/f") is not None, "the part is kept")
    assert put(server, "/f", b"complete").status == 201
    assert (root / "f").read_bytes() == b"complete"
    assert offset(server, "/f") is None
    assert entries(root) == ["f"]


def test_parts_are_bounded_and_cleaned(start, root):
    """Interrupted uploads fill the disk."""
    server = start()
    old = root / ".netkit-part-old"
    old.write_bytes(b"x")
    os.utime(old, (1, 1))
    for number in range(30):
        interrupted_put(server, f"/{number}", b"x" * 10, 100)
    wait_until(lambda: server.statistics()["open"] == 0, "all have gone")
    wait_until(lambda: not old.exists() and len(entries(root)) == 16, "the rest is removed")


@pytest.mark.parametrize("send", ["put", "form", "continue"])
def test_the_next_upload_removes_old_parts(start, root, send):
    """What was interrupted once stays until another upload is interrupted, which may be never."""
    for name in ("old", "f"):
        (root / f".netkit-part-{name}").write_bytes(b"12")
        os.utime(root / f".netkit-part-{name}", (1, 1))
    server = start()
    if send == "put":
        assert put(server, "/f", b"1234").status == 201
    elif send == "form":
        assert post(server, "/", form(("file", "f", b"1234"))).status == 201
    else:  # it goes on with one that is as old
        assert put(server, "/f", b"34", "Content-Range: bytes 2-3/4").status == 201
    assert entries(root) == ["f"]
    assert (root / "f").read_bytes() == b"1234"


@pytest.mark.parametrize("framing", ["Content-Length: 500000", "Transfer-Encoding: chunked"])
def test_interrupted_form_leaves_nothing(start, root, framing):
    """Half of a file, under its name or another, stays for ever."""
    server = start()
    baseline = server.proc.descriptors()
    for leave in (reset, lambda client: client.close()):
        for _ in range(10):
            client = HttpClient(server)
            body = part("file", "a", noise(300_000))
            if "chunked" in framing:
                body = b"%x\r\n%s\r\n" % (len(body), body)
            client.send(request("/", framing, f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
                                method="POST", body=body[:-4]))
            leave(client.socket)
    server.wait_for_no_clients()
    server.wait_for_descriptors(baseline)
    assert entries(root) == []


def test_stop_in_the_middle_of_an_upload(start, root):
    """An upload that has begun when the server is told to stop is lost."""
    server = start("--drain", "1m")
    with HttpClient(server) as client:
        client.send(request("/f", "Content-Length: 10", method="PUT", body=b"hello"))
        wait_until(lambda: server.statistics()["requests"] == 1, "it has begun")
        server.send_signal()
        server.wait_for_line("stopping")
        client.send(b"world")
        assert client.receive().status == 201
    server.check()
    assert (root / "f").read_bytes() == b"helloworld"
    assert entries(root) == ["f"]


@pytest.mark.threads
@pytest.mark.parametrize("threads", [0, 2])
def test_uploads_that_are_cut_leave_their_parts(start, root, threads):
    """More uploads end at once than the workers' queue takes, and then the workers stop: parts are
    lost, or the server is."""
    server = start("--drain", "100ms", "--threads", threads)
    clients = [HttpClient(server) for _ in range(120)]
    for number, client in enumerate(clients):
        client.send(request(f"/{number}", "Content-Length: 10", method="PUT", body=b"hello"))
    wait_until(lambda: server.statistics()["requests"] == len(clients), "all have begun")
    server.send_signal()
    server.allow("netkit: warning: .*", r"served .*; \d+ cut.*")
    server.expect_status = 1
    server.check()
    assert len(entries(root)) == 16
    assert all((root / name).read_bytes() == b"hello" for name in entries(root))
    for client in clients:
        client.close()


# ---- forms ----


@pytest.mark.dispatchers
@pytest.mark.threads
def test_form_with_files(start, root):
    """A browser's form: every file complete and under its own name, other fields ignored."""
    (root / "dir").mkdir()
    server = start()
    files = {"a": noise(700_000), "b.txt": b"", "ä ö": b"\n--" + BOUNDARY.encode(), "c": noise(10)}
    body = form(("comment", None, b"ignored"), ("other", "ignored", b"x"),
                *(("file", name, content) for name, content in files.items()), ("file", "", b""))
    response = post(server, "/dir/", body)
    assert response.status == 201
    assert response.body == b"201 Created: 4 new, 0 replaced\n"
    assert {path.name: path.read_bytes() for path in (root / "dir").iterdir()} == files


def test_form_of_a_browser_leads_back(start, root):
    """Without scripts the user is left on a blank page."""
    server = start()
    response = post(server, "/?sort=name", form(("file", "a", b"x")),
                    "Accept: text/html,application/xhtml+xml,*/*;q=0.8")
    assert (response.status, response["Location"]) == (303, "/")


def test_form_whose_second_file_is_refused(start, root):
    """What was saved before a refusal is served as it was before, or is lost."""
    (root / "first").write_bytes(b"old")
    server = start("--overwrite", "--threads", "0")
    with HttpClient(server) as client:
        assert client.get("/first").body == b"old"
        response = post(server, "/", form(("file", "first", b"new"),
                                            ("file", ".second", noise(600_000))))
        assert response.status == 403
        assert client.get("/first").body == b"new"
    assert entries(root) == ["first"]


@pytest.mark.parametrize("name", ["../a", "a/b", "/a", ".", "..", ".hidden", ".netkit-part-x",
                                  "x" * 256])
def test_form_with_a_bad_name(start, root, name):
    """The name of a file comes from the client and leads out of the directory."""
    server = start()
    response = post(server, "/", form(("file", name, b"x")))
    assert response.status == (403 if name == ".hidden" else 400)
    assert entries(root) == []


def test_form_with_a_name_that_is_taken(start, root):
    """The file that is there is lost, or nobody is told which one was in the way."""
    (root / "a").write_bytes(b"old")
    server = start()
    response = post(server, "/", form(("file", "a", b"new")))
    assert response.status == 409
    assert b"a: there is one already" in response.body
    assert (root / "a").read_bytes() == b"old"
    assert entries(root) == ["a"]


def test_bad_forms(start, root):
    """What is no form is not saved as one."""
    server = start()
    assert put(server, "/", b"x", method="POST").status == 415
    assert put(server, "/", b"x", "Content-Type: multipart/form-data", method="POST").status == 400
    assert post(server, "/", form()).status == 400
    assert post(server, "/", form(("file", "", b""))).status == 400
    assert post(server, "/", form(("file", "a", b"x"))[:-8]).status == 400
    assert post(server, "/no/", form(("file", "a", b"x"))).status == 404
    assert entries(root) == []


# ---- the rest of the server ----


def test_uploads_have_to_be_asked_for(serve, root):
    """A server that only shows files takes some."""
    server = serve("http", "127.0.0.1:0", "--root", root)
    response = put(server, "/f", b"x")
    assert (response.status, response["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert entries(root) == []


def test_allow_names_the_methods(start):
    """A client that asks what it may do."""
    with HttpClient(start()) as client:
        assert client.get("/", method="OPTIONS")["Allow"] == "GET, HEAD, OPTIONS, PUT, POST"


@pytest.mark.threads
def test_many_uploads_at_once(start, root):
    """More than the workers' queue takes: each waits, none fails."""
    server = start("--threads", 2)
    clients = [HttpClient(server) for _ in range(100)]
    bodies = [noise(200_000, seed) for seed in range(100)]

    def send(number):
        clients[number].send(request(f"/{number}", "Content-Length: 200000", method="PUT",
                                     body=bodies[number]))

    senders = [threading.Thread(target=send, args=(number,)) for number in range(100)]
    for sender in senders:
        sender.start()
    for client in clients:
        assert client.receive().status == 201
        client.close()
    for sender in senders:
        sender.join()
    for number, body in enumerate(bodies):
        assert (root / str(number)).read_bytes() == body


def test_two_uploads_of_one_name(start, root):
    """Two clients, one name: one of them wins, and the file is of one piece."""
    server = start()
    with HttpClient(server) as one, HttpClient(server) as other:
        for client, letter in ((one, b"1"), (other, b"2")):
            client.send(request("/f", "Content-Length: 6", method="PUT", body=letter * 3))
        wait_until(lambda: server.statistics()["requests"] == 2, "both have begun")
        one.send(b"1" * 3)
        assert one.receive().status == 201
        other.send(b"2" * 3)
        assert other.receive().status == 409
    assert (root / "f").read_bytes() == b"1" * 6
    assert entries(root) == ["f"]


# ---- curl ----


def curl(need, *options):
    done = subprocess.run(
        [need("curl"), "-sS", "-w", "%{http_code}", "-o", os.devnull, *map(str, options)],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )
    return done.stdout, done.stderr


def test_curl_uploads(start, root, need, tmp_path):
    """Clients of everyday life: PUT, forms, a resumed PUT, a full disk's worth of retries."""
    server = start("--overwrite")
    data = noise(4 * MIB)
    (tmp_path / "data").write_bytes(data)
    (tmp_path / "more").write_bytes(b"more")
    url = server.address
    assert curl(need, "-T", tmp_path / "data", url)[0] == "201"
    assert (root / "data").read_bytes() == data
    assert curl(need, "-T", tmp_path / "more", url + "data")[0] == "204"
    assert (root / "data").read_bytes() == b"more"
    assert curl(need, "-F", f"file=@{tmp_path}/data;filename=x", "-F", f"file=@{tmp_path}/more",
                url)[0] == "201"
    assert (root / "x").read_bytes() == data
    assert (root / "more").read_bytes() == b"more"
    interrupted_put(server, "/resumed", data[:MIB], len(data))
    wait_until(lambda: offset(server, "/resumed") == MIB, "the part is kept")
    assert curl(need, "-C", MIB, "-T", tmp_path / "data", url + "resumed")[0] == "201"
    assert (root / "resumed").read_bytes() == data
    assert entries(root) == ["data", "more", "resumed", "x"]
