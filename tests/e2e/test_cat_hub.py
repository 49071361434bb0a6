"""listen --keep-open and --broker: many clients at once on one standard input and output."""

import os
import resource
import select
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

import netkit_server
from cat_support import MIB, Peer, Stage, pattern, read_exactly
from event_schema import read_events
from netkit_server import PATIENCE, run, wait_until


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def join(stage, address, count=1):
    """So many clients, all of them known to the program."""
    return [stage.keep(Peer(netkit_server.connect(address))) for _ in range(count)]


def wait_for_clients(cat, count):
    """With -v every arrival is a line."""
    wait_until(lambda: cat.stderr().count(" connected from ") >= count, f"{count} clients are there")


def hub(stage, *words, count=0, **options):
    cat, addresses = stage.listening("-k", "-v", *words, **options)
    peers = join(stage, addresses[0], count)
    wait_for_clients(cat, count)
    return cat, addresses[0], peers


def receive_in_parallel(receivers):
    """Runs the functions in threads; returns their results."""
    results = [None] * len(receivers)

    def work(index):
        results[index] = receivers[index]()

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(receivers))]
    for thread in threads:
        thread.start()
    return lambda: [thread.join(PATIENCE) for thread in threads] and results


# ---- who hears what ----


@pytest.mark.dispatchers
@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_all_at_once(stage, transport):
    """A client waits for the one before him, or misses what the others get."""
    cat, _, peers = hub(stage, count=3, transport=transport)
    for index, peer in enumerate(peers):
        peer.send(b"%d\n" % index)
        assert cat.receive(2) == b"%d\n" % index
    cat.send(b"to all\n")
    for peer in peers:
        assert peer.receive(7) == b"to all\n"
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)


@pytest.mark.dispatchers
def test_a_mebibyte_to_each_of_twenty(stage):
    """A byte is lost or doubled for one of them, or the end is not passed on."""
    data = pattern(MIB)
    cat, _, peers = hub(stage, count=20)
    finish = receive_in_parallel([peer.receive_all for peer in peers])
    cat.send(data)
    cat.end()
    assert finish() == [data] * 20
    cat.signal(signal.SIGINT)
    cat.wait(-signal.SIGINT)


@pytest.mark.dispatchers
def test_a_mebibyte_from_each_of_twenty(stage):
    """Pieces of several clients are mixed or lost."""
    cat, _, peers = hub(stage, "--once", count=20)
    cat.end()

    def say(peer, letter):
        peer.send(bytes([letter]) * MIB)
        peer.end()

    finish = receive_in_parallel([lambda peer=peer, letter=65 + index: say(peer, letter)
                                  for index, peer in enumerate(peers)])
    data = cat.receive_all()
    finish()
    assert sorted(set(data)) == list(range(65, 85))
    assert all(data.count(bytes([letter])) == MIB for letter in range(65, 85))
    cat.wait(0)


