"""The listing in a real browser: sorting, keys, colours, sizes of windows, uploads."""

import os
import shutil

import pytest

from browser_driver import ENTER, TAB, Browser
from netkit_server import wait_until

pytestmark = pytest.mark.full

MIB = 1024 * 1024

# (L1 + 0.05) / (L2 + 0.05) of every text against what is behind it (WCAG 2.2, 1.4.3).
CONTRASTS = """
const light = (colour) => {
  const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((v) => {
    v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const paper = light(getComputedStyle(document.body).backgroundColor);
return ['h1', 'caption', 'thead a', 'tbody a', 'td', 'nav a', 'label'].map((selector) => {
  const ink = light(getComputedStyle(document.querySelector(selector)).color);
  return [selector, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
}).concat([['paper', paper]]);
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    programs = [shutil.which("chromedriver"), shutil.which("chromium")]
    if not all(programs):
        pytest.skip("chromium or chromedriver is not installed")
    one = Browser(*programs, tmp_path_factory.mktemp("browser"))
    yield one
    one.close()


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root"
    (path / "photos" / "2026").mkdir(parents=True)
    (path / "src").mkdir()
    for number, (name, size) in enumerate({
        "b.txt": 300, "a.txt": 100, "archive.tar.gz": 3 * MIB, "Grüße & <3.html": 12,
        "a name that is much too long for a narrow screen" + "-and-has-no-space" * 6: 1,
    }.items()):
        (path / name).write_bytes(bytes(size))
        os.utime(path / name, (10**9 + number, 10**9 + number))
    return path


@pytest.fixture
def site(serve, root, browser):
    """The address of a server with uploads; afterwards nothing may be in the console."""
    server = serve("http", "127.0.0.1:0", "--root", root, "--upload")
    browser.complaints()
    browser.resize(1000, 800)
    yield server.addresses[0]
    browser.go("about:blank")  # lets go of its connections


def no_complaints(browser):
    found = browser.complaints()
    assert found == [], found


def names(browser):
    return browser.run("return Array.from(document.querySelectorAll('tbody th a'), "
                       "(link) => link.textContent)")


def test_sort_by_click(browser, site):
    """A heading that looks like a link and is none, or an order that is only announced."""
    browser.go(site)
    assert names(browser)[:4] == ["photos/", "src/", names(browser)[2], "a.txt"]
    for order in ("ascending", "descending"):
        browser.all("thead a")[1].click()
        assert browser.one("[aria-sort]").text.startswith("Size")
        assert browser.run("return document.querySelector('[aria-sort]').ariaSort") == order
        files = [name for name in names(browser) if not name.endswith("/")]
        assert files[0 if order == "descending" else -1] == "archive.tar.gz"
    browser.all("thead a")[2].click()
    assert names(browser)[2:4] == ["b.txt", "a.txt"]
    no_complaints(browser)


def test_keys(browser, site):
    """A page for mice: links that cannot be reached, or nobody sees which one it is."""
    browser.go(site + "photos/2026/")
    seen = []
    for _ in range(8):
        browser.press(TAB)
        seen.append(browser.run("return document.activeElement.textContent.trim()"))
        outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", seen
    assert seen[:7] == ["Top", "photos", "2026", "Name", "Size", "Modified (UTC)",
                        "Parent directory"]
    browser.run("document.querySelector('[rel=up]').focus()")
    browser.press(ENTER)
    wait_until(lambda: browser.url == site + "photos/", "one up")
    browser.run("document.querySelector('tbody tr:last-child a').focus()")
    browser.press(ENTER)
    wait_until(lambda: browser.url == site + "photos/2026/", "and down again")
    no_complaints(browser)


def test_what_is_read_aloud(browser, site):
    """What a screen reader gets: the tree of the browser, not the source of the page."""
    browser.go(site + "photos/")
    nodes = browser.tell("Accessibility.getFullAXTree")["nodes"]
    seen = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes}
    for wanted in (("navigation", "Path"), ("heading", "Index of /photos/"),
                   ("columnheader", "Name"), ("rowheader", "2026/"), ("link", "Parent directory"),
                   ("button", "Upload")):
        assert wanted in seen, [one for one in sorted(seen) if one[0] != "InlineTextBox"]
    assert any(role == "table" and name.startswith("1 directory") for role, name in seen)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours(browser, site, tmp_path, scheme):
    """Grey on grey, or a white page in a dark room."""
    browser.tell("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.go(site + "photos/")
    found = dict(browser.run(CONTRASTS))
    paper = found.pop("paper")
    assert paper < 0.05 if scheme == "dark" else paper > 0.9
    assert all(contrast >= 7 for contrast in found.values()), found
    browser.screenshot(tmp_path / "screen.png")
    assert (tmp_path / "screen.png").stat().st_size > 5000
    browser.tell("Emulation.setEmulatedMedia", features=[])
    no_complaints(browser)


@pytest.mark.parametrize("width", [320, 480, 1600])
def test_widths(browser, site, width):
    """A telephone on which one has to scroll to the side."""
    browser.resize(width, 700)
    browser.go(site)
    assert browser.run("return document.documentElement.scrollWidth") <= width


# ---- uploads ----


def test_upload_with_progress(browser, site, root, tmp_path):
    """Minutes without a sign of life, or a file that arrives as another."""
    source = tmp_path / "large file.bin"
    source.write_bytes(os.urandom(MIB) * 24)
    browser.go(site + "src/")
    browser.tell("Network.emulateNetworkConditions", offline=False, latency=0,
                 downloadThroughput=-1, uploadThroughput=8 * MIB)
    browser.run("""
        sessionStorage.seen = '';
        new MutationObserver(() => {
          sessionStorage.seen += document.getElementById('progress').value + ' ';
        }).observe(document.getElementById('status'), {childList: true});
    """)
    browser.one("#file").type(str(source))
    browser.one("#upload button").click()
    wait_until(lambda: "large file.bin" in names(browser), "the file is in the listing", 120)
    assert (root / "src" / source.name).read_bytes() == source.read_bytes()
    seen = [float(value) for value in browser.run("return sessionStorage.seen").split()]
    assert seen == sorted(seen) and len(set(seen)) > 2 and seen[-1] == 1, seen
    browser.tell("Network.emulateNetworkConditions", offline=False, latency=0,
                 downloadThroughput=-1, uploadThroughput=-1)
    no_complaints(browser)


def test_upload_of_several(browser, site, root, tmp_path):
    """Only the first of several files arrives."""
    for name in ("one", "zwei ä"):
        (tmp_path / name).write_text(name)
    browser.go(site + "src/")
    browser.one("#file").type(f"{tmp_path}/one\n{tmp_path}/zwei ä")
    browser.one("#upload button").click()
    wait_until(lambda: {"one", "zwei ä"} <= set(names(browser)), "both are in the listing")
    assert (root / "src" / "zwei ä").read_text() == "zwei ä"


def test_upload_that_is_refused(browser, site, root, tmp_path):
    """An error that leads away, or that nobody sees."""
    (tmp_path / "a.txt").write_text("another")
    browser.go(site)
    browser.one("#file").type(f"{tmp_path}/a.txt")
    browser.one("#upload button").click()
    wait_until(lambda: browser.one("#status").text.startswith("Failed: 409"), "it is said")
    assert (root / "a.txt").read_bytes() == bytes(100)
    assert browser.run("return document.querySelector('#upload button').disabled") is False
    assert browser.run("return document.getElementById('progress').hidden") is True
    browser.complaints()  # of the 409 itself


def test_upload_without_scripts(browser, site, root, tmp_path):
    """A form that is nothing without its script."""
    (tmp_path / "plain").write_text("plain")
    browser.tell("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.go(site + "src/")
        browser.one("#file").type(f"{tmp_path}/plain")
        browser.one("#upload button").click()
        wait_until(lambda: "plain" in names(browser), "the file is in the listing")
        assert browser.url == site + "src/"
        assert (root / "src" / "plain").read_text() == "plain"
    finally:
        browser.tell("Emulation.setScriptExecutionDisabled", value=False)
