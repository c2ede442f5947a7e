"""What ``gilprof run`` is asked to start: the command, and a name for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from gilprof.errors import UsageError

FROM_STDIN = "-"
"""As SCRIPT: Python reads the program from standard input."""
MAX_NAME = 100
"""Bytes of a name that become part of a file's name, for which file systems allow 255."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command to execute."""

    command: tuple[str, ...]
    name: str
    """The script's file, the module, ``code``, or the command's file."""

    def recording(self, pid: int) -> str:
        """The file for its recording, where nobody gave one."""
        name = os.fsencode(self.name)[:MAX_NAME].decode(errors="ignore").replace("/", "_")
        return f"gilprof-{name}.{pid}.gilprof"


class ProgramCommand(click.Command):
    """Everything from the first argument on is the program's; ``--`` before it says that it is any command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, which does not tell whether there was a ``--``."""
        given = list(args)
        rest = super().parse_args(ctx, args)
        own = given[: len(given) - len(ctx.params["program"])]
        ctx.params["is_command"] = own[-1:] == ["--"]
        return rest


def program_of(arguments: Sequence[str], kind: str | None, is_command: bool, python: str | None) -> Program:
    """The program by the words of the command line; ``kind``: ``-m``, ``-c`` or None. Raises UsageError."""
    if not arguments:
        raise UsageError("running a program", "none is named", "write gilprof run SCRIPT, -m MODULE or -- COMMAND")
    first = arguments[0]
    if is_command and kind is None:
        if python is not None:
            raise UsageError("running a command", "--python is for scripts, -m and -c", "leave it out")
        return Program(tuple(arguments), _file_name(first))
    options = () if kind is None else (kind,)
    if kind is None and first != FROM_STDIN and not Path(first).exists():
        raise UsageError(
            f"running {first}", "there is no such file", "a command goes behind --: gilprof run -- COMMAND"
        )
    name = {"-m": first, "-c": "code"}.get(kind or "", "stdin" if first == FROM_STDIN else _file_name(first))
    return Program((python or sys.executable, *options, *arguments), name)


def _file_name(path: str) -> str:
    return Path(path).name or Path(path).resolve().name or "program"
