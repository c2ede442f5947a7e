"""``gilprof run``: what can be run, in which interpreter, and what its recording is called."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.support.running import RECORDED, recorded, recording_in, run, some_interpreters

SHOW = RECORDED + "import sys; print(sys.argv, __name__, sys.version_info[:2])"


def shown(argv: list[str]) -> bytes:
    return f"{argv} __main__ {sys.version_info[:2]}\n".encode()


def test_script(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SHOW)
    done = run(tmp_path, "app.py", "-d", "x")
    assert (done.returncode, done.stdout) == (0, shown(["app.py", "-d", "x"]))
    process = recorded(tmp_path)
    assert recording_in(tmp_path).name == f"gilprof-app.py.{process.pid}.gilprof"
    assert process.command == (sys.executable, "app.py", "-d", "x")


def test_module(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "tool.py").write_text(SHOW)
    done = run(tmp_path, "-m", "pkg.tool", "-q")
    assert (done.returncode, done.stdout) == (0, shown([str(tmp_path / "pkg" / "tool.py"), "-q"]))
    assert recording_in(tmp_path).name.startswith("gilprof-pkg.tool.")


def test_code(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", SHOW, "-m")
    assert (done.returncode, done.stdout) == (0, shown(["-c", "-m"]))
    assert recording_in(tmp_path).name.startswith("gilprof-code.")


def test_from_standard_input(tmp_path: Path) -> None:
    done = run(tmp_path, "-", "a", input=SHOW.encode())
    assert (done.returncode, done.stdout) == (0, shown(["-", "a"]))
    assert recording_in(tmp_path).name.startswith("gilprof-stdin.")


@some_interpreters
def test_another_interpreter(python: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "--python", python, "-c", RECORDED + "import sys; print(sys.version.split()[0])")
    assert done.returncode == 0
    assert done.stdout.decode().strip() == recorded(tmp_path).python


def test_command_that_becomes_a_python(tmp_path: Path) -> None:
    """The shell executes env, env executes Python: the same process all along."""
    (tmp_path / "app.py").write_text(RECORDED)
    done = run(tmp_path, "--", "sh", "-c", f"exec env {sys.executable} app.py")
    assert done.returncode == 0
    process = recorded(tmp_path)
    assert recording_in(tmp_path).name == f"gilprof-sh.{process.pid}.gilprof"
    assert process.command == (sys.executable, "app.py")
    assert process.ended == "exit"


@pytest.mark.parametrize("first_line", ["", f"#!{sys.executable}\n"], ids=["none", "python"])
def test_script_by_its_first_line(first_line: str, tmp_path: Path) -> None:
    """Without one it is for the shell, as everywhere."""
    script = tmp_path / "tool"
    script.write_text(first_line + "exit(3)")
    script.chmod(0o700)
    assert run(tmp_path, "--", "./tool").returncode == (3 if first_line else 2)


def test_a_python_by_its_name(tmp_path: Path) -> None:
    """Looked for in PATH, as a shell does."""
    if shutil.which("python3") is None:
        pytest.skip("there is no python3 in PATH")
    assert run(tmp_path, "--", "python3", "-c", "raise SystemExit(4)").returncode == 4
