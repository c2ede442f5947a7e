"""Whether a layout fits what is really there; checked at attach, before a sampler believes it."""

from __future__ import annotations

from gilprof.target.layout import ABSENT, Layout
from gilprof.target.memory import MemoryUnreadable, RemoteMemory
from gilprof.target.state import Gil, Implausible, ThreadState
from gilprof.target.strings import read_string

MIN_INTERVAL_US = 1
MAX_INTERVAL_US = 1_000_000_000
"""``sys.setswitchinterval`` takes anything that fits; a thousand seconds is beyond every use."""
MAX_FRAMES = 64
"""Frames of a thread that are looked at in search of one with a code object."""


def check_threads(states: list[ThreadState], tids: frozenset[int]) -> None:
    """The thread states are those of this process's threads."""
    if not states:
        raise Implausible("the list of threads", "it is empty")
    if not any(state.tid in tids for state in states):
        found = ", ".join(str(state.tid) for state in states[:3])
        raise Implausible("the threads' kernel ids", f"{found}: none is a thread of the process")
    ids = [state.id for state in states]
    if len(set(ids)) != len(ids) or not all(0 < number < 1 << 48 for number in ids):
        raise Implausible("the threads' own ids", f"{ids[:3]}: not distinct small numbers")
    if not all(state.ident for state in states if state.tid in tids):
        raise Implausible("the threads' identifiers", "0 for a running thread")


def check_owner(memory: RemoteMemory, states: list[ThreadState], interpreter: int, offset: int) -> None:
    """Each thread state points back to its interpreter."""
    for state in states:
        owner = memory.u64(state.address + offset)
        if owner != interpreter:
            raise Implausible("a thread's interpreter", f"{owner:#x} instead of {interpreter:#x}")


def check_gil(gil: Gil, states: list[ThreadState]) -> None:
    """The GIL's fields can be those of a GIL."""
    if gil.locked not in (0, 1):
        raise Implausible("the GIL's lock", f"{gil.locked}, neither 0 nor 1")
    if not MIN_INTERVAL_US <= gil.interval_us <= MAX_INTERVAL_US:
        raise Implausible("the GIL's switch interval", f"{gil.interval_us} us")
    if gil.locked and gil.last_holder not in {0, *(state.address for state in states)}:
        raise Implausible("the GIL's holder", f"{gil.last_holder:#x} is not in the list of threads")


def check_frames(memory: RemoteMemory, states: list[ThreadState], layout: Layout) -> None:
    """Where a thread has frames, they lead to a code object with a readable file name."""
    failure: Implausible | None = None
    for state in states:
        try:
            if not _innermost(memory, state, layout):
                continue
            _check_code(memory, _first_code(memory, state, layout), layout)
        except MemoryUnreadable as error:
            failure = Implausible("a thread's frames", str(error))
        except Implausible as error:
            failure = error
        else:
            return  # one thread is enough: the others may be moving
    if failure is not None:
        raise failure


def _innermost(memory: RemoteMemory, state: ThreadState, layout: Layout) -> int:
    """Address of the thread's innermost frame, 0 for none."""
    if layout.thread_frame_indirect == ABSENT or not state.frame:
        return state.frame
    return memory.u64(state.frame + layout.thread_frame_indirect)


def _first_code(memory: RemoteMemory, state: ThreadState, layout: Layout) -> int:
    """Address of the code object of the innermost frame that is Python's."""
    frame = _innermost(memory, state, layout)
    for _ in range(MAX_FRAMES):
        if not frame:
            break
        if memory.u8(frame + layout.frame_owner) < layout.frame_first_shim_owner:
            code = memory.u64(frame + layout.frame_code) & ~layout.frame_code_mask
            kind = memory.u64(code + layout.object_type)
            if layout.code_type_address and kind != layout.code_type_address:
                raise Implausible("a frame's code object", f"its type is {kind:#x}, not {layout.code_type_address:#x}")
            return code
        frame = memory.u64(frame + layout.frame_previous)
    raise Implausible("a thread's frames", "none of them is Python's")


def _check_code(memory: RemoteMemory, code: int, layout: Layout) -> None:
    """A code object's names are strings and its line is a line."""
    for offset in (layout.code_filename, layout.code_name, layout.code_qualname):
        if not read_string(memory, memory.u64(code + offset), layout):
            raise Implausible("a code object", "one of its names is empty")
    line = memory.i32(code + layout.code_first_line)
    if not -1 <= line < 1 << 30:
        raise Implausible("a code object", f"its first line is {line}")
