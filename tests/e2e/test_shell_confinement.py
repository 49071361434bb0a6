"""The remote shell: nobody leaves the root, whatever they ask for and whatever changes meanwhile,
and the process could not either."""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest

import netkit_server
from netkit_server import IS_SANITIZED, PATIENCE, unprivileged, without_leak_check
from shell_client import Shell, quote

pytestmark = pytest.mark.dispatchers

MIB = 1024 * 1024


@pytest.fixture
def tree(tmp_path):
    """root/ with links of every kind, and a secret beside it."""
    root = tmp_path / "root"
    (root / "dir" / "inner").mkdir(parents=True)
    (root / "file").touch()
    secret = tmp_path / "secret"
    (secret / "treasure").mkdir(parents=True)
    os.symlink("dir/inner", root / "inside")
    os.symlink("/dir", root / "from-root")
    os.symlink("../secret", root / "above")
    os.symlink(secret, root / "absolute")
    os.symlink("../../secret", root / "dir" / "far-above")
    os.symlink("loop", root / "loop")
    os.symlink("/proc/self/root", root / "magic")
    return root


@pytest.fixture
def client(serve, tree):
    server = serve("shell", "127.0.0.1:0", "--root", tree, "--start", tree / "dir")
    with Shell(server.address) as shell:
        yield shell


@pytest.mark.parametrize("path", [
    "../../..", "..", "/..", "/../secret", "../../secret", "dir/../../secret", "/above", "../above",
    "/absolute", "/dir/far-above", "far-above/treasure", "/from-root/../../secret", "/magic",
    "~/../../secret", "inner/../../../secret", "/loop", "/proc/self/root", "/etc", "/tmp",
    "/inside/../../../secret", "/secret",
])
def test_no_path_leads_out(client, tree, path):
    """A client would see what lies outside the root."""
    inside = {name for _, dirs, files in os.walk(tree) for name in dirs + files}
    payload, _ = client.request(f"ls -a {path}")
    assert {line.decode() for line in payload} <= inside
    assert client.request(f"cd {path}")[1].split(":")[0] in ("ok", "error")
    assert {line.decode() for line in client.request("ls")[0]} <= inside
    assert "treasure" not in str(client.request("ls .."))


def test_links_inside_are_followed(client):
    """Links that do no harm would not work."""
    client.cd("/inside")
    assert client.pwd() == "/inside"
    client.cd("..")
    assert client.pwd() == "/"
    client.cd("/from-root")
    assert client.names("ls") == ["far-above", "inner"]


def test_proc_does_not_lead_out(serve, tmp_path):
    """With the whole machine as the root, /proc/self/root and the like would be ways to another
    root, or to open descriptors."""
    server = serve("shell", "127.0.0.1:0", "--root", "/", "--start", tmp_path)
    with Shell(server.address) as client:
        for link in ("root", "cwd", "fd/0", "task/self/root"):
            for request in (f"cd /proc/self/{link}", f"ls /proc/self/{link}"):
                assert re.search("too many|no such", client.error(request)), request


@pytest.mark.threads
@pytest.mark.parametrize("threads", [0, 2])
def test_links_that_change_during_the_walk(serve, tree, tmp_path, threads):
    """Between looking at a name and opening it somebody could put a link there (a race that every
    check of the path beforehand loses)."""
    server = serve("shell", "127.0.0.1:0", "--root", tree, "--threads", threads)
    place = tree / "place"
    other = tree / "other"
    (place / "treasure-chest").mkdir(parents=True)
    os.symlink(tmp_path / "secret", other)
    is_over = threading.Event()

    def swap():
        spare = tree / "spare"
        while not is_over.is_set():
            place.rename(spare)
            other.rename(place)
            spare.rename(other)

    swapping = threading.Thread(target=swap)
    swapping.start()
    seen = set()
    try:
        with Shell(server.address) as client:
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline:
                for request in ("ls place", "ls other", "cd place\nls\ncd /", "cd /other/.\nls\ncd /"):
                    client.send(request)
                    for _ in request.split("\n"):
                        payload, status = client.answer()
                        seen.update(payload)
                        assert not status.startswith("bye")
    finally:
        is_over.set()
        swapping.join()
    assert b"treasure" not in seen
    assert b"treasure-chest" in seen  # the race was on


