"""Two processes in the live view: one is shown, keys go to the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from gilprof.analysis.session import SessionProfile
from gilprof.cli.files import write_file
from gilprof.cli.profiling.observe import Stop
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, Batch, TargetInfo
from gilprof.recording.reader import Recording
from gilprof.tui.app import LiveApp
from gilprof.tui.worker import Worker
from tests.support.made_up import MadeUp
from tests.support.screens import snapshot
from tests.tui.support import LARGE, SMALL, app_of, press, running, screen_lines, text
from tests.unit.test_session import ALONE, in_turns, opened
from tests.unit.test_two_gils import two_gils

POLLS = 200


class Both:
    """Two recordings as one source, batch by batch; the processes go on, but do nothing that was recorded."""

    def __init__(self) -> None:
        (self.info, first), (other, second) = (opened(path, number) for number, path in enumerate(ALONE))
        self.infos = (self.info, other)
        second[0] = replace(second[0], target=other)
        lines = [[replace(batch, ended=None) for batch in line] for line in (first, second)]
        self._batches = in_turns(lines)
        self._last = Batch(np.empty(0, PASS_DTYPE), np.empty(0, LOOK_DTYPE))

    def drain(self) -> Batch | None:
        batch = next(self._batches, None)
        if batch is not None and batch.process == 0:
            self._last = replace(self._last, health=batch.health)
        return batch or self._last

    def close(self) -> None:
        """There is nothing to close."""


def app_of_both(recording: str | None = None) -> tuple[LiveApp, tuple[TargetInfo, TargetInfo]]:
    source = Both()
    session = SessionProfile(source.info)
    worker = Worker(source, session, session.add, None, Stop(), recording)
    return LiveApp(worker, source.info.pid, write_file), source.infos


async def until(app: LiveApp, pilot: Pilot[None], *words: str) -> None:
    """Until the screen has all of them."""
    for _ in range(POLLS):
        if all(word in text(app) for word in words):
            return
        await pilot.pause(0.05)
    raise AssertionError(f"{words} in\n{text(app)}")


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "200x60"])
async def test_keys_go_from_one_to_the_other(size: tuple[int, int]) -> None:
    app, (first, other) = app_of_both()
    async with app.run_test(size=size) as pilot:
        await until(app, pilot, f"{first.pid} (1 of 2) Python {first.python}", "C code that keeps it", "sort")
        await pilot.press("n")
        await until(app, pilot, f"{other.pid} (2 of 2) Python {other.python}", "spin-0")
        assert "sort_lists" not in text(app)
        await pilot.press("n")
        await until(app, pilot, f"{first.pid} (1 of 2)", "sort")
        await pilot.press("N")
        await until(app, pilot, f"{other.pid} (2 of 2)", "spin-0")
        assert screen_lines(app)[-1].rstrip().endswith("n Next o Record e Export")


async def test_a_recording_begun_on_the_way_has_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app, infos = app_of_both()
    async with app.run_test(size=LARGE) as pilot:
        await until(app, pilot, "(1 of 2)")
        await press(pilot, "o")
        await until(app, pilot, "REC")
        await press(pilot, "o")
        for _ in range(POLLS):
            if any("recorded into" in line for line in app.notices):
                break
            await pilot.pause(0.05)
    (file,) = tmp_path.glob("*.gilprof")
    with Recording.open(file) as recording:
        batches = list(recording.batches())
    assert {batch.process for batch in batches} == {0, 1}
    assert {batch.target.pid for batch in batches if batch.target is not None} == {infos[1].pid}
    assert recording.info.pid == infos[0].pid


async def test_one_process_has_no_other() -> None:
    app, feed = app_of(snapshot(MadeUp().threads("a").add(1.0, {})))
    async with running(app, LARGE) as pilot:
        await press(pilot, "n")
        assert "Next" not in screen_lines(app)[-1]
        assert " of 1)" not in text(app)
        assert not feed.asked


async def test_two_gils_have_a_line_each() -> None:
    class Source:
        info = Both().info

        def __init__(self) -> None:
            self._batches = [two_gils()]

        def drain(self) -> Batch | None:
            return self._batches.pop() if self._batches else Batch(np.empty(0, PASS_DTYPE), np.empty(0, LOOK_DTYPE))

        def close(self) -> None:
            """There is nothing to close."""

    source = Source()
    session = SessionProfile(source.info)
    app = LiveApp(Worker(source, session, session.add, None, Stop()), source.info.pid, write_file)
    async with app.run_test(size=LARGE) as pilot:
        await until(app, pilot, "GIL 0 ", "GIL 1 ", "GIL 1 is busy 100 % of the time")
        lines = [line for line in screen_lines(app) if line.startswith(("GIL 0 ", "GIL 1 "))]
        assert lines[0].startswith("GIL 1 ")
        assert len(lines) >= 2
