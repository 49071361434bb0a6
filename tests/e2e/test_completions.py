"""The shell completions: up to date, well formed, and right when a shell uses them."""

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import tempfile
import time

import pytest

from cli_support import SOURCE, TIMEOUT, command_names, options_of, run

SCRIPTS = {"bash": "netkit.bash", "zsh": "_netkit", "fish": "netkit.fish"}
COMMANDS = command_names()


def script(shell):
    return SOURCE / "completions" / SCRIPTS[shell]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_committed_script_is_up_to_date(shell):
    """The installed completions would not know the newest options."""
    assert script(shell).read_text() == run("completion", shell).stdout, \
        f"renew it: netkit completion {shell} > completions/{SCRIPTS[shell]}"


@pytest.mark.parametrize("shell", SCRIPTS)
def test_script_is_well_formed(shell):
    """The shell would print a syntax error at every start."""
    assert shutil.which(shell), f"this test needs {shell}"
    result = subprocess.run([shell, "-n", str(script(shell))], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
    assert (result.stdout, result.returncode) == ("", 0)


def long_options(command):
    return {f"--{name}" for name in options_of(command)}


def bash_completes(*words, cwd=None):
    """What bash offers for the last of the words behind netkit, split as bash splits them."""
    line = f"""
        source {shlex.quote(str(script('bash')))}
        COMP_WORDS=(netkit {' '.join(shlex.quote(word) for word in words)})
        COMP_CWORD={len(words)}
        _netkit
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    result = subprocess.run(["bash", "--norc", "-c", line], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, cwd=cwd, timeout=TIMEOUT, check=True)
    assert result.stderr == ""
    return {word for word in result.stdout.splitlines() if word}


def fish_completes(*words, cwd=None):
    """The same from fish, without the descriptions."""
    line = "netkit " + " ".join(words)
    command = f"source {shlex.quote(str(script('fish')))}; complete -C {shlex.quote(line)}"
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home,
                       "XDG_CACHE_HOME": home, "XDG_RUNTIME_DIR": home}
        result = subprocess.run(["fish", "--no-config", "-c", command], text=True, cwd=cwd,
                                env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                timeout=TIMEOUT, check=True)
    assert result.stderr == ""
    return {each.split("\t")[0] for each in result.stdout.splitlines()}


@pytest.mark.parametrize("completes", [bash_completes, fish_completes])
class TestCandidates:
    def test_first_words(self, completes):
        """A command could not be completed."""
        firsts = {name.split()[0] for name in COMMANDS}
        assert {word for word in completes("") if word[0] != "-"} == firsts
        assert completes("ser") == {"serve"}
        assert {word for word in completes("help", "") if word[0] != "-"} >= firsts

    def test_members_of_a_group(self, completes):
        """`netkit serve <TAB>` would not name the servers."""
        servers = {name.split()[1] for name in COMMANDS if name.startswith("serve ")}
        assert {word for word in completes("serve", "") if word[0] != "-"} == servers
        assert {word for word in completes("help", "serve", "") if word[0] != "-"} == servers
        assert completes("-v", "serve", "ht") == {"http"}

    @pytest.mark.parametrize("command", COMMANDS)
    def test_options_of_each_command(self, completes, command):
        """A new option would not be offered, or one of another command would."""
        if command == "help":
            assert "--help" in completes("help", "--h")
        else:
            assert completes(*command.split(), "--") == long_options(command)

    def test_options_behind_other_words(self, completes):
        """Completion would stop working in the middle of a line."""
        assert completes("serve", "http", "--threads", "4", "8080", "--dem") == {"--demo"}
        assert completes("--threads", "4", "serve", "echo", "--dr") == {"--drain"}
        assert completes("serve", "http", "--root", "echo", "--follow") == {"--follow-symlinks"}

    def test_choices(self, completes):
        """The three names would have to be remembered."""
        for command in ("http", "echo"):
            assert completes("serve", command, "--dispatcher", "") == {"epoll", "poll", "select"}
        assert completes("serve", "http", "--dispatcher", "s") == {"select"}
        assert completes("completion", "") == {"bash", "zsh", "fish"}
        assert completes("completion", "z") == {"zsh"}

    def test_directories(self, completes, tmp_path):
        """--root would offer files, or stumble over a name with a blank or a star."""
        for name in ("alpha", "all of it", "al*", "beta"):
            (tmp_path / name).mkdir()
        (tmp_path / "alfile").write_text("")
        found = completes("serve", "http", "--root", "al", cwd=tmp_path)
        found = {word.rstrip("/").replace("\\", "") for word in found}
        assert found == {"alpha", "all of it", "al*"}

    def test_numbers_offer_nothing(self, completes, tmp_path):
        """Files would be offered where a number belongs."""
        (tmp_path / "file").write_text("")
        assert completes("serve", "http", "--threads", "", cwd=tmp_path) == set()
        assert completes("serve", "http", "--drain", "", cwd=tmp_path) == set()
        assert completes("serve", "http", "", cwd=tmp_path) == set()


def test_bash_completes_behind_an_equals_sign():
    """bash splits words at '=', unless COMP_WORDBREAKS was changed: both happen."""
    assert bash_completes("serve", "http", "--dispatcher", "=") == {"epoll", "poll", "select"}
    assert bash_completes("serve", "http", "--dispatcher", "=", "po") == {"poll"}
    assert bash_completes("serve", "http", "--dispatcher=po") == {"--dispatcher=poll"}
    assert bash_completes("serve", "http", "--threads", "=", "4", "--dem") == {"--demo"}
    assert bash_completes("--threads=4", "serve", "ht") == {"http"}


def test_fish_completes_behind_an_equals_sign():
    """--dispatcher=<TAB> would offer nothing."""
    assert fish_completes("serve", "http", "--dispatcher=po") == {"--dispatcher=poll"}


class Terminal:
    """An interactive shell behind a pseudo-terminal."""

    def __init__(self, command, **options):
        self.screen = ""
        master, slave = pty.openpty()
        self.master = master
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, **options)
        os.close(slave)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, pattern):
        """Reads until the pattern is on the screen and returns the match."""
        deadline = time.monotonic() + TIMEOUT
        while not (match := re.search(pattern, self.screen)):
            left = deadline - time.monotonic()
            ready = select.select([self.master], [], [], max(left, 0))[0]
            assert ready, f"no {pattern!r} in {self.screen!r}"
            self.screen += os.read(self.master, 4096).decode(errors="replace")
        self.screen = self.screen[match.end():]
        return match

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


# A function called netkit shows what the line had become when it was entered.
SHOW = "netkit() { printf '<%s>' \"$*\"; echo; }"

TYPED = [
    ("netkit ser\tht\t--dispa\tpol\t", "serve http --dispatcher=? ?poll"),
    ("netkit serve echo --no-n\t--js\t", "serve echo --no-nodelay --json"),
    ("netkit serve http --root al\t", "serve http --root alpha/?"),
    ("netkit compl\tz\t", "completion zsh"),
    ("netkit help ser\tec\t", "help serve echo"),
]


def type_all(terminal):
    for typed, expected in TYPED:
        terminal.wait_for(r"ready> ")
        terminal.type(typed + "\n")
        terminal.wait_for(f"<{expected} ?>\r\n")


def test_zsh_in_a_terminal(tmp_path):
    """zsh would fail at the first <TAB>, which no syntax check finds."""
    (tmp_path / "alpha").mkdir()
    (tmp_path / ".zshrc").write_text(f"""
        unsetopt PROMPT_SP
        unset zle_bracketed_paste
        fpath=({shlex.quote(str(SOURCE / 'completions'))} $fpath)
        autoload -Uz compinit && compinit -D -u
        {SHOW}
        PROMPT='ready> '
    """)
    environment = {**os.environ, "ZDOTDIR": str(tmp_path), "HOME": str(tmp_path), "TERM": "dumb", "LC_ALL": "C"}
    terminal = Terminal(["zsh", "-d", "-i"], cwd=tmp_path, env=environment)
    try:
        type_all(terminal)
    finally:
        terminal.close()


def test_bash_in_a_terminal(tmp_path):
    """bash would complete in the test above but not at its own prompt."""
    (tmp_path / "alpha").mkdir()
    (tmp_path / "rc").write_text(f"""
        bind 'set enable-bracketed-paste off'
        source {shlex.quote(str(script('bash')))}
        {SHOW}
        PS1='ready> '
    """)
    environment = {**os.environ, "HOME": str(tmp_path), "TERM": "dumb", "LC_ALL": "C"}
    terminal = Terminal(["bash", "--noprofile", "--rcfile", str(tmp_path / "rc"), "-i"],
                        cwd=tmp_path, env=environment)
    try:
        type_all(terminal)
    finally:
        terminal.close()
