"""The flame graph's page as a file: what is in it, and that no name gets out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gilprof.analysis.sums.values import HANDOVER, TORN
from gilprof.errors import FileError
from gilprof.exporters.flamegraph import SCRIPTS, export
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.page_data import NO_HOLDER
from gilprof.model import STATE_NAMES, State
from gilprof.report.build import Profiled
from tests.support.made_up import MadeUp, Seen
from tests.unit.test_export_collapsed import MAIN, STEP, contended

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"'><img src=x onerror=alert(1)>",
    "line\nbreak\r\u2028\u2029\x00\x1b[31m",
    "\udc80\ud800",
    "\u202egnp.exe",
    "{{data}}{{script}}",
    "&lt;b&gt;",
]


class Page(HTMLParser):
    """The elements of a page: (tag, attributes, text directly in it)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[int] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in ("meta", "input"):
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.elements[self._open[-1]][2].append(data)

    def texts(self, tag: str) -> list[str]:
        return ["".join(text) for name, _, text in self.elements if name == tag]

    @property
    def data(self) -> dict[str, Any]:
        data, _ = self.texts("script")
        found: dict[str, Any] = json.loads(data)
        return found

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        """Elements with the names of their attributes."""
        return [(tag, sorted(attributes)) for tag, attributes, _ in self.elements]


def text_of(profile: Profiled, narrowing: Narrowing | None = None) -> str:
    return "".join(export(profile, narrowing or Narrowing()))


def rows_with_time(data: dict[str, Any]) -> list[int]:
    columns = data["rows"]["ns"].values()
    return [row for row in range(len(data["rows"]["stack"])) if any(column[row] for column in columns)]


def hostile(name: str) -> MadeUp:
    profile = MadeUp().threads(name, "b")
    stack = ((name, f"/srv/{name}.py", 1, 3),)
    return profile.add(0.5, {0: Seen(State.HELD, stack), 1: Seen(State.WAITING, stack)})


def test_sums_are_the_profiles() -> None:
    profile = contended()
    rows = Page(text_of(profile)).data["rows"]
    for state in State:
        assert sum(rows["ns"][STATE_NAMES[state]]) == profile.sums().nodes.states_ns[:, state].sum()
    assert sum(rows["blamed_ns"]) == profile.sums().nodes.blamed_ns.sum()


def test_stacks_are_the_profiles() -> None:
    data = Page(text_of(contended())).data
    stacks, found = data["stacks"], set()
    for stack in data["rows"]["stack"]:
        path = []
        while stack >= 0:
            assert stacks["parent"][stack] < stack
            name, file, _, first_line = data["functions"][stacks["function"][stack]]
            path.append((name, file, first_line, stacks["line"][stack]))
            stack = stacks["parent"][stack]
        found.add(tuple(reversed(path)))
    assert found == {MAIN, STEP}


