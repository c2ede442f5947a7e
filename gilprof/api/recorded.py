"""A recording as typed values and numpy arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify import Classifier, Verdicts
from gilprof.analysis.profile import Profile
from gilprof.analysis.session import SessionProfile
from gilprof.errors import UsageError
from gilprof.facts.definitions import Definitions
from gilprof.model import FIRST_PROCESS, Batch, TargetInfo, ThreadSeen
from gilprof.recording.reader import Recording
from gilprof.recording.replay import ReplaySource
from gilprof.report.build import build_session_report
from gilprof.report.model import Report
from gilprof.report.text import report_text

PASS = np.dtype([
    ("t_ns", np.int64), ("weight_ns", np.float64), ("unobserved_ns", np.float64), ("holder_look", np.int64),
    ("switch_number", np.uint64), ("torn", np.bool_), ("gil", np.int32),
])  # fmt: skip
"""A pass and a GIL; the rows of one pass have the same ``t_ns``. ``t_ns``: CLOCK_MONOTONIC. ``weight_ns``: the time
that the pass stands for. ``holder_look``: row of the holder's look; -1: the GIL was free; -2: the holder could not be
told. ``gil``: its id in the report; -1: the looks are of threads without any."""
LOOK = np.dtype([
    ("pass", np.int64), ("thread", np.int32), ("stack", np.int32), ("state", np.uint8), ("blocked_in", np.uint8),
    ("origin", np.uint8), ("overdue", np.bool_), ("gc", np.bool_), ("python", np.bool_), ("cpu_ns", np.float64),
    ("queued_ns", np.float64),
])  # fmt: skip
"""``pass``: row of its pass. ``thread``: key of ``threads``. ``stack``: for ``frames``; negative: none, or not known.
``state``, ``blocked_in``, ``origin``: numbers of ``State``, ``BlockedIn`` and ``Origin`` in ``gilprof.model``; 255
where the state has none. ``cpu_ns``, ``queued_ns``: of the pass's weight, on a CPU and runnable without one."""


class FrameSeen(NamedTuple):
    """One frame of a stack; ``line`` is 0 where it is not known."""

    name: str
    file: str
    line: int


class RecordedProcess:
    """What a recording says of one process, as numpy arrays; everything is computed when first asked for, and kept."""

    def __init__(self, path: Path, salvage: bool, number: int) -> None:
        """``number``: the process's id in the report."""
        self._path = path
        self._salvage = salvage
        self._number = number

    @property
    def passes(self) -> npt.NDArray[np.void]:
        """(P,) of dtype PASS, in the order of time. All in memory: 45 bytes a pass."""
        return self._arrays[0]

    @property
    def looks(self) -> npt.NDArray[np.void]:
        """(L,) of dtype LOOK, in the order of passes. All in memory: 38 bytes a look."""
        return self._arrays[1]

    @property
    def threads(self) -> dict[int, ThreadSeen]:
        """By the number that looks have: tid, name, and when it ended."""
        return self._definitions.threads

    def frames(self, stack: int) -> list[FrameSeen]:
        """The frames of a stack, innermost first; none for a negative one."""
        functions = self._definitions.functions
        return [FrameSeen(functions[function].name, functions[function].file, line)
                for function, line in self._definitions.walk(stack)]  # fmt: skip

    @cached_property
    def _definitions(self) -> Definitions:
        definitions = Definitions()
        for _, batch in self._batches():
            definitions.add(batch)
        return definitions

    @cached_property
    def _arrays(self) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
        passes, looks = [np.empty(0, PASS)], [np.empty(0, LOOK)]
        pass_count = look_count = 0
        for verdicts in self._verdicts():
            passes.append(_passes(verdicts, look_count))
            looks.append(_looks(verdicts, pass_count))
            pass_count += len(passes[-1])
            look_count += len(looks[-1])
        return np.concatenate(passes), np.concatenate(looks)

    def _verdicts(self) -> Iterator[Verdicts]:
        classifier: Classifier | None = None
        for info, batch in self._batches():
            classifier = classifier or Classifier(info, lambda: self._definitions.stacks)
            yield classifier.feed(batch.passes, batch.looks)
        if classifier is not None:
            yield classifier.finish()

    def _batches(self) -> Iterator[tuple[TargetInfo, Batch]]:
        """Those of the process, and what it is."""
        with closing(_source(self._path, self._salvage)) as source:
            info = source.info
            while (batch := source.drain()) is not None:
                if batch.process == self._number:
                    info = batch.target or info
                    yield info, batch


