"""A real browser that does what a test says: Chromium, driven by chromedriver (W3C WebDriver)."""

import base64
import json
import os
import re
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

from netkit_server import PATIENCE, wait_until

# Without the last ones a browser looks for its makers' hosts when it starts.
OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-dev-shm-usage"
).split()

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
TAB, ENTER, SHIFT = "\ue004", "\ue007", "\ue008"


class Element:
    def __init__(self, browser, identifier):
        self._browser = browser
        self.identifier = identifier

    def _call(self, method, path, **body):
        return self._browser.call(method, f"/element/{self.identifier}{path}", **body)

    @property
    def text(self):
        return self._call("GET", "/text")

    def click(self):
        self._call("POST", "/click")

    def type(self, text):
        self._call("POST", "/value", text=text)


class Browser:
    """One window. What the page complains about is collected by complaints()."""

    def __init__(self, driver, browser, directory):
        self._profile = tempfile.TemporaryDirectory(dir=directory)
        self._log = tempfile.TemporaryFile()
        self._driver = subprocess.Popen([driver, "--port=0"], stdin=subprocess.DEVNULL,
                                        stdout=self._log, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        self._session = ""
        try:
            wait_until(lambda: self._port() or self._driver.poll() is not None, "a driver")
            self._url = f"http://127.0.0.1:{self._port()}/session"
            made = self.call("POST", "", capabilities={"alwaysMatch": {
                "browserName": "chrome",
                "goog:loggingPrefs": {"browser": "ALL"},
                "goog:chromeOptions": {
                    "binary": browser,
                    "args": [*OPTIONS, f"--user-data-dir={self._profile.name}"],
                },
            }})
            self._session = "/" + made["sessionId"]
        except BaseException:
            self.close()
            raise

    def _port(self):
        match = re.search(rb"started successfully on port (\d+)",
                          os.pread(self._log.fileno(), 1 << 16, 0))
        return match and match.group(1).decode()

    def close(self):
        if self._session:
            self.call("DELETE", "")
        os.killpg(self._driver.pid, signal.SIGTERM)
        self._driver.wait(PATIENCE)
        self._log.close()
        wait_until(self._remove_profile, "the browser has let go of its files")

    def _remove_profile(self):
        try:
            self._profile.cleanup()
        except OSError:
            return False
        return True

    def call(self, method, path, **body):
        """One command of the protocol."""
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(self._url + self._session + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=4 * PATIENCE) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as problem:
            raise AssertionError(f"{method} {path}: {problem.read().decode()}") from None

    # ---- going somewhere and looking ----

    def go(self, url):
        self.call("POST", "/url", url=url)

    @property
    def url(self):
        return self.call("GET", "/url")

    def all(self, selector):
        found = self.call("POST", "/elements", using="css selector", value=selector)
        return [Element(self, one[ELEMENT]) for one in found]

    def one(self, selector):
        (found,) = self.all(selector)
        return found

    def run(self, script):
        """What the body of a function returns in the page."""
        return self.call("POST", "/execute/sync", script=script, args=[])

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def complaints(self):
        """What has been written to the console since the last time."""
        return self.call("POST", "/se/log", type="browser")

    # ---- acting ----

    def press(self, *keys):
        steps = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", actions=[{"type": "key", "id": "keys", "actions": steps}])

    def resize(self, width, height):
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def tell(self, command, **values):
        """A command of Chromium's own protocol."""
        return self.call("POST", "/goog/cdp/execute", cmd=command, params=values)
