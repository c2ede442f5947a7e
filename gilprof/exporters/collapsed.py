"""Collapsed stacks, as flamegraph.pl, inferno and speedscope read them: a line a stack and state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import numpy as np

from gilprof.exporters.joined import process_of
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.stack_times import StackTimes, frame_label, stack_times
from gilprof.model import STATE_NAMES, TargetInfo
from gilprof.report.build import Profiled
from gilprof.report.names import printable

COMMAND_CHARACTERS = 120
STATE_AS = ("leaf", "root", "files")
"""The innermost frame, the outermost one, or none: what is exported has one state."""


def export(profile: Profiled, narrowing: Narrowing, state_as: str = "leaf") -> Iterator[str]:
    """Lines ``process;thread;frame (file:line);...;[state] microseconds``, outermost frame first; ``state_as``:
    where the state stands, as one of ``STATE_AS``."""
    times = stack_times(profile, narrowing)
    processes = [_process(process_of(profile, number)) for number in times.thread_ids.tolist()]
    frames = _frames(times)
    by_thread = np.argsort(times.thread, kind="stable").tolist()
    for thread, rows in groupby(by_thread, times.thread.__getitem__):
        sums: Counter[str] = Counter()
        outermost = [processes[thread], _part(times.threads[thread])]
        for row in rows:
            stack = ";".join([*outermost, *_stack(times, frames, int(times.stack[row]))])
            for state, ns in zip(STATE_NAMES, times.states_ns[row].tolist(), strict=True):
                sums[_with_state(stack, state, state_as)] += ns
        for line, ns in sums.items():
            if microseconds := round(ns / 1000):
                yield f"{line} {microseconds}\n"


def _process(info: TargetInfo) -> str:
    return _part(printable(" ".join(info.command), COMMAND_CHARACTERS) + f" ({info.pid})")


def _with_state(stack: str, state: str, state_as: str) -> str:
    match state_as:
        case "root":
            return f"[{state}];{stack}"
        case "files":
            return stack
        case _:
            return f"{stack};[{state}]"


def _frames(times: StackTimes) -> list[str]:
    """What each stack's own frame is called."""
    labels: dict[tuple[int, int], str] = {}
    out = []
    for key in zip(times.function.tolist(), times.line.tolist(), strict=True):
        if key not in labels:
            name, file, _ = times.functions[key[0]]
            labels[key] = _part(frame_label(name, file, key[1]))
        out.append(labels[key])
    return out


def _stack(times: StackTimes, frames: list[str], stack: int) -> list[str]:
    parts = []
    while stack >= 0:
        parts.append(frames[stack])
        stack = int(times.parent[stack])
    return parts[::-1]


def _part(name: str) -> str:
    """A semicolon ends a frame."""
    return name.replace(";", ":")
