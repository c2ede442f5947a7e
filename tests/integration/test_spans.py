"""``--span`` on a real threaded web server, against its own timing; event loops against theirs."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from gilprof.analysis.profile import Profile
from gilprof.report.build import build_report
from gilprof.report.json import as_json
from gilprof.sources.live import LiveSource
from tests.support.interpreters import Interpreter, some_versions
from tests.support.laws import check_laws
from tests.support.spawn import Target, spawn

on_some_versions = pytest.mark.parametrize("interpreter", some_versions(), ids=str)
CLIENTS = 6
REQUESTS = 20
"""Of each client."""
WORK = 200_000


@contextmanager
def profiled(target: Target, *spans: str) -> Iterator[dict[str, Any]]:
    """The report's process, filled in at the end of the block."""
    process: dict[str, Any] = {}
    stop = threading.Event()
    with closing(LiveSource.attach(target.pid, 1000.0)) as source:
        profile = Profile(source.info, spans=spans)

        def follow() -> None:
            while (batch := source.drain()) is not None:
                profile.add(batch)
                if stop.wait(0.1):
                    break

        follower = threading.Thread(target=follow)
        follower.start()
        try:
            yield process
        finally:
            stop.set()
            follower.join()
        last = source.drain()
        if last is not None:
            profile.add(last)
    profile.finish()
    report = as_json(build_report(profile))
    check_laws(report)
    process.update(report["processes"][0])


def ask(port: int) -> None:
    for _ in range(REQUESTS):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            answer.read()


@on_some_versions
def test_requests_of_a_web_server(interpreter: Interpreter) -> None:
    """Answers of some milliseconds each, from threads that wait for one another."""
    with spawn(interpreter.path, "service", WORK) as target:
        with profiled(target, "Handler.do_GET") as process:
            clients = [threading.Thread(target=ask, args=(target.extra["port"],)) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
        truth = target.truth()["server"]
    (span,) = process["spans"]
    assert truth["requests"] == CLIENTS * REQUESTS
    unobserved_share = process["unobserved_s"] / process["duration_s"]
    assert span["count"] == pytest.approx(truth["requests"], rel=0.03 + unobserved_share)
    inside_s = sum(span["seconds"].values())
    allowed_s = 0.05 * truth["handled_s"] + process["unobserved_s"] * CLIENTS
    assert abs(inside_s - truth["handled_s"]) < allowed_s
    assert abs(span["max_s"] - truth["longest_s"]) < 0.003 + process["unobserved_s"]
    assert span["seconds"]["waiting"] > 0.3 * inside_s, "six threads of pure Python"
    assert span["p50_s"] <= span["p90_s"] <= span["p99_s"] <= span["max_s"]
    assert len(span["slowest"]) == 20
    functions = {function["id"]: function["name"] for function in process["functions"]}
    for slow in span["slowest"]:
        assert slow["seconds"] >= span["p50_s"]
        assert sum(slow["states"].values()) == pytest.approx(slow["seconds"], abs=0.003 + process["unobserved_s"])
    waited_for = [culprit for slow in span["slowest"] for culprit in slow["waited_for"]]
    by_answers_s = sum(c["seconds"] for c in waited_for if functions[c["function"]].startswith("Handler.do_GET"))
    assert by_answers_s > 0.5 * sum(culprit["seconds"] for culprit in waited_for)


@on_some_versions
def test_an_event_loop_that_is_held_up(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "async_service") as target:
        before = target.truth()
        with profiled(target) as process:
            threading.Event().wait(5.0)
        after = target.truth()
    (loop,) = process["loops"]
    threads = {thread["id"]: thread["name"] for thread in process["threads"]}
    functions = {function["id"]: function["name"] for function in process["functions"]}
    assert (threads[loop["thread"]], loop["kind"]) == ("loop", "asyncio")
    by = {
        functions[cause["function"]] if cause["function"] is not None else threads[cause["waiting_for"]]: cause["count"]
        for cause in loop["held_up_by"]
    }
    parsed = after["loop"]["parsed"] - before["loop"]["parsed"]
    held = after["holder"]["held"] - before["holder"]["held"]
    assert abs(by["parse"] - parsed) <= 2 + held / 4  # a hold that begins in one makes it wait for the most part
    assert 0 < by["holder"] <= held + 2
    assert sum(by.values()) == loop["held_up"]
    slow = loop["slowest"][0]
    assert functions[slow["function"]] in ("parse", "query")
    assert slow["seconds"] >= 0.06


def test_a_program_without_one() -> None:
    with spawn(some_versions()[0].path, "spin", 2) as target, profiled(target) as process:
        threading.Event().wait(0.5)
    assert process["loops"] == []
    assert process["spans"] == []
