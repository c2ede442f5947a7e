"""Batches put together, and what lies between two accounts of the sampler's health."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from gilprof.model import Batch, Health


def joined(batches: Sequence[Batch]) -> Batch:
    """At least one batch, all of one process, as if one drain had brought all."""
    if len(batches) == 1:
        return batches[0]
    return Batch(
        passes=np.concatenate([batch.passes for batch in batches]),
        looks=np.concatenate([batch.looks for batch in batches]),
        functions=tuple(chain.from_iterable(batch.functions for batch in batches)),
        frames=np.concatenate([batch.frames for batch in batches]),
        stacks=np.concatenate([batch.stacks for batch in batches]),
        threads=tuple(chain.from_iterable(batch.threads for batch in batches)),
        health=batches[-1].health,
        sections=tuple(chain.from_iterable(batch.sections for batch in batches)),
        children=tuple(chain.from_iterable(batch.children for batch in batches)),
        domains=tuple(chain.from_iterable(batch.domains for batch in batches)),
        ended=batches[-1].ended,
        process=batches[0].process,
        target=batches[0].target,
    )


def joined_by_process(batches: Iterable[Batch]) -> Iterator[Batch]:
    """One batch for each of the processes that these are of, in the order in which they first come."""
    of_process: dict[int, list[Batch]] = {}
    for batch in batches:
        of_process.setdefault(batch.process, []).append(batch)
    return map(joined, of_process.values())


def health_since(before: Health, now: Health) -> Health:
    """The sampler's account of the time between two moments; what does not add up over time is as it is now."""
    drain_cpu_ns = now.drain_cpu_ns
    return replace(
        now,
        passes=now.passes - before.passes,
        torn=now.torn - before.torn,
        dropped=now.dropped - before.dropped,
        read_errors=now.read_errors - before.read_errors,
        truncated_stacks=now.truncated_stacks - before.truncated_stacks,
        sampler_cpu_ns=now.sampler_cpu_ns - before.sampler_cpu_ns,
        drain_cpu_ns=None if drain_cpu_ns is None else drain_cpu_ns - (before.drain_cpu_ns or 0),
    )
