"""A profile that goes on for hours takes no more memory, however many threads come and go."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np

from gilprof.analysis.profile import Profile
from gilprof.model import LOOK_DTYPE, NONE, PASS_DTYPE, SYSCALL_RUNNING, Batch, Function, ThreadSeen
from tests.support.facts import FUTEX, GIL_ADDRESS, HOLDS, INFO, START_NS

PASSES, THREADS = 100, 20
"""A second of passes; as many threads live for just that second."""
SETTLED_S, WATCHED_S = 200, 400


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
    assert later < 1.05 * settled, "4,000 threads more, 400 bytes each if they were kept"
