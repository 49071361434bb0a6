"""What the server says to people when it is ready: how others reach it, a code for their cameras,
the page in a browser."""

import re
import signal
import subprocess
import urllib.request

import pytest

import netkit_server
from netkit_server import PATIENCE, wait_until
from process import Process
from terminal_support import Terminal

OPENED = re.compile(r"(http://\S+)\n")


@pytest.fixture
def terminal(tmp_path):
    """terminal("--qr", ...) serves a directory on a terminal."""
    terminals = []

    def start(*options, **more):
        terminals.append(Terminal("serve", "http", "--root", tmp_path, *options, directory=tmp_path,
                                  **more))
        return terminals[-1]

    yield start
    for one in terminals:
        one.close()


def stop(terminal):
    """All that the server has shown from its start to its end."""
    terminal.process.send_signal(signal.SIGTERM)
    terminal.wait()
    return terminal.look()


@pytest.fixture
def browser(tmp_path):
    """An xdg-open that writes down what it is to open: its variables and what it has opened."""
    place = tmp_path / "bin"
    place.mkdir()
    opener = place / "xdg-open"
    opener.write_text('#!/bin/sh\necho "$@" >>"$OPENED"\necho noise\nexit $OPENER_STATUS\n')
    opener.chmod(0o755)
    opened = tmp_path / "opened"
    opened.touch()

    def variables(status=0):
        return {"PATH": f"{place}:/usr/bin:/bin", "OPENED": str(opened),
                "OPENER_STATUS": str(status)}

    variables.opened = opened
    return variables


def test_only_this_machine(terminal):
    """Somebody else's browser finds nothing, and nobody says why."""
    shown = terminal("127.0.0.1:0")
    shown.wait_for("only this machine reaches it; with --public others do, too")
    stop(shown)


def test_public(terminal):
    """http://[::]:8080/ is nothing one can type into a browser."""
    shown = terminal("--public", "0")
    shown.wait_for("listening on")
    text = stop(shown)
    port = re.search(r"listening on http://\[::\]:(\d+)/", text).group(1)
    assert "only this machine" not in text
    for url in re.findall(r"other machines reach it at (\S+)", text):
        assert re.fullmatch(rf"http://(\d+(\.\d+){{3}}|\[[0-9a-f:]+\]):{port}/", url), url
        assert "127.0.0.1" not in url and "[::1]" not in url


def test_reports(terminal):
    """Who asked for a page about the server has to look up where it is; or it is not there."""
    shown = terminal("127.0.0.1:0", "--status", "--metrics", "--base-path", "/app", columns=200)
    shown.wait_for("/_/metrics\r\n")
    text = shown.look()
    for what, name in (("its state is shown", "status"), ("its figures for Prometheus are", "metrics")):
        url = re.search(rf"{what} at (http://127\.0\.0\.1:\d+/app/_/{name})\r\n", text).group(1)
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            assert response.status == 200
    stop(shown)
    shown = terminal("127.0.0.1:0")
    shown.wait_for("only this machine")
    assert "/_/" not in stop(shown)


@pytest.mark.parametrize("option", ["--json", "--quiet"])
def test_nothing_for_programs(terminal, option):
    """A program that reads the events gets text in between."""
    shown = terminal("127.0.0.1:0", option, "--drain", "1s")
    if option == "--json":
        shown.wait_for('"event":"listening"')
    else:
        wait_until(lambda: Process(shown.process.pid).thread_count() > 1, "running")
    assert "machine" not in stop(shown)


def picture(text):
    """The code that was drawn, as the bytes of a PGM image: 8 pixels for each module."""
    rows = []
    for line in re.findall("\x1b\\[97;40m(.*?)\x1b\\[0m", text):
        rows.append([255 if block in "█▀" else 0 for block in line])
        rows.append([255 if block in "█▄" else 0 for block in line])
    width, height = 8 * len(rows[0]), 8 * len(rows)
    pixels = b"".join(bytes(value for value in row for _ in range(8)) * 8 for row in rows)
    return b"P5 %d %d 255\n" % (width, height) + pixels


def test_code(terminal, tmp_path, need):
    """A pattern that looks like a code, and that no camera reads."""
    shown = terminal("127.0.0.1:0", "--qr", "--base-path", "/app")
    shown.wait_for("/app/\r\n")
    shown.wait_for("/app/\r\n")
    text = stop(shown)
    url = re.search(r"listening on (\S+)", text).group(1)
    (tmp_path / "code.pgm").write_bytes(picture(text))
    done = subprocess.run([need("zbarimg"), "--quiet", "--raw", tmp_path / "code.pgm"],
                          capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stdout == url + "\n"


def test_code_on_a_narrow_terminal(terminal):
    """A code that is broken over lines."""
    shown = terminal("127.0.0.1:0", "--qr", columns=20)
    shown.wait_for("the terminal is too narrow")
    assert "█" not in stop(shown)


def test_code_without_a_terminal(serve, tmp_path):
    """A log full of blocks."""
    server = serve("http", "127.0.0.1:0", "--root", tmp_path, "--qr")
    line = r"netkit: warning: --qr: standard error is no terminal to draw on"
    server.allow(line)
    server.wait_for_line(line)


def test_browser_is_shown_the_page(serve, tmp_path, browser):
    """A wildcard address, a missing base path, or what the browser prints among the messages."""
    server = serve("http", ":0", "--root", tmp_path, "--open", "--base-path", "/app",
                   env=netkit_server.environment(**browser()))
    wait_until(lambda: OPENED.search(browser.opened.read_text()), "opened")
    port = re.search(r":(\d+)/app/$", server.addresses[0]).group(1)
    assert browser.opened.read_text() == f"http://localhost:{port}/app/\n"


@pytest.mark.threads
def test_browser_that_fails(serve, tmp_path, browser):
    """A server that ends, or says nothing, because there is no desktop."""
    server = serve("http", "127.0.0.1:0", "--root", tmp_path, "--open",
                   env=netkit_server.environment(**browser(status=3)))
    line = rf"netkit: warning: cannot show '{server.addresses[0]}' in a browser: xdg-open has failed"
    server.allow(line)
    server.wait_for_line(line)
    (tmp_path / "empty").mkdir()
    server = serve("http", "127.0.0.1:0", "--root", tmp_path, "--open",
                   env=netkit_server.environment(PATH=str(tmp_path / "empty")))
    line = (rf"netkit: warning: cannot show '{server.addresses[0]}' in a browser:"
            r" xdg-open: no such file or directory")
    server.allow(line)
    server.wait_for_line(line)


def test_no_url_of_a_unix_socket(serve, tmp_path, browser):
    """A browser that is sent to a file."""
    server = serve("http", f"unix:{tmp_path}/web", "--root", tmp_path, "--open",
                   env=netkit_server.environment(**browser()))
    line = r"netkit: warning: there is no URL to show: unix sockets have none"
    server.allow(line)
    server.wait_for_line(line)
    assert browser.opened.read_text() == ""


@pytest.mark.parametrize("option", ["json", "quiet"])
def test_code_for_nobody(option):
    """An option that does nothing, or a code among the events."""
    done = netkit_server.run("serve", "http", "127.0.0.1:0", "--qr", f"--{option}")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == f"netkit: --qr has no effect with --{option}"
