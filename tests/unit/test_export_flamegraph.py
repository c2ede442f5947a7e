"""The flame graph's page as a file: what is in it, and that no name gets out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gilprof.exporters.flamegraph import SCRIPTS, export
from gilprof.exporters.narrowing import Narrowing
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
    assert data["threads"] == ["worker-1"]
    assert data["rows"]["blamed_ns"] is None
    assert {function[0] for function in data["functions"]} == {name for name, *_ in STEP}
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
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|fetch\(", script)
    assert np.max([len(line) for line in script.splitlines()]) <= 120


def test_every_script_of_the_page_is_in_it() -> None:
    page = files("gilprof.exporters") / "page"
    assert {part.name for part in page.iterdir() if part.name.endswith(".js")} == set(SCRIPTS)
