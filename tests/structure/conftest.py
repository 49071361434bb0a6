"""Fixtures of the structure checks."""

import subprocess

import pytest

from source_tree import ROOT


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A prefix into which netkit has been installed from a release build."""
    build = ROOT / "build" / "release"
    prefix = tmp_path_factory.mktemp("installed") / "prefix"
    for command in (
        ["cmake", "--preset", "release"],
        ["cmake", "--build", str(build)],
        ["cmake", "--install", str(build), "--prefix", str(prefix)],
    ):
        result = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert result.returncode == 0, result.stdout
    return prefix
