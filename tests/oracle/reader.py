"""Reads the exact account while the target runs, and after."""

from __future__ import annotations

import mmap
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.oracle.account import Account
from tests.oracle.build import interposer
from tests.oracle.layout import EVENT, HEADER, HEADER_SIZE, MAGIC, STATES, THREAD, OracleState

_READ_ATTEMPTS, _ATTEMPTS_AT_ONCE = 3_000, 1_000


@dataclass(frozen=True, slots=True)
class ThreadLife:
    """One thread that took part, in the order of first use of the GIL; tids can come again."""

    slot: int
    tid: int
    first_ns: int
    ended_ns: int | None


class Oracle:
    """The mapped file, made before the target starts.

    ``threads`` and ``events`` (of each thread) bound it; only pages that are written take memory. What goes
    beyond is counted (``threads_lost``, ``events_lost``), and asking for instants that were lost raises;
    ``snapshot`` is exact all the same. ``cpu_time``: stamp CPU time too. That is a system call at each
    change, too much for targets that take the GIL hundreds of thousands of times a second; without it CPU
    times are 0.
    """

    def __init__(self, threads: int = 64, events: int = 1 << 20, cpu_time: bool = True) -> None:
        self._slots, self._capacity = threads, events
        size = HEADER_SIZE + threads * (THREAD.itemsize + events * EVENT.itemsize)
        self.fd = os.memfd_create("gil-oracle", 0)
        os.truncate(self.fd, size)
        self._map = mmap.mmap(self.fd, size)
        header = np.zeros(1, HEADER)
        header[0] = (MAGIC, threads, events, 0, 0, 0, cpu_time)
        self._map[: HEADER.itemsize] = header.tobytes()

    def close(self) -> None:
        self._map.close()
        os.close(self.fd)

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def environment(self) -> dict[str, str]:
        """What the target's environment needs; it must inherit ``fd`` under the same number."""
        return {"LD_PRELOAD": str(interposer()), "GIL_ORACLE_FD": str(self.fd)}

    @property
    def gil_address(self) -> int:
        """Where the target's GIL is; 0 until it was first taken."""
        return int(self._header()["gil_address"])

    @property
    def threads_lost(self) -> int:
        """Threads that found no slot."""
        return int(self._header()["threads_lost"])

    def events_lost(self, tid: int) -> int:
        """Changes of state of this thread that found no room; the sums of ``snapshot`` have them."""
        return int(self._record(self._slot(tid))["events_lost"])

    def lives(self) -> list[ThreadLife]:
        """Every thread so far."""
        lives = []
        for slot in range(int(self._header()["threads"])):
            record = self._record(slot)
            if record["events"] == 0:
                continue
            ended = int(record["since_ns"]) if record["state"] == OracleState.ENDED else None
            first_ns = int(self._events(slot, 1)["t_ns"][0])
            lives.append(ThreadLife(slot, int(record["tid"]), first_ns, ended))
        return lives

    def snapshot(self) -> dict[int, Account]:
        """By tid, everything up to now, the state under way included.

        CPU time of the state under way is the kernel's schedstat: up to a tick stale for a thread on a CPU.
        """
        return {life.tid: self._account_now(life.slot) for life in self.lives()}

    def events(self, tid: int) -> npt.NDArray[np.void]:
        """Every change of state of the latest thread with this tid (``layout.EVENT``)."""
        slot = self._slot(tid)
        return self._events(slot, int(self._record(slot)["events"]))

    def state_at(self, tid: int, t_ns: npt.ArrayLike) -> npt.NDArray[np.int8]:
        """The ``OracleState`` at each instant (CLOCK_MONOTONIC); -1 before the thread first used the GIL."""
        slot = self._slot(tid)
        record = self._record(slot)
        events = self._events(slot, int(record["events"]))
        instants = np.asarray(t_ns, np.int64)
        if instants.size:
            self._refuse_lost(record, events, int(instants.max()))
        before = np.searchsorted(events["t_ns"], instants, side="right") - 1
        return np.where(before < 0, -1, events["state"][before]).astype(np.int8)

    def window(self, tid: int, start_ns: int, end_ns: int) -> Account:
        """The account of exactly this window (CLOCK_MONOTONIC), which lies in the past.

        Elapsed time is exact. CPU time is spread evenly over a state that the window's edges cut.
        """
        slot = self._slot(tid)
        record = self._record(slot)
        events = self._events(slot, int(record["events"]))
        self._refuse_lost(record, events, end_ns)
        if events["state"][-1] != OracleState.ENDED and events["t_ns"][-1] < end_ns:
            now_ns, cpu_ns = self._now(record)
            last = np.array([(max(now_ns, end_ns), cpu_ns, events["state"][-1])], EVENT)
            events = np.concatenate([events, last])
        edges = np.clip(events["t_ns"], start_ns, end_ns)
        cpu_at_edges = np.interp(edges.astype(float), events["t_ns"].astype(float), events["cpu_ns"])
        states = events["state"][:-1]
        inside = (events["t_ns"][:-1] >= start_ns) & (events["t_ns"][:-1] < end_ns)
        return Account(
            end_ns - start_ns,
            _sums(states, np.diff(edges)),
            _sums(states, np.diff(cpu_at_edges)),
            _sums(states, inside),
        )

    def _header(self) -> Any:
        return np.frombuffer(self._map[: HEADER.itemsize], HEADER)[0]

    def _record(self, slot: int) -> Any:
        """A consistent copy of a thread's record; its owner's ``sequence`` is a sequence lock."""
        start = HEADER_SIZE + slot * THREAD.itemsize
        for attempt in range(_READ_ATTEMPTS):
            if attempt >= _ATTEMPTS_AT_ONCE:
                time.sleep(0.001)  # its owner has lost its CPU in the middle of a change
            before = self._map[start : start + 4]
            copy = np.frombuffer(self._map[start : start + THREAD.itemsize], THREAD)[0]
            if before == self._map[start : start + 4] and not before[0] & 1:
                return copy
        raise RuntimeError(f"slot {slot} stayed in the middle of a change: its thread died there?")

    def _events(self, slot: int, count: int) -> npt.NDArray[np.void]:
        start = HEADER_SIZE + self._slots * THREAD.itemsize + slot * self._capacity * EVENT.itemsize
        return np.frombuffer(self._map[start : start + count * EVENT.itemsize], EVENT)

    def _slot(self, tid: int) -> int:
        slots = [life.slot for life in self.lives() if life.tid == tid]
        if not slots:
            raise KeyError(f"thread {tid} has not used the GIL")
        return slots[-1]

    def _refuse_lost(self, record: Any, events: npt.NDArray[np.void], end_ns: int) -> None:
        if record["events_lost"] and end_ns >= events["t_ns"][-1]:
            raise ValueError(f"{record['events_lost']} events lost: room for {self._capacity} was not enough")

    def _now(self, record: Any) -> tuple[int, int]:
        """Now, and the thread's CPU time: never below what it had when its state began."""
        cpu_ns = int(record["cpu_since_ns"])
        path = Path(f"/proc/{record['tid']}/schedstat")
        with suppress(FileNotFoundError, ProcessLookupError):  # The process may be over.
            cpu_ns = max(cpu_ns, int(path.read_text().split()[0]))
        return time.monotonic_ns(), cpu_ns

    def _account_now(self, slot: int) -> Account:
        record = self._record(slot)
        now_ns, cpu_now_ns = int(record["since_ns"]), int(record["cpu_since_ns"])
        ns, cpu_ns = record["ns"].astype(int), record["cpu_ns"].astype(int)
        if record["state"] != OracleState.ENDED:
            now_ns, cpu_now_ns = self._now(record)
            ns[record["state"]] += now_ns - int(record["since_ns"])
            cpu_ns[record["state"]] += cpu_now_ns - int(record["cpu_since_ns"])
        return Account(now_ns, *(tuple(int(v) for v in values) for values in (ns, cpu_ns, record["entries"])))


def _sums(states: npt.NDArray[Any], weights: npt.NDArray[Any]) -> tuple[int, ...]:
    return tuple(round(value) for value in np.bincount(states, weights.astype(float), STATES))
