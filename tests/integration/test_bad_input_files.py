"""Files and streams that cannot be read or written, on the real command line: a status and one useful line each."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gilprof.recording.format import HEAD, MAGIC, MAJOR
from gilprof.recording.reader import Recording
from gilprof.recording.writer import RecordingWriter
from tests.support.command import as_nobody, command, failure, gilprof
from tests.support.made_up import INFO
from tests.support.recordings import chunks_of, flipped
from tests.support.running import TIMEOUT_S, environment
from tests.support.scripted import contended_batches
from tests.support.spawn import Target, spawn

READERS = (["report"], ["report", "--json"], ["export", "-f", "collapsed"])
every_reader = pytest.mark.parametrize("reader", READERS, ids=" ".join)
FULL_BYTES = 256 << 10
BUSY = ("attach", "-d", "0.5")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "run.gilprof"
    with RecordingWriter(file, INFO) as writer:
        for batch in contended_batches(10):
            writer.write(batch)
            writer.flush()
    return file


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with spawn(Path(sys.executable), "spin", 2) as spinning:
        yield spinning


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={FULL_BYTES}", "tmpfs", str(folder)]
    done = subprocess.run(mounting, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, leave: int) -> None:
    """All but ``leave`` bytes."""
    free = os.statvfs(disk)
    (disk / "filler").write_bytes(bytes(free.f_bavail * free.f_frsize - leave))


@every_reader
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"", "the file is empty: nothing was recorded"),
        (b"some text", "not a gilprof recording"),
        (b"PK\3\4" + bytes(500), "not a gilprof recording"),
        (MAGIC, "ends before its header"),
    ],
)
def test_no_recording(tmp_path: Path, reader: list[str], content: bytes | None, words: str) -> None:
    file = tmp_path / "x.gilprof"
    if content is not None:
        file.write_bytes(content)
    failure(gilprof(*reader, file), 1, str(file), words)
    failure(gilprof(*reader, file, "--salvage"), 1, str(file))


@every_reader
def test_a_folder_and_a_pipe_are_no_recordings(tmp_path: Path, reader: list[str]) -> None:
    fifo = tmp_path / "fifo.gilprof"
    os.mkfifo(fifo)
    for file in (tmp_path, fifo):
        failure(gilprof(*reader, file), 1, str(file), "not a regular file")


@every_reader
@pytest.mark.parametrize("name", [b"two\nlines.gilprof", b"\x1b[31m.gilprof", b"\xff.gilprof", "ünï.gilprof".encode()])
def test_the_line_stays_a_line_whatever_the_name(tmp_path: Path, reader: list[str], name: bytes) -> None:
    failure(gilprof(*reader, os.fsdecode(name), cwd=tmp_path), 1, "No such file")


@every_reader
def test_a_newer_format(recording: Path, reader: list[str]) -> None:
    raw = bytearray(recording.read_bytes())
    raw[len(MAGIC)] = MAJOR + 1
    raw[HEAD.size - 4 : HEAD.size] = struct.pack("<I", zlib.crc32(raw[: HEAD.size - 4]))
    recording.write_bytes(raw)
    for options in ([], ["--salvage"]):
        failure(gilprof(*reader, recording, *options), 1, f"format {MAJOR + 1}", "read it with a newer gilprof")


def test_every_kind_of_damaged_chunk(recording: Path) -> None:
    """It is refused by its number; ``--salvage`` reads the rest, and counts it."""
    whole = recording.read_bytes()
    last_of_kind = {chunk.kind: number for number, chunk in enumerate(chunks_of(recording))}
    first_of_kind = {chunk.kind: number for number, chunk in reversed([*enumerate(chunks_of(recording))])}
    for number, chunk in enumerate(chunks_of(recording)):
        if number not in (first_of_kind[chunk.kind], last_of_kind[chunk.kind]):
            continue
        recording.write_bytes(flipped(whole, chunk.offset + HEAD.size + 2))
        failure(gilprof("report", recording), 1, f"chunk {number} ", f"at byte {chunk.offset} is damaged", "--salvage")
        salvaged = gilprof("report", recording, "--salvage", "--json")
        assert salvaged.returncode == 0
        assert salvaged.stderr.splitlines()[0].startswith("gilprof: ")
        assert "damaged chunks" in salvaged.stderr
        [process] = json.loads(salvaged.stdout)["processes"]
        assert process["sampling"]["passes"] <= 1000


@pytest.mark.parametrize("reader", READERS, ids=" ".join)
@pytest.mark.parametrize("lost", [1, 3, 100, 1000])
def test_a_cut_off_recording(recording: Path, reader: list[str], lost: int) -> None:
    recording.write_bytes(recording.read_bytes()[:-lost])
    done = gilprof(*reader, recording)
    assert done.returncode == 0
    assert done.stdout
    [line] = done.stderr.splitlines()
    assert line.startswith("gilprof: ")
    assert "cut off" in line


@pytest.mark.parametrize(
    ("name", "words"),
    [("missing/x.gilprof", "No such file"), ("taken.gilprof", "--force"), ("folder.gilprof", "")],
)
@pytest.mark.parametrize("ending", [".gilprof", ".html"])
def test_an_output_that_cannot_be(tmp_path: Path, target: Target, name: str, words: str, ending: str) -> None:
    file = (tmp_path / name).with_suffix(ending)
    (tmp_path / "taken").with_suffix(ending).write_text("mine")
    (tmp_path / "folder").with_suffix(ending).mkdir()
    done = gilprof(*BUSY, target.pid, "-o", file)
    failure(done, 1, str(file), words)
    assert done.stdout == ""
    assert (tmp_path / "taken").with_suffix(ending).read_text() == "mine"


@pytest.mark.parametrize("name", ["x.gilprof", "x.html", "x.json"])
@pytest.mark.parametrize("hidden", [True, False], ids=["in a folder that may not be seen", "in one that may be"])
def test_an_output_that_is_not_allowed(tmp_path: Path, hidden: bool, name: str) -> None:
    nobody = as_nobody()
    tmp_path.chmod(0o700)
    folder = tmp_path if hidden else Path("/")
    option = "--json" if name.endswith(".json") else "-o"
    with subprocess.Popen([*nobody, sys.executable, "-c", "print(1, flush=True); input()"], stdin=-1, stdout=-1) as own:
        assert own.stdout is not None
        own.stdout.readline()
        done = gilprof(*BUSY, own.pid, option, folder / name, wrapper=nobody)
        failure(done, 1, name, "Permission denied")
        own.kill()


def test_a_recording_on_a_full_disk(small_disk: Path, target: Target) -> None:
    fill(small_disk, 0)
    file = small_disk / "run.gilprof"
    done = gilprof(*BUSY, target.pid, "-o", file)
    failure(done, 1, str(file), "No space left on device", "make room")
    assert not file.exists()


def test_a_disk_that_fills_up(small_disk: Path, target: Target) -> None:
    """The profile goes on and is reported; what was recorded before can be read."""
    fill(small_disk, 48 << 10)
    file = small_disk / "run.gilprof"
    done = gilprof("attach", "-d", "4", "-r", "4000", target.pid, "-o", file, "--json", "-")
    failure(done, 1, "No space left on device", "the profile goes on without the recording")
    assert json.loads(done.stdout)["processes"][0]["duration_s"] > 3
    with Recording.open(file) as recording:
        assert sum(len(batch.passes) for batch in recording.batches()) > 0
        assert recording.left_out.torn_tail_bytes == 0


@pytest.mark.parametrize("name", ["out.html", "out.collapsed"])
def test_an_export_on_a_full_disk(recording: Path, small_disk: Path, target: Target, name: str) -> None:
    fill(small_disk, 0)
    out = small_disk / name
    failure(gilprof("export", recording, "-o", out), 1, str(out), "No space left on device")
    assert not out.exists()
    watched = gilprof(*BUSY, target.pid, "-o", out)
    failure(watched, 1, str(out), "No space left on device")
    assert "Threads:" in watched.stdout
    assert not out.exists()


def test_json_on_a_full_disk(small_disk: Path, target: Target) -> None:
    fill(small_disk, 0)
    out = small_disk / "report.json"
    done = gilprof(*BUSY, target.pid, "--json", out)
    failure(done, 1, str(out), "No space left on device")
    assert "Threads:" in done.stdout
    assert not out.exists()


def speakers(recording: Path, target: Target) -> dict[str, list[str]]:
    """Everything that writes to standard output."""
    pid = str(target.pid)
    return {
        "report": ["report", str(recording)],
        "report --json": ["report", str(recording), "--json"],
        "export": ["export", str(recording), "-f", "flamegraph"],
        "attach": [*BUSY, pid],
        "attach --json": [*BUSY, pid, "--json", "-"],
        "dump": ["dump", pid],
        "doctor": ["doctor", pid],
        "doctor --json": ["doctor", "--json"],
    }


SPEAKERS = ("report", "report --json", "export", "attach", "attach --json", "dump", "doctor", "doctor --json")
every_speaker = pytest.mark.parametrize("name", SPEAKERS)


@every_speaker
def test_a_reader_that_has_gone(recording: Path, target: Target, name: str) -> None:
    """``| head`` that has seen enough: nothing is said about it."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = gilprof(*speakers(recording, target)[name], stdout=write_end)
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (0, "")


