"""The command line as its user meets it: help, mistakes, standard descriptors."""

import os
import shlex
import subprocess

import pytest

from cli_support import (NETKIT, SOURCE, TIMEOUT, command_names, examples_of, help_of,
                         options_of, run)


def assert_usage_error(result, problem, command):
    """A mistake is exactly two lines on standard error and exit status 2."""
    assert result.stderr == f"netkit: {problem}\nTry 'netkit {command}--help'\n"
    assert result.stdout == ""
    assert result.returncode == 2


def test_version():
    """Packagers and bug reports would not learn the version."""
    result = run("--version")
    assert (result.stdout, result.stderr, result.returncode) == ("netkit 0.1.0\n", "", 0)


@pytest.mark.parametrize("name", ["", *command_names()])
class TestHelp:
    def test_is_on_standard_output(self, name):
        """`netkit serve http --help | less` would show nothing."""
        result = run(*name.split(), "--help")
        assert result.stdout.startswith("Usage: netkit ")
        assert (result.stderr, result.returncode) == ("", 0)

    def test_is_the_same_by_every_way(self, name):
        """`netkit help X`, `X -h` and `--help X` would differ from `X --help`."""
        words = name.split()
        assert run("help", *words).stdout == help_of(name)
        assert run(*words, "-h").stdout == help_of(name)
        assert run("--help", *words).stdout == help_of(name)

    def test_fits_the_screen(self, name):
        """It would scroll away, or wrap in a terminal of 80 columns."""
        lines = help_of(name).splitlines()
        assert len(lines) <= 60
        assert [line for line in lines if len(line) > 80 or line != line.rstrip()] == []

    def test_ends_with_examples(self, name):
        """A newcomer would have to put a command line together from the options."""
        blocks = help_of(name).rstrip("\n").split("\n\n")
        assert blocks[-1].startswith("Examples:\n")
        assert examples_of(help_of(name))

    def test_examples_are_understood(self, name):
        """An example would be refused when somebody tries it."""
        for example in examples_of(help_of(name)):
            for line in [part for part in example.split(" | ") if "netkit" in part]:
                words = shlex.split(line.replace("source <(", "").rstrip(")"))
                assert words[0] == "netkit"
                result = run(*[word for word in words[1:] if "2>" not in word], "--help")
                assert (result.stderr, result.returncode) == ("", 0), example


def test_help_lists_every_command_with_its_page():
    """A command would exist that nobody can find."""
    for name in command_names():
        assert help_of(name).startswith(f"Usage: netkit {name}")


def test_group_lists_its_members():
    """`netkit serve` would not say what can be served."""
    result = run("serve")
    assert result.returncode == 2 and result.stdout == ""
    for text in (result.stderr, run("serve", "--help").stdout, run("help", "serve").stdout):
        assert "serve http" in text and "serve echo" in text
    assert run("serve", "--help").returncode == 0


def test_nothing_is_a_mistake_with_a_short_answer():
    """Typing `netkit` would print a screenful, or nothing."""
    result = run()
    assert result.stdout == "" and result.returncode == 2
    assert result.stderr.startswith("Usage: netkit ")
    assert result.stderr.endswith("Try 'netkit --help'\n")
    assert len(result.stderr.splitlines()) <= 20


HTTP = "serve http "
ECHO = "serve echo "
MISTAKES = [
    ("serv http", "unknown command 'serv'; did you mean 'serve'?", ""),
    ("serve htpp", "unknown command 'serve htpp'; did you mean 'serve http'?", "serve "),
    ("http", "unknown command 'http'; did you mean 'serve http'?", ""),
    ("frobnicate", "unknown command 'frobnicate'", ""),
    ("help frobnicate", "unknown command 'frobnicate'", ""),
    ("help serve http 80", "unexpected argument '80'", "help "),
    ("--frobnicate", "unknown option '--frobnicate'", ""),
    ("serve --frobnicate", "unknown option '--frobnicate'", "serve "),
    ("completion", "which shell? bash, zsh or fish", "completion "),
    ("completion tcsh", "'tcsh' is not one of bash, zsh, fish", "completion "),
    ("completion bash zsh", "unexpected argument 'zsh'", "completion "),
    ("serve http --thraeds 4", "unknown option '--thraeds'; did you mean '--threads'?", HTTP),
    ("serve http --threads", "--threads needs a value: --threads N", HTTP),
    ("serve http --threads 4x", "--threads: '4x' is not a number", HTTP),
    ("serve http --threads auto", "--threads: 'auto' is not a number", HTTP),
    ("serve http --threads=1025", "--threads: '1025' is too large; the most is 1024", HTTP),
    ("serve http -p 8000",
     "-p is not needed: a number alone is a port, as in 'netkit serve http 8000'", HTTP),
    ("serve http -d /srv", "the directory to serve is given with --root DIR", HTTP),
    ("serve http -b 0.0.0.0",
     "the address needs no option: 'netkit serve http ADDRESS:PORT'; --public means all", HTTP),
    ("serve http --drain 10",
     "--drain: '10' has no unit; write it as in 500ms, 10s, 5m or 1h", HTTP),
    ("serve http --max-body 1x", "--max-body: '1x' is not a size, as in 4096, 64k or 1M", HTTP),
    ("serve http --header-timeout 0", "--header-timeout: '0' is too small; the least is 1ms", HTTP),
    ("serve http --demo=yes", "--demo takes no value", HTTP),
    ("serve http --dispatcher kqueue",
     "--dispatcher: 'kqueue' is not one of epoll, poll, select", HTTP),
    ("serve http -vq", "--quiet and --verbose exclude each other", HTTP),
    ("serve http --demo --root .", "--root has no effect with --demo, which serves no files", HTTP),
    ("serve http --dotfiles --demo",
     "--dotfiles has no effect with --demo, which serves no files", HTTP),
    ("serve http --follow-symlinks --demo",
     "--follow-symlinks has no effect with --demo, which serves no files", HTTP),
    ("serve http --public localhost:80",
     "--public has no effect beside the address 'localhost:80'", HTTP),
    ("serve http udp://:80",
     "'udp://:80': that kind of address is not supported by this server", HTTP),
    ("serve http unix-dgram:/x",
     "'unix-dgram:/x': that kind of address is not supported by this server", HTTP),
    ("serve echo --frame raw --prefix x",
     "--prefix has no effect on a stream with --frame raw; use line or len32", ECHO),
    ("serve echo --max-frame 1k", "--max-frame has no effect without --frame line or len32", ECHO),
    ("serve http unix-seqpacket:/x",
     "'unix-seqpacket:/x': that kind of address is not supported by this server", HTTP),
    ("serve echo http://:7",
     "'http://:7': that kind of address is not supported by this server", ECHO),
    ("serve http tls://:443", "'tls://:443': TLS is not supported yet", HTTP),
    ("serve http http://:80/path", "'http://:80/path': the address of a server has no path", HTTP),
    ("serve http :80?ttl=0", "':80?ttl=0': ttl is a number from 1 to 255", HTTP),
    ("serve http --ready-fd 987", "--ready-fd: descriptor 987 is not open", HTTP),
    ("serve echo --root .", "unknown option '--root'", ECHO),
]


