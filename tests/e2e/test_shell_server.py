"""`netkit shell server`: the requests, the session and its end. What nobody may do is in
test_shell_confinement.py, what many clients or entries cost in test_shell_load.py."""

import os
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

import netkit_server
from many_names import make_names
from netkit_server import PATIENCE, connect, wait_until
from shell_client import Shell, quote, unescape

pytestmark = pytest.mark.dispatchers


@pytest.fixture
def tree(tmp_path):
    """A root with a few names in it."""
    root = tmp_path / "root"
    (root / "home" / "me" / "src").mkdir(parents=True)
    (root / "home" / "me" / "notes.txt").write_text("12345" * 1024)
    (root / "home" / "me" / ".hidden").touch()
    (root / "etc").mkdir()
    return root


@pytest.fixture
def server(serve, tree):
    return serve("shell", "127.0.0.1:0", "--root", tree)


@pytest.fixture
def client(server):
    with Shell(server.address) as shell:
        yield shell


# ---- the requests ----


@pytest.mark.parametrize("group,name", [("serve", "shell"), ("shell", "server")])
def test_transcript_of_the_source(serve, tmp_path, group, name):
    """The session of the course: where a client is, where it goes and how it returns, and that the
    next one begins where the first began."""
    start = tmp_path / "server"
    start.mkdir()
    (start / "shell.c").touch()
    (start / "Makefile").touch()
    server = serve(name, "127.0.0.1:0", "--root", "/", "--start", start, group=group)
    with Shell(server.address) as first:
        assert first.pwd() == str(start)
        first.cd("..")
        assert first.pwd() == str(tmp_path)
        first.cd("..")
        assert first.pwd() == str(tmp_path.parent)
        assert tmp_path.name in first.names("ls")
        first.cd("-")
        assert first.pwd() == str(tmp_path)
        first.cd("/home")
        assert first.pwd() == "/home"
        assert first.names("ls") == sorted(os.listdir("/home"))
        assert first.request("quit") == ([], "bye")
        assert first.is_at_end()
    with Shell(server.address) as second:
        assert second.pwd() == str(start)
        assert second.names("ls") == ["Makefile", "shell.c"]
        assert second.request("quit") == ([], "bye")


def test_cd_goes_where_it_is_told(client):
    """A directory would be taken from somewhere else than where the client is."""
    steps = [
        ("home/me", "/home/me"), ("src", "/home/me/src"), ("../../me/./src/", "/home/me/src"),
        ("..", "/home/me"), ("-", "/home/me/src"), ("-", "/home/me"), ("~", "/"),
        ("~/etc", "/etc"), ("", "/"), ("-", "/etc"), ("/home", "/home"), ("./me", "/home/me"),
        ("../../../../..", "/"), ("//home//me", "/home/me"),
    ]
    for argument, path in steps:
        client.cd(argument)
        assert client.pwd() == path, argument


def test_cd_that_fails_changes_nothing(client):
    """A client would be lost, or `cd -` would lead to where it never was."""
    assert client.error("cd -") == "there is no former directory"
    client.cd("/home/me")
    assert client.error("cd nothing") == "cannot enter 'nothing': no such file or directory"
    assert client.error("cd notes.txt") == "cannot enter 'notes.txt': not a directory"
    assert client.pwd() == "/home/me"
    client.cd("-")
    assert client.pwd() == "/"


def test_ls_shows_names(client):
    """Names would be missing, or hidden ones shown."""
    assert client.names("ls") == ["etc", "home"]
    assert client.names("ls home/me") == ["notes.txt", "src"]
    assert client.names("ls -a home/me") == [".hidden", "notes.txt", "src"]
    assert client.names("ls /home/me/notes.txt") == ["/home/me/notes.txt"]
    assert client.names("ls home/me/src") == []
    client.cd("home/me")
    assert client.names("ls") == ["notes.txt", "src"]
    assert client.names("ls ..") == ["me"]
    assert client.names("ls -p s") == ["src"]
    assert client.names("ls -a -m 2") == [".hidden", "notes.txt"]
    assert client.names("ls -m 0") == []
    assert client.error("ls nothing") == "cannot list 'nothing': no such file or directory"


