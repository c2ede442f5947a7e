"""``gilprof attach`` and ``gilprof dump`` on made-up sources."""

from __future__ import annotations

import itertools
import json
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gilprof.cli import cli
from gilprof.errors import GilprofError, NoSuchProcess, NotReadable, PermissionRefused, SamplerFailed
from gilprof.model import Batch
from gilprof.recording.reader import Recording
from gilprof.sources.base import Source
from tests.support.laws import check_laws
from tests.support.scripted import ScriptedSource, contended_batches, ended

SENTENCE = (
    "The GIL is busy 100 % of the time and 1.0 thread waits for it on average: 100 % of the waiting is for feed "
    "(ingest.py:88) in thread feeder, C code that keeps it."
)


def invoke(source: Source | Callable[[int, float], Source], *args: str) -> Result:
    opener = source if callable(source) else lambda pid, rate_hz: source
    return CliRunner().invoke(cli, args, obj=opener, env={"COLUMNS": "200"}, catch_exceptions=False)


def test_report_on_standard_output() -> None:
    source = ScriptedSource(contended_batches())
    result = invoke(source, "attach", "4242", "--no-live")
    assert result.exit_code == 0
    assert result.stdout.startswith(SENTENCE)
    assert result.stderr == ""
    assert source.closed


def test_options_reach_the_source() -> None:
    asked: list[tuple[int, float]] = []

    def opener(pid: int, rate_hz: float) -> Source:
        asked.append((pid, rate_hz))
        return ScriptedSource(contended_batches())

    assert invoke(opener, "attach", "4242", "-r", "2khz", "-d", "2m").exit_code == 0
    assert asked == [(4242, 2000.0)]


def test_json_instead_of_the_text() -> None:
    result = invoke(ScriptedSource(contended_batches()), "attach", "4242", "--json", "-")
    report: dict[str, Any] = json.loads(result.stdout)
    check_laws(report)
    assert report["sentence"] == SENTENCE


def test_json_beside_the_text(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    result = invoke(ScriptedSource(contended_batches()), "attach", "4242", "--json", str(file))
    assert result.stdout.startswith(SENTENCE)
    assert json.loads(file.read_text())["sentence"] == SENTENCE


def test_recording_and_the_same_report_from_it(tmp_path: Path) -> None:
    file = str(tmp_path / "run.gilprof")
    live = invoke(ScriptedSource(contended_batches()), "attach", "4242", "-o", file, "--json", "-")
    again = CliRunner().invoke(cli, ["report", file, "--json"], catch_exceptions=False)
    assert live.exit_code == again.exit_code == 0
    assert again.stderr == ""
    assert json.loads(again.stdout) == json.loads(live.stdout)


def test_existing_recording_needs_force(tmp_path: Path) -> None:
    file = tmp_path / "run.gilprof"
    file.write_text("mine")
    refused = invoke(_never, "attach", "4242", "-o", str(file))
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1
    assert file.read_text() == "mine"
    assert invoke(ScriptedSource(contended_batches()), "attach", "4242", "-o", str(file), "--force").exit_code == 0
    with Recording.open(file) as recording:
        assert recording.info.pid == 4242


@pytest.mark.parametrize("name", ["out.json", "out", "out.gilprof.xyz"])
def test_other_endings_are_wrong_usage(name: str, tmp_path: Path) -> None:
    result = invoke(_never, "attach", "4242", "-o", str(tmp_path / name))
    assert result.exit_code == 2
    assert ".gilprof" in result.stderr
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("file", ["missing/report.json", "."])
def test_unwritable_json_is_told_before_the_profile(file: str, tmp_path: Path) -> None:
    result = invoke(_never, "attach", "4242", "--json", str(tmp_path / file))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def _never(pid: int, rate_hz: float) -> Source:
    raise AssertionError("nothing is to be attached to")


@pytest.mark.parametrize(
    "args", ["0", "-1", "me", "", "1 2", "1 -r 0", "1 -d 0", "1 -d x", "1 --delay -1", "1 --lively"]
)
def test_wrong_usage(args: str) -> None:
    result = invoke(_never, "attach", *args.split())
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PermissionRefused("reading process 1", "Operation not permitted", "run as its user"), 3),
        (NotReadable("reading process 1", "it is not a Python"), 4),
        (NoSuchProcess("attaching to process 1", "there is no such process"), 5),
        (GilprofError("attaching", "line one\nline \x1b[31mtwo"), 1),
    ],
)
@pytest.mark.parametrize("verb", ["attach", "dump"])
def test_failures_are_one_line_and_a_status(error: GilprofError, status: int, verb: str) -> None:
    def refuse(pid: int, rate_hz: float) -> Source:
        raise error

    result = invoke(refuse, verb, "1")
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr.startswith("gilprof: ")
    assert result.stderr.endswith("\n")
    assert result.stderr[:-1].isprintable()


