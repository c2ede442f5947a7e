"""Programs of known truth, each watched once under each interpreter; tests share what was seen."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.oracle import Account, Oracle
from tests.support.figures import Figure, state_figures
from tests.support.interpreters import Interpreter
from tests.support.observed import Observation, observe
from tests.support.spawn import spawn
from tests.support.timeline import Spans, Timeline, timeline

NEVER_BLOCKS = ("held_blocked", "blocked")


@dataclass(frozen=True)
class Case:
    """A target and how it is watched. ``threads``: those with a truth, with the states that they are never in."""

    target: str
    arguments: tuple[int, ...]
    threads: Mapping[str, tuple[str, ...]]
    pure_python: tuple[str, ...] = ()
    seconds: float = 3.0
    rate_hz: float = 1000.0
    fast: bool = False
    """It takes the GIL hundreds of thousands of times a second: too fast for stamps of CPU time."""


_SPIN = {"spin": NEVER_BLOCKS}
CASES: Mapping[str, Case] = {
    "spin 3": Case(
        "spin", (3,), {f"spin-{n}": NEVER_BLOCKS for n in range(3)}, ("spin-0", "spin-1", "spin-2")
    ),
    "hold_sleep": Case("hold_sleep", (20, 20), {"sleeper": ("released",), **_SPIN}, ("spin",)),
    "release_sleep": Case("release_sleep", (20,), {"sleeper": ("released", "held_blocked"), **_SPIN}, ("spin",)),
    "hash_big": Case("hash_big", (0,), {"hash": NEVER_BLOCKS}, seconds=2),
    "sort_big": Case("sort_big", (100_000,), {"sort": NEVER_BLOCKS, **_SPIN}, ("sort", "spin"), seconds=5),
    "bursts 2": Case("bursts", (2,), {"burst": ("held_blocked",)}, seconds=5),
    "bursts 200": Case("bursts", (200,), {"burst": ("held_blocked",)}),
    "convoy": Case("convoy", (1,), {"hash": NEVER_BLOCKS, "spin-0": NEVER_BLOCKS}, ("spin-0",)),
    "zlib_mix 1 1": Case("zlib_mix", (1, 1), {"zlib-0": NEVER_BLOCKS, "spin-0": NEVER_BLOCKS}, ("spin-0",)),
    "zlib_mix 2 2": Case(
        "zlib_mix", (2, 2), {f"{kind}-{n}": NEVER_BLOCKS for kind in ("zlib", "spin") for n in range(2)},
        ("spin-0", "spin-1"),
    ),
    "finalizers": Case("finalizers", (), {"closer": ("held_blocked",), **_SPIN}, ("spin",), seconds=6),
    "mixed_pool 2": Case(
        "mixed_pool", (2,), {f"pool-{n}_0": () for n in range(2)}, seconds=5, rate_hz=2000, fast=True
    ),
    "mixed_pool 4": Case("mixed_pool", (4,), {f"pool-{n}_0": () for n in range(4)}, seconds=5, fast=True),
}  # fmt: skip


@dataclass(frozen=True)
class Watched:
    """What gilprof saw, beside what was so. The target is over."""

    case: Case
    seen: Observation
    tids: Mapping[str, int]
    lines: Mapping[str, Timeline]
    """What each thread of the case did, by the oracle."""
    others: Sequence[Timeline]
    """What every other thread did that has ever used the GIL."""
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """Its sums over the observed time."""

    @property
    def spans(self) -> Spans:
        return Spans.of(self.seen.passes)

    def figures(self, thread: str) -> list[Figure]:
        """The thread's states beside their truth."""
        never = self.case.threads[thread]
        return state_figures(self.seen, thread, self.tids[thread], self.accounts[thread], never)

    def row(self, thread: str) -> dict[str, Any]:
        """The thread in the report."""
        return self.seen.thread(thread)


@functools.cache
def watched(name: str, interpreter: Interpreter) -> Watched:
    """``CASES[name]`` under the interpreter, watched on the first call."""
    case = CASES[name]
    events = 1 << 23 if case.fast else 1 << 20
    with (
        Oracle(events=events, cpu_time=not case.fast) as oracle,
        spawn(interpreter.path, case.target, *case.arguments, oracle=oracle) as target,
    ):
        seen = observe(target.pid, case.seconds, case.rate_hz)
        tids = {thread: seen.tid(thread) for thread in case.threads}
        lines = {thread: timeline(oracle, tid, seen.window[1]) for thread, tid in tids.items()}
        rest = {life.tid for life in oracle.lives()}.difference(tids.values())
        others = [timeline(oracle, tid, seen.window[1]) for tid in sorted(rest)]
    spans = Spans.of(seen.passes)
    accounts = {thread: line.account(spans) for thread, line in lines.items()}
    return Watched(case, seen, tids, lines, others, accounts)