def test_ls_marks_types(client, tree):
    """A client that completes names would not know which are directories."""
    directory = tree / "etc"
    (directory / "dir").mkdir()
    (directory / "file").touch()
    (directory / "trick@").touch()
    os.symlink("dir", directory / "link")
    os.mkfifo(directory / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(directory / "socket"))
    assert client.names("ls -F etc") == [
        "dir/", "file", "link@", "pipe|", "socket=", "trick\\x40"]
    assert client.names("ls -F etc/link") == []
    assert client.names("ls -F etc/pipe") == ["etc/pipe|"]


def test_long_lines_say_what_stat_says(client, tree):
    """A type, a mode, an owner, a size or a date would be wrong."""
    directory = tree / "home" / "me"
    os.symlink("src", directory / "link")
    os.symlink("a -> b\n", directory / "x -> y")
    os.mkfifo(directory / "pipe")
    os.chmod(directory / "notes.txt", 0o6640)
    os.chmod(directory / "src", 0o1777)
    os.utime(directory / "notes.txt", (0, 1_000_000_000))
    found = {}
    for line in client.names("ls -al home/me"):
        match = re.fullmatch(r"(\S+) +(\S+) +(\S+) +(\S+) (\S+) (.*)", line)
        *fields, rest = match.groups()
        found[rest.split(" -> ")[0]] = (fields, rest)
    names = [".hidden", "link", "notes.txt", "pipe", "src", "x \\x2d> y"]
    assert list(found) == names
    for name, (fields, rest) in found.items():
        status = os.lstat(directory / name.replace("\\x2d", "-"))
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(status.st_mtime))
        assert fields == [stat.filemode(status.st_mode), str(status.st_uid), str(status.st_gid),
                          str(status.st_size), date]
    assert found["link"][1] == "link -> src"
    assert found[names[-1]][1] == "x \\x2d> y -> a -> b\\n"
    assert found["notes.txt"][0][4] == "2001-09-09T01:46:40Z"
    (single,) = client.names("ls -l home/me/notes.txt")
    assert single.endswith("Z home/me/notes.txt")


@pytest.mark.parametrize("command", ["l", "PWD", "lss", "ls;pwd", "exec", "rm", "pw"])
def test_anything_else_is_an_error(client, command):
    """A prefix would do for a command (DEFECTS 23), or an error would end the session."""
    assert client.error(f"{command} x") == f"unknown input type: '{command}'"
    assert client.pwd() == "/"


def test_mistakes_are_told(client):
    """A request that is not understood would be guessed at."""
    for request in ("pwd now", "cd a b", "cd 'a", "cd \\", "ls -z", "ls -m x", "cd ''", "token x",
                    "cd \\x00", b"cd a\x1bb", b"cd \0"):
        client.error(request)
    assert client.request("") == ([], "ok")
    help_lines = client.names("help")
    for word in ("pwd", "cd", "ls", "help", "quit"):
        assert any(line.startswith(word) for line in help_lines)


ODD_NAMES = [b"two words", b"new\nline", b"tab\t", b"back\\slash", b"quo'te\"s", b"\x1b[31m",
             b"\xff\xfe", "caf\u00e9".encode(), "\u202eexe".encode(), b"-", b"~", b"-l", b"n" * 255]


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: ascii(name[:12]))
def test_names_of_any_bytes(client, tree, name):
    """A name could not be entered, would not come back as it is, or would break a line."""
    os.makedirs(os.path.join(os.fsencode(tree), b"etc", name, b"inside"))
    (line,), status = client.request("ls etc")
    assert status == "ok" and unescape(line) == name
    client.cd("etc")
    assert client.request(b"cd ./" + quote(name)) == ([], "ok")
    assert client.names("ls") == ["inside"]
    (path,), _ = client.request("pwd")
    assert unescape(path) == b"/etc/" + name
    # As it was written it can be sent back, in double quotes.
    client.cd("..")
    written = b"cd \"./" + line.replace(b'"', b'\\"') + b'"'
    assert client.request(written) == ([], "ok")


