"""Tables as dataclasses of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Bools, Rows


class Columns:
    """Base of a dataclass of arrays that have as many rows each."""

    __slots__ = ()
    ROW_AXIS: ClassVar[int] = 0
    """The axis of the rows: 0, or -1 (the last one)."""

    def part(self, rows: Rows | Bools | slice) -> Self:
        """Some of the rows."""
        where = rows if self.ROW_AXIS == 0 else (..., rows)
        return type(self)(*(column[where] for column in self._columns()))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All rows of all parts, in order; at least one part."""
        columns = zip(*(part._columns() for part in parts), strict=True)
        return cls(*(np.concatenate(column, axis=cls.ROW_AXIS) for column in columns))

    def _columns(self) -> list[npt.NDArray[Any]]:
        return [getattr(self, field.name) for field in fields(self)]  # type: ignore[arg-type]
