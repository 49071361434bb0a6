"""netkit shell client as scripts use it: requests from the command line and from pipes, exit
statuses, lost connections, events. The person at a terminal is test_shell_client_terminal.py."""

import os
import signal
import socket
import subprocess
import threading

import pytest

import netkit_server
from cat_support import Cat, Stage
from event_schema import read_events
from netkit_server import PATIENCE, wait_until

pytestmark = pytest.mark.dispatchers


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "root"
    (root / "src" / "deep").mkdir(parents=True)
    (root / "my dir").mkdir()
    for name in ("note.txt", "src/main.c", "my dir/it's", "odd\nname"):
        (root / name).touch()
    return root


@pytest.fixture
def server(serve, tree):
    return serve("shell", "127.0.0.1:0", "--root", tree)


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def run(*words, stdin=None, **options):
    """The client, run to its end."""
    done = subprocess.run([netkit_server.NETKIT, "shell", "client", *map(str, words)],
                          input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
                          capture_output=True, text=True, timeout=PATIENCE,
                          env=netkit_server.environment(), check=False, **options)
    assert done.returncode != netkit_server.SANITIZER_STATUS, done.stderr
    return done


def outcome(done):
    return done.returncode, done.stdout, done.stderr


class Script:
    """A server of the test's own, which says what a script tells it to."""

    def __init__(self, *sessions):
        self._sessions = sessions
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._listener.settimeout(PATIENCE)
        self.problem = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            for session in self._sessions:
                connection, _ = self._listener.accept()
                connection.settimeout(PATIENCE)
                with connection:
                    session(self, connection)
        except (OSError, AssertionError) as problem:
            self.problem = problem

    def finish(self):
        self._thread.join(PATIENCE)
        self._listener.close()
        assert not self._thread.is_alive()
        assert self.problem is None, self.problem


def plays(*steps, reset=False):
    """A session: bytes are said, a string is what has to be heard next."""

    def session(script, connection):
        for step in steps:
            if isinstance(step, bytes):
                connection.sendall(step)
                continue
            heard = b""
            while len(heard) < len(step):
                piece = connection.recv(len(step) - len(heard))
                assert piece, f"the client has gone before {step!r}"
                heard += piece
            assert heard == step.encode(), heard
        if reset:
            netkit_server.reset(connection)

    return session


READY = b"netkit-shell 1 ready\n"

# ---- requests and answers ----


@pytest.mark.parametrize("way", ["execute", "several", "lines", "pipe"])
def test_requests_of_a_script(server, way):
    """Requests would be lost, or done in another order, or two as one."""
    expected = (0, "/src\ndeep\nmain.c\nit's\n/my dir\n", "")
    address = server.address
    if way == "execute":
        done = run(address, "-e", "cd src; pwd; ls; cd '../my dir'; ls; pwd")
    elif way == "several":
        done = run("-e", "cd src; pwd", address, "-e", "ls", "--execute=cd '../my dir'", "-e",
                   "ls; pwd")
    elif way == "lines":
        done = run(address, stdin="# where\ncd src\r\npwd\n\nls;\ncd \"../my dir\"\nls\npwd")
    else:
        done = run("127.0.0.1", server.port, stdin="cd src; pwd; ls\ncd /my\\ dir\nls; pwd\n")
    assert outcome(done) == expected


def test_names_are_lines(server):
    """A name with a newline would be two, and one that is no text would end the program."""
    assert run(server.address, "-e", "ls").stdout == "my dir\nnote.txt\nodd\\nname\nsrc\n"
    long = run(server.address, "-e", "ls -l").stdout.splitlines()
    assert [line.split("Z ")[1] for line in long] == ["my dir", "note.txt", "odd\\nname", "src"]


def test_a_request_waits_for_nothing_but_its_line(server, stage):
    """A program that asks, reads and asks again would wait for ever."""
    client = stage.keep(Cat("shell", "client", server.address))
    for request, answer in ((b"pwd\n", b"/\n"), (b"cd src; pwd\n", b"/src\n"),
                            (b"ls\n", b"deep\nmain.c\n")):
        client.send(request)
        assert client.receive(len(answer)) == answer
    client.end()
    assert client.receive_all() == b""
    client.wait(0)


