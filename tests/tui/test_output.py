"""What a program wrote reaches the screen as text and as nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gilprof.tui.output import lines_of


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"", []),
        (b"one\ntwo", ["one", "two"]),
        (b"one\r\n\ntwo\n", ["one", "", "two"]),
        (b"10 %\r20 %\r30 %", ["30 %"]),
        (b"a\tb", ["a       b"]),
        (b"lo\bk", ["lk"]),
        (b"\x1b[1;31mred\x1b[0m \x1b[38;5;9mtoo\x1b[K", ["red too"]),
        (b"\x1b]0;a title\x07text\x1b]8;;http://x\x1b\\link", ["textlink"]),
        (b"cut \x1b[3", ["cut "]),
        (b"bell\x07 \xff \xc3\xa9", ["bell� � é"]),
    ],
)
def test_lines(written: bytes, shown: list[str]) -> None:
    assert lines_of(written) == shown


PIECES = (b"\x1b", b"[", b"]", b"0;", b"m", b"\x07", b"\r", b"\n", b"\b", b"\x9b", b"a", b"\xff")


@given(st.lists(st.sampled_from(PIECES)))
def test_nothing_but_text(pieces: list[bytes]) -> None:
    for line in lines_of(b"".join(pieces)):
        assert not line or line.isprintable()
