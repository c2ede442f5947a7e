"""Where the GIL, the threads and the frames of one running interpreter are: numbers only."""

from __future__ import annotations

from dataclasses import dataclass

ABSENT = -1
"""An offset that this version does not have."""
COND_SIZE, MUTEX_SIZE = 48, 40
"""``sizeof(pthread_cond_t)`` and ``sizeof(pthread_mutex_t)`` of glibc on x86-64 (bits/pthreadtypes-arch.h)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Addresses and byte offsets in the target; the native sampler gets these numbers and nothing else.

    ``*_address`` are absolute in the target; all others are offsets from the start of the struct that
    the name begins with, or sizes (``*_size``), or small numbers as described.
    """

    runtime_address: int
    interpreters_head: int
    """Offset of ``_PyRuntime.interpreters.head`` from ``runtime_address``."""
    interpreter_address: int
    """The main interpreter's state."""
    interpreter_next: int
    interpreter_threads_head: int
    interpreter_gc_collecting: int
    interpreter_drop_request: int
    """``int`` in the interpreter, up to 3.12; ``ABSENT`` where ``thread_eval_breaker`` has the request."""

    gil_address: int
    gil_size: int
    gil_last_holder: int
    gil_locked: int
    gil_switch_number: int
    gil_cond: int
    gil_mutex: int
    gil_switch_cond: int
    gil_switch_mutex: int

    thread_size: int
    """Bytes of a thread state that are read at once: up to the last field used."""
    thread_next: int
    thread_id: int
    """Unique, never reused within the interpreter (u64)."""
    thread_ident: int
    """``pthread_t``, what ``threading.get_ident()`` returns (u64)."""
    thread_native_id: int
    """The kernel's tid (u64)."""
    thread_eval_breaker: int
    """u64 whose bit 0 is the drop request, from 3.13; ``ABSENT`` before."""
    thread_frame: int
    """Offset of the innermost frame's pointer, or of the pointer to the C frame that has it."""
    thread_frame_indirect: int
    """Offset of the innermost frame's pointer in the C frame (3.11, 3.12); ``ABSENT``: not indirect."""

    frame_size: int
    frame_code: int
    frame_code_mask: int
    """Bits of the code pointer that are tags: 0, or 3 from 3.14 on."""
    frame_previous: int
    frame_instruction: int
    """Offset of the pointer to the instruction under way."""
    frame_owner: int
    """u8."""
    frame_first_shim_owner: int
    """Frames with this owner or a greater one are entry trampolines, not Python code; 255: there are none."""

    code_type_address: int
    """``PyCode_Type``; 0: unknown, then object types are not checked."""
    object_type: int
    code_size: int
    """Bytes of a code object before its bytecode."""
    code_filename: int
    code_name: int
    code_qualname: int
    code_flags: int
    code_first_line: int
    code_line_table: int
    code_bytecode: int

    bytes_size: int
    bytes_data: int
    unicode_length: int
    unicode_state: int
    """Offset of the u32 with the bit fields below."""
    unicode_kind_shift: int
    """Lowest bit of ``kind``, of three, in the state word; ``compact`` and ``ascii`` are the next two."""
    unicode_ascii_data: int
    unicode_compact_data: int

    eval_check_opcodes: tuple[int, ...]
    """Opcodes that check the eval breaker and call nothing: RESUME, JUMP_BACKWARD and their variants."""

    @property
    def gil_cond_bytes(self) -> tuple[int, int]:
        """Where the waiters' condition variable lies in the GIL's struct: first byte, byte behind the last."""
        return self.gil_cond, self.gil_cond + COND_SIZE

    @property
    def gil_mutex_bytes(self) -> tuple[int, int]:
        """Where the mutex around it lies there: first byte, byte behind the last."""
        return self.gil_mutex, self.gil_mutex + MUTEX_SIZE
