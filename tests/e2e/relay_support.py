"""`netkit relay`, running, and what stands on its two sides."""

import re
import select
import signal
import threading

import netkit_server
from cat_support import Peer, Stage, pattern
from netkit_server import PATIENCE, wait_until


class Relay(netkit_server.Server):
    """relay = Relay(A, B, "--option"); relay.address is where the clients go."""

    COMMAND = "relay"
    USUAL_LINES = netkit_server.USUAL_LINES + [
        r"relayed \d+ connections?, .+ sent, .+ received in .+ m?s(; \d+ (open|failed|lost|cut|denied))*"
        r"(; \d+ datagrams? dropped)?",
    ]

    def statistics(self):
        """The totals so far: {"connections": 3, "open": 1, "failed": 0, "lost": 0, ...}."""
        seen = len(self.stderr())
        self.send_signal(signal.SIGUSR1)
        found = []

        def look():
            found[:] = re.findall(r"^relayed (.*; \d+ open.*)\n", self.stderr()[seen:],
                                  re.MULTILINE)
            return found

        wait_until(look, "the statistics")
        totals = dict.fromkeys(["connections", "failed", "lost", "cut", "refused", "denied"], 0)
        for count, name in re.findall(r"(\d+) (connection|open|failed|lost|cut|refused|denied)s?\b",
                                      found[-1]):
            totals["connections" if name == "connection" else name] = int(count)
        return totals

    def wait_for_totals(self, **expected):
        """Until the statistics say so."""

        def look():
            totals = self.statistics()
            return all(totals[name] == count for name, count in expected.items())

        wait_until(look, f"{expected}, but {self.statistics()}")


class RelayStage(Stage):
    """A relay in the middle: `transports` are those of its two addresses."""

    def relay(self, target, *words, transport="tcp", address=None, **options):
        """`target` is the address that it leads to."""
        if address is None:
            address = "tcp://127.0.0.1:0"
            if transport == "unix":
                address = f"unix:{self.directory}/r{len(self.things)}"
        return self.keep(RelayThing(Relay(address, target, *words, **options))).relay

    def through(self, *words, transports=("tcp", "tcp"), **options):
        """(relay, client, server) with one client that was led to the other side."""
        server, word = self.listener(transports[1])
        relay = self.relay(word, *words, transport=transports[0], **options)
        return relay, *self.pass_through(relay, server)

    def pass_through(self, relay, server, receive_buffer=None):
        """(client, server side) of one more connection."""
        connection = netkit_server.connect(relay.address, receive_buffer=receive_buffer)
        client = self.keep(Peer(connection))
        return client, self.keep(Peer(server.accept()[0]))


class RelayThing:
    """Stops a relay that the test has not stopped, and checks what it said."""

    def __init__(self, relay):
        self.relay = relay

    def close(self):
        if not self.relay.is_checked:
            self.relay.stop()


def exchange(one, other, size=1 << 20):
    """So many bytes both ways at the same time, then the ends."""
    failures = []

    def talk(peer, data, expected):
        try:
            peer.socket.settimeout(PATIENCE)
            sender = threading.Thread(target=send_and_end, args=(peer, data))
            sender.start()
            assert receive_all(peer.socket) == expected
            sender.join(PATIENCE)
        except BaseException as problem:  # shown by the main thread
            failures.append(problem)

    def send_and_end(peer, data):
        peer.socket.sendall(data)
        peer.end()

    ways = [(one, pattern(size), pattern(size, 1)), (other, pattern(size, 1), pattern(size))]
    threads = [threading.Thread(target=talk, args=way) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE)
    assert not failures, failures[0]


def receive_all(connection):
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def is_reset(connection):
    """Reads to the end: whether that is a reset."""
    connection.settimeout(PATIENCE)
    try:
        while connection.recv(1 << 16):
            pass
    except ConnectionResetError:
        return True
    return False


def is_turned_away(relay):
    """Whether a new client is reset, which may happen before it knows that it is connected."""
    try:
        client = netkit_server.connect(relay.address)
    except ConnectionResetError:
        return True
    with client:
        return is_reset(client)


def is_silent(connection, seconds=0.2):
    """Nothing arrives, not even an end."""
    return not select.select([connection], [], [], seconds)[0]