def test_a_failed_request_decides_the_status(server):
    """A script would take a listing of the wrong directory for success."""
    done = run(server.address, "-e", "cd nothing; ls src; fly; pwd")
    assert outcome(done) == (
        1, "deep\nmain.c\n/\n",
        "netkit: cannot enter 'nothing': no such file or directory\n"
        "netkit: unknown input type: 'fly'\n")
    done = run(server.address, "--fail-fast", stdin="cd nothing\nls src\n")
    assert outcome(done) == (1, "", "netkit: cannot enter 'nothing': no such file or directory\n")


def test_quit_ends_a_script(server):
    """What stands behind it would be done, or its farewell be taken for a loss."""
    assert outcome(run(server.address, "-e", "pwd; quit; pwd")) == (0, "/\n", "")
    assert outcome(run(server.address, "-e", "fly; quit")) == (
        1, "", "netkit: unknown input type: 'fly'\n")
    assert outcome(run(server.address, stdin="")) == (0, "", "")


def test_answers_and_errors_keep_their_order(server):
    """In one file an error would stand in the middle of another answer."""
    done = subprocess.run([netkit_server.NETKIT, "shell", "client", server.address, "-e",
                           "ls src; fly; ls; cd nothing; pwd"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False,
                          env=netkit_server.environment())
    assert done.stdout == ("deep\nmain.c\nnetkit: unknown input type: 'fly'\nmy dir\nnote.txt\n"
                           "odd\\nname\nsrc\nnetkit: cannot enter 'nothing': no such file or "
                           "directory\n/\n")


def test_unix_socket_and_default_address(serve, tree, tmp_path):
    """A server on a unix socket could not be reached."""
    server = serve("shell", f"unix:{tmp_path}/socket", "--root", tree)
    assert outcome(run(server.address, "-e", "pwd")) == (0, "/\n", "")
    done = run("-v", "-e", "pwd", server.address)
    where = f"unix:{tmp_path}/socket"
    assert done.stderr.startswith(f"trying {where}\nconnected to {where}\n"
                                  "1 request, 0 failed, sent ")


def test_large_listing_to_a_slow_reader(serve, tmp_path, stage):
    """The client would keep the whole listing in its memory, lose names, or lose patience."""
    many = tmp_path / "root" / "many"
    many.mkdir(parents=True)
    for number in range(30_000):
        (many / f"entry-{number:06}").touch()
    server = serve("shell", "127.0.0.1:0", "--root", tmp_path / "root")
    client = stage.keep(Cat("shell", "client", server.address, "--idle-timeout", "1s", "-e",
                            "ls -l many; pwd"))
    text = client.receive(1000)
    wait_until(lambda: client.proc.cpu_seconds_in(1.5) < 0.1, "nothing moves")
    assert client.is_running(), client.stderr()
    idle = client.proc.private_kib()
    text += client.receive(1_000_000)
    assert client.proc.private_kib() - idle < 1024
    text += client.receive_all()
    client.wait(0)
    lines = text.decode().splitlines()
    assert len(lines) == 30_001 and lines[-1] == "/"
    assert {line.split("Z ")[1] for line in lines[:-1]} == {f"entry-{n:06}" for n in range(30_000)}


def test_reader_that_goes_is_no_failure(server, stage):
    """`| head -1` would end with an error."""
    client = stage.keep(Cat("shell", "client", server.address))
    client.send(b"pwd\n")
    assert client.receive(2) == b"/\n"
    os.close(client.stdout)
    client.stdout = None
    client.send(b"ls\n")
    client.wait(0)
    assert client.stderr() == ""


def test_full_disk_is_a_failure(server):
    """A list that is cut would be taken for the whole."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run([netkit_server.NETKIT, "shell", "client", server.address, "-e", "ls"],
                              stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE,
                              check=False, env=netkit_server.environment())
    assert (done.returncode, done.stderr) == (
        1, "netkit: cannot write to 'standard output': no space left on device\n")


# ---- no connection, or none any more ----


def test_no_connection(tmp_path):
    """A script could not tell a server that is down from a name that is wrong."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        assert outcome(run(address, "-e", "pwd")) == (
            4, "", f"netkit: cannot connect to '{address}': connection refused\n")
    assert outcome(run("unix:/nonexistent/socket", "-e", "pwd")) == (
        4, "", "netkit: cannot connect to 'unix:/nonexistent/socket': no such file or directory\n")
    done = run("name.invalid:43211", "-e", "pwd")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("netkit: cannot resolve 'tcp://name.invalid:43211': ")


def test_server_that_does_not_greet(stage):
    """A client would wait for ever for a server that is none."""
    _, address = stage.listener()
    assert outcome(run(address, "-e", "pwd", "-w", "300ms")) == (
        5, "", f"netkit: cannot talk to '{address}': no answer in time\n")


