"""`netkit replay`: a recorded session once more, and whether the answers are still the same."""

import os
import socket
import threading
import time

import pytest

import datagram_client
from cat_support import MIB, Peer, Stage, pattern
from event_schema import Schema
from netkit_server import PATIENCE, run, wait_until

pytestmark = pytest.mark.dispatchers

MS = 1_000_000


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def escape(data):
    plain = {0x0D: "\\r", 0x0A: "\\n", 0x09: "\\t", 0x5C: "\\\\"}
    return "".join(plain.get(byte, chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}")
                   for byte in data)


def recording(path, *lines):
    """Lines are (milliseconds, ">" or "<", bytes), with None for the end."""
    with open(path, "w", encoding="ascii") as file:
        file.write("netkit-record 1\n")
        for time_, direction, data in lines:
            what = "end" if data is None else f"{len(data)} {escape(data)}"
            file.write(f"{time_ * MS} {direction} {what}\n")
    return path


def accept(server):
    return Peer(server.accept()[0])


# ---- what is sent ----


@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_what_was_sent_is_sent_again(stage, tmp_path, transport):
    """Byte for byte, with its end; and what comes back is written."""
    file = recording(tmp_path / "r", (0, ">", b"GET /\r\n\0\xff"), (1, "<", b"old answer"),
                     (2, ">", b"more"), (3, ">", None), (4, "<", None))
    server, word = stage.listener(transport)
    cat = stage.cat("replay", file, word)
    peer = stage.keep(accept(server))
    assert peer.receive_all() == b"GET /\r\n\0\xffmore"
    peer.send(b"new answer")
    peer.close()
    assert cat.receive_all() == b"new answer"
    cat.wait(0)
    assert cat.stderr() == ""


def test_two_words(stage, tmp_path):
    """HOST PORT stand for a TCP address here, too."""
    file = recording(tmp_path / "r", (0, ">", b"x"), (0, ">", None))
    server, word = stage.listener()
    cat = stage.cat("replay", file, "127.0.0.1", word.rsplit(":", 1)[1])
    peer = stage.keep(accept(server))
    assert peer.receive_all() == b"x"
    peer.close()
    cat.wait(0)


def test_a_recording_that_just_stops(stage, tmp_path):
    """Where it stops is the end of what is sent."""
    file = recording(tmp_path / "r", (0, ">", b"x"), (50, "<", b"y"))
    server, word = stage.listener()
    cat = stage.cat("replay", file, word)
    peer = stage.keep(accept(server))
    assert peer.receive_all() == b"x"
    peer.close()
    cat.wait(0)


def test_what_connect_records_can_be_replayed(stage, tmp_path):
    """Through all sizes and bytes there and back."""
    data = pattern(MIB)
    server, word = stage.listener()
    cat = stage.cat("connect", "--record", tmp_path / "r", word)
    peer = stage.keep(accept(server))
    cat.send(data[:1000])
    assert peer.receive(1000) == data[:1000]
    peer.send(b"answer")
    assert cat.receive(6) == b"answer"
    sender = threading.Thread(target=cat.send, args=(data[1000:],))
    sender.start()
    assert peer.receive(MIB - 1000) == data[1000:]
    sender.join()
    cat.end()
    assert peer.receive_all() == b""
    peer.end()
    cat.wait(0)

    again = stage.cat("replay", "--fast", "--check", tmp_path / "r", word)
    peer = stage.keep(accept(server))
    peer.send(b"ans")
    assert peer.receive_all() == data
    peer.send(b"wer")
    peer.end()
    assert again.receive_all() == b"answer"
    again.wait(0)


def test_a_slow_peer_sets_the_pace(stage, tmp_path):
    """Nothing is lost when it does not read for a while, and the answers still come."""
    chunks = [(0, ">", pattern(65536, seed)) for seed in range(100)]
    file = recording(tmp_path / "r", *chunks, (0, ">", None))
    server, word = stage.listener()
    cat = stage.cat("replay", file, word)
    peer = stage.keep(accept(server))
    peer.send(b"busy")
    assert cat.receive(4) == b"busy"
    assert peer.receive_all() == b"".join(chunk for _, _, chunk in chunks)
    peer.close()
    cat.wait(0)


