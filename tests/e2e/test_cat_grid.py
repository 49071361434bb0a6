"""The end-of-stream contract of connect and listen, cell by cell.

Two roles, three states of the opposite direction, two directions, and for each whether the data
and whether the end arrive: 24 cells, on TCP and on unix sockets.
"""

import pytest

from cat_support import MIB, Stage, pattern

pytestmark = pytest.mark.dispatchers

ROLES = ["connect", "listen"]
STATES = ["silent", "blocked", "ended"]
TRANSPORTS = ["tcp", "unix"]


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


class Direction:
    """From one place to the other: what the test writes comes out at the other end."""

    def __init__(self, source, sink):
        self.source = source
        self.sink = sink


def directions(cat, peer, under_test):
    into, out_of = Direction(cat, peer), Direction(peer, cat)
    return (into, out_of) if under_test == "in" else (out_of, into)


def enter(state, opposite):
    """Brings the opposite direction into this state; returns how many bytes wait in it."""
    if state == "blocked":
        return opposite.source.fill()
    if state == "ended":
        opposite.source.end()
        assert opposite.sink.receive_all() == b""
    return 0


def leave(state, opposite, waiting):
    """Everything that waited arrives, too, and then the end."""
    if state == "ended":
        return
    opposite.source.end()
    assert len(opposite.sink.receive_all()) == waiting


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("under_test", ["in", "out"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ROLES)
class TestGrid:
    def test_data_arrive(self, stage, role, state, under_test, transport):
        """Data stand still, or are damaged, because of what the other direction does."""
        cat, peer = stage.pair(role, transport=transport)
        tested, opposite = directions(cat, peer, under_test)
        waiting = enter(state, opposite)
        data = pattern(MIB)
        # Written in pieces that always fit, because one thread plays both ends.
        for start in range(0, MIB, 32768):
            piece = data[start : start + 32768]
            tested.source.send(piece)
            assert tested.sink.receive(len(piece)) == piece
        assert cat.is_running()
        tested.source.end()
        assert tested.sink.receive_all() == b""
        leave(state, opposite, waiting)
        cat.wait(0)

    def test_the_end_arrives(self, stage, role, state, under_test, transport):
        """The end is not passed on, or only when the other direction moves or ends."""
        cat, peer = stage.pair(role, transport=transport)
        tested, opposite = directions(cat, peer, under_test)
        waiting = enter(state, opposite)
        tested.source.end()
        assert tested.sink.receive_all() == b""
        if state != "ended":
            assert cat.is_running()
        leave(state, opposite, waiting)
        cat.wait(0)
