"""Directories with very many names. They take long to make, so that the large ones are made once
for a whole run, by whichever process needs one first, and only read."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

# Room for some hundred thousand names, in bytes.
ROOM = 1 << 30


def make_names(directory, count):
    directory.mkdir(parents=True)
    descriptor = os.open(directory, os.O_RDONLY)
    for number in range(count):
        os.close(os.open(f"entry-{number:06}", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    os.close(descriptor)


class Store:
    """A place for them; `path` is what another process opens it by. In memory, if there is
    enough: a disk takes ten times as long."""

    def __init__(self, path=None):
        if path is None:
            memory = Path("/dev/shm")
            has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
            path = tempfile.mkdtemp(prefix="netkit-", dir=memory if has_room else None)
        self.path = Path(path)

    def get(self, name, **counts):
        """A root with a directory of so many names for each of `counts`."""
        with open(self.path / f"{name}.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            root = self.path / name
            if not root.exists():
                made = self.path / f"{name}.new"
                for directory, count in counts.items():
                    make_names(made / directory, count)
                made.rename(root)
        return root

    def remove(self):
        shutil.rmtree(self.path)
