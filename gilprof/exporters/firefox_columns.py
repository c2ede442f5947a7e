"""The long tables of Firefox's format, a column after the other: samples, markers, a counter's changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from gilprof.exporters.firefox_tables import GIL_CATEGORY, Tables
from gilprof.exporters.spool import RowArray
from gilprof.exporters.timeline import TimeOrdered, state_runs
from gilprof.exporters.tracks import Track
from gilprof.model import State

HAS_GIL, WAITING_FOR_GIL = "Has GIL", "Waiting for GIL"
_INTERVAL = 1
"""A marker's phase: it has a start and an end."""
_MAX_CPU_NS = 2.0**62
Texts = list[str]
Ints = npt.NDArray[np.int64]
_Part = TypeVar("_Part")


def marker_type(name: str) -> str:
    """The type of a marker's data, as CPython makes it of the name."""
    return name.replace(" ", "")


def samples(track: Track, timeline: TimeOrdered, tables: Tables) -> Iterator[str]:
    """One at a slice's first look and one at its last, so that graphs change where it did; without a stack where
    there is nothing before a slice. Weights are milliseconds, and add up to the slices."""
    columns: dict[str, Callable[[_Samples], Texts]] = {
        "stack": lambda part: part.stacks(tables),
        "time": _Samples.times,
        "weight": _Samples.weights,
        "threadCPUDelta": _Samples.cpu_deltas,
    }
    return _table(lambda: _sampled(track, timeline.first_ns), columns, '"weightType":"tracing-ms",')


@dataclass(frozen=True, slots=True)
class _Samples:
    """A block of slices as samples."""

    block: RowArray
    kept: npt.NDArray[np.bool_]
    """(n, 3): whether there is a sample before each slice, at its first look (always), and at its last."""
    origin_ns: int

    def stacks(self, tables: Tables) -> Texts:
        """Of the tables' stacks, or null."""
        both = [text for stack in tables.stacks(self.block) for text in ("null", str(stack), str(stack))]
        return [text for text, keep in zip(both, self.kept.ravel().tolist(), strict=True) if keep]

    def times(self) -> Texts:
        """Milliseconds."""
        return _texts((self._of("start_ns", "first_end_ns", "end_ns") - self.origin_ns) / 1e6)

    def weights(self) -> Texts:
        """Milliseconds."""
        return _texts(
            (self._of("start_ns", "first_end_ns", "end_ns") - self._of("start_ns", "start_ns", "first_end_ns")) / 1e6
        )

    def cpu_deltas(self) -> Texts:
        """Nanoseconds since the sample before; over a slice the kernel's account is spread evenly."""
        length = self.block["end_ns"] - self.block["start_ns"]
        share = (self.block["first_end_ns"] - self.block["start_ns"]) / length
        # A stranger's recording may claim any amount.
        used_ns = np.clip(np.nan_to_num(self.block["cpu_ns"]), 0, _MAX_CPU_NS)
        cpu_ns = np.column_stack([np.zeros(len(share)), share, 1 - share]) * used_ns[:, None]
        return _texts(np.rint(cpu_ns[self.kept]).astype(np.int64))

    def _of(self, *edges: str) -> Ints:
        values: Ints = np.column_stack([self.block[edge] for edge in edges])[self.kept]
        return values


def _sampled(track: Track, origin_ns: int) -> Iterator[_Samples]:
    at_ns = origin_ns
    for block in track.slices():
        before = block["start_ns"] > np.concatenate([[at_ns], block["end_ns"][:-1]])
        first = np.ones(len(block), np.bool_)
        last = block["end_ns"] > block["first_end_ns"]
        at_ns = int(block["end_ns"][-1])
        yield _Samples(block, np.column_stack([before, first, last]), origin_ns)


def markers(track: Track, timeline: TimeOrdered, tables: Tables, titles: Mapping[int, str]) -> Iterator[str]:
    """What the thread had of the GIL; ``titles``: what each thread is called, by id."""
    origin_ns = timeline.first_ns

    def parts() -> Iterator[tuple[str, RowArray]]:
        for runs in state_runs(_with_one_held(track.slices())):
            yield HAS_GIL, runs[runs["state"] == State.HELD]
        for runs in state_runs(track.slices()):
            yield WAITING_FOR_GIL, runs[runs["state"] == State.WAITING]

    def data(part: tuple[str, RowArray]) -> Texts:
        name, runs = part
        if name == HAS_GIL:
            return [json.dumps({"type": marker_type(name)})] * len(runs)
        holders = [titles.get(number, "") for number in runs["blocker"].tolist()]
        return [json.dumps({"type": marker_type(name), "holder": holder}) for holder in holders]

    columns: dict[str, Callable[[tuple[str, RowArray]], Texts]] = {
        "name": lambda part: [str(tables.text(part[0]))] * len(part[1]),
        "startTime": lambda part: _texts((part[1]["start_ns"] - origin_ns) / 1e6),
        "endTime": lambda part: _texts((part[1]["end_ns"] - origin_ns) / 1e6),
        "phase": lambda part: [str(_INTERVAL)] * len(part[1]),
        "category": lambda part: [str(GIL_CATEGORY)] * len(part[1]),
        "data": data,
    }
    return _table(parts, columns)


def _with_one_held(blocks: Iterator[RowArray]) -> Iterator[RowArray]:
    """CPython's marker is about having the GIL, blocked or not."""
    for block in blocks:
        one = block.copy()
        one["state"][block["state"] == State.HELD_BLOCKED] = State.HELD
        yield one


def changes(timeline: TimeOrdered, gil: int) -> Iterator[str]:
    """How the number of threads that wait for a GIL changes, which is what the Profiler adds up; time that is not
    observed has none."""

    def parts() -> Iterator[tuple[Ints, Ints]]:
        at_ns, waiting = timeline.first_ns, 0
        yield np.zeros(1, np.int64), np.zeros(1, np.int64)
        for block in timeline.gil(gil):
            starts = np.concatenate([[at_ns], block["end_ns"][:-1]])
            kept = np.column_stack([block["start_ns"] > starts, np.ones(len(block), np.bool_)])
            level = np.column_stack([np.zeros(len(block), np.int64), block["waiters"]])[kept]
            time_ns = np.column_stack([starts, block["start_ns"]])[kept]
            change = np.diff(level, prepend=waiting)
            at_ns, waiting = int(block["end_ns"][-1]), int(level[-1])
            yield time_ns[change != 0] - timeline.first_ns, change[change != 0]

    return _table(parts, {"time": lambda part: _texts(part[0] / 1e6), "count": lambda part: _texts(part[1])})


def _table(
    parts: Callable[[], Iterator[_Part]], columns: Mapping[str, Callable[[_Part], Texts]], more: str = ""
) -> Iterator[str]:
    """A table as the Profiler has them, with its length. The parts are made again for each column: to keep the texts of
    all columns would take more memory than a long recording leaves."""
    yield "{" + more
    length = 0
    for name, texts in columns.items():
        yield f'"{name}":['
        length, separator = 0, ""
        for part in parts():
            values = texts(part)
            if values:
                yield separator + ",".join(values)
                separator = ","
            length += len(values)
        yield "],"
    yield f'"length":{length}}}'


def _texts(values: npt.NDArray[Any]) -> Texts:
    return list(map(repr, values.tolist()))
