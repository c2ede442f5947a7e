"""A made-up profile with every state in it."""

from __future__ import annotations

from gilprof.model import State
from tests.support.made_up import MadeUp, Place, Seen

MAIN: tuple[Place, ...] = (("<module>", "/srv/app.py", 1, 20), ("main", "/srv/app.py", 10, 14))
STEP: tuple[Place, ...] = (("Worker.run", "/srv/work.py", 5, 7), ("Worker.step", "/srv/work.py", 30, 33))
OTHER_STEP: tuple[Place, ...] = (STEP[0], ("Worker.step", "/srv/work.py", 30, 35))
RECURSIVE: tuple[Place, ...] = (MAIN[0], ("walk", "/srv/tree.py", 3, 4), ("walk", "/srv/tree.py", 3, 4))


def all_states() -> MadeUp:
    """Four seconds of two threads: all states, two lines of one function, a recursion."""
    profile = MadeUp().threads("MainThread", "worker-1")
    profile.add(1.0, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD, STEP)})
    profile.add(0.5, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD_BLOCKED, OTHER_STEP)})
    profile.add(0.25, {0: Seen(State.HELD, MAIN), 1: Seen(State.WAITING, STEP)})
    profile.add(1.0, {0: Seen(State.RELEASED, MAIN), 1: Seen(State.BLOCKED, None)})
    profile.add(1.0, {0: Seen(State.HELD, RECURSIVE), 1: Seen(State.BLOCKED, None)})
    return profile.add(0.25, {0: Seen(State.BLOCKED, MAIN), 1: Seen(State.UNKNOWN, STEP)})
