"""What several files of tests have in common."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.missing import needs
from tests.support.tmux import Start, Tmux


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Start]:
    """Terminals that are closed at the end."""
    if shutil.which("tmux") is None:
        pytest.skip(needs("tmux"))
    opened: list[Tmux] = []

    def start(command: str, **size: int) -> Tmux:
        opened.append(Tmux(tmp_path, command, **size))
        return opened[-1]

    yield start
    for one in opened:
        one.close()
