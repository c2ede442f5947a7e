"""Rows of one dtype that are more than memory should hold: in a file without a name, in the order they came."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

import numpy as np
import numpy.typing as npt

from gilprof.errors import FileError

RowArray = npt.NDArray[np.void]


class Spool:
    """Blocks of rows; a block is read back as it was added, whole or a part of it."""

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self._dtype = dtype
        self._file: IO[bytes] | None = None
        self._starts: list[int] = []
        self._rows = 0

    def add(self, block: RowArray) -> int:
        """The block's number. Raises FileError where the temporary folder takes no more."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the spool does
            self._file.seek(self._rows * self._dtype.itemsize)
            self._file.write(block.tobytes())
            self._file.flush()
        except OSError as error:
            folder = tempfile.gettempdir()
            raise FileError(
                f"keeping the profile in {folder}", error.strerror or str(error), "make room, or set TMPDIR"
            ) from error
        self._starts.append(self._rows)
        self._rows += len(block)
        return len(self._starts) - 1

    def part(self, block: int, first: int, count: int) -> RowArray:
        """``count`` rows of a block from ``first`` on."""
        if self._file is None:
            return np.empty(0, self._dtype)
        self._file.seek((self._starts[block] + first) * self._dtype.itemsize)
        return np.frombuffer(self._file.read(count * self._dtype.itemsize), self._dtype)

    def blocks(self) -> Iterator[RowArray]:
        """All blocks in order."""
        for number, start in enumerate(self._starts):
            end = self._starts[number + 1] if number + 1 < len(self._starts) else self._rows
            yield self.part(number, 0, end - start)
