"""Stalls, told as they happen."""

from __future__ import annotations

from collections.abc import Callable

from gilprof.analysis.profile import Profile
from gilprof.cli.options import ProfileOptions
from gilprof.cli.profiling.messages import Messages
from gilprof.cli.profiling.stall_command import StallCommand
from gilprof.report.stalls import StallWords


class StallReporter:
    """One line a stall on standard error, with -v its stack; and whatever else is to happen then."""

    def __init__(
        self,
        options: ProfileOptions,
        profile: Profile,
        messages: Messages,
        stalled: Callable[[], None],
    ) -> None:
        """``messages`` gets the lines; ``stalled`` is called for each stall."""
        self._profile = profile
        self._verbose = options.verbose
        self._words = StallWords(profile.info, profile.definitions)
        self._command = (
            None if options.on_stall is None else StallCommand(options.on_stall, profile.info.pid, messages.note)
        )
        self._say = messages.line
        self._stalled = stalled

    def look(self) -> None:
        """Tell what is new."""
        for stall in self._profile.new_stalls():
            self._say(self._words.line(stall))
            if self._verbose:
                for line in self._words.stack(stall):
                    self._say(f"    {line}")
            if self._command is not None:
                self._command.run(self._words.facts(stall))
            self._stalled()
        if self._command is not None:
            self._command.look()

    def end(self) -> None:
        """Nothing follows."""
        self.look()
        if self._command is not None:
            self._command.end()
