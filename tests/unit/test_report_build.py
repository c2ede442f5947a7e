"""The report's figures, rows and JSON."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

from gilprof.facts.user_code import Whose, package_of, whose
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, Batch, Function, Health, Origin, State, ThreadSeen
from gilprof.report.build import build_report
from gilprof.report.json import dumps
from gilprof.report.names import base_name
from tests.support.laws import ORIGINS, STATES, WHERES, check_laws
from tests.support.made_up import BOOTSTRAP, STDLIB, MadeUp, Seen

MAIN = (("<module>", "/srv/app.py", 1, 20), ("main", "/srv/app.py", 10, 14))
STEP = (*BOOTSTRAP, ("Worker.step", "/srv/app.py", 30, 33))


def as_json(profile: MadeUp) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(dumps(build_report(profile)))
    return report


def contended() -> MadeUp:
    profile = MadeUp(health=Health(passes=500, sampler_cpu_ns=20_000_000)).threads("MainThread", "worker-1")
    profile.add(0.3, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD, STEP, cpu=1)}, passes=300)
    profile.add(0.2, {0: Seen(State.HELD, MAIN, cpu=1), 1: Seen(State.WAITING, STEP)}, passes=200)
    return profile


def test_keys_and_their_order() -> None:
    """docs/report-json.md has them in this order; keys that it does not have come behind or between."""
    report = as_json(contended())
    assert _in_order(report, "schema gilprof mode backend sentence processes")
    process = report["processes"][0]
    assert _in_order(
        process,
        "id pid command python build process_started started ended duration_s observed_s unobserved_s stopped_s "
        "sampling running_mean native_threads gils threads functions blame",
    )
    assert _in_order(process["sampling"], "asked_hz rate_hz passes missed torn unknown")
    assert _in_order(
        process["gils"][0],
        "id interpreters enabled switch_interval_s switches held held_blocked handover torn contended waiters_mean",
    )
    thread = process["threads"][0]
    assert _in_order(
        thread,
        "id tid name gil alive_s cpu_s queued_s blamed_s blocking_s seconds waiting blocked held_blocked",
    )
    assert tuple(thread["seconds"]) == STATES
    assert tuple(thread["waiting"]) == ORIGINS
    assert tuple(thread["blocked"]) == tuple(thread["held_blocked"]) == WHERES
    function = next(function for function in process["functions"] if function["lines"])
    assert _in_order(function, "id name file line own self total overdue_s blamed_s blamed_total_s blocking_s lines")
    assert _in_order(function["lines"][0], "line self overdue_s blamed_s")
    assert _in_order(process["blame"], "threads functions own")
    assert _in_order(process["blame"]["threads"][0], "holder waiter seconds")


def _in_order(value: dict[str, Any], keys: str) -> bool:
    wanted = keys.split()
    return [key for key in value if key in wanted] == wanted


def test_figures() -> None:
    report = as_json(contended())
    process = report["processes"][0]
    assert process["process_started"] == "2026-11-21T08:55:02.100000+00:00"
    assert process["started"] == "2026-11-21T09:00:01.000000+00:00"
    assert process["duration_s"] == process["observed_s"] == 0.5
    assert process["sampling"]["rate_hz"] == 1000
    assert process["sampling"]["missed"] == 0
    assert process["running_mean"] == 1.0
    assert process["gils"][0]["waiters_mean"] == 1.0
    worker = process["threads"][1]
    assert (worker["tid"], worker["name"], worker["cpu_s"], worker["blamed_s"]) == (5001, "worker-1", 0.3, 0.3)
    assert process["blame"]["threads"] == [
        {"holder": 1, "waiter": 0, "seconds": 0.3, "waiting": {"preempted": 0.3, "returning": 0.0, "entering": 0.0},
         "overdue_s": 0.0, "holder_line": None, "waiter_line": None},
        {"holder": 0, "waiter": 1, "seconds": 0.2, "waiting": {"preempted": 0.2, "returning": 0.0, "entering": 0.0},
         "overdue_s": 0.0, "holder_line": None, "waiter_line": None},
    ]  # fmt: skip
    own = process["blame"]["own"][0]
    assert (own["holder_line"], own["waiter_line"]) == (33, 14)
    check_laws(report, sigmas=None)


def test_nothing_observed_is_null_not_zero() -> None:
    process = as_json(MadeUp())["processes"][0]
    assert process["started"] is None
    assert process["running_mean"] is None
    assert process["gils"][0]["held"] is None
    assert process["sampling"]["rate_hz"] is None
    assert process["sampling"]["unknown"] is None
    check_laws(as_json(MadeUp()), sigmas=None)


def test_null_holders_say_why() -> None:
    profile = MadeUp().threads("MainThread")
    profile.add(0.3, {0: Seen(State.WAITING, MAIN)}).add(0.1, {0: Seen(State.WAITING, MAIN)}, torn=True)
    for rows in as_json(profile)["processes"][0]["blame"].values():
        assert [(row["holder"], row["why"], row["seconds"]) for row in rows] == [
            (None, "handover", 0.3),
            (None, "torn", 0.1),
        ]


def test_code_objects_of_one_function_are_one_function() -> None:
    """A closure made twice: two code objects with one name, file and first line."""
    profile = contended()
    profile.definitions.functions = [
        Function("main", "/srv/app.py", 10) if function.name == "Worker.step" else function
        for function in profile.definitions.functions
    ]
    profile.sums()
    names = [function["name"] for function in as_json(profile)["processes"][0]["functions"]]
    assert names.count("main") == 1


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("main", "/srv/app.py", Whose.OWN),
        ("main", "app.py", Whose.OWN),
        ("f", "<string>", Whose.OWN),
        ("f", "<frozen importlib._bootstrap>", Whose.PYTHON),
        ("f", f"{STDLIB}/json/decoder.py", Whose.PYTHON),
        ("f", f"{STDLIB}/site-packages/numpy/core.py", Whose.INSTALLED),
        ("f", "/usr/lib/python3/dist-packages/apt/cache.py", Whose.INSTALLED),
        ("f", f"{STDLIB}-extra/app.py", Whose.OWN),
        ("f", "/srv/my-site-packages-tool/app.py", Whose.OWN),
        ("<module>", "/srv/venv/bin/gunicorn", Whose.PYTHON),
        ("main", "/home/me/bin/tool", Whose.OWN),
        ("<module>", "/home/me/bin/tool.py", Whose.OWN),
        ("Thread.run", f"{STDLIB}/threading.py", Whose.BOOTSTRAP),
    ],
)
def test_whose_code(name: str, file: str, expected: Whose) -> None:
    assert whose(Function(name, file, 1), (STDLIB,)) is expected


def test_packages_are_named() -> None:
    files = ("/venv/lib/site-packages/flask/app.py", "/venv/lib/site-packages/six.py", "/srv/app.py")
    assert [package_of(file) for file in files] == ["flask", "six", None]
    assert base_name("/venv/lib/site-packages/gunicorn/workers/gthread.py") == "gunicorn/…/gthread.py"
    assert base_name("/venv/lib/site-packages/numpy/linalg/__init__.py") == "numpy/linalg/__init__.py"
    assert base_name("/venv/lib/site-packages/six.py") == "six.py"


def test_recursion_counts_once() -> None:
    deep = (*MAIN, *(("walk", "/srv/tree.py", 5, 6 + n % 2) for n in range(200)))
    profile = MadeUp().threads("MainThread").add(1, {0: Seen(State.HELD, deep)})
    functions = {f["name"]: f for f in as_json(profile)["processes"][0]["functions"]}
    assert functions["walk"]["total"]["held"] == functions["walk"]["self"]["held"] == 1
    assert functions["main"]["total"]["held"] == 1


def test_garbage_collection_stands_on_top() -> None:
    profile = MadeUp().threads("MainThread").add(1, {0: Seen(State.HELD, MAIN, gc=True)})
    functions = {f["name"]: f for f in as_json(profile)["processes"][0]["functions"]}
    assert (functions["<GC>"]["file"], functions["<GC>"]["line"]) == (None, None)
    assert functions["<GC>"]["self"]["held"] == functions["<GC>"]["total"]["held"] == 1
    assert functions["main"]["self"]["held"] == 0
    assert functions["main"]["total"]["held"] == 1


def test_native_threads() -> None:
    profile = contended()
    profile.definitions.threads[2] = ThreadSeen(2, 5002, "openblas")
    profile.add(0.5, {2: Seen(State.RELEASED, None, python=False, cpu=1)}, passes=500)
    process = as_json(profile)["processes"][0]
    assert process["native_threads"] == 1
    assert process["threads"][2]["gil"] is None
    assert process["running_mean"] == 0.5


def test_stacks_that_cannot_be_are_told() -> None:
    """A damaged recording: parents behind their children, frames and functions that do not exist."""
    profile = contended()
    sums = profile.sums()
    profile.definitions._stacks = np.array([[0, 0], [5, 99], [-7, 1], [1, -3]] * 3, np.int32)
    profile.definitions._new_stacks = []
    profile.stack = lambda places: -1  # type: ignore[method-assign]
    sums.nodes.stack[:] = [3, 1000]
    profile.sums = lambda: sums  # type: ignore[method-assign]
    report = as_json(profile)
    check_laws(report, sigmas=None)
    assert "<unreadable stack>" in {f["name"] for f in report["processes"][0]["functions"]}


def many_threads(count: int) -> MadeUp:
    """``count`` threads of a pool that have ended, each of which held and waited once; the last ones more."""
    names = [f"Thread-{n} (job)" for n in range(count)]
    profile = MadeUp().threads("MainThread", *names, ended=range(1, count + 1))
    for n in range(1, count + 1):
        profile.add(0.001, {0: Seen(State.HELD, MAIN), n: Seen(State.WAITING, STEP)}, passes=1)
        profile.add(0.001 * (1 + n), {0: Seen(State.WAITING, MAIN), n: Seen(State.HELD, STEP)}, passes=1 + n)
    return profile


def test_a_report_of_many_stacks_is_linear() -> None:
    """Five times the nodes take about five times the CPU, not twenty-five: and all of them are summed up."""
    few_s, many_s = (min(_seconds_to_build(_many_stacks(nodes)) for _ in range(3)) for nodes in (10_000, 50_000))
    assert many_s < 2 * 5 * few_s
    profile = _many_stacks(50_000)
    held_s = sum(function.self["held"] for function in build_report(profile).processes[0].functions)
    assert held_s == pytest.approx(profile.sums().nodes.states_ns[:, State.HELD].sum() / 1e9)


def _seconds_to_build(profile: MadeUp) -> float:
    """Of this process's CPU."""
    began = time.process_time()
    build_report(profile)
    return time.process_time() - began


