"""--metrics and --status: figures that are true, while others are served."""

import json
import re
import subprocess
import threading

import pytest

from http_client import HttpClient, request
from netkit_server import reset, wait_until
from test_browser import CHROMIUM_OPTIONS

SAMPLE = re.compile(r'([a-z_]+)((?:\{[a-z_]+="[^"\n]*"(?:,[a-z_]+="[^"\n]*")*\})?) (\S+)')


@pytest.fixture
def root(tmp_path):
    (tmp_path / "text").write_bytes(b"hello\n")
    (tmp_path / "large").write_bytes(b"x" * (8 * 1024 * 1024))
    return tmp_path


def get(server, target):
    with HttpClient(server) as client:
        return client.get(target)


def metrics(server):
    """{name: {labels: value}}; every line is one that Prometheus understands."""
    response = get(server, "/_/metrics")
    assert response.status == 200
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    found, types = {}, {}
    for line in response.body.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            types[name] = kind
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert name in types or types[base] == "histogram", line
            found.setdefault(name, {})[labels] = float(value)
    return found


def total(samples, word=""):
    return sum(value for labels, value in samples.items() if word in labels)


@pytest.mark.dispatchers
def test_metrics_count_what_happens(serve, root):
    """A request, a byte or a connection is counted twice or not at all."""
    server = serve("http", "127.0.0.1:0", "--root", root, "--metrics", "--threads", "2")
    with HttpClient(server) as client:
        for target, status in (("/text", 200), ("/text", 200), ("/missing", 404), ("/%zz", 400)):
            assert client.get(target).status == status
    with HttpClient(server) as client:
        client.send(b"nonsense\r\n\r\n")
        assert client.receive().status == 400
    server.wait_for_no_clients()
    found = metrics(server)
    requests = found["netkit_http_requests_total"]
    assert total(requests, 'code="2xx"') == 2
    assert total(requests, 'code="4xx"') == 3
    assert total(requests) == 5
    assert "1xx" not in str(requests), "no request ends with one"
    assert total(found["netkit_http_requests_in_progress"]) == 1, "this very one"
    assert total(found["netkit_http_connections_total"]) == 3
    assert total(found["netkit_http_connections"]) == 1
    assert total(found["netkit_http_sent_bytes_total"]) > 500
    assert total(found["netkit_http_received_bytes_total"]) > 100
    assert found["netkit_build_info"]
    for name in ("process_open_fds", "process_resident_memory_bytes", "process_max_fds"):
        assert found[name][""] > 0
    again = metrics(server)
    assert total(again["netkit_http_requests_total"], 'code="2xx"') == 3


def test_durations_are_a_histogram(serve, root):
    """The buckets are not cumulative, or do not add up: quantiles of them are nonsense."""
    server = serve("http", "127.0.0.1:0", "--root", root, "--metrics", "--threads", "1")
    with HttpClient(server) as client:
        for _ in range(50):
            client.get("/text")
        client.get("/large")
    found = metrics(server)
    buckets = found["netkit_http_request_duration_seconds_bucket"]
    bounds = [float(re.search('le="([^"]+)"', labels).group(1)) for labels in buckets]
    counts = list(buckets.values())
    assert bounds == sorted(bounds) and bounds[-1] == float("inf")
    assert counts == sorted(counts) and counts[-1] == 51
    assert total(found["netkit_http_request_duration_seconds_count"]) == 51
    assert 0 < total(found["netkit_http_request_duration_seconds_sum"]) < 60


def test_a_lost_request_is_no_longer_in_progress(serve, root):
    """Aborted downloads pile up in the figures."""
    server = serve("http", "127.0.0.1:0", "--root", root, "--metrics")
    clients = []
    for _ in range(4):
        client = server.connect(receive_buffer=4096)
        client.sendall(request("/large"))
        assert client.recv(100)
        clients.append(client)
    in_progress = "netkit_http_requests_in_progress"
    assert total(metrics(server)[in_progress]) == 5
    for client in clients:
        reset(client)
    wait_until(lambda: total(metrics(server)[in_progress]) == 1, "the downloads are given up")


