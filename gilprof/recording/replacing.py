"""Files that take the place of others only once they are complete."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """A stream whose bytes take the place of ``path`` at the end of the block, with the permissions that it has.

    They are written beside it; when the block is left by an exception, or the disk is full, ``path`` is what it was.
    What is no regular file (a pipe, /dev/stdout), and a file in a folder that may not be written to, is written itself.
    A link stays, and what it leads to is replaced. Raises OSError.
    """
    file = Path(path).resolve()
    before = Path(path).stat() if Path(path).exists() else None
    # What a link in /proc leads to may have no name: a pipe, or a file that was deleted.
    replaceable = before is None or (stat.S_ISREG(before.st_mode) and file.exists() and file.samefile(path))
    if not replaceable or not os.access(file.parent, os.W_OK):
        with Path(path).open("wb") as stream:
            yield stream
        return
    beside = file.with_name(f".{file.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as stream:
            if before is not None:
                os.fchmod(stream.fileno(), stat.S_IMODE(before.st_mode))
            yield stream
        beside.replace(file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
