"""What /proc says about a running process: descriptors, CPU time, memory, wake-ups."""

import os
import time
from pathlib import Path


class Process:
    def __init__(self, pid):
        self.pid = pid
        self._proc = Path("/proc") / str(pid)

    def descriptors(self):
        """The number of open descriptors."""
        return len(os.listdir(self._proc / "fd"))

    def descriptor_targets(self):
        """What the open descriptors are, for messages."""
        targets = []
        for name in os.listdir(self._proc / "fd"):
            try:
                targets.append(os.readlink(self._proc / "fd" / name))
            except FileNotFoundError:
                pass  # closed meanwhile
        return sorted(targets)

    def _tasks(self):
        return list((self._proc / "task").iterdir())

    def thread_count(self):
        return len(self._tasks())

    def state(self):
        """A letter: R runs, S sleeps, T is stopped ..."""
        return (self._proc / "stat").read_text().rsplit(")", 1)[1].split()[0]

    def cpu_seconds(self):
        """CPU time of all threads that run now, exact to the nanosecond."""
        total = sum(int((task / "schedstat").read_text().split()[0]) for task in self._tasks())
        return total / 1e9

    def wakeups(self):
        """How often the threads that run now went to sleep by themselves."""
        total = 0
        for task in self._tasks():
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
        return total

    def cpu_seconds_in(self, seconds):
        """CPU time that the next `seconds` cost. Only for measuring: nothing is awaited."""
        before = self.cpu_seconds()
        time.sleep(seconds)
        return self.cpu_seconds() - before

    def private_kib(self):
        """Memory that only this process has, in KiB."""
        for line in (self._proc / "smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1])
        raise AssertionError("no Private_Dirty in smaps_rollup")

    def peak_kib(self):
        """The most memory that it ever had, shared pages included, in KiB."""
        for line in (self._proc / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
        raise AssertionError("no VmHWM in status")
