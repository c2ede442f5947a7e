"""The chunks of one process in, its batches out."""

from __future__ import annotations

import numpy as np

from gilprof.model import (
    LOOK_DTYPE,
    PASS_DTYPE,
    Batch,
    ChildSeen,
    Function,
    GilDomain,
    Health,
    IntPairs,
    SectionMark,
    TargetInfo,
    ThreadSeen,
)
from gilprof.recording.chunks import Chunk
from gilprof.recording.columns import FactColumns
from gilprof.recording.facts import decode_facts, decode_pairs
from gilprof.recording.format import Kind
from gilprof.recording.tables import Tables
from gilprof.recording.texts import (
    decode_children,
    decode_domains,
    decode_end,
    decode_functions,
    decode_health,
    decode_sections,
    decode_threads,
)


class Assembler:
    """Gathers definitions until the facts come that refer to them."""

    def __init__(self, columns: FactColumns, salvage: bool, process: int = 0, target: TargetInfo | None = None) -> None:
        """``columns``: of the file's facts. ``process``, ``target``: as a ``Batch`` has them."""
        self._process = process
        self._target = target
        self._columns = columns
        self._tables = Tables(salvage)
        self._domains: list[GilDomain] = []
        self._threads: list[ThreadSeen] = []
        self._functions: list[Function] = []
        self._frames: list[IntPairs] = []
        self._stacks: list[IntPairs] = []
        self._sections: list[SectionMark] = []
        self._children: list[ChildSeen] = []
        self._health = Health()
        self._ended: str | None = None
        self._has_rest = False

    def take(self, chunk: Chunk) -> Batch | None:
        """A batch when ``chunk`` has facts; chunks of unknown kinds are passed over.

        Raises DamageError where the content makes no sense; then nothing of it was taken.
        """
        self._has_rest = True
        match chunk.kind:
            case Kind.DOMAINS:
                self._domains.extend(decode_domains(chunk.payload))
            case Kind.THREADS:
                threads = decode_threads(chunk.payload)
                self._tables.threads(threads)
                self._threads.extend(threads)
            case Kind.FUNCTIONS:
                first, functions = decode_functions(chunk.payload)
                self._tables.functions(first, functions)
                self._functions.extend(functions)
            case Kind.FRAMES:
                self._frames.append(self._tables.frames(*decode_pairs(chunk.payload)))
            case Kind.STACKS:
                self._stacks.append(self._tables.stacks(*decode_pairs(chunk.payload)))
            case Kind.HEALTH:
                self._health = decode_health(chunk.payload)
            case Kind.SECTIONS:
                self._sections.extend(decode_sections(chunk.payload))
            case Kind.CHILDREN:
                self._children.extend(decode_children(chunk.payload))
            case Kind.END:
                self._ended = decode_end(chunk.payload)
            case Kind.FACTS:
                passes, looks = decode_facts(chunk.payload, self._columns)
                self._threads.extend(self._tables.facts(passes, looks))
                return self._batch(passes, looks)
        return None

    def rest(self) -> Batch | None:
        """What came behind the last facts; None when there was nothing."""
        if not self._has_rest:
            return None
        return self._batch(np.empty(0, PASS_DTYPE), np.empty(0, LOOK_DTYPE))

    def _batch(self, passes: np.ndarray, looks: np.ndarray) -> Batch:
        none = np.empty((0, 2), np.int32)
        batch = Batch(
            passes=passes,
            looks=looks,
            functions=tuple(self._functions),
            frames=np.concatenate([none, *self._frames]),
            stacks=np.concatenate([none, *self._stacks]),
            threads=tuple(self._threads),
            health=self._health,
            sections=tuple(self._sections),
            children=tuple(self._children),
            domains=tuple(self._domains),
            ended=self._ended,
            process=self._process,
            target=self._target,
        )
        self._target = None
        self._threads, self._functions, self._frames, self._stacks, self._sections = [], [], [], [], []
        self._children, self._domains = [], []
        self._has_rest = False
        return batch
