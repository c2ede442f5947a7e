"""The house's rules hold: types, style, one direction of imports, formatted C++."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NATIVE_SOURCES = sorted(
    str(path) for folder in ("native/src", "native/tests", "tests/oracle") for path in (ROOT / folder).glob("*.[ch]*")
)
CHECKS = {
    "ruff": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports"],
    "clang-format": ["clang-format", "--dry-run", "--Werror", *NATIVE_SOURCES],
}


@pytest.mark.parametrize("name", CHECKS)
def test_check(name: str) -> None:
    program, *arguments = CHECKS[name]
    found = shutil.which(program, path=str(Path(sys.executable).parent)) or shutil.which(program)
    assert found is not None, f"{program} is missing: pip install '.[dev]'"
    done = subprocess.run([found, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]


def test_no_text_of_the_live_view_is_markup() -> None:
    """Names of the target are shown in it: a bracket in one must not be a style, a link or an error."""
    calls = [
        (path.relative_to(ROOT), call)
        for path in (ROOT / "gilprof" / "tui").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] in ("Static", "Label", "notify")
    ]
    assert calls
    with_markup = [
        f"{path}:{call.lineno}"
        for path, call in calls
        if not any(given.arg == "markup" and ast.unparse(given.value) == "False" for given in call.keywords)
    ]
    assert with_markup == []


def test_only_the_live_source_imports_the_extension() -> None:
    """import-linter does not see compiled modules."""
    importers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "gilprof").rglob("*.py")
        if "gilprof._native" in path.read_text().replace("from gilprof import _native", "gilprof._native")
    }
    assert importers == {"gilprof/sources/live.py"}


def test_a_stage_of_the_analysis_has_one_door() -> None:
    """Others import from the package, whose ``__init__`` says what there is; its own modules import each other."""
    past = []
    for path in (ROOT / "gilprof").rglob("*.py"):
        package = ".".join(path.relative_to(ROOT).parent.parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (
                inside := re.match(r"(gilprof\.analysis\.\w+)\.\w+", node.module or "")
            ):
                past += [f"{path}:{node.lineno}"] if inside[1] != package else []
    assert past == []


@pytest.mark.parametrize(
    ("layer", "forbidden"),
    [
        ("gilprof", {"numpy", "rich", "click", "psutil", "textual", "gilprof._native"}),
        ("gilprof.model", {"rich", "click", "psutil", "gilprof._native"}),
        ("gilprof.target.resolve", {"numpy", "rich", "click", "gilprof._native"}),
        ("gilprof.facts.definitions", {"rich", "click", "gilprof._native", "gilprof.target"}),
        ("gilprof.analysis.profile", {"rich", "click", "gilprof._native", "gilprof.target"}),
        ("gilprof.recording", {"rich", "click", "gilprof._native", "gilprof.target"}),
        ("gilprof.report", {"click", "textual", "gilprof._native", "gilprof.target"}),
        ("gilprof.exporters.flamegraph", {"click", "textual", "gilprof._native", "gilprof.target"}),
        ("gilprof.cli.attach", {"numpy", "rich", "psutil", "textual", "gilprof._native"}),
        ("gilprof.cli", {"numpy", "rich", "psutil", "textual", "gilprof._native"}),
    ],
)
def test_layer_imports_alone(layer: str, forbidden: set[str]) -> None:
    """Each layer can be imported by itself, and brings in nothing from above or beside it."""
    code = f"import sys, {layer}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert not forbidden & set(done.stdout.split())