def test_a_directory_stays_that_of_the_session(client, tree):
    """Renaming it would lead the session somewhere else."""
    client.cd("home/me")
    (tree / "home" / "me").rename(tree / "home" / "you")
    (tree / "home" / "me").mkdir()
    assert client.names("ls") == ["notes.txt", "src"]
    assert client.pwd() == "/home/me"
    client.cd(".")
    assert client.names("ls") == []


# ---- lines ----


def test_pipelined_requests_are_answered_in_order(server):
    """Requests behind a listing would be lost, or answered before it."""
    with Shell(server.address) as client:
        client.send("\n".join(f"x{i}\nls home/me\npwd\ncd home\ncd .." for i in range(500)))
        for i in range(500):
            assert client.answer() == ([], f"error: unknown input type: 'x{i}'")
            assert client.answer() == ([b"notes.txt", b"src"], "ok")
            assert client.answer() == ([b"/"], "ok")
            assert client.answer() == client.answer() == ([], "ok")


def test_many_cheap_requests_do_not_fill_the_memory(server):
    """60,000 answers to a client that does not read would be kept."""
    with Shell(server.address, receive_buffer=4096) as client:
        client.socket.settimeout(2)
        with pytest.raises(TimeoutError):
            while True:
                client.send("help\n" * 1000)
        with Shell(server.address) as other:
            assert other.pwd() == "/"
    server.wait_for_no_clients()


@pytest.mark.parametrize("pieces", [1, 3])
def test_lines_may_come_in_pieces(client, pieces):
    """A request would be taken for complete when its first bytes are here."""
    request = b"cd home/me\r\npwd\r\n"
    for i in range(0, len(request), pieces):
        client.socket.sendall(request[i : i + pieces])
    assert client.answer() == ([], "ok")
    assert client.answer() == ([b"/home/me"], "ok")


@pytest.mark.parametrize("requests", ["pwd", "ls", "cd home\npwd\nls"])
def test_half_close_gets_every_answer(server, requests):
    """`nc -N` would get its answers cut, or wait for the idle time-out."""
    with Shell(server.address) as client:
        client.send(requests)
        client.socket.shutdown(socket.SHUT_WR)
        for _ in requests.split("\n"):
            assert client.answer()[1] == "ok"
        assert client.is_at_end()


def test_line_without_end_is_not_carried_out(server):
    """`cd /home` would be done when the connection breaks in `cd /home/me`."""
    with Shell(server.address) as client:
        client.socket.sendall(b"pwd\npw")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.answer() == ([b"/"], "ok")
        assert client.answer() == ([], "error: the last line has no end")
        assert client.is_at_end()


