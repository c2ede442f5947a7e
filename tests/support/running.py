"""``gilprof run`` as a process of its own, and what it leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gilprof.analysis.profile import Profile
from gilprof.recording.reader import Recording
from gilprof.recording.replay import ReplaySource
from gilprof.report.build import build_report
from gilprof.report.model import Process
from tests.support.interpreters import interpreters

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60.0
POLL_S = 0.05
SOME = {version: path for version, path in interpreters().items() if version in ("3.11", "3.14")}
some_interpreters = pytest.mark.parametrize("python", SOME.values(), ids=SOME.keys())
"""The oldest one with a table of offsets, and one that tells its offsets itself."""

RECORDED = """
import pathlib, time
while not list(pathlib.Path().glob("*.gilprof")):
    time.sleep(0.001)
time.sleep(0.2)
"""
"""Code for a program to run first: it returns when it is being recorded, and there were some passes."""


def command(*args: object) -> list[str]:
    """The words to start ``gilprof run ARGS``."""
    return [sys.executable, "-m", "gilprof", "run", *map(str, args)]


def environment(**more: str) -> dict[str, str]:
    """This one, so that gilprof is found from any folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **more}


def run(folder: Path, *args: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """``gilprof run ARGS`` in ``folder``, to its end."""
    return subprocess.run(
        command(*args), cwd=folder, env=environment(), capture_output=True, timeout=TIMEOUT_S, **options
    )


class Running:
    """``gilprof run`` under way; the program has a pipe to the test on both standard streams."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.pid = process.pid
        self.folder = folder

    def hear(self) -> str:
        """The program's next line; empty at its end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().rstrip("\n")

    def tell(self, line: str = "") -> None:
        """A line for the program to read."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, str]:
        """Close the program's input and wait: gilprof's status, and the rest of standard error."""
        _, said = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, said.decode()

    def await_profiles_end(self) -> str:
        """How the recording says that the program ended, as soon as it does; gilprof may run on."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            ended = recorded(self.folder).ended
            if ended is not None:
                return ended
            time.sleep(POLL_S)
        raise AssertionError("the recording was not ended")

    def await_closed_recording(self) -> None:
        """Until gilprof does not have it open any more."""
        deadline = time.monotonic() + TIMEOUT_S
        while any(file.endswith(".gilprof") for file in self._open_files()):
            assert time.monotonic() < deadline, "the recording was not closed"
            time.sleep(POLL_S)

    def _open_files(self) -> Iterator[str]:
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                yield str(entry.readlink())


@contextmanager
def running(folder: Path, *args: object, **options: Any) -> Iterator[Running]:
    """Start ``gilprof run ARGS`` in ``folder``, as leader of a process group; the group is killed at the end."""
    process = subprocess.Popen(
        command(*args), cwd=folder, env=environment(), process_group=0,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip
    try:
        yield Running(process, folder)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait(TIMEOUT_S)
        for stream in (process.stdin, process.stdout, process.stderr):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()


def unwrapped(text: str) -> str:
    """``text`` in one line, however the report was wrapped."""
    return " ".join(text.split())


def recording_in(folder: Path) -> Path:
    """The one recording there."""
    found = sorted(folder.glob("*.gilprof"))
    assert len(found) <= 1
    return found[0]


def first_pass_ns(folder: Path) -> int:
    """When the first look of the recording in ``folder`` was, CLOCK_MONOTONIC."""
    with Recording.open(recording_in(folder)) as recording:
        return next(int(batch.passes["t_ns"][0]) for batch in recording.batches() if len(batch.passes))


def recorded(folder: Path) -> Process:
    """The report on the recording in ``folder``."""
    with Recording.open(recording_in(folder)) as recording:
        source = ReplaySource(recording)
        profile = Profile(source.info)
        while (batch := source.drain()) is not None:
            profile.add(batch)
    profile.finish()
    return build_report(profile).processes[0]
