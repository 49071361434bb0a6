"""Datagram sockets for the tests: UDP and unix, each with a time limit."""

import re
import socket

import netkit_server

LONGEST = 65507


def target(address):
    """(family, address for sendto()) of "udp://127.0.0.1:1", "udp://[::1]:1", "unix-dgram:/x"."""
    if address.startswith("unix-dgram:"):
        path = address[len("unix-dgram:") :]
        return socket.AF_UNIX, "\0" + path[1:] if path.startswith("@") else path
    match = re.fullmatch(r"udp://(?:\[([^]]+)\]|([^:\[\]]+)):(\d+)", address)
    assert match, f"not a datagram address: {address!r}"
    port = int(match.group(3))
    if match.group(1):
        return socket.AF_INET6, ("::1" if match.group(1) == "::" else match.group(1), port)
    return socket.AF_INET, (match.group(2), port)


def client(address, connected=True):
    """A socket that may be answered; a connected one takes nothing from other addresses."""
    family, where = target(address)
    result = socket.socket(family, socket.SOCK_DGRAM)
    result.settimeout(netkit_server.PATIENCE)
    if family == socket.AF_UNIX:
        result.bind("")
    if connected:
        result.connect(where)
    return result


def ask(address, question):
    """The answer to one datagram."""
    with client(address) as asking:
        asking.send(question)
        return asking.recv(LONGEST + 1)
