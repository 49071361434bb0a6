"""What the tests of the command line share: the binary and its help."""

import os
import re
import subprocess
from pathlib import Path

# Absolute, because some tests run in a directory of their own.
NETKIT = str(Path(os.environ["NETKIT"]).resolve())
SOURCE = Path(os.environ.get("NETKIT_SOURCE", Path(__file__).parents[2])).resolve()

# Nothing here may take longer, not even under sanitizers.
TIMEOUT = 30


def run(*arguments, **options):
    """Runs netkit to its end with both outputs captured as text."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([NETKIT, *arguments], text=True, timeout=TIMEOUT, check=False, **options)


def help_of(command):
    """The text of `netkit COMMAND --help`; "" is netkit itself."""
    result = run(*command.split(), "--help")
    assert result.returncode == 0, result.stderr
    return result.stdout


def command_names():
    """Every command that `netkit help` lists, such as "serve http"."""
    blocks = re.split(r"\n\n", help_of(""))
    names = []
    for block in blocks:
        title, *lines = block.splitlines()
        if title.startswith("The ") or title == "Other commands:":
            names += [re.match(r"  (\S+(?: \S+)?)  ", line).group(1) for line in lines]
    assert "serve http" in names
    return names


def options_of(command):
    """{long name without dashes: (short letter or None, value name or None, default or None)}."""
    options = {}
    # A line that continues the text of the one above begins far to the right.
    text = re.sub(r"\n {10,}", " ", help_of(command))
    # Those that few people need stand there by name alone, several in a line.
    text, _, rare = text.partition("\nMore options, explained in the manual page:\n")
    rare, *rest = rare.split("\n\n", 1)
    text += "\n" + "\n".join(rest)
    for match in re.finditer(r"  (?:-(\w), )?--(\[no-\])?([a-z0-9-]+)(?: ([A-Z]+))?", rare):
        letter, negatable, name, value = match.groups()
        options[name] = (letter, value, None)
        if negatable:
            options["no-" + name] = (None, None, None)
    for line in text.splitlines():
        match = re.match(r"  (?:-(\w), )?--(\[no-\])?([a-z0-9-]+)(?: ([A-Z]+))?  +(.*)", line)
        if not match:
            continue
        letter, negatable, name, value, rest = match.groups()
        default = re.search(r"\(default (.*)\)", rest)
        entry = (letter, value, default.group(1) if default else None)
        options[name] = entry
        if negatable:
            options["no-" + name] = (None, None, None)
        also = re.search(r"also --([a-z0-9-]+)", rest)
        if also:
            options[also.group(1)] = entry
    assert "help" in options
    return options


def examples_of(text):
    """The command lines behind "Examples:" in a help text, or ".Dl" in a manual page."""
    if "\nExamples:\n" in text:
        lines = text.split("\nExamples:\n")[1].splitlines()
        return [re.split(r"  +", line.strip())[0] for line in lines if re.match(r"  \S", line)]
    section = text.split(".Sh EXAMPLES\n")[1].split("\n.Sh ")[0]
    return [re.sub(r"^\$ ", "", line) for line in re.findall(r"^\.Dl (.*)$", section, re.M)]
