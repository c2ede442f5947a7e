"""Finding where most of some time fell, in places that people recognise."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.sums import group_sum
from gilprof.facts.arrays import Floats
from gilprof.facts.user_code import package_of
from gilprof.report.answer.limits import DOMINANT, MOSTLY
from gilprof.report.answer.model import Spot
from gilprof.report.functions import FunctionTable, NodePlaces
from gilprof.report.groups import Ints, grouped
from gilprof.report.names import base_name

Flags = npt.NDArray[np.bool_]

BELONGS_SHARE = 0.05
"""A thread belongs to a spot when this much of the spot's time is its own."""
PYTHON = "python"
"""As a package: the standard library and what belongs to the interpreter."""
_INSIDE = re.compile(r"(?:\.<locals>)?\.<(?:lambda|genexpr|listcomp|setcomp|dictcomp)>.*", re.DOTALL)


def standing_in(name: str) -> str:
    """The qualified name of the function that a lambda, a generator expression or a comprehension stands in: of
    ``A.get.<locals>.<lambda>`` it is ``A.get``; other names stay as they are."""
    return _INSIDE.sub("", name) if ".<" in name else name


class SpotFinder:
    """Finds the functions, lines and packages with the most of some time by node.

    Functions are the own ones of each node (``gilprof.facts.user_code``), those that stand in others added to them.
    """

    def __init__(self, sums: ProfileSums, table: FunctionTable, places: NodePlaces, names: tuple[str, ...]) -> None:
        """``names``: of the threads."""
        self._thread = sums.nodes.thread
        self._alive_ns = sums.threads.states_ns.sum(axis=1)
        self._table = table
        self._line = places.own_line
        self._names = names
        rows: dict[tuple[str | None, str], int] = {}
        outers = [standing_in(name) for name, _, _ in table.keys]
        for row, ((name, file, _), outer) in enumerate(zip(table.keys, outers, strict=True)):
            known = rows.setdefault((file, outer), row)
            if name == outer and table.keys[known][0] != name:
                rows[file, outer] = row
        self._standing_in = np.array(
            [rows[file, outer] for (_, file, _), outer in zip(table.keys, outers, strict=True)], np.int64
        )
        self._function: Ints = self._standing_in[places.own]
        """(N,) row of each node's function."""

    def inside(self, spot: Spot) -> Flags:
        """(N,) the nodes that are of the spot's function, or of its many."""
        if spot.function is not None:
            return np.equal(self._function, spot.function)
        members: Flags = np.array([group == spot.many_of for group in self._groups], np.bool_)
        inside: Flags = members[self._function]
        return inside

    def function(self, ns: Floats) -> Spot | None:
        """Where ``ns`` (N,) fell: the function with the most of it, where that is a good part; else the functions of
        one package or file together, where these have a good part.

        Code of the standard library says little about what a program does: it is named where it has most of ``ns``,
        or nothing else has any.
        """
        total = float(ns.sum())
        if total <= 0:
            return None
        by_function: Floats = np.bincount(self._function, ns, minlength=len(self._table)).astype(np.float64)
        known = by_function * (self._table.own | self._table.installed)
        best, otherwise = int(np.argmax(known)), int(np.argmax(by_function))
        if known[best] >= DOMINANT * total:
            return self._spot(best, self._function == best, ns)
        groups = self._groups
        by_group: dict[str, float] = {}
        for row in np.flatnonzero(known).tolist():
            by_group[groups[row]] = by_group.get(groups[row], 0.0) + float(known[row])
        most = max(by_group, key=by_group.__getitem__, default=None)
        if most is not None and by_group[most] >= DOMINANT * total:
            members = np.array([group == most for group in groups], np.bool_)
            return self._spot(int(np.argmax(known * members)), members[self._function], ns, many_of=most)
        if known[best] <= 0 or by_function[otherwise] >= MOSTLY * total:
            best = otherwise
        return self._spot(best, self._function == best, ns)

    def largest(self, ns: Floats) -> float:
        """The most of ``ns`` (N,) that one function has."""
        return float(np.bincount(self._function, ns, minlength=1).max())

    def line(self, ns: Floats, min_threads: int) -> Spot | None:
        """The line with the most of ``ns`` (N,) that enough threads belong to."""
        used = ns > 0
        places = np.stack([self._function, self._line], axis=1)
        keys, sums = grouped(places[used], ns[used][:, None])
        for at in np.argsort(-sums[:, 0], kind="stable")[:10] if len(keys) else ():
            spot = self._spot(int(keys[at][0]), (places == keys[at]).all(axis=1), ns)
            if len(spot.threads) >= min_threads:
                return spot
        return None

    @cached_property
    def _groups(self) -> list[str]:
        """The package or the user's file of each function."""
        table = self._table
        return [
            base_name(file) if own and file else (file and package_of(file)) or PYTHON
            for (_, file, _), own in zip(table.keys, table.own.tolist(), strict=True)
        ]

    def _spot(self, row: int, inside: Flags, ns: Floats, many_of: str | None = None) -> Spot:
        ns = ns * inside
        at = ns * (self._function == row)
        lines, line_of = np.unique(self._line, return_inverse=True)
        line = int(lines[np.argmax(np.bincount(line_of, at))])
        by_thread = group_sum(self._thread, ns[:, None], len(self._names))[:, 0]
        most: Ints = np.argsort(-by_thread, kind="stable")
        total = float(ns.sum())
        ids = most[by_thread[most] >= BELONGS_SHARE * total]
        # Of very many threads none may have that share.
        ids = ids if len(ids) else np.flatnonzero(by_thread > 0)
        name, file, first_line = self._table.keys[row]
        user_s = bool(self._table.own[row]) or file is None
        return Spot(
            function=row if many_of is None else None,
            name=standing_in(name),
            file=file,
            line=line if line > 0 else first_line,
            package=None if user_s or file is None else package_of(file) or PYTHON,
            many_of=many_of,
            seconds=total / 1e9,
            threads=tuple(self._names[i] for i in ids.tolist()),
            top_thread=float(by_thread[ids[0]]) / total,
            threads_s=float(self._alive_ns[ids].sum()) / 1e9,
        )
