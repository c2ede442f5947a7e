"""States, and what threads are blocked in, as reports, screens and exports show them to people."""

from __future__ import annotations

from gilprof.model import BlockedIn, State

ORDER = (State.WAITING, State.HELD_BLOCKED, State.HELD, State.RELEASED, State.BLOCKED, State.UNKNOWN)
"""The worst first."""

WORDS = {
    State.WAITING: "waiting",
    State.HELD_BLOCKED: "held while blocked",
    State.HELD: "held",
    State.RELEASED: "runs without the GIL",
    State.BLOCKED: "blocked",
    State.UNKNOWN: "unknown",
}

LETTERS = {
    State.WAITING: "W",
    State.HELD_BLOCKED: "HB",
    State.HELD: "H",
    State.RELEASED: "R",
    State.BLOCKED: "B",
    State.UNKNOWN: "?",
}

MEANINGS = {
    State.WAITING: "It wants the GIL and does not have it",
    State.HELD_BLOCKED: "It has the GIL and is blocked: nobody gains anything",
    State.HELD: "It has the GIL and runs: Python code, or C code that did not release the GIL",
    State.RELEASED: "It runs code that needs no GIL",
    State.BLOCKED: "It neither has nor wants the GIL: I/O, sleep, a lock, a queue",
    State.UNKNOWN: "It could not be told",
}

VERBS = {
    State.HELD: "has the GIL",
    State.HELD_BLOCKED: "has the GIL and is blocked",
    State.WAITING: "waits for the GIL",
    State.RELEASED: "runs without the GIL",
    State.BLOCKED: "is blocked",
    State.UNKNOWN: "unknown",
}
"""What a thread does."""

BLOCKED_IN = {
    BlockedIn.LOCK: "on locks",
    BlockedIn.POLL: "in poll",
    BlockedIn.IO: "in I/O",
    BlockedIn.SLEEP: "asleep",
    BlockedIn.PAGE: "in page faults",
    BlockedIn.OTHER: "in other system calls",
    BlockedIn.CHILD: "waiting for a child process",
}
"""Behind "blocked"."""