# ---- when it is sent ----


def replay_time(stage, file, *words):
    """Seconds from before the first byte to the last one: a busy machine can only add to them."""
    server, word = stage.listener()
    started = time.monotonic()
    cat = stage.cat("replay", *words, file, word)
    peer = stage.keep(accept(server))
    assert peer.receive_all() == b"abc"
    elapsed = time.monotonic() - started
    peer.close()
    cat.wait(0)
    return elapsed


def test_times_are_kept(stage, tmp_path):
    """A request that came too early would meet a server that is not ready for it."""
    file = recording(tmp_path / "r", (0, ">", b"a"), (200, ">", b"b"), (400, ">", b"c"),
                     (400, ">", None))
    assert replay_time(stage, file) >= 0.39


def test_speed(stage, tmp_path):
    """Twice as slow, and much faster."""
    file = recording(tmp_path / "r", (0, ">", b"a"), (100, ">", b"b"), (200, ">", b"c"),
                     (200, ">", None))
    assert replay_time(stage, file, "--speed", "0.5") >= 0.39
    slow = recording(tmp_path / "s", (0, ">", b"a"), (100_000, ">", b"b"), (200_000, ">", b"c"),
                     (200_000, ">", None))
    assert replay_time(stage, slow, "--speed", "1000") >= 0.19
    replay_time(stage, slow, "--speed", "100000")


def test_fast(stage, tmp_path):
    """An hour is over at once."""
    hour = 3_600_000
    file = recording(tmp_path / "r", (0, ">", b"a"), (hour, ">", b"b"), (2 * hour, ">", b"c"),
                     (3 * hour, "<", b"bye"), (4 * hour, ">", None))
    replay_time(stage, file, "--fast")


# ---- checking ----

CHECKS = [
    pytest.param(b"hello world", 0, "", id="same"),
    pytest.param(b"hello_world", 1, "byte 5 is different", id="different"),
    pytest.param(b"hello", 1, "it ends at byte 5 of 11", id="short"),
    pytest.param(b"hello world!", 1, "there is more than the 11 recorded bytes", id="long"),
    pytest.param(b"", 1, "it ends at byte 0 of 11", id="nothing"),
]


@pytest.mark.parametrize("answer, status, problem", CHECKS)
def test_check(stage, tmp_path, answer, status, problem):
    """How the bytes were cut into pieces does not count; where they differ is said."""
    file = recording(tmp_path / "r", (0, ">", b"?"), (1, "<", b"hello "), (2, "<", b"world"),
                     (3, ">", None))
    server, word = stage.listener()
    cat = stage.cat("replay", "--check", file, word)
    peer = stage.keep(accept(server))
    peer.send(answer)
    peer.receive(1)
    peer.end()
    cat.wait(status)
    assert cat.stderr() == (problem and
                            f"netkit: cannot get the recorded answer from '{word}': {problem}\n")
    assert answer.startswith(cat.receive_all())


def test_without_check_anything_may_come(stage, tmp_path):
    """Dates differ every time."""
    file = recording(tmp_path / "r", (0, ">", b"?"), (1, "<", b"1970"), (3, ">", None))
    server, word = stage.listener()
    cat = stage.cat("replay", file, word)
    peer = stage.keep(accept(server))
    peer.send(b"2026")
    peer.receive_all()
    peer.close()
    assert cat.receive_all() == b"2026"
    cat.wait(0)


# ---- datagrams and records ----


def peer_socket(stage, transport):
    """A datagram socket of ours, and its address."""
    if transport == "unix":
        path = str(stage.directory / "peer")
        ours = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.bind(path)
        word = f"unix-dgram:{path}"
    else:
        ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ours.bind(("127.0.0.1", 0))
        word = f"udp://127.0.0.1:{ours.getsockname()[1]}"
    ours.settimeout(PATIENCE)
    return stage.keep(ours), word


