"""``gilprof run`` where there is nothing to profile, or nothing works: the program runs, and its status counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.interpreters import unsupported
from tests.support.running import RECORDED, TIMEOUT_S, command, environment, recording_in, run

WORKS = "print(input() + '!'); raise SystemExit(5)"


@pytest.mark.parametrize("python", unsupported().values(), ids=unsupported().keys())
def test_a_python_that_is_too_old(python: Path, tmp_path: Path) -> None:
    code = "import time; time.sleep(0.3)\n" + WORKS  # long enough to be read
    done = run(tmp_path, "--python", python, "-c", code, input=b"hello\n")
    assert (done.returncode, done.stdout) == (5, b"hello!\n")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("gilprof: no profile: ")
    assert "supported: 3.11 to 3.15" in line
    assert list(tmp_path.iterdir()) == []


def test_a_shell_script(tmp_path: Path) -> None:
    """Its Python is a child, which is not followed."""
    script = f"{sys.executable} -c 'print(1)'; read line; echo $line; exit 5"
    done = run(tmp_path, "--", "sh", "-c", script, input=b"hello\n")
    assert (done.returncode, done.stdout) == (5, b"1\nhello\n")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("gilprof: no profile: ")
    assert "children are not followed" in line


def test_a_file_that_is_no_python_program(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a program")
    done = run(tmp_path, "notes.txt")
    assert done.returncode == 1
    assert b"SyntaxError" in done.stderr


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Nobody asked for a recording by name: the report has to do."""
    code = "import time; time.sleep(0.3)\n" + WORKS
    done = subprocess.run(
        command("-c", code), cwd="/proc", env=environment(), capture_output=True, input=b"hello\n", timeout=TIMEOUT_S
    )
    assert (done.returncode, done.stdout) == (5, b"hello!\n")
    told = done.stderr.decode()
    assert "the profile is without a recording" in told
    assert "GIL: held" in told
    assert "recorded in" not in told


def test_a_full_disk(tmp_path: Path) -> None:
    """A warning, a report, no claim of a recording."""
    code = "import time; time.sleep(0.3)\n" + WORKS
    done = run(tmp_path, "-o", "full.gilprof", "-c", code, input=b"hello\n", preexec_fn=_no_room)
    assert (done.returncode, done.stdout) == (5, b"hello!\n")
    told = done.stderr.decode()
    assert "the profile goes on without the recording" in told
    assert "GIL: held" in told
    assert "recorded in" not in told


def test_a_program_that_hides(tmp_path: Path) -> None:
    """Not dumpable (prctl(2)): root can look all the same, others are told."""
    hide = "import ctypes; ctypes.CDLL(None).prctl(4, 0)\n"
    done = run(tmp_path, "-c", RECORDED + hide + WORKS, input=b"hello\n")
    assert (done.returncode, done.stdout) == (5, b"hello!\n")
    assert b"Traceback" not in done.stderr
    assert recording_in(tmp_path).exists()


def _no_room() -> None:
    """Files may have 2,000 bytes: a recording's header fits."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
