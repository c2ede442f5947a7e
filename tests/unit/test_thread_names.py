"""What threads are called, as a live source tells it."""

from __future__ import annotations

import os
import threading
import time

from gilprof.sources.live import ThreadNames
from gilprof.target.names import Named
from gilprof.target.process import Process


def names_of(known: dict[int, Named], *begun: tuple[int, int, int]) -> list[str]:
    """The names of threads (id, tid, ident) of this process, of which ``threading`` knows these."""
    with Process(os.getpid()) as process:
        return [thread.name for thread in ThreadNames(process, lambda: known).update(list(begun), [])]


def test_the_main_thread_that_threading_does_not_know() -> None:
    """It was never imported, or knows greenlets, by numbers of their own, in the place of threads."""
    pid = os.getpid()
    assert names_of({}, (0, pid, 77)) == ["MainThread"]
    assert names_of({1234: Named("Dummy-1", pid)}, (0, pid, 77)) == ["MainThread"]


def test_a_name_that_threading_knows_goes_first() -> None:
    pid = os.getpid()
    assert names_of({77: Named("boss", pid)}, (0, pid, 77)) == ["boss"]


def test_others_keep_the_kernel_s_name() -> None:
    """A thread without Python too, though it is the first of its process."""
    pid, tid = os.getpid(), threading.get_native_id()
    with Process(pid) as process:
        comm = process.comm(tid)
    assert names_of({}, (0, pid, 0)) == [comm]
    assert "MainThread" not in names_of({}, (0, pid + 1, 77))


def test_waiting_while_names_are_read_puts_no_other_reading_off() -> None:
    """For the GIL in the own process, for a CPU anywhere: a thread that begins soon afterwards is named."""
    pid = os.getpid()
    known = {77: Named("boss", pid)}

    def slowly() -> dict[int, Named]:
        time.sleep(0.2)
        return dict(known)

    with Process(pid) as process:
        names = ThreadNames(process, slowly)
        names.update([(0, pid, 77)], [])
        known[78] = Named("brief", pid + 1)
        time.sleep(0.1)  # of a CPU, the reading has taken less than a tenth of that
        assert [thread.name for thread in names.update([(1, pid + 1, 78)], [])] == ["brief"]