@pytest.mark.dispatchers
@pytest.mark.threads
def test_figures_are_read_while_all_loops_work(serve, root):
    """Reading the counters disturbs those who count."""
    server = serve(
        "http", "127.0.0.1:0", "--root", root, "--metrics", "--status", "--threads", "3",
        "--access-log", root / "log"
    )
    each, workers = 100, 4

    def work():
        with HttpClient(server) as client:
            for _ in range(each):
                assert client.get("/text").status == 200

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    seen = 0
    while any(thread.is_alive() for thread in threads):
        now = total(metrics(server)["netkit_http_requests_total"], "2xx")
        assert now >= seen
        seen = now
        assert get(server, "/_/status").status == 200
    for thread in threads:
        thread.join()
    state = json.loads(get(server, "/_/status.json").body)
    assert sum(loop["requests"][2] for loop in state["loops"]) >= each * workers
    assert len(state["loops"]) == 3


@pytest.mark.dispatchers
def test_status_for_programs(serve, root):
    """The page has nothing to draw."""
    server = serve("http", "127.0.0.1:0", "--root", root, "--status", "--threads", "2")
    get(server, "/text")
    server.wait_for_no_clients()
    response = get(server, "/_/status.json")
    assert response["Content-Type"] == "application/json"
    state = json.loads(response.body)
    assert len(state["loops"]) == 2
    assert sum(loop["requests"][2] for loop in state["loops"]) == 1
    assert sum(loop["in_progress"] for loop in state["loops"]) == 1
    durations = state["durations"]
    assert len(durations["counts"]) == len(durations["bounds"]) + 1
    assert sum(durations["counts"]) == 1
    assert state["descriptors"] > 0 and state["memory"] > 0


def test_status_without_scripts(serve, root):
    """A browser without scripts, or a screen reader, sees nothing."""
    server = serve("http", "127.0.0.1:0", "--root", root, "--status", "--threads", "2")
    response = get(server, "/_/status")
    text = response.body.decode()
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert text.count("<th scope=row>loop") == 2
    assert "<noscript><meta http-equiv=refresh" in text
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text), "something is loaded"
    assert text.count("<strong>-</strong>") == 4, "what nobody has measured yet is no 0"
    shown = re.findall(r"<dt>([^<]+)<dd id=c", text)
    assert shown == ["no answer", "2xx", "3xx", "4xx", "5xx"], "no request ends with a 1xx"


@pytest.mark.parametrize("options", [[], ["--metrics"], ["--status"]], ids=str)
def test_nothing_is_told_unasked(serve, root, options):
    """The figures of a server are public."""
    server = serve("http", "127.0.0.1:0", "--root", root, *options)
    for target, option in (("metrics", "--metrics"), ("status", "--status"),
                           ("status.json", "--status")):
        assert get(server, f"/_/{target}").status == (200 if option in options else 404)


def test_methods(serve, root):
    """HEAD and OPTIONS are answered as everywhere; POST is not, nor is it said to be allowed
    because files may be brought elsewhere."""
    server = serve("http", "127.0.0.1:0", "--root", root, "--metrics", "--upload")
    with HttpClient(server) as client:
        head = client.get("/_/metrics", method="HEAD")
        assert head.status == 200 and int(head["Content-Length"]) > 1000
        for target, methods in (("/", "GET, HEAD, OPTIONS, PUT, POST"),
                                ("/_/metrics", "GET, HEAD, OPTIONS")):
            options = client.get(target, method="OPTIONS")
            assert (options.status, options["Allow"]) == (204, methods)
        client.send(request("/_/metrics", method="POST"))
        assert client.receive("POST").status == 405


@pytest.mark.full
def test_the_page_in_a_browser(serve, need, root, tmp_path):
    """The script fails, is forbidden by the page's own policy, or draws nothing."""
    server = serve("http", "127.0.0.1:0", "--root", root, "--status")
    result = subprocess.run(
        [need("chromium"), *CHROMIUM_OPTIONS, f"--user-data-dir={tmp_path}/profile",
         "--enable-logging=stderr", "--dump-dom", f"{server.address}_/status"],
        capture_output=True, text=True, timeout=120, check=True,
    )
    assert "CONSOLE" not in result.stderr, result.stderr
    assert re.search(r'<path d="M[\d.]+,[\d.]+', result.stdout), "a line is drawn"
    assert '<div id="charts">' in result.stdout, "the charts are shown"
