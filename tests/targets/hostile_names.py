"""hostile_names.py: functions, a file and threads whose names would clear a terminal, and worse.

Truth: thread ``hostile`` and another one contend for the GIL in functions whose names hold escape sequences, line
breaks, marks that turn the direction of text around, a zero byte and a lone surrogate. The main thread is
blocked. The handshake says all of the names.
"""

from __future__ import annotations

import threading
from typing import Any

from common import Ready, Row, run

CLEAR = "\x1b[2J\x1b]0;owned\x07"
FILE = f"/srv/{CLEAR}\x1b[31mred.py"
FUNCTIONS = (f"esc{CLEAR}", "line\r\nbreak\u2028", "bidi\u202e\u2066txt", "lone\udcff\ud800", "c1\x9b31m\x00nul\x7f")
THREAD = f"t{CLEAR}\n\u202e\udc80"


def named(name: str) -> Any:
    """A function of that name, in FILE, that never returns; it calls the next, so that all are on one stack."""
    space: dict[str, Any] = {}
    exec(
        compile("def f(then):\n    if then:\n        then[0](then[1:])\n    while True:\n        pass\n", "f", "exec"),
        space,
    )
    function = space["f"]
    function.__code__ = function.__code__.replace(co_name=name, co_qualname=name, co_filename=FILE)
    return function


def call_all(row: Row, ready: Ready) -> None:
    first, *rest = map(named, FUNCTIONS)
    threading.current_thread().name = THREAD
    ready()
    first(rest)


if __name__ == "__main__":
    run({"hostile": call_all, "hostile-2": call_all}, (), names=[*FUNCTIONS, FILE, THREAD])