@pytest.mark.parametrize("greeting,problem", [
    (b"220 mail ESMTP\r\n", "it is no remote shell, or one with --compat"),
    (b"netkit-shell 2 ready\n", "it speaks another version of the protocol"),
    (b"x" * 40000, "it is no remote shell, or one with --compat"),
    (READY + b"what?\n", "it does not keep to the protocol"),
    (READY + b" nobody has asked\n", "it does not keep to the protocol"),
])
def test_server_of_another_kind(greeting, problem):
    """What it says would be taken for an answer."""
    server = Script(plays(greeting, "pwd\n") if greeting.startswith(READY) else plays(greeting))
    done = run(server.address, stdin="pwd\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"netkit: cannot talk to '{server.address}': {problem}\n"


@pytest.mark.parametrize("answer", [b"ok\n", b"error: what?\n"])
def test_server_without_a_directory(answer):
    """A client that wants to know where it is would ask for ever."""
    server = Script(plays(READY, "pwd\n", answer))
    done = run(server.address, "--reconnect", "-e", "ls")
    server.finish()
    assert outcome(done) == (
        1, "", f"netkit: cannot talk to '{server.address}': it does not tell the directory\n")


def test_server_cannot_write_on_the_terminal():
    """A server could change the title of the window, or type for its user."""
    server = Script(plays(READY, "ls\n", b" good\n \x1b]0;owned\x07\nok\n"))
    done = run(server.address, "-e", "ls")
    server.finish()
    assert outcome(done) == (1, "good\n", f"netkit: cannot talk to '{server.address}': "
                                          "it does not keep to the protocol\n")


@pytest.mark.parametrize("how,reason", [
    ("close", "the server has closed the connection"),
    ("reset", "connection reset by the peer"),
    ("bye", "the server is stopping"),
])
def test_lost_in_the_middle(how, reason):
    """Half a listing would be taken for the whole."""
    says = b" first\n second\n" + (b"bye: the server is stopping\n" if how == "bye" else b"")
    server = Script(plays(READY, "ls\n", says, reset=how == "reset"))
    done = run(server.address, "-e", "ls; pwd")
    server.finish()
    assert (done.returncode, done.stderr) == (
        6, f"netkit: cannot go on with '{server.address}': {reason}\n")
    assert done.stdout == "first\nsecond\n" or how == "reset"


def test_answer_that_does_not_go_on():
    """A script would hang as long as its server does."""
    over = threading.Event()

    def session(script, connection):
        plays(READY, "ls\n", b" first\n")(script, connection)
        over.wait(PATIENCE)

    server = Script(session)
    done = run(server.address, "-e", "ls", "--idle-timeout", "300ms")
    over.set()
    server.finish()
    assert outcome(done) == (5, "first\n", f"netkit: cannot go on with '{server.address}': "
                                           "no answer in time\n")


def test_idle_session_that_the_server_ends(serve, tree, stage):
    """A script that comes late would be told that all is well."""
    server = serve("shell", "127.0.0.1:0", "--root", tree, "--idle-timeout", "300ms")
    client = stage.keep(Cat("shell", "client", server.address))
    client.send(b"pwd\n")
    assert client.receive(2) == b"/\n"
    client.wait(6)
    assert client.stderr() == (f"netkit: cannot go on with '{server.address}': "
                               "idle for too long\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_a_script(server, stage, number):
    """A shell would not see that somebody has stopped it."""
    client = stage.keep(Cat("shell", "client", server.address, "-v"))
    client.send(b"pwd\n")
    assert client.receive(2) == b"/\n"
    client.signal(number)
    client.wait(-number)
    assert "1 request, 0 failed, sent 4 bytes" in client.stderr()


# ---- coming back ----


def test_reconnect_returns_to_the_directory(serve, tree, tmp_path, stage):
    """The requests behind the loss would be done somewhere else."""
    path = tmp_path / "socket"
    first = serve("shell", f"unix:{path}", "--root", tree)
    client = stage.keep(Cat("shell", "client", f"unix:{path}", "--reconnect"))
    client.send(b"cd src/deep\ncd '/my dir'\npwd\n")
    assert client.receive(8) == b"/my dir\n"
    first.stop()
    client.wait_for_line("trying again in 250ms")
    client.send(b"ls\n")
    serve("shell", f"unix:{path}", "--root", tree)
    assert client.receive(5) == b"it's\n"
    client.send(b"cd -\npwd\n")
    assert client.receive(10) == b"/src/deep\n"
    client.end()
    client.wait(0)
    assert f"netkit: no connection to 'unix:{path}': the server is stopping; trying again in" in (
        client.stderr())


def test_reconnect_asks_again_what_was_lost():
    """A request would be lost with its connection, or its answer be written twice."""
    begin = ("pwd\n", b" /\nok\n")
    server = Script(
        plays(READY, *begin, "cd a\npwd\n", b"ok\n /a\nok\n", "ls x\n"),
        plays(READY, 'cd "/"\ncd "/a"\n', b"ok\nok\n", "ls x\n", b" one\n two\n"),
        plays(READY, 'cd "/"\ncd "/a"\n', b"ok\nok\n", "pwd\n", b" /a\nok\n"))
    done = run(server.address, "--reconnect", "-e", "cd a; ls x; pwd")
    server.finish()
    assert (done.returncode, done.stdout) == (6, "one\ntwo\n/a\n")
    assert "netkit: the connection was lost in the middle of the answer\n" in done.stderr


def test_reconnect_in_the_middle_of_a_change_of_directory():
    """`cd a` that was done already, as far as this client knows, would be done again from there."""
    server = Script(
        plays(READY, "pwd\n", b" /\nok\n", "cd a\npwd\n", b"ok\n /a\n"),
        plays(READY, 'cd "/"\n', b"ok\n", "cd a\npwd\n", b"ok\n /a\nok\n", "ls\n", b" x\nok\n"))
    done = run(server.address, "--reconnect", "-e", "cd a; ls")
    server.finish()
    assert (done.returncode, done.stdout) == (0, "x\n")


def test_reconnect_waits_longer_when_a_request_is_lost_again():
    """A server that dies of a request would be asked four times a second, for ever."""
    server = Script(
        plays(READY, "pwd\n", b" /\nok\n", "ls\n"),
        plays(READY, 'cd "/"\n', b"ok\n", "ls\n"),
        plays(READY, 'cd "/"\n', b"ok\n", "ls\n", b" x\nok\n", "pwd\n"),
        plays(READY, 'cd "/"\n', b"ok\n", "pwd\n", b" /\nok\n"))
    done = run(server.address, "--json", "--reconnect", "-e", "ls; pwd")
    server.finish()
    assert (done.returncode, done.stdout) == (0, "x\n/\n")
    lost = [event["delay"] for event in read_events(done.stderr) if event["event"] == "lost"]
    assert lost == [0.25, 0.5, 0.25]


def test_reconnect_is_no_way_around_fail_fast():
    """A script would go on behind an answer that was cut in two."""
    server = Script(plays(READY, "pwd\n", b" /\nok\n", "ls\n", b" one\n"))
    done = run(server.address, "--reconnect", "--fail-fast", "-e", "ls; pwd")
    server.finish()
    assert outcome(done) == (
        6, "one\n", "netkit: the connection was lost in the middle of the answer\n")


def test_reconnect_does_not_go_on_elsewhere():
    """The requests behind the loss would be done in the server's own directory."""
    server = Script(
        plays(READY, "pwd\n", b" /\nok\n", "cd a\npwd\n", b"ok\n /a\nok\n"),
        plays(READY, 'cd "/"\ncd "/a"\n', b"ok\nerror: cannot enter '/a': gone\n"))
    done = run(server.address, "--reconnect", "-e", "cd a; ls")
    server.finish()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("netkit: cannot return to '/a': cannot enter '/a': gone\n")


def test_first_connection_is_not_retried():
    """A typing mistake in the address would look like a server that is slow to come back."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        done = run(f"127.0.0.1:{unused.getsockname()[1]}", "--reconnect", "-e", "pwd")
    assert done.returncode == 4 and "trying again" not in done.stderr


# ---- the token ----


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_bytes(b'it\'s "a" \\ token \xff\n')
    path.chmod(0o600)
    return path


def test_token_is_given_when_it_is_asked_for(serve, tree, token_file, server):
    """A token with other bytes than letters could not be given; or it would be told to a server
    that does not ask."""
    guarded = serve("shell", "127.0.0.1:0", "--root", tree, "--token-file", token_file)
    assert outcome(run(guarded.address, "--token-file", token_file, "-e", "pwd")) == (0, "/\n", "")
    assert outcome(run(server.address, "--token-file", token_file, "-e", "pwd")) == (0, "/\n", "")


def test_token_that_is_missing_or_wrong(serve, tree, token_file, tmp_path):
    """A script would hang, or go on without any answer."""
    guarded = serve("shell", "127.0.0.1:0", "--root", tree, "--token-file", token_file)
    where = f"netkit: cannot talk to '{guarded.address}': "
    assert outcome(run(guarded.address, "-e", "pwd")) == (
        1, "", where + "it asks for a token, which --token-file gives\n")
    wrong = tmp_path / "wrong"
    wrong.write_text("guess\n")
    wrong.chmod(0o600)
    assert outcome(run(guarded.address, "--token-file", wrong, "-e", "pwd")) == (
        1, "", where + "it does not accept the token\n")
    missing = tmp_path / "missing"
    assert outcome(run(guarded.address, "--token-file", missing, "-e", "pwd")) == (
        1, "", f"netkit: cannot take the token from '{missing}': no such file or directory\n")


# ---- events ----


def test_events_tell_of_each_answer(server):
    """A program would have to guess which lines belong to which request."""
    done = run(server.address, "--json", "-e", "ls src; ls nothing; fly")
    assert (done.returncode, done.stdout) == (1, "deep\nmain.c\n")
    events = read_events(done.stderr)
    assert [event["event"] for event in events] == ["connected", *["answer"] * 3, "summary"]
    assert [(each["request"], each["lines"], each["error"]) for each in events[1:4]] == [
        ("ls src", 2, ""),
        ("ls nothing", 0, "cannot list 'nothing': no such file or directory"),
        ("fly", 0, "unknown input type: 'fly'")]
    summary = events[-1]
    assert (summary["requests"], summary["failed"], summary["status"]) == (3, 2, 1)


def test_events_tell_of_losses(stage):
    """A program could not tell that there was one."""
    begin = ("pwd\n", b" /\nok\n")
    server = Script(plays(READY, *begin), plays(READY, 'cd "/"\n', b"ok\n", "ls\n", b" a\n"),
                    plays(READY, 'cd "/"\n', b"ok\n"))
    done = run(server.address, "--json", "--reconnect", "-e", "ls")
    server.finish()
    events = read_events(done.stderr)
    assert [event["event"] for event in events] == [
        "connected", "lost", "connected", "answer", "lost", "connected", "summary"]
    assert events[1]["delay"] == 0.25
    assert events[3]["error"] == "the connection was lost in the middle of the answer"
    assert (events[-1]["reconnects"], events[-1]["status"]) == (2, 6)
    done = run("127.0.0.1:1", "--json", "-e", "ls")
    events = read_events(done.stderr)
    assert [event["event"] for event in events] == ["error", "summary"]
    assert events[1]["status"] == 4


def test_a_lost_request_has_failed():
    """A program would count it among those that were answered."""
    server = Script(plays(READY, "ls\n", b" one\n"))
    done = run(server.address, "--json", "-e", "ls; pwd")
    server.finish()
    summary = read_events(done.stderr)[-1]
    assert (summary["requests"], summary["failed"], summary["status"]) == (1, 1, 6)


def test_totals_on_demand(server, stage):
    """Nobody could see what a client does that runs for days."""
    client = stage.keep(Cat("shell", "client", server.address, "--json"))
    client.send(b"pwd\n")
    assert client.receive(2) == b"/\n"
    client.signal(signal.SIGUSR1)
    client.wait_for_line('"statistics"')
    client.end()
    client.wait(0)
    assert [event["event"] for event in read_events(client.stderr())] == [
        "connected", "answer", "statistics", "summary"]


@pytest.mark.parametrize("words,problem", [
    (["--compat", "--token-file", "x"], "--token-file has no effect with --compat"),
    (["--compat", "--reconnect"], "--reconnect has no effect with --compat"),
    (["--settle", "1s"], "--settle has no effect without --compat"),
    (["--no-edit", "-e", "pwd"], "--edit has no effect with --execute"),
    (["--json", "--edit"], "--edit has no effect with --json"),
    (["-4", "-6"], "--ipv4 and --ipv6 exclude each other"),
    (["udp://127.0.0.1:1"], "a remote shell has an address of TCP"),
    (["http://127.0.0.1/"], "a remote shell has an address of TCP"),
    (["example.org"], "the port is missing"),
    (["a", "1", "2"], "unexpected argument '2'"),
    (["127.0.0.1:0"], "port 0 cannot be connected to"),
])
def test_mistakes_on_the_command_line(words, problem):
    """An option would be ignored in silence."""
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr and len(done.stderr.splitlines()) == 2
