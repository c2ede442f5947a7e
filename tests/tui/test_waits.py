"""Who waits for whom adds up, whatever it is told apart by, and agrees with the report."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gilprof.report.build import build_report
from gilprof.tui.tree import call_tree, callers_and_callees
from gilprof.tui.waits import By, stack_pairs, waits
from tests.support.made_up import MadeUp
from tests.support.screens import c_code_keeps_it, collections, convoy, many_threads, range_of

PROFILES = [c_code_keeps_it, convoy, collections, many_threads]


@pytest.mark.parametrize("by", By)
@pytest.mark.parametrize("made", PROFILES)
def test_it_adds_up_to_all_waiting(made: Callable[[], MadeUp], by: By) -> None:
    part = range_of(made())
    rows = list(waits(part, by))
    waiting_s = sum(thread.seconds["waiting"] for thread in part.process.threads)
    assert sum(row.seconds for row in rows) == pytest.approx(waiting_s)
    assert sum(row.share for row in rows) == pytest.approx(1.0)
    for row in rows[:5]:
        behind = stack_pairs(part, by, row.key)
        assert sum(pair.seconds for pair in behind) == pytest.approx(row.seconds, rel=0.01) or len(behind) == 20


@pytest.mark.parametrize("made", PROFILES)
def test_it_agrees_with_the_report(made: Callable[[], MadeUp]) -> None:
    part = range_of(made())
    blame = build_report(part).processes[0].blame
    for by, told in ((By.OWN, blame.own), (By.TOP, blame.functions)):
        assert [row.seconds for row in waits(part, by)] == pytest.approx([row.seconds for row in told])
        assert [row.overdue for row in waits(part, by)] == pytest.approx([row.overdue_s / row.seconds for row in told])


@pytest.mark.parametrize("made", PROFILES)
def test_trees_and_callers_agree_with_the_report(made: Callable[[], MadeUp]) -> None:
    part = range_of(made())
    tree = call_tree(part)
    for function in part.process.functions[:20]:
        callers, callees = callers_and_callees(tree, function.id)
        total_s = sum(function.total.values())
        assert sum(callers.values()) / 1e9 == pytest.approx(total_s)
        assert sum(callees.values()) / 1e9 == pytest.approx(total_s)