@pytest.mark.dispatchers
def test_two_hundred_clients(stage):
    """A crowd is refused or forgotten; more than --max-conns have to wait, but not for ever."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    cat, addresses = stage.listening("-k", "--recv-only", "--json")
    peers = join(stage, addresses[0], 200)
    for index, peer in enumerate(peers):
        peer.send(b"%03d\n" % index)
    seen = cat.receive(4 * 100)
    most = max(running_clients(cat))
    assert most == 100  # the default
    for peer in peers[:100]:
        peer.close()
    seen += cat.receive(4 * 100)
    assert sorted(seen.split()) == [b"%03d" % index for index in range(200)]
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    assert cat.events()[-1]["clients"] == 200


def running_clients(cat):
    """How many clients there were after each event."""
    count = 0
    for event in cat.events():
        count += {"connected": 1, "disconnected": -1}.get(event["event"], 0)
        yield count


@pytest.mark.dispatchers
def test_a_broker(stage):
    """Somebody hears himself, or does not hear the others."""
    cat, addresses = stage.listening("--broker", "-v")
    peers = join(stage, addresses[0], 3)
    wait_for_clients(cat, 3)
    peers[0].send(b"hello\n")
    assert [peers[1].receive(6), peers[2].receive(6), cat.receive(6)] == [b"hello\n"] * 3
    cat.send(b"welcome\n")
    assert [peer.receive(8) for peer in peers] == [b"welcome\n"] * 3
    cat.end()
    peers[1].send(b"bye\n")
    assert [peers[0].receive(4), peers[2].receive(4), cat.receive(4)] == [b"bye\n"] * 3


def test_a_broker_among_netcats(stage, need, tmp_path):
    """nc, ncat and socat cannot talk to each other."""
    cat, addresses = stage.listening("--broker", "-v")
    port = addresses[0].rsplit(":", 1)[1]
    tools = []
    for words in (["nc.openbsd", "127.0.0.1", port], ["ncat", "127.0.0.1", port],
                  ["socat", "-", f"TCP:127.0.0.1:{port}"]):
        tools.append(subprocess.Popen([need(words[0]), *words[1:]], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE))
    try:
        wait_for_clients(cat, 3)
        for index, tool in enumerate(tools):
            tool.stdin.write(b"from %d\n" % index)
            tool.stdin.flush()
            assert cat.receive(7) == b"from %d\n" % index
        for index, tool in enumerate(tools):
            heard = read_exactly(tool.stdout.fileno(), 14)
            assert heard == b"".join(b"from %d\n" % other for other in range(3) if other != index)
    finally:
        for tool in tools:
            tool.kill()
            tool.communicate(timeout=PATIENCE)


@pytest.mark.dispatchers
def test_records_stay_whole(stage, tmp_path):
    """Two records become one on their way through a broker."""
    path = tmp_path / "records"
    cat, _ = stage.listening("--broker", "-v", address=f"unix-seqpacket:{path}")
    peers = []
    for _ in range(3):
        client = stage.keep(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        client.settimeout(PATIENCE)
        client.connect(str(path))
        peers.append(client)
    wait_for_clients(cat, 3)
    for record in (b"one", b"", b"three", pattern(65536)):
        peers[0].send(record)
    for peer in peers[1:]:
        assert [peer.recv(1 << 17) for _ in range(3)] == [b"one", b"three", pattern(65536)]
    assert cat.receive(8) == b"onethree"
    cat.send(b"from the broker")
    assert [peer.recv(100) for peer in peers] == [b"from the broker"] * 3


def test_input_waits_for_the_first(stage):
    """What is piped in is gone before anybody has come."""
    cat, addresses = stage.listening("-k", "-v")
    cat.send(b"early")
    (first,) = join(stage, addresses[0])
    assert first.receive(5) == b"early"
    first.reset()
    cat.wait_for_line("disconnected")
    cat.send(b"between")
    (second,) = join(stage, addresses[0])
    assert second.receive(7) == b"between"


# ---- ends ----


@pytest.mark.dispatchers
def test_end_of_input(stage):
    """The end of stdin ends more than one direction, or the program."""
    cat, address, peers = hub(stage, count=2)
    cat.send(b"last")
    cat.end()
    for peer in peers:
        assert peer.receive_all() == b"last"
        peer.send(b"thanks\n")
        assert cat.receive(7) == b"thanks\n"
    (late,) = join(stage, address)
    assert late.receive_all() == b""
    late.send(b"me too")
    assert cat.receive(6) == b"me too"


@pytest.mark.parametrize("words", [["--on-eof", "close"], ["--send-only"]])
def test_end_of_input_is_the_end(stage, words):
    """--on-eof close goes on, or cuts what is on its way."""
    data = pattern(MIB)
    cat, _, peers = hub(stage, *words, count=5)
    peers[2].send(b"not asked for")
    finish = receive_in_parallel([peer.receive_all for peer in peers])
    cat.send(data)
    cat.end()
    assert finish() == [data] * 5
    cat.wait(0)


@pytest.mark.dispatchers
def test_once(stage):
    """--once ends with the first that goes, or not at all."""
    cat, _, peers = hub(stage, "--once", count=3)
    cat.end()
    for peer in peers[:2]:
        peer.send(b"x")
        peer.close()
    cat.wait_for_line("client 2 disconnected")
    assert cat.is_running()
    peers[2].send(b"last words")
    peers[2].close()
    assert sorted(cat.receive_all()) == sorted(b"xxlast words")
    cat.wait(0)


def test_once_with_nothing_but_losses(stage):
    """A run in which every client was reset has status 0."""
    cat, _, peers = hub(stage, "--once", count=2)
    for peer in peers:
        peer.reset()
    cat.wait(6)


@pytest.mark.dispatchers
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal(stage, number):
    """The program ends without its totals, or not as the shell expects."""
    cat, _, peers = hub(stage, count=2)
    peers[0].send(b"12345")
    assert cat.receive(5) == b"12345"
    cat.signal(signal.SIGUSR1)
    cat.wait_for_line("2 clients, 2 there now")
    cat.signal(number)
    cat.wait(-number)
    assert cat.stderr().splitlines()[-1].startswith("sent 0 bytes, received 5 bytes")


def test_what_was_received_is_written_at_the_end(stage, tmp_path):
    """A signal, the usual way to end it, loses the last lines of a log."""
    with open(tmp_path / "log", "wb") as log:
        cat, _, peers = hub(stage, count=1, stdout=log)
    data = pattern(MIB)
    peers[0].send(data)
    wait_until(lambda: (tmp_path / "log").stat().st_size == len(data), "all is written")
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    assert (tmp_path / "log").read_bytes() == data


def test_the_reader_of_output_goes(stage):
    """A closed pipe is an error, or is not noticed."""
    cat, _, peers = hub(stage, count=2)
    os.close(cat.stdout)
    cat.stdout = None
    peers[0].send(b"x")
    cat.wait(0)
    assert "cannot" not in cat.stderr()


def test_a_full_disk(stage):
    """Data is thrown away without a word."""
    with open("/dev/full", "wb") as full:
        cat, _, peers = hub(stage, count=1, stdout=full)
    peers[0].send(b"x")
    cat.wait(1)
    assert "netkit: cannot write standard output: no space left on device\n" in cat.stderr()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_closed_descriptors(stage, closed):
    """A closed stdin or stdout becomes a client's socket."""
    prefix = ["sh", "-c", f'exec "$@" {closed}', "sh"]
    cat, _, peers = hub(stage, "--once", prefix=prefix, count=2)
    for peer in peers:
        peer.send(b"x")
        peer.end()
    if "<" in closed:  # an end of input for everybody
        cat.wait(0)


