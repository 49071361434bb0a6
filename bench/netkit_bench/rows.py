"""The table of rows: what is measured, against whom, and the target that netkit has to reach.

A row is measured for several servers in turn. Its yardstick comes first and last in every round:
what the two differ by is noise, and only what lies outside that spread is a finding.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .environment import Environment
from .measure import Sample, Work, measure_cpu, measure_idle
from .servers import FILES, PEERS, Peer


@dataclass(frozen=True)
class Target:
    """netkit's figure, divided by that of `against` when it names a server, is at most `limit`.

    against "value": the figure itself. "syscalls" and "sends per read": the figures of --exact.
    """

    level: str  # "must" or "goal"
    against: str
    limit: float

    def __str__(self) -> str:
        if self.against == "value":
            return f"{self.level} <= {self.limit:g}"
        if self.against in PEERS:
            return f"{self.level} <= {self.limit:g} of {self.against}"
        return f"{self.level} <= {self.limit:g} {self.against}"


@dataclass(frozen=True)
class Line:
    """One line of the table: one metric of a row."""

    metric: str
    title: str
    unit: str
    targets: tuple[Target, ...] = ()
    ratios: bool = True  # whether dividing one server's figure by another's says anything


@dataclass(frozen=True)
class Row:
    key: str
    service: str
    work: Work
    lines: tuple[Line, ...]
    measure: Callable[[Environment, Peer, str, Work], Sample] = measure_cpu
    yardstick: str = "reference"
    # --exact: requests in the run under strace, and in the longer of the two under callgrind.
    # 0: nothing to count.
    exact_requests: int = 20000
    default: bool = True


def _http(*options: str, warmup: int = 20000) -> Work:
    return Work("http", options, warmup)


def _idle_echo_row(service: str, name: str) -> Row:
    """One active connection among 5,000 idle ones."""
    work = Work("echo", ("--size", "64", "--connections", "1"), 5000, idle_connections=5000)
    return Row(f"idle-{service}", service, work,
               (Line("added", f"{name}: CPU that 5,000 idle connections add to an active message",
                     "%", (Target("must", "value", 3),), ratios=False),
                Line("memory", f"{name}: private memory of an idle connection", "B/connection",
                     ratios=False),
                Line("cpu_with_idle", f"{name}: active message beside them", "us/message")),
               measure=measure_idle, exact_requests=0, default=False)


def _burst_row(key: str, title: str, *options: str) -> Row:
    return Row(key, "udp", Work("udp", ("--size", "64", "--depth", "64", *options), 64000),
               (Line("cpu", f"e. UDP echo, {title}", "us/datagram",
                     (Target("must", "reference", 0.45), Target("goal", "reference", 0.30))),),
               exact_requests=64000)


def _idle_lines() -> tuple[Line, ...]:
    return (
        Line("memory", "c. idle keep-alive connections: private memory", "B/connection",
             (Target("must", "value", 256), Target("goal", "value", 192)), ratios=False),
        Line("added", "c. CPU that they add to an active request", "%",
             (Target("must", "value", 3),), ratios=False),
        Line("wakeups", "c. wake-ups while only they exist", "1/s",
             (Target("must", "value", 5),), ratios=False),
        Line("cpu_with_idle", "c. active request beside them", "us/request"),
    )


def _file_row(name: str, title: str, warmup: int, targets: tuple[Target, ...],
              by_kib: bool = False) -> Row:
    size = FILES[name]
    work = Work("http", ("--path", f"/{name}", "--body-bytes", str(size)), warmup,
                units=size // 1024 if by_kib else 1)
    return Row(f"d-{title}", "files", work,
               (Line("cpu", f"d. file of {title}", "us/KiB" if by_kib else "us/request", targets),),
               yardstick="nginx", exact_requests=warmup, default=False)


ROWS = (
    Row("a", "http", _http(),
        (Line("cpu", "a. HTTP keep-alive, small response", "us/request",
              (Target("must", "reference", 1.12), Target("must", "nginx", 0.92),
               Target("must", "syscalls", 2.1),
               Target("goal", "reference", 1.04), Target("goal", "nginx", 0.80))),)),
    Row("b", "http", _http("--depth", "16", warmup=64000),
        (Line("cpu", "b. the same, 16 pipelined", "us/request",
              (Target("must", "reference", 1.3), Target("must", "nginx", 0.10),
               Target("must", "sends per read", 1.0),
               Target("goal", "reference", 1.1))),),
        exact_requests=64000),
    Row("c", "http", _http(), _idle_lines(), measure=measure_idle, exact_requests=0),
    Row("echo", "echo", Work("echo", ("--size", "64"), 20000),
        (Line("cpu", "TCP echo, 64 B", "us/message", (Target("must", "reference", 1.10),)),)),
    Row("e-one", "udp", Work("udp", ("--size", "64"), 20000),
        (Line("cpu", "e. UDP echo, one datagram in flight", "us/datagram",
              (Target("must", "reference", 1.05), Target("goal", "reference", 1.02))),)),
    _burst_row("e-burst", "bursts of 64 from one peer"),
    _burst_row("e-run", "the same, sent as one run", "--run"),
    _idle_echo_row("echo", "TCP echo"),
    _idle_echo_row("unix", "unix echo"),
    _file_row("1k.bin", "1KiB", 20000,
              (Target("must", "nginx", 0.80), Target("goal", "nginx", 0.65))),
    _file_row("16k.bin", "16KiB", 10000,
              (Target("must", "nginx", 0.80), Target("goal", "nginx", 0.65))),
    _file_row("1m.bin", "1MiB", 500,
              (Target("must", "nginx", 1.03), Target("goal", "nginx", 1.00)), by_kib=True),
    Row("g", "short", _http("--close", warmup=2000),
        (Line("cpu", "g. short connections", "us/connection",
              (Target("must", "nginx", 0.95), Target("goal", "nginx", 0.90))),),
        yardstick="nginx", exact_requests=4000, default=False),
)

# A letter may stand for several rows.
GROUPS = {letter: tuple(row.key for row in ROWS if row.key.startswith(f"{letter}-"))
          for letter in ("d", "e", "idle")}


def choose_rows(text: str | None) -> list[Row]:
    """The rows of a comma-separated list; raises ValueError on a name that does not exist."""
    if text is None:
        return [row for row in ROWS if row.default]
    by_key = {row.key: row for row in ROWS}
    chosen = []
    for word in text.split(","):
        for key in GROUPS.get(word, (word,)):
            if key not in by_key:
                raise ValueError(f"no row '{key}'; there are {', '.join([*by_key, *GROUPS])}")
            chosen.append(by_key[key])
    return chosen


AGAIN = " (again)"


def slots(row: Row, peers: list[str]) -> list[tuple[str, Peer]]:
    """Who is measured in a round, in order: (name in the results, server)."""
    able = [name for name in peers if row.service in PEERS[name].services]
    if row.yardstick not in able:
        return [(name, PEERS[name]) for name in able]
    others = [name for name in able if name != row.yardstick]
    yardstick = PEERS[row.yardstick]
    return [(row.yardstick, yardstick), *((name, PEERS[name]) for name in others),
            (row.yardstick + AGAIN, yardstick)]
