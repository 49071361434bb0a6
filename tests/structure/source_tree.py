"""The source tree as the structure checks see it."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(os.environ.get("NETKIT_SOURCE", Path(__file__).resolve().parents[2]))

# The floors of lib/, lowest first: a floor includes itself and what is below.
FLOORS = ["base", "os", "reactor", "threads", "net"]

# The three targets, lowest first.
TARGETS = ["lib", "src", "cmd"]


def files(*patterns):
    """All files that match one of the patterns, relative to the root, sorted."""
    found = set()
    for pattern in patterns:
        found.update(path for path in ROOT.glob(pattern) if path.is_file())
    return sorted(path.relative_to(ROOT) for path in found)


def product_sources():
    """What ends up in the program and the library."""
    return files("lib/*/*.[ch]", "src/*/*.[ch]", "cmd/*.[ch]")


def all_sources():
    return files(*(f"{top}/**/*.[ch]" for top in ("lib", "src", "cmd", "tests", "bench")))


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def _blank(match):
    """Replaces a comment or literal by blanks; line numbers stay the same."""
    return re.sub(r"[^\n]", " ", match.group(0))


_NOT_CODE = re.compile(
    r"/\*.*?\*/"  # comments
    r"|//[^\n]*"
    r'|"(?:\\.|[^"\\\n])*"'  # strings and characters
    r"|'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)


def code(path):
    """The text of a file without comments, strings and character constants."""
    return _NOT_CODE.sub(_blank, read(path))


def includes(path):
    """(line, name) of every #include "name" of a file."""
    pattern = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
    text = read(path)
    return [(line_of(text, match.start()), match.group(1)) for match in pattern.finditer(text)]


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def matches(pattern, paths):
    """file:line: text for every place in the code where the pattern matches."""
    found = []
    for path in paths:
        text = code(path)
        for match in re.finditer(pattern, text):
            line = line_of(text, match.start())
            found.append(f"{path}:{line}: {match.group(0).strip()}")
    return found


def functions(paths):
    """(path, name, lines) of every function definition, as universal-ctags sees it."""
    listing = subprocess.run(
        ["ctags", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f", "--fields=+ne", "-f", "-"]
        + [str(path) for path in paths],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = []
    for row in listing.splitlines():
        name, path = row.split("\t")[:2]
        first = re.search(r"\tline:(\d+)", row)
        last = re.search(r"\tend:(\d+)", row)
        if first and last:
            found.append((path, name, int(last.group(1)) - int(first.group(1)) + 1))
    return found


def report(findings):
    """A failed check lists every place, so that one run shows all there is to do."""
    return "\n" + "\n".join(str(finding) for finding in findings)
