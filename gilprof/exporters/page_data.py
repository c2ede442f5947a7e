"""What the scripts of the flame graph's page read: stacks, and time on them in whole nanoseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gilprof.analysis.sums import HANDOVER, TORN
from gilprof.exporters.difference import Difference
from gilprof.exporters.pairs import OTHERS
from gilprof.exporters.stack_times import StackTimes
from gilprof.facts.arrays import Ns
from gilprof.model import NONE, STATE_NAMES, State
from gilprof.report.names import base_name, printable
from gilprof.report.state_words import LETTERS, MEANINGS, ORDER, WORDS

NO_HOLDER = {
    HANDOVER: "<hand-over: nobody has the GIL>",
    TORN: "<not known who has the GIL>",
    OTHERS: "<others: each for little>",
}
NO_THREAD = "<no thread>"


def page_data(times: StackTimes, states: Sequence[State], difference: Difference | None = None) -> dict[str, Any]:
    """Everything, in the columns of ``states``; ``times`` are the ``difference``'s where there is one."""
    data: dict[str, Any] = {
        "states": [STATE_NAMES[state] for state in states],
        "words": {STATE_NAMES[state]: WORDS[state] for state in ORDER},
        "letters": {STATE_NAMES[state]: LETTERS[state] for state in ORDER},
        "meanings": {STATE_NAMES[state]: MEANINGS[state] for state in ORDER},
        "threads": list(times.threads),
        "functions": [_function(*function) for function in times.functions],
        "stacks": {
            "parent": times.parent.tolist(),
            "function": times.function.tolist(),
            "line": np.maximum(times.line, 0).tolist(),
        },
        "rows": {
            "thread": times.thread.tolist(),
            "stack": times.stack.tolist(),
            "ns": _by_state(times.states_ns, states),
            "blamed_ns": None if times.blamed_ns is None else _whole(times.blamed_ns),
            "before_ns": None if difference is None else _by_state(difference.before_ns, states),
        },
        "pairs": None,
        "look_ns": None if difference is None else difference.look_ns,
    }
    if times.pairs is not None:
        data["pairs"] = {
            "holder": _holders(times.pairs.holder.tolist(), data),
            "waiter": times.pairs.waiter.tolist(),
            "ns": _whole(times.pairs.ns),
        }
    return data


def _holders(holders: list[int], data: dict[str, Any]) -> list[int]:
    """Rows; those of nobody, and of whom it is not known, are added to ``data`` where they are needed."""
    rows: dict[int, int] = {}
    for holder in sorted({holder for holder in holders if holder < 0}, reverse=True):
        if not rows:
            data["threads"].append(NO_THREAD)
        data["functions"].append(_function(NO_HOLDER[holder], None, None))
        for name, value in (("parent", NONE), ("function", len(data["functions"]) - 1), ("line", 0)):
            data["stacks"][name].append(value)
        rows[holder] = len(data["rows"]["stack"])
        data["rows"]["thread"].append(len(data["threads"]) - 1)
        data["rows"]["stack"].append(len(data["stacks"]["parent"]) - 1)
        for column in (*data["rows"]["ns"].values(), data["rows"]["blamed_ns"]):
            if column is not None:
                column.append(0)
    return [holder if holder >= 0 else rows[holder] for holder in holders]


def _function(name: str, file: str | None, line: int | None) -> tuple[str, str | None, str | None, int | None]:
    """Name, file, its short form, first line."""
    if file is None:
        return printable(name), None, None, None
    return printable(name), printable(file, 1000), printable(base_name(file)), line


def _by_state(ns: Ns, states: Sequence[State]) -> dict[str, list[int]]:
    return {STATE_NAMES[state]: _whole(ns[:, state]) for state in states}


def _whole(ns: Ns) -> list[int]:
    rounded: list[int] = np.rint(ns).astype(np.int64).tolist()
    return rounded
