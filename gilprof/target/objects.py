"""Where dictionaries, modules and instances of the target keep their contents: numbers only."""

from __future__ import annotations

from dataclasses import dataclass

from gilprof.target.layout import ABSENT


@dataclass(frozen=True, slots=True)
class ObjectLayout:
    """Offsets in bytes, sizes and flags; from the tables in ``layouts/``.

    After Include/internal/pycore_dict.h and pycore_object.h.
    """

    interpreter_modules: int
    """``sys.modules`` in the interpreter's state."""
    module_dict: int
    dict_keys: int
    dict_values: int
    """Pointer to the values of a split dictionary, 0 for a combined one."""
    keys_log2_index_bytes: int
    keys_kind: int
    keys_entry_count: int
    keys_indices: int
    """The hash table, behind which the entries lie."""
    keys_kind_general: int
    """The kind whose entries have a hash and any keys; entries of other kinds have strings only."""
    general_entry_size: int
    general_entry_hash: int
    general_entry_key: int
    general_entry_value: int
    unicode_entry_size: int
    unicode_entry_key: int
    unicode_entry_value: int
    values_array: int
    type_flags: int
    type_basic_size: int
    type_cached_keys: int
    """Keys that the instances of a heap type share."""
    managed_dict_flag: int
    dict_subclass_flag: int
    unicode_subclass_flag: int
    long_digits: int
    """An integer's digits of 30 bits (Include/cpython/longintrepr.h), the lowest first."""
    managed_dict_before: int
    """The pointer to an instance's dictionary lies this far before the instance."""
    managed_values_before: int = ABSENT
    """3.11 only: the pointer to the values of an instance that has no dictionary."""
    values_untag: int = 0
    """3.12 only, else 0: one pointer serves both, odd when it is to values; this is then to be added."""
    inline_values_flag: int = ABSENT
    """From 3.13: values may lie inside the instance, behind ``type_basic_size``."""
    values_valid: int = ABSENT
    """From 3.13: u8, 0 once inline values have moved elsewhere."""
