"""``_Py_DebugOffsets``, with which CPython 3.13 and later describe themselves.

It is the first member of ``_PyRuntime``: a cookie, the version, then offsets as u64 by section
(Include/internal/pycore_runtime.h in 3.13, pycore_debug_offsets.h since). Its form is stable within a minor
version from the last release candidate on; between them fields are inserted: each minor version has a schema.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from gilprof.target.memory import RemoteMemory
from gilprof.target.state import Implausible

COOKIE = b"xdebugpy"
MAX_OFFSET = 1 << 24
"""No struct of the interpreter is larger; the runtime of 3.12 is 450 kB."""

_RUNTIME = "runtime: size finalizing interpreters_head"
_OBJECT = "object: size type"
_TUPLE_LIST = ("tuple: size items length", "list: size items length")
_SET = "set: size used table mask"
_DICT_TO_LONG = ("dict: size keys values", "float: size value", "long: size tag digits")
_BYTES = "bytes: size length data"
_GIL = "ceval_gil gil gil_enabled gil_locked gil_holder"
_CODE = "code: size filename name qualname linetable firstlineno argcount localsplusnames localspluskinds bytecode"

SCHEMAS: dict[tuple[int, int], tuple[str, ...]] = {
    (3, 13): (
        _RUNTIME,
        f"interpreter: size id next threads_head gc modules sysdict builtins {_GIL}",
        "thread: size prev next interpreter frame ident native_id datastack_chunk status",
        "frame: size previous code instruction localsplus owner",
        _CODE,
        _OBJECT,
        "type: size name repr flags",
        *_TUPLE_LIST,
        *_DICT_TO_LONG,
        _BYTES,
        "unicode: size state length ascii_size",
        "gc: size collecting",
    ),
    (3, 14): (
        _RUNTIME,
        "interpreter: size id next threads_head threads_main gc modules sysdict builtins "
        f"{_GIL} code_generation tlbc_generation",
        "thread: size prev next interpreter frame ident native_id datastack_chunk status",
        "frame: size previous code instruction localsplus owner stackpointer tlbc_index",
        f"{_CODE} tlbc",
        _OBJECT,
        "type: size name repr flags",
        *_TUPLE_LIST,
        _SET,
        *_DICT_TO_LONG,
        _BYTES,
        "unicode: size state length ascii_size",
        "gc: size collecting",
        "generator: size name frame frame_state",
        "llist: next prev",
        "debugger: eval_breaker",
    ),
    (3, 15): (
        _RUNTIME,
        "interpreter: size id next threads_head threads_main gc modules sysdict builtins "
        f"{_GIL} code_generation tlbc_generation",
        "thread: size prev next interpreter frame base_frame last_profiled_frame last_profiled_frame_seq "
        "ident native_id datastack_chunk status holds_gil gil_requested exception exc_state",
        "err_stackitem: value",
        "frame: size previous code instruction localsplus owner stackpointer tlbc_index",
        f"{_CODE} tlbc",
        _OBJECT,
        "type: size name repr flags basic_size dict_offset",
        "heap_type: size cached_keys",
        *_TUPLE_LIST,
        _SET,
        *_DICT_TO_LONG,
        _BYTES,
        "unicode: size state length ascii_size compact_size",
        "gc: size collecting frame generation_stats_size generation_stats",
        "generator: size name frame frame_state",
        "llist: next prev",
        "debugger: eval_breaker",
    ),
}
"""The sections in their order, up to the last field that gilprof uses."""


@dataclass(frozen=True, slots=True)
class Header:
    """The part that is the same in all versions."""

    version_hex: int
    free_threaded: bool


def read_header(memory: RemoteMemory, runtime_address: int) -> Header | None:
    """The header; None where there is none (CPython before 3.13)."""
    cookie, version, free_threaded = struct.unpack("<8sQQ", memory.read(runtime_address, 24))
    return Header(version, bool(free_threaded)) if cookie == COOKIE else None


def read_offsets(memory: RemoteMemory, runtime_address: int, version: tuple[int, int]) -> dict[str, int]:
    """All offsets as ``section.field``; raises ``Implausible`` for one that no interpreter can have."""
    names = []
    for section in SCHEMAS[version]:
        title, _, fields = section.partition(": ")
        names += [f"{title}.{name}" for name in fields.split()]
    numbers = struct.unpack(f"<{len(names)}Q", memory.read(runtime_address + 24, 8 * len(names)))
    offsets = dict(zip(names, numbers, strict=True))
    for name, number in offsets.items():
        if number > MAX_OFFSET:
            raise Implausible("the interpreter's debug offsets", f"{name} is {number}")
    return offsets


def as_layout(offsets: dict[str, int]) -> dict[str, int]:
    """The fields of ``Layout`` that the debug offsets give."""
    return {
        "interpreters_head": offsets["runtime.interpreters_head"],
        "interpreter_next": offsets["interpreter.next"],
        "interpreter_threads_head": offsets["interpreter.threads_head"],
        "interpreter_gc_collecting": offsets["interpreter.gc"] + offsets["gc.collecting"],
        "thread_next": offsets["thread.next"],
        "thread_ident": offsets["thread.ident"],
        "thread_native_id": offsets["thread.native_id"],
        "thread_frame": offsets["thread.frame"],
        "frame_size": offsets["frame.localsplus"],
        "frame_code": offsets["frame.code"],
        "frame_previous": offsets["frame.previous"],
        "frame_instruction": offsets["frame.instruction"],
        "frame_owner": offsets["frame.owner"],
        "object_type": offsets["object.type"],
        "code_size": offsets["code.bytecode"],
        "code_filename": offsets["code.filename"],
        "code_name": offsets["code.name"],
        "code_qualname": offsets["code.qualname"],
        # Not among them: from 3.12 on co_flags, an int, is the member before co_argcount (Include/cpython/code.h). A
        # target that lies about the one gets no offset below 0 for the other.
        "code_flags": max(offsets["code.argcount"] - 4, 0),
        "code_first_line": offsets["code.firstlineno"],
        "code_line_table": offsets["code.linetable"],
        "code_bytecode": offsets["code.bytecode"],
        "bytes_size": offsets["bytes.length"],
        "bytes_data": offsets["bytes.data"],
        "unicode_length": offsets["unicode.length"],
        "unicode_state": offsets["unicode.state"],
        "unicode_ascii_data": offsets["unicode.ascii_size"],
    }
