"""The functions that ``gilprof`` offers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from gilprof.api.own import OwnSession
from gilprof.api.recorded import Recorded
from gilprof.api.session import Session
from gilprof.errors import UsageError
from gilprof.sources.live import LiveSource
from gilprof.sources.started import open_started
from gilprof.target.launch import Launched, launch
from gilprof.target.startup import prepare
from gilprof.units import MAX_RATE_HZ, MIN_RATE_HZ

RATE_HZ = 1000.0


def profile(rate: float = RATE_HZ, output: str | Path | None = None, force: bool = False) -> OwnSession:
    """Profile the own process, from now on: ``with gilprof.profile() as p: ...``, then ``p.report``.

    ``rate``: passes a second. ``output``: a recording to write, else a temporary file; an existing one is replaced
    only with ``force``. A native thread looks, which never waits for the GIL and needs no permission; a Python thread
    writes down what it has seen, which costs the process a little: ``report.processes[0].sampling.drain_cpu_s``.

    Raises NotReadable for a Python that gilprof does not know, FileError, and UsageError for nonsense.
    """
    return OwnSession(_checked(rate), output, force)


def attach(pid: int, rate: float = RATE_HZ, output: str | Path | None = None, force: bool = False) -> Session:
    """Profile process ``pid``, from now on: ``with gilprof.attach(pid) as p: p.wait(5)``, then ``p.report``.

    The process is never stopped and never written to. Raises NoSuchProcess, PermissionRefused, NotReadable, FileError,
    and UsageError for nonsense.
    """
    return Session(partial(LiveSource.attach, pid, _checked(rate)), output, force)


def run(
    command: Sequence[str], rate: float = RATE_HZ, output: str | Path | None = None, force: bool = False
) -> Session:
    """Run a command to its end, and profile it from its first moments on: ``gilprof.run([sys.executable, "app.py"])``.

    It has the own standard streams; ``status`` of what is returned is how it ended. Raises CannotStart; NoSuchProcess,
    PermissionRefused or NotReadable, once it has ended, for what could not be profiled; FileError, and UsageError for
    nonsense.
    """
    if not command:
        raise UsageError("running a program", "no command is given", "give a list of words")
    rate_hz = _checked(rate)
    prepare(command[0])
    program = launch(command, blocked=())
    try:
        with Session(partial(open_started, program.pid, rate_hz, _Ending(program)), output, force) as session:
            session.wait()
    finally:
        status = program.reap()
    session.status = status
    return session


def load(path: str | Path, salvage: bool = False) -> Recorded:
    """What a recording says: ``report``, ``passes``, ``looks``. ``salvage``: leave damage out. Raises FileError."""
    return Recorded(path, salvage)


class _Ending:
    """How to wait for an interpreter in a program that may end before there is one."""

    def __init__(self, program: Launched) -> None:
        self._program = program

    @property
    def profile_over(self) -> bool:
        """It has ended."""
        return self._program.has_ended()

    def sleep(self, seconds: float) -> None:
        """At most so long."""
        time.sleep(seconds)


def _checked(rate: float) -> float:
    """Raises UsageError."""
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        limits = f"it is not between {MIN_RATE_HZ:g} and {MAX_RATE_HZ:g}"
        raise UsageError(f"profiling at {rate} passes a second", limits, "give for example rate=1000")
    return float(rate)