def test_it_asks_for_nothing_from_elsewhere() -> None:
    page = Page(text_of(contended()))
    assert not [attributes for _, attributes, _ in page.elements if {"src", "href"} & set(attributes)]
    assert "url(" not in page.texts("style")[0]
    assert "@import" not in page.texts("style")[0]
    policy = next(a["content"] for _, a, _ in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    for kind, content in (("script", page.texts("script")[1]), ("style", page.texts("style")[0])):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_names_are_readable_without_scripts() -> None:
    text = text_of(contended())
    assert "<td>worker-1</td>" in text
    assert "<td>Worker.step (/srv/app.py:30)</td>" in text
    module = text_of(MadeUp().threads("a").add(0.1, {0: Seen(State.HELD, MAIN[:1])}))
    assert "<td>&lt;module&gt; (/srv/app.py:1)</td>" in module


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    page, harmless = Page(text_of(hostile(name))), Page(text_of(hostile("harmless")))
    assert page.shape == harmless.shape
    assert page.texts("script")[1] == harmless.texts("script")[1]
    (shown,) = {function[0] for function in page.data["functions"]}
    assert shown in page.data["threads"]
    assert shown.isprintable()
    assert [shown for text in page.texts("td") if text.startswith(shown)]
    if name.isprintable():
        assert shown == name


@given(st.text(max_size=40))
def test_any_name_stays_text(name: str) -> None:
    text = text_of(hostile(name))
    assert Page(text).shape == Page(text_of(hostile("harmless"))).shape
    assert not set("<>&") & set(Page(text).texts("script")[0])
    text.encode("utf-8")


def test_narrowed() -> None:
    text = text_of(contended(), Narrowing((State.WAITING, State.HELD), "worker-*"))
    data = Page(text).data
    assert data["states"] == ["waiting", "held"]
    assert {data["threads"][data["rows"]["thread"][row]] for row in rows_with_time(data)} == {"worker-1"}
    tops = {data["stacks"]["function"][data["rows"]["stack"][row]] for row in rows_with_time(data)}
    assert [data["functions"][top][0] for top in tops] == [STEP[-1][0]]
    assert data["rows"]["blamed_ns"] is None
    assert "<th>held while blocked</th>" not in text
    assert "below: only waiting, held of threads named worker-*; the sentence is about all" in text


def test_nothing_at_all() -> None:
    data = Page(text_of(MadeUp())).data
    assert data["threads"] == data["functions"] == data["rows"]["stack"] == []


def test_the_tables_say_what_they_leave_out() -> None:
    stack = [(f"f{number}", "/srv/app.py", number, number) for number in range(1, 251)]
    profile = MadeUp().threads("a")
    for number, place in enumerate(stack):
        profile.add(0.001 * (number + 1), {0: Seen(State.HELD, (place,))})
    text = text_of(profile)
    assert "; 50 more are not shown</caption>" in text
    assert "<td>f250 (/srv/app.py:250)</td>" in text
    assert "<td>f1 (/srv/app.py:1)</td>" not in text


def test_scripts_are_short_and_never_write_html() -> None:
    script = Page(text_of(contended())).texts("script")[1]
    unwanted = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function\(|fetch\("
    assert not re.search(unwanted, script)
    assert np.max([len(line) for line in script.splitlines()]) <= 120


def test_every_script_of_the_page_is_in_it() -> None:
    page = files("gilprof.exporters") / "page"
    assert {part.name for part in page.iterdir() if part.name.endswith(".js")} == set(SCRIPTS)


def held_by(data: dict[str, Any], side: str) -> dict[str, int]:
    """Nanoseconds of the pairs by the top function of one side."""
    found: Counter[str] = Counter()
    for row, ns in zip(data["pairs"][side], data["pairs"]["ns"], strict=True):
        found[data["functions"][data["stacks"]["function"][data["rows"]["stack"][row]]][0]] += ns
    return dict(found)


def test_pairs_are_all_the_waiting() -> None:
    profile = contended()
    profile.add(0.1, {0: Seen(State.WAITING, MAIN), 1: Seen(State.WAITING, STEP)})
    profile.add(0.05, {0: Seen(State.WAITING, MAIN)}, torn=True)
    data = Page(text_of(profile)).data
    assert held_by(data, "waiter") == {"main": 450_000_000, "Worker.step": 300_000_000}
    assert held_by(data, "holder") == {
        "main": 200_000_000, "Worker.step": 300_000_000, NO_HOLDER[HANDOVER]: 200_000_000, NO_HOLDER[TORN]: 50_000_000,
    }  # fmt: skip
    assert sum(data["rows"]["ns"]["waiting"]) == 750_000_000
    lengths = {len(column) for column in (*data["rows"]["ns"].values(), data["rows"]["blamed_ns"])}
    assert lengths == {len(data["rows"]["stack"])} == {len(data["rows"]["thread"])}


def test_pairs_of_some_threads_have_both_sides() -> None:
    data = Page(text_of(contended(), Narrowing(thread="worker-1"))).data
    assert held_by(data, "waiter") == {"main": 300_000_000, "Worker.step": 200_000_000}
    assert {data["threads"][data["rows"]["thread"][row]] for row in rows_with_time(data)} == {"worker-1"}
    assert Page(text_of(contended(), Narrowing((State.HELD,)))).data["pairs"] is None


def test_a_baseline_without_time_is_refused() -> None:
    with pytest.raises(FileError, match="no time was observed in it"):
        "".join(export(contended(), Narrowing(), MadeUp()))
    data = Page("".join(export(MadeUp(), Narrowing(), contended()))).data
    assert {ns for column in data["rows"]["before_ns"].values() for ns in column} <= {0}


def test_a_baseline_is_told_and_tabled() -> None:
    text = "".join(export(contended(), Narrowing(), contended()))
    before = next(part for part in Page(text).texts("p") if part.startswith("Before: "))
    assert before.removeprefix("Before: ") == Page(text).texts("h1")[0]
    assert "<th>waiting before</th>" in text
    assert Page(text).data["pairs"] is None


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text_in_a_difference(name: str) -> None:
    page = Page("".join(export(hostile(name), Narrowing(), hostile("harmless"))))
    harmless = Page("".join(export(hostile("other"), Narrowing(), hostile("harmless"))))
    assert page.shape == harmless.shape
    assert not set("<>&") & set(page.texts("script")[0])
