"""The Markdown of a run: medians, ratios per round with their spread, targets, verdicts."""

import statistics
from dataclasses import dataclass, field

from .exact import Exact
from .measure import Sample
from .rows import AGAIN, Line, Row, Target

# On a quiet machine the server's core is busy for at least this share of a closed loop.
QUIET_BUSY = 0.9


@dataclass
class RowResult:
    """All rounds of a row: samples[slot][round], and what --exact has counted."""

    row: Row
    samples: dict[str, list[Sample]]
    exact: dict[str, Exact] = field(default_factory=dict)

    def series(self, slot: str, metric: str) -> list[float]:
        return [sample.values[metric] for sample in self.samples.get(slot, [])]

    def peer_series(self, peer: str, metric: str) -> list[float]:
        """The figures of a server by round; a yardstick's two runs of a round are averaged."""
        first, second = self.series(peer, metric), self.series(peer + AGAIN, metric)
        return [(a + b) / 2 for a, b in zip(first, second)] if second else first


@dataclass(frozen=True)
class Ratio:
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, numerators: list[float], denominators: list[float]) -> "Ratio | None":
        """Round by round, so that what slows a whole round down cancels out."""
        if not numerators or not denominators or min(denominators) <= 0:
            return None
        ratios = [a / b for a, b in zip(numerators, denominators)]
        return cls(statistics.median(ratios), min(ratios), max(ratios))

    def __str__(self) -> str:
        return f"{self.median:.3f} ({self.low:.3f}..{self.high:.3f})"


def _number(value: float) -> str:
    if abs(value) < 0.05:
        return "0"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _table(header: list[str], body: list[list[str]]) -> list[str]:
    rows = [header, ["---"] * len(header), *body]
    return ["| " + " | ".join(cells) + " |" for cells in rows]


def _spread_of_yardstick(result: RowResult, metric: str) -> Ratio | None:
    name = result.row.yardstick
    return Ratio.of(result.series(name + AGAIN, metric), result.series(name, metric))


def _reached(result: RowResult, line: Line, target: Target) -> tuple[bool, str] | None:
    """Whether netkit reaches the target, and its figure; None when it was not measured."""
    exact = result.exact.get("netkit", Exact())
    figure: float | None
    if target.against == "syscalls":
        figure = exact.syscalls
    elif target.against == "sends per read":
        figure = exact.sends_per_read
    elif target.against == "value":
        own = result.peer_series("netkit", line.metric)
        figure = statistics.median(own) if own else None
    else:
        ratio = Ratio.of(result.peer_series("netkit", line.metric),
                         result.peer_series(target.against, line.metric))
        figure = ratio.median if ratio else None
    if figure is None:
        return None
    return figure <= target.limit, f"{figure:.3g}"


def _verdict_of_level(result: RowResult, line: Line, level: str) -> str:
    targets = [target for target in line.targets if target.level == level]
    checked = [(target, _reached(result, line, target)) for target in targets]
    missed = [f"{outcome[1]} is not {target.limit:g} ({target.against})"
              for target, outcome in checked if outcome and not outcome[0]]
    unknown = [target.against for target, outcome in checked if outcome is None]
    if not targets:
        return ""
    if missed:
        return f"{level} MISSED: {', '.join(missed)}"
    if len(unknown) == len(targets):
        return f"{level} not measured"
    return f"{level} met" + (f" ({', '.join(unknown)} not measured)" if unknown else "")


def _verdict(result: RowResult, line: Line) -> str:
    levels = [_verdict_of_level(result, line, level) for level in ("must", "goal")]
    return "; ".join(text for text in levels if text) or "-"


def _cell(values: list[float], with_range: bool) -> str:
    if not values:
        return "-"
    median = _number(statistics.median(values))
    if not with_range or min(values) == max(values):
        return median
    return f"{median} ({_number(min(values))}..{_number(max(values))})"


