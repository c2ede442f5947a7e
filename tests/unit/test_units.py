"""Quantities to text and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gilprof.errors import UsageError
from gilprof.units import format_mean, format_rate, format_seconds, format_share, parse_duration, parse_rate


@pytest.mark.parametrize(
    ("text", "hertz"),
    [("1000", 1000), ("1khz", 1000), ("1 kHz", 1000), ("1.5k", 1500), ("500Hz", 500), (".5khz", 500), ("0.1", 0.1)],
)
def test_parse_rate(text: str, hertz: float) -> None:
    assert parse_rate(text) == pytest.approx(hertz)


@pytest.mark.parametrize(
    "text", ["", "0", "-5", "1e3", "nan", "inf", "fast", "1000 s", "1mhz", "100001", "0.09", "1 2", "٣", "9" * 400]
)
def test_parse_rate_refuses(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_rate(text)
    assert refused.value.status == 2


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5), ("5s", 5), ("2m", 120), ("2 min", 120), ("500ms", 0.5), ("1h", 3600), ("0.5", 0.5)]
)
def test_parse_duration(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0", "0s", "-1", "5x", "1e9", "five", "inf", "9999999h", "1m30s"])
def test_parse_duration_refuses(text: str) -> None:
    with pytest.raises(UsageError):
        parse_duration(text)


def test_no_delay_is_a_time() -> None:
    assert parse_duration("0", zero=True) == 0


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "?"), (0, "0 %"), (0.0004, "<0.1 %"), (0.001, "0.1 %"), (0.0424, "4.2 %"), (0.0997, "10 %"),
        (0.1, "10 %"), (0.984, "98 %"), (0.996, "99.6 %"), (0.99999, "100 %"), (1, "100 %"),
    ],
)  # fmt: skip
def test_format_share(share: float | None, text: str) -> None:
    assert format_share(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "?"), (0, "0 s"), (0.0123, "12.3 ms"), (2.413, "2.41 s"), (0.9999, "1.00 s"), (9.999, "10.0 s"),
        (125.2, "125 s"), (1e-9, "<0.01 ms"),
    ],
)  # fmt: skip
def test_format_seconds(seconds: float | None, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("mean", "text"), [(None, "?"), (0, "0"), (0.001, "<0.01"), (0.04, "0.04"), (0.96, "1.0"), (12.34, "12.3")]
)
def test_format_mean(mean: float | None, text: str) -> None:
    assert format_mean(mean) == text


def test_format_unknown_rate() -> None:
    assert format_rate(None) == "?"


@given(st.floats(0.1, 100_000))
def test_rates_come_back(rate_hz: float) -> None:
    assert parse_rate(format_rate(rate_hz)) == pytest.approx(rate_hz, rel=0.005)


@given(st.floats(0.001, 80_000))
def test_seconds_come_back(seconds: float) -> None:
    assert parse_duration(format_seconds(seconds)) == pytest.approx(seconds, rel=0.005)


@given(st.floats(0, 1))
def test_shares_are_read_as_they_are(share: float) -> None:
    """What is shown is within the last figure of the truth, and never 0 or 100 by rounding a part."""
    text = format_share(share).removesuffix(" %")
    if text.startswith("<"):
        assert 0 < share < 0.001
    else:
        assert float(text) == pytest.approx(100 * share, abs=0.51 if "." not in text else 0.051)
        assert (text == "0") == (share == 0)
