"""A command that runs when there was a stall: one at a time, not too often, and never for long."""

from __future__ import annotations

import os
import shlex
import signal
import time
from collections.abc import Callable, Mapping

from gilprof.errors import UsageError

EVERY_S = 10.0
"""From one start to the next, at least."""
LONGEST_S = 30.0
"""It is killed then."""
AT_THE_END_S = 5.0
"""For one that runs when the profile ends."""
_POLL_S = 0.02


def words_of(command: str) -> list[str]:
    """The command's words, as a shell would cut them. Raises UsageError."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"reading {command!r} as a command", str(error), "close the quote") from error
    if not words:
        raise UsageError("reading --on-stall", "the command is empty", "give a program and its arguments")
    return words


class StallCommand:
    """The words of the command are fixed; what happened stands in its environment, as ``GILPROF_STALL_...``."""

    def __init__(self, command: str, pid: int, tell: Callable[[str], None]) -> None:
        """``pid``: the process that is watched; ``tell`` gets what goes wrong. Raises UsageError."""
        self._words = words_of(command)
        self._pid = pid
        self._tell = tell
        self._child: int | None = None
        self._started_s = -EVERY_S
        self._broken = False

    def run(self, facts: Mapping[str, str]) -> None:
        """Start it, unless it runs, has just run, or cannot be started."""
        now_s = time.monotonic()
        self.look()
        if self._broken or self._child is not None or now_s - self._started_s < EVERY_S:
            return
        self._started_s = now_s
        told = {f"GILPROF_STALL_{name.upper()}": value.replace("\0", "") for name, value in facts.items()}
        devnull = os.open(os.devnull, os.O_RDONLY)
        try:
            # gilprof may hold signals back or ignore them; standard output may be the report's or the program's.
            self._child = os.posix_spawnp(
                self._words[0],
                self._words,
                {**os.environ, **told, "GILPROF_STALL_PID": str(self._pid)},
                file_actions=[(os.POSIX_SPAWN_DUP2, devnull, 0), (os.POSIX_SPAWN_DUP2, 2, 1)],
                setsigmask=(),
                setsigdef=(signal.SIGINT, signal.SIGPIPE, signal.SIGHUP),
                setpgroup=0,
            )
        except OSError as error:
            self._broken = True
            self._tell(f"running {self._words[0]} on a stall: {error.strerror}; check --on-stall")
        finally:
            os.close(devnull)

    def look(self) -> None:
        """Whether it has ended, or has run for too long."""
        if self._child is None:
            return
        ended, _ = os.waitpid(self._child, os.WNOHANG)
        if ended:
            self._child = None
        elif time.monotonic() - self._started_s > LONGEST_S:
            self._kill()

    def end(self) -> None:
        """Nothing follows: it gets a little time to end by itself."""
        deadline_s = time.monotonic() + AT_THE_END_S
        while self._child is not None and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
            self.look()
        if self._child is not None:
            self._kill()

    def _kill(self) -> None:
        """It and what it has started in its process group."""
        if self._child is not None:
            os.killpg(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            self._tell(f"{self._words[0]} ran for too long on a stall and was killed; make it end by itself")
            self._child = None
