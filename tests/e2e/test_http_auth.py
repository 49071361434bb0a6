"""Who may ask: passwords (RFC 7617) against a file, without costing more than once, and without
telling which names there are."""

import base64
import re
import signal
import subprocess

import pytest

import netkit_server
from http_client import HttpClient, fetch, request
from netkit_server import wait_until

# htpasswd -nbB -C 4, mkpasswd -m yescrypt, mkpasswd -m sha512crypt
BCRYPT = "$2y$04$qNXvp07icoXJsYSe8vwZE.go9oANGG7lb0Q3WFMlOrgVlhkuaYkp."  # secret
YESCRYPT = "$y$j9T$oMj1.Od3UEM.KDwXtBKD9/$Ih60SWgo.2CYbdzTkh3Fb9fvwbwYSyDd8JGWzSEqxhD"  # pw2
SHA512 = (  # Grüße:x
    "$6$RkqH2iLnDVOiQOfx$aEi64OvZo6gyO2N2yu/slCGFIshe4UgFasDrIJ3dG6gsb7jncRGQk9erlP2i2NeZOxJ78RwV"
    "z2BwpqZ3XzuhZ."
)
CHALLENGE = 'Basic realm="netkit", charset="UTF-8"'
READ_AGAIN = r"netkit: info: users read again"


def basic(name, password):
    """The field that a browser sends."""
    return "Authorization: Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


