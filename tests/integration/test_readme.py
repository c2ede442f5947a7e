"""The README's first two commands, run as they stand in a clean copy."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
TIMEOUT_S = 600
NOT_IN_A_CLEAN_COPY = shutil.ignore_patterns(".*", "build", "dist", "*.so", "*.gilprof", "*.egg-info", "__pycache__")


def section(title: str) -> str:
    """The README's text between this heading and the next."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(text: str) -> list[list[str]]:
    """The indented blocks: commands, and what they print."""
    found = re.findall(r"(?:^ {4}.*\n(?:\n(?= {4}))?)+", text, re.MULTILINE)
    return [[line[4:] for line in block.splitlines()] for block in found]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without what a build or an environment leaves behind."""
    folder = tmp_path_factory.mktemp("readme") / "gilprof"
    shutil.copytree(ROOT, folder, ignore=NOT_IN_A_CLEAN_COPY)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """``python3`` is the Python that runs the tests; ``sudo`` only tells what it was to do: tests install nothing into
    the system."""
    programs = tmp_path_factory.mktemp("programs")
    for name, script in {"python3": f'exec {shlex.quote(sys.executable)} "$@"', "sudo": 'echo "sudo $*"'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return {**kept, "PATH": f"{programs}:{os.environ['PATH']}", "COLUMNS": "80"}


def test_install_and_run(checkout: Path, environment: dict[str, str]) -> None:
    commands, shown = blocks(section("Install and run"))[:2]
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(commands)], cwd=checkout, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    words = [part.strip() for part in " ".join(commands).split("&&")]
    assert [line for line in done.stdout.splitlines() if line.startswith("sudo ")] == [
        part for part in words if part.startswith("sudo ")
    ]
    report = " ".join(done.stderr.split())
    line = 1 + (ROOT / "examples/ingest.py").read_text().splitlines().index("        sorted(self.batch)")
    assert re.search(
        r"[Tt]he GIL is busy \d+ % .* % of the waiting is for Feeder\.sort_batch "
        rf"\(ingest\.py:{line}\) in thread feeder, C code that keeps it",
        report,
    )
    printed = done.stderr.splitlines()
    headings = [text for text in shown if text.startswith(("Threads: shares", "Lines: ", "Who waits"))]
    assert len(headings) == 3
    for heading in headings:
        assert heading in printed, heading
        # The names of the columns, whatever the width of what stands in them.
        columns = shown[shown.index(heading) + 1].split()
        assert columns == printed[printed.index(heading) + 1].split()
