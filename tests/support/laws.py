"""The laws of a report (docs/report-json.md), for reports of whatever origin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import sqrt
from typing import Any

from tests.support.steal import OF_THE_TEST

STATES = ("held", "held_blocked", "waiting", "released", "blocked", "unknown")
ORIGINS = ("preempted", "returning", "entering")
WHERES = ("lock", "poll", "io", "sleep", "page", "other")
ROUNDING_S = 1e-9
"""Each figure is rounded to the nanosecond; sums of n of them may be off by n times as much."""
SHARE_ROUNDING = 1e-9
ROUNDING = 1e-3
"""Of corrected counts."""
TICK_S = 0.01
"""The kernel's account of a thread on a CPU advances at the tick: 10 ms at CONFIG_HZ=100."""


def check_laws(report_json: dict[str, Any], *, sigmas: float | None = 4.0) -> None:
    """Assert every law on a report as ``report --json`` gives it.

    ``sigmas``: how many standard errors the figures that are sampled may be off what the kernel accounts for
    exactly; None leaves these laws out (made-up reports, whose kernel accounts are made up as well).
    """
    assert report_json["schema"] == "gilprof.report/1"
    assert report_json["mode"] == "sampled"
    assert report_json["sentence"]
    assert report_json["selection"] is None, "the laws are of whole reports"
    assert report_json["processes"]
    for process in report_json["processes"]:
        check_time(process)
        check_gils(process)
        check_threads(process)
        check_functions(process)
        check_blame(process)
        check_shares(process)
        check_episodes(process)
        if sigmas is not None:
            check_kernel_account(process, sigmas)


def check_time(process: dict[str, Any]) -> None:
    """The parts of time add up, and nobody lives longer than was observed."""
    observed, unobserved = process["observed_s"], process["unobserved_s"]
    _close(observed + unobserved, process["duration_s"], 3)
    assert 0 <= process["stopped_s"] <= unobserved + ROUNDING_S
    for thread in process["threads"]:
        members = max(thread["folded"], 1)
        assert thread["alive_s"] <= members * observed + members * ROUNDING_S
    sampling = process["sampling"]
    assert 0 <= sampling["torn"] <= sampling["passes"]
    aimed_hz = sampling["asked_hz"] if sampling["aimed_hz"] is None else sampling["aimed_hz"]
    expected = aimed_hz * process["duration_s"] - sampling["passes"]
    assert abs(sampling["missed"] - max(expected, 0)) <= 1


def check_gils(process: dict[str, Any]) -> None:
    """What a GIL's time is made of, and what waiting it saw."""
    for gil in process["gils"]:
        if gil["held"] is None:
            assert process["observed_s"] == 0
            continue
        parts = gil["held"] + gil["held_blocked"] + gil["handover"] + gil["torn"]
        assert parts <= 1 + SHARE_ROUNDING
        assert gil["contended"] <= parts + SHARE_ROUNDING
        assert gil["contended"] <= gil["waiters_mean"] + SHARE_ROUNDING
        assert gil["switches"] >= 0
        mine = [thread for thread in process["threads"] if thread["gil"] == gil["id"]]
        for state, share in (("held", "held"), ("held_blocked", "held_blocked"), ("waiting", "waiters_mean")):
            spent = sum(thread["seconds"][state] for thread in mine)
            _close(spent, gil[share] * process["observed_s"], len(mine) + 2)
    if process["running_mean"] is not None:
        python = [thread["seconds"] for thread in process["threads"] if thread["gil"] is not None]
        running = sum(seconds["held"] + seconds["released"] for seconds in python)
        assert process["running_mean"] * process["observed_s"] <= running + (len(python) + 2) * ROUNDING_S


