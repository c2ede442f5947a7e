"""Numbers for pairs of ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Rows

_SHIFT, _LEAST = 31, -2
_RECENT_SHARE = 8
"""New keys are merged into the many once they are more than one in so many, so that each is moved a few times only."""


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Packed pairs in rising order, and the number of each."""

    keys: Rows
    numbers: Rows

    @classmethod
    def of(cls, keys: Rows, numbers: Rows) -> _Sorted:
        order = np.argsort(keys)
        return cls(keys[order], numbers[order])

    @classmethod
    def none(cls) -> _Sorted:
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))

    def find(self, keys: Rows, out: Rows) -> None:
        """Put the numbers of those that are here into ``out``."""
        if len(self.keys):
            at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            np.copyto(out, self.numbers[at], where=self.keys[at] == keys)

    def joined(self, other: _Sorted) -> _Sorted:
        """Both, which have no key in common."""
        at = np.searchsorted(self.keys, other.keys)
        return _Sorted(np.insert(self.keys, at, other.keys), np.insert(self.numbers, at, other.numbers))


class PairIds:
    """Numbers pairs of ids, each -2 or more and below 2**31 - 2, in the order in which they are first met."""

    def __init__(self) -> None:
        self._many = _Sorted.none()
        self._recent = _Sorted.none()

    def __len__(self) -> int:
        return len(self._many.keys) + len(self._recent.keys)

    def number(self, first: npt.NDArray[np.integer], second: npt.NDArray[np.integer]) -> Rows:
        """The number of each row's pair."""
        packed = (first.astype(np.int64) - _LEAST) << _SHIFT
        packed |= second.astype(np.int64) - _LEAST
        keys, inverse = np.unique(packed, return_inverse=True)
        numbers = np.full(len(keys), -1, np.int64)
        self._many.find(keys, numbers)
        self._recent.find(keys, numbers)
        new = np.flatnonzero(numbers < 0)
        if len(new):
            numbers[new] = len(self) + np.arange(len(new))
            self._recent = self._recent.joined(_Sorted(keys[new], numbers[new]))
            if len(self._recent.keys) > len(self._many.keys) // _RECENT_SHARE:
                self._many, self._recent = self._many.joined(self._recent), _Sorted.none()
        return numbers[inverse]

    def pairs(self) -> tuple[Rows, Rows]:
        """All pairs by number."""
        packed = self._packed()
        return (packed >> _SHIFT) + _LEAST, (packed & ((1 << _SHIFT) - 1)) + _LEAST

    def part(self, kept: Rows) -> PairIds:
        """Only the pairs of these numbers, numbered in this order."""
        out = PairIds()
        out._many = _Sorted.of(self._packed()[kept], np.arange(len(kept)))
        return out

    def _packed(self) -> Rows:
        packed = np.empty(len(self), np.int64)
        for level in (self._many, self._recent):
            packed[level.numbers] = level.keys
        return packed
