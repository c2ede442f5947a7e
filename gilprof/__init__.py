"""gilprof: which functions of a running Python program hold the GIL, which wait for it, and for whom."""

from __future__ import annotations

__version__ = "0.1.0"
