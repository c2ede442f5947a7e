"""The flight recorder: the last seconds stay in memory, and are written when something happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol

from gilprof.cli.files import write_file
from gilprof.cli.output import complain
from gilprof.errors import FileError
from gilprof.model import Batch, TargetInfo
from gilprof.recording.kept import KeptRecording
from gilprof.units import format_seconds

MAX_FILES = 20


class WriteRequests(Protocol):
    """Who may ask, by a signal, for what is kept to be written."""

    def take_write_request(self) -> bool:
        """Whether somebody has asked since the last call."""


class FlightRecorder:
    """Takes the place of a ``Recorder``. Each file has the time up to then: FILE, then FILE with -2, -3 before its
    ending."""

    def __init__(
        self,
        path: str,
        info: TargetInfo,
        keep_s: float,
        force: bool,
        requests: WriteRequests,
        tell: Callable[[str], None] = complain,
        quiet: bool = False,
    ) -> None:
        """``tell`` gets a line for each file; with ``quiet`` only for those that could not be written."""
        self._path = path
        self._keep_s = keep_s
        self._force = force
        self._requests = requests
        self._tell = tell
        self._quiet = quiet
        self._kept = KeptRecording(info, keep_s)
        self._files = 0
        self._next_name = 1
        self._written_until_ns: int | None = None
        self._due_s: float | None = None
        """When a stall is to be written, by ``time.monotonic``."""
        self._written_s: float | None = None
        self.failed = False
        """A file could not be written."""

    def take(self, batch: Batch) -> None:
        """Keep ``batch``; write what is due."""
        self._kept.add(batch)
        if self._requests.take_write_request() or (self._due_s is not None and time.monotonic() >= self._due_s):
            self._write()

    def stalled(self) -> None:
        """There was a stall: it is written at once, or, if a file was just written, when that much time has gone by
        that the next file begins where that one ends."""
        if self._due_s is None:
            now_s = time.monotonic()
            self._due_s = now_s if self._written_s is None else max(now_s, self._written_s + self._keep_s)

    def __enter__(self) -> FlightRecorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._kept.last_t_ns != self._written_until_ns or self._files == 0:
            self._write(last=True)

    def _write(self, last: bool = False) -> None:
        self._due_s = None
        self._written_s = time.monotonic()
        # The last one is for the end.
        if self._files >= MAX_FILES - (0 if last else 1):
            return
        path = self._name()
        until_ns = self._kept.last_t_ns
        try:
            write_file(path, self._kept.chunks(), self._force and self._files == 0)
        except FileError as error:
            self.failed = True
            self._tell(f"{error}; the profile goes on")
            return
        self._files += 1
        self._written_until_ns = until_ns
        if not self._quiet:
            self._tell(f"the last {format_seconds(self._keep_s)} are in {path}")
        if self._files == MAX_FILES - 1 and not last:
            self._tell(f"{self._files} files are written: one more will be, at the end")

    def _name(self) -> str:
        """The next name that is free, but for the first one, which was checked before."""
        path = Path(self._path)
        while True:
            number, self._next_name = self._next_name, self._next_name + 1
            name = self._path if number == 1 else str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
            if number == 1 or not Path(name).exists():
                return name
