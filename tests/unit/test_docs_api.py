"""The page about the API says what is so: its programs run, and every column of the arrays is in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gilprof.api.recorded import LOOK, PASS
from tests.support.interpreters import interpreters
from tests.support.running import environment
from tests.support.spawn import spawn

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
IMPORTS = "import sys, gilprof\nfrom gilprof.model import State\n"


def run(program: str, folder: Path) -> str:
    command = [sys.executable, "-c", IMPORTS + program]
    return subprocess.run(
        command, cwd=folder, env=environment(), check=True, capture_output=True, text=True, timeout=60
    ).stdout


def test_the_first_program_and_its_recording(tmp_path: Path) -> None:
    own, *_, load = PROGRAMS
    shown = run(own, tmp_path)
    assert "digest 1000 times:" in shown
    assert "count {'held'" in shown
    assert run(load, tmp_path).count("digest") == 1


def test_attach_and_run(tmp_path: Path) -> None:
    (attach,) = [program for program in PROGRAMS if "attach(4242)" in program]
    (started,) = [program for program in PROGRAMS if "gilprof.run" in program]
    with spawn(interpreters()["3.11"], "spin", "2") as target:
        shown = run(attach.replace("4242", str(target.pid)).replace("wait(5)", "wait(1)"), tmp_path)
    assert "he GIL is busy" in shown
    (tmp_path / "app.py").write_text("import time; time.sleep(0.3)")
    assert run(started, tmp_path).startswith("0 ")


@pytest.mark.parametrize("name", [*(PASS.names or ()), *(LOOK.names or ())])
def test_every_column_is_there(name: str) -> None:
    assert f"`{name}`" in PAGE
