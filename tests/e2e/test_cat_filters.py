"""What connect and listen do with bytes on their way: --hex, --record, --telnet, --limit-rate,
--progress."""

import os
import pty
import re
import signal
import subprocess
import termios
import time

import pytest

from cat_support import MIB, Peer, Stage, pattern, read_exactly
from cli_support import run
from event_schema import read_events
from netkit_server import PATIENCE, wait_until

ROLES = ["connect", "listen"]
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


class Terminal:
    def __init__(self):
        self.outer, self.inner = pty.openpty()

    def close(self):
        os.close(self.outer)
        os.close(self.inner)


def lines_of(cat, mark):
    """The lines of the hexdump in one direction."""
    return [line for line in cat.stderr().splitlines() if line.startswith(f"{mark} ")]


def bytes_of(lines):
    """What hexdump lines show; their offsets have to follow one another."""
    data = b""
    for line in lines:
        offset, columns = re.fullmatch(r". ([0-9a-f]{8,})  ([0-9a-f ]{49}) \|.*\|", line).groups()
        assert int(offset, 16) == len(data)
        data += bytes.fromhex(columns)
    return data


def unescape(text):
    """The bytes of a chunk in a record."""

    def one(match):
        return bytes([int(match[1][1:], 16)]) if len(match[1]) > 1 else ESCAPES[chr(match[1][0])]

    return re.sub(rb"\\(x[0-9a-f]{2}|[rnt\\])", one, text)


def read_record(path):
    """[(seconds, direction, bytes or None for the end)] of a record."""
    lines = path.read_bytes().split(b"\n")
    assert lines[0] == b"netkit-record 1" and lines[-1] == b""
    events = []
    for line in lines[1:-1]:
        time, direction, size, *rest = line.split(b" ", 3)
        data = None if size == b"end" else unescape(rest[0])
        assert data is None or len(data) == int(size)
        events.append((int(time) / 1e9, direction.decode(), data))
    assert [event[0] for event in events] == sorted(event[0] for event in events)
    return events


def of(events, direction):
    """All bytes of a direction, and whether its end was recorded behind them."""
    mine = [event[2] for event in events if event[1] == direction]
    ended = None in mine
    assert not ended or mine.index(None) == len(mine) - 1
    return b"".join(data for data in mine if data is not None), ended


# ---- the hexdump ----


@pytest.mark.parametrize("role", ROLES)
def test_hex_shows_both_directions(stage, role):
    """A byte is not shown, or standard output is no longer what was received."""
    cat, peer = stage.pair(role, "--hex", "--quiet")
    cat.send(b"question\n")
    assert peer.receive(9) == b"question\n"
    peer.send(bytes(range(256)))
    assert cat.receive(256) == bytes(range(256))
    peer.send(b"more")
    assert cat.receive(4) == b"more"
    peer.end()
    cat.end()
    cat.wait(0)
    assert bytes_of(lines_of(cat, ">")) == b"question\n"
    assert bytes_of(lines_of(cat, "<")) == bytes(range(256)) + b"more"


def test_hex_on_a_terminal_replaces_the_bytes(stage):
    """The bytes stand between the lines that show them."""
    terminal = stage.keep(Terminal())
    cat, peer = stage.pair("connect", "--hex", stdout=terminal.inner)
    peer.send(b"secret")
    cat.wait_for_line("|secret|")
    peer.end()
    cat.end()
    cat.wait(0)
    os.set_blocking(terminal.outer, False)
    with pytest.raises(BlockingIOError):
        os.read(terminal.outer, 100)


def test_hex_as_events(stage):
    """With --json a line on standard error is no JSON."""
    cat, peer = stage.pair("connect", "--hex", "--json")
    peer.send(b"0123456789abcdefg")
    assert cat.receive(17) == b"0123456789abcdefg"
    peer.end()
    cat.end()
    cat.wait(0)
    lines = [e["line"] for e in read_events(cat.stderr()) if e["event"] == "hexdump"]
    assert bytes_of(lines) == b"0123456789abcdefg"


