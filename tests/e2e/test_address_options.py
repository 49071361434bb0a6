"""What stands behind '?': groups, broadcasts, and where a client comes from."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

import netkit_server
from netkit_server import NETKIT, PATIENCE
from test_server_addresses import needs_ipv6

pytestmark = pytest.mark.dispatchers

GROUP = "239.255.77.1"

# A client of the group on the loopback interface only.
OF_LOOPBACK = "interface=lo&source=127.0.0.1"


def port_of(server):
    return server.addresses[0].rsplit(":", 1)[1]


def ask(address, *words, data=b"hello\n", prefix=()):
    """(status, stdout, stderr) of a client that sends one datagram, or one line."""
    done = subprocess.run([*prefix, NETKIT, "connect", address, *map(str, words)], input=data,
                          capture_output=True, timeout=PATIENCE, check=False,
                          env=netkit_server.environment())
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.fixture
def udp_peer():
    """A UDP socket of ours to talk to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind(("127.0.0.1", 0))
        ours.settimeout(PATIENCE)
        yield ours


@pytest.fixture
def tcp_peer():
    with socket.create_server(("127.0.0.1", 0)) as ours:
        ours.settimeout(PATIENCE)
        yield ours


def address_of(peer):
    scheme = "udp" if peer.type == socket.SOCK_DGRAM else "tcp"
    return f"{scheme}://127.0.0.1:{peer.getsockname()[1]}"


