"""Made-up facts: a script of passes and looks, hypothesis strategies, cutting, joining and comparing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.testing
from hypothesis import strategies as st

from gilprof.model import (
    LOOK_DTYPE,
    NONE,
    PASS_DTYPE,
    SYSCALL_RUNNING,
    UNREADABLE,
    Batch,
    Function,
    GilDomain,
    Health,
    LookFlag,
    PassFlag,
    TargetInfo,
    ThreadSeen,
)

FUTEX, SLEEP, READ, POLL = 202, 230, 0, 7
"""System calls of x86-64: futex, clock_nanosleep, read, poll."""
START_NS = 1_000_000_000_000
"""CLOCK_MONOTONIC at 0 ms of a script."""
GIL_ADDRESS = 0x7F0000001000
INFO = TargetInfo(
    pid=4242,
    command=("python", "app.py"),
    python="3.11.7",
    build="default",
    process_started=1_700_000_000.25,
    asked_hz=1000.0,
    switch_interval_ns=5_000_000,
    wall_anchor=(1_700_000_100_000_000_000, START_NS),
    stdlib=("/usr/lib/python3.11",),
)
HOLDS = LookFlag.PYTHON | LookFlag.HOLDER_BEFORE | LookFlag.HOLDER_AFTER


class Script:
    """Facts written down pass by pass:

    ``Script().at(0).holds("main", "main app.py:1", "step app.py:14").waits("worker", "run app.py:7")``

    Threads are made when first named, and numbered from 0 in that order. A frame is "function file:line",
    outermost first; its function's first line is 1.
    """

    def __init__(self) -> None:
        self._passes: list[dict[str, Any]] = []
        self._looks: list[dict[str, Any]] = []
        self._threads: dict[str, int] = {}
        self._told: list[ThreadSeen] = []
        self._functions: dict[tuple[str, str], int] = {}
        self._frames: dict[tuple[int, int], int] = {}
        self._stacks: dict[tuple[int, int], int] = {}

    def thread(self, name: str) -> int:
        """The id of the thread called ``name``."""
        if name not in self._threads:
            self._threads[name] = len(self._threads)
            self._told.append(ThreadSeen(self._threads[name], 4242 + self._threads[name], name))
        return self._threads[name]

    def ends(self, name: str) -> Self:
        """The thread ends at the last pass's time."""
        number = self.thread(name)
        self._told.append(ThreadSeen(number, 4242 + number, name, self._passes[-1]["t_ns"]))
        return self

    def at(self, ms: float, **columns: Any) -> Self:
        """A pass; ``columns`` of PASS_DTYPE. Without a look that holds the GIL, nobody has it."""
        last = self._passes[-1]["switch_number"] if self._passes else 0
        row = {"t_ns": START_NS + round(ms * 1e6), "switch_number": last, "span_ns": 20_000, "holder": NONE}
        self._passes.append({**row, "look_count": 0, **columns})
        return self

    def look(self, name: str, *frames: str, cpu_ms: float = 0.0, queued_ms: float = 0.0, **columns: Any) -> Self:
        """A look in the last pass; ``columns`` of LOOK_DTYPE.

        ``cpu_ms``, ``queued_ms``: growth since the thread's look before. A new time slice if it was queued.
        """
        thread = self.thread(name)
        last = next((look for look in reversed(self._looks) if look["thread"] == thread), None)
        row = {
            "thread": thread,
            "stack": self.stack(*frames),
            "cpu_ns": (last["cpu_ns"] if last else 0) + round(cpu_ms * 1e6),
            "queued_ns": (last["queued_ns"] if last else 0) + round(queued_ms * 1e6),
            "timeslices": (last["timeslices"] if last else 0) + (queued_ms > 0),
            "syscall": SYSCALL_RUNNING,
            "gil_word": -1,
            "flags": LookFlag.PYTHON,
        }
        self._looks.append({**row, **columns})
        self._passes[-1]["look_count"] += 1
        return self

    def holds(self, name: str, *frames: str, **columns: Any) -> Self:
        """It has the GIL and runs; with ``syscall=SLEEP``, it blocks."""
        current, number = self._passes[-1], self.thread(name)
        earlier = [row["holder"] for row in self._passes[:-1] if row["holder"] >= 0]
        current["switch_number"] += bool(earlier) and earlier[-1] != number
        current["holder"] = number
        current["flags"] = current.get("flags", 0) | PassFlag.LOCKED
        return self.look(name, *frames, **{"flags": HOLDS, **columns})

    def waits(self, name: str, *frames: str, **columns: Any) -> Self:
        """It is blocked on the GIL's condition variable."""
        word = INFO.gil_cond[0] + 40
        return self.look(name, *frames, **{"syscall": FUTEX, "futex": GIL_ADDRESS + word, "gil_word": word, **columns})

    def runs(self, name: str, *frames: str, **columns: Any) -> Self:
        """It is runnable and does not have the GIL."""
        return self.look(name, *frames, **columns)

    def blocks(self, name: str, *frames: str, syscall: int = SLEEP, **columns: Any) -> Self:
        """It is blocked in a system call that has nothing to do with the GIL."""
        return self.look(name, *frames, syscall=syscall, **columns)

    def stack(self, *frames: str) -> int:
        """The id of a stack; ``NONE`` without frames."""
        stack = NONE
        for text in frames:
            name, _, place = text.rpartition(" ")
            file, _, line = place.rpartition(":")
            function = self._functions.setdefault((name, file), len(self._functions))
            frame = self._frames.setdefault((function, int(line)), len(self._frames))
            stack = self._stacks.setdefault((stack, frame), len(self._stacks))
        return stack

    def batch(self, ended: str | None = None) -> Batch:
        """Everything so far."""
        return Batch(
            passes=rows(PASS_DTYPE, self._passes),
            looks=rows(LOOK_DTYPE, self._looks),
            functions=tuple(Function(name, file, 1) for name, file in self._functions),
            frames=np.array(list(self._frames), np.int32).reshape(-1, 2),
            stacks=np.array(list(self._stacks), np.int32).reshape(-1, 2),
            threads=tuple(self._told),
            health=Health(passes=len(self._passes)),
            ended=ended,
        )


