"""What pytest says at the end about tests that were skipped for want of a tool."""

from __future__ import annotations

import pytest

from tests.support.missing import told, tool_missed

WITHOUT_TOOL = "without their tool"


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    """A count of their own, so that the summary of skips has the other reasons only."""
    return (WITHOUT_TOOL, "s", "SKIPPED") if tool_missed(report) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missed = [tool for report in terminalreporter.getreports(WITHOUT_TOOL) if (tool := tool_missed(report))]
    if missed:
        terminalreporter.write_line(told(missed), yellow=True)
