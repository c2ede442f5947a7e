"""Skips for want of a tool are told once, with the command that installs it; other reasons stay one by one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.missing import COMMAND

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest
from tests.support.missing import needs

@pytest.mark.skipif(True, reason=needs("harp"))
def test_marked(): ...

@pytest.mark.parametrize("number", range(3))
def test_called(number):
    pytest.skip(needs("drum"))

def test_other_reason():
    pytest.skip("it is Sunday")
"""


def test_missing_tools_are_told_once(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    pytest = [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "-p", "tests.conftest"]
    done = subprocess.run([*pytest, "--rootdir", tmp_path, tmp_path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert f"4 tests were skipped for want of drum, harp: {COMMAND} installs all that is missing" in lines
    assert [line.rpartition(": ")[2] for line in lines if line.startswith("SKIPPED")] == ["it is Sunday"]
    assert "1 skipped, 4 without their tool" in lines[-1]


def test_the_command_is_there() -> None:
    assert (ROOT / COMMAND).stat().st_mode & 0o111
