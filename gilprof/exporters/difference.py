"""Two profiles' stacks side by side: what a differential flame graph is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from gilprof.exporters.stack_times import StackTimes
from gilprof.facts.arrays import Ns, Rows
from gilprof.model import NONE
from gilprof.report.build import Profiled
from gilprof.report.groups import grouped

_Function = tuple[str, str | None, int | None]
_Shown = TypeVar("_Shown")


@dataclass(frozen=True, slots=True)
class Difference:
    """The time of both on the stacks of both."""

    times: StackTimes
    """The new profile's time. Lines are 0, as they move when a program is edited."""
    before_ns: Ns
    """(N, 6) by State: the baseline's time, as much of it as there is observed time of the new profile."""
    look_ns: tuple[float, float]
    """How much time one independent look stands for, in the new profile and, in the same measure, the baseline."""


def difference(new: StackTimes, old: StackTimes, profile: Profiled, baseline: Profiled) -> Difference:
    """``new`` and ``old``, the time on ``profile``'s and ``baseline``'s stacks, put together.

    Threads are the same by name, functions by name and file, and by their order in the file where it has several of
    one name.
    """
    scale = profile.sums().observed_ns / baseline.sums().observed_ns
    functions, threads, stacks = _Numbers[_Function](), _Numbers[str](), _Numbers[tuple[int, int]]()
    keys, values = [], []
    for side, times in enumerate((new, old)):
        function = [functions.of(key, shown) for key, shown in _keys(times.functions)]
        thread = np.array([threads.of(name, name) for name in times.threads], np.int64)
        row: list[int] = []
        for below, own in zip(times.parent.tolist(), times.function.tolist(), strict=True):
            key = (NONE if below == NONE else row[below], function[own])
            row.append(stacks.of(key, key))
        keys.append(np.column_stack([thread[times.thread], np.array(row, np.int64)[times.stack]]))
        none = np.zeros_like(times.states_ns)
        parts = (times.states_ns, none) if side == 0 else (none, times.states_ns * scale)
        values.append(np.hstack(parts))
    rows, sums = grouped(np.concatenate(keys), np.concatenate(values))
    forest: Rows = np.array(stacks.shown, np.int64).reshape(-1, 2)
    states = new.states_ns.shape[1]
    times = StackTimes(
        functions=tuple(functions.shown),
        parent=forest[:, 0],
        function=forest[:, 1],
        line=np.zeros(len(forest), np.int64),
        threads=tuple(threads.shown),
        thread_ids=np.full(len(threads.shown), NONE),
        thread=rows[:, 0],
        stack=rows[:, 1],
        states_ns=sums[:, :states],
        blamed_ns=None,
    )
    return Difference(times, sums[:, states:], (_look_ns(profile), scale * _look_ns(baseline)))


def _look_ns(profile: Profiled) -> float:
    """The longest of the mean time between two passes, the switch interval and the mean time that a thread keeps the
    GIL while others wait for it: looks closer together see the same thing again."""
    sums = profile.sums()
    pass_ns = sums.observed_ns / max(sums.passes, 1)
    turns_ns = [gil.contended_ns / max(gil.switches, 1) for gil in sums.gils.values()]
    return max(pass_ns, float(profile.info.switch_interval_ns), *turns_ns)


def _keys(functions: tuple[_Function, ...]) -> list[tuple[_Function, _Function]]:
    """What each is the same by in both profiles, and the function as it is."""
    count: Counter[tuple[str, str | None]] = Counter()
    keys: dict[_Function, _Function] = {}
    for name, file, line in sorted(functions, key=lambda function: function[2] or 0):
        keys[name, file, line] = (name, file, count[name, file])
        count[name, file] += 1
    return [(keys[function], function) for function in functions]


class _Numbers(Generic[_Shown]):
    """Numbers things in the order in which they are first met."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self.shown: list[_Shown] = []
        """Each as it was first met."""

    def of(self, key: Hashable, shown: _Shown) -> int:
        """The number of what is the same by ``key``."""
        number = self._numbers.setdefault(key, len(self.shown))
        if number == len(self.shown):
            self.shown.append(shown)
        return number
