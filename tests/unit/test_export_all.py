"""``gilprof export -f all``: every format into a folder; and ``--baseline``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gilprof.exporters import FORMATS
from gilprof.recording.writer import RecordingWriter
from tests.support.made_up import INFO
from tests.unit.test_export_cli import export, recording

__all__ = ["recording"]
NAMES = {f"run{known.endings[0]}" for known in FORMATS}


def listed(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("there", [False, True], ids=["new folder", "old folder"])
def test_each_is_what_its_format_alone_gives(recording: str, tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "all"
    if there:
        folder.mkdir()
        (folder / "mine.txt").write_text("mine")
    result = export(recording, "-f", "all", "-o", str(folder))
    assert (result.exit_code, result.output) == (0, "")
    assert listed(folder) == NAMES | ({"mine.txt"} if there else set())
    for known in FORMATS:
        alone = tmp_path / f"alone{known.endings[0]}"
        assert export(recording, "-f", known.name, "-o", str(alone)).exit_code == 0
        assert (folder / f"run{known.endings[0]}").read_bytes() == alone.read_bytes()


def test_narrowed(recording: str, tmp_path: Path) -> None:
    assert export(recording, "-f", "all", "-o", str(tmp_path / "all"), "--state", "held").exit_code == 0
    assert "[waiting]" not in (tmp_path / "all" / "run.collapsed").read_text()


def test_what_is_there_needs_force(recording: str, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    (folder / "run.pb.gz").write_text("mine")
    refused = export(recording, "-f", "all", "-o", str(folder))
    assert refused.exit_code == 1
    assert "run.pb.gz: it exists" in refused.stderr
    assert listed(folder) == {"run.pb.gz"}, "nothing is written before it is known that all can be"
    assert export(recording, "-f", "all", "-o", str(folder), "--force").exit_code == 0
    assert listed(folder) == NAMES


def test_a_file_where_the_folder_should_be(recording: str, tmp_path: Path) -> None:
    (tmp_path / "all").write_text("mine")
    for force in ([], ["--force"]):
        result = export(recording, "-f", "all", "-o", str(tmp_path / "all"), *force)
        assert result.exit_code == 1
        assert result.stderr == f"gilprof: writing into {tmp_path / 'all'}: it is no folder; name a folder with -o\n"
    assert (tmp_path / "all").read_text() == "mine"


def test_no_folder_for_a_recording_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "run.gilprof").write_text("no recording")
    for name in ("run.gilprof", "missing.gilprof"):
        assert export(str(tmp_path / name), "-f", "all", "-o", str(tmp_path / "all")).exit_code == 1
    assert listed(tmp_path) == {"run.gilprof"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_made(recording: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    result = export(recording, "-f", "all", "-o", str(tmp_path / "all"))
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)


@pytest.mark.parametrize(
    "args",
    [["-f", "all"], ["-f", "all", "-o", "-"], ["-f", "all", "-o", "all", "--kind", "mutex"],
     ["-f", "all", "-o", "all", "--baseline", "old.gilprof"], ["-o", "out.collapsed", "--baseline", "old.gilprof"]],
)  # fmt: skip
def test_wrong_usage(recording: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    result = export(recording, *args)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert listed(tmp_path) == {"run.gilprof"}


def test_a_parent_that_is_missing(recording: str, tmp_path: Path) -> None:
    result = export(recording, "-f", "all", "-o", str(tmp_path / "none" / "all"))
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)


def test_a_baseline(recording: str, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    assert export(recording, "-o", str(out), "--baseline", recording).exit_code == 0
    assert "Before: The GIL is busy" in out.read_text()


def test_a_baseline_that_says_nothing_leaves_no_page(recording: str, tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "empty.gilprof", INFO):
        pass
    out = tmp_path / "out.html"
    for name in ("empty.gilprof", "missing.gilprof"):
        result = export(recording, "-o", str(out), "--baseline", str(tmp_path / name))
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
        assert not out.exists()


def test_options_that_exclude_each_other_leave_no_file(recording: str, tmp_path: Path) -> None:
    out = tmp_path / "out.pb.gz"
    assert export(recording, "-o", str(out), "--kind", "mutex", "--state", "held").exit_code == 2
    assert not out.exists()