def test_a_terminal(stage):
    """At a terminal, clients that have said all they want stay for ever."""
    import pty

    outer, inner = pty.openpty()
    try:
        cat, _, peers = hub(stage, count=2, stdin=inner)
        peers[0].send(b"x")
        peers[0].end()
        assert cat.receive(1) == b"x"
        assert peers[0].receive_all() == b""
        os.write(outer, b"typed\n")
        assert peers[1].receive(6) == b"typed\n"
    finally:
        os.close(outer)
        os.close(inner)


# ---- clients that misbehave ----


@pytest.mark.dispatchers
def test_a_reset_is_nobody_elses_business(stage):
    """One that is reset takes the others along, or is not reported."""
    cat, _, peers = hub(stage, count=3)
    peers[1].send(b"cut in the mid")
    assert cat.receive(14) == b"cut in the mid"
    peers[1].reset()
    cat.wait_for_line("client 2 disconnected: sent 0 bytes, received 14 bytes:"
                      " connection reset by the peer")
    cat.send(b"on")
    assert [peers[0].receive(2), peers[2].receive(2)] == [b"on", b"on"]


@pytest.mark.dispatchers
def test_a_killed_client(stage, need):
    """A client that dies keeps its place."""
    cat, addresses = stage.listening("-k", "-v", "--max-conns", 1)
    cat.send(b"for whoever comes")
    port = addresses[0].rsplit(":", 1)[1]
    victim = subprocess.Popen([need("nc.openbsd"), "127.0.0.1", port], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    read_exactly(victim.stdout.fileno(), 17)
    (waiting,) = join(stage, addresses[0])
    victim.kill()
    victim.communicate(timeout=PATIENCE)
    cat.fill()  # into the void, which answers
    cat.wait_for_line("client 2 connected")
    assert waiting.receive(1)


def test_a_stopped_client_is_cut_off(stage, need):
    """One client that does not read stops all others for ever."""
    cat, address, peers = hub(stage, count=1)
    port = address.rsplit(":", 1)[1]
    sleeper = subprocess.Popen([need("nc.openbsd"), "127.0.0.1", port], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL)
    try:
        wait_for_clients(cat, 2)
        sleeper.send_signal(signal.SIGSTOP)
        data = pattern(16 * MIB)  # more than fits into the kernel's buffers
        finish = receive_in_parallel([lambda: peers[0].receive(len(data))])
        begin = time.monotonic()
        cat.send(data)
        assert finish() == [data]
        assert 8 < time.monotonic() - begin < PATIENCE
        cat.wait_for_line("netkit: warning: cut off client 2,")
    finally:
        sleeper.kill()
        sleeper.communicate(timeout=PATIENCE)


def test_a_slow_output_bounds_memory(stage):
    """What clients send piles up in memory when nobody reads stdout, or is lost."""
    cat, _, peers = hub(stage, count=4)
    before = cat.proc.private_kib()
    sizes = [peer.fill() for peer in peers]
    assert sum(sizes) > 2 * MIB
    if not netkit_server.IS_SANITIZED:
        assert cat.proc.private_kib() - before < 1024
    cat.send(b"heard")
    assert [peer.receive(5) for peer in peers] == [b"heard"] * 4
    assert len(cat.receive(sum(sizes))) == sum(sizes)


def test_a_slow_client_holds_the_input_and_not_the_output(stage):
    """Back-pressure in one direction stops the other, or memory grows."""
    cat, _, peers = hub(stage, count=1)
    assert cat.fill() > 0
    peers[0].send(b"still talking")
    assert cat.receive(13) == b"still talking"


def test_silence(stage):
    """--idle-timeout closes the wrong one, or ends the program."""
    cat, _, peers = hub(stage, "--idle-timeout", "1s", count=2)
    while not select.select([peers[0].socket], [], [], 0.05)[0]:
        peers[1].send(b"x")
        assert cat.receive(1) == b"x"
    assert peers[0].receive_all() == b""
    cat.wait_for_line("client 1 disconnected: sent 0 bytes, received 0 bytes: timed out")
    assert "client 2 disconnected" not in cat.stderr()


def test_descriptors_come_back(stage):
    """Every client that has been there costs a descriptor."""
    cat, address, _ = hub(stage, "--recv-only")
    before = cat.proc.descriptors()
    for _ in range(50):
        (peer,) = join(stage, address)
        peer.send(b"x")
        peer.close()
        assert cat.receive(1) == b"x"
    wait_until(lambda: cat.proc.descriptors() == before, "the descriptors are back")


# ---- other options ----


def test_one_way(stage):
    """--recv-only reads stdin, or --crlf changes nothing."""
    cat, _, peers = hub(stage, "--recv-only", count=1)
    cat.send(b"not read")
    peers[0].send(b"kept")
    assert cat.receive(4) == b"kept"
    peers[0].end()
    assert peers[0].receive_all() == b""

    cat, _, peers = hub(stage, "--crlf", count=2)
    cat.send(b"a\nb\r\n")
    assert [peer.receive(6) for peer in peers] == [b"a\r\nb\r\n"] * 2


@pytest.mark.parametrize("option, family", [("-4", socket.AF_INET), ("-6", socket.AF_INET6)])
def test_one_family(stage, option, family):
    """-4 or -6 are forgotten when many may come."""
    _, addresses = stage.listening("-k", option, address="tcp://localhost:0")
    assert [netkit_server.endpoint(address)[0] for address in addresses] == [family]


def test_both_families(stage):
    """Only the first address of localhost is served."""
    cat, addresses = stage.listening("-k", "-v", address="tcp://localhost:0")
    peers = [join(stage, address)[0] for address in addresses]
    wait_for_clients(cat, len(addresses))
    cat.send(b"x")
    assert [peer.receive(1) for peer in peers] == [b"x"] * len(addresses)


def test_hex_and_record(stage, tmp_path):
    """What goes to and comes from many is not traced."""
    cat, _, peers = hub(stage, "--hex", "--record", tmp_path / "record", count=2)
    cat.send(b"sent")
    assert [peer.receive(4) for peer in peers] == [b"sent"] * 2
    peers[0].send(b"received")
    assert cat.receive(8) == b"received"
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)
    assert cat.stderr().count("|sent") == 1 and cat.stderr().count("|received") == 1
    record = (tmp_path / "record").read_bytes()
    assert b"sent" in record and b"received" in record


