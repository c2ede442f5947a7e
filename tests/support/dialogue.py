"""A Python program that a test talks with, line by line, over its standard streams."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PRELUDE = """
import json, sys
def tell(value):
    sys.stdout.write(json.dumps(value) + chr(10))
    sys.stdout.flush()
def hear():
    return sys.stdin.readline()
"""
_END_TIMEOUT_S = 10.0


class Dialogue:
    """A running program: it calls ``tell(value)`` and ``hear()``, the test ``hear()`` and ``tell()``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.pid = process.pid

    def hear(self) -> Any:
        """The next value that the program tells."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the program ended with status {self.process.wait(_END_TIMEOUT_S)}"
        return json.loads(line)

    def tell(self) -> None:
        """Let the program's ``hear()`` return."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@contextmanager
def dialogue(interpreter: Path, code: str, *arguments: str) -> Iterator[Dialogue]:
    """Run ``code`` under ``interpreter``; killed at the end."""
    process = subprocess.Popen(
        [str(interpreter), "-c", _PRELUDE + code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Dialogue(process)
    finally:
        process.kill()
        process.wait(_END_TIMEOUT_S)
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()
