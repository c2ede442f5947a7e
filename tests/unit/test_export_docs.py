"""docs/export.md's commands are understood, and its words are the page's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from gilprof.cli import cli
from gilprof.exporters import FORMATS
from gilprof.recording.writer import RecordingWriter
from gilprof.report.state_words import LETTERS, ORDER, WORDS
from tests.support.made_up import INFO
from tests.support.scripted import contended_batches

TEXT = (Path(__file__).parents[2] / "docs/export.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    gilprof (export ingest\.gilprof [^|\n]*)", TEXT, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.chdir(tmp_path)
    with RecordingWriter("ingest.gilprof", INFO) as writer:
        for batch in contended_batches(20):
            writer.write(batch)
    result = CliRunner().invoke(cli, shlex.split(command), catch_exceptions=False)
    assert result.exit_code == 0, result.stderr


def test_words() -> None:
    assert len(COMMANDS) >= 5
    legend = " ".join(TEXT.split())
    assert re.search(r" +".join(re.escape(f"[{LETTERS[state]}] {WORDS[state]}") for state in ORDER), legend)
    for known in FORMATS:
        assert f"| `{known.name}` | {', '.join(f'`{ending}`' for ending in known.endings)} |" in TEXT


def test_pictures() -> None:
    """Those that the page shows are there, and small; tools/pictures.py makes them."""
    docs = Path(__file__).parents[2] / "docs"
    shown = re.findall(r"!\[[^]]+\]\((pictures/[^)]+)\)", (docs / "export-formats.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(f"pictures/{path.name}" for path in (docs / "pictures").glob("*.webp"))
    assert max((docs / name).stat().st_size for name in shown) < 60_000