def test_events(stage):
    """A program that reads the events does not know who is there."""
    cat, addresses = stage.listening("-k", "--json", "--once")
    cat.end()
    peers = join(stage, addresses[0], 2)
    for peer in peers:
        peer.send(b"123")
        assert cat.receive(3) == b"123"
    names = ["tcp://127.0.0.1:%d" % peer.socket.getsockname()[1] for peer in peers]
    peers[0].close()
    wait_until(lambda: "disconnected" in cat.stderr(), "the first has gone")
    peers[1].reset()
    cat.wait(0)
    events = read_events(cat.stderr())
    assert [(event["client"], event["address"]) for event in events
            if event["event"] == "connected"] == [(1, names[0]), (2, names[1])]
    assert [(event["client"], event["bytes_received"], event["error"] != "") for event in events
            if event["event"] == "disconnected"] == [(1, 3, False), (2, 3, True)]
    assert (events[-1]["event"], events[-1]["clients"], events[-1]["active"]) == ("summary", 2, 0)


@pytest.mark.parametrize("words, text", [
    (["--broker", "--exec", "cat"], "exclude each other"),
    (["--broker", "--on-eof", "close"], "--on-eof has no effect"),
    (["--max-conns", "3"], "--max-conns has no effect without --keep-open"),
    (["-k", "--linger", "1s"], "--linger has no effect with --keep-open"),
    (["-k", "--exec", "cat", "--progress"], "--progress has no effect with --keep-open"),
    (["-k", "--max-conns", "0"], "too small"),
])
def test_mistakes(words, text):
    """A command line that cannot work would be taken."""
    done = run("listen", *words, "tcp://127.0.0.1:0")
    assert done.returncode == 2
    assert text in done.stderr and len(done.stderr.splitlines()) == 2


