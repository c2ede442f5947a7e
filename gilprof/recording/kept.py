"""The last seconds of a profile, in memory, as a recording that can be written at any moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gilprof.analysis.definitions import Definitions
from gilprof.model import Batch, Health, TargetInfo
from gilprof.recording.facts import cut_facts, encode_facts, encode_pairs
from gilprof.recording.format import Kind, chunk
from gilprof.recording.texts import encode_end, encode_functions, encode_header, encode_health, encode_threads
from gilprof.recording.writer import FLUSH_AFTER_NS

MAX_BYTES = 256 << 20
"""Of encoded facts: beyond it, the oldest go though they are not too old."""

PIECES = 20
"""At most so many pieces, the oldest of which goes as a whole: one more than asked for is kept."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some facts as chunks of a recording."""

    chunks: bytes
    first_t_ns: int
    last_t_ns: int
    health: Health
    """When it ended."""


class KeptRecording:
    """Bounded by the time, by ``MAX_BYTES``, and by the program's code."""

    def __init__(self, info: TargetInfo, keep_s: float) -> None:
        self._info = info
        self._keep_ns = round(keep_s * 1e9)
        self._piece_ns = max(FLUSH_AFTER_NS, self._keep_ns // PIECES)
        self._definitions = Definitions()
        self._pending: list[Batch] = []
        self._pieces: deque[_Piece] = deque()
        self._size = 0
        self._health_before = Health()
        """When the first piece began."""
        self._ended: str | None = None

    def add(self, batch: Batch) -> None:
        """Take the next batch; what has become too old is forgotten."""
        self._definitions.add(batch)
        self._ended = batch.ended or self._ended
        if len(batch.passes):
            self._pending.append(batch)
            t_ns = self._pending[0].passes["t_ns"][0], batch.passes["t_ns"][-1]
            if int(t_ns[1]) - int(t_ns[0]) >= self._piece_ns:
                self._encode()

    @property
    def last_t_ns(self) -> int | None:
        """CLOCK_MONOTONIC of the last pass; None without any."""
        if self._pending:
            return int(self._pending[-1].passes["t_ns"][-1])
        return self._pieces[-1].last_t_ns if self._pieces else None

    def chunks(self) -> Iterator[bytes]:
        """A whole recording of what is kept."""
        self._encode()
        definitions = self._definitions
        yield chunk(Kind.HEADER, encode_header(self._info))
        for payload in encode_threads(definitions.threads.values()):
            yield chunk(Kind.THREADS, payload)
        for payload in encode_functions(0, definitions.functions):
            yield chunk(Kind.FUNCTIONS, payload)
        for payload in encode_pairs(0, definitions.frames):
            yield chunk(Kind.FRAMES, payload)
        for payload in encode_pairs(0, definitions.stacks):
            yield chunk(Kind.STACKS, payload)
        if self._pieces:
            yield chunk(Kind.HEALTH, encode_health(_since(self._health_before, self._pieces[-1].health)))
        for piece in self._pieces:
            yield piece.chunks
        yield chunk(Kind.END, encode_end(self._ended))

    def _encode(self) -> None:
        batches, self._pending = self._pending, []
        if not batches:
            return
        passes = np.concatenate([batch.passes for batch in batches])
        looks = np.concatenate([batch.looks for batch in batches])
        chunks = b"".join(chunk(Kind.FACTS, encode_facts(*some)) for some in cut_facts(passes, looks))
        self._pieces.append(_Piece(chunks, int(passes["t_ns"][0]), int(passes["t_ns"][-1]), batches[-1].health))
        self._size += len(chunks)
        self._forget()

    def _forget(self) -> None:
        oldest_ns = self._pieces[-1].last_t_ns - self._keep_ns
        while len(self._pieces) > 1 and (self._pieces[0].last_t_ns < oldest_ns or self._size > MAX_BYTES):
            old = self._pieces.popleft()
            self._size -= len(old.chunks)
            self._health_before = old.health
        since_ns, threads = self._pieces[0].first_t_ns, self._definitions.threads
        for number in [number for number, seen in threads.items() if (seen.ended_ns or since_ns) < since_ns]:
            del threads[number]


def _since(before: Health, now: Health) -> Health:
    """The account of the time between."""
    drain_cpu_ns = now.drain_cpu_ns
    return replace(
        now,
        passes=now.passes - before.passes,
        torn=now.torn - before.torn,
        dropped=now.dropped - before.dropped,
        read_errors=now.read_errors - before.read_errors,
        truncated_stacks=now.truncated_stacks - before.truncated_stacks,
        sampler_cpu_ns=now.sampler_cpu_ns - before.sampler_cpu_ns,
        drain_cpu_ns=None if drain_cpu_ns is None else drain_cpu_ns - (before.drain_cpu_ns or 0),
    )
