"""Reads dictionaries and attributes of the target's objects, bounded and trusting nothing."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from gilprof.target.layout import ABSENT, Layout
from gilprof.target.memory import RemoteMemory
from gilprof.target.objects import ObjectLayout
from gilprof.target.state import Implausible
from gilprof.target.strings import read_string

MAX_ENTRIES = 200_000
"""Entries of a dictionary that are looked at: modules, a module's names, threads."""
MAX_LOG2_INDEX_BYTES = 24
ENTRIES_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a dictionary's keys; ``value`` and ``key`` are addresses, 0 for none."""

    index: int
    hash: int
    """0 in tables of strings, which keep none."""
    key: int
    value: int


class Heap:
    """The target's objects as they are now; raises ``Implausible`` or ``MemoryUnreadable``.

    Remembers places of attributes for as long as it lives: make one for each walk.
    """

    def __init__(self, memory: RemoteMemory, layout: Layout, objects: ObjectLayout) -> None:
        self.memory = memory
        self.layout = layout
        self.objects = objects
        self._flags: dict[int, int] = {}
        self._places: dict[tuple[int, str], int | None] = {}

    def module(self, name: str) -> int | None:
        """Address of an imported module's dictionary."""
        place = self.layout.interpreter_address + self.objects.interpreter_modules
        module = self.dict_value(self.memory.u64(place), name)
        return self.memory.u64(module + self.objects.module_dict) if module else None

    def dict_value(self, address: int, name: str) -> int | None:
        """What a dictionary has under a string; None for nothing."""
        self._expect(address, self.objects.dict_subclass_flag, "a dictionary")
        keys = self.memory.u64(address + self.objects.dict_keys)
        values = self.memory.u64(address + self.objects.dict_values)
        return self._value(keys, values, name)

    def dict_by_hash(self, address: int) -> Iterator[tuple[int, int]]:
        """Hashes and values of a dictionary whose keys are not strings: integers are their own hash."""
        self._expect(address, self.objects.dict_subclass_flag, "a dictionary")
        for entry in self._entries(self.memory.u64(address + self.objects.dict_keys)):
            if entry.key and entry.value and entry.hash:
                yield entry.hash, entry.value

    def attribute(self, instance: int, name: str) -> int | None:
        """An attribute in the instance's own dictionary or values; None for nothing."""
        objects, memory = self.objects, self.memory
        kind = memory.u64(instance + self.layout.object_type)
        if not self._type_flags(kind) & objects.managed_dict_flag:
            raise Implausible("an instance", "its class keeps no managed dictionary")
        if objects.managed_values_before != ABSENT:
            values = memory.u64(instance - objects.managed_values_before)
            if values:
                return self._value(memory.u64(kind + objects.type_cached_keys), values, name)
        pointer = memory.u64(instance - objects.managed_dict_before)
        if objects.values_untag and pointer & 1:
            return self._value(memory.u64(kind + objects.type_cached_keys), pointer + objects.values_untag, name)
        if pointer:
            return self.dict_value(pointer, name)
        if objects.inline_values_flag == ABSENT or not self._type_flags(kind) & objects.inline_values_flag:
            return None
        values = instance + memory.u64(kind + objects.type_basic_size)
        if not memory.u8(values + objects.values_valid):
            return None
        return self._value(memory.u64(kind + objects.type_cached_keys), values, name)

    def low_digit(self, address: int) -> int:
        """The lowest 30 bits of an integer: all of a number that is known to be small."""
        return self.memory.u32(address + self.objects.long_digits)

    def text(self, address: int) -> str:
        """A string's text."""
        self._expect(address, self.objects.unicode_subclass_flag, "a string")
        return read_string(self.memory, address, self.layout)

    def _value(self, keys: int, values: int, name: str) -> int | None:
        """A value by its name: in the keys' own entry, or in the array beside shared keys."""
        index = self._index(keys, name)
        if index is None:
            return None
        if values:
            return self.memory.u64(values + self.objects.values_array + 8 * index) or None
        size, _, value = self._entry_shape(keys)
        return self.memory.u64(self._entries_address(keys) + size * index + value) or None

    def _index(self, keys: int, name: str) -> int | None:
        """Which entry has a name for its key."""
        place = (keys, name)
        if place not in self._places:
            found = (entry.index for entry in self._entries(keys) if entry.key and self._is_text(entry.key, name))
            self._places[place] = next(found, None)
        return self._places[place]

    def _is_text(self, address: int, name: str) -> bool:
        """Whether a key is the ASCII string ``name``: two reads, where most keys differ in the first."""
        if self.memory.u64(address + self.layout.unicode_length) != len(name):
            return False
        return self.memory.read(address + self.layout.unicode_ascii_data, len(name)) == name.encode("ascii")

    def _entries(self, keys: int) -> Iterator[Entry]:
        """The entries in the order of insertion, empty ones included."""
        count = self.memory.u64(keys + self.objects.keys_entry_count)
        if count > MAX_ENTRIES:
            raise Implausible("a dictionary", f"{count} entries")
        size, key, value = self._entry_shape(keys)
        has_hash = size == self.objects.general_entry_size
        start = self._entries_address(keys)
        for first in range(0, count, ENTRIES_AT_ONCE):
            data = self.memory.read(start + first * size, min(ENTRIES_AT_ONCE, count - first) * size)
            for offset in range(0, len(data), size):
                yield Entry(
                    index=first + offset // size,
                    hash=_u64(data, offset + self.objects.general_entry_hash) if has_hash else 0,
                    key=_u64(data, offset + key),
                    value=_u64(data, offset + value),
                )

    def _entry_shape(self, keys: int) -> tuple[int, int, int]:
        """Size of an entry, and where in it the key and the value are."""
        objects = self.objects
        if self.memory.u8(keys + objects.keys_kind) == objects.keys_kind_general:
            return objects.general_entry_size, objects.general_entry_key, objects.general_entry_value
        return objects.unicode_entry_size, objects.unicode_entry_key, objects.unicode_entry_value

    def _entries_address(self, keys: int) -> int:
        log2 = self.memory.u8(keys + self.objects.keys_log2_index_bytes)
        if log2 > MAX_LOG2_INDEX_BYTES:
            raise Implausible("a dictionary", f"an index of 2**{log2} bytes")
        return keys + self.objects.keys_indices + (1 << log2)

    def _expect(self, address: int, flag: int, what: str) -> None:
        """The object's type has a flag."""
        if not self._type_flags(self.memory.u64(address + self.layout.object_type)) & flag:
            raise Implausible(what, f"the object at {address:#x} is of another type")

    def _type_flags(self, kind: int) -> int:
        if kind not in self._flags:
            self._flags[kind] = self.memory.u64(kind + self.objects.type_flags)
        return self._flags[kind]


def _u64(data: bytes, offset: int) -> int:
    return int(struct.unpack_from("<Q", data, offset)[0])
