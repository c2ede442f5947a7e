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
from gilprof.recording.texts import decode_header, decode_process

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
        header = None
        self._several = False
        for chunk in self._chunks():
            self._several = self._several or chunk.kind == Kind.PROCESS
            if isinstance(chunk, Damaged):
                continue
            if chunk.kind == Kind.HEADER and header is None:
                try:
                    header = decode_header(chunk.payload)
                except DamageError as damage:
                    self._leave_out(chunk, str(damage))
            elif header is None and not salvage:
                self._refuse("it does not begin with a header")
        if header is None:
            self._refuse("it ends before its header does" if not self._damaged else "no copy of its header is whole")
        self.info: TargetInfo
        self.info, self._columns = header

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
        """The facts from the beginning, about a second and a process a batch. Raises FileError where they make no
        sense."""
        assemblers = {0: Assembler(self._columns, self._salvage)}
        process: int | None = 0
        for chunk in self._chunks():
            if isinstance(chunk, Damaged):
                # A chunk that says where another process's begin may have been among what is lost.
                process = None if self._several and chunk.kind in (None, Kind.PROCESS) else process
                continue
            try:
                if chunk.kind == Kind.PROCESS:
                    process = None
                    process, info = decode_process(chunk.payload)
                    if process not in assemblers:
                        assemblers[process] = Assembler(self._columns, self._salvage, process, info)
                    continue
                if process is None:
                    raise DamageError("it follows damage, and its process is not known")
                batch = assemblers[process].take(chunk)
            except DamageError as damage:
                self._leave_out(chunk, str(damage))
                continue
            if batch is not None:
                yield batch
        for assembler in assemblers.values():
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

    def _chunks(self) -> Iterator[Chunk | Damaged]:
        """Whole chunks, and damage that was counted; everything else is refused or counted."""
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
                        self._leave_out(found, found.why)
                        yield found
                    case Newer():
                        self._refuse(
                            f"it is of format {found.major}, and this gilprof reads formats up to {MAJOR}",
                            "read it with a newer gilprof",
                        )
        except OSError as error:
            raise _failure(self._path, error) from error

    def _leave_out(self, found: Chunk | Damaged, why: str) -> None:
        if not self._salvage:
            name = f"chunk {found.number}" + (f" ({found.kind})" if isinstance(found, Chunk) else "")
            self._refuse(
                f"{name} at byte {found.offset} is damaged: {why}", "--salvage leaves it out and reads the rest"
            )
        self._damaged[found.offset] = found.size
        if len(self._damaged) > MAX_DAMAGED:
            self._refuse(f"more than {MAX_DAMAGED} of its chunks are damaged")

    def _refuse(self, answered: str, next_step: str = "record again") -> NoReturn:
        raise FileError(f"reading {self._path}", answered, next_step)


def _failure(path: Path, error: OSError) -> FileError:
    return FileError(f"reading {path}", error.strerror or str(error), "check the file's name and place")
