"""many_functions.py [N=50] [M=10]: N threads, each of which calls its own M functions in turn.

Truth: every thread is held or waiting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common import Ready, Row, argument, run

if TYPE_CHECKING:
    from collections.abc import Callable

_SOURCE = (
    "def function_{0}_{1}():\n    total = 0\n    for i in range(20000):\n        total += i * i\n    return total\n"
)


def functions(thread: int, count: int) -> list[Callable[[], int]]:
    """Functions of this thread's own, in a file of their own."""
    names: dict[str, Any] = {}
    for number in range(count):
        exec(compile(_SOURCE.format(thread, number), f"/srv/calls_{thread}.py", "exec"), names)
    return [names[f"function_{thread}_{number}"] for number in range(count)]


def caller(thread: int, count: int) -> Callable[[Row, Ready], None]:
    def call(row: Row, ready: Ready) -> None:
        own = functions(thread, count)
        ready()
        while True:
            for function in own:
                function()

    return call


if __name__ == "__main__":
    run({f"call-{n}": caller(n, argument(2, 10)) for n in range(argument(1, 50))})
