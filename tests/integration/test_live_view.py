"""The live view in a real terminal, on a real target."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gilprof.recording.reader import Recording
from tests.support.spawn import Target, spawn
from tests.support.terminal import terminal
from tests.support.tmux import PROMPT, Start

ROOT = Path(__file__).parents[2]
OWN = Path(sys.executable)
DEADLINE_S = 30.0
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}


def unwrapped(shown: str) -> str:
    """What a screen says, wherever its lines end."""
    return " ".join(shown.split())


@pytest.fixture
def target() -> Iterator[Target]:
    """``sort`` is in C code that keeps the GIL, and ``spin`` pays."""
    with spawn(OWN, "sort_big") as running:
        yield running


def test_a_session(target: Target, tmux: Start, tmp_path: Path) -> None:
    view = tmux(f"{sys.executable} -m gilprof attach {target.pid} -o all.gilprof")
    # Where other processes take the CPUs, the sentence says so too.
    view.wait_for(r"\A(.*\n)?.*sort_lists\s+\(sort_big\.py:\d+\)")
    view.press("2")
    view.wait_for(r"▶\S+ \(sort_big\.py:\d+\)")
    view.press("3", "Enter")
    view.wait_for("▒ spin waited", "█ for sort")
    view.press("Escape")
    view.wait_for("Threads  2 Functions")
    view.press("4")
    view.wait_for(r"▶\d\d:\d\d:\d\d .* (turn|wait) ")
    view.press("5")
    view.wait_for("Flame graph of all threads")
    view.press("Escape")
    view.wait_for("Threads  2 Functions")
    view.press("e")
    view.wait_for("flamegraph +.html")
    view.press("Down", "Enter")
    view.wait_for("flamegraph written to")
    view.press("o")
    view.wait_for("recording into")
    view.press("p")
    view.wait_for("PAUSED")
    os.kill(target.pid, signal.SIGKILL)
    view.wait_for("ENDED")
    view.press("q")
    shown = view.wait_for(f"{PROMPT} 0")
    assert "Traceback" not in shown
    assert "sort_lists (sort_big.py:" in unwrapped(shown), "the sentence stays"
    assert "-icanon" not in view.wait_for("icanon")
    assert view.on_main_screen()
    (page,) = tmp_path.glob(f"gilprof-{target.pid}-*.html")
    assert "sort_big.py" in page.read_text()
    (own,) = tmp_path.glob(f"gilprof-{target.pid}-*.gilprof")
    for file in (tmp_path / "all.gilprof", own):
        with Recording.open(file) as recording:
            assert sum(len(batch.passes) for batch in recording.batches()) > 0
            assert recording.left_out.torn_tail_bytes == 0


FAILING = """
import sys
from gilprof import cli
from gilprof.tui.screens.flame import FlameScreen


def show_body(self, view):
    raise RuntimeError("this screen has a fault")


FlameScreen.show_body = show_body
sys.argv = ["gilprof", "attach", sys.argv[1], "-o", "all.gilprof"]
cli.main()
"""


def test_a_view_that_fails_says_so(target: Target, tmux: Start, tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    view = tmux(f"{sys.executable} failing.py {target.pid}", rows=60)
    view.wait_for("recording into|C code that keeps it")
    view.press("5")
    shown = view.wait_for(f"{PROMPT} 1")
    assert "sort_lists (sort_big.py:" in unwrapped(shown), "the sentence stays"
    assert view.on_main_screen()
    assert "showing the live view: it has failed" in shown
    assert "all.gilprof" in shown
    with Recording.open(tmp_path / "all.gilprof") as recording:
        assert sum(len(batch.passes) for batch in recording.batches()) > 0
        assert recording.left_out.torn_tail_bytes == 0


BREAKING = """
import sys
from gilprof import cli
from gilprof.errors import SamplerFailed
from gilprof.tui.worker import History

real_note, noted = History.note, []


def note(self, sums):
    noted.append(sums)
    if len(noted) == 8:
        raise {error}
    real_note(self, sums)


