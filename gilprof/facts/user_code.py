"""Whose code a function is, and where the user's own stands on each stack."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Rows
from gilprof.facts.definitions import Definitions, looked_up
from gilprof.facts.forest import nearest, outermost
from gilprof.model import NONE, UNREADABLE, Function

_SITE_FOLDERS = ("/site-packages/", "/dist-packages/")
_BOOTSTRAP = {"Thread._bootstrap", "Thread._bootstrap_inner", "Thread.run"}
"""What ``threading.Thread`` puts under every thread's target (CPython Lib/threading.py)."""
_BOOTSTRAP_BY_NAME = {"_bootstrap", "_bootstrap_inner", "run"}
"""Their names before 3.11, which has no qualified names."""


class Whose(IntEnum):
    """Whose code a function is."""

    OWN = 0
    """The user's."""
    INSTALLED = 1
    """An installed package's."""
    PYTHON = 2
    """The standard library's, or the few lines of a console script (``bin/gunicorn``) that call a package."""
    BOOTSTRAP = 3
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


class OwnStacks:
    """The own frame of each stack, as the stack that it is the innermost frame of: the innermost of the user's code;
    where there is none the innermost of an installed package; else the outermost that is not ``threading``'s bootstrap;
    where there is nothing else the innermost."""

    def __init__(self) -> None:
        none = np.zeros(0, np.int64)
        self._own, self._installed, self._outermost = none, none, none
        """Of each stack, as stacks: the innermost own, the innermost installed, the outermost that counts; ``NONE``."""
        self.stack = none
        """(S,) the own frame's stack."""

    def extend(self, parent: Rows, kind: Rows) -> None:
        """The next stacks: the stack that each stands on (``NONE``: none), ``Whose`` code its innermost frame is."""
        begin, own = len(self.stack), np.arange(len(parent))
        inside = np.where((parent >= begin) & (parent < begin + own), parent - begin, NONE)
        outside = np.where((parent >= 0) & (parent < begin), parent, NONE)
        # What was there before stands under the outermost of the new ones.
        before = outside[nearest(inside, inside == NONE)]

        def with_before(found: Rows, earlier: Rows, *, earlier_first: bool = False) -> Rows:
            here = np.where(found >= 0, found + begin, NONE)
            there = np.full(len(parent), NONE)
            there[before >= 0] = earlier[before[before >= 0]]
            first, second = (there, here) if earlier_first else (here, there)
            return np.where(first >= 0, first, second)

        found = (
            with_before(nearest(inside, kind == Whose.OWN), self._own),
            with_before(nearest(inside, kind == Whose.INSTALLED), self._installed),
            with_before(outermost(inside, kind != Whose.BOOTSTRAP), self._outermost, earlier_first=True),
        )
        at = begin + own
        for one in reversed(found):
            at = np.where(one >= 0, one, at)
        columns = (self._own, self._installed, self._outermost)
        self._own, self._installed, self._outermost = (
            np.concatenate(pair) for pair in zip(columns, found, strict=True)
        )
        self.stack = np.concatenate([self.stack, at])


class OwnFrames:
    """The own frame (``OwnStacks``) of stacks that are defined as time goes on."""

    def __init__(self, definitions: Definitions, stdlib: Iterable[str]) -> None:
        self._definitions = definitions
        self._stdlib = tuple(stdlib)
        self._kinds = np.zeros(0, np.int64)
        """``Whose`` code each function is."""
        self._stacks = OwnStacks()
        self._frame = np.zeros(0, np.int64)

    def of(self, stacks: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The frame id of each stack's own frame; ``NONE`` and ``UNREADABLE`` stay what they are."""
        self._take_in()
        out = stacks.astype(np.int64)
        there = out >= 0
        if not there.any():
            return out
        known = out < len(self._frame)
        out[there & ~known] = UNREADABLE
        there &= known
        out[there] = self._frame[out[there]]
        return out

    def _take_in(self) -> None:
        """Go on with the stacks that have been defined since."""
        table, begin = self._definitions.stacks, len(self._frame)
        if len(table) == begin:
            return
        functions = self._definitions.functions[len(self._kinds) :]
        self._kinds = np.append(self._kinds, [whose(function, self._stdlib) for function in functions]).astype(np.int64)
        frames = self._definitions.frames
        # What is not there says nothing about what its thread is for.
        kind_of_frame = looked_up(frames[:, 0], self._kinds, Whose.BOOTSTRAP)
        kind = looked_up(table[begin:, 1], kind_of_frame, Whose.BOOTSTRAP)
        self._stacks.extend(table[begin:, 0].astype(np.int64), kind)
        found = table[self._stacks.stack[begin:], 1].astype(np.int64)
        self._frame = np.append(self._frame, np.where((found >= 0) & (found < len(frames)), found, UNREADABLE))
