"""What a test sees of the live view."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from textual.pilot import Pilot

from gilprof.cli.files import write_file
from gilprof.tui.app import LiveApp
from gilprof.tui.output import Program
from gilprof.tui.snapshot import Snapshot
from tests.support.screens import Still

SMALL, LARGE = (80, 24), (200, 60)
PID = 4242


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Talker:
    """A program on a terminal of its own, which has written ``output``."""

    output: bytes
    takes: bool = True
    took: list[str] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)

    def newest(self) -> tuple[int, bytes]:
        return len(self.output), self.output

    def type(self, text: str) -> bool:
        return self._take(f"{text}\n")

    def interrupt(self) -> bool:
        return self._take("interrupt")

    def end_input(self) -> bool:
        return self._take("end of input")

    def resize(self, columns: int, rows: int) -> None:
        self.size = columns, rows

    def _take(self, what: str) -> bool:
        self.took += [what] * self.takes
        return self.takes


def app_of(*snapshots: Snapshot, clock: Clock | None = None, program: Program | None = None) -> tuple[LiveApp, Still]:
    """An app that gets these snapshots when it starts."""
    feed = Still(snapshots)
    return LiveApp(feed, PID, write_file, program, clock or Clock()), feed


@asynccontextmanager
async def running(app: LiveApp, size: tuple[int, int] = SMALL) -> AsyncIterator[Pilot[None]]:
    """The app on a screen of ``size``, with its first snapshot shown."""
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield pilot


async def settled(pilot: Pilot[None]) -> None:
    """Until all that was posted is on the screen."""
    for _ in range(4):
        await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after the other."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def screen_lines(app: LiveApp) -> list[str]:
    """The text of the screen."""
    # The compositor is the only one who knows; private, so asked for here alone.
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def text(app: LiveApp) -> str:
    """The same in one."""
    return "\n".join(screen_lines(app))