ALICE = basic("alice", "secret")


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root"
    path.mkdir()
    (path / "a.txt").write_text("for friends")
    return path


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users"
    path.write_text(f"# friends\nalice:{BCRYPT}\nbob:{YESCRYPT}\ncarl:{SHA512}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def serve_users(serve, root, users):
    def start(*options):
        return serve("http", "127.0.0.1:0", "--root", root, "--auth-file", users, *options)

    return start


# ---- the right password, and no other ----


@pytest.mark.dispatchers
def test_passwords(serve_users):
    """One of the methods is not understood, or a wrong password is."""
    server = serve_users()
    for name, password in (("alice", "secret"), ("bob", "pw2"), ("carl", "Grüße:x")):
        for _ in range(2):  # checked, then remembered
            response = fetch(server, "/a.txt", basic(name, password))
            assert (response.status, response.body) == (200, b"for friends"), name
            assert response["WWW-Authenticate"] is None
        for wrong in (password + "x", password[:-1], password.upper(), ""):
            assert fetch(server, "/a.txt", basic(name, wrong)).status == 401, (name, wrong)
    assert fetch(server, "/a.txt", basic("bob", "secret")).status == 401
    assert fetch(server, "/a.txt", basic("Alice", "secret")).status == 401


@pytest.mark.parametrize("field", [
    None, "Authorization: Bearer abc", "Authorization:", "Authorization: Basic",
    "Authorization: Basic !!!!", "Authorization: Basic YWxpY2U6c2VjcmV0Og", basic("", ""),
    basic("alice", "x" * 600), "Authorization: Basic " + "A" * 8000,
])
def test_without_credentials(serve_users, field):
    """A door that opens to whoever knocks in an unusual way; an answer that no browser asks by."""
    server = serve_users()
    for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
        response = fetch(server, "/a.txt", *([field] if field else []), method=method)
        assert (response.status, response["WWW-Authenticate"]) == (401, CHALLENGE)
        assert b"friends" not in response.body


@pytest.mark.parametrize(
    "target", ["/", "/a.txt", "/none", "/%2e%2e/x", "/_/echo", "*", "http://x/a.txt"]
)
def test_everything_is_behind_it(serve_users, target):
    """A path that tells who has no password what is there and what is not."""
    method = "OPTIONS" if target == "*" else "GET"
    response = fetch(serve_users("--endpoints"), target, method=method)
    assert (response.status, response["WWW-Authenticate"]) == (401, CHALLENGE)


def test_preflights_come_without_a_password(serve_users):
    """The Fetch standard sends none: a page of another site could never ask."""
    server = serve_users("--cors")
    fields = ["Origin: http://x.example", "Access-Control-Request-Method: GET"]
    answer = fetch(server, "/a.txt", *fields, method="OPTIONS")
    assert answer.status == 204
    assert "Authorization" in answer["Access-Control-Allow-Headers"]
    assert fetch(server, "/a.txt", fields[0]).status == 401


def test_curl(serve_users, need):
    """A real client that only knows what RFC 7617 says."""
    url = serve_users().addresses[0] + "a.txt"
    done = subprocess.run(
        [need("curl"), "-sS", "--anyauth", "-u", "carl:Grüße:x", url], capture_output=True, check=True,
        timeout=netkit_server.PATIENCE,
    )
    assert done.stdout == b"for friends"


# ---- while a password is checked ----


@pytest.mark.threads
@pytest.mark.dispatchers
def test_order_of_pipelined_requests(serve_users):
    """A check takes its time: a later request overtakes it, or is lost behind it."""
    server = serve_users("--threads", 2)
    with HttpClient(server) as client:
        client.send(request("/a.txt", ALICE) + request("/none", basic("bob", "wrong"))
                    + request("/", ALICE) + request("/none", ALICE, "Connection: close"))
        assert [client.receive().status for _ in range(4)] == [200, 401, 200, 404]
        client.expect_end()


def test_a_body_waits_for_the_check(serve_users):
    """An upload is taken before anybody knows from whom, or is lost while that is found out."""
    server = serve_users("--endpoints")
    with HttpClient(server) as client:
        for _ in range(2):
            client.send(request("/_/echo", ALICE, "Content-Length: 5", method="POST", body=b"hello"))
            response = client.receive()
            assert (response.status, response.body) == (200, b"hello")
        client.send(request("/_/echo", basic("bob", "pw2"), "Content-Length: 3",
                            "Expect: 100-continue", method="PUT"))
        assert client.receive().status == 100
        client.send(b"abc")
        assert client.receive().body == b"abc"
    with HttpClient(server) as client:
        client.send(request("/_/echo", basic("bob", "wrong"), "Content-Length: 5",
                            "Expect: 100-continue", method="PUT"))
        assert client.receive().status == 401
        client.expect_end()


def test_a_client_that_leaves_behind_the_check(serve_users):
    """Nobody looks whether the client is still there once its password was checked."""
    server = serve_users("--endpoints")
    with HttpClient(server) as client:
        client.send(request("/_/fault/hang", ALICE))
        client.expect_silence()
    server.wait_for_no_clients()


@pytest.mark.threads
def test_a_flood_of_wrong_passwords(serve_users):
    """The checks fill the memory or the queue, and those who were let in wait behind them."""
    server = serve_users("--threads", 2)
    assert fetch(server, "/a.txt", ALICE).status == 200
    clients = [HttpClient(server) for _ in range(100)]
    for number, client in enumerate(clients):
        client.send(request("/a.txt", basic("bob", f"guess {number}")))
    assert fetch(server, "/a.txt", ALICE).status == 200
    for client in clients[::2]:
        client.close()  # before its answer is there
    for client in clients[1::2]:
        response = client.receive()
        assert response.status in (401, 503)
        assert response["Retry-After" if response.status == 503 else "WWW-Authenticate"]
        client.close()
    server.wait_for_no_clients()


def test_stop_while_a_password_is_checked(serve_users):
    """The answer is lost, or its memory used after the server has ended."""
    server = serve_users()
    clients = [HttpClient(server) for _ in range(5)]
    for number, client in enumerate(clients):
        client.send(request("/a.txt", basic("bob", "pw2" if number % 2 else "wrong")))
    wait_until(lambda: server.statistics()["requests"] == 5, "all have asked")
    server.send_signal()
    for number, client in enumerate(clients):
        assert client.receive().status == (200 if number % 2 else 401)
        client.close()
    server.check()


def test_a_name_that_is_unknown_costs_as_much(serve, root, users):
    """The time an answer takes tells which names there are."""
    users.write_text(f"carl:{SHA512}\n")
    server = serve("http", "127.0.0.1:0", "--root", root, "--auth-file", users)
    costs = {}
    with HttpClient(server) as client:
        for name in ("carl", "nobody"):
            before = server.proc.cpu_seconds()
            for _ in range(40):
                assert client.get("/", basic(name, "wrong")).status == 401
            costs[name] = server.proc.cpu_seconds() - before
    assert 0.5 < costs["carl"] / costs["nobody"] < 2, costs


# ---- the file ----


def test_users_are_read_again(serve_users, users):
    """Somebody who was thrown out still gets in, because the password was right once."""
    server = serve_users("-v")
    server.allow(READ_AGAIN, r"connections by thread: [\d ]+")
    assert fetch(server, "/a.txt", ALICE).status == 200
    users.write_text(f"bob:{BCRYPT}\n")
    server.send_signal(signal.SIGHUP)
    server.wait_for_line(READ_AGAIN)
    assert fetch(server, "/a.txt", ALICE).status == 401
    assert fetch(server, "/a.txt", basic("bob", "secret")).status == 200
    assert fetch(server, "/a.txt", basic("bob", "pw2")).status == 401


def test_a_file_that_became_wrong(serve_users, users):
    """A slip of the editor locks everybody out, or lets everybody in."""
    server = serve_users()
    complaint = (
        rf"netkit: error: the users stay as they were: '{re.escape(str(users))}', line 2:"
        r" it is not written as 'name:hash'"
    )
    server.allow(complaint)
    users.write_text(f"alice:{BCRYPT}\noops\n")
    server.send_signal(signal.SIGHUP)
    server.wait_for_line(complaint)
    assert fetch(server, "/a.txt", ALICE).status == 200
    assert fetch(server, "/a.txt", basic("alice", "wrong")).status == 401


@pytest.mark.parametrize(
    "text, message",
    [
        (None, ": no such file or directory"),
        ("", ": there is no user in it"),
        (f"alice:{BCRYPT}\n\nbob\n", ", line 3: it is not written as 'name:hash'"),
        ("alice:secret\n", ", line 1: the hash is not one of bcrypt, yescrypt or sha512crypt"),
        (f"a:{BCRYPT}\na:{SHA512}\n", ": a name stands there twice"),
    ],
)
def test_a_file_that_is_wrong_at_the_start(root, users, text, message):
    """A server that starts without its users is open, or closed, to everybody."""
    if text is None:
        users.unlink()
    else:
        users.write_text(text)
    done = netkit_server.run("serve", "http", "127.0.0.1:0", "--root", root, "--auth-file", users)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == f"netkit: --auth-file: '{users}'{message}"


@pytest.mark.parametrize("option, status, complaint", [
    ("--auth-file", 2, "--auth-file: '/dev/null': not a regular file"),
    ("--404", 1, "cannot read '/dev/null': not a regular file"),
])
def test_a_device_is_no_file(root, option, status, complaint):
    """Who empties a setting with /dev/null is told of an invalid argument, and not which."""
    done = netkit_server.run("serve", "http", "127.0.0.1:0", "--root", root, option, "/dev/null")
    assert (done.returncode, done.stderr.splitlines()[0]) == (status, f"netkit: {complaint}")


def test_warnings_about_the_file(serve, root, tmp_path):
    """Hashes that anybody may take home and guess at leisure."""
    inside = root / "users"
    inside.write_text(f"alice:{BCRYPT}\n")
    inside.chmod(0o644)
    server = serve("http", "127.0.0.1:0", "--root", root, "--auth-file", inside)
    for what in ("may be read by every user of this machine",
                 "lies inside of the directory that is served"):
        line = rf"netkit: warning: '{re.escape(str(inside))}' {what}"
        server.allow(line)
        server.wait_for_line(line)
