"""``gilprof report``, and the program as a process: what it loads, pipes, plain text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import gilprof
from gilprof.cli import VERBS, cli
from gilprof.recording.writer import RecordingWriter
from tests.support.laws import check_laws
from tests.support.made_up import INFO
from tests.support.scripted import contended_batches

ROOT = Path(__file__).parents[2]
PROGRAM = "import sys; from gilprof.cli import main; sys.argv[0] = 'gilprof'; main()"


@pytest.fixture
def recording(tmp_path: Path) -> str:
    file = tmp_path / "run.gilprof"
    with RecordingWriter(file, INFO) as writer:
        for batch in contended_batches(10):
            writer.write(batch)
    return str(file)


def report(*args: str) -> dict[str, Any]:
    result = CliRunner().invoke(cli, ["report", *args, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    made: dict[str, Any] = json.loads(result.stdout)
    return made


def run(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *args], cwd=ROOT, text=True, stderr=subprocess.PIPE, timeout=60, **options
    )


def test_report(recording: str) -> None:
    whole = report(recording)
    check_laws(whole)
    assert whole["processes"][0]["sampling"]["passes"] == 1000


@pytest.mark.parametrize("words", [["--json"], ["--json", "-"], ["--json=-"]], ids=" ".join)
@pytest.mark.parametrize("file_first", [True, False])
def test_json_on_standard_output(words: list[str], file_first: bool, recording: str) -> None:
    result = CliRunner().invoke(cli, ["report", *([recording, *words] if file_first else [*words, recording])])
    assert json.loads(result.stdout)["schema"] == "gilprof.report/1"


def test_a_part_of_the_time(recording: str) -> None:
    part = report(recording, "--from", "0.25", "--to", "500ms")
    assert part["processes"][0]["duration_s"] == 0.25
    check_laws(part)


@pytest.mark.parametrize(
    ("option", "pattern", "rows"), [("--waiter", "Main*", 1), ("--waiter", "feed*", 0), ("--holder", "feeder", 1),
                                    ("--holder", "Main*", 0), ("--thread", "*", 1), ("--thread", "none", 0)]
)  # fmt: skip
def test_selections(recording: str, option: str, pattern: str, rows: int) -> None:
    part = report(recording, option, pattern)
    assert part["selection"][option.removeprefix("--")] == pattern
    assert len(part["processes"][0]["blame"]["threads"]) == rows


@pytest.mark.parametrize("args", [["--from", "-1"], ["--to", "0"], ["--from", "5", "--to", "4"], []])
def test_wrong_usage(recording: str, args: list[str]) -> None:
    file = [recording] if args else []
    assert CliRunner().invoke(cli, ["report", *file, *args]).exit_code == 2


@pytest.mark.parametrize("content", [None, b"", b"not a recording"])
def test_unusable_files(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "x.gilprof"
    if content is not None:
        file.write_bytes(content)
    result = CliRunner().invoke(cli, ["report", str(file)], catch_exceptions=False)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def test_damage_is_refused_and_left_out_with_salvage(recording: str) -> None:
    content = bytearray(Path(recording).read_bytes())
    content[len(content) // 2] ^= 0xFF
    Path(recording).write_bytes(content)
    assert CliRunner().invoke(cli, ["report", recording]).exit_code == 1
    salvaged = CliRunner().invoke(cli, ["report", recording, "--salvage"], catch_exceptions=False)
    assert salvaged.exit_code == 0
    assert "damaged chunks" in salvaged.stderr


def test_a_torn_tail_is_told(recording: str) -> None:
    content = Path(recording).read_bytes()
    Path(recording).write_bytes(content[:-3])
    result = CliRunner().invoke(cli, ["report", recording], catch_exceptions=False)
    assert result.exit_code == 0
    assert "cut off" in result.stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from gilprof.cli import cli;"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0;"
        "print({'numpy', 'rich', 'psutil', 'elftools', 'gilprof._native'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("args", [["--help"], *([verb, "--help"] for verb in VERBS)])
def test_help(args: list[str]) -> None:
    done = run(*args, stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: gilprof")
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_version() -> None:
    assert run("--version", stdout=subprocess.PIPE).stdout == f"gilprof, version {gilprof.__version__}\n"


def test_unknown_verb() -> None:
    done = run("frobnicate", stdout=subprocess.PIPE)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_gone_is_no_error(recording: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = run("report", recording, stdout=write_end)
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_an_error(recording: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = run("report", recording, stdout=full)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "No space left on device" in done.stderr


def test_text_without_a_terminal_is_plain(recording: str) -> None:
    done = run("report", recording, stdout=subprocess.PIPE, env={**os.environ, "COLUMNS": "80"})
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("args", "env", "styled"),
    [([], {}, True), (["--no-color"], {}, False), ([], {"NO_COLOR": "1"}, False)],
)
def test_text_on_a_terminal(recording: str, args: list[str], env: dict[str, str], styled: bool) -> None:
    master, slave = os.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | env
    try:
        done = run("report", recording, *args, stdout=slave, env={**environment, "COLUMNS": "20000", "TERM": "xterm"})
        output = os.read(master, 1000)
    finally:
        os.close(master)
        os.close(slave)
    assert done.returncode == 0
    assert (b"\x1b[" in output) == styled


def test_an_ascii_locale_gets_ascii(recording: str) -> None:
    done = run("report", recording, stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.isascii()
