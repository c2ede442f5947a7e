"""States to sums: tables by thread, by stack and by pair of stacks, which grow by row and are bounded."""

from __future__ import annotations

from gilprof.analysis.sums.accumulate import NodeTable, PairTable, SumTable, ThreadTable
from gilprof.analysis.sums.children import Children, grown
from gilprof.analysis.sums.gils import GilTable
from gilprof.analysis.sums.group_sum import group_sum
from gilprof.analysis.sums.pair_ids import PairIds
from gilprof.analysis.sums.sections import Sections
from gilprof.analysis.sums.thread_rows import ENDED_ROWS, ThreadRows, kind_of, name_pattern
from gilprof.analysis.sums.values import HANDOVER, TORN, ChildSums, GilSums, NodeSums, PairSums, SectionSums, ThreadSums

__all__ = [
    "ENDED_ROWS",
    "HANDOVER",
    "TORN",
    "ChildSums",
    "Children",
    "GilSums",
    "GilTable",
    "NodeSums",
    "NodeTable",
    "PairIds",
    "PairSums",
    "PairTable",
    "SectionSums",
    "Sections",
    "SumTable",
    "ThreadRows",
    "ThreadSums",
    "ThreadTable",
    "group_sum",
    "grown",
    "kind_of",
    "name_pattern",
]
