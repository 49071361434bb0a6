"""End-to-end tests: the real program and real clients.

    NETKIT=build/asan/cmd/netkit NETKIT_SOURCE=. pytest tests/e2e [-n 2] [-m MARKER]

The markers are explained in pytest.ini.
"""

import os
import shutil
from pathlib import Path

import pytest

import many_names
import netkit_server


def pytest_configure(config):
    if not os.access(os.environ.get("NETKIT", ""), os.X_OK):
        raise pytest.UsageError("NETKIT has to name the netkit program to test")
    worker = getattr(config, "workerinput", None)
    config.many_names = many_names.Store(worker["many_names"] if worker else None)


@pytest.hookimpl(optionalhook=True)  # with -n
def pytest_configure_node(node):
    node.workerinput["many_names"] = str(node.config.many_names.path)


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput") and hasattr(config, "many_names"):
        config.many_names.remove()


def pytest_collection_modifyitems(items):
    if not netkit_server.IS_SANITIZED:
        return
    skip = pytest.mark.skip(reason="measures what a sanitizer distorts")
    for item in items:
        if item.get_closest_marker("release"):
            item.add_marker(skip)


@pytest.fixture
def serve():
    """serve("echo", "127.0.0.1:0", ...) starts a server that ends with the test."""
    servers = netkit_server.ServerSet()
    yield servers
    servers.finish()


@pytest.fixture(scope="module")
def serve_module():
    """The same, for servers that all tests of a module share."""
    servers = netkit_server.ServerSet()
    yield servers
    servers.finish()


@pytest.fixture
def root(tmp_path):
    """An empty directory to serve."""
    path = tmp_path / "root"
    path.mkdir()
    return path


@pytest.fixture
def serve_root(serve, root):
    """serve_root(options...) serves that directory over HTTP."""

    def start(*options, **more):
        return serve("http", "127.0.0.1:0", "--root", root, *options, **more)

    return start


@pytest.fixture
def open_directory():
    """A place that an unprivileged user may enter, with a copy of the program."""
    directory = netkit_server.OpenDirectory()
    yield directory
    directory.remove()


@pytest.fixture(scope="session")
def names_store(pytestconfig):
    """names_store.get("name", directory=200_000): see many_names.py."""
    return pytestconfig.many_names


@pytest.fixture
def need():
    """need("wrk"): the path of a program, or the test is skipped."""

    def find(program):
        path = shutil.which(program)
        if path is None:
            pytest.skip(f"{program} is not installed")
        return path

    return find


@pytest.fixture(scope="session")
def source():
    """The root of the repository."""
    return Path(netkit_server.SOURCE)
