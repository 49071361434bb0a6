"""connect and listen with a person at a terminal: lines are edited, ^] is a command line, and the
terminal is given back as it was."""

import re
import signal
import subprocess
import termios
import threading
import time

import pytest

from cat_support import MIB, Cat, Peer, Stage, pattern, read_exactly
from netkit_server import NETKIT, PATIENCE, wait_until
from terminal_support import LEFT, UP, Screen, Terminal, control

ESCAPE = control("]")


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


@pytest.fixture
def talk(stage, tmp_path):
    """talk("--option", ...): netkit connect on a terminal, and its peer."""

    def start(*words, transport="tcp", **options):
        server, word = stage.listener(transport)
        terminal = stage.keep(Terminal("connect", *words, word, directory=tmp_path, **options))
        peer = stage.keep(Peer(server.accept()[0]))
        if "--no-edit" not in words and options.get("TERM") != "dumb":
            terminal.wait_for_editor()
        return terminal, peer

    return start


@pytest.fixture
def screen(stage, need, tmp_path):
    return stage.keep(Screen(need("tmux"), tmp_path, rows=12, columns=40))


def command(terminal, line):
    """Says a line behind ^] and waits until the next may be said."""
    terminal.type(ESCAPE)
    terminal.wait_for("netkit> ")
    terminal.type(line + "\r")
    terminal.wait_for("netkit> ")


# ---- lines ----


@pytest.mark.dispatchers
def test_lines_are_edited(talk):
    """What is sent is not what the person sees, or is sent before Enter."""
    terminal, peer = talk()
    terminal.type("held" + LEFT + LEFT + "l wörld\x7f")
    terminal.wait_for("w")
    terminal.type(control("a") + "> \r")
    expected = "> hel wörlld\n".encode()
    assert peer.receive(len(expected)) == expected
    peer.send(b"answer\n")
    terminal.wait_for("answer\r\n")
    peer.close()
    terminal.wait(0)
    assert terminal.is_as_before()


def test_a_listener_edits_lines_as_well(stage, tmp_path):
    """Only connect has an editor."""
    terminal = stage.keep(Terminal("listen", "tcp://127.0.0.1:0", directory=tmp_path))
    terminal.wait_for("listening on tcp://127.0.0.1:")
    assert terminal.is_as_before()  # nothing to edit before somebody is there
    wait_until(lambda: "\n" in terminal.look().split("127.0.0.1:")[1], "the port")
    port = int(re.search(r"127\.0\.0\.1:(\d+)", terminal.look()).group(1))
    peer = stage.keep(Cat("connect", f"tcp://127.0.0.1:{port}"))
    terminal.wait_for_editor()
    terminal.type("b" + LEFT + "a\r")
    assert peer.receive(3) == b"ab\n"
    peer.end()
    terminal.wait(0)
    assert terminal.is_as_before()


def test_history_outlives_the_program(talk, tmp_path):
    """Every address has to be typed again the next day, or others can read what was typed."""
    terminal, peer = talk()
    terminal.type("first\r secret\rsecond\r")
    assert peer.receive(21) == b"first\n secret\nsecond\n"
    peer.close()
    terminal.wait(0)
    files = list((tmp_path / "netkit").iterdir())
    assert [path.read_text() for path in files] == ["first\nsecond\n"]
    assert files[0].stat().st_mode & 0o777 == 0o600

    terminal, peer = talk()
    terminal.type(UP + UP + "!\r")
    assert peer.receive(7) == b"first!\n"


def test_without_a_place_for_the_history(talk, tmp_path):
    """A home that cannot be written keeps people from talking."""
    terminal, peer = talk(XDG_STATE_HOME="/dev/null")
    terminal.type("one\r" + UP + "\r")
    assert peer.receive(8) == b"one\none\n"


