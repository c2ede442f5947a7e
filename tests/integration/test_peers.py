"""gilprof beside py-spy, which finds its way into the interpreter by itself: both see the same functions and lines."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gilprof.model import State
from tests.support.interpreters import interpreters
from tests.support.observed import Observation, observe
from tests.support.spawn import Target, spawn

PY_SPY = Path(sys.executable).with_name("py-spy")
READABLE = {version: path for version, path in interpreters().items() if version in ("3.11", "3.12", "3.13", "3.14")}
"""py-spy 0.4 does not know 3.15."""
SECONDS = 2
RATE_HZ = 200
FRAME = tuple[str, str, int]
"""Function, file name, line."""
PLACE = re.compile(r"(.+) \((.+):(\d+)\)")


@pytest.mark.parametrize("version", READABLE)
@pytest.mark.parametrize("name", ["deep 50", "lock_bound 3 20", "mixed_pool 2"])
def test_the_stacks_are_those_that_py_spy_sees(name: str, version: str, tmp_path: Path) -> None:
    """Every stack that has a share worth mentioning in one of them is in the other."""
    program, *arguments = name.split()
    with spawn(READABLE[version], program, *arguments) as target:
        theirs = stacks_by_py_spy(target, tmp_path / "spy.txt")
        ours = stacks_of(observe(target.pid, SECONDS))
    for seen, others in ((ours, theirs), (theirs, ours)):
        missing = {stack: share for stack, share in seen.items() if share > 0.02 and stack not in others}
        assert not missing


@pytest.mark.parametrize("version", READABLE)
def test_who_has_the_gil_is_whom_py_spy_says(version: str, tmp_path: Path) -> None:
    """Of two spinners, one of them napping, the same share each by both; within the error of py-spy's sample."""
    with spawn(READABLE[version], "hold_sleep", 30, 60) as target:
        theirs = stacks_by_py_spy(target, tmp_path / "spy.txt", "--gil")
        seen = observe(target.pid, SECONDS)
    held = {State.HELD, State.HELD_BLOCKED}
    ours = stacks_of(seen, *held)
    for function in ("sleep_holding", "spin"):
        share, other = (sum(part for stack, part in stacks.items() if function in {frame[0] for frame in stack})
                        for stacks in (ours, theirs))  # fmt: skip
        assert share == pytest.approx(other, abs=0.05 + 4 * 0.5 / (SECONDS * RATE_HZ) ** 0.5)


def stacks_by_py_spy(target: Target, out: Path, *options: str) -> dict[tuple[FRAME, ...], float]:
    """Each stack's share of the samples, the outermost frame first."""
    wanted = options or ("--idle",)
    command = [str(PY_SPY), "record", "--nonblocking", "-f", "raw", "-r", str(RATE_HZ), "-d", str(SECONDS), *wanted]
    subprocess.run([*command, "-o", str(out), "--pid", str(target.pid)], check=True, capture_output=True)
    counts: Counter[tuple[FRAME, ...]] = Counter()
    for line in out.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [PLACE.fullmatch(text) for text in stack.split(";")]
        if all(frames):  # it reads a running process without checking: now and then half a name
            counts[tuple((f[1], Path(f[2]).name, int(f[3])) for f in frames if f)] += int(count)
    return {stack: count / counts.total() for stack, count in counts.items()}


def stacks_of(seen: Observation, *states: State) -> dict[tuple[FRAME, ...], float]:
    """Likewise from gilprof's looks."""
    definitions = seen.profile.definitions
    counts: Counter[int] = Counter()
    for stack, state in zip(seen.looks.stack.tolist(), seen.looks.state.tolist(), strict=True):
        if stack >= 0 and (not states or state in states):
            counts[stack] += 1
    shares: dict[tuple[FRAME, ...], float] = {}
    for stack, count in counts.items():
        frames = [(definitions.functions[function], line) for function, line in definitions.walk(stack)]
        named = tuple((f.name, Path(f.file).name, line) for f, line in reversed(frames))
        shares[named] = shares.get(named, 0.0) + count / counts.total()
    return shares
