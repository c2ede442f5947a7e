"""A profile that goes on for hours takes no more memory, however many threads come and go."""

from __future__ import annotations

import copy
import tracemalloc
from collections.abc import Iterator
from dataclasses import fields

import numpy as np

from gilprof.analysis.profile import Profile
from gilprof.analysis.window import Window
from gilprof.model import LOOK_DTYPE, NONE, PASS_DTYPE, SYSCALL_RUNNING, Batch, Function, ThreadSeen
from tests.support.facts import FUTEX, GIL_ADDRESS, HOLDS, INFO, START_NS

PASSES, THREADS = 100, 20
"""A second of passes; as many threads live for just that second."""
SETTLED_S, WATCHED_S = 200, 200


def requests() -> Iterator[Batch]:
    """A second each: a thread for every request, one of which has the GIL while the others wait for it."""
    second_ns = 1_000_000_000
    for second in range(SETTLED_S + WATCHED_S):
        first = second * THREADS
        threads = np.arange(first, first + THREADS)
        passes, looks = np.zeros(PASSES, PASS_DTYPE), np.zeros((PASSES, THREADS), LOOK_DTYPE)
        passes["t_ns"] = START_NS + second * second_ns + np.arange(PASSES) * (second_ns // PASSES)
        passes["look_count"], passes["flags"] = THREADS, 1
        passes["holder"] = threads[np.arange(PASSES) % THREADS]
        passes["switch_number"] = second * PASSES + np.arange(PASSES)
        holds = threads == passes["holder"][:, None]
        looks["thread"], looks["stack"] = threads, np.where(holds, 0, 1)
        looks["syscall"] = np.where(holds, SYSCALL_RUNNING, FUTEX)
        looks["gil_word"] = np.where(holds, -1, 72)
        looks["futex"] = np.where(holds, 0, GIL_ADDRESS + 72)
        looks["flags"] = np.where(holds, HOLDS, 8)
        begun = tuple(ThreadSeen(int(n), 10_000 + int(n), f"request-{n}") for n in threads)
        t_ns = int(passes["t_ns"][-1])
        ended = tuple(ThreadSeen(seen.id - THREADS, seen.tid - THREADS, f"request-{seen.id - THREADS}", t_ns)
                      for seen in begun if first)  # fmt: skip
        defined = second == 0
        yield Batch(
            passes, looks.reshape(-1),
            functions=(Function("handle", "/srv/app.py", 10), Function("parse", "/srv/app.py", 50)) if defined else (),
            frames=np.array([[0, 12], [1, 55]] if defined else [], np.int32).reshape(-1, 2),
            stacks=np.array([[NONE, 0], [NONE, 1]] if defined else [], np.int32).reshape(-1, 2),
            threads=begun + ended,
        )  # fmt: skip


def test_memory_does_not_grow_with_time() -> None:
    profile = Profile(INFO)
    sizes: list[int] = []
    tracemalloc.start()
    try:
        for batch in requests():
            profile.add(batch)
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    profile.finish()
    assert profile.sums().passes == PASSES * (SETTLED_S + WATCHED_S)
    # It goes up and down as ended threads fold.
    settled, later = max(sizes[SETTLED_S : SETTLED_S + WATCHED_S // 2]), max(sizes[-WATCHED_S // 2 :])
    assert later < 1.05 * settled, "2,000 threads more, 400 bytes each if they were kept"


STACKS, BUSY_STACKS, MARKS = 20_000, 200, 30
"""A program of many stacks, of which each second sees few."""


def many_stacks() -> Iterator[Batch]:
    """A second each, after one in which a thread is seen at every stack."""
    begins = START_NS
    for second in range(MARKS):
        count = BUSY_STACKS if second else STACKS
        passes, looks = np.zeros(count, PASS_DTYPE), np.zeros(count, LOOK_DTYPE)
        passes["t_ns"] = begins + np.arange(count) * 1_000_000
        begins = int(passes["t_ns"][-1]) + 1_000_000_000
        passes["look_count"], passes["flags"], passes["switch_number"] = 1, 1, 1
        looks["stack"], looks["syscall"], looks["gil_word"] = np.arange(count), SYSCALL_RUNNING, -1
        looks["flags"], looks["cpu_ns"] = HOLDS, passes["t_ns"] - START_NS
        defined = np.arange(STACKS if second == 0 else 0, dtype=np.int32)
        yield Batch(
            passes, looks,
            functions=(Function("handle", "/srv/app.py", 10),) if not second else (),
            frames=np.stack([np.zeros_like(defined), defined], axis=1),
            stacks=np.stack([np.full_like(defined, NONE), defined], axis=1),
            threads=(ThreadSeen(0, 10_000, "worker"),) if not second else (),
        )  # fmt: skip


def test_a_window_keeps_what_each_second_has_added() -> None:
    """Not all that there is, once for every second of the window."""
    profile, window = Profile(INFO), Window(10.0)
    for batch in many_stacks():
        profile.add(batch)
        window.note(profile.sums(), profile.health)
    one_bytes = _nodes_bytes(profile)
    assert one_bytes > 100 * STACKS
    tracemalloc.start()
    try:
        copied = copy.deepcopy(window)
        window_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    recent, _ = copied.recent(profile.sums(), profile.health)
    assert np.count_nonzero(recent.nodes.states_ns.any(axis=1)) == BUSY_STACKS
    assert window_bytes < 2 * one_bytes


def _nodes_bytes(profile: Profile) -> int:
    nodes = profile.sums().nodes
    return sum(getattr(nodes, field.name).nbytes for field in fields(nodes))