@pytest.mark.parametrize("role", ROLES)
def test_hex_is_of_what_crlf_makes(stage, role):
    """What is shown is not what the peer gets."""
    cat, peer = stage.pair(role, "--hex", "--crlf")
    cat.send(b"a\n")
    assert peer.receive(3) == b"a\r\n"
    peer.end()
    cat.end()
    cat.wait(0)
    assert bytes_of(lines_of(cat, ">")) == b"a\r\n"


# ---- the record ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("role", ROLES)
def test_record_keeps_the_conversation(stage, tmp_path, role):
    """Bytes, order or ends are lost in the file."""
    record = tmp_path / "record"
    record.write_bytes(b"old contents that are longer than the header of the new record\n" * 9)
    cat, peer = stage.pair(role, "--record", record)
    cat.send(b"hello\n")
    assert peer.receive(6) == b"hello\n"
    wait_until(lambda: b"hello" in record.read_bytes(), "the record is written while it runs")
    peer.send(bytes(range(256)))
    assert cat.receive(256) == bytes(range(256))
    cat.end()
    assert peer.receive_all() == b""
    peer.send(b"after")
    peer.end()
    cat.wait(0)
    events = read_record(record)
    assert [(event[1], event[2]) for event in events] == [
        (">", b"hello\n"), ("<", bytes(range(256))), (">", None), ("<", b"after"), ("<", None)]
    assert events[0][0] < PATIENCE


@pytest.mark.parametrize("role", ROLES)
def test_record_of_bulk(stage, tmp_path, role):
    """Of much data some is lost in the file, or on its way because of it."""
    record = tmp_path / "record"
    (tmp_path / "in").write_bytes(pattern(4 * MIB))
    with open(tmp_path / "in", "rb") as source:
        cat, peer = stage.pair(role, "--record", record, stdin=source)
    peer.socket.setblocking(True)
    sender = os.fork()
    if sender == 0:
        try:
            peer.send(pattern(3 * MIB, 1))
            peer.end()
        finally:
            os._exit(0)
    reader = os.fork()
    if reader == 0:
        os._exit(0 if peer.receive_all() == pattern(4 * MIB) else 1)
    assert cat.receive_all() == pattern(3 * MIB, 1)
    cat.wait(0)
    assert os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1]) == 0
    os.waitpid(sender, 0)
    events = read_record(record)
    assert of(events, ">") == (pattern(4 * MIB), True)
    assert of(events, "<") == (pattern(3 * MIB, 1), True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_record_is_whole_after_a_signal(stage, tmp_path, number):
    """The last lines are in the memory of a program that is gone."""
    record = tmp_path / "record"
    cat, peer = stage.pair("connect", "--record", record)
    cat.send(b"last words")
    assert peer.receive(10) == b"last words"
    if number == signal.SIGKILL:
        wait_until(lambda: b"last words" in record.read_bytes(), "the turn is over")
    cat.signal(number)
    cat.wait(-number)
    assert of(read_record(record), ">") == (b"last words", False)


def test_a_reset_has_no_end(stage, tmp_path):
    """A replay would end the stream where it was torn."""
    record = tmp_path / "record"
    cat, peer = stage.pair("connect", "--record", record)
    peer.send(b"x")
    assert cat.receive(1) == b"x"
    peer.reset()
    cat.wait(6)
    assert of(read_record(record), "<") == (b"x", False)


def test_a_record_that_grows_too_large(stage, tmp_path):
    """A limit, like a full disk: the record has a hole that nobody knows of."""
    server, word = stage.listener()
    limited = 'trap "" XFSZ; ulimit -f 2; exec "$0" connect --record "$@"'
    cat = stage.cat(tmp_path / "record", word, prefix=["bash", "-c", limited],
                    program=os.environ["NETKIT"])
    peer = stage.keep(Peer(server.accept()[0]))
    peer.send(bytes(4096))
    cat.wait(1)
    assert cat.stderr() == (
        f"netkit: cannot write the record '{tmp_path}/record': file too large\n")
    assert (tmp_path / "record").stat().st_size == 2048


@pytest.mark.parametrize("role", ROLES)
def test_a_record_that_cannot_be_written(stage, tmp_path, role):
    """Found out when the conversation is over, and lost."""
    _, word = stage.listener()
    for path, reason in ((tmp_path, "is a directory"), ("/dev/full", "no space left on device")):
        cat = stage.cat(role, "--record", path, word if role == "connect" else "127.0.0.1:0")
        cat.wait(1)
        assert cat.stderr() == f"netkit: cannot write the record '{path}': {reason}\n"


def test_a_record_may_be_a_pipe(stage, tmp_path):
    """A packer, for instance, takes it."""
    command = f'exec "$0" connect --record >(gzip >{tmp_path}/record.gz) "$@"'
    server, word = stage.listener()
    cat = stage.cat(word, prefix=["bash", "-c", command], program=os.environ["NETKIT"])
    peer, _ = server.accept()
    cat.send(pattern(MIB))
    cat.end()
    assert read_exactly(peer.fileno(), None) == pattern(MIB)
    peer.close()
    cat.wait(0)

    def unpacked():
        done = subprocess.run(["gunzip", "-c", tmp_path / "record.gz"], capture_output=True,
                              check=False)
        return done.stdout if done.returncode == 0 else b""

    wait_until(unpacked, "the packer is done")
    (tmp_path / "record").write_bytes(unpacked())
    assert of(read_record(tmp_path / "record"), ">") == (pattern(MIB), True)


# ---- telnet ----


class TelnetServer:
    """Debian's telnetd with a shell in place of the login, on an accepted connection."""

    def __init__(self, need, connection, program):
        with connection:
            self.process = subprocess.Popen(
                [need("telnetd"), "--no-hostinfo", f"--exec-login={program}"],
                stdin=connection, stdout=connection, stderr=subprocess.DEVNULL)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)


