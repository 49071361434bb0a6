"""What `cmake --install` leaves behind is complete and usable by a stranger's program."""

import os
import re
import subprocess

import pytest

from source_tree import FLOORS, ROOT, files, report

EXAMPLES = files("lib/examples/*.c")
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]

# Uses the library through nothing but its installed headers, so that there is
# a program to build and run even where the examples need arguments.
SMALLEST = """
#include <base/buffer.h>
#include <reactor/event_loop.h>

int main(void)
{
    struct nk_event_loop *loop;
    if (nk_event_loop_new(&loop, 0) != 0)
        return 1;
    nk_event_loop_stop(loop);
    int result = nk_event_loop_run(loop);
    nk_event_loop_free(loop);
    return result == 0 ? 0 : 2;
}
"""


def run(command, **options):
    result = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
        **options,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}"
    return result.stdout


def pkg_config(prefix, *arguments):
    found = next(prefix.glob("**/netkit-reactor.pc"))
    environment = dict(os.environ, PKG_CONFIG_PATH=str(found.parent))
    return run(["pkg-config", *arguments, "netkit-reactor"], env=environment).split()


def link_flags(prefix, kind):
    if kind == "shared":
        return pkg_config(prefix, "--libs")
    library = pkg_config(prefix, "--variable=libdir")[0] + "/libnetkit-reactor.a"
    return [library, *(word for word in pkg_config(prefix, "--static", "--libs") if word == "-pthread")]


def build(prefix, kind, source, program):
    flags = ["-D_GNU_SOURCE", *STRICT, *pkg_config(prefix, "--cflags")]
    run(["cc", *flags, source, "-o", program, *link_flags(prefix, kind)])


def library_path(prefix):
    return dict(os.environ, LD_LIBRARY_PATH=pkg_config(prefix, "--variable=libdir")[0])


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_smallest_program_builds_and_runs(installed, tmp_path, kind):
    """The package is useless when pkg-config's flags do not lead to a program that runs."""
    source = tmp_path / "smallest.c"
    source.write_text(SMALLEST)
    program = tmp_path / "smallest"
    build(installed, kind, source, program)
    run([program], env=library_path(installed))


@pytest.mark.parametrize("kind", ["shared", "static"])
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_examples_build_and_run(installed, tmp_path, kind, example):
    """The examples show the public interface: each is built by what a user would type, and ends
    well by itself."""
    build(installed, kind, ROOT / example, tmp_path / example.stem)
    run([tmp_path / example.stem], env=library_path(installed))


def test_cmake_package(installed, tmp_path):
    """find_package(NetkitReactor) gives both libraries with headers and threads, and no flag of ours."""
    (tmp_path / "smallest.c").write_text(SMALLEST)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\n"
        "project(stranger LANGUAGES C)\n"
        "find_package(NetkitReactor 0.1 REQUIRED)\n"
        "foreach(library reactor reactor_static)\n"
        "  add_executable(with_${library} smallest.c)\n"
        "  target_link_libraries(with_${library} Netkit::${library})\n"
        "endforeach()\n"
    )
    run(["cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={installed}"])
    assert "-Wconversion" not in run(["cmake", "--build", tmp_path / "build", "--verbose"])
    for program in ("with_reactor", "with_reactor_static"):
        run([tmp_path / "build" / program])


def test_exported_symbols_carry_the_prefix(installed):
    """A shared library shares one namespace with its user: everything it exports begins with nk_."""
    library = next(installed.glob("**/libnetkit-reactor.so"))
    names = run(["nm", "--dynamic", "--defined-only", "--format=posix", library]).splitlines()
    wrong = [name for name in names if not re.match(r"nk_|_init |_fini ", name)]
    assert not wrong, report(wrong)
    assert names, "nothing is exported: NK_PUBLIC is missing or without effect"


def test_static_library_defines_only_its_prefix(installed):
    """The same for programs that link the static library: no global symbol without nk_."""
    library = next(installed.glob("**/libnetkit-reactor.a"))
    rows = run(["nm", "--extern-only", "--defined-only", "--format=posix", library]).splitlines()
    wrong = [row for row in rows if row and not row.endswith(":") and not row.startswith("nk_")]
    assert not wrong, report(wrong)


def test_header_tree_mirrors_lib(installed):
    """`#include "net/tcp_server.h"` means the same file in this tree and in an installed one."""
    root = next(installed.glob("**/include/netkit"))
    present = {str(path.relative_to(root)) for path in root.glob("*/*.h")}
    wanted = {
        str(path.relative_to("lib"))
        for floor in FLOORS
        for path in files(f"lib/{floor}/*.h")
        if path.name != "banned.h" and not path.name.endswith("_private.h")
    }
    assert present == wanted


def test_manuals_and_completions_are_installed(installed):
    """What is written for users has to arrive where man and the shells look."""
    share = installed / "share"
    present = {path.name for path in share.glob("man/man*/*")}
    assert present == {path.name for path in files("man/*.[1-8]")}
    for source, place in {
        "netkit.bash": "bash-completion/completions/netkit",
        "_netkit": "zsh/site-functions/_netkit",
        "netkit.fish": "fish/vendor_completions.d/netkit.fish",
    }.items():
        assert (share / place).read_bytes() == (ROOT / "completions" / source).read_bytes()


def test_documents_are_installed(installed):
    """The README, and the pages that name a document, would send their readers nowhere."""
    documents = installed / "share" / "doc" / "netkit"
    readme = (documents / "README.md").read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([^)#:]+)\)", readme))
    named = {name for page in files("man/*.[1-8]")
             for name in re.findall(r"docs/[\w.-]+", (ROOT / page).read_text(encoding="utf-8"))}
    assert {"docs/shell-protocol.md", "LICENSE"} <= links and "docs/events.schema.json" in named
    assert [name for name in links | named if not (documents / name).is_file()] == []


def test_installed_program_runs(installed):
    """The installed program needs nothing of the build tree."""
    assert "netkit" in run([installed / "bin" / "netkit", "--version"], cwd="/")
