"""gilprof in a real terminal: tmux, whose screen can be read."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_S = 30.0
PROMPT = "it-is-over"


class Tmux:
    """A tmux session that runs a command, then says ``PROMPT``, the status, and whether the terminal is as it was."""

    def __init__(self, folder: Path, command: str, columns: int = 120, rows: int = 36) -> None:
        self._socket = str(folder / "tmux")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        run = f"cd {folder}; {command}; echo {PROMPT} $?; stty -a | grep -o '.icanon'; cat"
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), f"sh -c '{run}'", env=environment)

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def on_main_screen(self) -> bool:
        """Not on the alternate screen of full-screen programs."""
        return self._tmux("display-message", "-p", "#{alternate_on}").strip() == "0"

    def wait_for(self, *patterns: str) -> str:
        """The screen, once it has all of them."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            shown = self.screen()
            if all(re.search(pattern, shown) for pattern in patterns):
                return shown
            assert time.monotonic() < deadline, f"{patterns} not in:\n{shown}"
            time.sleep(0.05)

    def close(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


Start = Callable[..., Tmux]
"""Runs a command in a session of its own: ``start(command, columns=80, rows=24)``."""
