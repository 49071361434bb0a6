"""Terminals for the program under test: a bare one (Terminal), whose bytes a test sees, and a
real one with a screen and a shell (Screen, which is tmux)."""

import fcntl
import os
import pty
import re
import select
import shlex
import struct
import subprocess
import termios
import time

from netkit_server import NETKIT, PATIENCE, SANITIZER_STATUS, environment

LEFT, RIGHT, UP, DOWN = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"


def control(letter):
    """The character of Ctrl and a letter."""
    return chr(ord(letter) & 0x1F)


def person(directory, **more):
    """The environment of somebody at a terminal, whose history is in `directory`."""
    values = dict(TERM="xterm", XDG_STATE_HOME=str(directory), LANG=None, LC_ALL=None,
                  LC_CTYPE=None)
    values.update(more)
    return environment(**values)


class Terminal:
    """The program, alone on a terminal of its own, which is its controlling one."""

    def __init__(self, *words, directory, rows=24, columns=80, **variables):
        self._outer, self.inner = pty.openpty()
        self.resize(rows, columns)
        self.before = self.settings()
        self._shown = b""
        self._mark = 0
        self.process = subprocess.Popen(
            [str(NETKIT), *map(str, words)], stdin=self.inner, stdout=self.inner,
            stderr=self.inner, env=person(directory, **variables), start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def settings(self):
        return termios.tcgetattr(self.inner)

    def is_as_before(self):
        return self.settings() == self.before

    def resize(self, rows, columns):
        fcntl.ioctl(self._outer, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # ---- typing and looking ----

    def type(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self._outer, data):]

    def _look(self, timeout):
        if not select.select([self._outer], [], [], timeout)[0]:
            return False
        try:
            piece = os.read(self._outer, 1 << 16)
        except OSError:  # nobody has the other end open any more
            return False
        self._shown += piece
        return bool(piece)

    def look(self, timeout=0):
        """Whatever is there by now."""
        while self._look(timeout):
            pass
        return self._shown.decode(errors="replace")

    def wait_for(self, text):
        """Waits for a text behind the last one that was waited for."""
        wanted = text.encode() if isinstance(text, str) else text
        deadline = time.monotonic() + PATIENCE
        while (place := self._shown.find(wanted, self._mark)) < 0:
            left = deadline - time.monotonic()
            assert left > 0 and (self._look(left) or self.process.poll() is None), (
                f"{text!r} did not come: {self._shown[self._mark:]!r}")
        self._mark = place + len(wanted)

    def wait_for_editor(self):
        """Until keys come one by one: then the program has the terminal."""
        deadline = time.monotonic() + PATIENCE
        while self.settings()[3] & termios.ICANON:
            assert time.monotonic() < deadline and self.process.poll() is None, self.look()
            time.sleep(0.01)

    # ---- the end ----

    def wait(self, status=0):
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            self.look(0.01)  # a terminal that nobody looks at keeps a program from ending
        self.look()
        assert self.process.poll() == status, self._shown

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        status = self.process.wait(PATIENCE)
        os.close(self.inner)
        os.close(self._outer)
        assert status != SANITIZER_STATUS, self._shown


class Screen:
    """tmux with a shell, and eyes on its screen."""

    def __init__(self, tmux, directory, rows=24, columns=80):
        self._command = [tmux, "-S", str(directory / "tmux"), "-f", "/dev/null"]
        profile = directory / "bashrc"
        profile.write_text("PS1='shell$ '\nunset HISTFILE PROMPT_COMMAND\n")
        shell = f"exec bash --noprofile --rcfile {shlex.quote(str(profile))} -i"
        self._run("new-session", "-d", "-x", str(columns), "-y", str(rows), shell,
                  env=person(directory, TMUX=None))
        try:
            self.wait_for(r"^shell\$$")
        except BaseException:
            self.close()
            raise

    def _run(self, *words, **options):
        options.setdefault("env", environment(TMUX=None))
        done = subprocess.run([*self._command, *words], capture_output=True, text=True,
                              timeout=PATIENCE, check=True, **options)
        return done.stdout

    def keys(self, *names):
        """Keys by tmux's names (Left, C-c, Enter), other words letter by letter."""
        self._run("send-keys", *names)

    def type(self, text):
        self._run("send-keys", "-l", text)

    def command(self, *words):
        """Starts a command in the shell, whose words are quoted."""
        self.type(" ".join(shlex.quote(str(word)) for word in words))
        self.keys("Enter")

    def resize(self, rows, columns):
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def text(self):
        return self._run("capture-pane", "-p").rstrip("\n")

    def lines(self):
        return self.text().split("\n")

    def cursor(self):
        """(column, row), from 0."""
        return tuple(map(int, self._run("display-message", "-p", "#{cursor_x} #{cursor_y}").split()))

    def wait_for(self, pattern):
        """Waits until a regular expression (^ and $ are those of a line) is on the screen."""
        wanted = re.compile(pattern, re.MULTILINE)
        deadline = time.monotonic() + PATIENCE
        while not (match := wanted.search(self.text() + "\n")):
            assert time.monotonic() < deadline, f"{pattern!r} is not on the screen:\n{self.text()}"
            time.sleep(0.02)
        return match

    def close(self):
        subprocess.run([*self._command, "kill-server"], capture_output=True, timeout=PATIENCE,
                       check=False)
