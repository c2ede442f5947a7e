"""Exports as files: which format a file's name asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gilprof.cli.files import write_file
from gilprof.errors import UsageError
from gilprof.exporters import FORMATS, Format, by_ending

if TYPE_CHECKING:
    from gilprof.analysis.profile import Profile

RECORDING_ENDING = ".gilprof"


def format_of(path: str) -> Format:
    """The export that the ending of ``path`` asks for. Raises UsageError."""
    known = by_ending(path)
    if known is None:
        raise _unknown_ending(path, f"{choices()}, or say which with -f")
    return known


def format_or_recording(path: str) -> Format | None:
    """Likewise where it may be a recording as well, for which it is None. Raises UsageError."""
    known = by_ending(path)
    if known is None and not path.endswith(RECORDING_ENDING):
        raise _unknown_ending(path, f"{RECORDING_ENDING} (a recording), {choices()}")
    return known


def choices() -> str:
    """``.html (flamegraph), .collapsed or .txt (collapsed)``."""
    return ", ".join(f"{' or '.join(known.endings)} ({known.name})" for known in FORMATS)


def write_export(chosen: Format, profile: Profile, path: str, force: bool) -> None:
    """All of ``profile`` in a format. Raises FileError."""
    from gilprof.exporters.narrowing import Narrowing

    write_file(path, "".join(chosen.export(profile, Narrowing())), force)


def _unknown_ending(path: str, endings: str) -> UsageError:
    return UsageError(f"writing {path}", "its ending says no format", f"end its name in {endings}")