def check_threads(process: dict[str, Any]) -> None:
    """A thread's states add up to its life, and their parts to them."""
    ids = [thread["id"] for thread in process["threads"]]
    assert len(ids) == len(set(ids))
    gils = {gil["id"] for gil in process["gils"]}
    for thread in process["threads"]:
        seconds = thread["seconds"]
        assert tuple(seconds) == STATES
        assert tuple(thread["waiting"]) == ORIGINS
        assert tuple(thread["blocked"]) == tuple(thread["held_blocked"]) == WHERES
        assert all(value >= 0 for value in (*seconds.values(), thread["cpu_s"], thread["queued_s"]))
        _close(sum(seconds.values()), thread["alive_s"], 7)
        for state in ("waiting", "blocked", "held_blocked"):
            _close(sum(thread[state].values()), seconds[state], 7)
        if thread["gil"] is None:
            assert seconds["held"] == seconds["held_blocked"] == seconds["waiting"] == 0
            assert thread["blamed_s"] == 0
        else:
            assert thread["gil"] in gils
        held = seconds["held"] + seconds["held_blocked"]
        assert thread["blocking_s"] <= held + 3 * ROUNDING_S
        assert thread["blocking_s"] <= thread["blamed_s"] + 2 * ROUNDING_S
    native = sum(max(thread["folded"], 1) for thread in process["threads"] if thread["gil"] is None)
    assert native == process["native_threads"]


def check_functions(process: dict[str, Any]) -> None:
    """Functions' own time adds up to the threads'; nothing is on the stack longer than that."""
    functions = process["functions"]
    python = [thread for thread in process["threads"] if thread["gil"] is not None]
    rows = len(functions) + len(python)
    assert len({function["id"] for function in functions}) == len(functions)
    assert len({(f["name"], f["file"], f["line"]) for f in functions}) == len(functions)
    for state in STATES:
        spent = sum(thread["seconds"][state] for thread in python)
        _close(sum(function["self"][state] for function in functions), spent, rows)
        for function in functions:
            assert function["total"][state] <= spent + rows * ROUNDING_S
            assert function["self"][state] <= function["total"][state] + ROUNDING_S
    blamed = sum(thread["blamed_s"] for thread in python)
    _close(sum(function["blamed_s"] for function in functions), blamed, rows)
    for function in functions:
        lines = function["lines"]
        assert (function["file"] is None) == (function["name"] in PSEUDO_FUNCTIONS)
        assert function["file"] is not None or (function["line"] is None and not function["own"])
        for state in STATES:
            _close(sum(line["self"][state] for line in lines), function["self"][state], len(lines) + 1)
        for key in ("overdue_s", "blamed_s"):
            _close(sum(line[key] for line in lines), function[key], len(lines) + 1)
        held = function["self"]["held"] + function["self"]["held_blocked"]
        assert function["overdue_s"] <= held + 3 * ROUNDING_S
        assert function["blamed_s"] <= function["blamed_total_s"] + ROUNDING_S
        assert function["blocking_s"] <= min(held, function["blamed_s"]) + 3 * ROUNDING_S


PSEUDO_FUNCTIONS = ("<no Python frame>", "<GC>", "<unreadable stack>")


def check_blame(process: dict[str, Any]) -> None:
    """Each of the three tables adds up to all waiting, and by thread to what each one waited and is blamed for."""
    threads = {thread["id"]: thread for thread in process["threads"]}
    functions = {function["id"]: function for function in process["functions"]}
    waited = sum(thread["seconds"]["waiting"] for thread in threads.values())
    for name, known in (("threads", threads), ("functions", functions), ("own", functions)):
        rows = process["blame"][name]
        _close(sum(row["seconds"] for row in rows), waited, len(rows) + len(threads))
        keys = [(row["holder"], row.get("why"), row["waiter"]) for row in rows]
        assert len(set(keys)) == len(keys)
        for row in rows:
            assert row["seconds"] > 0
            assert row["waiter"] in known
            assert (row["holder"] is None) == (row.get("why") in ("handover", "torn")), row
            assert row["holder"] is None or row["holder"] in known
    by_thread = process["blame"]["threads"]
    _check_sums(by_thread, "waiter", {id_: thread["seconds"]["waiting"] for id_, thread in threads.items()})
    _check_sums(by_thread, "holder", {id_: thread["blamed_s"] for id_, thread in threads.items()})
    by_function = process["blame"]["functions"]
    _check_sums(by_function, "holder", {id_: function["blamed_s"] for id_, function in functions.items()})
    _check_sums(by_function, "waiter", {id_: function["self"]["waiting"] for id_, function in functions.items()})


def check_shares(process: dict[str, Any]) -> None:
    """No share is above 1."""
    shares = [process["sampling"]["unknown"]]
    for gil in process["gils"]:
        shares += [gil[name] for name in ("held", "held_blocked", "handover", "torn", "contended")]
    for share in shares:
        assert share is None or 0 <= share <= 1 + SHARE_ROUNDING


