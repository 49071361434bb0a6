"""netkit shell client with a person at a terminal: the prompt, completion, colours, interrupts, and
a terminal that is given back as it was."""

import os
import re
import signal
import socket
import threading

import pytest

from cat_support import Stage
from netkit_server import NETKIT, PATIENCE, wait_until
from terminal_support import LEFT, UP, Screen, Terminal, control
from test_shell_client import READY, Script, plays
from test_shell_compat import CourseServer

LARGE = 30_000

pytestmark = pytest.mark.dispatchers


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "root"
    (root / "source" / "deep").mkdir(parents=True)
    (root / "my dir").mkdir()
    for name in ("note.txt", "sound", "source/main.c", "my dir/it's", ".hidden"):
        (root / name).touch()
    os.symlink("source", root / "link")
    return root


@pytest.fixture
def server(serve, tree):
    return serve("shell", "127.0.0.1:0", "--root", tree)


@pytest.fixture(scope="module")
def large_tree(names_store):
    """A directory with many names, in a root."""
    return names_store.get("terminal", many=LARGE)


@pytest.fixture
def large(serve, large_tree):
    return serve("shell", "127.0.0.1:0", "--root", large_tree)


@pytest.fixture
def talk(stage, tmp_path):
    """talk(address, ...): the client on a terminal, behind its first prompt. NO_COLOR unless
    something else is asked for, so that texts are what is on the screen."""

    def start(*words, prompt="/> ", **options):
        options.setdefault("NO_COLOR", "1")
        terminal = stage.keep(Terminal("shell", "client", *words, directory=tmp_path, **options))
        terminal.wait_for(prompt)
        return terminal

    return start


@pytest.fixture
def screen(stage, need, tmp_path):
    return stage.keep(Screen(need("tmux"), tmp_path, rows=12, columns=60))


def leave(terminal, status=0):
    """^D at the prompt."""
    terminal.type(control("d"))
    terminal.wait(status)
    assert terminal.is_as_before()


# ---- lines ----


def test_a_session(talk, server):
    """A person would not see where they are, what they get, or what is wrong."""
    terminal = talk(server.address)
    terminal.type("cd source; pwd\r")
    terminal.wait_for("\n/source\r\n")
    terminal.wait_for("/source> ")
    terminal.type("fly\r")
    terminal.wait_for("error: unknown input type: 'fly'\r\n")
    terminal.wait_for("/source> ")
    terminal.type("cd -\r")
    terminal.wait_for("/> ")
    terminal.type("lsx" + LEFT + "\x1b[3~\r")
    terminal.wait_for("link      my dir    note.txt  sound     source\r\n")
    terminal.wait_for("/> ")
    terminal.type("quit\r")
    terminal.wait(0)
    assert terminal.is_as_before()


def test_typed_ahead(talk, server):
    """What is typed while an answer comes would be lost, or be shown in the middle of it."""
    terminal = talk(server.address)
    terminal.type("cd source\rls -F\rpwd\rcd /\r")
    terminal.wait_for("deep/   main.c\r\n")
    terminal.wait_for("\n/source\r\n")
    terminal.wait_for("/> ")
    leave(terminal)


def test_history_is_the_shells_own(talk, server, tmp_path):
    """What was typed to other programs would come up, or nothing would the next day."""
    terminal = talk(server.address)
    terminal.type("pwd\r")
    terminal.wait_for("\n/\r\n")
    terminal.wait_for("/> ")
    leave(terminal)
    assert (tmp_path / "netkit" / "shell.history").read_text() == "pwd\n"
    terminal = talk(server.address)
    terminal.type(UP + "\r")
    terminal.wait_for("\n/\r\n")
    leave(terminal)


def test_interrupt_clears_the_line(talk, server):
    """^C would end the program, or leave half a line for the next request."""
    terminal = talk(server.address)
    terminal.type("cd nothing")
    terminal.wait_for("cd nothing")
    terminal.type(control("c") + "pwd\r")
    terminal.wait_for("\n/\r\n")
    terminal.type(control("c") + control("c"))
    terminal.type("help\r")
    terminal.wait_for("end the session")
    leave(terminal)


# ---- completion ----


@pytest.mark.parametrize("typed,line", [
    ("cd sour\t", "cd source/"),
    ("cd source/d\t", "cd source/deep/"),
    ("ls source/m\t", "ls source/main.c "),
    ("ls no\t", "ls note.txt "),
    ("cd m\t", "cd my\\ dir/"),
    ("cd 'm\t", "cd 'my dir/"),
    ("ls \"my dir/i\t", "ls \"my dir/it's\" "),
    ("pw\t", "pwd "),
    ("pwd; ls -l ~/no\t", "pwd; ls -l ~/note.txt "),
    ("ls .h\t", "ls .hidden "),
    ("cd li\t", "cd link"),
])
def test_completion(talk, server, typed, line):
    """Names would have to be typed in full, or be typed wrong."""
    terminal = talk(server.address)
    terminal.type(typed)
    terminal.wait_for(line)
    terminal.type(control("a") + "help; \r")
    terminal.wait_for("end the session")
    leave(terminal)


