"""The recording's frame: chunks with a length, a kind and checksums (docs/recording-format.md)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum

MAGIC = b"\x89gilprof"
"""The first bytes of every chunk, and so of the file; the first one is not ASCII, so no text has it."""
MAJOR = 2
"""Another major version is another format: refused, but for those in ``READABLE``."""
READABLE = (1, MAJOR)
"""Format 1 has one list of columns for all files, and ``gap_ns`` as a member of its own."""
MINOR = 0
"""A greater minor version adds chunk kinds, keys, members and columns, which older readers pass over."""
HEAD = struct.Struct("<8sBB10sIII")
"""Magic, major and minor version, kind (padded with NUL), the payload's length and CRC-32, and the CRC-32
of the bytes before it: 32 bytes."""

MAX_PAYLOAD = 4 << 20
"""Bytes in a chunk's payload, at most."""
MAX_ROWS = 32_768
"""Passes, and looks, in one ``facts`` chunk, at most; also rows of ``frames`` and ``stacks``."""
MAX_FUNCTIONS = 1 << 20
MAX_FRAMES = 1 << 22
MAX_STACKS = 1 << 22
MAX_THREADS = 1 << 22
MAX_PROCESSES = 1 << 12
MAX_DOMAINS = 1 << 8
"""GIL domains of one process."""
MAX_TIME_NS = 1 << 62
"""Times are below this: sums and differences of two of them fit in 64 bits."""


class Kind(StrEnum):
    """What a chunk's payload is."""

    HEADER = "header"
    PROCESS = "process"
    DOMAINS = "domains"
    THREADS = "threads"
    FUNCTIONS = "functions"
    FRAMES = "frames"
    STACKS = "stacks"
    HEALTH = "health"
    SECTIONS = "sections"
    CHILDREN = "children"
    FACTS = "facts"
    END = "end"


class DamageError(Exception):
    """A chunk is not what was written, or makes no sense; the text says why. Becomes a ``FileError``."""


@dataclass(frozen=True, slots=True)
class ChunkHead:
    """What stands before a payload; ``length`` in bytes. ``kind``: maybe one that we do not know, but printable."""

    major: int
    minor: int
    kind: str
    length: int
    payload_crc: int


def chunk(kind: Kind, payload: bytes) -> bytes:
    """A whole chunk. Raises ValueError for a payload of more than ``MAX_PAYLOAD`` bytes."""
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a chunk of {len(payload)} bytes: at most {MAX_PAYLOAD} are allowed")
    fields = (MAGIC, MAJOR, MINOR, kind.encode(), len(payload), zlib.crc32(payload))
    before_crc = HEAD.pack(*fields, 0)[:-4]
    return HEAD.pack(*fields, zlib.crc32(before_crc)) + payload


def parse_head(raw: bytes) -> ChunkHead | None:
    """The head in the first bytes of ``raw``; None when it is not whole and intact."""
    if len(raw) < HEAD.size:
        return None
    magic, major, minor, kind, length, payload_crc, head_crc = HEAD.unpack_from(raw)
    if magic != MAGIC or zlib.crc32(raw[: HEAD.size - 4]) != head_crc:
        return None
    name = kind.rstrip(b"\0").decode("ascii", "replace")
    return ChunkHead(major, minor, name if name.isalnum() else "?", length, payload_crc)