def test_too_long_line_is_an_error_and_no_more(serve, tree):
    """One long line would end the session, or its rest would be taken for requests."""
    server = serve("shell", "127.0.0.1:0", "--root", tree, "--max-line", 64)
    with Shell(server.address) as client:
        client.socket.sendall(b"x" * 62 + b"\n")
        assert client.answer()[1].startswith("error: unknown input type: 'xxx")
        client.socket.sendall(b"x" * 63 + b"\n")
        assert client.answer()[1].startswith("error: unknown input type: 'xxx")
        for size in (64, 65, 1000, 100_000):
            client.socket.sendall(b"pwd " * (size // 4) + b"pwd " [: size % 4] + b"\npwd\n")
            assert client.answer() == ([], "error: the line is longer than 64 bytes")
            assert client.answer() == ([b"/"], "ok")


# ---- tokens ----


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("s3cret word\nsecond line\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def guarded(serve, tree, token_file):
    return serve("shell", "127.0.0.1:0", "--root", tree, "--token-file", token_file)


def test_nothing_is_told_without_the_token(guarded):
    """The tree would be open to everybody."""
    with Shell(guarded.address) as client:
        assert client.needs_token
        for request in ("pwd", "ls", "cd home", "fly"):
            assert client.error(request) == "a token is needed first"
        assert client.names("help")
        assert client.request("token 's3cret word'") == ([], "ok")
        assert client.pwd() == "/"
        assert client.request("token 's3cret word'") == ([], "ok")


def test_wrong_tokens_are_slow_and_few(guarded):
    """A token could be guessed, as fast as the network is."""
    with Shell(guarded.address) as client, Shell(guarded.address) as other:
        for word in ("wrong", "'s3cret wore'"):
            started = time.monotonic()
            assert client.error(f"token {word}") == "wrong token"
            assert time.monotonic() - started > 0.9
        client.send("token 's3cret word '\ntoken 's3cret word'\npwd")
        # Nobody else waits meanwhile.
        assert other.request("token 's3cret word'") == ([], "ok")
        assert client.answer() == ([], "bye: too many wrong tokens")
        assert client.is_at_end()
    assert guarded.statistics()["refused"] == 1
    guarded.allow(r"served 2 connections, .*; 1 refused")


@pytest.mark.parametrize("content,problem", [
    (None, "no such file or directory"),
    ("", "its first line is empty"),
    ("\nx", "its first line is empty"),
    ("x" * 1025, "message too long"),
])
def test_token_file_that_cannot_be_used(tree, tmp_path, content, problem):
    """A server would start without the token that it was told to ask for."""
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    done = netkit_server.run("shell", "server", "--root", tree, "--token-file", path, "0")
    assert done.returncode == 1
    assert done.stderr == f"netkit: cannot take the token from '{path}': {problem}\n"


def test_token_that_everybody_can_read_is_mentioned(serve, tree, token_file):
    """A token in a file of mode 644 is no secret on this machine."""
    token_file.chmod(0o644)
    server = serve("shell", "127.0.0.1:0", "--root", tree, "--token-file", token_file)
    server.allow(f"netkit: warning: everybody on this machine can read the token in '{token_file}'")
    server.wait_for_line("everybody")


# ---- time ----


def test_idle_session_is_ended(serve, tree):
    """A session that was left open would stay for ever, or be closed without a word."""
    server = serve("shell", "127.0.0.1:0", "--root", tree, "--idle-timeout", "1s")
    with Shell(server.address) as client:
        for _ in range(6):
            time.sleep(0.2)  # each request counts as life
            assert client.pwd() == "/"
        client.socket.sendall(b"pw")  # a part of one does not
        assert client.answer() == ([], "bye: idle for too long")
        assert client.is_at_end()
    server.wait_for_no_clients()


def test_client_that_takes_nothing_is_cut(serve, tree):
    """It would hold its listing for ever."""
    make_names(tree / "many", 40_000)
    server = serve("shell", "127.0.0.1:0?sndbuf=8k", "--root", tree, "--idle-timeout", "500ms")
    with Shell(server.address, receive_buffer=4096) as client:
        client.send("ls -l many")
        wait_until(lambda: server.statistics()["open"] == 0, "the client was cut")


def test_client_that_takes_little_is_not_cut(serve, tree):
    """A slow line would be taken for a dead one."""
    make_names(tree / "many", 5_000)
    server = serve("shell", "127.0.0.1:0?sndbuf=8k", "--root", tree, "--idle-timeout", "1s")
    with Shell(server.address, receive_buffer=4096) as client:
        client.send("ls -l many")
        received = b""
        started = time.monotonic()
        while time.monotonic() - started < 4:
            received += client.socket.recv(4096)
            time.sleep(0.1)
        while not received.endswith(b"\nok\n"):
            received += client.socket.recv(65536)
        assert received.count(b"\n") == 5_001
        assert client.pwd() == "/"


# ---- the end ----


def test_stop_says_goodbye(server):
    """Clients would take the end of the server for a broken line."""
    with Shell(server.address) as idle, Shell(server.address) as typing:
        idle.cd("home")
        typing.pwd()
        typing.socket.sendall(b"ls ho")
        server.send_signal(signal.SIGTERM)
        for client in (idle, typing):
            assert client.answer() == ([], "bye: the server is stopping")
            assert client.is_at_end()
    server.check()


def test_stop_finishes_a_listing(serve, tree):
    """A client would get half a directory and take it for the whole."""
    make_names(tree / "many", 20_000)
    server = serve("shell", "127.0.0.1:0?sndbuf=8k", "--root", tree)
    with Shell(server.address, receive_buffer=4096) as client:
        client.send("ls -l many")
        assert client.line()
        server.send_signal(signal.SIGTERM)
        server.wait_for_line("stopping on SIGTERM")
        payload, status = client.answer()
        assert (len(payload), status) == (19_999, "ok")
        assert client.answer() == ([], "bye: the server is stopping")
    server.check()


# ---- the session log ----


def test_log_tells_who_when_and_what(serve, tree, tmp_path):
    """Nobody could say afterwards who has looked at what."""
    log = tmp_path / "logs" / "shell.log"
    log.parent.mkdir()
    server = serve("shell", "127.0.0.1:0", f"unix:{tmp_path}/socket", "--root", tree, "--log", log)
    with Shell(server.address) as client, Shell(server.addresses[1]) as local:
        who = "127.0.0.1:%d" % client.socket.getsockname()[1]
        client.cd("home")
        client.request(b"ls -l \xff\\x1b'\r\x1b[31m'")
        client.request("fly away")
        local.request("quit")
        client.socket.close()
    server.wait_for_no_clients()
    lines = [re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\d+) (\S+) (.*)", line).groups()
             for line in log.read_text().splitlines()]
    assert [time for time, *_ in lines] == sorted(time for time, *_ in lines)
    number = lines[0][1]
    assert [(peer, what) for _, session, peer, what in lines if session == number] == [
        (who, "begins"), (who, "/: cd home"), (who, "is not understood"), (who, "/home: fly away"),
        (who, "ends")]
    assert [what for _, session, peer, what in lines if session != number] == [
        "begins", "/: quit", "quits"]
    assert stat.S_IMODE(log.stat().st_mode) & 0o007 == 0


def test_log_keeps_tokens_to_itself(serve, tree, tmp_path, token_file):
    """Whoever reads the log could use the token, or one that is nearly right."""
    log = tmp_path / "shell.log"
    server = serve("shell", "127.0.0.1:0", "--root", tree, "--log", log, "--token-file", token_file)
    with Shell(server.address) as client:
        client.request("toekn s3cret")
        client.error("token s3cret")
        client.request("token 's3cret word'")
        client.error("token 's3cret word")
        client.pwd()
    server.wait_for_no_clients()
    text = log.read_text()
    assert "s3cret" not in text
    for event in ("gives a wrong token", "gives the token", "/: pwd"):
        assert event in text


def test_log_goes_on_in_a_new_file(serve, tree, tmp_path):
    """logrotate would move the log away and everything after it would be lost; a confined process
    has to be able to make the new one."""
    log = tmp_path / "shell.log"
    server = serve("shell", "127.0.0.1:0", "--root", tree, "--log", log)
    with Shell(server.address) as client:
        client.request("first")
        log.rename(tmp_path / "shell.log.1")
        server.send_signal(signal.SIGHUP)
        wait_until(log.exists, "there is a new log")
        client.request("second")
        assert "first" in (tmp_path / "shell.log.1").read_text()
        assert log.read_text().endswith("/: second\n") and "first" not in log.read_text()


def test_log_that_cannot_be_opened(tree):
    """A server would run without the log that it was told to keep."""
    path = tree / "nowhere" / "log"
    done = netkit_server.run("shell", "server", "--root", tree, "--log", path, "0")
    assert (done.returncode, done.stderr) == (
        1, f"netkit: cannot write to '{path}': no such file or directory\n")


# ---- the raw form ----


class RawClient:
    """A client of the source's kind: one write is one command, what comes is the answer."""

    def __init__(self, address):
        self.socket = connect(address)
        self.socket.settimeout(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.socket.close()

    def ask(self, command, size):
        self.socket.sendall(command)
        answer = b""
        while len(answer) < size:
            try:
                answer += self.socket.recv(size - len(answer)) or b"(the end)"
            except TimeoutError:
                break

        return answer

    def quit(self):
        """The source's client shuts its sending direction down and waits for the end."""
        self.socket.shutdown(socket.SHUT_WR)
        assert self.socket.recv(100) == b""


@pytest.fixture
def raw(serve, tree):
    return serve("shell", "127.0.0.1:0", "--root", tree, "--compat")


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_raw_transcript(raw, end):
    """The programs of the course could not talk to this server."""
    def check(client, command, answer):
        assert client.ask(command + end, len(answer)) == answer

    with RawClient(raw.address) as first:
        check(first, b"pwd", b"/")
        check(first, b"ls", b"etc\nhome\n")
        first.socket.sendall(b"cd home/me" + end)  # is not answered
        wait_until(lambda: raw.statistics()["requests"] == 3, "it was read by itself")
        check(first, b"pwd", b"/home/me")
        check(first, b"l", b"error: unknown input type")
        check(first, b"help", b"error: unknown input type")
        check(first, b"cd nothing", b"error: cannot enter 'nothing': no such file or directory")
        first.quit()
    with RawClient(raw.address) as second:
        check(second, b"pwd", b"/")
        second.quit()


def test_raw_quit_ends_one_direction_only(raw):
    """The source's server half-closes; a client that sends on would be reset."""
    with RawClient(raw.address) as client:
        client.socket.sendall(b"quit")
        assert client.socket.recv(100) == b""
        for _ in range(3):
            client.socket.sendall(b"pwd")
        client.quit()
    raw.wait_for_no_clients()


def test_raw_listing_of_any_size(serve, tree):
    """More than 16 KiB of names overflowed the source's buffer (DEFECTS 23)."""
    make_names(tree / "many", 3_000)
    server = serve("shell", "127.0.0.1:0", "--root", tree / "many", "--compat")
    expected = "".join(f"entry-{number:06}\n" for number in range(3_000)).encode()
    with RawClient(server.address) as client:
        assert client.ask(b"ls", len(expected)) == expected
        client.quit()


def test_raw_form_has_no_token(tree, token_file):
    """A server would seem to be guarded that cannot be."""
    done = netkit_server.run("shell", "server", "--compat", "--token-file", token_file)
    assert done.returncode == 2 and "--token-file has no effect with --compat" in done.stderr


# ---- other people's clients ----


def test_a_person_with_nc(server, need):
    """What the page promises could not be typed."""
    done = subprocess.run([need("nc"), "-N", "127.0.0.1", str(server.port)], timeout=PATIENCE,
                          input=b"cd home\npwd\nls\nfly\nquit\n", capture_output=True, check=True)
    assert done.stdout == (b"netkit-shell 1 ready\nok\n /home\nok\n me\nok\n"
                           b"error: unknown input type: 'fly'\nbye\n")


def test_a_person_with_connect(server):
    """netkit's own connect is the first client one would try."""
    done = subprocess.run([netkit_server.NETKIT, "connect", "127.0.0.1", str(server.port)],
                          input=b"pwd\nquit\n", capture_output=True, timeout=PATIENCE, check=True)
    assert done.stdout == b"netkit-shell 1 ready\n /\nok\nbye\n"
