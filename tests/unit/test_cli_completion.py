"""Completion in a real bash, by the script that ``gilprof`` itself writes."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gilprof.cli import VERBS
from tests.support.dialogue import dialogue

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where somebody stands who completes: ``gilprof`` is in bin/, recordings beside."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "gilprof"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m gilprof "$@"\n')
    script.chmod(0o755)
    for name in ("one.gilprof", "two words.gilprof", "notes.txt", "runs/three.gilprof", "runs/four.txt"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    return tmp_path


def completed(folder: Path, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    line = " ".join(shlex.quote(word) for word in words)
    code = f"""
        eval "$(_GILPROF_COMPLETE=bash_source gilprof)"
        compopt() {{ echo "compopt $1 $2"; }}
        COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}
        $(complete -p gilprof | sed 's/.*-F \\([^ ]*\\) .*/\\1/') gilprof
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", code], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [line for line in done.stdout.splitlines() if line]


def test_verbs(folder: Path) -> None:
    assert completed(folder, "gilprof", "") == list(VERBS)
    assert completed(folder, "gilprof", "rep") == ["report"]


@pytest.mark.parametrize(("begun", "option"), [("--dur", "--duration"), ("--no-l", "--no-live"), ("--js", "--json")])
def test_options(folder: Path, begun: str, option: str) -> None:
    assert completed(folder, "gilprof", "attach", begun) == [option]


@pytest.mark.parametrize("verb", ["report", "export"])
def test_recordings(folder: Path, verb: str) -> None:
    assert completed(folder, "gilprof", verb, "") == ["one.gilprof", "two words.gilprof"]
    assert completed(folder, "gilprof", verb, "o") == ["one.gilprof"]
    assert completed(folder, "gilprof", verb, "runs/") == ["runs/three.gilprof"]
    assert completed(folder, "gilprof", verb, f"{folder}/on") == [f"{folder}/one.gilprof"]


def test_where_no_recording_begins_so_bash_completes_files(folder: Path) -> None:
    assert completed(folder, "gilprof", "report", "no") == ["compopt -o default"]
    assert completed(folder, "gilprof", "report", "nowhere/x") == ["compopt -o default"]


@pytest.mark.parametrize("verb", ["attach", "dump"])
def test_running_pythons(folder: Path, verb: str) -> None:
    with dialogue(Path(sys.executable), "tell(0)\nhear()\n") as python, subprocess.Popen(["sleep", "60"]) as other:
        python.hear()
        offered = completed(folder, "gilprof", verb, "")
        begun = str(python.pid)[:-1]
        some = completed(folder, "gilprof", verb, begun)
        other.kill()
    assert str(python.pid) in offered
    assert str(other.pid) not in offered
    assert str(python.pid) in some
    assert all(pid.startswith(begun) for pid in some)
