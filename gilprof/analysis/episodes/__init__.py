"""States to episodes: waits, turns, stalls, spans and stays in callbacks, each with start, length and error.

``Moments`` finds all of them in the order of time; ``values`` is what is known of them.
"""

from __future__ import annotations

from gilprof.analysis.episodes.histogram import BELOW, BINS, length_of, quantile_ns
from gilprof.analysis.episodes.loops import LoopKind, callbacks
from gilprof.analysis.episodes.moments import Moments
from gilprof.analysis.episodes.rows import NOT_KNOWN, EpisodeKind, MainHolder
from gilprof.analysis.episodes.stalls import with_threads
from gilprof.analysis.episodes.values import (
    FOLDED,
    EpisodeSums,
    KeptEpisode,
    LengthSums,
    LoopSums,
    SlowStay,
    SpanSums,
    Stall,
    StallCause,
    StallSums,
    StaySums,
)

__all__ = [
    "BELOW",
    "BINS",
    "FOLDED",
    "NOT_KNOWN",
    "EpisodeKind",
    "EpisodeSums",
    "KeptEpisode",
    "LengthSums",
    "LoopKind",
    "LoopSums",
    "MainHolder",
    "Moments",
    "SlowStay",
    "SpanSums",
    "Stall",
    "StallCause",
    "StallSums",
    "StaySums",
    "callbacks",
    "length_of",
    "quantile_ns",
    "with_threads",
]