def test_the_targets_end() -> None:
    source = ScriptedSource([*contended_batches(), ended("signal 9")])
    result = invoke(source, "attach", "4242", "--json", "-")
    assert json.loads(result.stdout)["processes"][0]["ended"] == "signal 9"
    assert result.exit_code == 0


@pytest.mark.parametrize("verb", ["attach", "dump"])
def test_gone_before_a_first_look(verb: str) -> None:
    result = invoke(ScriptedSource([ended("exit")]), verb, "4242")
    assert result.exit_code == 5
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_the_profile_not_the_data(number: signal.Signals, tmp_path: Path) -> None:
    before = signal.getsignal(number)
    drains = itertools.count()

    def interrupt() -> None:
        if next(drains) == 3:
            os.kill(os.getpid(), number)

    file = tmp_path / "run.gilprof"
    endless = itertools.chain(contended_batches(), itertools.repeat(_nothing()))
    result = invoke(ScriptedSource(endless, then=interrupt), "attach", "4242", "-o", str(file))
    assert result.exit_code == 0
    assert result.stdout.startswith(SENTENCE)
    assert signal.getsignal(number) is before
    with Recording.open(file) as recording:
        assert sum(len(batch.passes) for batch in recording.batches()) == 300
        assert recording.left_out.torn_tail_bytes == 0


def test_a_sampler_that_fails_leaves_what_it_saw(tmp_path: Path) -> None:
    drains = itertools.count()

    def fail() -> None:
        if next(drains) == 3:
            raise SamplerFailed("sampling process 4242", "std::bad_alloc", "what was seen until then is kept")

    file = tmp_path / "run.gilprof"
    result = invoke(ScriptedSource(contended_batches(5), then=fail), "attach", "4242", "-o", str(file))
    assert result.exit_code == 1
    assert result.stdout.startswith(SENTENCE)
    assert result.stderr == "gilprof: sampling process 4242: std::bad_alloc; what was seen until then is kept\n"
    with Recording.open(file) as recording:
        assert sum(len(batch.passes) for batch in recording.batches()) == 300


def _nothing() -> Batch:
    last = next(contended_batches(1))
    return Batch(passes=last.passes[:0], looks=last.looks[:0])


def test_duration_ends_an_endless_source() -> None:
    endless = itertools.chain(contended_batches(), itertools.repeat(_nothing()))
    result = invoke(ScriptedSource(endless), "attach", "4242", "-d", "0.3")
    assert result.exit_code == 0
    assert result.stdout.startswith(SENTENCE)


def test_a_recording_that_fails_at_once(tmp_path: Path) -> None:
    """``/dev/full`` takes the name and refuses the data, as a full disk does."""
    link = tmp_path / "full.gilprof"
    link.symlink_to("/dev/full")
    result = invoke(ScriptedSource(contended_batches()), "attach", "4242", "-o", str(link), "--force")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "No space left on device" in result.stderr


def test_a_recording_that_fails_on_the_way(tmp_path: Path) -> None:
    """The profile goes on; the bound on a file's size stands for a disk that fills up."""
    file = tmp_path / "run.gilprof"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))
    try:
        result = invoke(
            ScriptedSource(contended_batches(5, passes_each=800)), "attach", "4242", "-o", str(file), "--json", "-"
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["processes"][0]["sampling"]["passes"] == 4000
    assert len(result.stderr.splitlines()) == 1
    assert "the profile goes on without the recording" in result.stderr
    assert 0 < file.stat().st_size <= 3000
    Recording.open(file).close()


def test_verbose_says_what_is_watched() -> None:
    result = invoke(ScriptedSource(contended_batches()), "attach", "4242", "-v")
    assert result.stderr == "gilprof: watching process 4242, Python 3.11.7 (default), 1 kHz\n"
    assert invoke(ScriptedSource(contended_batches()), "attach", "4242", "-v", "-q").stderr == ""


def test_no_delay_for_a_process_that_is_not_there() -> None:
    result = invoke(_never, "attach", str(2**22 + 1), "--delay", "60")
    assert result.exit_code == 5


def test_dump() -> None:
    result = invoke(ScriptedSource(contended_batches()), "dump", "4242")
    assert result.exit_code == 0
    assert "feeder (tid 5001), has the GIL now\n" in result.stdout
    assert "    feed (ingest.py:88)\n" in result.stdout
    assert "  waits for the GIL 100 % of its time\n" in result.stdout


def test_dump_json() -> None:
    dump = json.loads(invoke(ScriptedSource(contended_batches()), "dump", "4242", "--json").stdout)
    assert dump["schema"] == "gilprof.dump/1"
    assert dump["holder"] == 1
    main, feeder = dump["threads"]
    assert main["mostly"] == "waiting"
    assert [wait["holder"] for wait in main["waits_for"]] == [1]
    assert feeder["stack"] == [{"name": "feed", "file": "/srv/ingest.py", "function_line": 80, "line": 88}]