def test_completion_lists_what_it_cannot_decide(talk, server):
    """Nobody could see how to go on."""
    terminal = talk(server.address)
    terminal.type("ls so\t")
    terminal.wait_for("ls sou")
    terminal.type("\t")
    terminal.wait_for("ls sou\r\nsound    source/\r\n")
    terminal.wait_for("/> ls sou")
    terminal.type("n\t")
    terminal.wait_for("sound ")
    terminal.type("\r")
    terminal.wait_for("sound\r\n")
    leave(terminal)


def test_completion_of_what_is_not_there(talk, server):
    """Tab would end the session, or leave it without an answer to the next request."""
    terminal = talk(server.address)
    terminal.type("ls nothing/x\tls /fl\tcd no\t" + control("c") + "pwd\r")
    terminal.wait_for("\n/\r\n")
    leave(terminal)


def test_completion_after_a_loss(talk):
    """Names that came before the connection was lost would be offered again, in the place of those
    that are there now."""
    question = 'ls -F -m 1001 -p "so"\n'
    server = Script(plays(READY, "pwd\n", b" /\nok\n", question, b" somewhere\n"),
                    plays(READY, 'cd "/"\n', b"ok\n", question, b" sound\nok\n"))
    terminal = talk(server.address, "--reconnect")
    terminal.type("ls so\t")
    terminal.wait_for("trying again in 250ms")
    terminal.wait_for("/> ls so")
    terminal.type("\t")
    terminal.wait_for("ls sound ")
    server.finish()
    terminal.process.send_signal(signal.SIGTERM)
    terminal.wait(-signal.SIGTERM)


def test_completion_among_very_many(talk, large):
    """Tab would fill the screen and the memory."""
    terminal = talk(large.address)
    terminal.type("ls many/\t")
    terminal.wait_for("more than 1,000 names begin so\r\n")
    terminal.type("entry-01432\t")
    terminal.wait_for("ls many/entry-01432")
    terminal.type("1\t\r")
    terminal.wait_for("entry-014321\r\n")
    leave(terminal)


# ---- what is shown ----


def test_colours_are_those_of_the_types(talk, server):
    """Directories would look like files; or a terminal without colours would be spoilt."""
    terminal = talk(server.address, prompt="\x1b[1m/\x1b[0m> ", NO_COLOR=None)
    terminal.type("ls\r")
    terminal.wait_for("\x1b[1;36mlink\x1b[0m      \x1b[1;34mmy dir\x1b[0m    note.txt  sound     "
                      "\x1b[1;34msource\x1b[0m\r\n")
    terminal.type("ls -l\r")
    terminal.wait_for("Z \x1b[1;36mlink\x1b[0m -> source\r\n")
    leave(terminal)
    terminal = talk(server.address, NO_COLOR="1")
    terminal.type("ls\r")
    terminal.wait_for("link      my dir    note.txt  sound     source\r\n")
    leave(terminal)
    assert "\x1b[1" not in terminal.look()


def test_script_on_a_terminal(stage, server, tmp_path):
    """`-e ls` on a terminal would look like a list for programs."""
    terminal = stage.keep(Terminal("shell", "client", server.address, "-e", "ls; pwd",
                                   directory=tmp_path, NO_COLOR=None))
    terminal.wait_for("\x1b[1;34mmy dir\x1b[0m    note.txt")
    terminal.wait_for("\n/\r\n")
    terminal.wait(0)
    assert terminal.is_as_before()


def test_terminal_that_cannot_move_its_cursor(stage, server, tmp_path):
    """A person in an editor's window could not use it at all."""
    terminal = stage.keep(Terminal("shell", "client", server.address, directory=tmp_path,
                                   TERM="dumb"))
    terminal.type("pwd\n")
    terminal.wait_for("\n/\r\n")
    terminal.type(control("d"))
    terminal.wait(0)
    assert terminal.is_as_before()


# ---- long answers ----


def test_interrupt_ends_a_long_listing(talk, large):
    """A person would have to wait for all the names, or lose the session."""
    terminal = talk(large.address)
    terminal.type("ls -l many\r")
    terminal.wait_for("entry-")
    terminal.type(control("c"))
    terminal.wait_for("/> ")
    terminal.type("pwd\r")
    terminal.wait_for("\n/\r\n")
    terminal.wait_for("/> ")
    assert terminal.look().count("entry-") < LARGE
    leave(terminal)