def rows(dtype: np.dtype[np.void], values: Sequence[dict[str, Any]]) -> np.ndarray[Any, np.dtype[np.void]]:
    """A structured array; columns that a row does not name are 0."""
    out = np.zeros(len(values), dtype)
    for row, named in zip(out, values, strict=True):
        for name, value in named.items():
            row[name] = value
    return out


def joined(batches: Sequence[Batch]) -> Batch:
    """One batch with everything, and the last health."""
    empty = Batch(np.empty(0, PASS_DTYPE), np.empty(0, LOOK_DTYPE))
    every = [empty, *batches]
    return Batch(
        passes=np.concatenate([batch.passes for batch in every]),
        looks=np.concatenate([batch.looks for batch in every]),
        functions=tuple(function for batch in batches for function in batch.functions),
        frames=np.concatenate([batch.frames for batch in every]),
        stacks=np.concatenate([batch.stacks for batch in every]),
        threads=tuple(thread for batch in batches for thread in batch.threads),
        domains=tuple(domain for batch in batches for domain in batch.domains),
        health=every[-1].health,
        ended=next((batch.ended for batch in reversed(batches) if batch.ended is not None), None),
    )


def cut(batch: Batch, ends: Sequence[int]) -> list[Batch]:
    """The same facts in pieces that end before the passes ``ends``; the first one has all definitions."""
    bounds = [0, *sorted(ends), len(batch.passes)]
    looks_before = np.concatenate([[0], np.cumsum(batch.passes["look_count"], dtype=np.int64)])
    pieces = []
    for begin, end in pairwise(bounds):
        looks = batch.looks[looks_before[begin] : looks_before[end]]
        pieces.append(Batch(batch.passes[begin:end], looks, health=batch.health))
    pieces[0] = replace(
        pieces[0],
        functions=batch.functions,
        frames=batch.frames,
        stacks=batch.stacks,
        threads=batch.threads,
        domains=batch.domains,
    )
    pieces[-1] = replace(pieces[-1], ended=batch.ended)
    return pieces


def assert_same(one: Batch, other: Batch) -> None:
    """The same facts and definitions; ``reserved`` columns do not count."""
    for table in ("passes", "looks"):
        ours, theirs = getattr(one, table), getattr(other, table)
        assert len(ours) == len(theirs), table
        for name in set(ours.dtype.names) - {"reserved"}:
            numpy.testing.assert_array_equal(ours[name], theirs[name], err_msg=f"{table}: {name}")
    numpy.testing.assert_array_equal(one.frames, other.frames)
    numpy.testing.assert_array_equal(one.stacks, other.stacks)
    assert one.functions == other.functions
    assert one.threads == other.threads
    assert one.health == other.health
    assert one.ended == other.ended


def _integers(dtype: np.dtype[Any]) -> st.SearchStrategy[int]:
    """Small ones and any."""
    limits = np.iinfo(dtype)
    return st.integers(max(int(limits.min), -3), 3) | st.integers(int(limits.min), int(limits.max))


_PASSES = st.fixed_dictionaries(
    {name: _integers(PASS_DTYPE[name]) for name in PASS_DTYPE.names or () if name != "reserved"}
)
_LOOKS = st.fixed_dictionaries(
    {name: _integers(LOOK_DTYPE[name]) for name in LOOK_DTYPE.names or () if name != "reserved"}
)
_INT32 = _integers(np.dtype(np.int32))
_TEXT = st.text(max_size=12)