@pytest.mark.parametrize("line,problem,command", MISTAKES, ids=[m[0] for m in MISTAKES])
def test_mistakes_are_two_lines(line, problem, command):
    """A mistake would be ignored, or answered with a page, or with a riddle."""
    assert_usage_error(run(*line.split()), problem, command)


def test_first_mistake_counts():
    """Two mistakes would be more than two lines."""
    assert_usage_error(run("serve", "http", "--threads", "x", "--drain", "y", "udp://:1"),
                       "--threads: 'x' is not a number", HTTP)


def test_port_out_of_range():
    """The kernel would bind another port than the one that was asked for."""
    result = run("serve", "http", "localhost:65536")
    assert result.returncode == 2
    assert result.stderr.startswith("netkit: 'localhost:65536': ")
    assert len(result.stderr.splitlines()) == 2


def test_directory_as_address_gets_a_hint(tmp_path):
    """`netkit serve http DIR`, which most would try first, would try to resolve it."""
    assert_usage_error(run("serve", "http", str(tmp_path)),
                       f"'{tmp_path}' is a directory; to serve a directory use --root DIR", HTTP)


def test_number_is_a_port_even_beside_a_directory_of_that_name(tmp_path):
    """A directory called 65536 would change what the argument means."""
    (tmp_path / "65536").mkdir()
    result = run("serve", "http", "65536", cwd=tmp_path)
    assert result.returncode == 2 and "directory" not in result.stderr


def test_control_characters_are_shown():
    """An argument could move the cursor, recolour the terminal, or fake a second message."""
    assert_usage_error(run("serve", "http", "--thr\x1b[2J\n\x7f"),
                       "unknown option '--thr\\x1b[2J\\x0a\\x7f'", HTTP)


def test_too_many_addresses_are_refused():
    """A wildcard of the shell would open thousands of sockets."""
    assert_usage_error(run("serve", "echo", *["0"] * 65), "more than 64 addresses", ECHO)


def test_very_long_argument_is_a_usage_error():
    """It would overrun a buffer."""
    for word in ("x" * 100000, "--" + "x" * 100000, "--threads=" + "9" * 100000, "-" + "v" * 2000 + "x"):
        result = run("serve", "http", word)
        assert result.returncode == 2
        assert len(result.stderr.splitlines()) == 2 and len(result.stderr) < 2000


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["help", "serve", "http"],
                                       ["completion", "zsh"]])
class TestStandardOutput:
    def test_disk_full_is_reported(self, arguments):
        """A truncated file would pass for a whole one."""
        with open("/dev/full", "w") as full:
            result = run(*arguments, stdout=full)
        assert result.returncode == 1
        assert result.stderr == "netkit: cannot write to standard output: no space left on device\n"

    def test_reader_that_went_away_is_no_failure(self, arguments):
        """`netkit --help | head -1` would fail or print an error."""
        reader, writer = os.pipe()
        os.close(reader)
        result = run(*arguments, stdout=writer)
        os.close(writer)
        assert (result.stderr, result.returncode) == ("", 0)

    def test_closed_descriptors(self, arguments):
        """The first file or socket opened would become standard output."""
        words = [NETKIT, *arguments]
        result = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *words],
                                timeout=TIMEOUT, check=False)
        assert result.returncode == 0


def test_usage_error_survives_a_closed_standard_error():
    """The exit status would be lost with the message."""
    result = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", NETKIT, "serve", "ftp"],
                            timeout=TIMEOUT, check=False)
    assert result.returncode == 2


def test_shared_options_are_the_same_for_every_server():
    """A server would lack an option that its siblings have."""
    shared = {"public", "backlog", "reuseport", "ready-fd", "idle-timeout", "drain", "max-conns",
              "allow", "deny",
              "threads", "dispatcher", "nodelay", "no-nodelay", "busy-poll", "verbose", "quiet",
              "json", "help"}
    for name in command_names():
        if name.startswith("serve "):
            assert shared <= set(options_of(name))


def test_sources_of_a_command_are_named_in_the_header():
    """Who adds a command would look for the instructions in vain."""
    text = (SOURCE / "cmd" / "command.h").read_text()
    assert text.startswith("/* To add a command\n")
