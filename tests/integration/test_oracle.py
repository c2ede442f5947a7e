"""The oracle itself, held against witnesses that know nothing of it: the kernel, the targets' own stamps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.oracle import Account, Oracle, OracleState
from tests.support.interpreters import Interpreter, variants
from tests.support.spawn import Target, spawn
from tests.support.steal import stolen_s

every_interpreter = pytest.mark.parametrize("interpreter", variants(), ids=str)
Accounts = dict[str, Account]
MEASURED_S = 1.0
TICK_S = 0.010
"""The longest that the kernel's account of a thread on a CPU may lag (HZ=100); it closes the last state."""


@contextmanager
def measured(interpreter: Interpreter, name: str, *args: object) -> Iterator[tuple[Target, Oracle, Accounts]]:
    """A target in its steady state, and by thread name what each worker did in the measured time."""
    with Oracle() as oracle, spawn(interpreter.path, name, *args, oracle=oracle) as target:
        before = oracle.snapshot()
        time.sleep(MEASURED_S)
        after = oracle.snapshot()
        assert oracle.threads_lost == 0
        yield target, oracle, {name: after[tid] - before[tid] for name, tid in target.tids.items()}


def share(part_ns: float, account: Account) -> float:
    return part_ns / account.t_ns


def without_cpu_s(tid: int) -> float:
    """At most so long the thread has been runnable without a CPU: queued for one by the kernel's account (schedstat),
    or on one that the machine's host had taken away."""
    return int(Path(f"/proc/{tid}/schedstat").read_text().split()[1]) / 1e9 + stolen_s()


@every_interpreter
def test_spinners_only_hold_and_wait(interpreter: Interpreter) -> None:
    with measured(interpreter, "spin", 3) as (_, _, accounts):
        for account in accounts.values():
            assert account.total_ns == account.t_ns
            assert share(account.off_ns, account) < 0.002
            assert share(account.off_cpu_ns, account) < 0.002
        held = sum(share(account.held_ns, account) for account in accounts.values())
        assert 0.9 < held < 1.001


@every_interpreter
def test_cpu_time_is_split_between_the_states_without_loss(interpreter: Interpreter) -> None:
    """A spinner's CPU time by its own clock is what the oracle found in its holds, waits and the rest."""
    with measured(interpreter, "spin", 2) as (target, oracle, _):
        for name, tid in target.tids.items():
            events = oracle.events(tid)
            noted_ns = target.truth()[name]["thread_time_s"] * 1e9
            account = oracle.snapshot()[tid]
            missing_ns = account.cpu_ns[OracleState.OFF] + account.held_cpu_ns + account.waiting_cpu_ns
            missing_ns += int(events["cpu_ns"][0]) - int(noted_ns)
            # The spinner notes its time down every 200,000 rounds: some ten milliseconds, more on a slow CPU.
            assert -TICK_S * 1e9 < missing_ns < 0.2e9


@every_interpreter
def test_never_two_holders(interpreter: Interpreter) -> None:
    with measured(interpreter, "convoy", 2) as (target, oracle, _):
        holds = []
        for tid in target.tids.values():
            events = oracle.events(tid)
            begins = np.flatnonzero(events["state"][:-1] == OracleState.HELD)
            holds.append(np.stack([events["t_ns"][begins], events["t_ns"][begins + 1]], axis=1))
        ordered = np.concatenate(holds)
        ordered = ordered[np.argsort(ordered[:, 0])]
        assert len(ordered) > 100
        assert (ordered[1:, 0] >= ordered[:-1, 1]).all()


@every_interpreter
def test_hashing_is_off_the_gil_and_on_the_cpu(interpreter: Interpreter) -> None:
    stolen_before_s = stolen_s()
    with measured(interpreter, "hash_big", 0) as (target, _, accounts):
        account = accounts["hash"]
        without_cpu_ns = (without_cpu_s(target.tids["hash"]) - stolen_before_s) * 1e9
        assert account.held_ns + account.waiting_ns < 0.02 * account.t_ns + without_cpu_ns
        # Its CPU time is all off the GIL, whatever share of a CPU it got.
        assert account.off_cpu_ns > 50 * (account.held_cpu_ns + account.waiting_cpu_ns)


