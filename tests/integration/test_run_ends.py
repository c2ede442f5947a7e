"""``gilprof run``: programs that are over at once, execute others, fork, or leave a daemon behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.interpreters import interpreters
from tests.support.running import RECORDED, recorded, run, running, some_interpreters, unwrapped

EVERY = pytest.mark.parametrize("python", interpreters().values(), ids=interpreters().keys())
BRIEF = "import time; print('done', flush=True); time.sleep(0.05)"
OUTLIVES = """
import os, sys
go, out = int(sys.argv[1]), int(sys.argv[2])
null = os.open(os.devnull, os.O_RDWR)
if os.fork() == 0:
    for fd in range(3):
        os.dup2(null, fd)
    {in_the_child}
    os.read(go, 1)
    os.write(out, b"%d" % (sum(range(100_000)) == 4_999_950_000))
    os._exit(0)
"""


@EVERY
def test_over_in_50_ms(python: Path, tmp_path: Path) -> None:
    """It has a report, unless so much else runs that no look was in time; then a word says so."""
    done = run(tmp_path, "--python", python, "-c", BRIEF)
    assert (done.returncode, done.stdout) == (0, b"done\n")
    told = unwrapped(done.stderr.decode())
    assert "Traceback" not in told
    assert ("ended: exit" in told) != ("no profile: " in told)


def test_over_at_once(tmp_path: Path) -> None:
    """Not even an interpreter that got ready: the machine may take any time for a first look."""
    done = run(tmp_path, "--", "true")
    assert (done.returncode, done.stdout) == (0, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("gilprof: no profile: ")


@some_interpreters
def test_executes_another_program(python: Path, tmp_path: Path) -> None:
    """What it becomes has the streams, and its status counts; the profile is of the Python before."""
    code = RECORDED + "import os; os.execvp('sh', ['sh', '-c', 'echo begins; read line; echo $line; exit 9'])"
    with running(tmp_path, "--python", python, "-c", code) as program:
        assert program.hear() == "begins"
        assert program.await_profiles_end() == "exec"
        program.tell("there")
        assert program.hear() == "there"
        status, told = program.end()
    assert status == 9
    assert "ended: exec" in unwrapped(told)
    assert "executed another one" in told


@pytest.mark.parametrize("in_the_child", ["pass", "os.setsid()"], ids=["a child", "a daemon"])
@some_interpreters
def test_what_it_leaves_behind_runs_on(in_the_child: str, python: Path, tmp_path: Path) -> None:
    code = RECORDED + OUTLIVES.format(in_the_child=in_the_child)
    with pipe() as (go_read, go), pipe() as (out, out_write):
        done = run(
            tmp_path, "--python", python, "-c", code, go_read, out_write, pass_fds=[go_read, out_write]
        )  # fmt: skip
        assert done.returncode == 0
        assert recorded(tmp_path).ended == "exit"
        os.write(go, b".")
        assert os.read(out, 1) == b"1"


@some_interpreters
def test_children_are_not_in_the_way(python: Path, tmp_path: Path) -> None:
    code = """
import multiprocessing, sys
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(sum(pool.map(abs, range(-1000, 0))))
"""
    (tmp_path / "app.py").write_text(RECORDED + code)
    done = run(tmp_path, "--python", python, "app.py")
    assert (done.returncode, done.stdout) == (0, b"500500\n")
    assert recorded(tmp_path).ended == "exit"


def test_a_python_that_executes_itself(tmp_path: Path) -> None:
    """As launchers do: the first one's profile ends, the second runs."""
    code = (
        RECORDED
        + "import os, sys\n"
        + "if len(sys.argv) == 1: os.execv(sys.executable, [sys.executable, 'app.py', 'again'])\n"
        + "print(sys.argv[1], flush=True); input(); raise SystemExit(6)"
    )
    (tmp_path / "app.py").write_text(code)
    with running(tmp_path, "app.py") as program:
        assert program.hear() == "again"
        assert program.await_profiles_end() == "exec"
        program.tell()
        status, _ = program.end()
    assert status == 6
    assert recorded(tmp_path).command == (sys.executable, "app.py")


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    """Its two ends, to read from and to write to."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)
