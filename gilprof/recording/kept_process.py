"""The last seconds of one process, in memory, as chunks of a recording that can be written at any moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from gilprof.facts.batches import health_since, joined
from gilprof.facts.definitions import Definitions
from gilprof.model import Batch, ChildSeen, Health
from gilprof.recording.encode import Defined, definition_chunks, fact_chunks
from gilprof.recording.format import Kind, chunk
from gilprof.recording.texts import encode_children, encode_end, encode_health
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
    children: tuple[ChildSeen, ...]


class KeptProcess:
    """Bounded by the time, by ``MAX_BYTES``, and by the program's code."""

    def __init__(self, keep_s: float) -> None:
        self._keep_ns = round(keep_s * 1e9)
        self._piece_ns = max(FLUSH_AFTER_NS, self._keep_ns // PIECES)
        self._definitions = Definitions()
        self._pending: list[Batch] = []
        self._pieces: deque[_Piece] = deque()
        self._size = 0
        self._health_before = Health()
        """When the first piece began."""
        self._children: list[ChildSeen] = []
        """That came since the last piece."""
        self._children_before: dict[int, ChildSeen] = {}
        """As they were when the first piece began, by id."""
        self._ended: str | None = None

    def add(self, batch: Batch) -> None:
        """Take the next batch; what has become too old is forgotten."""
        self._definitions.add(batch)
        self._ended = batch.ended or self._ended
        self._children += batch.children
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
        """What is kept, from definitions to the end."""
        self._encode()
        definitions = self._definitions
        yield from definition_chunks(
            Defined(),
            definitions.domains.values(),
            definitions.threads.values(),
            definitions.functions,
            definitions.frames,
            definitions.stacks,
        )
        if self._pieces:
            yield chunk(Kind.HEALTH, encode_health(health_since(self._health_before, self._pieces[-1].health)))
        children = [*self._children_before.values(), *(child for piece in self._pieces for child in piece.children)]
        for payload in encode_children([*children, *self._children]):
            yield chunk(Kind.CHILDREN, payload)
        for piece in self._pieces:
            yield piece.chunks
        yield chunk(Kind.END, encode_end(self._ended))

    def _encode(self) -> None:
        batches, self._pending = self._pending, []
        if not batches:
            return
        batch = joined(batches)
        passes = batch.passes
        chunks = b"".join(fact_chunks(passes, batch.looks))
        children, self._children = tuple(self._children), []
        first_t_ns, last_t_ns = int(passes["t_ns"][0]), int(passes["t_ns"][-1])
        self._pieces.append(_Piece(chunks, first_t_ns, last_t_ns, batch.health, children))
        self._size += len(chunks)
        self._forget()

    def _forget(self) -> None:
        oldest_ns = self._pieces[-1].last_t_ns - self._keep_ns
        while len(self._pieces) > 1 and (self._pieces[0].last_t_ns < oldest_ns or self._size > MAX_BYTES):
            old = self._pieces.popleft()
            self._size -= len(old.chunks)
            self._health_before = old.health
            self._children_before |= {child.id: child for child in old.children}
        since_ns, threads = self._pieces[0].first_t_ns, self._definitions.threads
        for number in [number for number, seen in threads.items() if (seen.ended_ns or since_ns) < since_ns]:
            del threads[number]
        for gone in [child.id for child in self._children_before.values() if child.ended]:
            del self._children_before[gone]
