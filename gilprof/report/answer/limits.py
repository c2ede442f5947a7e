"""The limits that answers and screens share: of shares unless a name says otherwise."""

from __future__ import annotations

CONTENDED = 0.1
"""Of the time with somebody waiting: from there on the GIL is a reason."""
MOSTLY = 0.5
DOMINANT = 0.25
"""Of the waiting: a function with less is not the answer, the waiting is spread over many."""
OVERDUE = 0.25
"""Of the waiting, for an overdue holder: C code keeps the GIL. Others ask for it only after a switch interval of
waiting, so that even a call that never gives it up is not overdue from its start; Python code obeys at once."""
COLLECTING = 0.1
"""Of the waiting, or of the time: garbage collection is worth a word."""
QUEUED_MEAN = 0.25
"""Threads that stand ready without a CPU, on average: from so many on, CPUs may be short."""
QUEUED_SHARE = 0.25
"""Of the threads that are ready: so many of them without a CPU, and CPUs are short."""
ONE_THREAD = 0.9
"""Of all time with the GIL, and of its own time: one thread is the limit."""
LOCKED = 0.3
"""Of the time of the threads that block on one line's lock."""
STANDS_STILL = 0.5
"""Of an event loop's time, in callbacks or waiting for the GIL."""
NEAR = 0.5
"""Of what the first reason costs: a second one is named as well."""
ALIKE = 0.8
"""Of what the costliest reason costs: no reason to prefer it to one that stands before it in the order of ``Kind``."""
TORN = 0.03
"""Of the time, somebody waiting and the holder not known: the answer says so."""
FEW_PASSES = 300
"""A share of a half is then known to 6 percentage points (two standard errors)."""
DISAGREEING = 0.05
"""Of the threads' running time: the states are so far from the kernel's account that the answer says so."""
EVENLY = 1.5
"""Times its even share that the first of several threads may have."""
