"""speedscope's file format: a profile a thread in the order of time, and one a thread and state.

The schema is https://www.speedscope.app/file-format-schema.json; ``file-format-spec.ts`` beside speedscope's source
says what it means.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from gilprof import __version__
from gilprof.exporters.joined import processes_of
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.spool import RowArray
from gilprof.exporters.stack_table import Frame, StackTable
from gilprof.exporters.timeline import TimeOrdered
from gilprof.exporters.tracks import Track, tracks
from gilprof.facts.arrays import Rows
from gilprof.model import STATE_NAMES, State
from gilprof.report.build import Profiled
from gilprof.report.names import printable
from gilprof.report.state_words import ORDER, WORDS

SCHEMA = "https://www.speedscope.app/file-format-schema.json"
NOTHING = -1
"""As the key of a sample: the thread was not there, not observed, or in a state that was not asked for."""


def export(profile: Profiled, narrowing: Narrowing, timeline: TimeOrdered) -> Iterator[str]:
    """The file. Values are nanoseconds from the profile's first pass on."""
    others = len(processes_of(profile)) - 1
    command, more = printable(" ".join(profile.info.command), 120), f" and {others} more" if others else ""
    head = {
        "$schema": SCHEMA,
        "exporter": f"gilprof@{__version__}",
        "name": f"{command} ({profile.info.pid}){more}",
        "activeProfileIndex": 0,
    }
    yield json.dumps(head)[:-1] + ',"profiles":['
    stacks = _Stacks(profile)
    separator = ""
    for track in tracks(timeline, narrowing):
        yield separator
        yield from _in_order(track, timeline, stacks)
        yield from _by_state(track, stacks)
        separator = ","
    if not separator:
        yield from _profile("no thread", 0, [], [])
    yield '],"shared":{"frames":' + json.dumps(stacks.shared()) + "}}\n"


def _in_order(track: Track, timeline: TimeOrdered, stacks: _Stacks) -> Iterator[str]:
    """The thread's whole time; the state is its innermost frame."""
    weights, keys = [], []
    for key, ns in _samples(track, timeline, stacks):
        keys.append(key)
        weights.append(ns)
    yield from _profile(
        track.title,
        timeline.last_ns - timeline.first_ns,
        (",".join([stacks.text(key, True) for key in part.tolist()]) for part in keys),
        (",".join(map(str, part.tolist())) for part in weights),
    )


def _samples(track: Track, timeline: TimeOrdered, stacks: _Stacks) -> Iterator[tuple[Rows, Rows]]:
    """Keys and nanoseconds, the time between slices included."""
    at_ns = timeline.first_ns
    for block in track.slices():
        key, ns = np.full(2 * len(block), NOTHING), np.empty(2 * len(block), np.int64)
        key[1::2] = stacks.keys(block)
        ns[0::2] = np.diff(np.concatenate([[at_ns], np.column_stack([block["start_ns"], block["end_ns"]]).ravel()]))[
            ::2
        ]
        ns[1::2] = block["end_ns"] - block["start_ns"]
        at_ns = int(block["end_ns"][-1])
        yield key[ns > 0], ns[ns > 0]
    if at_ns < timeline.last_ns:
        yield np.array([NOTHING]), np.array([timeline.last_ns - at_ns])


def _by_state(track: Track, stacks: _Stacks) -> Iterator[str]:
    """A profile for each state that the thread was in."""
    sums: Counter[int] = Counter()
    for block in track.slices():
        keys, inverse = np.unique(stacks.keys(block), return_inverse=True)
        ns = np.zeros(len(keys), np.int64)
        np.add.at(ns, inverse, block["end_ns"] - block["start_ns"])
        sums.update(dict(zip(keys.tolist(), ns.tolist(), strict=True)))
    for state in ORDER:
        ours = {key: ns for key, ns in sums.items() if key % len(State) == state}
        if ours:
            yield ","
            yield from _profile(
                f"{track.title}: {WORDS[state]}",
                sum(ours.values()),
                [",".join(stacks.text(key, False) for key in ours)],
                [",".join(map(str, ours.values()))],
            )


def _profile(name: str, end: int, samples: Iterable[str], weights: Iterable[str]) -> Iterator[str]:
    head = {"type": "sampled", "name": name, "unit": "nanoseconds", "startValue": 0, "endValue": end}
    yield json.dumps(head)[:-1] + ',"samples":['
    yield from _separated(samples)
    yield '],"weights":['
    yield from _separated(weights)
    yield "]}"


def _separated(parts: Iterable[str]) -> Iterator[str]:
    separator = ""
    for part in parts:
        yield separator + part
        separator = ","


class _Stacks:
    """Stacks as speedscope has them: lists of indices into the shared frames."""

    def __init__(self, profile: Profiled) -> None:
        self._table = StackTable(profile)
        self._numbers: dict[Frame | State, int] = {}
        self._texts: dict[tuple[int, bool], str] = {(NOTHING, True): "[]"}

    def keys(self, block: RowArray) -> Rows:
        """Stack and state of each slice as one number."""
        keys: Rows = self._table.rows(block["stack"], block["gc"]) * len(State) + block["state"]
        return keys

    def text(self, key: int, with_state: bool) -> str:
        """The stack of the key, outermost frame first."""
        text = self._texts.get((key, with_state))
        if text is None:
            row, state = divmod(key, len(State))
            frames: list[Frame | State] = [*self._table.frames(row)]
            if with_state:
                frames.append(State(state))
            numbers = [self._numbers.setdefault(frame, len(self._numbers)) for frame in frames]
            text = self._texts[key, with_state] = str(numbers).replace(" ", "")
        return text

    def shared(self) -> list[dict[str, str | int]]:
        """All frames that the texts so far refer to."""
        return [self._shown(frame) for frame in self._numbers]

    def _shown(self, frame: Frame | State) -> dict[str, str | int]:
        if isinstance(frame, State):
            return {"name": f"[{STATE_NAMES[frame]}]"}
        function, line = frame
        name, file, _ = self._table.functions[function]
        shown: dict[str, str | int] = {"name": printable(name)}
        if file is not None:
            shown["file"] = printable(file, 1000)
        if line > 0:
            shown["line"] = line
        return shown
