"""Texts for developers: the files that they name are there, and what is there is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = (
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    *(f"docs/{name}.md" for name in ("accuracy", "hardening", "how-it-works", "recording-format")),
)
FOLDERS = ("gilprof", "native", "tests", "tools", "benchmarks", "docs", "examples")


def named(text: str) -> set[str]:
    """Paths from the project's root, in backticks or in the arguments of a command."""
    return set(re.findall(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w/?", text))


@pytest.mark.parametrize("text", TEXTS)
def test_paths(text: str) -> None:
    found = named((ROOT / text).read_text())
    assert [path for path in sorted(found) if not (ROOT / path).exists()] == []
    assert found


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages == set(re.findall(r"\((?!\.\.)([\w-]+\.md)\)", index))


def test_first_lines_tell_the_modules_of_the_analysis_apart() -> None:
    folders = ("facts", "analysis/classify", "analysis/sums", "analysis/episodes")
    modules = [path for folder in folders for path in (ROOT / "gilprof" / folder).glob("*.py")]
    assert len(modules) > 30
    first_lines = {path.read_text().splitlines()[0] for path in modules}
    assert len(first_lines) == len(modules)
    assert min(map(len, first_lines)) > 20
