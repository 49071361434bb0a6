"""Where a server listens: every form of an address, and unix sockets that are files."""

import os
import socket
import stat
import subprocess
import sys
import time

import pytest

import netkit_server
from echo_client import check_served
from netkit_server import connect, endpoint, unprivileged


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")


def hosts_and_ports(server):
    targets = [endpoint(address)[1] for address in server.addresses]
    return sorted(host for host, _ in targets), {port for _, port in targets}


# ---- TCP ----


@pytest.mark.parametrize(
    "word", ["127.0.0.1:0", "tcp://127.0.0.1:0", "tcp://127.0.0.1:0?rcvbuf=64k"]
)
def test_numeric_address(serve, word):
    """A form of CLI.md is not understood, or port 0 is not replaced by the real one."""
    server = serve("echo", word)
    assert len(server.addresses) == 1
    assert server.address == f"tcp://127.0.0.1:{server.port}"
    assert server.port > 0
    check_served(server.address)


@needs_ipv6
@pytest.mark.parametrize("word", ["[::1]:0", "tcp://[::1]:0"])
def test_ipv6_address(serve, word):
    """Brackets are not understood, or come out wrong again."""
    server = serve("echo", word)
    assert server.addresses == [f"tcp://[::1]:{server.port}"]
    check_served(server.address)


@needs_ipv6
@pytest.mark.parametrize("word", ["0", "localhost:0", "tcp://localhost:0"])
def test_name_means_both_families_on_one_port(serve, word):
    """A client that tries the other family first finds nobody, or somebody else."""
    server = serve("echo", word)
    hosts, ports = hosts_and_ports(server)
    assert hosts == ["127.0.0.1", "::1"]
    assert len(ports) == 1, server.addresses
    for address in server.addresses:
        check_served(address)


@needs_ipv6
@pytest.mark.parametrize("words", [[":0"], ["*:0"], ["tcp://:0"], ["[::]:0"], ["--public", "0"]])
def test_wildcard_serves_both_families(serve, words):
    """A server for everybody that only one family reaches."""
    server = serve("echo", *words)
    _, ports = hosts_and_ports(server)
    assert len(ports) == 1
    check_served(f"tcp://127.0.0.1:{server.port}")
    check_served(f"tcp://[::1]:{server.port}")


def test_ipv4_wildcard(serve):
    """0.0.0.0 is every IPv4 address of this machine."""
    server = serve("echo", "0.0.0.0:0")
    check_served(f"tcp://127.0.0.1:{server.port}")


def test_loopback_is_the_default_and_not_reachable_from_outside(serve):
    """A server that nobody asked to be public listens on a wildcard."""
    server = serve("echo", "0")
    for address in server.addresses:
        assert endpoint(address)[1][0] in ("127.0.0.1", "::1")
    with pytest.raises(ConnectionRefusedError):
        connect(f"tcp://127.0.0.2:{server.port}")


def start_on_default_port(serve, *words):
    """The port of all defaults belongs to the whole machine: another server may have it now."""

    def start():
        try:
            return serve(*words)
        except AssertionError as problem:
            if "address already in use" in str(problem):
                return None
            raise

    for _ in range(50):
        server = start()
        if server:
            return server
        time.sleep(0.1)
    pytest.skip("the default port is in use")
    return None


@needs_ipv6
@pytest.mark.parametrize("words", [[], ["127.0.0.1", "::1"], ["--public"]])
def test_default_port(serve, words):
    """Without a port the server is not where its clients look."""
    if words == ["127.0.0.1", "::1"]:
        words = ["127.0.0.1", "[::1]"]
    server = start_on_default_port(serve, "echo", *words)
    _, ports = hosts_and_ports(server)
    assert ports == {43211}
    for host in ("127.0.0.1", "[::1]"):
        check_served(f"tcp://{host}:43211")


@needs_ipv6
def test_default_port_of_http(serve, tmp_path):
    """`netkit serve http` is not on http://localhost:8080/."""
    server = start_on_default_port(serve, "http", "--root", tmp_path)
    assert server.addresses == ["http://127.0.0.1:8080/", "http://[::1]:8080/"]
    for address in server.addresses:
        connect(address).close()


