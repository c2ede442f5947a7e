"""Batches put together for what costs the same for few passes as for many."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain

import numpy as np

from gilprof.cli.observe import Take
from gilprof.model import Batch


class Gathering:
    """Hands on what has come in ``every_s``, and at once what tells the target's end."""

    def __init__(self, take: Take, every_s: float) -> None:
        self._take = take
        self._every_s = every_s
        self._batches: list[Batch] = []
        self._handed_on_s = time.monotonic()

    def take(self, batch: Batch) -> None:
        """The next batch."""
        self._batches.append(batch)
        if batch.ended is not None or time.monotonic() - self._handed_on_s >= self._every_s:
            self.rest()

    def rest(self) -> None:
        """Hand on what there is."""
        self._handed_on_s = time.monotonic()
        batches, self._batches = self._batches, []
        if batches:
            self._take(joined(batches))


def joined(batches: Sequence[Batch]) -> Batch:
    """At least one batch, as if one drain had brought all."""
    if len(batches) == 1:
        return batches[0]
    return Batch(
        passes=np.concatenate([batch.passes for batch in batches]),
        looks=np.concatenate([batch.looks for batch in batches]),
        functions=tuple(chain.from_iterable(batch.functions for batch in batches)),
        frames=np.concatenate([batch.frames for batch in batches]),
        stacks=np.concatenate([batch.stacks for batch in batches]),
        threads=tuple(chain.from_iterable(batch.threads for batch in batches)),
        health=batches[-1].health,
        sections=tuple(chain.from_iterable(batch.sections for batch in batches)),
        ended=batches[-1].ended,
    )