def check_episodes(process: dict[str, Any]) -> None:
    """Lengths are in order, ids are there, and the worst are no worse than the worst."""
    threads = {thread["id"] for thread in process["threads"]}
    functions = {function["id"] for function in process["functions"]} | {None}
    episodes = process["episodes"]
    for kind in ("waits", "turns"):
        rows = episodes[kind]
        assert len({(row["thread"], row["function"], row["line"]) for row in rows}) == len(rows)
        for row in rows:
            assert row["thread"] in threads
            assert row["function"] in functions
            below = row["below_resolution"]
            assert 0 <= below["seen"] <= below["corrected"] + ROUNDING <= row["count"] + 2 * ROUNDING
            lengths = [row[key] for key in ("p50_s", "p90_s", "p99_s", "max_s")]
            told = [length for length in lengths if length is not None]
            assert told == sorted(told)
            assert lengths == [None] * (4 - len(told)) + told
            assert (row["max_s"] is None) == (row["count"] <= below["corrected"] + ROUNDING)
    longest: defaultdict[str, float] = defaultdict(float)
    for row in episodes["worst"]:
        assert row["thread"] in threads
        assert row["function"] in functions
        assert row["error_s"] is None or 0 <= row["error_s"] <= row["seconds"] / 3 + ROUNDING_S
        assert row["overdue_s"] >= 0
        assert (row["kind"] == "wait") == (row["origin"] is not None)
        assert row["holder"] is None or row["holder"]["thread"] in threads
        assert all(victim["thread"] in threads for victim in row["victims"])
        longest[row["kind"]] = max(longest[row["kind"]], row["seconds"])
    for kind, seconds in longest.items():
        assert seconds <= max(row["max_s"] or 0.0 for row in episodes[f"{kind}s"]) + ROUNDING_S
    assert all(sum(row["kind"] == kind for row in episodes["worst"]) <= 20 for kind in longest)


def check_kernel_account(process: dict[str, Any], sigmas: float) -> None:
    """What was sampled agrees with what the kernel counted, within sampling error."""
    for thread, error_s in _with_errors(process):
        on_cpu = thread["seconds"]["held"] + thread["seconds"]["released"]
        # While the machine's host takes a CPU away, a thread on it runs, and its account stands still.
        tolerance_s = sigmas * error_s + 2 * TICK_S + OF_THE_TEST.stolen_s()
        name = thread["name"]
        assert on_cpu <= thread["cpu_s"] + thread["queued_s"] + tolerance_s, f"{name}: more than the kernel ran"
        switches_hz = process["gils"][0]["switches"] / process["observed_s"]
        if thread["cpu_s"] > 0.1 * thread["alive_s"] and switches_hz < 1000:
            assert thread["cpu_s"] <= on_cpu + tolerance_s, f"{name}: less than the kernel ran"


def _with_errors(process: dict[str, Any]) -> Iterator[tuple[dict[str, Any], float]]:
    """Python threads and the standard error of their held + released, in seconds.

    Looks within one turn of a thread are not independent: a turn lasts a switch interval or two.
    """
    for thread in process["threads"]:
        if thread["gil"] is None or thread["alive_s"] == 0:
            continue
        gap_s = 1 / process["sampling"]["rate_hz"]
        turn_s = max(gap_s, 2 * process["gils"][0]["switch_interval_s"])
        independent = max(thread["alive_s"] / turn_s, 1.0)
        share = (thread["seconds"]["held"] + thread["seconds"]["released"]) / thread["alive_s"]
        # One look more or less, so that a share of 0 or 1 has an error too.
        share = min(max(share, 1 / (independent + 1)), independent / (independent + 1))
        yield thread, thread["alive_s"] * sqrt(share * (1 - share) / independent)


def _check_sums(rows: list[dict[str, Any]], side: str, expected: dict[int, float]) -> None:
    sums: defaultdict[int, float] = defaultdict(float)
    for row in rows:
        if row[side] is not None:
            sums[row[side]] += row["seconds"]
    for number, seconds in expected.items():
        _close(sums[number], seconds, len(rows) + 1)


def _close(a: float, b: float, figures: int) -> None:
    assert abs(a - b) <= figures * ROUNDING_S + 1e-12 * abs(b), f"{a} is not {b}"
