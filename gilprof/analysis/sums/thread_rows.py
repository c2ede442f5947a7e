"""Rows for threads, of which a program may make any number: those that have ended are folded together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Rows
from gilprof.model import NONE, ThreadSeen

ENDED_ROWS = 1000
"""Ended threads that keep a row of their own: those with the most waiting and blame."""
FOLDED_PATTERNS = 100
"""Name patterns that get a row for the folded; what is left is folded into one named ``*``."""
_NUMBER = re.compile(r"\d+|\*")


def kind_of(name: str) -> str:
    """``pool-0_*`` of ``pool-0_2``, ``pool-7_2`` and ``pool-0_*`` alike ``pool-*_*``: equal for names that differ in
    numbers at most."""
    return _NUMBER.sub("*", name)


def name_pattern(names: Sequence[str]) -> str | None:
    """``pool-0_*`` of ``pool-0_1`` and ``pool-0_2``: names, or patterns of such, with ``*`` for the numbers in which
    they differ; None where they differ in more. Of one name alone the last number."""
    if len({kind_of(name) for name in names}) != 1:
        return None
    numbers = list(zip(*(_NUMBER.findall(name) for name in names), strict=True))
    same = [column[0] if len(set(column)) == 1 else "*" for column in numbers]
    if len(names) == 1:
        same[-1:] = ["*"] * bool(same)
    return "".join(part for pair in zip_longest(_NUMBER.split(names[0]), same, fillvalue="") for part in pair)


class ThreadRows:
    """Which row stands for which thread; a row whose thread was folded is used again.

    A row's id is its thread's; of folded threads, the id of the first one.
    """

    def __init__(self) -> None:
        self._row: dict[int, int] = {}
        self._id: list[int] = []
        self._folded: list[int] = []
        self._free: list[int] = []
        self._ended: set[int] = set()
        self._groups: dict[tuple[str, bool], int] = {}

    def rows(self, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The row of each thread id, made if need be; negative ids stay as they are."""
        unique, inverse = np.unique(ids, return_inverse=True)
        found = [self._row_of(number) if number > NONE else number for number in unique.tolist()]
        return np.array(found, np.int32)[inverse]

    def note_ends(self, threads: Iterable[ThreadSeen], names: dict[int, ThreadSeen]) -> None:
        """Take in which threads have ended; ``names`` loses those that no look has seen."""
        for thread in threads:
            if thread.ended_ns is None:
                continue
            if thread.id in self._row:
                self._ended.add(self._row[thread.id])
            else:
                names.pop(thread.id, None)

    @property
    def ids(self) -> Rows:
        """(R,) the thread id of each row."""
        return np.array(self._id, np.int64)

    @property
    def folded(self) -> Rows:
        """(R,) how many threads were folded into the row; 0: it is one thread's own."""
        return np.array(self._folded, np.int64)

    def ended(self) -> Rows:
        """The rows of threads that have ended, but for those of folded ones."""
        return np.array(sorted(self._ended), np.int64)

    def fold(self, rows: Iterable[int], names: dict[int, ThreadSeen], python: npt.NDArray[np.bool_]) -> Rows:
        """Fold these rows by name pattern; (R,) the row that each row's sums belong to now.

        ``names`` loses the folded threads and gets an entry for each new group.
        """
        target = np.arange(len(self._id))
        for row in rows:
            number = self._id[row]
            seen = names.pop(number, None)
            name = seen.name if seen else "*"
            key = (kind_of(name), bool(python[row]))
            if key not in self._groups and len(self._groups) >= FOLDED_PATTERNS:
                key = ("*", bool(python[row]))
            group = self._groups.setdefault(key, row)
            self._folded[group] += 1
            self._ended.discard(row)
            del self._row[number]
            if group == row:
                names[number] = ThreadSeen(number, NONE, "*" if key[0] == "*" else name_pattern([name]) or name)
            else:
                first = names[self._id[group]]
                names[first.id] = replace(first, name=name_pattern([first.name, name]) or key[0])
                target[row] = group
                self._free.append(row)
        return target

    def _row_of(self, number: int) -> int:
        row = self._row.get(number)
        if row is None:
            row = self._free.pop() if self._free else len(self._id)
            if row == len(self._id):
                self._id.append(number)
                self._folded.append(0)
            self._id[row] = number
            self._row[number] = row
        return row
