"""Headers are the documentation and the interface: each stands for itself."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from source_tree import ROOT, code, files, read, report

HEADERS = files("lib/*/*.h", "src/*/*.h", "cmd/*.h")


def warning_flags():
    """The warnings that the build asks for: they apply to headers as well."""
    flags = re.findall(r"(?<![\w-])-W[a-z][\w=-]*(?!,)\b", read("cmake/compiler.cmake"))
    return [flag for flag in flags if flag not in ("-Wl", "-Werror")]


def compile_alone(header):
    """What gcc says about a program of just this header (banned.h would hide missing includes)."""
    command = ["gcc", "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Werror", *warning_flags()]
    command += ["-I", "lib", "-I", "src", "-I", "cmd", "-include", str(header), "-x", "c", "-"]
    program = "extern int nothing;\n"
    result = subprocess.run(
        command, cwd=ROOT, input=program, capture_output=True, text=True, check=False
    )
    return result.stderr if result.returncode != 0 else ""


def test_every_header_compiles_alone():
    """Else it works only behind another one, and moving an include breaks a stranger's file."""
    with ThreadPoolExecutor(2) as pool:
        wrong = [text for text in pool.map(compile_alone, HEADERS) if text]
    assert not wrong, report(wrong)


def test_every_header_has_its_guard():
    """A copied guard makes one of two headers silently empty."""
    wrong = []
    for path in HEADERS:
        inner = path.relative_to("lib") if path.parts[0] == "lib" else path
        inner = inner.relative_to("src") if path.parts[0] == "src" else inner
        prefix = "NK_" if path.parts[0] == "lib" else ""
        guard = prefix + re.sub(r"\W", "_", str(inner)).upper()
        text = code(path)
        if not re.search(rf"#ifndef {guard}\n\s*#define {guard}\n", text):
            wrong.append(f"{path}: expected the guard {guard}")
    assert not wrong, report(wrong)


def test_every_header_opens_with_what_it_is():
    """The first comment says what the thing is and who may call it; there is no other manual."""
    wrong = [path for path in HEADERS if not read(path).startswith("/*")]
    assert not wrong, report(wrong)


def undocumented(path):
    """Public functions without a comment above them or above their group.

    A group is a run of lines without a blank one: a comment covers all the
    declarations that follow it directly.
    """
    found = []
    position = 0
    for block in re.split(r"\n[ \t]*\n", read(path)):
        commented = False
        inside = False
        for offset, line in enumerate(block.split("\n")):
            if "/*" in line or inside:
                commented = True
                inside = "*/" not in line
            elif line.startswith("NK_PUBLIC") and "(" in line and not commented:
                found.append(f"{path}:{position + offset + 1}: {line}")
        position += block.count("\n") + 2
    return found


def test_every_public_function_is_documented():
    """Ownership, units and errors of a call are written above it, or nobody knows them."""
    wrong = [finding for path in files("lib/*/*.h") for finding in undocumented(path)]
    assert not wrong, report(wrong)