@pytest.mark.parametrize("transport", ["udp", "unix"])
def test_datagrams(stage, tmp_path, transport):
    """Each chunk is one, also the empty and the longest; it ends with the last answer."""
    longest = pattern(datagram_client.LONGEST)
    file = recording(tmp_path / "r", (0, ">", b"one"), (0, "<", b"x"), (1, ">", b""),
                     (2, ">", longest), (3, "<", b"y"), (4, ">", None))
    ours, word = peer_socket(stage, transport)
    cat = stage.cat("replay", "--check", file, word)
    data, client = ours.recvfrom(70000)
    assert [data, ours.recv(70000), ours.recv(70000)] == [b"one", b"", longest]
    ours.sendto(b"x", client)
    ours.sendto(b"y", client)
    cat.wait(0)
    assert cat.receive_all() == b"xy"


@pytest.mark.parametrize("answers, problem", [
    ([b"x", b"z"], "byte 1 is different, which is byte 0 of datagram 2"),
    ([b"xy"], "byte 1 is different, which is byte 1 of datagram 1"),
])
def test_datagrams_are_checked_one_by_one(stage, tmp_path, answers, problem):
    """Two datagrams are not one of both."""
    file = recording(tmp_path / "r", (0, ">", b"?"), (0, "<", b"x"), (1, "<", b"y"))
    ours, word = peer_socket(stage, "udp")
    cat = stage.cat("replay", "--check", file, word)
    _, client = ours.recvfrom(100)
    for answer in answers:
        ours.sendto(answer, client)
    cat.wait(1)
    assert cat.stderr() == f"netkit: cannot get the recorded answer from '{word}': {problem}\n"


def test_missing_answer(stage, tmp_path):
    """Silence where there were answers is no success."""
    file = recording(tmp_path / "r", (0, ">", b"?"), (0, "<", b"x"), (1, "<", b"y"))
    ours, word = peer_socket(stage, "udp")
    cat = stage.cat("replay", "--wait", "100ms", file, word)
    _, client = ours.recvfrom(100)
    ours.sendto(b"x", client)
    cat.wait(5)
    assert cat.stderr() == f"netkit: cannot get an answer from '{word}': no answer\n"


def test_no_answer_is_expected(stage, tmp_path):
    """Where nobody answered then, nobody is waited for."""
    file = recording(tmp_path / "r", (0, ">", b"log this"))
    ours, word = peer_socket(stage, "udp")
    cat = stage.cat("replay", "--wait", "1h", file, word)
    assert ours.recv(100) == b"log this"
    cat.wait(0)


def test_many_datagrams_to_a_slow_reader(stage, tmp_path):
    """A full queue is waited for."""
    chunks = [b"%05d" % number for number in range(3000)]
    file = recording(tmp_path / "r", *((0, ">", chunk) for chunk in chunks))
    ours, word = peer_socket(stage, "unix")
    cat = stage.cat("replay", file, word)
    assert [ours.recv(100) for _ in chunks] == chunks
    cat.wait(0)


def test_seqpacket(stage, tmp_path):
    """Each chunk is a record of its own."""
    file = recording(tmp_path / "r", (0, ">", b"one"), (0, ">", b"two"), (0, "<", b"answer"),
                     (0, ">", None))
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(path)
        server.listen(1)
        server.settimeout(PATIENCE)
        cat = stage.cat("replay", "--check", file, f"unix-seqpacket:{path}")
        connection = stage.keep(server.accept()[0])
        connection.settimeout(PATIENCE)
        assert [connection.recv(100) for _ in range(3)] == [b"one", b"two", b""]
        connection.send(b"answer")
        connection.close()
        assert cat.receive_all() == b"answer"
        cat.wait(0)


# ---- failures ----


