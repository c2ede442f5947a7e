"""A command that runs when there was a stall: one at a time, not too often, and never for long."""

from __future__ import annotations

import json
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
LONGEST_VARIABLE = 32_000
"""Bytes of one environment variable; the kernel takes no more than 128 kB of each."""
CUT = b" ..."
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


def _variable(value: str) -> bytes:
    """``value`` as the environment can have it: without NUL, and cut where it is too long."""
    encoded = value.replace("\0", "").encode(errors="backslashreplace")
    if len(encoded) <= LONGEST_VARIABLE:
        return encoded
    return encoded[:LONGEST_VARIABLE].decode(errors="ignore").encode() + CUT


def _readable(content: bytes) -> int:
    """A descriptor to read ``content`` from; it has no name and no end but its own. Raises OSError."""
    descriptor = os.memfd_create("gilprof-stall")
    with open(descriptor, "wb", closefd=False) as stream:
        stream.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


class StallCommand:
    """The words of the command are fixed; what happened stands in its environment, as ``GILPROF_STALL_...``, and whole,
    as one JSON object, on its standard input: a variable has room for so much only (execve(2), MAX_ARG_STRLEN)."""

    def __init__(self, command: str, pid: int, tell: Callable[[str], None]) -> None:
        """``pid``: the process that is watched; ``tell`` gets what goes wrong. Raises UsageError."""
        self._words = words_of(command)
        self._pid = pid
        self._tell = tell
        self._child: int | None = None
        self._started_s = -EVERY_S
        self._complained = False

    def run(self, facts: Mapping[str, str]) -> None:
        """Start it, unless it runs or has just run. That it cannot be started is told once, and tried again."""
        now_s = time.monotonic()
        self.look()
        if self._child is not None or now_s - self._started_s < EVERY_S:
            return
        self._started_s = now_s
        facts = {**facts, "pid": str(self._pid)}
        variables = {f"GILPROF_STALL_{name.upper()}".encode(): _variable(value) for name, value in facts.items()}
        try:
            whole = _readable(json.dumps(facts).encode() + b"\n")
        except OSError as error:
            self._complain(error)
            return
        try:
            # gilprof may hold signals back or ignore them; standard output may be the report's or the program's.
            self._child = os.posix_spawnp(
                self._words[0],
                self._words,
                {**os.environb, **variables},
                file_actions=[(os.POSIX_SPAWN_DUP2, whole, 0), (os.POSIX_SPAWN_DUP2, 2, 1)],
                setsigmask=(),
                setsigdef=(signal.SIGINT, signal.SIGPIPE, signal.SIGHUP),
                setpgroup=0,
            )
        except OSError as error:
            self._complain(error)
        finally:
            os.close(whole)

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

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            self._tell(
                f"running {self._words[0]} on a stall: {error.strerror}; check --on-stall, the next stall tries again"
            )
        self._complained = True

    def _kill(self) -> None:
        """It and what it has started in its process group."""
        if self._child is not None:
            os.killpg(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            self._tell(f"{self._words[0]} ran for too long on a stall and was killed; make it end by itself")
            self._child = None
