"""Which Python a loaded image is, and whether gilprof reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gilprof.errors import NotReadable
from gilprof.target.debug_offsets import SCHEMAS, read_header
from gilprof.target.elf import RUNTIME, VERSION, Image
from gilprof.target.memory import RemoteMemory
from gilprof.target.state import Implausible
from gilprof.target.tables import SUPPORTED, SUPPORTED_TEXT

FINAL = 0xF
_LEVELS = {0xA: "a", 0xB: "b", 0xC: "rc"}
_NUMBER_IN_NAME = re.compile(r"python(\d\.\d+)[^/]*$")


@dataclass(frozen=True, slots=True)
class PythonVersion:
    """A released version."""

    minor: tuple[int, int]
    patch: int

    @property
    def text(self) -> str:
        """``X.Y.Z``."""
        return f"{self.minor[0]}.{self.minor[1]}.{self.patch}"


def python_version(pid: int, memory: RemoteMemory, image: Image) -> PythonVersion:
    """The image's version; ``NotReadable`` for one that gilprof cannot read, ``Implausible`` for none."""
    tried = f"reading process {pid}"
    header = read_header(memory, image.symbols[RUNTIME])
    if header is not None:
        number = header.version_hex
    elif VERSION in image.symbols:
        number = memory.u32(image.symbols[VERSION])
    else:
        match = _NUMBER_IN_NAME.search(image.path)
        name = match[1] if match else "before 3.11"
        raise NotReadable(tried, f"it is Python {name}", SUPPORTED_TEXT)
    minor, patch = (number >> 24 & 0xFF, number >> 16 & 0xFF), number >> 8 & 0xFF
    version = PythonVersion(minor, patch)
    if minor[0] != 3 or (header is None and minor in SCHEMAS):
        raise Implausible("the version word", f"{number:#010x}, with {'a' if header else 'no'} debug cookie")
    if minor not in SUPPORTED:
        raise NotReadable(tried, f"it is Python {minor[0]}.{minor[1]}", SUPPORTED_TEXT)
    level = number >> 4 & 0xF
    if level != FINAL:
        name = f"{version.text}{_LEVELS.get(level, '?')}{number & 0xF}"
        raise NotReadable(tried, f"it is Python {name}, a pre-release", "gilprof reads final releases: update it")
    if header is not None and header.free_threaded:
        raise NotReadable(
            tried,
            f"it is a free-threaded build of Python {version.text}",
            f"gilprof reads builds with the GIL: run the program with python{minor[0]}.{minor[1]}",
        )
    return version
