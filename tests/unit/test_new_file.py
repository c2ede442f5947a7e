"""A file that is replaced: complete, or as it was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gilprof.cli.files import write_file
from gilprof.errors import FileError
from gilprof.recording.reader import Recording
from gilprof.recording.writer import RecordingWriter
from tests.support.command import as_nobody
from tests.support.facts import INFO, assert_same
from tests.support.full import files_up_to
from tests.support.recordings import read, second
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


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127])
def test_the_longest_names(tmp_path: Path, name: str) -> None:
    for content in (OLD, NEW):
        write_file(str(tmp_path / name), [content])
        assert (tmp_path / name).read_bytes() == content


def test_the_owner_stays(tmp_path: Path) -> None:
    """Where it cannot be kept, the file itself is written."""
    file = tmp_path / "out"
    file.write_bytes(OLD)
    if os.geteuid() == 0:
        os.chown(file, 1234, 5678)
    owner = file.stat().st_uid, file.stat().st_gid
    write_file(str(file), [NEW])
    assert (file.stat().st_uid, file.stat().st_gid) == owner
    assert file.read_bytes() == NEW


def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    """Its files may be."""
    nobody = as_nobody()
    file = tmp_path / "out"
    file.write_bytes(OLD)
    file.chmod(0o666)
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[: -len(Path(tempfile.gettempdir()).parts)]:
        folder.chmod(folder.stat().st_mode | 0o055)
    written = "import sys; from gilprof.cli.files import write_file; write_file(sys.argv[1], [b'new'])"
    subprocess.run([*nobody, sys.executable, "-c", written, str(file)], env=environment(), check=True)
    assert file.read_bytes() == NEW
    assert file.stat().st_uid == 0


def test_a_mount_is_written_itself(tmp_path: Path) -> None:
    """As containers have single files of the machine around them."""
    outside, file = tmp_path / "outside", tmp_path / "out"
    for made in (outside, file):
        made.write_bytes(OLD)
    mounted = subprocess.run(["mount", "--bind", str(outside), str(file)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    try:
        write_file(str(file), [NEW])
        assert outside.read_bytes() == NEW
    finally:
        subprocess.run(["umount", str(file)], check=True)


def test_a_file_that_standard_output_goes_to(tmp_path: Path) -> None:
    """What is printed before and after stays."""
    file = tmp_path / "log"
    written = "from gilprof.cli.files import write_file; write_file('/dev/stdout', [b'new'])"
    script = f'echo before; "$0" -c "{written}"; echo after'
    with file.open("wb") as log:
        subprocess.run(["sh", "-c", script, sys.executable], env=environment(), stdout=log, check=True)
    assert file.read_text() == "before\nnewafter\n"


def test_without_force_the_name_is_taken_at_once(tmp_path: Path) -> None:
    """Nobody's file that comes while the content is made is replaced."""
    file = tmp_path / "out"
    found = []

    def pieces() -> Iterator[bytes]:
        found.append(file.exists())
        yield NEW

    write_file(str(file), pieces(), force=False)
    assert found == [True]
    assert file.read_bytes() == NEW


def test_a_recording_that_cannot_begin_leaves_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "run.gilprof"
    file.write_bytes(OLD)
    with files_up_to(100), pytest.raises(FileError, match="nothing was recorded"):
        RecordingWriter(file, INFO, force=True)
    assert file.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [file]


def test_who_reads_an_old_recording_reads_it_to_the_end(tmp_path: Path) -> None:
    file = tmp_path / "run.gilprof"
    file.write_bytes(OLD)
    with file.open("rb") as reader:
        with RecordingWriter(file, INFO, force=True) as writer, Recording.open(file) as begun:
            assert begun.info == INFO, "readable from the first moment on"
            writer.write(second(0))
        assert reader.read() == OLD
    assert_same(read(file)[0], second(0))


def test_an_existing_file_without_force(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(OLD)
    with pytest.raises(FileError, match="it exists"):
        write_file(str(file), [NEW], force=False)
    assert file.read_bytes() == OLD
