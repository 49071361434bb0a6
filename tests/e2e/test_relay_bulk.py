"""connect -> relay -> listen: much data, little memory."""

import os
import select
import subprocess
import threading

import pytest

from cat_support import MIB, pattern
from netkit_server import PATIENCE
from relay_support import RelayStage

# The program itself with its libraries, and the little that is on its way.
PEAK_KIB = 16 * 1024


@pytest.fixture
def stage(tmp_path):
    stage = RelayStage(tmp_path)
    yield stage
    stage.close()


def send(cat, total, block):
    """Writes so many bytes of the repeated block to its stdin, then the end."""
    twice = memoryview(block * 2)
    sent = 0
    while sent < total:
        at = sent % len(block)
        sent += os.write(cat.stdin, twice[at : at + min(MIB, total - sent)])
    cat.end()


def receive(cat, total, block, look):
    """Reads stdout to its end; every byte has to be the expected one. Calls `look` while there is
    still much to come."""
    twice = memoryview(block * 2)
    received = seen = 0
    while True:
        assert select.select([cat.stdout], [], [], PATIENCE)[0], f"stopped after {received} bytes"
        piece = os.read(cat.stdout, MIB)
        if not piece:
            break
        at = received % len(block)
        assert piece == twice[at : at + len(piece)]
        received += len(piece)
        if received - seen >= total // 8 and received < total * 7 // 8:
            look()
            seen = received
    assert received == total


def pass_through(stage, total, transport):
    block = pattern(4 * MIB)
    listener, addresses = stage.listening(transport=transport, stdin=subprocess.DEVNULL)
    relay = stage.relay(addresses[0], transport=transport)
    client = stage.cat("connect", relay.address)
    sender = threading.Thread(target=send, args=(client, total, block))
    sender.start()
    peaks = []
    everybody = (client, relay, listener)
    receive(listener, total, block,
            lambda: peaks.append([each.proc.peak_kib() for each in everybody]))
    sender.join(PATIENCE)
    client.wait(0)
    listener.wait(0)
    relay.wait_for_totals(open=0, lost=0, connections=1)
    assert len(peaks) >= 6
    assert max(peaks[-1]) < PEAK_KIB, peaks


@pytest.mark.release
@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_bulk(stage, transport):
    """256 MiB are damaged on their way through three processes, or pile up in one of them."""
    pass_through(stage, 256 * MIB, transport)


@pytest.mark.full
@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_much_bulk(stage, transport):
    """A counter of 32 bits is somewhere on the way of 4 GiB."""
    pass_through(stage, 4096 * MIB + 1, transport)
