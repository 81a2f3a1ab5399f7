"""Thunderbird's own readers of autoconfig and autodiscover, run in a headless Chromium.

Its package (Debian's) holds them as JavaScript modules. What they want of Mozilla's platform beside
JavaScript and XML is a handful of constants and lazy imports: those are given here, nothing else.
"""

import io
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.clients.fetched import FETCH_SECONDS, kept

ORIGIN = "http://thunderbird.test"
INSTALLED = Path("/usr/share/thunderbird/omni.ja")
CHROMIUM = "/usr/bin/chromium"
# What the readers import late; a version has one or the other Sanitizer.
LATE = (
    "JXON",
    "OAuth2Providers",
    "accountcreation/AccountConfig",
    "accountcreation/AccountCreationUtils",
    "accountcreation/ExchangeAutoDiscover",
    "accountcreation/InputSanitizer",
    "accountcreation/Sanitizer",
    "accountcreation/readFromXML",
)
# What takes part in reading; of other modules nothing but the names is there.
READERS = re.compile("accountcreation/\\w+|JXON|OAuth2Providers|hostnameUtils")
EXPORTED = re.compile(r"^export (?:async )?(?:const|let|var|function|class) (\w+)", re.MULTILINE)
TIMER = "export const setTimeout = null, clearTimeout = null, clearInterval = null;"
PLATFORM = """
globalThis.loaded = {};
globalThis.dump = console.log;
console.createInstance = () => console;
globalThis.Cc = globalThis.Cr = globalThis.Cu = {};
globalThis.Ci = {
  nsMsgSocketType: { plain: 0, trySTARTTLS: 1, alwaysSTARTTLS: 2, SSL: 3 },
  nsMsgAuthMethod: { none: 1, old: 2, passwordCleartext: 3, passwordEncrypted: 4, GSSAPI: 5,
                     NTLM: 6, External: 7, secure: 8, anything: 9, OAuth2: 10 },
};
globalThis.ChromeUtils = {
  defineESModuleGetters(lazy, names) {
    for (const [name, url] of Object.entries(names)) {
      Object.defineProperty(lazy, name, { get: () => globalThis.loaded[url][name] });
    }
  },
  defineLazyGetter() {},
};
globalThis.Services = { prefs: { getBoolPref: (name, otherwise) => otherwise ?? false } };
globalThis.load = async modules => {
  for (const path of modules) {
    globalThis.loaded[`/modules/${path}.sys.mjs`] = await import(`/modules/${path}.sys.mjs`);
  }
};
globalThis.read = async (path, call, text) => {
  const document = new DOMParser().parseFromString(text, "text/xml");
  const { JXON } = globalThis.loaded["/modules/JXON.sys.mjs"];
  const tree = JXON.build(document);
  const config = await globalThis.loaded[`/modules/${path}.sys.mjs`][call](tree, "");
  return JSON.parse(JSON.stringify(config));
};
"""


class Reader:
    """Reads as Thunderbird does."""

    def __init__(self, page: Any, thread: ThreadPoolExecutor) -> None:
        self._page, self._thread = page, thread

    def read_autoconfig(self, text: str) -> dict[str, Any]:
        """Return the AccountConfig that Thunderbird makes of a clientConfig."""
        return self._read("accountcreation/readFromXML", "readFromXML", text)

    def read_autodiscover(self, text: str) -> dict[str, Any]:
        """Return the AccountConfig that it makes of an Autodiscover."""
        return self._read("accountcreation/ExchangeAutoDiscover", "readAutoDiscoverXML", text)

    def _read(self, path: str, call: str, text: str) -> dict[str, Any]:
        script = "([path, call, text]) => read(path, call, text)"
        asked = self._thread.submit(self._page.evaluate, script, [path, call, text])
        held: dict[str, Any] = asked.result()
        return held


@contextmanager
def reading() -> Iterator[Reader]:
    """Run a Chromium with Thunderbird's modules; skip where either is missing.

    It has a thread of its own: Playwright keeps a loop running, in which Django asks no database.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).exists():
        pytest.skip("chromium is not installed")
    modules = _modules()
    with ThreadPoolExecutor(1) as thread:
        opened = _opened(playwright, modules)
        page = thread.submit(opened.__enter__).result()
        try:
            yield Reader(page, thread)
        finally:
            thread.submit(opened.__exit__, None, None, None).result()


@contextmanager
def _opened(playwright: Any, modules: Path) -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            page = browser.new_page()
            page.route("**/*", lambda route: _serve(route, modules))
            page.goto(ORIGIN)
            page.add_script_tag(content=PLATFORM)
            late = [name for name in LATE if (modules / f"{name}.sys.mjs").exists()]
            page.evaluate("modules => load(modules)", late)
            yield page
        finally:
            browser.close()


def _serve(route: Any, modules: Path) -> None:
    name = route.request.url.removeprefix(f"{ORIGIN}/modules/").removesuffix(".sys.mjs")
    file = modules / f"{name}.sys.mjs"
    if name == "Timer":
        body = TIMER
    elif not file.exists():
        route.fulfill(body="<!doctype html>", content_type="text/html")
        return
    elif READERS.fullmatch(name):
        body = re.sub("resource://(?:/|gre/)modules/", "/modules/", file.read_text("utf-8"))
        if name.endswith("ExchangeAutoDiscover"):
            body += "\nexport { readAutoDiscoverXML };\n"
    else:
        names = EXPORTED.findall(file.read_text("utf-8"))
        body = "".join(f"export const {held} = {{}};\n" for held in names)
    route.fulfill(body=body, content_type="text/javascript")


def _modules() -> Path:
    """Return the directory of the modules, out of what is installed or out of Debian's package."""
    return kept("thunderbird", [], _unpack) / "modules"


def _unpack(place: Path) -> None:
    archive = INSTALLED.read_bytes() if INSTALLED.exists() else _download()
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        wanted = re.compile(r"modules/(accountcreation/)?\w+\.sys\.mjs")
        for name in filter(wanted.fullmatch, packed.namelist()):
            packed.extract(name, place)


def _download() -> bytes:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        pytest.skip("Thunderbird is not installed, and there is no Debian to fetch it from")
    with tempfile.TemporaryDirectory() as directory:
        try:
            command = ["apt-get", "download", "thunderbird"]
            subprocess.run(
                command, cwd=directory, check=True, capture_output=True, timeout=FETCH_SECONDS
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip("Thunderbird could not be fetched: is the network there?")
        [package] = Path(directory).glob("*.deb")
        command = ["dpkg-deb", "--fsys-tarfile", str(package)]
        files = subprocess.run(command, check=True, capture_output=True, timeout=FETCH_SECONDS)
    with tarfile.open(fileobj=io.BytesIO(files.stdout)) as packed:
        found = packed.extractfile(f".{INSTALLED}")
        assert found is not None
        return found.read()
