"""What people install: the sdist, and the wheel that is built from it, in a fresh environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HELP_S = 0.3
MIN_FILES = 80
DATA = {
    "py.typed", "_native.pyi",
    *(f"target/layouts/3.{minor}.json" for minor in range(11, 16)),
    *(f"exporters/page/{file.name}" for file in (ROOT / "gilprof/exporters/page").iterdir()),
}  # fmt: skip
HEAVY = {"numpy", "rich", "textual", "psutil", "elftools", "gilprof._native"}


def run(*command: object, cwd: Path | None = None) -> str:
    """Its standard output. It sees nothing of the source tree through PYTHONPATH."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{words}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is made of it."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, ROOT)
    return out


@pytest.fixture(scope="module")
def sdist(built: Path) -> set[str]:
    """Its files, without the folder that they are in."""
    (file,) = built.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (file,) = built.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the wheel and what it asks for, and nothing else."""
    venv = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", venv)
    python = venv / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    return python


def sources() -> set[str]:
    """Every file of the package, from gilprof/ on, but what Python and an editable install leave there."""
    files = (path for path in (ROOT / "gilprof").rglob("*") if path.is_file())
    return {str(file.relative_to(ROOT)) for file in files if file.suffix not in (".pyc", ".so")}


def test_sdist_has_what_a_build_takes_and_no_more(sdist: set[str]) -> None:
    assert sources() <= sdist
    assert {"pyproject.toml", "LICENSE", "README.md", "PKG-INFO", "native/CMakeLists.txt"} <= sdist
    assert {f"native/src/{file.name}" for file in (ROOT / "native/src").iterdir()} <= sdist
    folders = {name.partition("/")[0] for name in sdist if "/" in name}
    assert folders == {"docs", "examples", "gilprof", "native"}
    assert not [name for name in sdist if name.endswith((".so", ".pyc", ".gilprof")) or "native/tests" in name]


def test_wheel_has_the_package_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    package = {name for name in names if not re.match(r"gilprof-[^/]*\.dist-info/", name)}
    (native,) = (name for name in package if name.endswith(".so"))
    assert re.fullmatch(r"gilprof/_native\.(abi3|cpython-311-\w+-linux-gnu)\.so", native)
    assert package - {native} == sources()
    assert len(package) > MIN_FILES
    assert {f"gilprof/{name}" for name in DATA} <= package


def test_wheel_is_for_the_stable_abi_where_there_is_one(wheel: Path) -> None:
    tag = "cp311-cp311" if sys.version_info < (3, 12) else "cp312-abi3"
    assert f"-{tag}-linux_" in wheel.name


def test_starts(python: Path, tmp_path: Path) -> None:
    script = python.with_name("gilprof")
    version = run(script, "--version", cwd=tmp_path)
    assert re.fullmatch(r"gilprof, version \d+\.\d+\.\d+\n", version)
    assert run(python, "-m", "gilprof", "--version", cwd=tmp_path) == version
    assert run(python, "-m", "gilprof", "--help", cwd=tmp_path) == run(script, "--help", cwd=tmp_path)


def test_attaches(python: Path, tmp_path: Path) -> None:
    out = run(python, ROOT / "tests/installed.py", cwd=tmp_path)
    assert str(python.parents[1]) in out.splitlines()[0], "it is the installed one"
    assert "he GIL is busy" in out


@pytest.mark.parametrize("command", [("--help",), ("attach", "--help"), ("--version",)])
def test_help_is_quick(python: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    """The best of ten: other programs on the machine can only make it slower."""
    taken_s = []
    for _ in range(10):
        began = time.monotonic()
        run(python.with_name("gilprof"), *command, cwd=tmp_path)
        taken_s.append(time.monotonic() - began)
    assert min(taken_s) < HELP_S


def test_the_command_line_imports_nothing_heavy(python: Path, tmp_path: Path) -> None:
    code = "import sys, gilprof.cli as c\nfor verb in c.VERBS: c.cli.get_command(None, verb)\nprint(*sys.modules)"
    assert not HEAVY & set(run(python, "-c", code, cwd=tmp_path).split())