def client_of(peer, options):
    """Where the client of that address comes from, as `peer` sees it."""
    cat = subprocess.Popen([NETKIT, "connect", f"{address_of(peer)}?{options}"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           env=netkit_server.environment())
    cat.stdin.write(b"x")
    cat.stdin.close()
    if peer.type == socket.SOCK_DGRAM:
        _, seen = peer.recvfrom(10)
        peer.sendto(b"y", seen)
    else:
        connection, seen = peer.accept()
        with connection:
            assert connection.recv(10) == b"x"
            connection.sendall(b"y")
    assert cat.stdout.read() == b"y"
    cat.stdout.close()
    assert cat.wait(PATIENCE) == 0
    return seen


def free_port():
    """A port that nobody uses at the moment, neither for TCP nor for UDP."""
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(tcp.getsockname())
        return tcp.getsockname()[1]


# ---- everybody ----


@pytest.mark.parametrize("address", ["udp://:0", "udp://0.0.0.0:0"])
def test_a_broadcast_is_answered_once(serve, address):
    """Every loop of the server answers, or the answer comes from the broadcast address and is not
    taken."""
    server = serve("echo", "--threads", 3, address)
    to = f"udp://127.255.255.255:{port_of(server)}?broadcast=yes"
    assert ask(to, "--wait", "300ms") == (0, b"hello\n", "")


def test_a_broadcast_has_to_be_asked_for(udp_peer):
    """A typing error in an address reaches the whole network."""
    address = f"udp://127.255.255.255:{udp_peer.getsockname()[1]}"
    status, _, err = ask(address)
    assert (status, err) == (4, f"netkit: cannot connect to '{address}': permission denied\n")


# ---- groups ----


@pytest.mark.parametrize("host", ["", "0.0.0.0", GROUP])
def test_a_group_answers(serve, host):
    """A server that has joined a group does not hear it, or answers as often as it has loops."""
    server = serve("echo", "--threads", 3, f"udp://{host}:0?join={GROUP}@lo")
    to = f"udp://{GROUP}:{port_of(server)}?{OF_LOOPBACK}"
    assert ask(to, "--wait", "300ms") == (0, b"hello\n", "")


def test_every_member_answers(serve):
    """Only the first answer is taken."""
    first = serve("echo", "--prefix", "1", "--reuseport", f"udp://:0?join={GROUP}@lo")
    port = port_of(first)
    serve("echo", "--prefix", "2", "--reuseport", f"udp://:{port}?join={GROUP}@lo")
    status, out, _ = ask(f"udp://{GROUP}:{port}?{OF_LOOPBACK}", "--replies", 2, data=b"x")
    assert (status, sorted(out)) == (0, sorted(b"1x2x"))


def test_several_groups(serve):
    """Only the first or the last of several is joined."""
    server = serve("echo", f"udp://:0?join={GROUP}@lo&join=239.255.77.2@lo")
    for group in (GROUP, "239.255.77.2"):
        to = f"udp://{group}:{port_of(server)}?{OF_LOOPBACK}"
        assert ask(to, "--replies", 1) == (0, b"hello\n", "")


def test_a_group_that_nobody_joined(serve):
    """A server hears groups that were not asked for."""
    server = serve("echo", f"udp://:0?join={GROUP}@lo")
    serve("echo", "udp://:0?join=239.255.77.3@lo")  # joined, but by somebody else
    to = f"udp://239.255.77.3:{port_of(server)}?{OF_LOOPBACK}"
    status, out, err = ask(to, "--wait", "300ms")
    assert (status, out) == (5, b"")
    assert "no answer" in err


def test_a_group_with_socat(serve, need):
    """Another program's members and ours do not understand each other."""
    server = serve("echo", f"udp://:0?join={GROUP}@lo")
    done = subprocess.run(
        [need("socat"), "-t", "0.5", "-",
         f"UDP4-DATAGRAM:{GROUP}:{port_of(server)},ip-multicast-if=127.0.0.1,bind=127.0.0.1"],
        input=b"hello\n", stdout=subprocess.PIPE, timeout=PATIENCE, check=False)
    assert done.stdout == b"hello\n"


def test_a_client_of_a_group_of_socat(need):
    """The other way round."""
    port = free_port()
    member = subprocess.Popen(
        [need("socat"), f"UDP4-RECVFROM:{port},ip-add-membership={GROUP}:127.0.0.1", "PIPE"])
    try:
        netkit_server.wait_until(
            lambda: f":{port:04X} " in Path("/proc/net/udp").read_text(), "it is bound")
        to = f"udp://{GROUP}:{port}?{OF_LOOPBACK}"
        assert ask(to, "--replies", 1) == (0, b"hello\n", "")
    finally:
        member.kill()
        member.wait(PATIENCE)


def test_a_member_talks_to_its_group():
    """A client cannot be one of those who talk to each other on one port."""
    port = free_port()
    to = f"udp://{GROUP}:{port}?join={GROUP}@lo&interface=lo&source-port={port}"
    assert ask(to, "--replies", 1) == (0, b"hello\n", "")  # it hears itself


IN_A_NETWORK = ["unshare", "-n", "sh", "-c",
                "ip link set lo up && ip link add net0 type veth peer name net1 &&"
                " ip link set net0 up multicast on && ip link set net1 up &&"
                " ip addr add fd77::1/64 dev net0 nodad && exec \"$@\"", "sh"]


@pytest.fixture
def network(need):
    """The words that run a command in a network of its own, with an interface net0."""
    for program in ("unshare", "nsenter", "ip"):
        need(program)
    if subprocess.run([*IN_A_NETWORK, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("a network of one's own needs privilege here")
    return IN_A_NETWORK


@needs_ipv6
def test_a_group_of_ipv6(serve, network):
    """A group of the other family is joined on no interface, or on the wrong one."""
    server = serve("echo", "--threads", 2, "udp://:0?join=ff15::77@net0", prefix=network)
    inside = ["nsenter", "-t", str(server.pid), "-n"]
    to = f"udp://[ff15::77]:{port_of(server)}?interface=net0"
    assert ask(to, "--wait", "300ms", prefix=inside) == (0, b"hello\n", "")


@needs_ipv6
@pytest.mark.parametrize("loop, status, answer", [("yes", 0, b"hello\n"), ("no", 5, b"")])
def test_a_sender_need_not_hear_itself(network, loop, status, answer):
    """multicast-loop is not set, or on the wrong level."""
    to = "udp://[ff15::77]:5000?join=ff15::77@net0&interface=net0&source-port=5000"
    done = ask(f"{to}&multicast-loop={loop}", "--wait", "300ms", prefix=network)
    assert done[:2] == (status, answer), done


@pytest.mark.parametrize("options", ["join=239.1.2.3@no-such-dev", "interface=no-such-dev"])
def test_an_interface_that_does_not_exist(options):
    """The server starts and never hears anybody."""
    done = netkit_server.run("serve", "echo", f"udp://:0?{options}")
    assert done.returncode == 8
    assert "no such device" in done.stderr


# ---- the source ----


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_source_address(kind, tcp_peer, udp_peer):
    """The peer sees another address than the one that was asked for."""
    peer = tcp_peer if kind == "tcp" else udp_peer
    assert client_of(peer, "source=127.0.0.2")[0] == "127.0.0.2"


@pytest.mark.parametrize("kind", ["tcp", "udp"])
@pytest.mark.parametrize("form", ["source-port={}", "source=127.0.0.2:{}",
                                  "source=127.0.0.2&source-port={}"])
def test_source_port(kind, form, tcp_peer, udp_peer):
    """The same for the port, in every form."""
    peer = tcp_peer if kind == "tcp" else udp_peer
    port = free_port()
    host = "127.0.0.2" if "127" in form else "127.0.0.1"
    assert client_of(peer, form.format(port)) == (host, port)


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_source_decides_about_the_family(serve, scheme):
    """A name with addresses of both families is tried from a source that reaches only one."""
    server = serve("echo", f"{scheme}://localhost:0")
    families = {info[0] for info in socket.getaddrinfo("localhost", None)}
    for source, family in (("127.0.0.1", socket.AF_INET), ("[::1]", socket.AF_INET6)):
        if family not in families:
            continue
        address = f"{scheme}://localhost:{port_of(server)}?source={source}"
        assert ask(address) == (0, b"hello\n", "")


def test_source_of_a_unix_client(serve, tmp_path):
    """The client has no file, or leaves it behind."""
    server = serve("echo", f"unix-dgram:{tmp_path}/server")
    own = tmp_path / "client"
    with subprocess.Popen([NETKIT, "connect", f"{server.address}?source={own}"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=netkit_server.environment()) as cat:
        cat.stdin.write(b"hello\n")
        cat.stdin.flush()
        assert os.read(cat.stdout.fileno(), 100) == b"hello\n"
        assert own.is_socket()
        cat.stdin.close()
        assert cat.wait(PATIENCE) == 0
    assert not own.exists()


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_a_source_and_the_other_family(scheme):
    """The client never ends, or connects from somewhere else."""
    status, _, err = ask(f"{scheme}://localhost:9?source=127.0.0.1", "-6")
    assert status != 0 and err.startswith("netkit: cannot "), err


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_a_source_port_that_is_taken(kind, tcp_peer, udp_peer):
    """It looks as if the server had refused."""
    peer = tcp_peer if kind == "tcp" else udp_peer
    with socket.socket(socket.AF_INET, peer.type) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == "tcp":
            taken.listen(1)
        address = f"{address_of(peer)}?source-port={taken.getsockname()[1]}"
        status, _, err = ask(address)
    assert status == 8
    assert err.endswith("address already in use\n")


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_a_source_of_another_machine(kind, tcp_peer, udp_peer):
    """Likewise; and which address is meant is not said."""
    address = f"{address_of(tcp_peer if kind == 'tcp' else udp_peer)}?source=192.0.2.77"
    assert ask(address) == (
        8, b"", f"netkit: cannot bind the source of '{address}':"
                " this machine does not have that address\n")


def test_an_option_that_the_kernel_refuses(tcp_peer):
    """It looks as if there were no such server."""
    address = f"{address_of(tcp_peer)}?congestion=nosuch"
    status, _, err = ask(address)
    assert status == 1
    assert err.startswith(f"netkit: cannot set the socket options of '{address}': "), err


@pytest.mark.parametrize("command, address, reason", [
    ("serve echo", "udp://:0?source=127.0.0.1", "source and source-port are for clients"),
    ("serve echo", "127.0.0.1:0?source-port=1", "source and source-port are for clients"),
    ("serve echo", "udp://5000?join=239.1.2.3", "to join a group, listen on every address"),
    ("serve echo", "udp://127.0.0.1:0?join=239.1.2.3", "to join a group, listen on every address"),
    ("serve echo", "udp://:0?join=10.0.0.1", "join is a multicast group"),
    ("serve echo", "tcp://:0?join=239.1.2.3", "this kind of address has no such socket option"),
    ("serve echo", "unix:/x?ttl=1", "this kind of address has no such socket option"),
    ("listen", "127.0.0.1:0?source=127.0.0.1", "source and source-port are for clients"),
    ("relay 127.0.0.1:1", "127.0.0.1:1?source=::1", "the source is of another family"),
    ("connect", "127.0.0.1:1?source=localhost", "source is a numeric address"),
    ("connect", "127.0.0.1:1?source=::1", "the source is of another family"),
    ("connect", "127.0.0.1:1?source-port=70000", "source-port is a number from 1 to 65535"),
    ("connect", "unix:/x?source=/y", "this kind of address has no such socket option"),
    ("connect", "127.0.0.1:1?broadcast=1", "this kind of address has no such socket option"),
])
def test_options_that_make_no_sense(command, address, reason):
    """What is written has no effect, and nobody says so."""
    done = netkit_server.run(*command.split(), address)
    assert done.returncode == 2, done.stderr
    first, second = done.stderr.splitlines()
    assert first.startswith(f"netkit: '{address}': {reason}"), first
    assert second == f"Try 'netkit {command.removesuffix(' 127.0.0.1:1')} --help'"
