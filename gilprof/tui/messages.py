"""What reaches the app from its feed and its screens."""

from __future__ import annotations

from textual.message import Message

from gilprof.tui.snapshot import Snapshot


class Arrived(Message):
    """A snapshot; a slow terminal skips those that newer ones have replaced."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """The newest counts."""
        return isinstance(message, Arrived)


class Notice(Message):
    """A line for people."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Leave(Message):
    """The view is to end."""


class FilterTyped(Message):
    """Rows must contain this."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Stale(Message):
    """A screen has come up, or has another size: what it shows is to be made anew."""

    def can_replace(self, message: Message) -> bool:
        """Once is enough."""
        return isinstance(message, Stale)