def _many_stacks(nodes: int) -> MadeUp:
    """Random nodes and pairs on stacks about 20 deep."""
    profile, depth = contended(), 20
    rng = np.random.default_rng(1)
    functions = 3000
    stacks = np.empty((nodes * 2, 2), np.int32)
    stacks[:, 0] = [max(-1, n - int(step)) for n, step in enumerate(rng.integers(1, 2 * nodes // depth, nodes * 2))]
    stacks[:, 1] = rng.integers(0, functions * 4, nodes * 2)
    profile.definitions.add(
        Batch(
            passes=np.empty(0, PASS_DTYPE),
            looks=np.empty(0, LOOK_DTYPE),
            functions=tuple(Function(f"f{n}", f"/srv/m{n % 50}.py", n) for n in range(functions)),
            frames=np.column_stack([rng.integers(0, functions, functions * 4), rng.integers(1, 500, functions * 4)]),
            stacks=stacks,
        )
    )
    sums = profile.sums()
    node_sums = type(sums.nodes)(
        thread=rng.integers(0, 2, nodes).astype(np.int32),
        stack=rng.permutation(len(stacks))[:nodes].astype(np.int32),
        gc=np.zeros(nodes, np.bool_),
        states_ns=rng.random((nodes, 6)) * 1e6,
        blocked_in_ns=np.zeros((nodes, 6)),
        overdue_ns=np.zeros(nodes),
        blamed_ns=rng.random(nodes) * 1e6,
        blocking_ns=np.zeros(nodes),
        held_queued_ns=np.zeros(nodes),
    )
    pairs = type(sums.pairs)(
        holder=rng.integers(-2, nodes, nodes).astype(np.int32),
        waiter=rng.integers(0, nodes, nodes).astype(np.int32),
        origin_ns=rng.random((nodes, 3)) * 1e6,
        overdue_ns=np.zeros(nodes),
    )
    whole = type(sums)(**{**{name: getattr(sums, name) for name in sums.__slots__}, "nodes": node_sums, "pairs": pairs})
    profile.sums = lambda: whole  # type: ignore[method-assign]
    return profile


def test_origins_are_told_apart() -> None:
    profile = MadeUp().threads("MainThread", "worker-1")
    for origin in Origin:
        profile.add(0.1, {0: Seen(State.WAITING, MAIN, origin=origin), 1: Seen(State.HELD, STEP)})
    row = as_json(profile)["processes"][0]["blame"]["own"][0]
    assert row["waiting"] == dict.fromkeys(ORIGINS, 0.1)
