"""A program that has just been started is found, at whatever point of its start it is first looked at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gilprof.target.launch import Launched, launch
from gilprof.target.process import Process
from gilprof.target.startup import Startup
from tests.support.interpreters import Interpreter, variants

STARTS = 8
BUSY = 3
TIMEOUT_S = 60.0


class Until:
    """Waits as long as the program runs, within reason."""

    def __init__(self, program: Launched) -> None:
        self._program = program
        self._deadline = time.monotonic() + TIMEOUT_S

    @property
    def profile_over(self) -> bool:
        return self._program.has_ended() or time.monotonic() > self._deadline

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@pytest.mark.parametrize("interpreter", variants(), ids=str)
def test_found_on_a_busy_cpu(interpreter: Interpreter) -> None:
    """There the first look often comes before the kernel has mapped the program."""
    with one_busy_cpu():
        assert [found_version(interpreter) for _ in range(STARTS)] == [interpreter.release] * STARTS


def found_version(interpreter: Interpreter) -> str | None:
    """Start the interpreter: which Python is found, None for none."""
    program = launch([str(interpreter.path), "-c", "import signal; signal.pause()"], ())
    try:
        with Process(program.pid) as process:
            found = Startup(process, Until(program)).find()
            if found is None:
                return None
            memory, target = found
            memory.close()
            return target.python
    finally:
        os.kill(program.pid, signal.SIGKILL)
        program.reap()


@contextmanager
def one_busy_cpu() -> Iterator[None]:
    """This process and all that it starts are on one CPU, with some that never sleep."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
        for process in busy:
            process.kill()
            process.wait()
