"""A bar of parts that stand side by side: each is told from the next by its glyph as well as by its colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Piece = tuple[str, str]
"""Text and its style."""


@dataclass(frozen=True, slots=True)
class Bar:
    """``shares`` of the bar's width; what they leave is filled with the last of ``glyphs``."""

    shares: tuple[float, ...]
    glyphs: tuple[Piece, ...]
    """One for each share, and one for the rest; a glyph is one cell wide."""

    def pieces(self, width: int) -> list[Piece]:
        """Exactly ``width`` cells."""
        return [
            (glyph * count, style)
            for count, (glyph, style) in zip(cells(self.shares, width), self.glyphs, strict=True)
            if count
        ]


def cells(shares: Sequence[float], width: int) -> list[int]:
    """``width`` cells by share (of 1, at most 1 together), and what is left, by largest remainder.

    Whatever is there at all gets a cell where there is room for it.
    """
    parts = [*shares, max(0.0, 1.0 - sum(shares))]
    total = sum(parts)
    exact = [part / total * width for part in parts]
    out = [int(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: out[i] - exact[i])
    for index in by_remainder[: width - sum(out)]:
        out[index] += 1
    for index, share in enumerate(shares):
        largest = max(range(len(out)), key=out.__getitem__)
        if share > 0 and out[index] == 0 and out[largest] > 1:
            out[index], out[largest] = 1, out[largest] - 1
    return out
