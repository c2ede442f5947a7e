"""Tests that are skipped because a tool is not installed: how they say so, and how it is told once for all of them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

COMMAND = "tools/get_test_tools.sh"
"""Installs every tool that ``needs`` is called with."""

_PREFIX = "missing tool: "


def needs(tool: str) -> str:
    """The reason of a skip for want of this tool."""
    return _PREFIX + tool


def tool_missed(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    """The tool for want of which this test was skipped; None for every other outcome."""
    if not report.skipped or not isinstance(report.longrepr, tuple):
        return None
    reason = str(report.longrepr[2]).removeprefix("Skipped: ")
    return reason.removeprefix(_PREFIX) if reason.startswith(_PREFIX) else None


def told(tools: Iterable[str]) -> str:
    """One line for all tests that were skipped, each given by the tool that it missed."""
    missed = list(tools)
    tests = "1 test was" if len(missed) == 1 else f"{len(missed)} tests were"
    return f"{tests} skipped for want of {', '.join(sorted(set(missed)))}: {COMMAND} installs all that is missing"
