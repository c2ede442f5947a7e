"""All numbers of one version: from its table, and from 3.13 on from what the interpreter tells itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gilprof.errors import NotReadable
from gilprof.target import debug_offsets
from gilprof.target.elf import RUNTIME, Image
from gilprof.target.layout import ABSENT
from gilprof.target.memory import RemoteMemory
from gilprof.target.objects import ObjectLayout
from gilprof.target.state import Implausible
from gilprof.target.tables import table
from gilprof.target.version import PythonVersion

OPTIONAL = {
    "interpreter_drop_request": ABSENT,
    "thread_eval_breaker": ABSENT,
    "thread_frame_indirect": ABSENT,
    "frame_first_shim_owner": 255,
}
"""Fields of ``Layout`` that not every version has, and what stands for them."""
THREAD_FIELDS = (
    "thread_next",
    "thread_id",
    "thread_ident",
    "thread_native_id",
    "thread_eval_breaker",
    "thread_frame",
)
"""Members of a thread state, none larger than 8 bytes."""


@dataclass(frozen=True, slots=True)
class Offsets:
    """What does not depend on where the target has its memory."""

    layout: dict[str, int]
    """Fields of ``Layout``, all but the addresses."""
    place: dict[str, int]
    """Where the GIL is found, and members that are read only at attach."""
    objects: ObjectLayout
    opcodes: tuple[int, ...]
    """As ``Layout.eval_check_opcodes``."""


def offsets_of(memory: RemoteMemory, image: Image, version: PythonVersion) -> Offsets:
    """The numbers of this image; ``Implausible`` if what it tells cannot be, or contradicts the table."""
    known = table(version.minor)
    if image.machine != known.machine:
        raise NotReadable(
            f"reading {image.path}",
            f"it is for {image.machine or 'another machine'}",
            f"gilprof reads programs for {known.machine}",
        )
    layout, place, objects = OPTIONAL | known.layout, dict(known.place), dict(known.objects)
    if version.minor in debug_offsets.SCHEMAS:
        offsets = debug_offsets.read_offsets(memory, image.symbols[RUNTIME], version.minor)
        _check_gil_struct(offsets, layout)
        layout |= debug_offsets.as_layout(offsets)
        place["interpreter_gil"] = offsets["interpreter.ceval_gil"]
        place["thread_interpreter"] = offsets["thread.interpreter"]
        objects["interpreter_modules"] = offsets["interpreter.modules"]
    layout["thread_size"] = 8 + max(layout[name] for name in THREAD_FIELDS)
    return Offsets(layout, place, ObjectLayout(**objects), tuple(sorted(known.opcodes.values())))


def _check_gil_struct(offsets: Mapping[str, int], layout: Mapping[str, int]) -> None:
    """What the interpreter tells about its GIL agrees with the table, which has the rest of it."""
    for name, field in (("gil_locked", "gil_locked"), ("gil_holder", "gil_last_holder")):
        offset = offsets[f"interpreter.{name}"] - offsets["interpreter.gil"]
        if offset != layout[field]:
            raise Implausible("the GIL's struct", f"{name} is at {offset}, not {layout[field]}")
