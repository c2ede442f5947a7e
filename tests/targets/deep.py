"""deep.py [DEPTH=1000]: a thread spins at the bottom of a stack DEPTH Python frames deep, beside a plain
spinner.

Truth: the stack of ``deep``, outermost first, after threading's bootstrap: ``step_0`` to ``step_K``
(distinct functions, the first half), then ``recurse`` over and over, ``bottom`` innermost. ``extra``:
``steps`` and ``recursions``, how many of each; ``depth`` the sum with ``bottom`` and the worker's own
``descend``.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from common import Ready, Row, argument, run
from spin import spin

DEPTH = max(4, argument(1, 1000))
STEPS = (DEPTH - 2) // 2
RECURSIONS = DEPTH - 2 - STEPS


def bottom(row: Row, ready: Ready) -> None:
    ready()
    total = 0
    while True:
        for number in range(200_000):
            total += number & 7
        row[0] = time.thread_time()


def recurse(left: int, row: Row, ready: Ready) -> None:
    if left > 1:
        recurse(left - 1, row, ready)
    else:
        bottom(row, ready)


def make_steps() -> Any:
    """step_0 calls step_1, and so on; the last calls ``recurse``."""
    calls = [f"step_{number}(row, ready)" for number in range(STEPS)] + [f"recurse({RECURSIONS}, row, ready)"]
    lines = [f"def {caller}:\n    {callee}\n" for caller, callee in zip(calls, calls[1:])]  # noqa: B905, RUF007
    functions: dict[str, Any] = {"recurse": recurse}
    exec(compile("\n".join(lines), "<steps>", "exec"), functions)
    return functions["step_0"]


def descend(row: Row, ready: Ready) -> None:
    make_steps()(row, ready)


if __name__ == "__main__":
    sys.setrecursionlimit(DEPTH + 1000)
    run({"deep": descend, "spin": spin}, depth=DEPTH, steps=STEPS, recursions=RECURSIONS)
