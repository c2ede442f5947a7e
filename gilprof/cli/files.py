"""Files that are written at the end of the work, and whether they can be, found out before it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from gilprof.errors import FileError
from gilprof.recording.new_file import new_file

_NEXT_STEPS = {
    errno.EISDIR: "give the name of a file",
    errno.ENOENT: "make its folder first",
    errno.EACCES: "give another name",
}


def check_writable(path: str) -> None:
    """Find out before a long observation that ``path`` cannot be written. Raises FileError."""
    file = Path(path)
    try:
        answered = _obstacle(file)
    except PermissionError:  # a folder on the way may not be looked into
        answered = errno.EACCES
    if answered:
        raise FileError(f"writing {path}", os.strerror(answered), _NEXT_STEPS[answered])


def _obstacle(file: Path) -> int:
    """The ``errno`` with which writing would fail; 0 for none."""
    if file.is_dir():
        return errno.EISDIR
    if not file.parent.is_dir():
        return errno.ENOENT
    return 0 if os.access(file if file.exists() else file.parent, os.W_OK) else errno.EACCES


def check_new(path: str, force: bool) -> None:
    """Refuse what cannot be written, and without ``force`` what is there. Raises FileError."""
    check_writable(path)
    if not force and Path(path).exists():
        raise _exists(path)


def write_file(path: str, pieces: Iterable[bytes], force: bool = True) -> None:
    """``pieces`` as the content of ``path``, which must be new unless ``force``. What could not be written to its end
    is taken away, and what was there before stays. Raises FileError."""
    try:
        with new_file(path, replace=force) as stream:
            stream.writelines(pieces)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise FileError(f"writing {path}", error.strerror or str(error), "make room, or give another name") from error


def _exists(path: str) -> FileError:
    return FileError(f"writing {path}", "it exists", "give another name, or --force to replace it")
