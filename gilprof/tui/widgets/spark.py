"""A row of little columns on a fixed scale."""

from __future__ import annotations

from collections.abc import Sequence

_LEVELS = " ▁▂▃▄▅▆▇█"


def spark(values: Sequence[float], width: int, upper: float) -> str:
    """The newest ``width`` of ``values``, right-aligned; ``upper`` and more is a full column."""
    return sparks(values, width, upper, 1)[0]


def sparks(values: Sequence[float], width: int, upper: float, height: int) -> list[str]:
    """The newest ``width`` of ``values``, right-aligned, in ``height`` rows from the top: ``upper`` and more is a full
    column, and whatever is there at all has the smallest one."""
    top = len(_LEVELS) - 1
    shown = values[-width:] if width > 0 else ()
    levels = [0 if value <= 0 else max(1, min(top * height, round(value / upper * top * height))) for value in shown]
    return [
        "".join(_LEVELS[max(0, min(top, level - row * top))] for level in levels).rjust(width)
        for row in reversed(range(height))
    ]
