"""Definitions and facts as chunks of a recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gilprof.model import Function, GilDomain, IntPairs, LookArray, PassArray, ThreadSeen
from gilprof.recording.facts import cut_facts, encode_facts, encode_pairs
from gilprof.recording.format import Kind, chunk
from gilprof.recording.texts import encode_domains, encode_functions, encode_threads


@dataclass(slots=True)
class Defined:
    """How many definitions of a process there are in the file: the id of the next one of each kind."""

    functions: int = 0
    frames: int = 0
    stacks: int = 0


def definition_chunks(
    defined: Defined,
    domains: Iterable[GilDomain],
    threads: Iterable[ThreadSeen],
    functions: Sequence[Function],
    frames: IntPairs,
    stacks: IntPairs,
) -> Iterator[bytes]:
    """New definitions, none before what it refers to; ``defined`` goes on with them."""
    for payload in encode_domains(domains):
        yield chunk(Kind.DOMAINS, payload)
    for payload in encode_threads(threads):
        yield chunk(Kind.THREADS, payload)
    for payload in encode_functions(defined.functions, functions):
        yield chunk(Kind.FUNCTIONS, payload)
    for payload in encode_pairs(defined.frames, frames):
        yield chunk(Kind.FRAMES, payload)
    for payload in encode_pairs(defined.stacks, stacks):
        yield chunk(Kind.STACKS, payload)
    defined.functions += len(functions)
    defined.frames += len(frames)
    defined.stacks += len(stacks)


def fact_chunks(passes: PassArray, looks: LookArray) -> Iterator[bytes]:
    """Whole passes with their looks."""
    for piece in cut_facts(passes, looks):
        yield chunk(Kind.FACTS, encode_facts(*piece))
