"""What the pages are put together from: files of this package, JSON inside HTML, hashes for the security policy."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""What could end a block of JSON in HTML, or a line of it."""


def part(folder: str, *names: str) -> str:
    """The text of these files of ``folder``, a line apart."""
    parts = files("gilprof.exporters") / folder
    return "\n".join((parts / name).read_text(encoding="utf-8") for name in names)


def policy_hash(content: str) -> str:
    """As a content security policy names what it allows (W3C CSP 3, hash-source)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def embedded(value: Any) -> str:
    """``value`` as JSON for a script element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPED)
