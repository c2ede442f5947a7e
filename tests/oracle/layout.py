"""The mapped file that the interposer writes: header, thread slots, events of each slot (interposer.c)."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class OracleState(IntEnum):
    """What a thread was doing, as CPython's own calls tell it."""

    OFF = 0
    """Neither has nor wants the GIL. An uncontended take or drop is part of it."""
    HELD = 1
    REQUEST = 2
    """In take_gil, and did not get the GIL at once."""
    DROP = 3
    """In drop_gil, the GIL given up, waking a thread that waits for it."""
    FORCED = 4
    """In drop_gil, waiting until another thread has taken the GIL that it had to give up."""
    ENDED = 5
    """The thread is over."""


MAGIC = b"giloracl"
HEADER_SIZE = 4096
STATES = 5

HEADER = np.dtype(
    [
        ("magic", "S8"),
        ("slots", "<u4"),
        ("capacity", "<u4"),
        ("threads", "<u4"),
        ("threads_lost", "<u4"),
        ("gil_address", "<u8"),
        ("cpu_time", "<u4"),
    ]
)

THREAD = np.dtype(
    [
        ("sequence", "<u4"),
        ("tid", "<u4"),
        ("state", "<u8"),
        ("since_ns", "<u8"),
        ("cpu_since_ns", "<u8"),
        ("ns", "<u8", STATES),
        ("cpu_ns", "<u8", STATES),
        ("entries", "<u8", STATES),
        ("events", "<u8"),
        ("events_lost", "<u8"),
        ("reserved", "<u8", 11),
    ]
)

EVENT = np.dtype([("t_ns", "<i8"), ("cpu_ns", "<i8"), ("state", "<i8")])
"""At ``t_ns`` (CLOCK_MONOTONIC), with ``cpu_ns`` of CPU time used so far, the thread came into ``state``."""
