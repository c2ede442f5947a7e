"""Exports as files: which format a file's name asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gilprof.cli.files import write_file
from gilprof.errors import UsageError
from gilprof.exporters import FORMATS, Format, by_ending, gzipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gilprof.analysis.profile import Profile
    from gilprof.exporters.timeline import Timeline

RECORDING_ENDING = ".gilprof"
GZIP_ENDING = ".gz"


def format_of(path: str) -> Format:
    """The export that the ending of ``path`` asks for. Raises UsageError."""
    known = by_ending(path)
    if known is None:
        raise _unknown_ending(path, f"{choices()}, or say which with -f")
    return known


def format_or_recording(path: str) -> Format | None:
    """The export that the ending of ``path`` asks for; None for a recording. Raises UsageError."""
    known = by_ending(path)
    if known is None and not path.endswith(RECORDING_ENDING):
        raise _unknown_ending(path, f"{RECORDING_ENDING} (a recording), {choices()}")
    return known


def choices() -> str:
    """``.html (flamegraph), .collapsed or .txt (collapsed)``."""
    return ", ".join(f"{' or '.join(known.endings)} ({known.name})" for known in FORMATS)


def write_export(
    chosen: Format, profiles: Mapping[int, Profile], timelines: Sequence[Timeline], path: str, force: bool
) -> None:
    """All of some processes in a format; ``timelines``: of each, where it is time-ordered. Raises FileError, and
    UsageError for several in a format of one."""
    from gilprof.exporters.joined import as_one
    from gilprof.exporters.narrowing import Narrowing

    if len(profiles) > 1:
        check_takes_several(chosen, "record with -o FILE.gilprof, and export one of them with --process PID")
    profile, timeline = as_one(profiles, timelines)
    write_file(path, compressed(chosen, path, chosen.export(profile, Narrowing(), timeline)), force)


def check_takes_several(chosen: Format, advice: str) -> None:
    """Raises UsageError for a format that shows one process."""
    if chosen.one_process:
        raise UsageError(f"exporting as {chosen.name}", "it shows one process, and here are several", advice)


def compressed(chosen: Format, path: str, pieces: Iterable[bytes]) -> Iterable[bytes]:
    """``pieces`` gzip'd where the name asks for it and the format is not so by itself."""
    by_itself = any(ending.endswith(GZIP_ENDING) for ending in chosen.endings[:1])
    return gzipped(pieces) if path.lower().endswith(GZIP_ENDING) and not by_itself else pieces


def _unknown_ending(path: str, endings: str) -> UsageError:
    return UsageError(f"writing {path}", "its ending says no format", f"end its name in {endings}")