@pytest.mark.parametrize("stdin", ["pipe", "terminal"])
def test_a_telnet_server(stage, need, tmp_path, stdin):
    """The server waits for answers that do not come, or its questions reach standard output."""
    script = tmp_path / "login"
    script.write_text("#!/bin/sh\nprintf 'what? '\nread answer\necho \"<$answer>\"\n"
                      "printf 'a\\377b\\n'\nread end\n")  # telnetd drops output of what has ended
    script.chmod(0o755)
    server, word = stage.listener()
    terminal = stage.keep(Terminal())
    cat = stage.cat("connect", "--telnet", "--record", tmp_path / "record", word,
                    stdin=terminal.inner if stdin == "terminal" else None)
    stage.keep(TelnetServer(need, server.accept()[0], script))
    seen = b""
    for awaited, answer in ((b"what? ", b"something\n"), (b"b\r\n", b"end\n")):
        while awaited not in seen:
            seen += os.read(cat.stdout, 4096)
        os.write(terminal.outer if stdin == "terminal" else cat.stdin, answer)
    seen += read_until_end(cat)
    cat.wait(0)
    assert b"<something>\r\n" in seen
    assert b"a\xffb\r\n" in seen
    assert not re.search(rb"\xff[\xf0-\xff]", seen), seen
    events = read_record(tmp_path / "record")
    assert b"\xff\xfd" in of(events, "<")[0]  # the server did ask
    assert b"\xff\xfc" in of(events, ">")[0]  # and was answered
    assert b"something\r\n" in of(events, ">")[0]


def read_until_end(cat):
    """Standard output to its end; then standard input ends, too."""
    data = cat.receive_all()
    if cat.stdin is not None:
        cat.end()
    return data


