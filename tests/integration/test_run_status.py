"""``gilprof run`` ends with the program's status, however the program ended."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support.running import RECORDED, recorded, run, some_interpreters

ENDINGS = {
    "end": ("", 0, "exit"),
    "status": ("raise SystemExit(42)", 42, "exit"),
    "raises": ("raise ValueError('mine')", 1, "exit"),
    "exits at once": ("import os; os._exit(7)", 7, "exit"),
    "killed": ("import os; os.kill(os.getpid(), 9)", 128 + signal.SIGKILL, "signal 9"),
    "aborts": ("import os; os.abort()", 128 + signal.SIGABRT, "signal 6"),
    "broken pipe": (
        "import os, signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGPIPE)",
        128 + signal.SIGPIPE,
        "signal 13",
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
@some_interpreters
def test_status(ending: str, python: Path, tmp_path: Path) -> None:
    code, status, ended = ENDINGS[ending]
    done = run(tmp_path, "--python", python, "-c", RECORDED + code)
    assert done.returncode == status
    assert done.stdout == b""
    assert recorded(tmp_path).ended == ended
    assert (b"ValueError: mine" in done.stderr) == (ending == "raises")
    assert b"gilprof" in done.stderr
    assert done.stderr.count(b"Traceback (most recent call last)") == (ending == "raises")


@pytest.mark.parametrize(
    ("words", "status"),
    [(["nosuchcommand"], 127), (["./nosuchfolder/x"], 127), (["./data"], 126), (["."], 126)],
)
def test_a_command_that_cannot_be_started(words: list[str], status: int, tmp_path: Path) -> None:
    """The statuses that shells have for it."""
    (tmp_path / "data").write_text("not executable")
    done = run(tmp_path, "--", *words)
    assert done.returncode == status
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"gilprof: starting {words[0]}: ".encode())


def test_an_interpreter_that_cannot_be_started(tmp_path: Path) -> None:
    done = run(tmp_path, "--python", "nosuchpython", "-c", "pass")
    assert done.returncode == 127
    assert len(done.stderr.splitlines()) == 1


def test_missing_script(tmp_path: Path) -> None:
    done = run(tmp_path, "missing.py")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
