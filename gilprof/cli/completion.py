"""What the shell offers for arguments when somebody presses Tab: running Pythons, recordings."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem

_HELP_WIDTH = 60


def running_pythons(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Process ids of this user's (root: everybody's) Python programs, newest first, with their command lines."""
    import psutil

    from gilprof.report.names import printable

    found: list[tuple[float, CompletionItem]] = []
    for process in psutil.process_iter():
        if process.pid == os.getpid() or not str(process.pid).startswith(incomplete):
            continue
        try:
            if os.geteuid() not in (0, process.uids().effective) or "python" not in Path(process.exe()).name:
                continue
            line = printable(" ".join(process.cmdline()), _HELP_WIDTH)
            found.append((process.create_time(), CompletionItem(str(process.pid), help=line)))
        except psutil.Error:
            continue  # it ended meanwhile, or is not to be looked at
    return [item for _, item in sorted(found, key=lambda pair: pair[0], reverse=True)]


def recordings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Recordings whose paths begin so; where there are none, the shell completes files and folders itself."""
    folder, _, begun = incomplete.rpartition("/")
    prefix = incomplete[: len(incomplete) - len(begun)]
    try:
        names = sorted(file.name for file in Path(folder or ("/" if prefix else ".")).iterdir())
    except OSError:
        names = []
    found = [name for name in names if name.startswith(begun) and name.endswith(".gilprof")]
    if not found:
        return [CompletionItem(incomplete, type="file")]
    return [CompletionItem(prefix + name) for name in found]
