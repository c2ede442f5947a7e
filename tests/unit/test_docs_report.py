"""The complete report in docs/ is one, and obeys the laws."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

from gilprof.report import model
from tests.support.laws import check_laws

DOCS = Path(__file__).parents[2] / "docs"


def test_example_report_obeys_the_laws() -> None:
    check_laws(json.loads((DOCS / "report.example.json").read_text()))


def test_every_key_is_documented() -> None:
    text = (DOCS / "report-json.md").read_text()
    shown = {field.name for kind in (model.Report, model.Process, model.Sampling) for field in fields(kind)}
    assert {name for name in shown if f"`{name}`" not in text and f"`{name}[]`" not in text} == set()