def test_head(recording: Path) -> None:
    """More than the pipe takes, so that the writing is under way when ``head`` ends."""
    exporting = command("export", recording, "-f", "flamegraph")
    with subprocess.Popen(exporting, env=environment(), stdout=-1, stderr=-1) as one:
        head = subprocess.run(["head", "-n", "1"], stdin=one.stdout, capture_output=True, timeout=TIMEOUT_S)
        assert one.stdout is not None
        one.stdout.close()
        assert one.stderr is not None
        assert one.stderr.read() == b""
        assert one.wait(TIMEOUT_S) == 0
    assert head.stdout == b"<!DOCTYPE html>\n"


@every_speaker
def test_standard_output_on_a_full_disk(recording: Path, target: Target, name: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = gilprof(*speakers(recording, target)[name], stdout=full)
    failure(done, 1, "standard output", "No space left on device")


@every_speaker
def test_closed_standard_output(recording: Path, target: Target, name: str) -> None:
    done = gilprof(*speakers(recording, target)[name], wrapper=["sh", "-c", 'exec "$@" >&-', "sh"])
    failure(done, 1, "standard output", "closed")


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_nobody_hears_the_line(tmp_path: Path, target: Target, redirection: str) -> None:
    """The status still tells."""
    wrapper = ["sh", "-c", f'exec "$@" {redirection}', "sh"]
    assert gilprof("report", tmp_path / "missing.gilprof", wrapper=wrapper).returncode == 1
    assert gilprof("attach", 2**22 + 1, wrapper=wrapper).returncode == 5
    done = gilprof(*BUSY, target.pid, "-v", wrapper=wrapper)
    assert done.returncode == 0
    assert "Threads:" in done.stdout
