"""Where the programs are, which cores are used, and what the machine is."""

import os
import platform
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class BenchError(Exception):
    """The run cannot go on or is invalid; the text is for the user."""


@dataclass(frozen=True)
class Environment:
    """Everything that does not change during a run."""

    netkit: Path
    reference: Path
    load: Path
    nginx: str | None
    scratch: Path  # a temporary directory of this run
    server_core: int
    client_core: int
    seconds: float  # of one measured phase
    idle_connections: int
    idle_seconds: float  # watched for wake-ups


def build(directory: Path, with_netkit: bool) -> None:
    """Configures (the first time) and builds a release of what is compared."""
    if not (directory / "CMakeCache.txt").exists():
        command = ["cmake", "-S", str(ROOT), "-B", str(directory),
                   "-DCMAKE_BUILD_TYPE=Release", "-DNETKIT_TESTS=OFF"]
        _run_quietly(command + (["-G", "Ninja"] if shutil.which("ninja") else []))
    targets = ["bench/all"] if shutil.which("ninja") else ["all"]
    targets += ["netkit"] if with_netkit else []
    _run_quietly(["cmake", "--build", str(directory), "--target", *targets])


def _run_quietly(command: list[str]) -> None:
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise BenchError(f"{' '.join(command)} failed:\n{result.stdout}")


def raise_descriptor_limit(needed: int) -> None:
    """Raises the limit of this process; everything it starts inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= needed:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, max(hard, needed)))
    except (ValueError, PermissionError):
        raise BenchError(f"{needed} descriptors are needed, the limit is {hard}: raise it with "
                         "ulimit -n or lower --idle-connections") from None


def find_program(name: str) -> str | None:
    """Also where only the administrator's path looks."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def describe_machine() -> str:
    """Facts that a reader of the figures needs."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"Linux {platform.release()}, {os.cpu_count()} CPUs, {model}"


def build_kind(directory: Path) -> str:
    """What the build directory is configured for; "unknown" when it says nothing."""
    cache = directory / "CMakeCache.txt"
    if cache.exists():
        for line in cache.read_text().splitlines():
            if line.startswith("CMAKE_BUILD_TYPE:"):
                return line.split("=", 1)[1] or "unknown"
    return "unknown"


def program_version(command: list[str]) -> str:
    """First line of what a program says about its version."""
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return (result.stdout.strip().splitlines() or ["unknown"])[0]


def pinned(core: int):
    """For Popen's preexec_fn: the child runs on this core only."""
    return lambda: os.sched_setaffinity(0, {core})
