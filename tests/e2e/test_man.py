"""The manual pages against the option tables, which --help is printed from."""

import re
import shlex
import shutil
import subprocess

import pytest

from cli_support import SOURCE, TIMEOUT, command_names, examples_of, options_of, run

COMMANDS = command_names()
PAGES = sorted(path.name for path in (SOURCE / "man").glob("*.1"))


def page_name(command):
    return "-".join(["netkit", *command.split()]) + ".1"


def page(name):
    return (SOURCE / "man" / name).read_text()


def documented(text):
    """Every long option that a page names, with the text up to the next one."""
    found = {}
    current = []
    for line in text.splitlines():
        if line.startswith(".It "):
            current = re.findall(r"Fl -([a-z0-9][a-z0-9-]*)", line)
        elif line.startswith((".El", ".S")):
            current = []
        for name in current:
            found[name] = found.get(name, "") + line + "\n"
    return found


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_page_documents_exactly_the_options(command):
    """The page would miss an option, or promise one that does not exist."""
    assert set(documented(page(page_name(command)))) == set(options_of(command))


@pytest.mark.parametrize("name", PAGES)
def test_page_explains_an_option_once(name):
    """Of two explanations one would not be kept up to date."""
    heads = re.findall(r"^\.It .*Fl -.*$", page(name), re.M)
    options = [option for head in heads for option in re.findall(r"Fl -([a-z0-9-]+)", head)]
    assert sorted(options) == sorted(set(options))


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_page_agrees_on_letters_values_and_defaults(command):
    """The page would tell another default than the program has."""
    entries = documented(page(page_name(command)))
    for name, (letter, value, default) in options_of(command).items():
        head = entries[name].splitlines()[0]
        assert letter is None or f"Fl {letter} ," in head, name
        assert value is None or f"Fl -{name} Ar {value}" in head, name
        if default and default[0].isdigit():
            assert default.replace("the ", "") in entries[name].replace("the ", ""), name


@pytest.mark.parametrize("name", PAGES)
def test_page_names_no_unknown_option(name):
    """Running text would mention an option of another program or time."""
    known = set().union(*(options_of(command) for command in ["", *COMMANDS]))
    assert set(re.findall(r"Fl -([a-z0-9][a-z0-9-]*)", page(name))) <= known
    letters = {"h", *(entry[0] for command in COMMANDS for entry in options_of(command).values())}
    assert set(re.findall(r"Fl ([a-z])\b", page(name))) <= letters


def test_shared_page_documents_the_shared_options():
    """netkit-serve(1) is where the pages of the servers send their readers."""
    servers = [set(options_of(command)) for command in COMMANDS if command.startswith("serve ")]
    assert set(documented(page("netkit-serve.1"))) == set.intersection(*servers)


@pytest.mark.parametrize("name", PAGES)
def test_page_is_clean(name):
    """mandoc would warn about the page, and some reader would show it wrong."""
    assert shutil.which("mandoc"), "this test needs mandoc"
    result = subprocess.run(["mandoc", "-Tlint", str(SOURCE / "man" / name)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT,
                            check=False)
    # Which pages of others are installed says nothing about this one.
    elsewhere = re.compile(r"referenced manual not found|mandoc\.db")
    assert [line for line in result.stdout.splitlines() if not elsewhere.search(line)] == []


@pytest.mark.parametrize("name", PAGES)
def test_references_lead_to_pages(name):
    """SEE ALSO would name a page of netkit that does not exist."""
    for reference in re.findall(r"^\.Xr (netkit\S*) 1", page(name), re.M):
        assert f"{reference}.1" in PAGES


def test_every_page_can_be_reached():
    """A page would exist that netkit(1) does not lead to."""
    assert {f"{name}.1" for name in re.findall(r"^\.Xr (netkit\S*) 1", page("netkit.1"), re.M)} \
        == set(PAGES) - {"netkit.1"}


@pytest.mark.parametrize("name", PAGES)
def test_page_has_its_sections(name):
    """A reader would not find the exit status, an example, or the way on."""
    sections = re.findall(r"^\.Sh (.*)$", page(name), re.M)
    needed = {"NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES", "SEE ALSO"}
    if name.startswith("netkit-serve"):
        needed.add("SIGNALS")
    assert needed <= set(sections)


@pytest.mark.parametrize("name", PAGES)
def test_examples_are_understood(name):
    """An example would be refused when somebody tries it."""
    for example in examples_of(page(name)):
        line = re.sub(r"source <\(|\)$| \| source$| \d>\S+", "", example)
        words = shlex.split(line)
        assert words[0] == "netkit"
        # Descriptors that the shell would open are not open here.
        result = run(*words[1:], "--help")
        assert (result.stderr, result.returncode) == ("", 0), example
