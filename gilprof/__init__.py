"""gilprof: which functions of a running Python program hold the GIL, which wait for it, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gilprof.api.entry import attach, load, profile, run

__version__ = "0.1.0"
__all__ = ["__version__", "attach", "load", "profile", "run"]


def __getattr__(name: str) -> Any:
    """The functions are loaded when first used: they bring numpy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gilprof.api import entry

    return getattr(entry, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
