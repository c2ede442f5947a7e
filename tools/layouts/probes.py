"""What is asked of CPython's headers: names of ``Layout`` fields and the C expressions that give them.

Everything that the interpreter tells itself (``_Py_DebugOffsets``, from 3.13 on) is asked of the headers for
3.11 and 3.12 only.
"""

from __future__ import annotations

from dataclasses import dataclass

Version = tuple[int, int]
FIRST, LAST = (3, 11), (3, 99)
HAS_DEBUG_OFFSETS = (3, 13)


@dataclass(frozen=True, slots=True)
class Probe:
    """One number of a table: ``section.name``, from version ``since`` up to and with ``until``."""

    section: str
    name: str
    expression: str
    since: Version = FIRST
    until: Version = LAST

    def applies(self, version: Version) -> bool:
        """Whether this version's table has it."""
        return self.since <= version <= self.until


def _offset(struct: str, member: str) -> str:
    return f"offsetof({struct}, {member})"


def _before(accessor: str) -> str:
    return f"(char *)&anchor - (char *){accessor}(&anchor)"


def _layout(struct: str, members: dict[str, str], since: Version = FIRST, until: Version = LAST) -> list[Probe]:
    return [Probe("layout", name, _offset(struct, member), since, until) for name, member in members.items()]


_OLD: Version = (3, 12)
GIL = "struct _gil_runtime_state"
FRAME = "struct _PyInterpreterFrame"

PROBES: tuple[Probe, ...] = (
    # Where the GIL is: in the runtime up to 3.11, behind a pointer in the interpreter from 3.12 on.
    Probe("place", "runtime_gil", _offset("_PyRuntimeState", "ceval.gil"), until=(3, 11)),
    Probe("place", "interpreter_gil", _offset("struct _is", "ceval.gil"), since=_OLD, until=_OLD),
    Probe("place", "gil_interval", _offset(GIL, "interval")),
    Probe("place", "interpreter_id", _offset("struct _is", "id"), until=_OLD),
    Probe("place", "thread_interpreter", _offset("struct _ts", "interp"), until=_OLD),
    Probe("layout", "gil_size", f"sizeof({GIL})"),
    *_layout(
        GIL,
        {
            "gil_last_holder": "last_holder",
            "gil_locked": "locked",
            "gil_switch_number": "switch_number",
            "gil_cond": "cond",
            "gil_mutex": "mutex",
            "gil_switch_cond": "switch_cond",
            "gil_switch_mutex": "switch_mutex",
        },
    ),
    *_layout("_PyRuntimeState", {"interpreters_head": "interpreters.head"}, until=_OLD),
    *_layout(
        "struct _is",
        {
            "interpreter_next": "next",
            "interpreter_threads_head": "threads.head",
            "interpreter_gc_collecting": "gc.collecting",
            "interpreter_drop_request": "ceval.gil_drop_request",
        },
        until=_OLD,
    ),
    *_layout("struct _ts", {"thread_id": "id"}),
    *_layout(
        "struct _ts",
        {
            "thread_next": "next",
            "thread_ident": "thread_id",
            "thread_native_id": "native_thread_id",
            "thread_frame": "cframe",
        },
        until=_OLD,
    ),
    *_layout("_PyCFrame", {"thread_frame_indirect": "current_frame"}, until=_OLD),
    *_layout("struct _ts", {"thread_eval_breaker": "eval_breaker"}, since=HAS_DEBUG_OFFSETS),
    *_layout(
        FRAME,
        {
            "frame_size": "localsplus",
            "frame_code": "f_code",
            "frame_previous": "previous",
            "frame_instruction": "prev_instr",
            "frame_owner": "owner",
        },
        until=_OLD,
    ),
    Probe("layout", "frame_first_shim_owner", "FRAME_OWNED_BY_CSTACK", since=(3, 12), until=(3, 13)),
    Probe("layout", "frame_first_shim_owner", "FRAME_OWNED_BY_INTERPRETER", since=(3, 14)),
    Probe("layout", "frame_code_mask", "0", until=(3, 13)),
    Probe("layout", "frame_code_mask", "Py_TAG_BITS", since=(3, 14)),
    *_layout("PyObject", {"object_type": "ob_type"}, until=_OLD),
    *_layout(
        "PyCodeObject",
        {
            "code_size": "co_code_adaptive",
            "code_filename": "co_filename",
            "code_name": "co_name",
            "code_qualname": "co_qualname",
            "code_flags": "co_flags",
            "code_first_line": "co_firstlineno",
            "code_line_table": "co_linetable",
            "code_bytecode": "co_code_adaptive",
        },
        until=_OLD,
    ),
    *_layout("PyBytesObject", {"bytes_size": "ob_base.ob_size", "bytes_data": "ob_sval"}, until=_OLD),
    *_layout("PyASCIIObject", {"unicode_length": "length", "unicode_state": "state"}, until=_OLD),
    Probe("layout", "unicode_kind_shift", "kind_shift()"),
    Probe("layout", "unicode_ascii_data", "sizeof(PyASCIIObject)", until=_OLD),
    Probe("layout", "unicode_compact_data", "sizeof(PyCompactUnicodeObject)"),
    # Dictionaries and instances, for the names of threads.
    Probe("objects", "interpreter_modules", _offset("struct _is", "modules"), until=(3, 11)),
    Probe("objects", "interpreter_modules", _offset("struct _is", "imports.modules"), since=_OLD, until=_OLD),
    Probe("objects", "module_dict", _offset("PyModuleObject", "md_dict")),
    Probe("objects", "dict_keys", _offset("PyDictObject", "ma_keys")),
    Probe("objects", "dict_values", _offset("PyDictObject", "ma_values")),
    Probe("objects", "keys_log2_index_bytes", _offset("struct _dictkeysobject", "dk_log2_index_bytes")),
    Probe("objects", "keys_kind", _offset("struct _dictkeysobject", "dk_kind")),
    Probe("objects", "keys_entry_count", _offset("struct _dictkeysobject", "dk_nentries")),
    Probe("objects", "keys_indices", _offset("struct _dictkeysobject", "dk_indices")),
    Probe("objects", "keys_kind_general", "DICT_KEYS_GENERAL"),
    Probe("objects", "general_entry_size", "sizeof(PyDictKeyEntry)"),
    Probe("objects", "general_entry_hash", _offset("PyDictKeyEntry", "me_hash")),
    Probe("objects", "general_entry_key", _offset("PyDictKeyEntry", "me_key")),
    Probe("objects", "general_entry_value", _offset("PyDictKeyEntry", "me_value")),
    Probe("objects", "unicode_entry_size", "sizeof(PyDictUnicodeEntry)"),
    Probe("objects", "unicode_entry_key", _offset("PyDictUnicodeEntry", "me_key")),
    Probe("objects", "unicode_entry_value", _offset("PyDictUnicodeEntry", "me_value")),
    Probe("objects", "values_array", _offset("struct _dictvalues", "values")),
    Probe("objects", "values_valid", _offset("struct _dictvalues", "valid"), since=(3, 13)),
    Probe("objects", "type_flags", _offset("PyTypeObject", "tp_flags")),
    Probe("objects", "type_basic_size", _offset("PyTypeObject", "tp_basicsize")),
    Probe("objects", "type_cached_keys", _offset("PyHeapTypeObject", "ht_cached_keys")),
    Probe("objects", "managed_dict_flag", "Py_TPFLAGS_MANAGED_DICT"),
    Probe("objects", "inline_values_flag", "Py_TPFLAGS_INLINE_VALUES", since=(3, 13)),
    Probe("objects", "dict_subclass_flag", "Py_TPFLAGS_DICT_SUBCLASS"),
    Probe("objects", "unicode_subclass_flag", "Py_TPFLAGS_UNICODE_SUBCLASS"),
    Probe("objects", "long_digits", _offset("struct _longobject", "ob_digit"), until=(3, 11)),
    Probe("objects", "long_digits", _offset("struct _longobject", "long_value.ob_digit"), since=_OLD),
    # What lies before an instance (Include/internal/pycore_object.h): as distance, which is positive.
    Probe("objects", "managed_values_before", _before("_PyObject_ValuesPointer"), until=(3, 11)),
    Probe("objects", "managed_dict_before", _before("_PyObject_ManagedDictPointer"), until=(3, 11)),
    Probe("objects", "managed_dict_before", _before("_PyObject_DictOrValuesPointer"), since=_OLD, until=_OLD),
    Probe("objects", "managed_dict_before", _before("_PyObject_ManagedDictPointer"), since=HAS_DEBUG_OFFSETS),
    Probe("objects", "values_untag", "values_untag()", since=_OLD, until=_OLD),
)
"""Sections: ``layout`` as in ``gilprof.target.layout.Layout``; ``place``: where to find the GIL;
``objects``: as in ``gilprof.target.objects.ObjectLayout``."""

