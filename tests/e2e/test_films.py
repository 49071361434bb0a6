"""Films, as those who watch them get them: ffmpeg and a browser, which read them in parts."""

import json
import shutil
import subprocess

import pytest

from browser_driver import Browser
from netkit_server import PATIENCE, wait_until

pytestmark = pytest.mark.full

# What is seen says at what time: 20 seconds of each. The noise makes it large.
COLOURS = ("red", "lime", "blue")
SECONDS = 20

PAGE = '<!DOCTYPE html><title>film</title><link rel="icon" href="data:,">' \
       '<video src="film.webm" preload="metadata" muted></video>'

# The strongest of red, green and blue in the middle of what is shown, once it is.
STRONGEST = """
const film = document.querySelector('video');
if (film.seeking || film.readyState < 2)
  return null;
const canvas = document.createElement('canvas').getContext('2d');
canvas.drawImage(film, 0, 0);
const found = Array.from(canvas.getImageData(60, 60, 1, 1).data.slice(0, 3));
return found.indexOf(Math.max(...found));
"""


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
                          stdin=subprocess.DEVNULL, timeout=4 * PATIENCE).stdout


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """A directory with the same film twice: its index is at the end of film.mp4."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    root = tmp_path_factory.mktemp("films")
    parts = "".join(f"color={one}:s=160x120:r=25:d={SECONDS}[{one}];" for one in COLOURS)
    inputs = "".join(f"[{one}]" for one in COLOURS)
    graph = f"{parts}{inputs}concat=n={len(COLOURS)},noise=alls=30:allf=t"
    for name, codec in (("film.webm", ("libvpx", "-deadline", "realtime", "-cpu-used", "8")),
                        ("film.mp4", ("mpeg4",))):
        run(ffmpeg, "-v", "error", "-filter_complex", graph, "-c:v", *codec, "-b:v", "4M",
            "-g", "25", root / name)
        assert (root / name).stat().st_size > 4 * 1024 * 1024
    (root / "index.html").write_text(PAGE)
    return root


@pytest.fixture
def site(serve, films, tmp_path):
    """A server, and with which status it has answered requests for a film so far."""
    log = tmp_path / "log"
    server = serve("http", "127.0.0.1:0", "--root", films, "--access-log", log,
                   "--log-format", "json")

    def answers(name):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        return [line["status"] for line in lines if line["target"] == name]

    server.answers = answers
    return server


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_ffmpeg_reads_by_range(site, films, need, name):
    """A film whose index is at its end: all of it is read to see one picture, or another one."""
    command = (need("ffmpeg"), "-v", "error", "-ss", "50", "-i")
    picture = ("-frames:v", "1", "-f", "framemd5", "-")
    assert run(*command, site.address + name, *picture) == run(*command, films / name, *picture)
    wait_until(lambda: len(site.answers("/" + name)) > 1, "the requests are in the log")
    assert set(site.answers("/" + name)) == {206}


def test_ffprobe_needs_no_whole_film(site, films, need):
    """The length of a film costs as much as watching it."""
    found = run(need("ffprobe"), "-v", "error", "-show_entries", "format=duration",
                "-of", "csv=p=0", site.address + "film.mp4")
    assert abs(float(found) - len(COLOURS) * SECONDS) < 1


def test_seek_in_a_browser(site, need, tmp_path):
    """The slider of a film jumps back to the beginning: a browser without ranges cannot seek."""
    browser = Browser(need("chromedriver"), need("chromium"), tmp_path)
    try:
        browser.go(site.address)
        wait_until(lambda: browser.run(STRONGEST) == 0, "the beginning is shown")
        for number in (2, 0, 1):
            at = number * SECONDS + SECONDS // 2
            browser.run(f"document.querySelector('video').currentTime = {at}")
            wait_until(lambda: browser.run(STRONGEST) == number, f"{COLOURS[number]} is shown")
            assert browser.run("return document.querySelector('video').currentTime") == at
        assert browser.complaints() == []
    finally:
        browser.close()
    wait_until(lambda: len(site.answers("/film.webm")) > 1, "the requests are in the log")
    assert {206} <= set(site.answers("/film.webm")) <= {206, 304}, "304: what it had already"
