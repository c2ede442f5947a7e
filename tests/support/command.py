"""The command line as people meet it: a process, its exit status, and what it says on standard error."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.running import TIMEOUT_S, environment

NOBODY = 65534


def command(*args: object) -> list[str]:
    """The words to start ``gilprof ARGS``."""
    return [sys.executable, "-m", "gilprof", *map(str, args)]


def gilprof(*args: object, wrapper: Sequence[str] = (), **options: Any) -> subprocess.CompletedProcess[str]:
    """``gilprof ARGS`` to its end; standard output and standard error are taken unless ``options`` say else.

    ``wrapper``: a command put in front that executes the rest.
    """
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run(
        [*wrapper, *command(*args)], env=environment(), timeout=TIMEOUT_S, text=True, errors="surrogateescape",
        **{**streams, **options},
    )  # fmt: skip


def failure(done: subprocess.CompletedProcess[str], status: int, *words: str) -> str:
    """The one line with which it failed: what was tried, what the system answered, what to do."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("gilprof: ")
    assert lines[0].isprintable()
    for word in words:
        assert word in lines[0]
    return lines[0]


def as_nobody() -> tuple[str, ...]:
    """A wrapper for ``gilprof`` to be another user; skips where that is not possible, and says why."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user")
    wrapper = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    if gilprof("--version", wrapper=wrapper).returncode != 0:
        pytest.skip("another user may not run this Python, or read this folder")
    return wrapper
