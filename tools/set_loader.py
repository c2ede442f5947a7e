"""Give an ELF executable another dynamic loader and library folder, where it stands.

Debian's interpreter of a newer suite needs the C library of that suite. The path of its loader and an RPATH
go into the padding at the end of a read-only segment's last page, and the RPATH into one of the spare
entries that ld leaves in ``.dynamic``, so no address and no segment moves: the mapped file and its symbols
are those of Debian's own binary. (patchelf makes binaries that crash at the start from these executables
when it adds an RPATH.) RPATH, not RUNPATH: it reaches what the extension modules need in their turn.
Layouts: elf(5), ELF64 little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass
from pathlib import Path

PAGE = 4096
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
PF_W = 2
DT_NULL, DT_STRTAB, DT_RPATH = 0, 5, 15
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_DYNAMIC = struct.Struct("<qQ")


@dataclass
class Segment:
    """A program header."""

    kind: int
    flags: int
    offset: int
    address: int
    physical_address: int
    file_size: int
    memory_size: int
    alignment: int


def set_loader(executable: Path, loader: Path) -> None:
    """Make ``executable`` start with ``loader`` and look for libraries in the loader's folder."""
    elf = bytearray(executable.read_bytes())
    if elf[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{executable} is no little-endian ELF64 file")
    (table,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    segments = [Segment(*_PROGRAM_HEADER.unpack_from(elf, table + i * size)) for i in range(count)]

    interpreter = bytes(loader) + b"\0"
    strings = interpreter + bytes(loader.parent) + b"\0"
    address = _append(elf, segments, strings)
    for segment in segments:
        if segment.kind == PT_INTERP:
            segment.offset = _offset_of(segments, address)
            segment.address = segment.physical_address = address
            segment.file_size = segment.memory_size = len(interpreter)
        elif segment.kind == PT_DYNAMIC:
            _add_rpath(elf, segment, address + len(interpreter))
    for i, segment in enumerate(segments):
        _PROGRAM_HEADER.pack_into(elf, table + i * size, *astuple(segment))

    changed = executable.with_name(executable.name + ".new")
    changed.write_bytes(elf)
    changed.chmod(0o755)
    changed.replace(executable)


def _append(elf: bytearray, segments: list[Segment], strings: bytes) -> int:
    """Put the strings behind a read-only segment, in its last page; their address."""
    loads = [segment for segment in segments if segment.kind == PT_LOAD]
    for segment in loads:
        end = segment.offset + segment.file_size
        limit = min([-(-end // PAGE) * PAGE, len(elf), *(s.offset for s in loads if s.offset >= end)])
        if segment.flags & PF_W or limit - end < len(strings) or any(elf[end : end + len(strings)]):
            continue
        elf[end : end + len(strings)] = strings
        address = segment.address + segment.file_size
        segment.file_size = segment.memory_size = segment.file_size + len(strings)
        return address
    raise ValueError(f"no room for {strings!r}: use a shorter path")


def _offset_of(segments: list[Segment], address: int) -> int:
    return next(
        s.offset + address - s.address
        for s in segments
        if s.kind == PT_LOAD and s.address <= address < s.address + s.file_size
    )


def _add_rpath(elf: bytearray, dynamic: Segment, address: int) -> None:
    positions = range(dynamic.offset, dynamic.offset + dynamic.file_size, _DYNAMIC.size)
    entries = [_DYNAMIC.unpack_from(elf, position) for position in positions]
    tags = [tag for tag, _ in entries]
    spare = tags.index(DT_NULL)
    if spare + 1 == len(tags):
        raise ValueError("no spare entry in .dynamic")
    _DYNAMIC.pack_into(elf, positions[spare], DT_RPATH, address - dict(entries)[DT_STRTAB])
