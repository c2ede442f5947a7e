"""Made-up facts in the amounts of real ones: how large a recording becomes, and what writing it costs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gilprof.model import LOOK_DTYPE, NONE, PASS_DTYPE, SYSCALL_RUNNING, Batch, Function, Health, ThreadSeen
from tests.support.facts import FUTEX, GIL_ADDRESS, HOLDS, START_NS

_STACKS = 400
_DRAIN_S = 0.1


def busy(seconds: int, threads: int = 10, hz: int = 1000, released: bool = False) -> Iterator[Batch]:
    """Threads that never block, ten batches a second. Off the GIL they wait, or compute (``released``).

    A thread that ran has another stack and random schedstat growth: nothing that a compressor could foresee.
    """
    random = np.random.default_rng(1)
    n = int(hz * _DRAIN_S)
    totals = np.zeros((3, threads), np.uint64)
    stack_now = np.zeros(threads, np.int32)
    t_ns, switches = START_NS, 0
    for drain in range(round(seconds / _DRAIN_S)):
        passes, looks = np.zeros(n, PASS_DTYPE), np.zeros((n, threads), LOOK_DTYPE)
        gaps = random.integers(500_000_000 // hz, 1_500_000_000 // hz, n)
        holder = np.repeat(random.integers(0, threads, n // 5), 5)
        holds = np.arange(threads) == holder[:, None]
        ran = holds | released
        passes["t_ns"] = t_ns + np.cumsum(gaps)
        passes["switch_number"] = switches + np.cumsum(np.diff(holder, prepend=-1) != 0)
        passes["span_ns"] = random.normal(40_000, 5_000, n)
        passes["look_count"], passes["holder"] = threads, holder
        passes["flags"] = 1 + 2 * (random.random(n) < 0.5)
        queued = ran & (random.random((n, threads)) < 0.3)
        growth = np.stack([
            np.where(ran, (gaps[:, None] * random.random((n, threads))).astype(np.uint64), 0),
            np.where(queued, random.integers(0, 1_000_000, (n, threads)), 0),
            queued,
        ]).astype(np.uint64)  # fmt: skip
        totals_now = totals[:, None, :] + np.cumsum(growth, axis=1, dtype=np.uint64)
        looks["cpu_ns"], looks["queued_ns"], looks["timeslices"] = totals_now
        last_run = np.maximum.accumulate(np.where(ran, np.arange(1, n + 1)[:, None], 0), axis=0)
        stacks = np.concatenate([stack_now[None], random.integers(0, _STACKS, (n, threads), np.int32)])
        looks["stack"] = np.take_along_axis(stacks, last_run, axis=0)
        looks["thread"] = np.arange(threads)
        looks["syscall"] = np.where(ran, SYSCALL_RUNNING, FUTEX)
        looks["gil_word"] = np.where(ran, -1, random.choice([72, 76], (n, threads)))
        looks["futex"] = np.where(ran, 0, GIL_ADDRESS + looks["gil_word"].astype(np.int64))
        looks["flags"] = np.where(holds, HOLDS, 8)
        t_ns, switches = int(passes["t_ns"][-1]), int(passes["switch_number"][-1])
        totals, stack_now = totals_now[:, -1], looks["stack"][-1]
        yield _batch(passes, looks.reshape(-1), drain, threads)


def idle(seconds: int, threads: int = 10, hz: int = 1000) -> Iterator[Batch]:
    """Threads that sleep all the time, ten batches a second."""
    random = np.random.default_rng(1)
    n = int(hz * _DRAIN_S)
    t_ns = START_NS
    for drain in range(round(seconds / _DRAIN_S)):
        passes, looks = np.zeros(n, PASS_DTYPE), np.zeros((n, threads), LOOK_DTYPE)
        passes["t_ns"] = t_ns + np.cumsum(random.integers(500_000_000 // hz, 1_500_000_000 // hz, n))
        passes["span_ns"] = random.normal(40_000, 5_000, n)
        passes["look_count"], passes["holder"] = threads, NONE
        looks["thread"] = np.arange(threads)
        looks["cpu_ns"], looks["queued_ns"] = 123_456_789, 45_678_901
        looks["timeslices"], looks["stack"], looks["syscall"], looks["gil_word"] = 77, 3, FUTEX, -1
        looks["futex"], looks["flags"] = GIL_ADDRESS + 0x10_0000, 8
        t_ns = int(passes["t_ns"][-1])
        yield _batch(passes, looks.reshape(-1), drain, threads)


def _batch(passes: np.ndarray, looks: np.ndarray, drain: int, threads: int) -> Batch:
    """The first one defines everything."""
    health = Health(passes=(drain + 1) * len(passes), sampler_cpu_ns=drain * 4_000_000)
    if drain:
        return Batch(passes, looks, health=health)
    numbers = np.arange(_STACKS, dtype=np.int32)
    return Batch(
        passes,
        looks,
        functions=tuple(Function(f"Worker.step_{i}", f"/srv/app/part_{i % 40}.py", i) for i in range(_STACKS)),
        frames=np.stack([numbers, numbers + 1], axis=1),
        stacks=np.stack([numbers // 2 - 1, numbers], axis=1),
        threads=tuple(ThreadSeen(i, 4242 + i, f"worker-{i}") for i in range(threads)),
        health=health,
    )