@pytest.mark.parametrize("name,problem", [
    (b"n" * 256, "name too long"),
    (b"/" + b"d/" * 2046 + b"dd", "no such file or directory"),
    (b"/" + b"d/" * 2047 + b"d", "name too long"),
    (b"./" * 5000, "name too long"),
    (b"\xff\xfe", "no such file or directory"),
    (b"\x80" * 255, "no such file or directory"),
], ids=lambda value: ascii(value)[:16])
def test_names_that_cannot_be(client, name, problem):
    """A long name would be cut and then found, or an odd one would break the answer."""
    for command in (b"cd ", b"ls "):
        assert client.error(command + quote(name)).endswith(f": {problem}")
        assert client.pwd() == "/dir"


def test_nul_ends_no_name(client):
    """`cd /dir<NUL>x` would be taken for `cd /dir`."""
    for request in (b"cd /dir\0x", b"cd /dir\\x00x", b"cd '/dir\0x'", b"\0", b"pwd\0"):
        client.error(request)
    assert client.pwd() == "/dir"


@pytest.mark.parametrize("size", [2 * MIB, pytest.param(1024 * MIB, marks=pytest.mark.full)])
def test_line_without_end(serve, tree, size):
    """One client would fill the memory, or keep the server busy for as long as it likes."""
    server = serve("shell", "127.0.0.1:0", "--root", tree, "--threads", 0)
    before = server.proc.peak_kib()
    with Shell(server.address) as client:
        sent = 0
        client.socket.settimeout(PATIENCE)
        try:
            while sent < size:
                sent += client.socket.send(b"x" * 65536)
        except (ConnectionResetError, BrokenPipeError):
            pass
        else:
            assert client.answer()[1] == "error: the line is longer than 16384 bytes"
            assert client.answer() == ([], "bye: the line has no end")
        assert sent < 32 * MIB
        with Shell(server.address) as other:
            assert other.pwd() == "/"
    assert server.proc.peak_kib() - before < 4096
    server.wait_for_no_clients()


# ---- what the system refuses ----


def test_unreadable_directories(serve, open_directory):
    """A directory that may not be entered, or not listed, would stop the server or look empty."""
    root = open_directory.path / "root"
    for name, mode in (("closed", 0o700), ("search", 0o711), ("read", 0o744), ("open", 0o755)):
        (root / name / "inner").mkdir(parents=True)
        (root / name).chmod(mode)
    server = serve("shell", "127.0.0.1:0", "--root", root, program=open_directory.netkit,
                   prefix=unprivileged())
    with Shell(server.address) as client:
        for name, enters, lists in (("closed", False, False), ("search", True, False),
                                    ("read", False, True), ("open", True, True)):
            expected = ["inner"]
            if lists:
                assert client.names(f"ls {name}") == expected
            else:
                assert client.error(f"ls {name}") == f"cannot list '{name}': permission denied"
            if enters:
                client.cd(name)
                client.cd("inner")
                client.cd("/")
            else:
                assert client.error(f"cd {name}") == f"cannot enter '{name}': permission denied"
        (line,) = client.names("ls -lF read")
        assert re.fullmatch(r"\?{10} +\? +\? +\? \? inner/", line)
        client.cd("search")
        assert client.error("ls") == "cannot list '.': permission denied"
        assert client.pwd() == "/search"


def test_directory_that_is_removed(serve, tmp_path):
    """A session in it would be lost."""
    (tmp_path / "root" / "gone").mkdir(parents=True)
    server = serve("shell", "127.0.0.1:0", "--root", tmp_path / "root")
    with Shell(server.address) as client:
        client.cd("gone")
        (tmp_path / "root" / "gone").rmdir()
        assert client.names("ls") == []
        assert client.error("cd .") == "cannot enter '.': no such file or directory"
        client.cd("..")
        assert client.names("ls") == []