def _beyond_noise(ratio: Ratio | None, noise: Ratio | None) -> str:
    """A claim counts when the median lies outside the yardstick's spread against itself."""
    if ratio is None or noise is None:
        return "-"
    return "no" if noise.low <= ratio.median <= noise.high else "yes"


def _main_line(result: RowResult, line: Line, peers: list[str]) -> list[str]:
    metric, yardstick = line.metric, result.row.yardstick
    by_peer = {peer: result.peer_series(peer, metric) for peer in peers}
    to_yardstick = to_nginx = noise = None
    if line.ratios:
        to_yardstick = Ratio.of(by_peer.get("netkit", []), by_peer.get("reference", []))
        to_nginx = Ratio.of(by_peer.get("netkit", []), by_peer.get("nginx", []))
        noise = _spread_of_yardstick(result, metric)
    against = to_yardstick if yardstick == "reference" else to_nginx
    # Where no ratio shows the spread, the figures themselves do.
    figures = [_cell(by_peer[peer], with_range=not line.ratios) for peer in peers]
    return [line.title, line.unit, *figures, str(to_yardstick or "-"), str(to_nginx or "-"),
            str(noise or "-"), _beyond_noise(against, noise),
            "; ".join(map(str, line.targets)) or "-", _verdict(result, line)]


def main_table(results: list[RowResult], peers: list[str]) -> list[str]:
    header = ["row", "unit", *peers, "netkit/reference", "netkit/nginx",
              "yardstick against itself", "beyond noise", "target", "verdict"]
    return _table(header, [_main_line(result, line, peers)
                           for result in results for line in result.row.lines])


def exact_table(results: list[RowResult]) -> list[str]:
    def cell(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    body = [[result.row.key, peer, cell(exact.syscalls, ".3f"), cell(exact.sends_per_read, ".3f"),
             cell(exact.instructions, ".0f")]
            for result in results for peer, exact in result.exact.items()]
    return _table(["row", "server", "syscalls per request", "sends per read",
                   "user instructions per request"], body)


def details_table(results: list[RowResult]) -> list[str]:
    """Throughput and latency are noise on a shared machine: printed, never claimed."""
    body = []
    for result in results:
        for slot, samples in result.samples.items():
            def median(value) -> float:
                return statistics.median(value(sample) for sample in samples)
            body.append([
                result.row.key, slot,
                f"{median(lambda s: s.busy * 100):.0f}",
                f"{median(lambda s: s.load.client_cpu * 100):.0f}",
                f"{median(lambda s: s.load.requests / s.load.seconds):.0f}",
                f"{median(lambda s: s.load.latency_min_us):.0f}",
                f"{median(lambda s: s.load.latency_p50_us):.0f}",
                f"{median(lambda s: s.load.latency_p99_us):.0f}"])
    return _table(["row", "server", "server core busy, %", "client core busy, %", "requests/s",
                   "latency min, us", "p50", "p99"], body)


def disturbed_rows(results: list[RowResult]) -> list[str]:
    """A note for each row whose server had to wait, for the client or for its core."""
    notes = []
    for result in results:
        lowest = min(statistics.median(sample.busy for sample in samples)
                     for samples in result.samples.values())
        if lowest < QUIET_BUSY:
            notes.append(f"row {result.row.key}: a server was busy for only {lowest:.0%} of the "
                         "time: other programs used the cores, or the client was the slower side")
    return notes


def render(results: list[RowResult], peers: list[str], facts: list[str],
           notes: list[str]) -> str:
    """The whole report. facts: about machine and run; notes: what is missing and why."""
    lines = [f"- {fact}" for fact in facts] + [""]
    lines += main_table(results, peers) + [""]
    if any(result.exact for result in results):
        lines += ["Exact counts, from separate short runs:", ""] + exact_table(results) + [""]
    lines += ["For information, not for claims (medians):", ""] + details_table(results) + [""]
    lines += [f"- {note}" for note in notes + disturbed_rows(results)]
    return "\n".join(lines).rstrip() + "\n"
