"""Writes a recording: about a second at a time, so that a kill costs no more than that."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from gilprof.errors import FileError
from gilprof.model import Batch, Health, TargetInfo
from gilprof.recording.facts import cut_facts, encode_facts, encode_pairs
from gilprof.recording.format import Kind, chunk
from gilprof.recording.new_file import NewFile
from gilprof.recording.texts import (
    encode_end,
    encode_functions,
    encode_header,
    encode_health,
    encode_sections,
    encode_threads,
)

FLUSH_AFTER_NS = 800_000_000
"""Facts that span this much time are written; with ten batches a second, a kill costs less than a second."""
HEADER_EVERY = 64
"""The header is written again after this many flushes: salvage needs one that is whole."""


class RecordingWriter:
    """One file, open for writing. After a failure (FileError, once) it takes everything and writes nothing:
    the observation can go on, and what was written before is readable."""

    def __init__(self, path: str | Path, info: TargetInfo, force: bool = False) -> None:
        """Make ``path``; ``force``: replace what is there, once the beginning is written. Raises FileError."""
        self._path = Path(path)
        self._header = chunk(Kind.HEADER, encode_header(info))
        self._pending: list[Batch] = []
        self._pending_since_ns = 0
        self._next_function = self._next_frame = self._next_stack = 0
        self._health = Health()
        self._ended: str | None = None
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
            self._append(self._chunks(pending))
            self._flushes += 1
            if self._flushes % HEADER_EVERY == 0:
                self._append([self._header])

    def close(self) -> None:
        """Write what is pending and the end; can be called twice. Raises FileError."""
        self.flush()
        if self._fd >= 0:
            self._append([self._header, chunk(Kind.END, encode_end(self._ended))])
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

    def _chunks(self, batches: list[Batch]) -> Iterator[bytes]:
        """Definitions first: nothing refers to what stands behind it."""
        for payload in encode_threads([thread for batch in batches for thread in batch.threads]):
            yield chunk(Kind.THREADS, payload)
        functions = [function for batch in batches for function in batch.functions]
        for payload in encode_functions(self._next_function, functions):
            yield chunk(Kind.FUNCTIONS, payload)
        self._next_function += len(functions)
        frames = np.concatenate([batch.frames for batch in batches])
        for payload in encode_pairs(self._next_frame, frames):
            yield chunk(Kind.FRAMES, payload)
        self._next_frame += len(frames)
        stacks = np.concatenate([batch.stacks for batch in batches])
        for payload in encode_pairs(self._next_stack, stacks):
            yield chunk(Kind.STACKS, payload)
        self._next_stack += len(stacks)
        self._ended = batches[-1].ended or self._ended
        if batches[-1].health != self._health:
            self._health = batches[-1].health
            yield chunk(Kind.HEALTH, encode_health(self._health))
        for payload in encode_sections([mark for batch in batches for mark in batch.sections]):
            yield chunk(Kind.SECTIONS, payload)
        passes = np.concatenate([batch.passes for batch in batches])
        looks = np.concatenate([batch.looks for batch in batches])
        for some_passes, some_looks in cut_facts(passes, looks):
            yield chunk(Kind.FACTS, encode_facts(some_passes, some_looks))

    def _append(self, chunks: list[bytes] | Iterator[bytes]) -> None:
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
