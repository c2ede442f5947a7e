"""Where a thread sleeps: a stack that was copied just before it fell asleep does not stay for the whole sleep."""

from __future__ import annotations

import numpy as np
import pytest

from gilprof.model import State
from tests.support.interpreters import Interpreter, some_versions
from tests.support.observed import observe
from tests.support.spawn import TARGETS, spawn

SECONDS = 2.0
HOLD_MS, GAP_MS = 4, 4
"""Each sleep is long enough for several looks, and there are hundreds of each kind."""
LEAST_LOOKS = 100


def line_of(call: str) -> int:
    """Where in the target the thread sleeps."""
    lines = (TARGETS / "hold_sleep.py").read_text().splitlines()
    (line,) = [number for number, text in enumerate(lines, 1) if text.strip().startswith(call)]
    return line


@pytest.mark.parametrize("interpreter", some_versions(), ids=str)
def test_a_sleeping_thread_is_at_the_line_where_it_sleeps(interpreter: Interpreter) -> None:
    """A look reads the stack before the kernel's files: the first one of a sleep may have a stack from before it, those
    that follow, with the thread's CPU time unchanged, not."""
    with spawn(interpreter.path, "hold_sleep", HOLD_MS, GAP_MS) as target:
        seen = observe(target.pid, SECONDS)
        sleeper = seen.looks_at(target.tids["sleeper"])
    definitions, looks = seen.profile.definitions, seen.looks
    for state, call in ((State.HELD_BLOCKED, "HOLDING.usleep"), (State.BLOCKED, "RELEASING.usleep")):
        asleep = looks.state[sleeper] == state
        slept_on = asleep[1:] & asleep[:-1] & (looks.cpu_ns[sleeper[1:]] == 0)
        assert slept_on.sum() >= LEAST_LOOKS, "too few to tell"
        frames = definitions.innermost(looks.stack[sleeper[1:][slept_on]])
        lines, counts = np.unique(definitions.frames[frames][:, 1], return_counts=True)
        assert dict(zip(lines.tolist(), counts.tolist(), strict=True)) == {line_of(call): int(slept_on.sum())}