class Recorded:
    """What a recording says; everything is computed when first asked for, and then kept. The report is of all
    processes; ``passes``, ``looks``, ``threads`` and ``frames`` are the first one's."""

    def __init__(self, path: str | Path, salvage: bool = False) -> None:
        """Opens and checks the file. Raises FileError."""
        self._path = Path(path)
        self._salvage = salvage
        Recording.open(self._path, salvage=salvage).close()

    @cached_property
    def report(self) -> Report:
        """The report, as ``report --json`` has it. Raises FileError."""
        return self.report_with()

    def report_with(self, stall_s: float | None = None, spans: Iterable[str] = ()) -> Report:
        """The report with the waits longer than ``stall_s`` seconds, and the calls of functions of these names, as
        ``report --stall --span --json`` has it. Raises FileError, and UsageError for nonsense."""
        if stall_s is not None and not stall_s > 0:
            raise UsageError(f"finding stalls of {stall_s} s", "it is not above 0", "give for example stall_s=0.1")
        stall_ns = None if stall_s is None else round(stall_s * 1e9)
        with closing(_source(self._path, self._salvage)) as source:
            session = SessionProfile(source.info, lambda info: Profile(info, stall_ns=stall_ns, spans=spans))
            while (batch := source.drain()) is not None:
                session.add(batch)
            session.finish()
        return build_session_report(session.processes)

    @property
    def text(self) -> str:
        """The report for people."""
        return report_text(self.report)

    @cached_property
    def processes(self) -> dict[int, RecordedProcess]:
        """By the process's id in the report."""
        numbers = {FIRST_PROCESS: None}
        with closing(_source(self._path, self._salvage)) as source:
            while (batch := source.drain()) is not None:
                numbers[batch.process] = None
        return {number: self._first if number == FIRST_PROCESS else self._process(number) for number in numbers}

    def _process(self, number: int) -> RecordedProcess:
        return RecordedProcess(self._path, self._salvage, number)

    @cached_property
    def _first(self) -> RecordedProcess:
        return self._process(FIRST_PROCESS)

    @property
    def passes(self) -> npt.NDArray[np.void]:
        """The first process's (``RecordedProcess.passes``)."""
        return self._first.passes

    @property
    def looks(self) -> npt.NDArray[np.void]:
        """The first process's (``RecordedProcess.looks``)."""
        return self._first.looks

    @property
    def threads(self) -> dict[int, ThreadSeen]:
        """The first process's (``RecordedProcess.threads``)."""
        return self._first.threads

    def frames(self, stack: int) -> list[FrameSeen]:
        """The first process's (``RecordedProcess.frames``)."""
        return self._first.frames(stack)


def _source(path: Path, salvage: bool) -> ReplaySource:
    return ReplaySource(Recording.open(path, salvage=salvage))


def _passes(verdicts: Verdicts, first_look: int) -> npt.NDArray[np.void]:
    passes = verdicts.passes
    out = np.empty(len(passes.t_ns), PASS)
    for name in ("t_ns", "weight_ns", "unobserved_ns", "switch_number", "torn"):
        out[name] = getattr(passes, name)
    out["gil"] = passes.domain
    out["holder_look"] = np.where(passes.holder < 0, passes.holder, passes.holder + first_look)
    return out


def _looks(verdicts: Verdicts, first_pass: int) -> npt.NDArray[np.void]:
    looks = verdicts.looks
    out = np.empty(len(looks.thread), LOOK)
    for name in ("thread", "stack", "state", "origin", "overdue", "gc", "python", "cpu_ns", "queued_ns"):
        out[name] = getattr(looks, name)
    out["blocked_in"] = looks.blocked_in
    out["pass"] = looks.pass_row + first_pass
    return out