@every_interpreter
def test_sleeping_with_the_gil_is_held_without_cpu_time(interpreter: Interpreter) -> None:
    nap_ns = 20_000_000
    with Oracle() as oracle, spawn(interpreter.path, "hold_sleep", 20, 20, oracle=oracle) as target:
        without_before_s = without_cpu_s(target.tids["sleeper"])
        before, naps_before = oracle.snapshot(), target.truth()["sleeper"]["naps"]
        time.sleep(MEASURED_S)
        after, naps_after = oracle.snapshot(), target.truth()["sleeper"]["naps"]
        sleeper, spinner = (after[tid] - before[tid] for tid in target.tids.values())
        naps = naps_after - naps_before
        assert naps > 10
        # One nap at the edges, and a millisecond by which each may end late, without the wait for a CPU.
        allowed_ns = nap_ns + naps * 1e6 + 1e9 * (without_cpu_s(target.tids["sleeper"]) - without_before_s)
        assert abs(sleeper.held_ns - naps * nap_ns) < allowed_ns
        assert abs(sleeper.off_ns - naps * nap_ns) < allowed_ns
        assert sleeper.held_cpu_ns < 0.05 * sleeper.held_ns
        assert sleeper.off_cpu_ns < 0.05 * sleeper.off_ns
        # Nobody but the sleeper keeps the spinner from the GIL.
        assert abs(share(spinner.waiting_ns, spinner) - share(sleeper.held_ns, sleeper)) < 0.03


@every_interpreter
def test_known_bursts(interpreter: Interpreter) -> None:
    """Held and off time against the thread's own stamps, which are written down at the end of each round."""
    with Oracle() as oracle, spawn(interpreter.path, "bursts", 5, oracle=oracle) as target:
        tid = target.tids["burst"]
        before, own_before = oracle.snapshot()[tid], target.truth()["burst"]
        without_before_s = without_cpu_s(tid)
        time.sleep(MEASURED_S)
        after, own_after = oracle.snapshot()[tid], target.truth()["burst"]
        account = after - before
        own = {name: own_after[name] - own_before[name] for name in own_after}
        round_s = sum(own[name] for name in ("python_s", "native_s", "sleep_s", "lock_s")) / own["rounds"]
        off_s = own["native_s"] + own["sleep_s"] + own["lock_s"]
        # The round under way at either edge, and the time without a CPU between two stamps.
        allowed_s = round_s + without_cpu_s(tid) - without_before_s + 0.02 * MEASURED_S
        assert abs(account.held_ns / 1e9 - own["python_s"]) < allowed_s
        assert abs(account.off_ns / 1e9 - off_s) < allowed_s
        assert account.waiting_ns < 0.02e9


def test_a_window_of_the_past_equals_the_snapshots_around_it() -> None:
    with Oracle() as oracle, spawn(variants()[0].path, "zlib_mix", 1, 2, oracle=oracle) as target:
        before = oracle.snapshot()
        time.sleep(MEASURED_S)
        after = oracle.snapshot()
        for tid in target.tids.values():
            counted = after[tid] - before[tid]
            window = oracle.window(tid, before[tid].t_ns, after[tid].t_ns)
            assert np.allclose(window.ns, counted.ns, atol=5)
            assert np.allclose(window.cpu_ns, counted.cpu_ns, atol=TICK_S * 1e9)
            middle = np.linspace(before[tid].t_ns, after[tid].t_ns, 200_000).astype(int)
            looked = np.mean(oracle.state_at(tid, middle) == OracleState.HELD)
            assert abs(looked - share(window.held_ns, window)) < 0.002


def test_threads_that_end_keep_their_account() -> None:
    with Oracle(threads=4096) as oracle, spawn(variants()[0].path, "short_threads", oracle=oracle) as target:
        time.sleep(MEASURED_S)
        made = int(min(row["made"] for row in target.truth().values()))
        ended = [life for life in oracle.lives() if life.ended_ns is not None]
        assert len(ended) >= 2 * made - 2 > 10
        for life in ended:
            assert life.ended_ns is not None
            assert oracle.snapshot()[life.tid].total_ns > 0


def test_what_finds_no_room_is_counted() -> None:
    with (
        Oracle(threads=2, events=100) as oracle,
        spawn(variants()[0].path, "convoy", 2, oracle=oracle) as target,
    ):
        time.sleep(MEASURED_S)
        assert oracle.threads_lost == 2
        (known,) = [tid for tid in target.tids.values() if tid in oracle.snapshot()]
        lost = oracle.events_lost(known)
        assert lost > 0
        now = time.monotonic_ns()
        with pytest.raises(ValueError, match="events lost"):
            oracle.window(known, now - 1_000_000, now)
