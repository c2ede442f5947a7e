"""Files that are there only once they are complete; the ones that they replace are there until then."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_ORDINARY_MODE = 0o666
_STANDARD_OUTPUTS = (1, 2)


class NewFile:
    """A file that stays only with ``put``; ``close`` before that takes it away.

    To replace another one, it is written beside it, with its owner and permissions. A link stays, and what it leads to
    is replaced. What is no regular file (a pipe, /dev/null), what standard output or standard error goes to, and what
    may be written but not replaced (another user's, in a folder that may not be written to, a mount) is written itself.
    """

    def __init__(self, path: str | Path, replace: bool) -> None:
        """``replace`` what is there, else raise FileExistsError. Raises OSError, as opening ``path`` does."""
        self._target = Path(path)
        self._made: Path | None = None
        """What is to be taken away without ``put``."""
        self.descriptor = self._begin_beside() if replace else self._make(self._target)
        """To write to; ``close`` closes it."""

    def put(self) -> None:
        """What was written is the file from now on; ``descriptor`` is open on it. Raises OSError."""
        if self._made is not None and self._made != self._target:
            self._made.replace(self._target)
        self._made = None

    def close(self) -> None:
        """Without ``put``, what was there is there still, but for what is written itself."""
        os.close(self.descriptor)
        if self._made is not None:
            with contextlib.suppress(OSError):
                self._made.unlink()

    def _begin_beside(self) -> int:
        try:
            old = os.open(self._target, os.O_WRONLY)
        except FileNotFoundError:
            old = None
        self._target = self._target.resolve()
        if old is None:
            return self._make_beside()
        before = os.fstat(old)
        if not stat.S_ISREG(before.st_mode) or _goes_to_standard_output(old, before):
            return old
        if not _is_replaceable(old, before, self._target):
            os.ftruncate(old, 0)
            return old
        os.close(old)
        descriptor = self._make_beside()
        # Refused to root without the capability, and by file systems without owners or permissions.
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, before.st_uid, before.st_gid)
        with contextlib.suppress(PermissionError):
            os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
        return descriptor

    def _make_beside(self) -> int:
        # Not the target's name with more behind it: that may be too long.
        return self._make(self._target.with_name(f".gilprof-{secrets.token_hex(8)}.part"))

    def _make(self, file: Path) -> int:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ORDINARY_MODE)
        self._made = file
        return descriptor


@contextmanager
def new_file(path: str | Path, replace: bool) -> Iterator[BinaryIO]:
    """A stream whose bytes are the file ``path`` at the end of the block; when it is left by an exception, ``path`` is
    what it was, or not there. ``replace`` and what is raised: as for ``NewFile``."""
    file = NewFile(path, replace)
    try:
        with open(file.descriptor, "wb", closefd=False) as stream:
            yield stream
        file.put()
    finally:
        file.close()


def _goes_to_standard_output(descriptor: int, status: os.stat_result) -> bool:
    """Whether a standard stream goes to the same file; then ``descriptor`` becomes that stream, with its place in the
    file: what is printed before and after stays."""
    for stream in _STANDARD_OUTPUTS:
        with contextlib.suppress(OSError):  # it is closed
            if os.path.samestat(os.fstat(stream), status):
                os.dup2(stream, descriptor, inheritable=False)
                return True
    return False


def _is_replaceable(descriptor: int, status: os.stat_result, target: Path) -> bool:
    """Whether a new file of the same owner may stand where the open one is."""
    if not target.exists() or not os.path.samestat(target.stat(), status):
        return False  # what a link in /proc leads to may have no name
    user = os.geteuid()
    own = user == status.st_uid and status.st_gid in (os.getegid(), *os.getgroups())
    if not (own or user == 0) or not os.access(target.parent, os.W_OK | os.X_OK):
        return False
    folder = os.open(target.parent, os.O_PATH)
    try:
        return _mount(folder) == _mount(descriptor)
    finally:
        os.close(folder)


def _mount(descriptor: int) -> str:
    """Which mount an open file is in, proc(5)."""
    lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines()
    return next(line for line in lines if line.startswith("mnt_id:"))
