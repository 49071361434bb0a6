"""Rules that hold for every source file, each with its reason."""

import re

from source_tree import (
    ROOT,
    all_sources,
    code,
    files,
    functions,
    line_of,
    matches,
    product_sources,
    read,
    report,
)

# A call, but not a member of that name (`transport->recv(...)`).
CALL = r"(?<![\w.>])(?:{names})\s*\("

SOCKET_CALLS = (
    "socket|socketpair|bind|listen|accept|accept4|connect|shutdown|recv|recvfrom|recvmsg|recvmmsg"
    "|send|sendto|sendmsg|sendmmsg|sendfile|splice|getsockopt|setsockopt|getsockname|getpeername"
)


def test_socket_calls_are_made_in_one_place():
    """EINTR, SIGPIPE and the flags of new descriptors are handled in lib/os/socket*.c and nowhere
    else; a raw call elsewhere misses one of them, and fault injection would not reach it."""
    sources = [path for path in product_sources() if not path.match("lib/os/socket*.c")]
    wrong = matches(CALL.format(names=SOCKET_CALLS), sources)
    assert not wrong, report(wrong)


def test_library_and_services_neither_print_nor_exit():
    """What happens on an error is the program's decision: a library that prints or exits takes
    every other client down with it. Only cmd/ speaks."""
    printing = "printf|vprintf|puts|putchar|perror|psignal|warn|warnx"  # fprintf: see stdout below
    ending = "exit|_exit|_Exit|quick_exit|abort|err|errx"
    sources = files("lib/*/*.[ch]", "src/*/*.[ch]")
    sources = [path for path in sources if path.parts[1] != "examples"]
    wrong = matches(CALL.format(names=f"{printing}|{ending}"), sources)
    wrong += matches(r"\b(?:stdout|stderr)\b", sources)
    wrong += matches(r"\b(?:write|dprintf|vdprintf)\s*\(\s*(?:1|2|STD\w+_FILENO)\b", sources)
    assert not wrong, report(wrong)


def assertions(text):
    """(line, condition) of every assert(...) in the code."""
    for match in re.finditer(r"(?<![\w.>])assert\s*\(", text):
        depth = 1
        end = match.end()
        while depth > 0 and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield line_of(text, match.start()), text[match.end() : end - 1]


# Calls that only look: questions in their name, or known to change nothing.
QUESTION = re.compile(r"(?:^|_)(?:is|has|in|can|len|size|room|empty|find|equal|own)(?:_|$)")
SIDE_EFFECT = re.compile(r"\+\+|--|(?<![=!<>])=(?!=)|(?:\+|-|\*|/|%|&|\||\^|<<|>>)=")


def test_asserts_have_no_side_effects():
    """With NDEBUG the condition is gone and so is what it did: a lock that is taken in an assert is
    no lock in a release."""
    wrong = []
    for path in product_sources():
        for line, condition in assertions(code(path)):
            calls = [name for name in re.findall(r"(\w+)\s*\(", condition) if name != "sizeof"]
            doubtful = [name for name in calls if not QUESTION.search(name)]
            if SIDE_EFFECT.search(condition) or doubtful:
                wrong.append(f"{path}:{line}: assert({' '.join(condition.split())})")
    assert not wrong, report(wrong)


def test_files_are_short():
    """A .c file of 400 lines or more is more than one concept. The cases of one module's test may
    fill twice that: they are read one by one."""
    wrong = [
        f"{path}: {lines} lines"
        for path in all_sources()
        if path.suffix == ".c"
        and (lines := read(path).count("\n")) >= (800 if path.parts[0] == "tests" else 400)
    ]
    assert not wrong, report(wrong)


def test_functions_are_short():
    """No function is longer than 60 lines and 90 % are shorter than 30: the measure that the
    best-read programs in this field hold."""
    found = functions(path for path in all_sources())
    wrong = [f"{path}: {name}: {lines} lines" for path, name, lines in found if lines > 60]
    assert not wrong, report(wrong)

    product = functions(product_sources())
    long = sorted(((lines, path, name) for path, name, lines in product if lines >= 30), reverse=True)
    assert len(long) <= len(product) * 0.1, (
        f"{len(long)} of {len(product)} functions have 30 lines or more" + report(long)
    )


def test_nothing_is_left_to_be_done():
    """A note in the code is a task that nobody sees: do it or record it as an issue."""
    words = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    wrong = []
    for path in files("*", ".ci/*", "*/*", "cmake/**/*", "lib/**/*", "src/**/*", "cmd/**/*",
                      "tests/**/*.[ch]", "tests/**/*.py", "bench/**/*", "scripts/**/*"):
        if path.parts[0] in ("build", ".git"):
            continue
        try:
            text = read(path)
        except UnicodeDecodeError:
            continue  # test data
        wrong += [f"{path}:{line_of(text, match.start())}" for match in words.finditer(text)]
    assert not wrong, report(wrong)


# Modules of lib/ that another module's test covers, with the reason.
TESTED_ELSEWHERE = {
    "net/server_shard": ("tcp_server", "a server's part on each loop, seen from its owner"),
    "reactor/epoll_dispatcher": ("event_dispatcher", "one suite runs on all three dispatchers"),
    "reactor/poll_dispatcher": ("event_dispatcher", "one suite runs on all three dispatchers"),
    "reactor/select_dispatcher": ("event_dispatcher", "one suite runs on all three dispatchers"),
}


def test_every_module_of_the_library_has_a_test():
    """A test of the same name is where one looks for it, and what shows that there is one."""
    wrong = []
    for path in files("lib/*/*.c"):
        if path.parts[1] == "examples":
            continue
        module = f"{path.parts[1]}/{path.stem}"
        name, _ = TESTED_ELSEWHERE.get(module, (path.stem, ""))
        if not (ROOT / f"tests/unit/test_{name}.c").is_file():
            wrong.append(f"{path}: no tests/unit/test_{name}.c")
    assert not wrong, report(wrong)


def test_the_tour_leads_somewhere():
    """The README's tour of the code names files and functions: who follows it would look for some
    that were moved or renamed."""
    tour = read("README.md").split("## Reading the code")[1].split("\n## ")[0]
    there = {path.name for path in all_sources()}
    wrong = [name for name in re.findall(r"\w+\.[ch]\b", tour) if name not in there]
    wrong += [name for name in re.findall(r"`([\w/]+/(?:\w+\.[ch])?)`", tour)
              if not (ROOT / name).exists()]
    product = "".join(read(path) for path in product_sources())
    wrong += [name for name in re.findall(r"`(\w+_\w+)`", tour)
              if not re.search(rf"\b{name}\(", product)]
    assert not wrong, report(wrong)


def test_exceptions_are_still_needed():
    """A list of exceptions that names modules which are gone hides the next gap."""
    wrong = [module for module in TESTED_ELSEWHERE if not (ROOT / f"lib/{module}.c").is_file()]
    assert not wrong, report(wrong)
