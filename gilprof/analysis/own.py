"""Which code is the user's own, and where on each stack it stands."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from gilprof.analysis.definitions import Definitions
from gilprof.model import NONE, UNREADABLE, Function

_SITE_FOLDERS = ("/site-packages/", "/dist-packages/")
_BOOTSTRAP = {"Thread._bootstrap", "Thread._bootstrap_inner", "Thread.run"}
"""What ``threading.Thread`` puts under every thread's target (CPython Lib/threading.py)."""
_BOOTSTRAP_BY_NAME = {"_bootstrap", "_bootstrap_inner", "run"}
"""Likewise before 3.11, which has no qualified names."""


def is_own(file: str, stdlib: Iterable[str]) -> bool:
    """Whether a function of ``file`` is the user's: neither the standard library's nor an installed one."""
    if file.startswith("<frozen ") or any(folder in file for folder in _SITE_FOLDERS):
        return False
    return not any(file.startswith(folder.rstrip("/") + "/") for folder in stdlib)


def is_bootstrap(function: Function) -> bool:
    """Whether it is one of the frames that ``threading`` puts under a thread's target."""
    named = function.name in _BOOTSTRAP or function.name in _BOOTSTRAP_BY_NAME
    return named and function.file.rpartition("/")[2] == "threading.py"


class OwnFrames:
    """The own frame of each stack: the innermost of the user's code; where there is none the outermost that is
    not ``threading``'s bootstrap; where there is nothing else the innermost."""

    def __init__(self, definitions: Definitions, stdlib: Iterable[str]) -> None:
        self._definitions = definitions
        self._stdlib = tuple(stdlib)
        self._kinds: list[tuple[bool, bool]] = []
        self._own: list[int] = []
        self._outermost: list[int] = []
        self._frame = np.zeros(0, np.int64)

    def of(self, stacks: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The frame id of each stack's own frame; ``NONE`` and ``UNREADABLE`` stay what they are."""
        self._take_in()
        out = stacks.astype(np.int64)
        told = out >= 0
        if not told.any():
            return out
        known = out < len(self._frame)
        out[told & ~known] = UNREADABLE
        told &= known
        out[told] = self._frame[out[told]]
        return out

    def _take_in(self) -> None:
        """Go on with the stacks that have been defined since."""
        table, begin = self._definitions.stacks, len(self._own)
        if len(table) == begin:
            return
        frames, new = self._definitions.frames, []
        for number, (parent, frame) in enumerate(table[begin:].tolist(), begin):
            parent = parent if 0 <= parent < number else NONE
            own, bootstrap = self._kind(int(frames[frame, 0]) if 0 <= frame < len(frames) else NONE)
            outermost = self._outermost[parent] if parent >= 0 else NONE
            if outermost < 0 and not bootstrap:
                outermost = number
            self._own.append(number if own else self._own[parent] if parent >= 0 else NONE)
            self._outermost.append(outermost)
            at = self._own[number] if self._own[number] >= 0 else outermost if outermost >= 0 else number
            found = int(table[at, 1])
            new.append(found if 0 <= found < len(frames) else UNREADABLE)
        self._frame = np.concatenate([self._frame, np.array(new, np.int64)])

    def _kind(self, function: int) -> tuple[bool, bool]:
        """Whether the function is own, and whether it says nothing about what its thread is for."""
        functions = self._definitions.functions
        for later in functions[len(self._kinds) :]:
            bootstrap = is_bootstrap(later)
            self._kinds.append((not bootstrap and is_own(later.file, self._stdlib), bootstrap))
        return self._kinds[function] if 0 <= function < len(self._kinds) else (False, True)
