"""The JSON payloads: header, process, domains, threads, functions, health and end, checked value by value when read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, replace
from typing import Any

from gilprof.model import ChildSeen, Function, GilDomain, Health, SectionMark, TargetInfo, ThreadSeen
from gilprof.recording.columns import OWN_COLUMNS, FactColumns, listed, read_columns
from gilprof.recording.format import MAX_DOMAINS, MAX_PAYLOAD, MAX_PROCESSES, MAX_TIME_NS, DamageError
from gilprof.recording.records import INT32, checked, record, records

_ROWS_BYTES = 1 << 20
"""A payload of rows is closed when it has reached this size."""
_LAST_YEAR_S = 253_402_300_799.0
"""Unix time of the end of the year 9999, the last that datetime knows."""
_LEAST_HZ, _MAX_HZ = 1e-3, 1e9


def encode_header(info: TargetInfo) -> bytes:
    """The target, and the columns of the facts. An overlong command line loses its last arguments."""
    return _encode_target({"passes": listed(OWN_COLUMNS.passes), "looks": listed(OWN_COLUMNS.looks)}, info)


def decode_header(payload: bytes) -> tuple[TargetInfo, FactColumns]:
    """The target, and the columns of the facts. Raises DamageError."""
    values = _load(payload)
    columns = FactColumns(
        read_columns(values.get("passes"), required=("t_ns", "look_count")),
        read_columns(values.get("looks"), required=("thread",)),
    )
    return _decode_target(values), columns


def encode_process(number: int, info: TargetInfo) -> bytes:
    """The process that what follows belongs to. An overlong command line loses its last arguments."""
    return _encode_target({"process": number}, info)


def decode_process(payload: bytes) -> tuple[int, TargetInfo]:
    """(its number, the process). Raises DamageError."""
    values = _load(payload)
    number = checked(int, values.get("process"))
    if not 0 <= number < MAX_PROCESSES:
        raise DamageError("its process is out of range")
    return number, _decode_target(values)


def _encode_target(values: dict[str, Any], info: TargetInfo) -> bytes:
    while True:
        payload = _dump({**values, "target": asdict(info)})
        if len(payload) <= MAX_PAYLOAD or not info.command:
            return payload
        info = replace(info, command=info.command[: len(info.command) // 2])


def _decode_target(values: dict[str, Any]) -> TargetInfo:
    info = record(TargetInfo, values.get("target"))
    if not _LEAST_HZ <= info.asked_hz <= _MAX_HZ or not 0 <= info.process_started <= _LAST_YEAR_S:
        raise DamageError("its rate or its start is out of range")
    if not all(0 <= t_ns < MAX_TIME_NS for t_ns in (*info.wall_anchor, info.switch_interval_ns)):
        raise DamageError("one of its times is out of range")
    _checked_domains(info.domains)
    return info


def encode_domains(domains: Iterable[GilDomain]) -> Iterator[bytes]:
    """Payloads of ``domains``."""
    return _encode_rows({}, [astuple(domain) for domain in domains])


def decode_domains(payload: bytes) -> list[GilDomain]:
    """Raises DamageError."""
    return _checked_domains(records(GilDomain, _load(payload).get("rows")))


def _checked_domains(domains: Sequence[GilDomain]) -> list[GilDomain]:
    """Raises DamageError."""
    if not all(0 <= domain.id < MAX_DOMAINS for domain in domains):
        raise DamageError("one of its GIL domains is out of range")
    return list(domains)


def encode_threads(threads: Iterable[ThreadSeen]) -> Iterator[bytes]:
    """Payloads of ``threads``."""
    return _encode_rows({}, [astuple(thread) for thread in threads])


def decode_threads(payload: bytes) -> list[ThreadSeen]:
    """Raises DamageError."""
    threads = records(ThreadSeen, _load(payload).get("rows"))
    for thread in threads:
        if thread.tid not in INT32 or not 0 <= (thread.ended_ns or 0) < MAX_TIME_NS:
            raise DamageError("one of its threads is out of range")
    return threads


def encode_functions(first: int, functions: Sequence[Function]) -> Iterator[bytes]:
    """Payloads of ``functions``: ``first`` is the id of the first one."""
    return _encode_rows({"first": first}, [astuple(function) for function in functions])


def decode_functions(payload: bytes) -> tuple[int, list[Function]]:
    """(id of the first one, functions). Raises DamageError."""
    values = _load(payload)
    functions = records(Function, values.get("rows"))
    if any(function.first_line not in INT32 or function.flags not in INT32 for function in functions):
        raise DamageError("one of its lines or flags is out of range")
    return checked(int, values.get("first")), functions


def encode_health(health: Health) -> bytes:
    """The payload of ``health``."""
    return _dump(asdict(health))


def decode_health(payload: bytes) -> Health:
    """Raises DamageError."""
    return record(Health, _load(payload))


def encode_sections(marks: Iterable[SectionMark]) -> Iterator[bytes]:
    """Payloads of ``sections``."""
    return _encode_rows({}, [astuple(mark) for mark in marks])


def decode_sections(payload: bytes) -> list[SectionMark]:
    """Raises DamageError."""
    marks = records(SectionMark, _load(payload).get("rows"))
    if any(mark.tid not in INT32 or not 0 <= mark.t_ns < MAX_TIME_NS for mark in marks):
        raise DamageError("one of its sections is out of range")
    return marks


def encode_children(children: Iterable[ChildSeen]) -> Iterator[bytes]:
    """Payloads of ``children``."""
    return _encode_rows({}, [astuple(child) for child in children])


def decode_children(payload: bytes) -> list[ChildSeen]:
    """Raises DamageError."""
    children = records(ChildSeen, _load(payload).get("rows"))
    for child in children:
        if not all(0 <= value < MAX_TIME_NS for value in (child.id, child.t_ns, child.cpu_ns)):
            raise DamageError("one of its children is out of range")
        if child.pid not in INT32 or child.parent not in INT32:
            raise DamageError("one of its children is out of range")
    return children


def encode_end(ended: str | None) -> bytes:
    """The payload of ``end``: why the target ended, None if it still lives."""
    return _dump({"ended": ended})


def decode_end(payload: bytes) -> str | None:
    """Raises DamageError."""
    ended: str | None = checked(str | None, _load(payload).get("ended"))
    return ended


def _dump(values: object) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode("ascii")


def _encode_rows(head: dict[str, int], rows: list[tuple[Any, ...]]) -> Iterator[bytes]:
    """Payloads of whole rows; ``first`` counts on from payload to payload."""
    begin, size = 0, 0
    for end, row in enumerate(rows, start=1):
        size += len(_dump(row)) + 1
        if size >= _ROWS_BYTES or end == len(rows):
            ids = {key: first + begin for key, first in head.items()}
            yield _dump({**ids, "rows": rows[begin:end]})
            begin, size = end, 0


def _load(payload: bytes) -> dict[str, Any]:
    try:
        values = json.loads(payload, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DamageError(f"it is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise DamageError("it is not a JSON object")
    return values


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
