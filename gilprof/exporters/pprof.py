"""pprof: gzip'd ``profile.proto``, as ``go tool pprof`` and Pyroscope read it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from gilprof.errors import UsageError
from gilprof.exporters.joined import process_of
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.stack_table import LEFT_OUT, Frame, cut_frames
from gilprof.exporters.stack_times import StackTimes, stack_times
from gilprof.facts.arrays import Ns
from gilprof.model import STATE_NAMES, State
from gilprof.report.build import Profiled
from gilprof.report.names import printable

KINDS = ("states", "block", "mutex")
"""Threads' own time by state; waiting, by the waiter's stack; the same, by the stack of who had the GIL."""
_DELAY = "delay"
"""Go's name for what its block and mutex profiles count (runtime/pprof)."""


def export(profile: Profiled, narrowing: Narrowing, kind: str = "states") -> Iterator[bytes]:
    """The profile. Raises UsageError where ``kind`` and ``narrowing`` exclude each other."""
    if kind != "states" and len(narrowing.states) < len(State):
        raise UsageError(f"exporting the kind {kind}", "it has no states to choose from", "leave --state away")
    times = stack_times(profile, narrowing)
    message = _Profile(profile, times)
    match kind:
        case "block":
            message.values(_DELAY, "waiting", times.states_ns[:, State.WAITING])
        case "mutex":
            message.values(_DELAY, "held", np.zeros(0) if times.blamed_ns is None else times.blamed_ns)
        case _:
            for state in State:
                message.values(STATE_NAMES[state], STATE_NAMES[state], times.states_ns[:, state])
    yield gzip.compress(message.serialized(), compresslevel=6, mtime=0)


def message_class() -> Any:
    """``perftools.profiles.Profile``, made from the published schema."""
    pool = descriptor_pool.DescriptorPool()
    schema = (files("gilprof.exporters") / "schema" / "profile.binpb").read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(schema).file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("perftools.profiles.Profile"))


class _Profile:
    """The message while it grows."""

    def __init__(self, profile: Profiled, times: StackTimes) -> None:
        self._message = message_class()()
        self._strings: dict[str, int] = {}
        self._text("")
        self._functions: dict[int, int] = {}
        self._locations: dict[Frame, int] = {}
        self._times = times
        self._pids = [process_of(profile, number).pid for number in times.thread_ids.tolist()]
        parent, left_out = times.parent.tolist(), (len(times.functions), 0)
        frames = list(zip(times.function.tolist(), times.line.tolist(), strict=True))
        self._frames = partial(cut_frames, parent, frames, left_out=left_out)
        self._about(profile)

    def values(self, name: str, state: str, ns: Ns) -> None:
        """One more sample type, with a sample for each row that has some of it."""
        message, text = self._message, self._text
        column = len(message.sample_type)
        message.sample_type.add(type=text(name), unit=text("nanoseconds"))
        for row in np.flatnonzero(np.rint(ns) > 0).tolist():
            frames = self._frames(int(self._times.stack[row]))
            sample = message.sample.add(location_id=[self._location(frame) for frame in reversed(frames)])
            sample.value.extend([0] * column + [round(float(ns[row]))])
            thread = int(self._times.thread[row])
            sample.label.add(key=text("thread"), str=text(self._times.threads[thread]))
            sample.label.add(key=text("pid"), num=self._pids[thread])
            sample.label.add(key=text("state"), str=text(state))

    def serialized(self) -> bytes:
        """The whole message."""
        types = len(self._message.sample_type)
        for sample in self._message.sample:
            sample.value.extend([0] * (types - len(sample.value)))
        self._message.string_table[:] = self._strings
        out: bytes = self._message.SerializeToString()
        return out

    def _about(self, profile: Profiled) -> None:
        message, sums = self._message, profile.sums()
        unix_ns, monotonic_ns = profile.info.wall_anchor
        if sums.passes:
            message.time_nanos = max(unix_ns + sums.first_t_ns - monotonic_ns, 0)
        message.duration_nanos = sums.last_t_ns - sums.first_t_ns
        message.period_type.type, message.period_type.unit = self._text("wall"), self._text("nanoseconds")
        message.period = round(1e9 / profile.info.asked_hz)
        command = printable(" ".join(profile.info.command), 300)
        # What is already named needs no symbols: pprof looks for none.
        message.mapping.add(
            id=1, filename=self._text(command), has_functions=True, has_filenames=True, has_line_numbers=True
        )

    def _location(self, frame: Frame) -> int:
        number = self._locations.get(frame)
        if number is None:
            number = self._locations[frame] = len(self._locations) + 1
            function, line = frame
            location = self._message.location.add(id=number, mapping_id=1)
            location.line.add(function_id=self._function(function), line=max(line, 0))
        return number

    def _function(self, row: int) -> int:
        number = self._functions.get(row)
        if number is None:
            number = self._functions[row] = len(self._functions) + 1
            functions = self._times.functions
            name, file, line = functions[row] if row < len(functions) else (LEFT_OUT, None, None)
            named, path = self._text(printable(name)), self._text(printable(file or "", 1000))
            # Without a system_name: where it equals the name, pprof takes <module> for a C++ template's arguments.
            self._message.function.add(id=number, name=named, filename=path, start_line=max(line or 0, 0))
        return number

    def _text(self, text: str) -> int:
        return self._strings.setdefault(text, len(self._strings))