EVAL_CHECK_OPCODES: tuple[tuple[str, Version, Version], ...] = (
    ("RESUME", FIRST, LAST),
    ("RESUME_QUICK", FIRST, (3, 11)),
    ("RESUME_CHECK", (3, 13), LAST),
    ("RESUME_CHECK_JIT", (3, 15), LAST),
    ("INSTRUMENTED_RESUME", (3, 12), LAST),
    ("JUMP_BACKWARD", FIRST, LAST),
    ("JUMP_BACKWARD_QUICK", FIRST, (3, 11)),
    ("JUMP_BACKWARD_JIT", (3, 14), LAST),
    ("JUMP_BACKWARD_NO_JIT", (3, 14), LAST),
    ("INSTRUMENTED_JUMP_BACKWARD", (3, 12), LAST),
    ("POP_JUMP_BACKWARD_IF_NONE", FIRST, (3, 11)),
    ("POP_JUMP_BACKWARD_IF_NOT_NONE", FIRST, (3, 11)),
    ("POP_JUMP_BACKWARD_IF_TRUE", FIRST, (3, 11)),
    ("POP_JUMP_BACKWARD_IF_FALSE", FIRST, (3, 11)),
)
"""Instructions that check the eval breaker (CPython Python/ceval.c, Python/bytecodes.c), with the versions
that have them. 3.11 closes ``while`` loops with POP_JUMP_BACKWARD_IF_*: they may call ``__bool__``, which
is a frame of its own when it is Python."""