def process_status(process, name):
    """A field of what the kernel tells of a process, as its first word."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as lines:
        return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


def test_interrupt_that_comes_too_late(talk):
    """^C for an answer that ends in the same moment would end the program."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        start = threading.Thread(target=lambda: accepted.append(listener.accept()[0]))
        accepted = []
        start.start()
        terminal = talk(f"127.0.0.1:{listener.getsockname()[1]}", prompt="")
        start.join()
    with accepted[0] as server:
        answers = server.makefile("rwb", buffering=0)
        answers.write(b"netkit-shell 1 ready\n")
        assert answers.readline() == b"pwd\n"  # for the prompt
        answers.write(b" /\nok\n")
        terminal.wait_for("/> ")
        terminal.type("pwd\r")
        assert answers.readline() == b"pwd\n"
        terminal.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: process_status(terminal.process, "State") == "T", "it stands still")
        answers.write(b" /\nok\n")
        terminal.type(control("c"))
        wait_until(lambda: int(process_status(terminal.process, "ShdPnd"), 16) & 1 << signal.SIGINT - 1,
                   "the terminal sends the signal")
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for("/> ")
        terminal.type("help\r")
        assert answers.readline() == b"help\n"
        answers.write(b" the end\nok\n")
        terminal.wait_for("the end\r\n")
        terminal.wait_for("/> ")
        leave(terminal)


def test_whole_listing(talk, large):
    """Names would be lost on their way to a slow terminal."""
    terminal = talk(large.address, columns=200)
    terminal.type("ls many\r")
    terminal.wait_for("entry-")
    terminal.wait_for("/> ")
    assert len(set(re.findall(r"entry-\d{6}", terminal.look()))) == LARGE
    leave(terminal)


def test_server_killed_in_the_middle(talk, large):
    """Half a listing would look like the whole, and the terminal would stay as it was."""
    terminal = talk(large.address)
    terminal.type("ls -l many\r")
    terminal.wait_for("entry-")
    large.kill()
    terminal.wait(6)
    assert terminal.is_as_before()
    assert re.search(rf"\nnetkit: cannot go on with '{re.escape(large.address)}': [^\n]+\r\n$",
                     terminal.look())


def test_reconnect_at_the_prompt(talk, serve, tree, tmp_path):
    """A person would have to start again, and walk to where they were."""
    path = tmp_path / "socket"
    first = serve("shell", f"unix:{path}", "--root", tree)
    terminal = talk(f"unix:{path}", "--reconnect")
    terminal.type("cd source\r")
    terminal.wait_for("/source> ")
    first.stop()
    terminal.wait_for("trying again in 250ms")
    serve("shell", f"unix:{path}", "--root", tree)
    terminal.wait_for("/source> ")
    terminal.type("ls\r")
    terminal.wait_for("deep    main.c\r\n")
    leave(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_give_the_terminal_back(talk, server, number):
    """The shell behind it would be without echo."""
    terminal = talk(server.address)
    terminal.type("pw")
    terminal.wait_for("pw")
    terminal.process.send_signal(number)
    terminal.wait(-number)
    assert terminal.is_as_before()


# ---- the raw form ----


def test_raw_session(talk, stage, tree):
    """A person could not talk to the course's server."""
    server = stage.keep(CourseServer(tree))
    terminal = talk("--compat", server.address, prompt="> ")
    terminal.type("pwd\r")
    terminal.wait_for(f"\n{tree}\r\n")
    terminal.wait_for("> ")
    terminal.type("cd source\r")
    terminal.wait_for("> ")
    terminal.type("ls; fly\r")
    terminal.wait_for("deep    main.c\r\n")
    terminal.wait_for("error: unknown input type\r\n")
    terminal.wait_for("> ")
    terminal.type("quit\r")
    terminal.wait(0)
    assert terminal.is_as_before()


def test_interrupt_of_a_raw_listing(talk, serve, large_tree):
    """The rest of it would be taken for the answer to the next request."""
    server = serve("shell", "127.0.0.1:0", "--root", large_tree / "many", "--compat")
    terminal = talk("--compat", server.address, prompt="> ")
    terminal.type("ls\r")
    terminal.wait_for("entry-")
    terminal.type(control("c"))
    terminal.wait_for("> ")
    terminal.type("pwd\r")
    terminal.wait_for("pwd\r\n/\r\n> ")
    assert terminal.look().count("entry-") < LARGE
    leave(terminal)


# ---- on a screen ----


def test_on_a_real_screen(screen, server):
    """Editing, resizing, clearing and leaving, as somebody sees it."""
    screen.command("env", "NO_COLOR=1", NETKIT, "shell", "client", server.address)
    screen.wait_for(r"^/>$")
    screen.type("cd sour")
    screen.keys("Tab")
    screen.wait_for(r"^/> cd source/$")
    screen.keys("Enter")
    screen.wait_for(r"^/source>$")
    screen.type("pwd # a line that is longer than a narrow window")
    screen.resize(12, 30)
    screen.wait_for(r"^longer than a narrow window$")
    screen.resize(12, 60)
    screen.wait_for(r"^/source> pwd # a line that is longer than a narrow window$")
    screen.keys("C-c")
    screen.wait_for(r"^/source>$")
    screen.type("ls")
    screen.keys("Enter")
    screen.wait_for(r"^deep    main.c$")
    screen.keys("C-d")
    screen.wait_for(r"^shell\$$")
    screen.type("stty -a | grep -o ' icanon'; echo status $?")
    screen.keys("Enter")
    screen.wait_for(r"^status 0$")
    wait_until(lambda: "/source> ls" in screen.text(), "what was typed is still there")