@pytest.mark.parametrize("text, problem", [
    ("", "line 1: the record ends in the middle of a line"),
    ("GET / HTTP/1.0\r\n", "line 1: this is not a netkit record of version 1"),
    ("netkit-record 2\n", "line 1: this is not a netkit record of version 1"),
    ("netkit-record 1\n0 > 1 a\n0 > 2 b\n", "line 3: there are fewer bytes than the length says"),
    ("netkit-record 1\n5 > 1 a\n4 > 1 b\n", "line 3: the time goes back"),
    ("netkit-record 1\n0 > 1 a\n0 > 1", "line 3: the record ends in the middle of a line"),
])
def test_bad_file(stage, tmp_path, text, problem):
    """It is found before anything is sent, and where."""
    (tmp_path / "r").write_text(text)
    server, word = stage.listener()
    server.setblocking(False)
    done = run("replay", tmp_path / "r", word)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"netkit: cannot replay '{tmp_path}/r': {problem}\n"
    with pytest.raises(BlockingIOError):
        server.accept()


def test_files_that_are_none(tmp_path):
    """A named pipe that nobody writes to must not be waited for."""
    os.mkfifo(tmp_path / "pipe")
    for name, problem in [("nothing", "no such file or directory"),
                          ("pipe", "it is not a regular file"),
                          (".", "it is not a regular file")]:
        done = run("replay", tmp_path / name, "127.0.0.1:9")
        assert done.returncode == 1
        assert done.stderr == f"netkit: cannot replay '{tmp_path / name}': {problem}\n"


def test_refused(stage, tmp_path):
    """As with connect."""
    file = recording(tmp_path / "r", (0, ">", b"x"))
    server, word = stage.listener()
    server.close()
    cat = stage.cat("replay", file, word)
    cat.wait(4)
    assert cat.stderr() == f"netkit: cannot connect to '{word}': connection refused\n"


def test_reset(stage, tmp_path):
    """A reset is never 0."""
    file = recording(tmp_path / "r", (0, ">", b"x"), (3_600_000, ">", b"y"))
    server, word = stage.listener()
    cat = stage.cat("replay", file, word)
    peer = accept(server)
    assert peer.receive(1) == b"x"
    peer.reset()
    cat.wait(6)


@pytest.mark.parametrize("words, problem", [
    ([], "the file is missing"),
    (["--speed", "0", "r", "h:1"], "--speed: '0' is not a factor, as in 2, 0.5 or 1.25"),
    (["--speed", "fast", "r", "h:1"], "--speed: 'fast' is not a factor, as in 2, 0.5 or 1.25"),
    (["--fast", "--speed", "2", "r", "h:1"], "--fast and --speed exclude each other"),
    (["--record", "r", "r", "h:1"], "--record would overwrite 'r'"),
    (["r", "h", "1", "2"], "unexpected argument '2'"),
    (["--wait", "1s", "r", "h:1"], "--wait has no effect with streams"),
    (["--linger", "1s", "r", "udp://h:1"], "--linger has no effect with datagrams"),
])
def test_mistakes(words, problem):
    """Two lines and status 2, before any file is looked at."""
    done = run("replay", *words)
    assert done.returncode == 2
    assert done.stderr == f"netkit: {problem}\nTry 'netkit replay --help'\n"


def test_events(stage, tmp_path):
    """A failed check is an event like any failure."""
    file = recording(tmp_path / "r", (0, ">", b"?"), (0, "<", b"yes"))
    server, word = stage.listener()
    cat = stage.cat("replay", "--json", "--check", file, word)
    peer = stage.keep(accept(server))
    peer.send(b"no!")
    cat.wait(1)
    wait_until(lambda: "summary" in cat.stderr(), "the summary")
    schema = Schema()
    events = cat.events()
    assert [problem for event in events for problem in schema.problems(event)] == []
    assert [event["event"] for event in events] == ["connected", "error", "summary"]
    assert events[1]["error"] == "byte 0 is different"
    assert events[2]["status"] == 1