# ---- a command for each ----


def commands_of(cat):
    """The processes that it has started, with their states."""
    states = {}
    for task in Path(f"/proc/{cat.pid}/task").iterdir():
        for pid in map(int, (task / "children").read_text().split()):
            try:
                stat = Path(f"/proc/{pid}/stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            states[pid] = stat.rsplit(")", 1)[1].split()[0]
    return states


@pytest.mark.dispatchers
def test_a_command_for_each(stage):
    """Clients share a command, wait for each other, or leave zombies."""
    cat, _, peers = hub(stage, "--exec", "echo $$; exec cat", count=5)
    pids = []
    for peer in peers:
        line = b""
        while not line.endswith(b"\n"):
            line += peer.receive(1)
        pids.append(int(line))
    assert len(set(pids)) == 5 and set(commands_of(cat)) == set(pids)
    for peer in reversed(peers):
        peer.send(b"echo")
        peer.end()
        assert peer.receive_all() == b"echo"
    wait_until(lambda: not commands_of(cat), "no process is left, not even a zombie")
    cat.signal(signal.SIGTERM)
    cat.wait(-signal.SIGTERM)


@pytest.mark.dispatchers
def test_commands_are_limited(stage):
    """A crowd of clients is a crowd of processes; what is over the limit is not served."""
    cat, addresses = stage.listening("-k", "--max-conns", 3, "--exec", "read line; echo done")
    peers = join(stage, addresses[0], 30)
    most = 0
    for peer in peers:
        wait_until(lambda: len(commands_of(cat)) >= 1, "a command runs")
        most = max(most, len(commands_of(cat)))
        peer.send(b"\n")
        assert peer.receive_all() == b"done\n"
    assert most <= 3
    wait_until(lambda: not commands_of(cat), "no process is left")


@pytest.mark.dispatchers
def test_commands_end_with_the_program(stage):
    """Commands stay behind."""
    cat, _, peers = hub(stage, "--exec", "echo; sleep 1000", count=5)
    for peer in peers:
        peer.receive(1)
    pids = list(commands_of(cat))
    assert len(pids) == 5
    cat.signal(signal.SIGINT)
    cat.wait(-signal.SIGINT)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "all have gone")


def test_a_failing_command_is_reported(stage):
    """One failure ends the program, or nobody sees it."""
    cat, address, _ = hub(stage, "--exec", "read line; exit $line")
    for status in (b"0\n", b"7\n"):
        (peer,) = join(stage, address)
        peer.send(status)
        assert peer.receive_all() == b""
    cat.wait_for_line("the command failed: exit status 7")
    assert "exit status 0" not in cat.stderr()
    assert cat.is_running()


def test_once_with_commands(stage):
    """--once ends after the first command, or forgets that all have failed."""
    for expected, answers in ((0, [b"1\n", b"0\n"]), (1, [b"1\n", b"1\n"])):
        cat, _, peers = hub(stage, "--once", "--exec", "read line; exit $line", count=2)
        for peer, answer in zip(peers, answers):
            assert cat.is_running()
            peer.send(answer)
            peer.receive_all()
        cat.wait(expected)
