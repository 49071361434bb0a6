"""What the kernel says about a server: CPU time, private memory, wake-ups."""

import time
from dataclasses import dataclass
from pathlib import Path

from .environment import Environment
from .load import IdleConnections, Load, LoadResult
from .servers import Peer, RunningServer

# The server is asleep this long after the last response was received, and its CPU time is booked.
SETTLE_SECONDS = 0.005

# Memory and descriptors of many closed or opened connections need a little longer.
IDLE_SETTLE_SECONDS = 0.3


def cpu_nanoseconds(pids: list[int]) -> int:
    """CPU time of all threads, user and system, exact: the scheduler's own account."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total


def private_bytes(pids: list[int]) -> int:
    """Memory that these processes have written and share with nobody."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                total += int(line.split()[1]) * 1024
    return total


def wakeups(pids: list[int]) -> int:
    """How often the threads, since they began, went to sleep by themselves and so were woken."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
    return total


@dataclass(frozen=True)
class Work:
    """What the load generator does, apart from the address."""

    mode: str
    options: tuple[str, ...]
    warmup: int  # requests
    units: int = 1  # of work in a request, when the figure is not one per request
    idle_connections: int = 0  # beside the active ones; 0: as many as the command line says

    def load_options(self, server: RunningServer) -> list[str]:
        options = list(self.options)
        options += (["--unix", str(server.launch.unix_path)] if server.launch.unix_path
                    else ["--port", str(server.port)])
        if self.mode == "http":
            if "--path" not in options:
                options += ["--path", server.launch.path]
            if "--body-bytes" not in options:
                options += ["--body-bytes", str(server.launch.body_bytes)]
        return options


@dataclass(frozen=True)
class Sample:
    """One server, one round. `values` by metric; the rest is for information."""

    values: dict[str, float]
    busy: float  # share of the server core
    load: LoadResult


def measure_load(env: Environment, server: RunningServer, work: Work) -> tuple[float, Sample]:
    """CPU microseconds per unit, and the whole sample."""
    options = work.load_options(server) + ["--warmup", str(work.warmup),
                                           "--duration-ms", str(round(env.seconds * 1000))]
    with Load(env, work.mode, options) as load:
        pids = server.pids
        time.sleep(SETTLE_SECONDS)
        before = cpu_nanoseconds(pids)
        result = load.run()
        time.sleep(SETTLE_SECONDS)
        used = cpu_nanoseconds(pids) - before
    per_unit = used / 1000 / (result.requests * work.units)
    return per_unit, Sample({"cpu": per_unit}, used / 1e9 / result.seconds, result)


def measure_cpu(env: Environment, peer: Peer, service: str, work: Work) -> Sample:
    """A fresh process, so that the layout of one process in memory does not colour a whole run."""
    with RunningServer(env, peer, service) as server:
        _, sample = measure_load(env, server, work)
    return sample


def measure_idle(env: Environment, peer: Peer, service: str, work: Work) -> Sample:
    """Rows c and idle: what idle connections cost in memory, in wake-ups, and to the active ones.

    Active requests are measured before, while and after the idle connections exist; the mean of
    before and after takes out whatever drifts.
    """
    count = work.idle_connections or env.idle_connections
    with RunningServer(env, peer, service) as server:
        before, _ = measure_load(env, server, work)
        pids = server.pids
        time.sleep(IDLE_SETTLE_SECONDS)
        memory = private_bytes(pids)
        with IdleConnections(env, work.mode, count, work.load_options(server)):
            time.sleep(IDLE_SETTLE_SECONDS)
            memory = private_bytes(pids) - memory
            woken = wakeups(pids)
            time.sleep(env.idle_seconds)
            woken = wakeups(pids) - woken
            during, sample = measure_load(env, server, work)
        time.sleep(IDLE_SETTLE_SECONDS)
        after, _ = measure_load(env, server, work)
    without = (before + after) / 2
    values = {
        "memory": memory / count,
        "cpu_with_idle": during,
        "added": (during / without - 1) * 100,
        "wakeups": woken / env.idle_seconds,
    }
    return Sample(values, sample.busy, sample.load)
