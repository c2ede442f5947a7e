"""Where a profile goes: which format a file's name asks for, and writing without harm to what is there."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from gilprof.cli.output import check_writable
from gilprof.errors import FileError, UsageError
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


def check_new(path: str, force: bool) -> None:
    """Find out before the work that ``path`` cannot be written, or is there without ``force``. Raises FileError."""
    check_writable(path)
    if not force and Path(path).exists():
        raise _exists(path)


def write_export(chosen: Format, profile: Profile, path: str, force: bool) -> None:
    """All of ``profile`` in a format. Raises FileError."""
    from gilprof.exporters.narrowing import Narrowing

    write_new(path, "".join(chosen.export(profile, Narrowing())), force)


def write_new(path: str, text: str, force: bool) -> None:
    """``text`` as the content of ``path``; what could not be written to its end is taken away. Raises FileError."""
    begun = False
    try:
        with Path(path).open("w" if force else "x", encoding="utf-8") as file:
            begun = True
            file.write(text)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        if begun and Path(path).is_file():
            with contextlib.suppress(OSError):
                Path(path).unlink()
        raise FileError(f"writing {path}", error.strerror or str(error), "make room, or give another name") from error


def _exists(path: str) -> FileError:
    return FileError(f"writing {path}", "it exists", "give another name, or --force to replace it")


def _unknown_ending(path: str, endings: str) -> UsageError:
    return UsageError(f"writing {path}", "its ending says no format", f"end its name in {endings}")
