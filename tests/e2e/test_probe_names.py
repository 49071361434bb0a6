"""Probes of names, with a name server that counts what it is asked, or says nothing."""

import pytest

from network import Names
from probe_support import listener, of, probe

pytestmark = pytest.mark.dispatchers


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