@pytest.mark.dispatchers
def test_output_leaves_the_line_being_typed(talk):
    """A line is cut in two by what arrives meanwhile, or lost."""
    terminal, peer = talk()
    terminal.type("half a ")
    terminal.wait_for("half a ")
    peer.send(b"news\r\n")
    terminal.wait_for("news\r\r\nhalf a ")
    terminal.type("line\r")
    assert peer.receive(12) == b"half a line\n"


def test_much_output_while_typing(talk):
    """Bytes are lost or doubled by the redrawing, or what is typed is."""
    terminal, peer = talk()
    terminal.type("typed")
    terminal.wait_for("typed")
    lines = b"".join(b"<%07d>\n" % i for i in range(100000))
    peer.send(lines[: len(lines) // 2])
    terminal.type(" meanwhile")
    peer.send(lines[len(lines) // 2 :])
    terminal.wait_for("<0099999>")
    terminal.type("\r")
    assert peer.receive(16) == b"typed meanwhile\n"
    peer.close()
    terminal.wait(0)
    assert re.findall(r"<(\d{7})>", terminal.look()) == ["%07d" % i for i in range(100000)]


def test_held_output_does_not_hold_the_input(talk):
    """^S stops the sending direction, too, or what comes meanwhile is lost."""
    terminal, peer = talk()
    terminal.type(control("s"))
    terminal.type("still moving\r")
    assert peer.receive(13) == b"still moving\n"
    peer.fill()
    terminal.type("and still\r")
    assert peer.receive(10) == b"and still\n"
    terminal.type(control("q"))
    last = threading.Thread(target=peer.send, args=[b"\nthe end\n"])
    last.start()
    terminal.wait_for("the end")
    last.join()


def test_a_large_paste_waits_for_the_peer(talk):
    """What is typed faster than the peer takes it is lost, or fills the memory."""
    terminal, peer = talk(transport="unix")
    pasted = b"".join(b"%099d\n" % i for i in range(6000))
    typist = threading.Thread(target=terminal.type, args=[pasted])
    typist.start()
    deadline = time.monotonic() + PATIENCE
    while terminal.settings()[6][termios.VINTR] == b"\0":
        terminal.look(0.01)  # until it reads no more keys, and ^C is a signal again
        assert time.monotonic() < deadline
    assert typist.is_alive()
    received = b""
    while len(received) < len(pasted):
        received += peer.receive(min(65536, len(pasted) - len(received)))
        terminal.look()
    assert received == pasted
    typist.join()
    terminal.type("after\r")
    assert peer.receive(6) == b"after\n"


# ---- keys with a meaning ----


def test_interrupt_clears_the_line_and_leaves_an_empty_one(talk):
    """^C kills the connection instead of a typing error, or there is no way out."""
    terminal, peer = talk()
    terminal.type("wrong" + control("c") + "right\r")
    assert peer.receive(6) == b"right\n"
    terminal.type(control("c"))
    terminal.wait(-signal.SIGINT)
    assert terminal.is_as_before()


def test_end_of_input(talk):
    """^D ends more than the sending direction."""
    terminal, peer = talk()
    terminal.type("last\r" + control("d"))
    assert peer.receive_all() == b"last\n"
    peer.send(b"answer\n")
    terminal.wait_for("answer")
    terminal.type("more\r")
    terminal.wait_for("the sending direction has ended")
    peer.close()
    terminal.wait(0)
    assert terminal.is_as_before()


# ---- the command line ----


@pytest.mark.dispatchers
def test_status(talk):
    """One cannot see what is going on, or the bytes are wrong."""
    terminal, peer = talk()
    terminal.type("four\r")
    assert peer.receive(5) == b"four\n"
    peer.send(b"1234567\n")
    terminal.wait_for("1234567")
    terminal.type("begun" + ESCAPE)
    terminal.wait_for("netkit> ")
    terminal.type("status\r")
    terminal.wait_for("tcp://127.0.0.1:")
    terminal.wait_for("sent 5 bytes, received 8 bytes in ")
    terminal.wait_for("hex off, crlf off")
    terminal.type("\r")
    terminal.wait_for("begun")  # the line is still there
    terminal.type("!\r")
    assert peer.receive(7) == b"begun!\n"


def test_mistakes_are_explained(talk):
    """A wrong command is sent to the peer, or ends something."""
    terminal, peer = talk()
    command(terminal, "sned file")
    assert "unknown command" in terminal.look()
    terminal.type("help\r")
    terminal.wait_for("send FILE")
    terminal.type("\rback\r")
    assert peer.receive(5) == b"back\n"


def test_crlf(talk):
    """Ends of line are changed before, after or not at all."""
    terminal, peer = talk()
    terminal.type("a\r")
    assert peer.receive(2) == b"a\n"
    command(terminal, "crlf on")
    terminal.type("\rb\r")
    assert peer.receive(3) == b"b\r\n"
    command(terminal, "crlf off")
    terminal.type("\rc\r")
    assert peer.receive(2) == b"c\n"


def test_hex(talk):
    """The bytes cannot be looked at once the connection is there, or the line that is being
    typed is lost in the dump."""
    terminal, peer = talk()
    command(terminal, "hex on")
    terminal.type("\rhalf")
    terminal.wait_for("half")
    peer.send(b"\x00\x01up\n")
    terminal.wait_for("< 00000000  00 01 75 70 0a")
    terminal.wait_for("half")
    terminal.type("\r")
    terminal.wait_for("> 00000000  68 61 6c 66 0a")
    command(terminal, "hex off")
    terminal.type("\r")
    peer.send(b"plain\n")
    terminal.wait_for("plain\r\n")


def test_send_file(talk, tmp_path):
    """A file is damaged, overtaken by what is typed, or fills the memory when the peer is slow."""
    data = pattern(8 * MIB)
    (tmp_path / "a file").write_bytes(data)
    terminal, peer = talk()
    terminal.type("before\r")
    command(terminal, f"send {tmp_path}/a file")
    terminal.type("status\r")
    terminal.wait_for(f"of {len(data)} bytes")
    terminal.type(f"send {tmp_path}/a file\r")
    terminal.wait_for("is still being sent")
    terminal.type("\rbehind\r")
    expected = b"before\n" + data + b"behind\n"
    assert peer.receive(len(expected)) == expected
    terminal.wait_for(f"sent '{tmp_path}/a file', {len(data)} bytes")


@pytest.mark.parametrize("name, problem", [
    ("missing", "no such file"), ("directory", "is a directory"), ("pipe", "not a file")])
def test_what_cannot_be_sent(talk, tmp_path, name, problem):
    """A wrong name ends the connection, or a pipe that nobody writes stops the program."""
    (tmp_path / "directory").mkdir()
    subprocess.run(["mkfifo", tmp_path / "pipe"], check=True)
    terminal, peer = talk()
    command(terminal, f"send {tmp_path}/{name}")
    assert f"cannot send '{tmp_path}/{name}': {problem}" in terminal.look()
    terminal.type("\rgoes on\r")
    assert peer.receive(8) == b"goes on\n"


def test_close_follows_the_file(talk, tmp_path):
    """The end overtakes what was to be sent, or ends the receiving direction."""
    data = pattern(2 * MIB)
    (tmp_path / "file").write_bytes(data)
    terminal, peer = talk()
    command(terminal, f"send {tmp_path}/file")
    terminal.type("close\r")
    assert peer.receive_all() == data
    peer.send(b"thanks\n")
    terminal.wait_for("thanks")
    terminal.type("close\r")
    terminal.wait_for("has ended already")
    peer.close()
    terminal.wait(0)


def test_a_peer_that_does_not_take_the_file(talk, tmp_path):
    """Somebody who is tired of a transfer cannot leave."""
    (tmp_path / "file").write_bytes(pattern(16 * MIB))
    terminal, _ = talk()
    command(terminal, f"send {tmp_path}/file")
    terminal.type("quit\r")
    terminal.wait(0)
    assert terminal.is_as_before()


# ---- the end ----


def test_quit(talk):
    """The only way out is to break something."""
    terminal, peer = talk()
    terminal.type("half a line" + ESCAPE + "quit\r")
    terminal.wait(0)
    assert terminal.is_as_before()
    assert peer.receive_all() == b""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_signals_give_the_terminal_back(talk, number):
    """A killed program leaves a shell that does not echo."""
    terminal, _ = talk()
    terminal.type("half a line")
    terminal.wait_for("half a line")
    terminal.process.send_signal(number)
    terminal.wait(-number)
    assert terminal.is_as_before()


def test_a_reset_gives_the_terminal_back(talk):
    """The message stands in the line that was being typed, or what came before is lost."""
    terminal, peer = talk()
    terminal.type("half a line")
    terminal.wait_for("half a line")
    peer.send(b"last words\n")
    terminal.wait_for("last words\r\nhalf a line")
    peer.reset()
    terminal.wait(6)
    assert terminal.is_as_before()
    assert re.search(r"\x1b\[Knetkit: cannot receive from the peer: connection reset[^\n]*\r\n$",
                     terminal.look())


def test_the_last_bytes_are_shown(talk):
    """The program ends before the terminal has everything."""
    terminal, peer = talk()
    peer.send(b"x" * 200000 + b"\nlogin: ")
    peer.close()
    terminal.wait(0)
    shown = terminal.look()
    assert shown.count("x") == 200000
    assert shown.endswith("login: \r\n")  # the shell's prompt begins a row


def test_statistics_while_typing(talk):
    """SIGUSR1 spoils the line that is being typed."""
    terminal, _ = talk()
    terminal.type("typed")
    terminal.wait_for("typed")
    terminal.process.send_signal(signal.SIGUSR1)
    terminal.wait_for("\x1b[Ksent 0 bytes, received 0 bytes in ")
    terminal.wait_for("\r\ntyped")


# ---- when nothing is edited ----


@pytest.mark.parametrize("options", [
    {"words": ["--no-edit"]}, {"words": ["--recv-only"]}, {"words": ["--progress"]},
    {"words": [], "TERM": "dumb"}])
def test_the_terminal_is_left_alone(stage, tmp_path, options):
    """Where nothing can or shall be edited the terminal is changed all the same."""
    options = dict(options)
    words = options.pop("words")
    server, word = stage.listener()
    terminal = stage.keep(Terminal("connect", *words, word, directory=tmp_path, **options))
    peer = stage.keep(Peer(server.accept()[0]))
    peer.send(b"\x1b[1mno end, \x01\xff")
    terminal.wait_for(b"\x1b[1mno end, \x01\xff")
    assert terminal.is_as_before()
    if "--recv-only" not in words:
        terminal.type("plain\n")
        assert peer.receive(6) == b"plain\n"
    peer.close()
    terminal.wait(0)


@pytest.mark.parametrize("piped", ["stdin", "stdout"])
def test_a_pipe_is_byte_clean(stage, tmp_path, piped):
    """One standard descriptor is a terminal and the bytes of the other are edited."""
    terminal = stage.keep(Terminal("help", directory=tmp_path))
    terminal.wait(0)
    data = bytes(range(256))
    other = "stdout" if piped == "stdin" else "stdin"
    cat, peer = stage.pair("connect", **{other: terminal.inner})
    if piped == "stdin":
        cat.send(data)
        assert peer.receive(256) == data
    else:
        peer.send(data)
        assert cat.receive(256) == data
    assert terminal.is_as_before()


# ---- telnet ----


def test_a_server_that_echoes_gets_every_key(talk):
    """A password is seen, a key comes twice, or there is no way to the command line."""
    terminal, peer = talk("--telnet")
    peer.send(b"\xff\xfb\x01login: ")
    assert peer.receive(3) == b"\xff\xfd\x01"
    terminal.wait_for("login: ")
    terminal.type("a")
    assert peer.receive(1) == b"a"  # without Enter
    terminal.type(control("c") + UP + "\r")
    assert peer.receive(5) == b"\x03\x1b[A\r"
    assert "a" not in terminal.look().split("login: ")[1]
    peer.send(b"a\r\n$ ")
    terminal.wait_for("a\r\r\n$ ")

    terminal.type(ESCAPE)
    terminal.wait_for("netkit> ")
    terminal.type("status\r")
    terminal.wait_for("received ")
    terminal.type("\rb")
    assert peer.receive(2) == b"\x00b"  # the NUL is the CR's (RFC 854)

    peer.send(b"\xff\xfc\x01")
    assert peer.receive(3) == b"\xff\xfe\x01"
    terminal.wait_for_editor()
    terminal.type("xy" + LEFT + "z\r")
    assert peer.receive(5) == b"xzy\r\n"
    peer.close()
    terminal.wait(0)
    assert terminal.is_as_before()


# ---- on a real terminal ----


def connect_in(screen, stage):
    """netkit connect in the shell of the screen: its peer, when keys are the program's."""
    server, word = stage.listener()
    screen.command(NETKIT, "connect", word)
    peer = stage.keep(Peer(server.accept()[0]))
    peer.send(b"ready\r\n")
    screen.wait_for(r"^ready$")
    return peer


def test_the_screen_shows_what_is_typed(stage, screen):
    """The cursor is not where the next character goes."""
    peer = connect_in(screen, stage)
    peer.send(b"welcome\r\nlogin: ")
    screen.wait_for(r"^login:")
    screen.type("gest")
    screen.keys("Left", "Left", "Left")
    screen.type("u")
    screen.wait_for(r"^login: guest$")
    column, row = screen.cursor()
    assert (column, screen.lines()[row]) == (9, "login: guest")
    peer.send(b"\r\nlast chance\r\nlogin: ")
    screen.wait_for(r"^ready\nwelcome\nlogin:\nlast chance\nlogin: guest$")
    screen.keys("Enter")
    assert peer.receive(6) == b"guest\n"
    peer.send(b"bye\r\n")
    peer.close()
    screen.wait_for(r"^login: guest\nbye\nshell\$$")


def test_a_long_line_wraps(stage, screen):
    """A line longer than a row leaves pieces of itself when something is printed."""
    peer = connect_in(screen, stage)
    text = "".join("%d" % (i % 10) for i in range(100))
    screen.type(text)
    screen.wait_for("^" + text[80:] + "$")
    peer.send(b"news\n")
    screen.wait_for(f"^news\n{text[:40]}\n{text[40:80]}\n{text[80:]}$")
    assert screen.text().count("0123456789" * 4) == 2
    screen.keys("Home")
    screen.type(">")
    screen.wait_for(f"^>{text[:39]}\n{text[39:79]}\n{text[79:]}$")
    screen.keys("Enter")
    assert peer.receive(102) == b">" + text.encode() + b"\n"


def test_resize(stage, screen):
    """The line is drawn for the old width, or lost with the window's."""
    peer = connect_in(screen, stage)
    text = "".join(chr(ord("a") + i % 26) for i in range(60))
    screen.type(text)
    screen.wait_for(f"^{text[:40]}\n{text[40:]}$")
    screen.resize(12, 70)
    screen.wait_for(f"^{text}$")
    screen.keys("Home")
    screen.type("1")
    screen.wait_for(f"^1{text}$")
    screen.resize(12, 30)
    screen.keys("End")
    screen.type("2")
    screen.wait_for(f"^1{text[:29]}\n{text[29:59]}\n{text[59:]}2$")
    screen.keys("Enter")
    assert peer.receive(63) == b"1" + text.encode() + b"2\n"


def test_suspend_and_resume(stage, screen):
    """The shell behind ^Z has no echo, or the line is gone when one comes back."""
    peer = connect_in(screen, stage)
    peer.send(b"login: ")
    screen.type("half ")
    screen.wait_for(r"^login: half")
    screen.keys("C-z")
    screen.wait_for(r"Stopped[^\n]*\n(.*\n)*shell\$$")
    screen.command("stty", "-a")
    screen.wait_for(r"[^-]icanon")
    screen.wait_for(r"[^-]echo ")
    screen.keys("C-l")
    screen.command("fg")
    screen.wait_for(r"^login: half")
    screen.type("done")
    screen.wait_for(r"^login: half done$")
    screen.keys("Enter")
    assert peer.receive(10) == b"half done\n"
    peer.close()
    screen.wait_for(r"^shell\$$")
    screen.keys("C-l")
    screen.command("stty", "-a")
    screen.wait_for(r"[^-]icanon")


def test_in_the_background(stage, screen):
    """A job in the background takes the shell's keys, or stops when something arrives."""
    peer = connect_in(screen, stage)
    peer.send(b"one\n")
    screen.wait_for(r"^one$")
    screen.keys("C-z")
    screen.wait_for(r"Stopped[^\n]*\n(.*\n)*shell\$$")
    screen.keys("C-l")
    screen.command("bg")
    screen.wait_for(r"^\[1\]\+")
    peer.send(b"two\n")
    screen.wait_for(r"two$")
    screen.keys("Enter")
    screen.command("echo", "keys are the shell's")
    screen.wait_for(r"^keys are the shell's$")
    screen.command("fg")
    screen.type("mine again")
    screen.wait_for(r"^mine again$")
    screen.keys("Enter")
    assert peer.receive(11) == b"mine again\n"


def test_a_killed_server_leaves_a_usable_shell(stage, screen):
    """The message is written across the line that was being typed."""
    peer = connect_in(screen, stage)
    peer.send(b"login: ")
    screen.wait_for(r"^login:")
    screen.type("half")
    screen.wait_for(r"^login: half$")
    peer.reset()
    screen.wait_for(r"^login:\nnetkit: cannot receive from the peer: co\s*nnection reset")
    screen.wait_for(r"^shell\$$")
    screen.command("echo", "status", "is fine")
    screen.wait_for(r"^status is fine$")


def test_shell_through_telnet(stage, screen, need, tmp_path):
    """netkit cannot stand in for telnet with a server that echoes."""
    script = tmp_path / "login"
    script.write_text("#!/bin/sh\nexec bash --norc --noprofile -i\n")
    script.chmod(0o755)
    server, word = stage.listener()
    screen.command(NETKIT, "connect", "--telnet", word)
    with server.accept()[0] as connection:
        daemon = subprocess.Popen(
            [need("telnetd"), "--no-hostinfo", f"--exec-login={script}"], stdin=connection,
            stdout=connection, stderr=subprocess.DEVNULL)
    try:
        screen.wait_for(r"bash-[\d.]+[#$]")
        screen.type("echo $((6*7))")
        screen.keys("Left", "Left", "BSpace")
        screen.type("8")
        screen.wait_for(r"[#$] echo \$\(\(6\*8\)\)$")
        screen.keys("Enter")
        screen.wait_for(r"^48$")
        screen.type("echo be''gun; sleep 1000")
        screen.keys("Enter")
        screen.wait_for(r"^begun$")
        screen.keys("C-c")
        screen.wait_for(r"^\^C(\n.*)*[#$]$")
        screen.type("echo inter''rupted")
        screen.keys("Enter")
        screen.wait_for(r"^interrupted$")
        screen.type("exit")
        screen.keys("Enter")
        screen.wait_for(r"^shell\$$")
    finally:
        daemon.kill()
        daemon.wait(PATIENCE)
