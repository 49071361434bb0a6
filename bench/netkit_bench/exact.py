"""System calls and user instructions per request: exact, so one short run each is enough.

Both change the timing of the server, which is why they never run together with a measurement.
"""

import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

from .environment import BenchError, Environment
from .load import Load
from .rows import Row
from .servers import Peer, RunningServer

READS = {"recvfrom", "recvmsg", "read", "readv"}
SENDS = {"sendto", "sendmsg", "write", "writev", "sendfile"}

ATTACH_SECONDS = 10

# The shorter of the two runs under callgrind is this part of the longer one.
CALLGRIND_PART = 5


@dataclass(frozen=True)
class Exact:
    """None: the tool is missing."""

    syscalls: float | None = None
    sends_per_read: float | None = None
    instructions: float | None = None


def missing_tools() -> list[str]:
    return [tool for tool in ("strace", "valgrind") if shutil.which(tool) is None]


def measure_exact(env: Environment, peer: Peer, row: Row) -> Exact:
    result = Exact()
    if shutil.which("strace"):
        calls = _count_calls(env, peer, row)
        reads = sum(calls.get(name, 0) for name in READS)
        sends = sum(calls.get(name, 0) for name in SENDS)
        result = replace(result, syscalls=sum(calls.values()) / row.exact_requests,
                         sends_per_read=sends / reads if reads else None)
    if shutil.which("valgrind"):
        few = row.exact_requests // CALLGRIND_PART
        difference = (_count_instructions(env, peer, row, row.exact_requests)
                      - _count_instructions(env, peer, row, few))
        result = replace(result, instructions=difference / (row.exact_requests - few))
    return result


def _load_options(server: RunningServer, row: Row, requests: int) -> list[str]:
    return row.work.load_options(server) + ["--requests", str(requests)]


def _count_calls(env: Environment, peer: Peer, row: Row) -> dict[str, int]:
    """Calls by name in a run whose connections were open before strace looked."""
    summary = env.scratch / "strace.txt"
    with RunningServer(env, peer, row.service) as server:
        options = _load_options(server, row, row.exact_requests)
        with Load(env, row.work.mode, options) as load:
            pids = server.pids
            command = ["strace", "-c", "-f", "-o", str(summary)]
            for pid in pids:
                command += ["-p", str(pid)]
            tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            try:
                _await_tracer(tracer, pids)
                load.run()
            finally:
                tracer.send_signal(signal.SIGINT)
                tracer.wait()
    return parse_strace(summary.read_text())


def _await_tracer(tracer: subprocess.Popen, pids: list[int]) -> None:
    deadline = time.monotonic() + ATTACH_SECONDS
    for pid in pids:
        while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
            if tracer.poll() is not None or time.monotonic() > deadline:
                raise BenchError("strace cannot attach to the server")
            time.sleep(0.01)


def parse_strace(text: str) -> dict[str, int]:
    """The calls column of `strace -c`: share, seconds, us/call, calls, [errors,] name."""
    calls = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) in (5, 6) and words[0][0].isdigit() and words[-1] != "total":
            calls[words[-1]] = int(words[3])
    return calls


def _count_instructions(env: Environment, peer: Peer, row: Row, requests: int) -> int:
    """User instructions of a whole run, start and end included, over all processes."""
    directory = env.scratch / f"callgrind-{time.monotonic_ns()}"
    directory.mkdir(mode=0o777)
    directory.chmod(0o777)  # nginx's worker writes its own file, without privileges
    wrapper = ["valgrind", "--tool=callgrind", "--quiet",
               f"--callgrind-out-file={directory}/out.%p"]
    with RunningServer(env, peer, row.service, wrapper) as server:
        options = _load_options(server, row, requests)
        with Load(env, row.work.mode, options) as load:
            load.run()
    total = 0
    for path in directory.iterdir():
        match = re.search(r"^(?:totals|summary): (\d+)", path.read_text(), re.MULTILINE)
        total += int(match.group(1)) if match else 0
    if total == 0:
        raise BenchError(f"callgrind has counted nothing for {peer.name}")
    return total
