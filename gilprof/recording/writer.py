"""Writes a recording: about a second at a time, so that a kill costs no more than that."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from gilprof.errors import FileError
from gilprof.facts.batches import joined_by_process
from gilprof.model import Batch, Health, TargetInfo
from gilprof.recording.encode import Defined, definition_chunks, fact_chunks
from gilprof.recording.format import Kind, chunk
from gilprof.recording.new_file import NewFile
from gilprof.recording.texts import (
    encode_children,
    encode_end,
    encode_header,
    encode_health,
    encode_process,
    encode_sections,
)

FLUSH_AFTER_NS = 700_000_000
"""Facts that span this much time are written; with four batches a second, a kill costs less than a second."""
HEADER_EVERY = 64
"""The header is written again after this many flushes: salvage needs one that is whole."""


@dataclass(slots=True)
class _Process:
    """What of a process is in the file by now."""

    chunk: bytes
    """That says: what follows is this process's."""
    defined: Defined = field(default_factory=Defined)
    health: Health = field(default_factory=Health)
    ended: str | None = None


class RecordingWriter:
    """One file, open for writing. After a failure (FileError, once) it takes everything and writes nothing:
    the observation can go on, and what was written before is readable."""

    def __init__(self, path: str | Path, info: TargetInfo, force: bool = False) -> None:
        """Make ``path``; ``force``: replace what is there, once the beginning is written. Raises FileError."""
        self._path = Path(path)
        self._header = chunk(Kind.HEADER, encode_header(info))
        self._pending: list[Batch] = []
        self._pending_since_ns = 0
        self._processes = {0: _Process(chunk(Kind.PROCESS, encode_process(0, info)))}
        self._process = 0
        """Whose chunks the file is at."""
        self._flushes = 0
        self._size = 0
        self._fd = -1
        try:
            file = NewFile(path, replace=force)
        except FileExistsError as error:
            raise FileError(f"writing {path}", "it exists", "give another name, or --force to replace it") from error
        except OSError as error:
            raise FileError(f"writing {path}", error.strerror or str(error), "give another name") from error
        try:
            _write_whole(file.descriptor, self._header)
            file.put()
            self._fd = os.dup(file.descriptor)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            file.close()
        self._size = len(self._header)

    def write(self, batch: Batch) -> None:
        """Take the next batch, and write what is pending when it spans about a second. Raises FileError."""
        if self._fd < 0:
            return
        now_ns = time.monotonic_ns()
        if not self._pending:
            self._pending_since_ns = now_ns
        self._pending.append(batch)
        if batch.ended is not None or max(now_ns - self._pending_since_ns, self._span_ns()) >= FLUSH_AFTER_NS:
            self.flush()

    def flush(self) -> None:
        """Write what is pending. Raises FileError."""
        pending, self._pending = self._pending, []
        if self._fd >= 0 and pending:
            for batch in joined_by_process(pending):
                self._append(self._chunks(batch))
            self._flushes += 1
            if self._flushes % HEADER_EVERY == 0:
                self._append([self._header, *self._again()])

    def close(self) -> None:
        """Write what is pending and the end; can be called twice. Raises FileError."""
        self.flush()
        if self._fd >= 0:
            self._append([self._header, *self._again()])
            for number, process in self._processes.items():
                self._append([*self._begun(number), chunk(Kind.END, encode_end(process.ended))])
            fd, self._fd = self._fd, -1
            try:
                os.close(fd)
            except OSError as error:
                raise self._failure(error) from error

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _span_ns(self) -> int:
        """From the first pending pass to the last one."""
        t_ns = [batch.passes["t_ns"] for batch in self._pending if len(batch.passes)]
        return int(t_ns[-1][-1]) - int(t_ns[0][0]) if t_ns else 0

    def _chunks(self, batch: Batch) -> Iterator[bytes]:
        """Definitions first: nothing refers to what stands behind it."""
        if batch.process not in self._processes:
            if batch.target is None:
                raise ValueError(f"process {batch.process} begins without its target")
            self._processes[batch.process] = _Process(chunk(Kind.PROCESS, encode_process(batch.process, batch.target)))
        written = self._processes[batch.process]
        yield from self._begun(batch.process)
        yield from definition_chunks(
            written.defined, batch.domains, batch.threads, batch.functions, batch.frames, batch.stacks
        )
        written.ended = batch.ended or written.ended
        if batch.health != written.health:
            written.health = batch.health
            yield chunk(Kind.HEALTH, encode_health(batch.health))
        for payload in encode_sections(batch.sections):
            yield chunk(Kind.SECTIONS, payload)
        for payload in encode_children(batch.children):
            yield chunk(Kind.CHILDREN, payload)
        yield from fact_chunks(batch.passes, batch.looks)

    def _begun(self, number: int) -> Iterator[bytes]:
        """What says that chunks of this process follow, where they do not anyway."""
        if number != self._process:
            self._process = number
            yield self._processes[number].chunk

    def _again(self) -> Iterator[bytes]:
        """Whose chunks follow, once more, for salvage, where the file has those of several."""
        if len(self._processes) > 1:
            yield self._processes[self._process].chunk

    def _append(self, chunks: Iterable[bytes]) -> None:
        """Write whole chunks; where one does not fit, cut it off again and give up."""
        try:
            for one in chunks:
                _write_whole(self._fd, one)
                self._size += len(one)
        except OSError as error:
            fd, self._fd = self._fd, -1
            with contextlib.suppress(OSError):
                os.ftruncate(fd, self._size)
            with contextlib.suppress(OSError):
                os.close(fd)
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> FileError:
        kept = f"its first {self._size} bytes can be read" if self._flushes else "nothing was recorded"
        return FileError(
            f"writing {self._path}", f"{error.strerror or error} ({kept})", "make room, or give another name"
        )


def _write_whole(descriptor: int, content: bytes) -> None:
    """Raises OSError."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