@st.composite
def batch_lists(draw: st.DrawFn, max_batches: int = 4) -> list[Batch]:
    """Consistent batches: ids are defined, time does not run backwards, other columns have any values."""
    threads = functions = frames = stacks = 0
    t_ns, domain = draw(st.integers(0, 1 << 60)), 0
    out = []
    for _ in range(draw(st.integers(0, max_batches))):
        new_functions = draw(st.lists(st.builds(Function, _TEXT, _TEXT, _INT32, _INT32), max_size=3))
        functions += len(new_functions)
        new_frames = draw(_pairs(functions, functions, _INT32))
        new_stacks: list[tuple[int, int]] = []
        for _ in range(draw(st.integers(0, 4)) if frames + len(new_frames) else 0):
            parent = draw(st.integers(NONE, stacks + len(new_stacks) - 1))
            new_stacks.append((parent, draw(st.integers(0, frames + len(new_frames) - 1))))
        frames += len(new_frames)
        stacks += len(new_stacks)
        new_threads = [ThreadSeen(threads + i, 100 + i, draw(_TEXT)) for i in range(draw(st.integers(0, 2)))]
        threads += len(new_threads)
        retold = draw(st.lists(st.integers(0, threads - 1), max_size=2)) if threads else []
        new_threads += [ThreadSeen(number, 1, draw(_TEXT), t_ns) for number in retold]
        passes, looks = [], []
        for row in draw(st.lists(_PASSES, max_size=4)):
            gap_ns = draw(st.sampled_from((0, 1, 1_000_000, 700_000_000)))
            t_ns += gap_ns
            # At the same time a greater domain would be of the same pass, and share its threads.
            domain = min(draw(st.sampled_from((0, 3, NONE))), domain if gap_ns == 0 else 3)
            seen = draw(st.permutations(range(threads)))[: draw(st.integers(0, threads))]
            holder = draw(st.integers(UNREADABLE, threads - 1))
            passes.append({**row, "t_ns": t_ns, "domain": domain, "holder": holder, "look_count": len(seen)})
            for thread in seen:
                stack = draw(st.integers(UNREADABLE, stacks - 1))
                looks.append({**draw(_LOOKS), "thread": thread, "stack": stack})
        out.append(
            Batch(
                passes=rows(PASS_DTYPE, passes),
                looks=rows(LOOK_DTYPE, looks),
                functions=tuple(new_functions),
                frames=np.array(new_frames, np.int32).reshape(-1, 2),
                stacks=np.array(new_stacks, np.int32).reshape(-1, 2),
                threads=tuple(new_threads),
                health=Health(passes=draw(st.integers(0, 1 << 60))),
            )
        )
    if out:
        out[-1] = replace(out[-1], ended=draw(st.sampled_from((None, "exit", "signal 9"))))
    return out


@st.composite
def _pairs(draw: st.DrawFn, count: int, first_below: int, second: st.SearchStrategy[int]) -> list[tuple[int, int]]:
    if not first_below:
        return []
    return draw(st.lists(st.tuples(st.integers(0, first_below - 1), second), max_size=count))


def of_two_gils(first: Batch, second: Batch) -> tuple[Batch, Batch, Batch]:
    """Facts of one process with two GILs, and of each GIL alone: as many passes of ``first`` and ``second`` as both
    have, at the times of ``first``, the threads of the two different ones."""
    count = min(len(first.passes), len(second.passes))
    one, other = (replace(batch, passes=batch.passes[:count].copy()) for batch in (first, second))
    one, other = (replace(each, looks=each.looks[: each.passes["look_count"].sum()].copy()) for each in (one, other))
    stopped = one.passes["flags"] & PassFlag.STOPPED
    for name in ("t_ns", "span_ns", "gap_ns"):
        other.passes[name] = one.passes[name]
    other.passes["flags"] = other.passes["flags"] & ~np.uint32(PassFlag.STOPPED) | stopped
    threads = 1 + max((thread.id for thread in one.threads), default=-1)
    other.looks["thread"] += threads
    other.passes["holder"][other.passes["holder"] >= 0] += threads
    other.looks["stack"][other.looks["stack"] >= 0] += len(one.stacks)
    stacks = other.stacks + np.array([len(one.stacks), len(one.frames)], np.int32)
    stacks[other.stacks[:, 0] == NONE, 0] = NONE
    moved = tuple(replace(thread, id=thread.id + threads, tid=thread.tid + threads) for thread in other.threads)
    defined = Batch(
        one.passes[:0],
        one.looks[:0],
        functions=one.functions + other.functions,
        frames=np.concatenate([one.frames, other.frames + np.array([len(one.functions), 0], np.int32)]),
        stacks=np.concatenate([one.stacks, stacks]),
        threads=one.threads + moved,
        domains=(GilDomain(1, (1,)),),
    )
    other.passes["domain"] = 1
    one, other = (replace(defined, passes=each.passes, looks=each.looks) for each in (one, other))
    begins = np.cumsum(one.passes["look_count"], dtype=np.int64), np.cumsum(other.passes["look_count"], dtype=np.int64)
    at = np.arange(count) + 1
    looks = [
        part
        for row in range(count)
        for part in (
            one.looks[begins[0][row] - one.passes["look_count"][row] : begins[0][row]],
            other.looks[begins[1][row] - other.passes["look_count"][row] : begins[1][row]],
        )
    ]
    passes = np.insert(one.passes, at, other.passes)
    return replace(one, passes=passes, looks=np.concatenate([one.looks[:0], *looks])), one, other
