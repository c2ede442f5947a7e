"""Lines on standard error while a profile is taken; the live view has the terminal until it ends."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable

import click

from gilprof.cli.output import complain

KEPT = 1000
"""Lines that wait for the live view to end: the latest."""


class Messages:
    """Messages at once, or kept until ``rest``."""

    def __init__(self, at_once: bool) -> None:
        self._at_once = at_once
        self._kept: deque[tuple[Callable[[str], None], str]] = deque(maxlen=KEPT)
        self.before: Callable[[], None] = lambda: None
        """Called before each line."""

    def line(self, text: str) -> None:
        """As it is."""
        self._say(_write, text)

    def note(self, text: str) -> None:
        """From gilprof about itself."""
        self._say(complain, text)

    def rest(self) -> None:
        """What is kept."""
        self._at_once = True
        while self._kept:
            say, text = self._kept.popleft()
            say(text)

    def _say(self, say: Callable[[str], None], text: str) -> None:
        if self._at_once:
            self.before()
            say(text)
        else:
            self._kept.append((say, text))


def _write(text: str) -> None:
    # Nobody may be there to read it; the profile goes on.
    with contextlib.suppress(OSError):
        click.echo(text, err=True)
