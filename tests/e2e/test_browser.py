"""A page in a real browser: media types, many small files at once, keep-alive."""

import re
import struct
import subprocess
import zlib

import pytest

pytestmark = pytest.mark.full

# Without the last ones a browser looks for its makers' hosts when it starts.
CHROMIUM_OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --virtual-time-budget=20000"
).split()

# The page itself says what the browser made of it.
PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>waiting</title>
<link rel="stylesheet" href="style.css"></head>
<body><h1>Gr\u00fc\u00dfe</h1>{images}
<script>
onload = function () {{
  const sizes = Array.from(document.images, (image) => image.naturalWidth);
  const colour = getComputedStyle(document.querySelector('h1')).color;
  document.title = 'widths ' + sizes.join(' ') + '; ' + colour;
}};
</script></body></html>
"""


def png(width, height):
    """An image that cannot be taken for another: its width says which it is."""

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + bytes(range(width)) * 3 for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows, 0))
        + chunk(b"IEND", b"")
    )


def dump(browser, profile, url):
    command = [browser, *CHROMIUM_OPTIONS, f"--user-data-dir={profile}", "--dump-dom", url]
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=True
    )
    return result.stdout.decode()


def test_page_with_images(serve, need, tmp_path):
    """A wrong media type, a cut image or a stuck connection: the page is not what was written."""
    site = tmp_path / "site"
    site.mkdir()
    widths = range(40, 60)
    for width in widths:
        (site / f"{width}.png").write_bytes(png(width, 90))
    images = "".join(f'<img src="{width}.png">' for width in widths)
    (site / "index.html").write_text(PAGE.format(images=images), encoding="utf-8")
    (site / "style.css").write_text("h1 { color: rgb(1, 2, 3) }")
    server = serve("http", "127.0.0.1:0", "--root", site, "--threads", 4)
    page = dump(need("chromium"), tmp_path / "profile", server.addresses[0])
    title = re.search("<title>(.*?)</title>", page).group(1)
    assert title == "widths " + " ".join(map(str, widths)) + "; rgb(1, 2, 3)"
    assert "Gr\u00fc\u00dfe" in page


def test_links_of_a_listing_lead_to_the_files(serve, need, tmp_path):
    """Escaping that satisfies a parser but not a browser."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "a&b <c> \"d\" 'e' #f ?g %41.txt").write_text("found")
    server = serve("http", "127.0.0.1:0", "--root", site)
    browser = need("chromium")
    page = dump(browser, tmp_path / "profile", server.addresses[0])
    link = re.search('<a href="(./[^"]*txt)"', page).group(1).replace("&amp;", "&")
    assert "found" in dump(browser, tmp_path / "profile2", server.addresses[0] + link)
