"""The benchmarks run: one short measurement for real."""

from __future__ import annotations

import re

from benchmarks import cost, startup


def test_startup_is_measured() -> None:
    table = startup.measure(0.0)
    assert all(0 < float(seconds) < 10 for _, seconds in table.rows)
    assert table.title in table.markdown()


def test_cost_is_measured_as_ratios() -> None:
    table = cost.measure(1.0, only=("3.11", "3.15"))
    assert table.rows, "no interpreter was measured"
    for version, ours, *_, ratio_to_spy, ratio_to_sampling in table.rows:
        assert re.fullmatch(r"\d+ us", ours), version
        shown = [float(ratio) for ratio in (ratio_to_spy, ratio_to_sampling) if ratio != "-"]
        assert shown
        assert all(ratio > 0 for ratio in shown)
