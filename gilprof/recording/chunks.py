"""A file as a sequence of whole chunks: torn tails left out, damage refused or left out."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from gilprof.recording.format import HEAD, MAGIC, MAX_PAYLOAD, READABLE, ChunkHead, parse_head

_SCAN_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """A whole chunk: its number in the file, where it begins, what is in it."""

    number: int
    offset: int
    kind: str
    payload: bytes

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return HEAD.size + len(self.payload)


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that are not a whole chunk; ``size`` up to the next one, or the end."""

    number: int
    offset: int
    size: int
    why: str
    kind: str | None = None
    """Of the one chunk that is lost; None: there may be several, of any kind."""


@dataclass(frozen=True, slots=True)
class Torn:
    """The file ends inside a chunk that begins at ``offset``."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Newer:
    """A chunk of a major version that we do not know: nothing behind it can be understood."""

    major: int


def scan(fd: int, size: int) -> Iterator[Chunk | Damaged | Torn | Newer]:
    """What the first ``size`` bytes of a file are, in order. ``Torn`` and ``Newer`` are the last.

    After damage it goes on at the next intact head. Raises OSError.
    """
    offset = number = 0
    while offset < size:
        raw = os.pread(fd, min(HEAD.size, size - offset), offset)
        head = parse_head(raw)
        found: Chunk | Damaged | Torn | Newer
        if head is None and len(raw) < HEAD.size and MAGIC.startswith(raw[: len(MAGIC)]):
            found = Torn(offset, size - offset)
        elif head is None:
            found = _damaged(fd, size, number, offset, offset + 1, "its head does not fit its checksum")
        elif head.major not in READABLE:
            found = Newer(head.major)
        elif head.length > MAX_PAYLOAD:
            found = _damaged(fd, size, number, offset, offset + HEAD.size, "it is longer than allowed")
        elif offset + HEAD.size + head.length > size:
            found = Torn(offset, size - offset)
        else:
            found = _whole(fd, size, number, offset, head)
        yield found
        if isinstance(found, Torn | Newer):
            return
        offset += found.size
        number += 1


def _whole(fd: int, size: int, number: int, offset: int, head: ChunkHead) -> Chunk | Damaged:
    payload = os.pread(fd, head.length, offset + HEAD.size)
    if zlib.crc32(payload) == head.payload_crc:
        return Chunk(number, offset, head.kind, payload)
    # Its length can be trusted unless bytes were lost or came in: then no head stands behind it.
    end = offset + HEAD.size + head.length
    behind = os.pread(fd, HEAD.size, end)
    why = f"its {head.kind} do not fit their checksum"
    if end == size or parse_head(behind) is not None:
        return Damaged(number, offset, end - offset, why, head.kind)
    return _damaged(fd, size, number, offset, offset + HEAD.size, why)


def _damaged(fd: int, size: int, number: int, offset: int, begin: int, why: str) -> Damaged:
    """What reaches from ``offset`` to the next intact head at ``begin`` or behind it, or to the end."""
    return Damaged(number, offset, _next_head(fd, size, begin) - offset, why)


def _next_head(fd: int, size: int, begin: int) -> int:
    while begin < size:
        block = os.pread(fd, min(_SCAN_BYTES, size - begin), begin)
        at = block.find(MAGIC)
        while at >= 0:
            if parse_head(os.pread(fd, HEAD.size, begin + at)) is not None:
                return begin + at
            at = block.find(MAGIC, at + 1)
        if begin + len(block) >= size or not block:
            return size
        begin += len(block) - len(MAGIC) + 1
    return size
