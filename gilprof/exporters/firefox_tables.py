"""What Firefox's format shares between threads: strings, functions, frames and stacks, each once."""

from __future__ import annotations

from typing import Any

from gilprof.exporters.spool import RowArray
from gilprof.exporters.stack_table import Frame, StackTable
from gilprof.model import State
from gilprof.report.build import Profiled
from gilprof.report.names import printable
from gilprof.report.state_words import WORDS

_COLOURS = {
    State.HELD: "green",
    State.HELD_BLOCKED: "orange",
    State.WAITING: "red",
    State.RELEASED: "blue",
    State.BLOCKED: "transparent",
    State.UNKNOWN: "magenta",
}
"""Of the Profiler's own names."""
CATEGORIES = [
    {"name": "Other", "color": "grey", "subcategories": ["Other"]},
    *({"name": WORDS[state], "color": _COLOURS[state], "subcategories": ["Other"]} for state in State),
    {"name": "GIL", "color": "green", "subcategories": ["Other"]},
]
"""The first one is for frames, which have the category of what stands on them; the last one for markers."""
GIL_CATEGORY = len(CATEGORIES) - 1
_FIRST_STATE = 1


class Tables:
    """Rows get their numbers when they are first asked for."""

    def __init__(self, profile: Profiled) -> None:
        self._table = StackTable(profile)
        self._strings: dict[str, int] = {}
        self._sources: dict[int, int] = {}
        self._functions: dict[int, int] = {}
        self._frames: dict[tuple[Frame, int | None], int] = {}
        self._stacks: dict[tuple[int | None, int], int] = {}
        self._known: dict[tuple[int, int], int] = {}

    def text(self, text: str) -> int:
        """The string's number."""
        return self._strings.setdefault(text, len(self._strings))

    def stacks(self, block: RowArray) -> list[int]:
        """The stack of each slice; its innermost frame has the category of the slice's state."""
        rows = self._table.rows(block["stack"], block["gc"]).tolist()
        return [self._stack(key) for key in zip(rows, block["state"].tolist(), strict=True)]

    def shared(self) -> dict[str, Any]:
        """All of it, as the Profiler has it."""
        functions = self._function_table()
        frames, stacks = list(self._frames), list(self._stacks)
        return {
            "stackTable": {
                "frame": [frame for _, frame in stacks],
                "prefix": [prefix for prefix, _ in stacks],
                "length": len(stacks),
            },
            "frameTable": {
                "address": [-1] * len(frames),
                "inlineDepth": [0] * len(frames),
                "category": [category for _, category in frames],
                "subcategory": [None if category is None else 0 for _, category in frames],
                "func": [self._functions[function] for (function, _), _ in frames],
                "nativeSymbol": [None] * len(frames),
                "innerWindowID": [None] * len(frames),
                "line": [line if line > 0 else None for (_, line), _ in frames],
                "column": [None] * len(frames),
                "length": len(frames),
            },
            "funcTable": functions,
            "resourceTable": {"lib": [], "name": [], "host": [], "type": [], "length": 0},
            "nativeSymbols": {"libIndex": [], "address": [], "name": [], "functionSize": [], "length": 0},
            "sources": {
                "id": [None] * len(self._sources),
                "filename": list(self._sources),
                "startLine": [1] * len(self._sources),
                "startColumn": [1] * len(self._sources),
                "sourceMapURL": [None] * len(self._sources),
                "length": len(self._sources),
            },
            "stringArray": list(self._strings),
        }

    def _stack(self, key: tuple[int, int]) -> int:
        known = self._known.get(key)
        if known is not None:
            return known
        row, state = key
        *outer, top = self._table.frames(row)
        prefix = None
        for frame in outer:
            prefix = self._on(prefix, frame, None)
        number = self._known[key] = self._on(prefix, top, _FIRST_STATE + state)
        return number

    def _on(self, prefix: int | None, frame: Frame, category: int | None) -> int:
        """The stack of ``frame`` on the stack ``prefix``."""
        self._functions.setdefault(frame[0], len(self._functions))
        number = self._frames.setdefault((frame, category), len(self._frames))
        return self._stacks.setdefault((prefix, number), len(self._stacks))

    def _function_table(self) -> dict[str, Any]:
        names, sources, lines = [], [], []
        for function in self._functions:
            name, file, line = self._table.functions[function]
            names.append(self.text(printable(name)))
            sources.append(None if file is None else self._source(printable(file, 1000)))
            lines.append(line)
        count = len(names)
        return {
            "name": names,
            "isJS": [False] * count,
            "relevantForJS": [False] * count,
            "resource": [-1] * count,
            "source": sources,
            "lineNumber": lines,
            "columnNumber": [None] * count,
            "length": count,
        }

    def _source(self, file: str) -> int:
        return self._sources.setdefault(self.text(file), len(self._sources))
