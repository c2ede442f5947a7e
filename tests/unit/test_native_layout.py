"""What the native sampler makes of layouts that no interpreter has: one line for people, never a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gilprof.errors import NotReadable
from gilprof.sources.live import LiveSource
from gilprof.target.layout import Layout
from gilprof.target.memory import RemoteMemory
from gilprof.target.process import Process
from gilprof.target.resolve import ResolvedTarget, resolve
from tests.support.dialogue import dialogue
from tests.support.interpreters import variants

NUMBERS = sorted(
    field.name for field in fields(Layout) if field.name.endswith("_size") or field.name.startswith(("gil_", "frame_"))
)
NOT_LOADED = {"gil_address", "frame_code_mask", "frame_first_shim_owner"}
"""No offsets in a struct that is copied: any value will do."""


@dataclass(frozen=True)
class Target:
    """A program that does nothing, and where everything is in it."""

    process: Process
    memory: RemoteMemory
    found: ResolvedTarget


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with (
        dialogue(variants()[0].path, "tell(0)\nhear()\n") as program,
        Process(program.pid) as process,
        RemoteMemory(program.pid) as memory,
    ):
        program.hear()
        yield Target(process, memory, resolve(process, memory))


@given(
    name=st.sampled_from(sorted(set(NUMBERS) - NOT_LOADED)),
    number=st.integers(1 << 12, (1 << 63) - 1) | st.integers(-(1 << 63), -2),
)
def test_offsets_out_of_bounds_are_refused(target: Target, name: str, number: int) -> None:
    changed: dict[str, Any] = {name: number}
    hostile = replace(target.found, layout=replace(target.found.layout, **changed))
    with pytest.raises(NotReadable) as refused:
        LiveSource(target.process, target.memory, hostile, 1000.0)
    assert refused.value.status == 4
    assert "out of bounds" in str(refused.value)
