"""Reads a recording: a stranger's file, of which nothing is trusted that was not checked."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from gilprof.errors import FileError
from gilprof.model import Batch, TargetInfo
from gilprof.recording.assemble import Assembler
from gilprof.recording.chunks import Chunk, Damaged, Newer, Torn, scan
from gilprof.recording.format import MAGIC, MAJOR, DamageError, Kind
from gilprof.recording.texts import decode_header

MAX_DAMAGED = 1_000
"""With more damaged chunks than this a file is refused, also with salvage."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What of a file could not be used."""

    torn_tail_bytes: int = 0
    """The last chunk, not written to its end: what a kill or a full disk leaves; normal."""
    damaged_chunks: int = 0
    """Left out with salvage; several that are damaged side by side may count as one."""
    damaged_bytes: int = 0


class Recording:
    """One file, open for reading. A file that is still being written is read as far as it is now."""

    def __init__(self, path: Path, fd: int, size: int, salvage: bool) -> None:
        """As ``open`` does it. Raises FileError; ``fd`` stays the caller's then."""
        self._path = path
        self._fd = fd
        self._size = size
        self._salvage = salvage
        self._torn_tail_bytes = 0
        self._damaged: dict[int, int] = {}
        info = None
        for chunk in self._chunks():
            if chunk.kind == Kind.HEADER and info is None:
                try:
                    info = decode_header(chunk.payload)
                except DamageError as damage:
                    self._leave_out(chunk.number, chunk.kind, chunk.offset, chunk.size, str(damage))
            elif info is None and not salvage:
                self._refuse("it does not begin with a header")
        if info is None:
            self._refuse("it ends before its header does" if not self._damaged else "no copy of its header is whole")
        self.info: TargetInfo = info

    @classmethod
    def open(cls, path: str | Path, salvage: bool = False) -> Recording:
        """Open ``path`` and check every checksum. ``salvage``: leave damage out and count it.

        Raises FileError for a file that is missing, empty, no recording, of a newer format, or (without
        ``salvage``) damaged.
        """
        path = Path(path)
        with ExitStack() as undo:
            try:
                # Not to wait for a writer where the file is a FIFO.
                fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                undo.callback(os.close, fd)
                status = os.fstat(fd)
            except OSError as error:
                raise _failure(path, error) from error
            if not stat.S_ISREG(status.st_mode):
                raise FileError(f"reading {path}", "it is not a regular file", "give a file that gilprof wrote")
            recording = cls(path, fd, status.st_size, salvage)
            undo.pop_all()
            return recording

    @property
    def left_out(self) -> LeftOut:
        """What the checksums told at ``open``; content that makes no sense adds to it as the batches come."""
        return LeftOut(self._torn_tail_bytes, len(self._damaged), sum(self._damaged.values()))

    def batches(self) -> Iterator[Batch]:
        """The facts from the beginning, about a second a batch. Raises FileError where they make no sense."""
        assembler = Assembler(self._salvage)
        for chunk in self._chunks():
            try:
                batch = assembler.take(chunk)
            except DamageError as damage:
                self._leave_out(chunk.number, chunk.kind, chunk.offset, chunk.size, str(damage))
                continue
            if batch is not None:
                yield batch
        last = assembler.rest()
        if last is not None:
            yield last

    def close(self) -> None:
        """Close the file; can be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _chunks(self) -> Iterator[Chunk]:
        """Whole chunks; everything else is refused or counted."""
        if self._size == 0:
            self._refuse("the file is empty: nothing was recorded")
        if not os.pread(self._fd, len(MAGIC), 0).startswith(MAGIC[: self._size]) and not self._salvage:
            self._refuse("it is not a gilprof recording")
        try:
            for found in scan(self._fd, self._size):
                match found:
                    case Chunk():
                        yield found
                    case Torn():
                        self._torn_tail_bytes = found.size
                    case Damaged():
                        self._leave_out(found.number, "", found.offset, found.size, found.why)
                    case Newer():
                        self._refuse(
                            f"it is of format {found.major}, and this gilprof reads format {MAJOR}",
                            "read it with a newer gilprof",
                        )
        except OSError as error:
            raise _failure(self._path, error) from error

    def _leave_out(self, number: int, kind: str, offset: int, size: int, why: str) -> None:
        if not self._salvage:
            name = f"chunk {number} ({kind})" if kind else f"chunk {number}"
            self._refuse(f"{name} at byte {offset} is damaged: {why}", "--salvage leaves it out and reads the rest")
        self._damaged[offset] = size
        if len(self._damaged) > MAX_DAMAGED:
            self._refuse(f"more than {MAX_DAMAGED} of its chunks are damaged")

    def _refuse(self, answered: str, next_step: str = "record again") -> NoReturn:
        raise FileError(f"reading {self._path}", answered, next_step)


def _failure(path: Path, error: OSError) -> FileError:
    return FileError(f"reading {path}", error.strerror or str(error), "check the file's name and place")