def test_a_telnet_client(stage, need):
    """`netkit listen` for Debian's telnet, which negotiates nothing unless it is asked."""
    cat, addresses = stage.listening()
    client = subprocess.Popen([need("telnet"), "127.0.0.1", addresses[0].rsplit(":", 1)[1]],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    try:
        client.stdin.write(b"from telnet\n")
        client.stdin.flush()
        assert cat.receive(13) == b"from telnet\r\n"
        cat.send(b"from netkit\n")
        cat.end()
        # At the end of its own input telnet leaves without looking what has come.
        assert client.stdout.read().endswith(b"from netkit\n")
        client.wait(PATIENCE)
    finally:
        client.kill()
        client.wait()
        client.stdin.close()
        client.stdout.close()
    cat.wait(0)


def test_questions_after_the_end_of_input(stage):
    """With --on-eof keep the server may still ask, and waits for the answer."""
    cat, peer = stage.pair("connect", "--telnet", "--on-eof", "keep", "--hex")
    cat.send(b"last\n")
    cat.end()
    assert peer.receive(6) == b"last\r\n"
    peer.send(b"\xff\xfd\x18x\xff\xfb\x01")
    assert peer.receive(6) == b"\xff\xfc\x18\xff\xfd\x01"
    assert cat.receive(1) == b"x"
    peer.end()
    cat.wait(0)
    assert bytes_of(lines_of(cat, ">")) == b"last\r\n\xff\xfc\x18\xff\xfd\x01"


def test_a_server_that_asks_without_end(stage):
    """What is to be answered to a server that does not read grows without bound."""
    cat, peer = stage.pair("connect", "--telnet")
    question = b"\xff\xfd\x18" * 20000
    peer.socket.settimeout(PATIENCE)
    with pytest.raises(OSError):
        for _ in range(2000):
            peer.socket.sendall(question)
    cat.wait(6)
    assert "cannot receive from the peer" in cat.stderr()


@pytest.mark.parametrize("words", [
    ["--telnet", "--crlf", "1"], ["--telnet", "--recv-only", "1"], ["--telnet", "udp://[::1]:1"],
    ["--telnet", "unix-seqpacket:/x"]])
def test_telnet_that_makes_no_sense(words):
    """An option without effect is silently accepted."""
    result = run("connect", *words)
    assert result.returncode == 2 and "telnet" in result.stderr


# ---- the limit ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("words", [[], ["--crlf"]], ids=["kernel", "filter"])
@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_limit_rate(stage, tmp_path, role, words, kind):
    """The limit is not kept, or what it holds back is lost."""
    data = pattern(MIB).replace(b"\n", b"-")
    (tmp_path / "in").write_bytes(data)
    with open(tmp_path / "in", "rb") as source:
        cat, peer = stage.pair(role, "--limit-rate", "2M", *words,
                               stdin=source if kind == "file" else None)
    started = time.monotonic()
    if kind == "pipe":
        cat.send(data)
        cat.end()
    assert peer.receive_all() == data
    # Less than half a second by what is in the bucket at the start.
    assert 0.35 < time.monotonic() - started < PATIENCE / 2
    peer.end()
    cat.wait(0)


def test_limit_rate_is_for_receiving_too(stage):
    """Only one direction is held back, or both share what is for one."""
    cat, peer = stage.pair("connect", "--limit-rate", "1M")
    started = time.monotonic()
    peer.send(pattern(MIB // 2))
    cat.send(pattern(MIB // 2, 1))
    cat.end()
    peer.end()
    assert cat.receive_all() == pattern(MIB // 2)
    assert peer.receive_all() == pattern(MIB // 2, 1)
    assert 0.35 < time.monotonic() - started < PATIENCE / 2
    cat.wait(0)


def test_limit_rate_of_datagrams():
    """An option without effect is silently accepted."""
    result = run("connect", "--limit-rate", "1k", "udp://127.0.0.1:9")
    assert result.returncode == 2 and "--limit-rate" in result.stderr


# ---- the progress ----


def test_progress_as_events(stage, tmp_path):
    """A program that watches a long transfer sees nothing of it, or wrong numbers."""
    (tmp_path / "in").write_bytes(pattern(MIB // 2))
    with open(tmp_path / "in", "rb") as source:
        cat, peer = stage.pair("connect", "--progress", "--json", "--limit-rate", "200k",
                               stdin=source)
    peer.send(b"received")
    peer.end()
    assert peer.receive_all() == pattern(MIB // 2)
    cat.wait(0)
    events = read_events(cat.stderr())
    told = [event for event in events if event["event"] == "progress"]
    assert 3 <= len(told) <= 4
    assert [event["event"] for event in events[-1:]] == ["summary"]
    assert told[0]["bytes_sent"] == 0 and "left" not in told[0]
    assert told[2]["bytes_received"] == 8
    assert 150_000 < told[2]["rate"] < 250_000
    assert 0.2 < told[2]["left"] < 1
    assert 1.9 < told[2]["elapsed"] < 3
    assert told[1]["bytes_sent"] < told[2]["bytes_sent"] < MIB // 2


def on_terminal(stage, terminal, *words):
    """`netkit connect` whose standard error is a terminal, and its peer."""
    server, word = stage.listener()
    command = f'exec "$0" connect "$@" 2>{os.ttyname(terminal.inner)}'
    cat = stage.cat(*words, word, prefix=["sh", "-c", command], program=os.environ["NETKIT"])
    return cat, stage.keep(Peer(server.accept()[0]))


def screen(terminal):
    """What is on the terminal, which writes over what is there after a CR."""
    os.set_blocking(terminal.outer, False)
    text = b""
    try:
        while piece := os.read(terminal.outer, 65536):
            text += piece
    except (BlockingIOError, OSError):
        pass
    lines = []
    for line in text.decode().split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part):]
        lines.append(shown.rstrip())
    return text, lines


def test_progress_on_a_terminal(stage):
    """Line after line, or rests of the former line, or the totals on top of it."""
    terminal = stage.keep(Terminal())
    termios.tcsetwinsize(terminal.inner, (24, 60))
    cat, peer = on_terminal(stage, terminal, "--progress", "--hex")
    cat.send(b"x" * 5)
    assert peer.receive(5) == b"x" * 5
    peer.send(b"y")
    assert cat.receive(1) == b"y"
    cat.end()
    peer.end()
    cat.wait(0)
    text, lines = screen(terminal)
    assert text.startswith(b"\rsent 0 bytes, received 0 bytes, 0 bytes/s, 0 ms")
    assert [line[:1] for line in lines] == [">", "<", "s", ""]
    assert re.fullmatch(r"sent 5 bytes, received 1 bytes? in \d+(\.\d)? m?s", lines[2])


def test_progress_fits_a_narrow_terminal(stage):
    """A line that wraps is not written over."""
    terminal = stage.keep(Terminal())
    termios.tcsetwinsize(terminal.inner, (24, 20))
    cat, peer = on_terminal(stage, terminal, "--progress")
    wait_until(lambda: screen(terminal)[1][0] == "sent 0 bytes, recei", "the line is cut")
    cat.end()
    peer.end()
    cat.wait(0)


@pytest.mark.parametrize("words", [[], ["-v"]])
def test_progress_without_a_terminal(stage, words):
    """A log file is filled with progress."""
    cat, peer = stage.pair("connect", "--progress", *words)
    peer.end()
    cat.end()
    cat.wait(0)
    assert "\r" not in cat.stderr() and "/s" not in cat.stderr()


def test_progress_in_silence():
    """Two options that contradict each other."""
    assert run("connect", "--progress", "--quiet", "1").returncode == 2
