"""A browser for all of these tests, and pages in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from selenium.webdriver import Chrome

from gilprof.exporters.flamegraph import export
from gilprof.exporters.narrowing import Narrowing
from gilprof.report.build import Profiled
from tests.support.browser import browser, complaints, missing, requests
from tests.support.flame_page import Page


class Open(Protocol):
    """Opens a profile's page, of what is other than in a baseline where there is one."""

    def __call__(self, profile: Profiled, baseline: Profiled | None = None) -> Page:
        """The page in the browser."""


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Without one the tests are skipped, unless GILPROF_BROWSER says ``required``, as it does in CI."""
    reason = missing()
    if reason is not None and os.environ.get("GILPROF_BROWSER") != "required":
        pytest.skip(reason)
    assert reason is None, reason
    with browser(tmp_path_factory.mktemp("browser")) as driver:
        yield driver


@pytest.fixture
def open_page(driver: Chrome, tmp_path: Path) -> Iterator[Open]:
    """Opens a profile's page; at the end it must have asked for nothing else, and complained of nothing."""
    file = tmp_path / "flame.html"

    def opened(profile: Profiled, baseline: Profiled | None = None) -> Page:
        file.write_text("".join(export(profile, Narrowing(), baseline)), encoding="utf-8")
        requests(driver)
        driver.get(file.as_uri())
        return Page(driver)

    yield opened
    assert set(requests(driver)) == {file.as_uri()}
    assert complaints(driver) == []