@pytest.mark.parametrize("option,value,problem", [
    ("--root", "nothing", "cannot begin in 'nothing': no such file or directory"),
    ("--root", "file", "cannot begin in 'file': not a directory"),
    ("--start", "..", "cannot begin in '..': it is not inside the root"),
    ("--start", "../root-2", "cannot begin in '../root-2': it is not inside the root"),
    ("--start", "above", "cannot begin in 'above': it is not inside the root"),
    ("--start", "nothing", "cannot begin in 'nothing': no such file or directory"),
    ("--start", "file", "cannot begin in 'file': not a directory"),
])
def test_places_to_begin_in(tree, option, value, problem):
    """A server would start in, or with, a directory that nobody meant."""
    (tree.parent / "root-2").mkdir()
    done = netkit_server.run("shell", "server", "0", option, value, cwd=tree)
    assert (done.returncode, done.stderr) == (1, f"netkit: {problem}\n")


@pytest.mark.parametrize("cwd,options,path", [
    (".", [], "/"),
    ("dir", [], "/"),
    ("dir", ["--root", ".."], "/dir"),
    ("dir/inner", ["--root", "../.."], "/dir/inner"),
    ("..", ["--root", "root"], "/"),
    ("..", ["--root", "root", "--start", "root/dir"], "/dir"),
    ("..", ["--root", "root", "--start", "root/inside"], "/dir/inner"),
])
def test_sessions_begin_where_the_server_was_started(serve, tree, cwd, options, path):
    """The first `ls` would show another directory than one expects."""
    server = serve("shell", "127.0.0.1:0", *options, cwd=tree / cwd)
    with Shell(server.address) as client:
        assert client.pwd() == path


# ---- what the process has given up ----


def landlock_version():
    return ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1)


needs_landlock = pytest.mark.skipif(landlock_version() < 1, reason="this kernel has no Landlock")


@needs_landlock
def test_confinement_is_said(serve, tree):
    """Nobody would know whether there is any."""
    server = serve("shell", "127.0.0.1:0", "--root", tree, "-v")
    server.allow(r"netkit: info: (not )?confined .*", "connections by thread: [0-9 ]+")
    server.wait_for_line(rf"confined by Landlock, version {landlock_version()}")
    status = (server.proc._proc / "status").read_text()
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.M)


@needs_landlock
def test_confined_before_there_are_threads(serve, tree, tmp_path):
    """Threads that were there already would stay free. The order of the system calls shows it, and
    that no file but those of the start is opened afterwards."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    calls = "landlock_restrict_self,clone,clone3,listen,openat,openat2,open"
    server = serve("shell", f"unix:{tmp_path}/socket", "--root", tree, "--log", tmp_path / "log",
                   prefix=["strace", "-f", "-o", trace, "-e", f"trace={calls}"],
                   address_count=1, env=without_leak_check())
    with Shell(server.address) as client:
        client.cd("dir")
        assert client.names("ls") == ["far-above", "inner"]
        client.error("ls ../above")
    os.kill(int(trace.read_text().split()[0]), signal.SIGTERM)
    server.check()
    lines = [re.sub(r"^\d+ +", "", line) for line in trace.read_text().splitlines()]
    lines = [line for line in lines if not line.startswith(("+++", "---", "<..."))]
    confined = [i for i, line in enumerate(lines) if line.startswith("landlock_restrict_self")]
    assert len(confined) == 1
    before, after = lines[: confined[0]], lines[confined[0] + 1 :]
    assert not [line for line in before if line.startswith("clone")]
    assert [line for line in before if line.startswith("listen")]
    assert [line for line in after if line.startswith("clone")]
    opened = [line for line in after if line.startswith("open")]
    assert opened
    for line in opened:
        assert re.match(r"openat2?\((\d+), \"[^/]*\", ", line) or IS_SANITIZED, line


# Takes the place of a function that the server calls on a worker thread when somebody lists a
# directory, and tries to do there what the server never does.
INTRUDER = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/socket.h>
#include <unistd.h>

static void tell(const char *what, const char *path, int result)
{
    dprintf(2, "intruder: %s %s: %s\n", what, path, result < 0 ? strerrorname_np(errno) : "done");
    if (result > 2)
        close(result);
}

DIR *fdopendir(int fd)
{
    DIR *(*real)(int) = (DIR * (*)(int)) dlsym(RTLD_NEXT, "fdopendir");
    const char *secret = getenv("SECRET");
    const char *inside = getenv("INSIDE");
    char new[4096];

    snprintf(new, sizeof new, "%s.new", inside);
    tell("reads", secret, open(secret, O_RDONLY));
    tell("writes", secret, open(secret, O_WRONLY));
    tell("removes", secret, unlink(secret));
    tell("reads", "/etc/passwd", open("/etc/passwd", O_RDONLY));
    tell("lists", "/etc", open("/etc", O_RDONLY | O_DIRECTORY));
    tell("reads", inside, open(inside, O_RDONLY));
    tell("writes", inside, open(inside, O_WRONLY | O_TRUNC));
    tell("makes", new, mkdir(new, 0700));
    tell("executes", "/bin/true", execl("/bin/true", "true", (char *)0));
    return real(fd);
}
"""


