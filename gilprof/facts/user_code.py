"""Whose code a function is, and where the user's own stands on each stack."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from gilprof.facts.definitions import Definitions
from gilprof.model import NONE, UNREADABLE, Function

_SITE_FOLDERS = ("/site-packages/", "/dist-packages/")
_BOOTSTRAP = {"Thread._bootstrap", "Thread._bootstrap_inner", "Thread.run"}
"""What ``threading.Thread`` puts under every thread's target (CPython Lib/threading.py)."""
_BOOTSTRAP_BY_NAME = {"_bootstrap", "_bootstrap_inner", "run"}
"""Their names before 3.11, which has no qualified names."""


class Whose(Enum):
    """Whose code a function is."""

    OWN = auto()
    """The user's."""
    INSTALLED = auto()
    """An installed package's."""
    PYTHON = auto()
    """The standard library's, or the few lines of a console script (``bin/gunicorn``) that call a package."""
    BOOTSTRAP = auto()
    """One of the frames that ``threading`` puts under a thread's target."""


def whose(function: Function, stdlib: Iterable[str]) -> Whose:
    """Whose code it is; ``stdlib``: the standard library's folders."""
    file = function.file
    named = function.name in _BOOTSTRAP or function.name in _BOOTSTRAP_BY_NAME
    if named and file.rpartition("/")[2] == "threading.py":
        return Whose.BOOTSTRAP
    if inside_packages(file) is not None:
        return Whose.INSTALLED
    if file.startswith("<frozen ") or _is_console_script(function):
        return Whose.PYTHON
    inside = any(file.startswith(folder.rstrip("/") + "/") for folder in stdlib)
    return Whose.PYTHON if inside else Whose.OWN


def inside_packages(file: str) -> str | None:
    """The path below the folder that packages are installed in: ``flask/app.py``; None: it is not installed there."""
    for folder in _SITE_FOLDERS:
        _, found, inside = file.rpartition(folder)
        if found:
            return inside
    return None


def package_of(file: str) -> str | None:
    """The installed package that ``file`` belongs to, by its folder: ``flask``; None: it belongs to none."""
    inside = inside_packages(file)
    return None if inside is None else inside.partition("/")[0].removesuffix(".py")


def _is_console_script(function: Function) -> bool:
    folder, _, name = function.file.rpartition("/")
    return function.name == "<module>" and folder.endswith("/bin") and "." not in name


class OwnFrames:
    """The own frame of each stack: the innermost of the user's code; where there is none the innermost of an
    installed package; else the outermost that is not ``threading``'s bootstrap; where there is nothing else the
    innermost."""

    def __init__(self, definitions: Definitions, stdlib: Iterable[str]) -> None:
        self._definitions = definitions
        self._stdlib = tuple(stdlib)
        self._whose: list[Whose] = []
        self._found: list[tuple[int, int, int]] = []
        """Of each stack, as stacks: the innermost own, the innermost installed, the outermost; ``NONE``."""
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
        table, begin = self._definitions.stacks, len(self._found)
        if len(table) == begin:
            return
        frames, new = self._definitions.frames, []
        for number, (parent, frame) in enumerate(table[begin:].tolist(), begin):
            own, installed, outermost = self._found[parent] if 0 <= parent < number else (NONE, NONE, NONE)
            kind = self._whose_is(int(frames[frame, 0])) if 0 <= frame < len(frames) else Whose.BOOTSTRAP
            if kind is Whose.OWN:
                own = number
            elif kind is Whose.INSTALLED:
                installed = number
            if outermost < 0 and kind is not Whose.BOOTSTRAP:
                outermost = number
            self._found.append((own, installed, outermost))
            at = next((each for each in (own, installed, outermost) if each >= 0), number)
            found = int(table[at, 1])
            new.append(found if 0 <= found < len(frames) else UNREADABLE)
        self._frame = np.concatenate([self._frame, np.array(new, np.int64)])

    def _whose_is(self, function: int) -> Whose:
        """Functions that are not there count as bootstrap: they say nothing about what their thread is for."""
        functions = self._definitions.functions
        self._whose.extend(whose(later, self._stdlib) for later in functions[len(self._whose) :])
        return self._whose[function] if 0 <= function < len(self._whose) else Whose.BOOTSTRAP