@pytest.mark.parametrize("word", ["http://127.0.0.1:0", "http://127.0.0.1:0/", "tcp://127.0.0.1:0"])
def test_url_as_the_address_of_a_server(serve, tmp_path, word):
    """What the server prints is not what it understands."""
    server = serve("http", word, "--root", tmp_path)
    assert server.address == f"http://127.0.0.1:{server.port}/"
    connect(server.address).close()


@pytest.mark.parametrize(
    "service, word",
    [
        ("echo", "http://127.0.0.1:0"),
        ("http", "unix-dgram:/nowhere"),
        ("http", "udp://127.0.0.1:0"),
        ("http", "http://127.0.0.1:0/path"),
        ("http", "https://127.0.0.1:0"),
        ("echo", "tls://127.0.0.1:0"),
        ("echo", "127.0.0.1:65536"),
        ("echo", "127.0.0.1:x"),
    ],
)
def test_addresses_that_cannot_be_served(service, word):
    """A server starts on something else than what was meant."""
    done = netkit_server.run("serve", service, word)
    assert done.returncode == 2, done.stderr
    first, second = done.stderr.splitlines()
    assert first.startswith(f"netkit: '{word}': "), first
    assert second == f"Try 'netkit serve {service} --help'"


def test_several_addresses(serve, tmp_path):
    """Only the first address is served."""
    server = serve("echo", "127.0.0.1:0", f"unix:{tmp_path}/a", "127.0.0.2:0", f"unix:{tmp_path}/b")
    assert len(server.addresses) == 4
    for address in server.addresses:
        check_served(address)
    lines = [line for line in server.stderr().splitlines() if line.startswith("listening on ")]
    assert lines == [f"listening on {address}" for address in server.addresses]


def test_socket_options_of_an_address(serve, need):
    """Options behind '?' are accepted and then forgotten."""
    sockets = need("ss")
    server = serve("echo", "tcp://127.0.0.1:0?rcvbuf=64k")
    shown = subprocess.run(
        [sockets, "-ltnmH", f"sport = :{server.port}"], capture_output=True, text=True, check=True
    ).stdout
    assert "rb131072" in shown, shown  # the kernel doubles what it is given


def test_one_bad_address_stops_everything(tmp_path):
    """A server that starts on half of what was asked for, which nobody notices."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = tmp_path / "socket"
        done = netkit_server.run("serve", "echo", f"unix:{path}", f"127.0.0.1:{port}")
    assert done.returncode == 8
    assert done.stderr.splitlines()[-1] == (
        f"netkit: cannot listen on 'tcp://127.0.0.1:{port}': address already in use"
    )
    assert done.stdout == ""
    assert not path.exists(), "the unix socket of a server that did not start is left behind"


def test_unresolved_name():
    """A name that does not exist looks like any other failure."""
    done = netkit_server.run("serve", "echo", "no-such-host.invalid:0")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("netkit: cannot resolve 'no-such-host.invalid:0'"), line


def test_address_of_another_machine():
    """EADDRNOTAVAIL is swallowed."""
    done = netkit_server.run("serve", "echo", "192.0.2.1:0")
    assert done.returncode == 8
    assert "cannot listen on 'tcp://192.0.2.1:0'" in done.stderr


@pytest.mark.skipif(
    int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read()) <= 81,
    reason="every port is free for everybody here",
)
def test_privileged_port_without_privilege(open_directory):
    """The reason is not told, or the status is not the one for listening."""
    done = subprocess.run(
        [*unprivileged(), open_directory.netkit, "serve", "echo", "127.0.0.1:81"],
        capture_output=True,
        text=True,
        timeout=netkit_server.PATIENCE,
        env=netkit_server.environment(),
        check=False,
    )
    assert done.returncode == 8
    assert done.stderr == "netkit: cannot listen on 'tcp://127.0.0.1:81': permission denied\n"


# ---- unix sockets ----


def leave_dead_socket(path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


def test_unix_socket_is_removed_at_exit(serve, tmp_path):
    """Every start leaves a file behind."""
    path = tmp_path / "socket"
    server = serve("echo", f"unix:{path}")
    assert server.address == f"unix:{path}"
    assert stat.S_ISSOCK(path.lstat().st_mode)
    check_served(server.address)
    server.stop()
    assert not path.exists()


def test_dead_unix_socket_is_replaced(serve, tmp_path):
    """After a crash the server cannot be started again by hand."""
    path = tmp_path / "socket"
    leave_dead_socket(path)
    server = serve("echo", f"unix:{path}")
    check_served(server.address)


def test_unix_socket_of_a_killed_server_is_replaced(serve, tmp_path):
    """The same with a real crash."""
    path = tmp_path / "socket"
    serve("echo", f"unix:{path}").kill()
    assert path.exists()
    server = serve("echo", f"unix:{path}")
    check_served(server.address)


def test_live_unix_socket_is_not_taken_over(serve, tmp_path):
    """A second instance steals the clients of the first without a word."""
    path = tmp_path / "socket"
    server = serve("echo", f"unix:{path}")
    second = netkit_server.run("serve", "echo", f"unix:{path}")
    assert second.returncode == 8
    assert second.stderr == f"netkit: cannot listen on 'unix:{path}': address already in use\n"
    assert path.exists()
    check_served(server.address)


def test_live_unix_socket_with_a_full_backlog_is_not_taken_over(tmp_path):
    """A server that is too busy to answer the probe is taken for a dead one."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(str(path))
        busy.listen(0)
        waiting = []
        for _ in range(3):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            waiting.append(client)
            try:
                client.connect(str(path))
            except BlockingIOError:
                break
        done = netkit_server.run("serve", "echo", f"unix:{path}")
        assert done.returncode == 8, done.stderr
        assert path.exists()
        for client in waiting:
            client.close()


