"""``gilprof run --live``: a program on a terminal of its own, behind the live view."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from gilprof.recording.reader import Recording
from tests.support.terminal import Terminal, terminal
from tests.support.tmux import PROMPT, Start

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
ASKING = """
import os, sys, threading

def spin():
    while True:
        sum(range(100))

threading.Thread(target=spin, daemon=True).start()
print("terminal", *(os.isatty(n) for n in range(3)), os.getsid(0) == os.getpid(), flush=True)
print("warned", file=sys.stderr, flush=True)
try:
    for line in sys.stdin:
        print("heard", line.strip().upper(), flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(9)
print("no more", flush=True)
sys.exit(7)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "asking.py").write_text(ASKING)
    return tmp_path / "asking.py"


def _command(*options: str) -> list[str]:
    return [sys.executable, "-m", "gilprof", "run", "--live", "-o", "run.gilprof", *options, "asking.py"]


def _passes(file: Path) -> int:
    with Recording.open(file) as recording:
        assert recording.left_out.torn_tail_bytes == 0
        return sum(len(batch.passes) for batch in recording.batches())


def test_output_input_the_last_picture_and_the_status(script: Path, tmux: Start) -> None:
    view = tmux(f"{sys.executable} -m gilprof run --live -o run.gilprof asking.py")
    view.wait_for("LIVE", "the program's output", "terminal True True True True", "warned", r"spin")
    view.press("6")
    view.wait_for("a line for the program")
    view.press("w", "o", "r", "d", "Enter")
    view.wait_for("heard WORD")
    view.press("C-d")
    view.wait_for("ENDED", "no more")
    view.press("Enter")
    view.wait_for("nobody reads this")
    view.press("Escape")
    view.wait_for("Threads  2 Functions", "spin")
    view.press("q")
    shown = view.wait_for(f"{PROMPT} 7")
    replayed = ["terminal True True True True", "warned", "heard WORD", "no more"]
    assert [line for line in shown.splitlines() if line in replayed] == replayed
    assert "recorded in run.gilprof" in shown
    assert "Traceback" not in shown
    assert "-icanon" not in view.wait_for("icanon")
    assert view.on_main_screen()
    assert _passes(script.parent / "run.gilprof") > 0


def test_ctrl_c_is_the_programs(script: Path, tmux: Start) -> None:
    view = tmux(f"{sys.executable} -m gilprof run --live -o run.gilprof asking.py", columns=80, rows=24)
    view.wait_for("LIVE", "warned")
    view.press("C-c")
    view.wait_for("ENDED", "interrupted")
    view.press("C-c")
    view.wait_for(f"{PROMPT} 9")


def test_the_program_goes_on_when_the_view_is_left(script: Path) -> None:
    with terminal(_command(), script.parent, ENVIRONMENT) as view:
        _up(view)
        view.type("q")
        view.await_text("the program goes on")
        view.type("after\r")
        view.await_text("heard AFTER")
        view.type("\x03")
        view.await_text("interrupted")
        status, said = view.end()
    assert status == 9
    assert "Traceback" not in said
    assert _passes(script.parent / "run.gilprof") > 0


def test_the_end_of_the_duration_is_not_the_programs(script: Path) -> None:
    with terminal(_command("-d", "1"), script.parent, ENVIRONMENT) as view:
        view.await_text("the program goes on")
        view.type("still there\r")
        view.await_text("heard STILL THERE")
        view.type("\x04")
        status, _ = view.end()
    assert status == 7


def test_the_terminal_is_closed(script: Path) -> None:
    with terminal(_command(), script.parent, ENVIRONMENT) as view:
        _up(view)
        assert view.hang_up() == 128 + signal.SIGHUP, "the program's status, which the hang-up has ended"
    assert _passes(script.parent / "run.gilprof") > 0


def test_the_terminal_is_closed_on_the_last_picture(script: Path) -> None:
    with terminal(_command(), script.parent, ENVIRONMENT) as view:
        _up(view)
        view.type("\x03")
        view.await_text("ENDED")
        assert view.hang_up() == 9
    assert _passes(script.parent / "run.gilprof") > 0


def test_sigterm_is_passed_on_and_ends_the_view(script: Path) -> None:
    with terminal(_command(), script.parent, ENVIRONMENT) as view:
        _up(view)
        os.kill(view.pid, signal.SIGTERM)
        status, said = view.end()
    assert status == 128 + signal.SIGTERM
    assert "Traceback" not in said


def _up(view: Terminal) -> None:
    """The view is there, and the program has written its first lines."""
    if "warned" not in view.await_text("LIVE"):
        view.await_text("warned")
