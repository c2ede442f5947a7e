"""The live view: shows what its feed posts, and hands the keys on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from textual import events, on
from textual.app import App
from textual.driver import Driver

from gilprof.errors import GilprofError
from gilprof.exporters.narrowing import Narrowing
from gilprof.report.names import printable
from gilprof.tui.exports import Choice, pieces
from gilprof.tui.messages import Arrived, FilterTyped, Leave, Notice, Stale
from gilprof.tui.output import Program, lines_of
from gilprof.tui.screens.export import ExportScreen
from gilprof.tui.screens.flame import FlameScreen
from gilprof.tui.screens.help import HelpScreen
from gilprof.tui.screens.live import LiveScreen
from gilprof.tui.screens.main import MainScreen
from gilprof.tui.snapshot import Snapshot
from gilprof.tui.view import View
from gilprof.tui.widgets.output import OutputPane
from gilprof.tui.worker import Feed

NOTICE_S = 6.0
OUTPUT_EVERY_S = 0.25
HIGH = 44
"""Rows from which on all tables have room."""
Save = Callable[[str, Iterable[bytes], bool], None]
"""Writes a file: path, content, and whether an existing one is replaced. Raises GilprofError."""


class LiveApp(App[None]):
    """Looks at one process until somebody leaves."""

    CSS_PATH = "app.tcss"
    TITLE = "gilprof"
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        feed: Feed,
        pid: int,
        save: Save,
        program: Program | None = None,
        clock: Callable[[], float] = time.monotonic,
        driver: type[Driver] | None = None,
    ) -> None:
        """``program``: the target, where gilprof has started it."""
        # The terminal's own colours are those that textual can leave out; else NO_COLOR would give it greys.
        super().__init__(driver_class=driver, ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (HIGH, "-high")]
        self.notices: list[str] = []
        """What was told on the way; worth telling again once the screen is gone."""
        self._feed = feed
        self._pid = pid
        self._save = save
        self._program = program
        self._clock = clock
        self._latest: Snapshot | None = None
        self._shown: Snapshot | None = None
        self._paused_at: float | None = None
        self._whole = False
        self._filter = ""

    def get_default_screen(self) -> LiveScreen[None]:
        """The tables."""
        return MainScreen(has_program=self._program is not None)

    def on_mount(self) -> None:
        """Ask for snapshots."""
        self.begin_capture_print(self)
        if self._program is not None:
            self.set_interval(OUTPUT_EVERY_S, self._show_output)
        self._feed.start(
            lambda snapshot: self._receive(Arrived(snapshot)),
            lambda text: self._receive(Notice(text)),
            lambda: self._receive(Leave()),
        )

    def on_unmount(self) -> None:
        """No snapshot has anywhere to go any more."""
        self._feed.stop()

    @on(Arrived)
    def snapshot_arrived(self, message: Arrived) -> None:
        """Show it, unless somebody wants the picture to stand still."""
        snapshot = message.snapshot
        if snapshot.over is not None and snapshot.recent.ended is None:
            self.exit()
            return
        several, self._latest = self._has_several(), snapshot
        if several != self._has_several():
            self.screen.refresh_bindings()
        if self._paused_at is None or snapshot.over is not None:
            self._paused_at = None
            self._shown = snapshot
        self.show()

    @on(Leave)
    def told_to_leave(self) -> None:
        """There is nobody to look any more."""
        self.exit()

    @on(Notice)
    def notice_given(self, message: Notice) -> None:
        """Show a line for a while."""
        self.tell(message.text)

    def on_print(self, event: events.Print) -> None:
        """What other parts of the program say meanwhile must not garble the screen."""
        if event.text.strip():
            self.tell(event.text.strip())

    @on(FilterTyped)
    def filter_typed(self, message: FilterTyped) -> None:
        """Only rows that contain it."""
        self._filter = message.text
        self.show()

    @on(Stale)
    def screen_stale(self) -> None:
        """Bring the screen up to date."""
        self.show()
        self._show_output()

    def on_resize(self, event: events.Resize) -> None:
        """The program's terminal is as large as the real one."""
        if self._program is not None:
            self._program.resize(event.size.width, event.size.height)

    @on(OutputPane.Typed)
    def line_typed(self, message: OutputPane.Typed) -> None:
        """For the program."""
        if self._program is None or self._has_ended():
            self.tell("the program has ended: nobody reads this")
            return
        taken = self._program.end_input() if message.text is None else self._program.type(message.text)
        if not taken:
            self.tell("the program does not take any input now: it has not read what was typed before")

    def tell(self, text: str) -> None:
        """A notice."""
        self.notices.append(text)
        self.notify(printable(text, 400), timeout=NOTICE_S, markup=False)

    def show(self) -> None:
        """Bring the screen up to date."""
        screen = self.screen
        if self._shown is not None and isinstance(screen, LiveScreen) and screen.is_mounted:
            behind_s = None if self._paused_at is None else self._clock() - self._paused_at
            screen.show(View(self._shown, self._whole, behind_s, self._filter))

    def action_interrupt(self) -> None:
        """As Ctrl-C does: it is for the program, where gilprof has started it and it runs."""
        if self._program is None or self._has_ended():
            self.exit()
        elif self._program.interrupt():
            self.tell("Ctrl-C went to the program; q leaves this view")

    def action_pause(self) -> None:
        """Let the picture stand still, or go on with the newest."""
        if self._latest is None or self._latest.over is not None:
            return
        self._paused_at = self._clock() if self._paused_at is None else None
        self._shown = self._latest
        self.show()

    def action_range(self) -> None:
        """The last seconds, or since the start."""
        self._whole = not self._whole
        self.show()

    def action_reset(self) -> None:
        """Since the start is since now."""
        self._feed.reset()
        self.notify("the time since the start begins now", timeout=NOTICE_S, markup=False)

    def action_process(self, by: int) -> None:
        """Another one of several processes, as it is now."""
        self._paused_at = None
        self._feed.next_process(by)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is another process to go to only where there are several."""
        return self._has_several() if action == "process" else super().check_action(action, parameters)

    def action_record(self) -> None:
        """A recording in a file of its own."""
        if self._has_ended():
            self.tell("the process has ended: there is nothing to record any more")
            return
        self._feed.record(self._file("gilprof"))

    def action_export(self) -> None:
        """What is seen, in a format that is to be chosen."""
        if self._shown is None or isinstance(self.screen, ExportScreen):
            return
        part = self._shown.whole if self._whole else self._shown.recent
        seen = self.screen.seen() if isinstance(self.screen, FlameScreen) else Narrowing()

        def write(choice: Choice | None) -> None:
            if choice is None:
                return
            path = self._file(choice.ending)
            try:
                self._save(path, pieces(choice, part, seen), False)
            except GilprofError as error:
                self.tell(str(error))
                return
            self.tell(f"{choice.name} written to {path}")

        self.push_screen(ExportScreen(), write)

    def action_help(self) -> None:
        """Keys and figures; once more: back."""
        if isinstance(self.screen, HelpScreen):
            self.pop_screen()
        else:
            self.push_screen(HelpScreen())

    def _has_several(self) -> bool:
        return self._latest is not None and self._latest.place[1] > 1

    def _has_ended(self) -> bool:
        """All that is watched."""
        if self._latest is None:
            return False
        return self._latest.over is not None if self._has_several() else self._latest.recent.ended is not None

    def _show_output(self) -> None:
        panes = list(self.screen.query(OutputPane)) if self._program is not None else []
        if self._program is not None and panes:
            count, newest = self._program.newest()
            for pane in panes:
                pane.show_output(count, lambda: lines_of(newest))

    def _receive(self, message: Arrived | Notice | Leave) -> None:
        """Called by the feed's thread."""
        self.post_message(message)

    def _file(self, ending: str) -> str:
        return f"gilprof-{self._pid}-{datetime.now():%Y%m%d-%H%M%S}.{ending}"
