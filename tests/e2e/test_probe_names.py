"""Probes of names, with a name server that counts what it is asked, or says nothing."""

import pytest

from network import Names
from probe_support import of, probe

pytestmark = [pytest.mark.dispatchers, pytest.mark.threads]


@pytest.mark.parametrize("words", [
    ("tcp", "--count", "1", "--wait", "300ms", "host.example:80"),
    ("udp", "--count", "1", "--wait", "300ms", "--data", "x", "host.example:80"),
    ("http", "--count", "1", "--wait", "300ms", "host.example"),
    ("keepalive", "--time", "100ms", "--interval", "100ms", "host.example:80"),
], ids=lambda words: words[0])
def test_a_name_server_that_says_nothing(tmp_path, words):
    """A script would be told that there is no such name, which nobody knows; `connect` says
    that the time is up, too."""
    with Names(tmp_path, silent=True) as names:
        events = probe(*words, prefix=names.words(), status=5)
    failure = (of(events, "missed") + of(events, "ended"))[-1]
    assert (failure["status"], failure["action"]) == (5, "connect to")


def test_the_ports_of_a_host_share_one_look_up(tmp_path):
    """A scan would be one of the name server."""
    with Names(tmp_path) as names:
        events = probe("tcp", "-4", "--ports", "1-100", "--wait", "20s", "host.example",
                       prefix=names.words(), status=None)
        assert names.asked == [Names.A]
        # Somebody may well listen on one of them.
        assert len(of(events, "missed")) + len(of(events, "reply")) == 100
        names.asked.clear()
        probe("tcp", "--ports", "1-100", "--wait", "20s", "host.example", "other.example",
              prefix=names.words(), status=None)
        assert sorted(names.asked) == 2 * [Names.A] + 2 * [Names.AAAA]


def test_the_ports_of_a_name_that_is_none():
    """One wrong name would be looked up a thousand times, or hang the scan."""
    events = probe("tcp", "--ports", "1-1000", "no-such-host.invalid", "--wait", "20s", status=3)
    assert [event["action"] for event in of(events, "missed")] == 1000 * ["resolve"]
