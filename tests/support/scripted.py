"""A source that gives what a test wrote down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from gilprof.model import (
    LOOK_DTYPE,
    NONE,
    PASS_DTYPE,
    SYSCALL_RUNNING,
    Batch,
    Function,
    Health,
    LookFlag,
    PassFlag,
    TargetInfo,
    ThreadSeen,
)
from tests.support.made_up import INFO

FUTEX = 202
"""x86-64's number."""


class ScriptedSource:
    """Gives batches, then None; ``then`` is called before each drain."""

    def __init__(
        self, batches: Iterable[Batch], info: TargetInfo = INFO, then: Callable[[], None] = lambda: None
    ) -> None:
        self.info = info
        self.closed = False
        self._batches: Iterator[Batch] = iter(batches)
        self._then = then

    def drain(self) -> Batch | None:
        """The next batch."""
        self._then()
        return next(self._batches, None)

    def close(self) -> None:
        """Remember it."""
        self.closed = True


def contended_batches(count: int = 3, passes_each: int = 100) -> Iterator[Batch]:
    """``feeder`` has the GIL in every pass, a millisecond apart, and MainThread sleeps on its condition variable."""
    definitions = Batch(
        passes=np.empty(0, PASS_DTYPE),
        looks=np.empty(0, LOOK_DTYPE),
        functions=(Function("main", "/srv/app.py", 1), Function("feed", "/srv/ingest.py", 80)),
        frames=np.array([[0, 5], [1, 88]], np.int32),
        stacks=np.array([[NONE, 0], [NONE, 1]], np.int32),
        threads=(ThreadSeen(0, 5000, "MainThread"), ThreadSeen(1, 5001, "feeder")),
    )
    for number in range(count):
        passes, looks = np.zeros(passes_each, PASS_DTYPE), np.zeros(2 * passes_each, LOOK_DTYPE)
        order = number * passes_each + np.arange(passes_each)
        passes["t_ns"] = 2_000_000_000 + order * 1_000_000
        passes["look_count"], passes["holder"], passes["flags"] = 2, 1, PassFlag.LOCKED | PassFlag.DROP_REQUEST
        looks["flags"], looks["gil_word"] = LookFlag.PYTHON, -1
        looks["thread"][1::2], looks["stack"][1::2] = 1, 1
        looks["syscall"][1::2] = SYSCALL_RUNNING
        looks["flags"][1::2] = LookFlag.PYTHON | LookFlag.HOLDER_BEFORE | LookFlag.HOLDER_AFTER
        looks["cpu_ns"][1::2] = order * 1_000_000
        looks["syscall"][::2], looks["gil_word"][::2] = FUTEX, INFO.gil_cond[0]
        batch = definitions if number == 0 else replace(
            definitions, functions=(), frames=definitions.frames[:0], stacks=definitions.stacks[:0], threads=()
        )  # fmt: skip
        yield replace(batch, passes=passes, looks=looks, health=Health(passes=(number + 1) * passes_each))


def ended(reason: str) -> Batch:
    """The last batch of a target that has ended."""
    return Batch(passes=np.empty(0, PASS_DTYPE), looks=np.empty(0, LOOK_DTYPE), ended=reason)
