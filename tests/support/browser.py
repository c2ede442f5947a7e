"""A real browser without a window: Debian's chromium and chromedriver, or Chrome and its driver."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.support.missing import needs

BROWSERS, DRIVER = ("chromium", "chromium-browser", "google-chrome"), "chromedriver"
ARGUMENTS = (
    "--headless",
    "--no-sandbox",  # which root does not get
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--window-size=1200,900",
)


def missing() -> str | None:
    """What has to be installed before there can be a browser; None for nothing."""
    if _path(*BROWSERS) and _path(DRIVER):
        return None
    return needs("chromium with chromedriver")


@contextmanager
def browser(profile: Path) -> Iterator[Chrome]:
    """A browser that keeps its things in the folder ``profile``, and logs what it asks the network for."""
    options = ChromeOptions()
    options.binary_location = _path(*BROWSERS) or BROWSERS[0]
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(_path(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


def _path(*names: str) -> str | None:
    return next((path for path in map(shutil.which, names) if path is not None), None)


def complaints(driver: Chrome) -> list[str]:
    """What the page's console has said since the last time: errors, refusals of its content security policy."""
    return [entry["message"] for entry in driver.get_log("browser")]  # type: ignore[no-untyped-call]


def requests(driver: Chrome) -> list[str]:
    """The addresses that pages have asked for since the last time, but for the browser's own ones (``chrome:``, and
    pictures of its controls that it carries in their ``data:`` address)."""
    asked = []
    for entry in driver.get_log("performance"):  # type: ignore[no-untyped-call]
        message: dict[str, Any] = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
    return [address for address in asked if not address.startswith(("chrome:", "data:"))]