@needs_landlock
def test_process_itself_cannot_open_a_file(serve, tree, tmp_path, need):
    """A mistake in the server would show, or change, any file of the machine: it is tried from
    inside the confined process."""
    source, library = tmp_path / "intruder.c", tmp_path / "intruder.so"
    source.write_text(INTRUDER)
    subprocess.run([need("gcc"), "-shared", "-fPIC", "-o", library, source], check=True,
                   timeout=PATIENCE)
    secret, inside = tmp_path / "secret" / "plan", tree / "file"
    secret.write_text("secret")
    inside.write_text("inside")
    options = os.environ.get("ASAN_OPTIONS", f"exitcode={netkit_server.SANITIZER_STATUS}")
    server = serve("shell", "127.0.0.1:0", "--root", tree, env=netkit_server.environment(
        LD_PRELOAD=str(library), SECRET=str(secret), INSIDE=str(inside),
        ASAN_OPTIONS=options + ":verify_asan_link_order=0"))
    server.allow(r"intruder: .*")
    with Shell(server.address) as client:
        assert "file" in client.names("ls")
    tried = re.findall(r"^intruder: (\w+) (\S+): (\w+)$", server.stderr(), re.M)
    assert tried == [
        ("reads", str(secret), "EACCES"), ("writes", str(secret), "EACCES"),
        ("removes", str(secret), "EACCES"), ("reads", "/etc/passwd", "EACCES"),
        ("lists", "/etc", "EACCES"), ("reads", str(inside), "EACCES"),
        ("writes", str(inside), "EACCES"), ("makes", f"{inside}.new", "EACCES"),
        ("executes", "/bin/true", "EACCES")]
    assert (secret.read_text(), inside.read_text()) == ("secret", "inside")


@needs_landlock
@pytest.mark.parametrize("place", ["outside", "inside"])
def test_own_socket_is_removed_at_the_end(serve, tree, tmp_path, place):
    """A confined server could not clean up behind itself."""
    path = (tree if place == "inside" else tmp_path) / "socket"
    server = serve("shell", f"unix:{path}", "--root", tree)
    with Shell(server.address) as client:
        assert client.pwd() == "/"
    assert path.exists()
    server.stop()
    assert not path.exists()


def test_access_list_is_read_again(serve, tree, tmp_path):
    """A confined server could not learn whom it is to turn away from now on."""
    friends = tmp_path / "lists" / "friends"
    friends.parent.mkdir()
    friends.write_text("127.0.0.1\n")
    server = serve("shell", "127.0.0.1:0", "--root", tree, "--allow", f"@{friends}", "-v")
    server.allow(r"netkit: info: .*", r"connections by thread: [0-9 ]+", r"served .*; 1 denied.*")
    with Shell(server.address) as client:
        assert client.pwd() == "/"
        # As editors do: a new file takes the place of the old one.
        (tmp_path / "lists" / "new").write_text("192.0.2.1\n")
        (tmp_path / "lists" / "new").rename(friends)
        server.send_signal(signal.SIGHUP)
        server.wait_for_line("access lists read again")
        with pytest.raises((ConnectionError, AssertionError)):
            Shell(server.address)
        assert client.pwd() == "/"
