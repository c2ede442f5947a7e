"""Batches put together for what costs the same for few passes as for many."""

from __future__ import annotations

import time

from gilprof.cli.profiling.observe import Take
from gilprof.facts.batches import joined_by_process
from gilprof.model import Batch

MOST_LOOKS = 200_000
"""In memory, before they are handed on: 10 MB."""


class Gathering:
    """Hands on what has come in ``every_s``, ``MOST_LOOKS`` earlier, and at once what tells the target's end."""

    def __init__(self, take: Take, every_s: float) -> None:
        self._take = take
        self._every_s = every_s
        self._batches: list[Batch] = []
        self._looks = 0
        self._handed_on_s = time.monotonic()

    def take(self, batch: Batch) -> None:
        """The next batch."""
        self._batches.append(batch)
        self._looks += len(batch.looks)
        due = time.monotonic() - self._handed_on_s >= self._every_s or self._looks >= MOST_LOOKS
        if due or batch.ended is not None:
            self.rest()

    def rest(self) -> None:
        """Hand on what there is."""
        self._handed_on_s = time.monotonic()
        batches, self._batches = self._batches, []
        self._looks = 0
        for batch in joined_by_process(batches):
            self._take(batch)
