"""Where a mapped Python keeps its runtime: symbols of the ELF files behind a process's mappings."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from shutil import which

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.hash import ELFHashSection, GNUHashSection
from elftools.elf.sections import SymbolTableSection

from gilprof.errors import NotReadable
from gilprof.target.process import Mapping, Process

RUNTIME = "_PyRuntime"
"""Exported by every CPython since 3.7; a section ``.PyRuntime`` of its own since 3.10 (Include/internal)."""
VERSION = "Py_Version"
"""``const unsigned long`` with PY_VERSION_HEX, exported since 3.11."""
CODE_TYPE = "PyCode_Type"
ANY_PYTHON = "Py_Initialize"
"""Exported by every Python ever."""
SYMBOLS = (RUNTIME, VERSION, CODE_TYPE, ANY_PYTHON)

PAGE = 4096
LAST_ADDRESS = (1 << 64) - 1
MAX_READ_AHEAD = 4
"""Libraries beside a program: one Python has its own and the stable ABI's."""
MAX_SYMBOLS = 500_000
"""Entries of a symbol table without a hash that are looked at."""
_DAMAGED = (OSError, ELFError, ValueError, ArithmeticError, struct.error)
"""What reading a damaged file raises: pyelftools divides by a hash table's size, and unpacks what is cut short."""
_LIBRARY = re.compile(r"libpython\d.*\.so.*")


@dataclass(frozen=True, slots=True)
class Image:
    """One loaded copy of a file with Python in it: addresses of its symbols in the target."""

    path: str
    """As the target names it."""
    machine: str
    """As ``uname -m``; empty for one that gilprof does not know."""
    symbols: dict[str, int] = field(default_factory=dict)


def python_images(process: Process, mappings: tuple[Mapping, ...]) -> tuple[Image, ...]:
    """Every loaded copy of the program and of each mapped libpython, the program's first."""
    executable = process.executable
    paths = dict.fromkeys(mapping.path for mapping in mappings if _may_have_python(mapping.path, executable))
    found: list[Image] = []
    for path in sorted(paths, key=lambda path: path != executable):
        pieces = [mapping for mapping in mappings if mapping.path == path]
        file = process.folder / "exe" if path == executable else target_file(process, pieces[0])
        found += _images(process, file, path, pieces)
    return tuple(found)


def read_ahead(program: str) -> None:
    """Read the files that ``program``, a name or a path, will have its Python from, if it is called python: what they
    say is known by the time at which it runs. Other programs do not wait for it: they may have many symbols."""
    found = which(program)
    executable = Path(found or "").resolve()
    if not executable.name.startswith("python"):
        return
    libraries = sorted((executable.parent.parent / "lib").glob("libpython*.so*"))
    for path in dict.fromkeys([executable, *(library.resolve() for library in libraries[:MAX_READ_AHEAD])]):
        with suppress(*_DAMAGED):
            _elf(_File.at(path))


def target_file(process: Process, mapping: Mapping) -> Path:
    """A path by which gilprof can open the file behind a mapping, also in another mount namespace."""
    # The path is the target's (a container) or ours (a chroot); a replaced file has another inode.
    rooted, plain = process.folder / "root" / mapping.path.lstrip("/"), Path(mapping.path)
    for path in (rooted, plain):
        if _inode(path) == mapping.inode:
            return path
    by_mapping = process.folder / "map_files" / f"{mapping.start:x}-{mapping.end:x}"
    # Only root may use it; and before Linux 6.8 the inodes of overlay file systems do not compare.
    return by_mapping if _inode(by_mapping) is not None else rooted


def _inode(path: Path) -> int | None:
    """The file's inode; None if it is not to be had."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _may_have_python(path: str, executable: str) -> bool:
    name = PurePosixPath(path.removesuffix(" (deleted)")).name
    return bool(path) and (path == executable or _LIBRARY.fullmatch(name) is not None)


def _images(process: Process, file: Path, path: str, pieces: list[Mapping]) -> Iterator[Image]:
    """A file's loaded copies; more than one if a program maps it again to look into it."""
    tried = f"reading {path} of process {process.pid}"
    try:
        elf = _elf(_File.at(file))
    except _DAMAGED as error:
        raise NotReadable(
            tried,
            str(error),
            "if the file was replaced since the process started, run gilprof with sudo, or start it anew",
        ) from error
    if elf is None:
        raise NotReadable(tried, "it is not a 64-bit little-endian program", "gilprof reads those only")
    for base in _load_addresses(elf, pieces):
        yield Image(path, elf.machine, {name: base + value & LAST_ADDRESS for name, value in elf.symbols.items()})


@dataclass(frozen=True, slots=True)
class _Elf:
    """What a file says, wherever it is loaded."""

    machine: str
    symbols: dict[str, int]
    """Virtual addresses."""
    fixed: bool
    """Loaded at its virtual addresses."""
    first: tuple[int, int] | None
    """Page of the first loaded segment in the file, and in virtual addresses."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is now, wherever it is found."""

    identity: tuple[int, ...]
    """Its inode, size and time."""
    path: Path = field(compare=False)

    @classmethod
    def at(cls, path: Path) -> _File:
        status = path.stat()
        return cls((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns), path)


@lru_cache(maxsize=16)
def _elf(file: _File) -> _Elf | None:
    """Remembered: a process that just starts is looked at again and again. None: not 64-bit little-endian. Raises what
    elftools does."""
    with file.path.open("rb") as stream:
        elf = ELFFile(stream)
        if elf.elfclass != 64 or not elf.little_endian:
            return None
        segment = next(elf.iter_segments(type="PT_LOAD"), None)
        return _Elf(
            machine={"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64"}.get(elf["e_machine"], ""),
            symbols=_symbols(elf),
            fixed=elf["e_type"] == "ET_EXEC",
            first=None if segment is None else (_page(segment["p_offset"]), _page(segment["p_vaddr"])),
        )


def _page(address: int) -> int:
    return address // PAGE * PAGE


def _load_addresses(elf: _Elf, pieces: list[Mapping]) -> list[int]:
    """What is to be added to the file's virtual addresses, for each loaded copy."""
    if elf.fixed:
        return [0]
    if elf.first is None:
        return []
    offset, address = elf.first
    return [piece.start - address for piece in pieces if piece.offset == offset]


def _symbols(elf: ELFFile) -> dict[str, int]:
    """Virtual addresses of ``SYMBOLS``: by the hash of the exported ones, else by walking the tables."""
    found: dict[str, int] = {}
    hashes = elf.get_section_by_name(".gnu.hash") or elf.get_section_by_name(".hash")
    if isinstance(hashes, ELFHashSection | GNUHashSection):
        for name in SYMBOLS:
            symbol = hashes.get_symbol(name)
            if symbol is not None and symbol["st_shndx"] != "SHN_UNDEF":
                found[name] = symbol["st_value"]
    if RUNTIME not in found and ANY_PYTHON not in found:
        table = elf.get_section_by_name(".symtab")
        if isinstance(table, SymbolTableSection) and table.num_symbols() <= MAX_SYMBOLS:
            named = (symbol for symbol in table.iter_symbols() if symbol.name in SYMBOLS)
            found |= {symbol.name: symbol["st_value"] for symbol in named if symbol["st_value"]}
    section = elf.get_section_by_name(".PyRuntime")
    if RUNTIME not in found and section is not None:
        found[RUNTIME] = section["sh_addr"]
    return found
