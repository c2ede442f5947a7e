"""Seconds, shares, rates and durations to text and back; the only place that prints a per cent sign."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, time, timedelta

from gilprof.errors import UsageError

MIN_RATE_HZ, MAX_RATE_HZ = 0.1, 100_000.0
MAX_DURATION_S = 366 * 86_400.0
_NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)", re.ASCII | re.IGNORECASE)
_RATE_UNITS = {"": 1.0, "hz": 1.0, "k": 1e3, "khz": 1e3}
_DURATION_UNITS = {"": 1.0, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def parse_rate(text: str) -> float:
    """Passes a second, in hertz: ``1000``, ``500hz``, ``1khz``. Raises UsageError."""
    rate_hz = _parse(text, _RATE_UNITS)
    if rate_hz is None or not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise UsageError(
            f"reading {text!r} as a rate",
            f"it is no number of passes a second between {MIN_RATE_HZ:g} and {MAX_RATE_HZ:g}",
            "write for example 1000 or 1khz",
        )
    return rate_hz


def parse_duration(text: str, *, zero: bool = False) -> float:
    """Seconds: ``5``, ``5s``, ``2m``, ``500ms``, ``1h``; more than 0 unless ``zero``. Raises UsageError."""
    duration_s = _parse(text, _DURATION_UNITS)
    if duration_s is None or duration_s > MAX_DURATION_S or (duration_s == 0 and not zero):
        raise UsageError(
            f"reading {text!r} as a time",
            "it is no number of seconds" + (" or 0" if zero else " above 0") + " within a year",
            "write for example 5, 500ms or 2m",
        )
    return duration_s


Moment = float | time | datetime | timedelta
"""Seconds into a recording, a time of day, a date and time (UTC unless it says otherwise), or a time behind another
moment."""


def parse_moment(text: str) -> Moment:
    """``5``, ``500ms``, ``2m`` into a recording; ``09:00:00.120``; ``2026-11-21T09:00:00.120``; ``+101 ms``. Raises
    UsageError."""
    if text.startswith("+"):
        return timedelta(seconds=parse_duration(text[1:]))
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if ":" in text:
            of_day = time.fromisoformat(text)
            return of_day if of_day.tzinfo else of_day.replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError(
            f"reading {text!r} as a time", str(error), "write for example 09:00:00.120, or 5 for seconds into it"
        ) from error
    return parse_duration(text, zero=True)


def format_share(share: float | None) -> str:
    """A share of 1 in per cent: ``98 %``, ``4.2 %``, ``<0.1 %``, ``0 %``; ``?`` where it is not known."""
    if share is None:
        return "?"
    percent = 100 * share
    if 0 < percent < 0.1:
        return "<0.1 %"
    if 9.95 <= percent < 99.5 or percent >= 99.95 or percent == 0:
        return f"{percent:.0f} %"
    return f"{percent:.1f} %"


def format_seconds(seconds: float | None) -> str:
    """Three figures: ``12.5 s``, ``2.41 s``, ``12.3 ms``, ``0 s``; ``?`` where it is not known."""
    if seconds is None:
        return "?"
    if seconds != 0 and abs(seconds) < 0.9995:
        return f"{_three_figures(1000 * seconds)} ms"
    return f"{_three_figures(seconds)} s"


def format_rate(rate_hz: float | None) -> str:
    """Hertz: ``987 Hz``, ``1 kHz``, ``12.5 kHz``; ``?`` where it is not known."""
    if rate_hz is None:
        return "?"
    if rate_hz >= 999.5:
        return f"{rate_hz / 1000:.3g} kHz"
    return f"{rate_hz:.3g} Hz"


def format_mean(mean: float | None) -> str:
    """A mean number of threads: ``1.9``, ``0.04``, ``0``, ``12.3``; ``?`` where it is not known."""
    if mean is None:
        return "?"
    if mean == 0:
        return "0"
    if mean < 0.005:
        return "<0.01"
    return f"{mean:.1f}" if mean >= 0.95 else f"{mean:.2f}"


def _parse(text: str, units: dict[str, float]) -> float | None:
    match = _NUMBER.fullmatch(text.strip())
    if match is None or match[2].lower() not in units:
        return None
    value = float(match[1]) * units[match[2].lower()]
    return value if math.isfinite(value) else None


def _three_figures(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) < 0.005:
        return "<0.01"
    return f"{value:.2f}" if abs(value) < 9.995 else f"{value:.1f}" if abs(value) < 99.95 else f"{value:.0f}"
