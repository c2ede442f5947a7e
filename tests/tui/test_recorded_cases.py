"""Eight recorded cases (tools/record_cases.py), replayed through the live view: its first two lines name cause, thread
and line."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gilprof.analysis.session import SessionProfile
from gilprof.cli.files import write_file
from gilprof.cli.profiling.observe import Stop
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, Batch, TargetInfo
from gilprof.recording.reader import Recording
from gilprof.recording.replay import ReplaySource
from gilprof.tui.app import LiveApp
from gilprof.tui.worker import Worker
from tests.tui.support import LARGE, SMALL, screen_lines

CASES = Path(__file__).parent / "cases"
NAMED = {
    "convoy": ("back from calls", "spin (spin.py:", "spin-0"),
    "c-code-keeps-it": ("C code that keeps it", "sort_lists (sort_big.py:", "sort"),
    "gc": ("garbage collection", "make_garbage", "(gc_heavy.py:", "garbage"),
    "lock": ("Not the GIL", "on a lock", "lock_bound.py:24", "worker-*"),
    "no-cpu": ("oo few CPUs", "spin (spin.py:", "spin-*"),
    "many-threads": ("threads wait", "spin (spin.py:", "spin-*"),
    "one-thread": ("one thread", "spin-0"),
    "ended": ("blocked while it has the GIL", "sleep_holding (hold_sleep.py:", "sleeper"),
}
POLLS = 200


class Lasting:
    """A recording as a source whose process goes on, but does nothing that was recorded."""

    def __init__(self, file: Path) -> None:
        self._replay = ReplaySource(Recording.open(file))
        self._last = Batch(passes=np.empty(0, PASS_DTYPE), looks=np.empty(0, LOOK_DTYPE))

    @property
    def info(self) -> TargetInfo:
        return self._replay.info

    def drain(self) -> Batch | None:
        batch = self._replay.drain()
        if batch is not None:
            self._last = replace(self._last, health=batch.health)
        return batch or self._last

    def close(self) -> None:
        self._replay.close()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "200x60"])
@pytest.mark.parametrize("case", NAMED)
async def test_the_first_two_lines_name_it(case: str, size: tuple[int, int]) -> None:
    with closing(Lasting(CASES / f"{case}.gilprof")) as source:
        session = SessionProfile(source.info)
        app = LiveApp(Worker(source, session, session.add, None, Stop()), source.info.pid, write_file)
        said = ""
        async with app.run_test(size=size) as pilot:
            for _ in range(POLLS):
                await pilot.pause(0.05)
                lines = screen_lines(app)
                said = " ".join(" ".join(lines[:2]).split()).replace("return from calls", "back from calls")
                if all(words in said for words in NAMED[case]):
                    break
    for words in NAMED[case]:
        assert words in said
