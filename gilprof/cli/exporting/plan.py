"""What one ``gilprof export`` writes: which formats, where, and with which of their options."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gilprof.cli.exporting.endings import RECORDING_ENDING, choices, format_of
from gilprof.cli.files import check_new, check_writable
from gilprof.errors import FileError, UsageError
from gilprof.exporters import FORMATS, Format, by_name

if TYPE_CHECKING:
    from gilprof.model import State

ALL = "all"
"""As the format: every one of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One export."""

    chosen: Format
    path: str | None
    """None: standard output."""
    states: tuple[State, ...]
    options: dict[str, str] = field(default_factory=dict)


def plan(
    name: str | None, out: str | None, file: str, states: tuple[State, ...], options: dict[str, str]
) -> list[Part]:
    """What the export of the recording ``file`` comes to. Raises UsageError."""
    if name == ALL:
        return _all(out, file, states, options)
    chosen = _format(name, out)
    for option in options:
        if option != chosen.takes:
            raise _not_taken(chosen.name, option)
    if options.get("state_as") != "files":
        return [Part(chosen, out, states, options)]
    if out is None:
        raise UsageError("exporting a file each state", "they have no name", "name them with -o")
    stem, ending = Path(out).stem, Path(out).suffix
    return [
        Part(chosen, str(Path(out).with_name(f"{stem}.{state.name.lower()}{ending}")), (state,), options)
        for state in states
    ]


def _all(out: str | None, file: str, states: tuple[State, ...], options: dict[str, str]) -> list[Part]:
    """Every format in the folder ``out``, with the recording's name and the format's ending."""
    for option in options:
        raise _not_taken("all formats", option)
    if out is None:
        raise UsageError("exporting as all formats", "they need a folder", "name it with -o")
    stem = Path(file).name.removesuffix(RECORDING_ENDING)
    return [Part(known, str(Path(out) / (stem + known.endings[0])), states) for known in FORMATS]


def check_parts(parts: list[Part], file: str, force: bool) -> None:
    """Find out before the work that a part cannot be written. Raises FileError, or UsageError where the recording
    ``file`` itself would be replaced."""
    for path in (part.path for part in parts if part.path is not None):
        if Path(path).exists() and Path(file).exists() and Path(path).samefile(file):
            raise UsageError(f"writing {path}", "it is the recording itself", "give another name")
        check_new(path, force)


def check_folder(out: str) -> bool:
    """Whether the folder ``out`` is there; find out before the work that it cannot be made. Raises FileError."""
    folder = Path(out)
    if folder.is_dir():
        return True
    if folder.exists():
        raise FileError(f"writing into {out}", "it is no folder", "name a folder with -o")
    check_writable(out)
    return False


def make_folder(out: str) -> None:
    """The folder ``out``, which may be there. Raises FileError."""
    try:
        Path(out).mkdir(exist_ok=True)
    except OSError as error:
        raise FileError(f"making the folder {out}", error.strerror or str(error), "give another name") from error


def _format(name: str | None, out: str | None) -> Format:
    if name is not None:
        return by_name(name)
    if out is None:
        raise UsageError("exporting", "no format was given", f"give -f, or -o with a name that ends in {choices()}")
    return format_of(out)


def _not_taken(what: str, option: str) -> UsageError:
    flag = f"--{option.replace('_', '-')}"
    return UsageError(f"exporting as {what}", f"it takes no {flag}", f"leave {flag} away")
