"""The live view of a profile, where there is a terminal to show it on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import sys
import termios
from typing import TYPE_CHECKING

from gilprof.cli.options import ProfileOptions
from gilprof.cli.output import complain, is_terminal

if TYPE_CHECKING:
    from gilprof.analysis.session import SessionProfile
    from gilprof.cli.profiling.observe import Take, Until
    from gilprof.cli.running.program_terminal import ProgramTerminal
    from gilprof.sources.base import Source

NO_SIZE = 24, 80
"""Rows and columns of a terminal that does not know."""
_NO_SCREENS = {"", "dumb", "unknown"}
"""``TERM`` of what cannot show more than lines."""


def is_live(options: ProfileOptions, by_default: bool) -> bool:
    """Whether the live view comes up; who asks for it without a terminal is told that it does not."""
    wanted = by_default if options.live is None else options.live
    possible = is_terminal(sys.stdin) and is_terminal(sys.stdout) and _can_show()
    if options.live and not possible and not options.quiet:
        complain(
            "no live view: standard input and output are not both a terminal that can draw (TERM); the report comes at "
            "the end"
        )
    return wanted and possible


def _can_show() -> bool:
    return os.environ.get("TERM", "") not in _NO_SCREENS


def _give_a_size() -> None:
    """To a terminal that has none (a serial line, docker exec -t before its first resize): textual and rich would
    each take another one, and lay the screen out again and again."""
    with contextlib.suppress(OSError):
        if 0 in os.get_terminal_size(sys.stdout.fileno()):
            fcntl.ioctl(sys.stdout.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", *NO_SIZE, 0, 0))


class LiveView:
    """Shows a profile while it is taken."""

    def __init__(self, options: ProfileOptions, recording: str | None, terminal: ProgramTerminal | None = None) -> None:
        """``recording``: what is being recorded into; ``terminal``: of the program that gilprof has started."""
        self._options = options
        self._recording = recording
        self._terminal = terminal

    def show(self, source: Source, session: SessionProfile, take: Take, duration_s: float | None, until: Until) -> bool:
        """Until somebody leaves, the time is up or ``until`` says so; like ``observe``, ``take`` is given every batch.
        Once the target has ended, the last picture stays. A terminal that is closed ends it. False, and said on
        standard error, where the view itself has failed: the profile is what it was until then. Raises what has ended
        the observation before its time."""
        if self._options.no_color:
            os.environ["NO_COLOR"] = "1"
        _give_a_size()
        from gilprof.cli.files import write_file
        from gilprof.tui.app import LiveApp
        from gilprof.tui.terminal import LastingDriver, Lifeline
        from gilprof.tui.worker import Worker

        worker = Worker(source, session, take, duration_s, Lifeline(until), self._recording)
        app = LiveApp(worker, source.info.pid, write_file, self._terminal, driver=LastingDriver)
        if self._terminal is not None:
            self._terminal.hold()
        try:
            app.run()
        finally:
            worker.stop()
            if self._terminal is not None:
                self._terminal.release()
        for line in app.notices:
            complain(line)
        worker.check()
        if app.return_code:
            kept = "what was seen is kept" if self._recording is None else f"what was seen is kept in {self._recording}"
            complain(
                f"showing the live view: it has failed, as the traceback above says; {kept}, --no-live does without"
            )
            return False
        return True