def test_the_socket_of_another_server_is_not_removed_at_exit(serve, tmp_path):
    """A server that ends takes its successor's file away."""
    path = tmp_path / "socket"
    first = serve("echo", f"unix:{path}")
    path.unlink()
    second = serve("echo", f"unix:{path}")
    first.stop()
    check_served(second.address)


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    """Somebody's file is deleted because its name was given as an address."""
    path = tmp_path / "letter"
    path.write_text("dear reader")
    done = netkit_server.run("serve", "echo", f"unix:{path}")
    assert done.returncode == 8
    assert path.read_text() == "dear reader"


def test_unix_socket_in_a_missing_directory(tmp_path):
    """The reason is not told."""
    path = tmp_path / "missing" / "socket"
    done = netkit_server.run("serve", "echo", f"unix:{path}")
    assert done.returncode == 8
    assert done.stderr == f"netkit: cannot listen on 'unix:{path}': no such file or directory\n"


def test_abstract_unix_socket(serve, tmp_path):
    """An address without a file."""
    name = f"netkit-e2e-{os.getpid()}-{tmp_path.name}"
    server = serve("echo", f"unix:@{name}")
    assert server.address == f"unix:@{name}"
    check_served(server.address)
    second = netkit_server.run("serve", "echo", f"unix:@{name}")
    assert second.returncode == 8


def test_too_long_unix_path(tmp_path):
    """A path is cut off silently and the socket is somewhere else."""
    path = tmp_path / ("x" * 120)
    done = netkit_server.run("serve", "echo", f"unix:{path}")
    assert done.returncode == 2
    assert "107 bytes" in done.stderr


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs a second user")

CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"


@needs_root
def test_unprivileged_client_needs_permission_for_the_socket(serve, open_directory):
    """Everybody on the machine can talk to a server that was meant for its owner."""
    path = open_directory.path / "socket"
    server = serve("echo", f"unix:{path}")
    done = subprocess.run(
        [*unprivileged(), sys.executable, "-c", CONNECT, path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "PermissionError" in done.stderr, done.stderr
    check_served(server.address)


@needs_root
def test_unprivileged_server_needs_permission_for_the_directory(open_directory):
    """Permission on the directory is told as something else."""
    path = open_directory.path / "socket"
    done = subprocess.run(
        [*unprivileged(), open_directory.netkit, "serve", "echo", f"unix:{path}"],
        capture_output=True,
        text=True,
        timeout=netkit_server.PATIENCE,
        env=netkit_server.environment(),
        check=False,
    )
    assert done.returncode == 8
    assert done.stderr == f"netkit: cannot listen on 'unix:{path}': permission denied\n"
