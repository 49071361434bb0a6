"""A lower floor never includes a higher one.

The order is what lets a newcomer read the code from the bottom up, and what
lets the library be installed without the services.
"""

from source_tree import FLOORS, TARGETS, files, includes, report


def owner(name):
    """The target that a quoted include belongs to: 'lib', 'src' or 'cmd'."""
    first = name.split("/")[0]
    if first in FLOORS and "/" in name:
        return "lib"
    return "src" if "/" in name else "cmd"


def test_library_knows_neither_services_nor_commands():
    """Else libnetkit-reactor could not be linked, or installed, by itself."""
    wrong = [
        f"{path}:{line}: {name}"
        for path in files("lib/*/*.[ch]")
        for line, name in includes(path)
        if owner(name) != "lib"
    ]
    assert not wrong, report(wrong)


def test_services_do_not_know_commands():
    """Else a service could not be run without the command line, as tests and fuzzers do."""
    wrong = [
        f"{path}:{line}: {name}"
        for path in files("src/*/*.[ch]")
        for line, name in includes(path)
        if TARGETS.index(owner(name)) > TARGETS.index("src")
    ]
    assert not wrong, report(wrong)


def test_floors_of_the_library_include_downwards_only():
    """Else the floors are one heap: neither readable nor testable one by one."""
    wrong = []
    for path in files("lib/*/*.[ch]"):
        floor = path.parts[1]
        if floor not in FLOORS:
            continue  # examples stand outside and use everything
        for line, name in includes(path):
            target = name.split("/")[0]
            if target in FLOORS and FLOORS.index(target) > FLOORS.index(floor):
                wrong.append(f"{path}:{line}: {floor} includes {name}")
    assert not wrong, report(wrong)


# What services stand on.
SHARED = ("service", "terminal", "measure")

# Who speaks the protocol of another service's server.
SPEAKS = {"probe": ("http", "keepalive"), "check": ("http",)}


def test_services_do_not_know_each_other():
    """Each service stands on what all share alone, so that one can be read, or removed, by itself;
    but a client may use the protocol of its server."""
    wrong = []
    for path in files("src/*/*.[ch]"):
        own = path.parts[1]
        for line, name in includes(path):
            target = name.split("/")[0]
            if target not in FLOORS and target not in (own, *SHARED, *SPEAKS.get(own, ())):
                wrong.append(f"{path}:{line}: {own} includes {name}")
    assert not wrong, report(wrong)


def test_includes_name_the_floor():
    """`#include "buffer.h"` does not say where to look; "base/buffer.h" does, also when installed."""
    wrong = [
        f"{path}:{line}: {name}"
        for path in files("lib/*/*.[ch]", "src/*/*.[ch]")
        for line, name in includes(path)
        if "/" not in name or name.startswith(".")
    ]
    assert not wrong, report(wrong)


def test_private_headers_stay_in_their_folder():
    """*_private.h is shared by the files of one concept and is not installed."""
    wrong = []
    for path in files("lib/*/*.[ch]", "src/*/*.[ch]", "cmd/*.[ch]"):
        for line, name in includes(path):
            if name.endswith("_private.h") and name.split("/")[:-1] != [path.parent.name]:
                wrong.append(f"{path}:{line}: {name}")
    assert not wrong, report(wrong)
