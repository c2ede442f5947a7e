"""A profile of the own process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from gilprof.api.session import Session
from gilprof.model import Batch, SectionMark
from gilprof.sources.own import OwnSource


class OwnSession(Session):
    """A profile of the own process; gilprof's own threads are left out of it."""

    def __init__(self, rate_hz: float, output: str | Path | None, force: bool) -> None:
        """Raises NotReadable or FileError."""
        self._marks: deque[SectionMark] = deque()
        super().__init__(partial(OwnSource, rate_hz), output, force)

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Name a stretch of the calling thread's time: the report sums up what the thread did in it.

        Stretches of one name are summed up together; they may overlap, and be open at the end of the profile.
        """
        tid = threading.get_native_id()
        self._mark(SectionMark(name, tid, time.monotonic_ns(), begins=True))
        try:
            yield
        finally:
            self._mark(SectionMark(name, tid, time.monotonic_ns(), begins=False))

    def _mark(self, mark: SectionMark) -> None:
        if not self._over:
            self._marks.append(mark)

    def _completed(self, batch: Batch) -> Batch:
        """Marks are taken after the looks, so that all up to the last look are there."""
        marks = tuple(self._marks.popleft() for _ in range(len(self._marks)))
        health = replace(batch.health, drain_cpu_ns=time.thread_time_ns())
        return replace(batch, sections=marks, health=health)
