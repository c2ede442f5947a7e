"""A file that is replaced: complete, or as it was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gilprof.cli.files import write_file
from gilprof.errors import FileError
from tests.support.running import environment

OLD, NEW = b"old", b"new"

FULL = """
import resource, signal, sys
from gilprof.cli.files import write_file
from gilprof.errors import FileError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    write_file(sys.argv[1], [bytes(3000)] * 3)
except FileError as error:
    print(error)
"""


def test_no_room_leaves_the_old_file(tmp_path: Path) -> None:
    """A file may grow to 4 kB only: the write fails as it does on a full disk."""
    file = tmp_path / "out.html"
    file.write_bytes(OLD)
    command = [sys.executable, "-c", FULL, str(file)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"writing {file}: File too large")
    assert file.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [file]


def test_an_exception_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(OLD)

    def pieces() -> list[bytes]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(str(file), (piece for _ in "x" for piece in pieces()))
    assert file.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [file]


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "out", tmp_path / "link"
    file.write_bytes(OLD)
    file.chmod(0o640)
    link.symlink_to(file)
    write_file(str(link), [NEW])
    assert link.is_symlink()
    assert file.read_bytes() == NEW
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_new_file_has_ordinary_permissions(tmp_path: Path) -> None:
    write_file(str(tmp_path / "gilprof"), [NEW])
    (tmp_path / "plain").write_bytes(NEW)
    assert (tmp_path / "gilprof").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    write_file(f"/proc/self/fd/{writing}", [NEW])
    os.close(writing)
    assert os.read(reading, 10) == NEW
    os.close(reading)


def test_an_existing_file_without_force(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(OLD)
    with pytest.raises(FileError, match="it exists"):
        write_file(str(file), [NEW], force=False)
    assert file.read_bytes() == OLD
