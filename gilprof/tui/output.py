"""What a program wrote to its terminal, as lines that can do no harm to ours."""

from __future__ import annotations

import re
from typing import Protocol

_SEQUENCES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|\Z)"  # CSI: colours, cursor
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|\Z)"  # OSC, DCS and the like: titles, links
    r"|[ -/]*[0-~])"
)
"""ECMA-48; what is cut off at the end stays out as well."""
_TAB = 8


class Program(Protocol):
    """A program on a terminal of its own."""

    def newest(self) -> tuple[int, bytes]:
        """How many pieces of output there were, and the newest of them together."""

    def type(self, text: str) -> bool:
        """A line for it; False where it does not take any more."""

    def interrupt(self) -> bool:
        """As Ctrl-C does."""

    def end_input(self) -> bool:
        """As Ctrl-D does."""

    def resize(self, columns: int, rows: int) -> None:
        """It sees a terminal of this size."""


def lines_of(output: bytes) -> list[str]:
    """Lines without colours; a carriage return writes a line anew, whatever else moves the cursor is left out."""
    text = _SEQUENCES.sub("", output.decode(errors="replace")).replace("\r\n", "\n")
    lines = [_overwritten(line) for line in text.split("\n")]
    return lines[:-1] if lines and not lines[-1] else lines


def _overwritten(line: str) -> str:
    shown = line.rstrip("\r").rpartition("\r")[2].expandtabs(_TAB)
    while "\b" in shown:
        shown = re.sub(r"[^\x08]\x08|^\x08+", "", shown)
    return "".join(character if character.isprintable() else "�" for character in shown)
