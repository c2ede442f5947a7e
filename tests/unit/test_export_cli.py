"""``gilprof export``, and exports straight from attach."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gilprof.cli import cli
from gilprof.exporters import FORMATS
from gilprof.model import Batch
from gilprof.recording.writer import RecordingWriter
from tests.support.made_up import INFO
from tests.support.scripted import ScriptedSource, contended_batches
from tests.unit.test_cli_report import run


@pytest.fixture
def recording(tmp_path: Path) -> str:
    """1000 passes, a millisecond apart: feeder holds, MainThread waits."""
    file = tmp_path / "run.gilprof"
    with RecordingWriter(file, INFO) as writer:
        for batch in contended_batches(10):
            writer.write(batch)
    return str(file)


def export(*args: str) -> Result:
    return CliRunner().invoke(cli, ["export", *args], catch_exceptions=False)


def microseconds(text: str) -> dict[str, int]:
    """By thread and state."""
    sums: Counter[str] = Counter()
    for line in text.splitlines():
        stack, _, value = line.rpartition(" ")
        sums[f"{stack.split(';')[1]} {stack.rpartition(';')[2]}"] += int(value)
    return dict(sums)


WHOLE = {"MainThread [waiting]": 999_000, "feeder [held]": 999_000}


@pytest.mark.parametrize("ending", [ending for known in FORMATS for ending in known.endings])
def test_the_ending_decides(recording: str, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"out{ending}"
    result = export(recording, "-o", str(out))
    assert (result.exit_code, result.output) == (0, "")
    content = out.read_bytes()
    assert content.startswith(b"\x1f\x8b") == ending.endswith(".gz")
    if ending.endswith(".html"):
        assert content.startswith(b"<!DOCTYPE html>")
    elif ending.endswith(".json"):
        assert isinstance(json.loads(content), dict)
    elif not ending.endswith(".gz"):
        assert microseconds(content.decode()) == WHOLE


def test_the_format_goes_before_the_ending(recording: str, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert export(recording, "-f", "collapsed", "-o", str(out)).exit_code == 0
    assert microseconds(out.read_text()) == WHOLE


@pytest.mark.parametrize("args", [[], ["-o", "-"]])
def test_standard_output(recording: str, args: list[str]) -> None:
    result = export(recording, "-f", "collapsed", *args)
    assert (result.exit_code, result.stderr) == (0, "")
    assert microseconds(result.stdout) == WHOLE
    assert export(recording, "-f", "flamegraph", *args).stdout.startswith("<!DOCTYPE html>")


def test_standard_output_is_utf_8_wherever_it_goes(recording: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = run("export", recording, "-f", "flamegraph", stdout=subprocess.PIPE, env=environment, encoding="utf-8")
    assert done.returncode == 0
    assert " · " in done.stdout


@pytest.mark.parametrize("name", ["out.json", "out", "out.svg", "html", "out.gilprof"])
def test_other_endings_are_wrong_usage_with_the_choices(recording: str, tmp_path: Path, name: str) -> None:
    result = export(recording, "-o", str(tmp_path / name))
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert all(ending in result.stderr for known in FORMATS for ending in known.endings)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    "args",
    [[], ["-o", "-"], ["-f", "pdf"], ["-f", "collapsed", "--state", "held,idle"], ["-f", "collapsed", "--state", ""],
     ["-f", "collapsed", "--from", "2", "--to", "1"]],
)  # fmt: skip
def test_wrong_usage(recording: str, args: list[str]) -> None:
    result = export(recording, *args)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_an_existing_file_needs_force(recording: str, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    out.write_text("mine")
    refused = export(recording, "-o", str(out))
    assert refused.exit_code == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "--force" in refused.stderr
    assert out.read_text() == "mine"
    assert export(recording, "-o", str(out), "--force").exit_code == 0
    assert out.read_text().startswith("<!DOCTYPE html>")


def test_a_recording_is_not_replaced_by_its_export(recording: str) -> None:
    before = Path(recording).read_bytes()
    assert export(recording, "-f", "collapsed", "-o", recording, "--force").exit_code == 2
    assert Path(recording).read_bytes() == before


@pytest.mark.parametrize("name", ["missing/out.html", "."])
def test_unwritable(recording: str, tmp_path: Path, name: str) -> None:
    result = export(recording, "-f", "flamegraph", "-o", str(tmp_path / name))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def test_a_full_disk(recording: str, tmp_path: Path) -> None:
    """``/dev/full`` takes the name and refuses the data."""
    link = tmp_path / "out.html"
    link.symlink_to("/dev/full")
    result = export(recording, "-o", str(link), "--force")
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert link.is_symlink()


def test_no_recording(tmp_path: Path) -> None:
    result = export(str(tmp_path / "none.gilprof"), "-o", str(tmp_path / "out.html"))
    assert result.exit_code == 1
    assert not (tmp_path / "out.html").exists()


def test_states(recording: str) -> None:
    assert microseconds(export(recording, "-f", "collapsed", "--state", "held, blocked").stdout) == {
        "feeder [held]": 999_000
    }


def test_threads(recording: str) -> None:
    assert microseconds(export(recording, "-f", "collapsed", "--thread", "Main*").stdout) == {
        "MainThread [waiting]": 999_000
    }
    none = export(recording, "-f", "collapsed", "--thread", "none")
    assert (none.exit_code, none.stdout) == (0, "")
    assert len(none.stderr.splitlines()) == 1


def test_a_part_of_the_time(recording: str) -> None:
    """251 passes, a millisecond apart; the first one of them has no gap before it."""
    found = microseconds(export(recording, "-f", "collapsed", "--from", "0.25", "--to", "500ms").stdout)
    assert found == {"MainThread [waiting]": 250_000, "feeder [held]": 250_000}


@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_damage_is_refused_and_left_out_with_salvage(recording: str, name: str) -> None:
    content = bytearray(Path(recording).read_bytes())
    content[len(content) // 2] ^= 0xFF
    Path(recording).write_bytes(content)
    assert export(recording, "-f", name).exit_code == 1
    salvaged = export(recording, "-f", name, "--salvage")
    assert salvaged.exit_code == 0
    assert "damaged chunks" in salvaged.stderr


@pytest.mark.parametrize("batches", [[], list(contended_batches(1, 1))], ids=["no look", "one look"])
@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_a_recording_of_next_to_nothing(tmp_path: Path, batches: list[Batch], name: str) -> None:
    file = tmp_path / "run.gilprof"
    with RecordingWriter(file, INFO) as writer:
        for batch in batches:
            writer.write(batch)
    result = export(str(file), "-f", name)
    assert (result.exit_code, result.stderr) == (0, "")


def attach(*args: str) -> Result:
    source = ScriptedSource(contended_batches(10))
    return CliRunner().invoke(cli, ["attach", "4242", *args], obj=lambda pid, rate_hz: source, catch_exceptions=False)


@pytest.mark.parametrize("ending", [known.endings[0] for known in FORMATS])
def test_straight_from_attach(recording: str, tmp_path: Path, ending: str) -> None:
    straight, later = tmp_path / f"straight{ending}", tmp_path / f"later{ending}"
    result = attach("-o", str(straight))
    assert result.exit_code == 0
    assert result.stdout.startswith("The GIL is busy")
    assert export(recording, "-o", str(later)).exit_code == 0
    assert straight.read_bytes() == later.read_bytes()


def test_attach_refuses_an_existing_export_before_the_profile(tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    out.write_text("mine")
    result = attach("-o", str(out))
    assert (result.exit_code, result.stdout) == (1, "")
    assert out.read_text() == "mine"
    assert attach("-o", str(out), "--force").exit_code == 0
    assert out.read_text().startswith("<!DOCTYPE html>")


def test_attach_reports_also_when_the_export_fails(tmp_path: Path) -> None:
    link = tmp_path / "out.html"
    link.symlink_to("/dev/full")
    result = attach("-o", str(link), "--force")
    assert result.exit_code == 1
    assert result.stdout.startswith("The GIL is busy")
    assert "No space left on device" in result.stderr


def test_a_page_is_not_poured_over_a_terminal(recording: str) -> None:
    master, slave = os.openpty()
    try:
        refused = run("export", recording, "-f", "flamegraph", stdout=slave)
        asked_for = run("export", recording, "-f", "collapsed", stdout=slave)
    finally:
        os.close(master)
        os.close(slave)
    assert (refused.returncode, asked_for.returncode) == (2, 0)
    assert "nothing to read on a terminal" in refused.stderr


@pytest.mark.parametrize(("state_as", "place"), [("leaf", -1), ("root", 0)])
def test_the_state_as_innermost_or_outermost_frame(recording: str, state_as: str, place: int) -> None:
    text = export(recording, "-f", "collapsed", "--state-as", state_as).stdout
    found = {line.rpartition(" ")[0].split(";")[place]: line.rpartition(" ")[2] for line in text.splitlines()}
    assert found == {"[held]": "999000", "[waiting]": "999000"}


def test_a_file_each_state(recording: str, tmp_path: Path) -> None:
    arguments = [recording, "-o", str(tmp_path / "out.txt"), "--state-as", "files", "--state", "held,waiting,blocked"]
    assert export(*arguments).exit_code == 0
    found = {path.name: path.read_text() for path in tmp_path.glob("out*")}
    assert found == {
        "out.held.txt": "python app.py (4242);feeder;feed (/srv/ingest.py:88) 999000\n",
        "out.waiting.txt": "python app.py (4242);MainThread;main (/srv/app.py:5) 999000\n",
        "out.blocked.txt": "",
    }
    assert export(*arguments).exit_code == 1


@pytest.mark.parametrize(
    "args",
    [["-f", "collapsed", "--kind", "block"], ["-f", "pprof", "--state-as", "root"],
     ["-f", "collapsed", "--state-as", "files"], ["-f", "pprof", "--kind", "mutex", "--state", "held"]],
)  # fmt: skip
def test_options_of_another_format(recording: str, args: list[str]) -> None:
    result = export(recording, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1


def test_gzip_where_the_name_says_so(recording: str, tmp_path: Path) -> None:
    plain, packed = tmp_path / "out.firefox.json", tmp_path / "out.firefox.json.gz"
    for out in (plain, packed):
        assert export(recording, "-o", str(out)).exit_code == 0
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