History.note = note
sys.argv = ["gilprof", *sys.argv[1:]]
cli.main()
"""


def test_an_observation_that_fails_ends_the_view(target: Target, tmux: Start, tmp_path: Path) -> None:
    """Whatever the error is: no picture stands still for ever."""
    (tmp_path / "breaking.py").write_text(BREAKING.format(error='KeyError("a fault")'))
    view = tmux(f"{sys.executable} breaking.py attach {target.pid} -o all.gilprof", rows=60)
    shown = view.wait_for(f"{PROMPT} 1")
    assert view.on_main_screen()
    assert "KeyError: 'a fault'" in shown
    with Recording.open(tmp_path / "all.gilprof") as recording:
        assert sum(len(batch.passes) for batch in recording.batches()) > 0


@pytest.mark.parametrize("verb", ["attach", "run"])
def test_a_sampler_that_fails_leaves_the_report(target: Target, tmux: Start, tmp_path: Path, verb: str) -> None:
    failure = 'SamplerFailed("sampling", "out of memory", "what was seen until then is kept")'
    (tmp_path / "breaking.py").write_text(BREAKING.format(error=failure))
    program = "import time; end = time.monotonic() + 5\nwhile time.monotonic() < end: pass\nraise SystemExit(7)"
    (tmp_path / "program.py").write_text(program)
    asked = f"attach {target.pid}" if verb == "attach" else "run --live program.py"
    view = tmux(f"{sys.executable} breaking.py {asked}", rows=60)
    shown = view.wait_for(f"{PROMPT} {1 if verb == 'attach' else 7}")
    assert "gilprof: sampling: out of memory; what was seen until then is kept" in shown
    assert "he GIL is busy" in shown


def test_standard_error_may_go_to_a_file(target: Target, tmux: Start, tmp_path: Path) -> None:
    view = tmux(f"{sys.executable} -m gilprof attach {target.pid} -o all.gilprof --stall 50ms 2>log")
    view.wait_for("LIVE")
    view.press("q")
    assert "sort" in view.wait_for(f"{PROMPT} 0")
    assert view.on_main_screen()
    assert "\x1b" not in (tmp_path / "log").read_text()


def test_ctrl_c_leaves(target: Target, tmux: Start) -> None:
    view = tmux(f"{sys.executable} -m gilprof attach {target.pid}", columns=80, rows=24)
    view.wait_for("sort")
    view.press("C-c")
    assert "Traceback" not in view.wait_for(f"{PROMPT} 0")
    assert view.on_main_screen()
    assert target.process.poll() is None


def test_a_stopped_target_and_one_that_goes_on(target: Target, tmux: Start) -> None:
    view = tmux(f"{sys.executable} -m gilprof attach {target.pid}")
    view.wait_for("LIVE")
    os.kill(target.pid, signal.SIGSTOP)
    view.wait_for("STOPPED")
    os.kill(target.pid, signal.SIGCONT)
    view.wait_for("LIVE")


def test_the_duration_ends_it(target: Target, tmux: Start) -> None:
    view = tmux(f"{sys.executable} -m gilprof attach {target.pid} -d 1")
    view.wait_for(f"{PROMPT} 0")


def test_without_a_terminal_it_is_not_live(target: Target, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gilprof", "attach", str(target.pid), "-d", "0.3", "--live"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=DEADLINE_S)
    assert done.returncode == 0
    assert "Threads: shares of each one's own time" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr.startswith("gilprof: no live view: standard input and output are not both a terminal")


def test_on_a_terminal_that_cannot_draw_it_is_not_live(target: Target, tmp_path: Path) -> None:
    with terminal(_attach(target, "-d", "0.3"), tmp_path, {**ENVIRONMENT, "TERM": "dumb"}) as shown:
        status, said = shown.end()
    assert status == 0
    assert "Threads: shares of each one's own time" in said
    assert "\x1b[?1049h" not in said


@pytest.mark.parametrize("ended", [False, True], ids=["target runs", "target has ended"])
@pytest.mark.parametrize("ignored", [False, True], ids=["SIGHUP", "SIGHUP ignored"])
def test_the_terminal_is_closed(target: Target, ignored: bool, ended: bool, tmp_path: Path) -> None:
    """gilprof ends by itself; nobody is there to press a key."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        with terminal(_attach(target, "-o", "closed.gilprof"), tmp_path, ENVIRONMENT) as view:
            view.await_text("LIVE")
            if ended:
                target.process.kill()
                view.await_text("ENDED")
            assert view.hang_up() == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    with Recording.open(tmp_path / "closed.gilprof") as recording:
        assert recording.left_out.torn_tail_bytes == 0
        assert sum(len(batch.passes) for batch in recording.batches()) > 0


@pytest.mark.parametrize("ended", [False, True], ids=["target runs", "target has ended"])
def test_sigterm_ends_it(target: Target, ended: bool, tmp_path: Path) -> None:
    with terminal(_attach(target), tmp_path, ENVIRONMENT) as view:
        view.await_text("LIVE")
        if ended:
            target.process.kill()
            view.await_text("ENDED")
        os.kill(view.pid, signal.SIGTERM)
        status, said = view.end()
    assert status == 0
    assert "Traceback" not in said
    assert "\x1b[?1049l" in said, "the alternate screen is left"


@pytest.mark.parametrize(
    ("term", "environment", "colours"),
    [
        ("xterm-256color", {}, r"\x1b\[[0-9;]*[34]8;[25];"),
        ("xterm-16color", {"COLORTERM": ""}, None),
        ("xterm-256color", {"NO_COLOR": "1"}, None),
    ],
)
def test_colours(target: Target, tmp_path: Path, term: str, environment: dict[str, str], colours: str | None) -> None:
    with terminal(_attach(target), tmp_path, {**ENVIRONMENT, "TERM": term, **environment}) as view:
        said = view.await_text("LIVE")
        view.type("q")
        status, rest = view.end()
    assert status == 0
    assert bool(re.search(r"\x1b\[[0-9;]*[34]8;[25];", said + rest)) == (colours is not None)


def _attach(target: Target, *options: str) -> list[str]:
    return [sys.executable, "-m", "gilprof", "attach", str(target.pid), *options]
