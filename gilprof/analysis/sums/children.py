"""What the processes below the target have used of the CPUs while it was observed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gilprof.analysis.sums.values import ChildSums
from gilprof.model import Batch, ChildSeen

ENDED_KEPT = 200
"""Ended children up to twice which are remembered, then this many: those that used the most."""


FRESH_NS = 1_000_000_000
"""Who uses nothing is not told again: without word for so long, nobody has used anything."""


class Children:
    """Bounded by the children that live at once."""

    def __init__(self) -> None:
        self._first_t_ns: int | None = None
        """Of the first pass: what was used before does not count."""
        self._last_t_ns = 0
        self._looked_ns = 0
        self._newest: dict[int, ChildSeen] = {}
        self._before_ns: dict[int, int] = {}

    def add(self, batch: Batch) -> None:
        """Take in the next batch."""
        if self._first_t_ns is None and len(batch.passes):
            self._first_t_ns = int(batch.passes["t_ns"][0])
        if len(batch.passes):
            self._last_t_ns = int(batch.passes["t_ns"][-1])
        for child in batch.children:
            if self._first_t_ns is None or child.t_ns <= self._first_t_ns:
                self._before_ns[child.id] = child.cpu_ns
            self._newest[child.id] = child
            self._looked_ns = max(self._looked_ns, child.t_ns)
        self._forget()

    @property
    def observed_ns(self) -> int:
        """From the first pass to the last look at the children, which may be a little older than the last pass."""
        if self._first_t_ns is None:
            return 0
        looked_ns = min(max(self._looked_ns, self._last_t_ns - FRESH_NS), self._last_t_ns)
        return max(looked_ns - self._first_t_ns, 0)

    def newest(self) -> tuple[ChildSeen, ...]:
        """Those that live, as they were seen last."""
        return tuple(child for child in self._newest.values() if not child.ended)

    def sums(self) -> tuple[ChildSums, ...]:
        """Those that lived when the observation began, or later."""
        return tuple(
            ChildSums(
                child.id,
                child.pid,
                child.parent,
                child.command,
                child.python,
                max(self._used_ns(child), 0),
                child.ended,
            )
            for child in self._newest.values()
            if not child.ended or self._used_ns(child) > 0
        )

    def _used_ns(self, child: ChildSeen) -> int:
        return child.cpu_ns - self._before_ns.get(child.id, 0)

    def _forget(self) -> None:
        ended = [child for child in self._newest.values() if child.ended]
        if len(ended) > 2 * ENDED_KEPT:
            for child in sorted(ended, key=self._used_ns, reverse=True)[ENDED_KEPT:]:
                del self._newest[child.id]
                self._before_ns.pop(child.id, None)


def grown(now: Iterable[ChildSums], before: Iterable[ChildSums]) -> tuple[ChildSums, ...]:
    """What was used between two sums of a profile; those that had ended by the earlier one are left out."""
    earlier = {child.id: child for child in before}
    return tuple(
        replace(child, cpu_ns=child.cpu_ns - (earlier[child.id].cpu_ns if child.id in earlier else 0))
        for child in now
        if child.id not in earlier or not earlier[child.id].ended
    )
