"""Which tests are quick; what pytest says at the end about tests that were skipped for want of a tool."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.support.missing import told, tool_missed
from tests.support.steal import OF_THE_TEST

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

WITHOUT_TOOL = "without their tool"
QUICK = ("architecture", "property", "unit", "integration/test_target_resolve.py")
"""Folders and files of tests that take three to four minutes on two CPUs: ``pytest -m quick -n logical``. They may run
beside each other. The last one has a real process of every interpreter."""


@pytest.fixture(autouse=True)
def _stolen_time_counts_from_here() -> None:
    OF_THE_TEST.restart()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    folder = config.rootpath / "tests"
    quick = [folder / name for name in QUICK]
    for item in items:
        if any(item.path.is_relative_to(part) for part in quick):
            item.add_marker("quick")


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    """A count of their own, so that the summary of skips has the other reasons only."""
    return (WITHOUT_TOOL, "s", "SKIPPED") if tool_missed(report) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missed = [tool for report in terminalreporter.getreports(WITHOUT_TOOL) if (tool := tool_missed(report))]
    if missed:
        terminalreporter.write_line(told(missed), yellow=True)
