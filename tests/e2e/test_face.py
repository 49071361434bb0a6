"""What all commands have in common, whoever runs them: the environment, events, silence."""

import pytest

from event_schema import read_events
from netkit_server import environment, run

EVERY_LOOP = [
    ("serve echo", "127.0.0.1:0"), ("serve http", "127.0.0.1:0"), ("shell server", "127.0.0.1:0"),
    ("relay", "127.0.0.1:0 localhost:1"), ("connect", "localhost:1"), ("listen", "127.0.0.1:0"),
    ("replay", "record localhost:1"), ("shell client", "localhost:1"), ("probe tcp", "localhost:1"),
    ("check http", "localhost:1"),
]


@pytest.mark.parametrize("command, arguments", EVERY_LOOP)
def test_a_dispatcher_that_is_none(command, arguments):
    """A typing mistake in the environment would be an "invalid argument" of something else."""
    done = run(*command.split(), *arguments.split(), env=environment(NETKIT_DISPATCHER="kqueue"))
    assert done.stderr == ("netkit: NETKIT_DISPATCHER: 'kqueue' is not one of epoll, poll, select\n"
                           f"Try 'netkit {command} --help'\n")
    assert (done.stdout, done.returncode) == ("", 2)


# Each fails before its event loop runs.
EARLY_FAILURES = [
    ("serve echo unix:/none/of/this", 8),
    ("relay unix:/none/of/this localhost:1", 8),
    ("connect --record /none/of/this localhost:1", 1),
    ("listen --record /none/of/this 127.0.0.1:0", 1),
    ("listen -k --record /none/of/this udp://127.0.0.1:0", 1),
    ("replay /none/of/this localhost:1", 1),
    ("shell client --token-file /none/of/this localhost:1", 1),
    ("probe tcp --metrics unix:/none/of/this localhost:1", 8),
    ("check http http://127.0.0.1:1/", 4),
]


@pytest.mark.parametrize("line, status", EARLY_FAILURES)
def test_the_last_event_is_the_summary(line, status):
    """A program that waits for the exit status among the events would wait in vain."""
    done = run(*line.split(), "--json")
    assert done.returncode == status
    error, summary = read_events(done.stdout + done.stderr)
    assert error["event"] == "error"
    assert (summary["event"], summary["status"]) == ("summary", status)


@pytest.mark.parametrize("line, status", [case for case in EARLY_FAILURES
                                          if not case[0].startswith("probe")])
def test_quiet_events_are_errors(line, status):
    """-q with --json: nothing but what fails."""
    done = run(*line.split(), "--json", "-q")
    assert done.returncode == status
    assert [event["event"] for event in read_events(done.stdout + done.stderr)] == ["error"]


def test_quiet_with_events(serve):
    """The same where all goes well: nothing at all."""
    server = serve("echo", "127.0.0.1:0")
    done = run("connect", "-q", "--json", server.address)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    server = serve("http", "127.0.0.1:0", "--demo")
    done = run("check", "http", "-q", "--json", "--row", 7, server.address)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("words, problem", [
    (["connect", "--send-only", "--wait", "1s", "udp://localhost:1"],
     "--wait has no effect with --send-only"),
    (["connect", "--once", "--replies", "1", "udp://localhost:1"],
     "--replies has no effect with --once"),
    (["connect", "--on-eof", "close", "--wait", "1s", "udp://localhost:1"],
     "--wait has no effect with --on-eof close"),
    (["connect", "--recv-only", "--datagram", "line", "udp://localhost:1"],
     "--datagram has no effect with --recv-only"),
    (["probe", "unix", "unix:/x?ttl=3"],
     "'unix:/x?ttl=3': this kind of address has no such socket option"),
    (["probe", "udp", "localhost:1?nodelay=1"],
     "'localhost:1?nodelay=1': this kind of address has no such socket option"),
    (["probe", "tcp", "--count", "0", "localhost:1"],
     "--count: '0' is too small; the least is 1"),
])
def test_options_without_effect(words, problem):
    """An option that changes nothing would be taken as if it did."""
    done = run(*words)
    assert done.stderr.splitlines()[0] == f"netkit: {problem}"
    assert (len(done.stderr.splitlines()), done.returncode) == (2, 2)


def test_an_option_of_udp_for_an_address_without_scheme():
    """`probe udp HOST:PORT?broadcast=yes` would be held for an address of TCP."""
    done = run("probe", "udp", "--count", "1", "--wait", "100ms", "127.0.0.1:1?broadcast=yes")
    assert done.returncode == 4, done.stderr
