"""The load generator as a child process, pinned to the client core."""

import select
import subprocess
from dataclasses import dataclass

from .environment import BenchError, Environment, pinned

LINE_SECONDS = 120


@dataclass(frozen=True)
class LoadResult:
    """What the generator reports of its measured phase; it has checked every response."""

    requests: int
    seconds: float
    client_cpu: float  # share of the client core
    latency_min_us: float
    latency_p50_us: float
    latency_p99_us: float

    @classmethod
    def parse(cls, line: str) -> "LoadResult":
        fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
        if fields.get("errors") != "0":
            raise BenchError(f"the load generator reports errors: {line}")
        return cls(int(fields["requests"]), float(fields["seconds"]), float(fields["client_cpu"]),
                   float(fields["latency_min_us"]), float(fields["latency_p50_us"]),
                   float(fields["latency_p99_us"]))


class _Generator:
    """A running generator that is talked to in lines; the first one it says tells it is ready."""

    _first_word = "ready"

    def __init__(self, env: Environment, mode: str, options: list[str]) -> None:
        self._command = [str(env.load), mode, *options]
        self._core = env.client_core
        self._process: subprocess.Popen | None = None

    def __enter__(self):
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            bufsize=0, preexec_fn=pinned(self._core))
        try:
            self.expect(self._first_word)
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, kind, *_rest) -> None:
        process = self._process
        assert process is not None and process.stdin is not None
        if kind is not None and process.poll() is None:
            process.kill()
        process.stdin.close()
        status = process.wait()
        complaint = process.stderr.read().decode(errors="replace").strip()
        process.stdout.close()
        process.stderr.close()
        if kind is None and status != 0:
            raise BenchError(f"load generator: {complaint}")

    def expect(self, word: str) -> str:
        """The next line, which must start with `word`."""
        assert self._process is not None
        text = b""
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], LINE_SECONDS)
            part = self._process.stdout.read(1) if ready else b""
            if not part:
                self._fail(word)
            text += part
        line = text.decode().strip()
        if not line.startswith(word):
            raise BenchError(f"load generator: '{line}' where '{word}' was expected")
        return line

    def tell(self) -> None:
        """The line it waits for."""
        assert self._process is not None
        self._process.stdin.write(b"\n")

    def _fail(self, word: str) -> None:
        process = self._process
        if process.poll() is None:
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:
                process.kill()
        complaint = process.stderr.read().decode(errors="replace").strip()
        raise BenchError(f"load generator ended before '{word}': {complaint}\n"
                         f"  ({' '.join(self._command)})")


class Load(_Generator):
    """A closed loop of requests.

    with Load(...) as load:      # connections open and warm
        before = ...
        result = load.run()      # the measured phase
        after = ...              # the connections are still open
    """

    def __init__(self, env: Environment, mode: str, options: list[str]) -> None:
        super().__init__(env, mode, ["--controlled", *options])

    def run(self) -> LoadResult:
        self.tell()
        return LoadResult.parse(self.expect("done"))


class IdleConnections(_Generator):
    """Connections that completed one request and stay open until the end of the block.

    A connection that the server closed meanwhile makes the run invalid.
    """

    _first_word = "holding"

    _modes = {"http": "idle", "echo": "idle-echo"}

    def __init__(self, env: Environment, mode: str, count: int, options: list[str]) -> None:
        # The last of several --connections counts.
        super().__init__(env, self._modes[mode], [*options, "--connections", str(count)])
