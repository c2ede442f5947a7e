"""The page that stands by itself, and what it is put together from: pieces, each with its data and its code.

Nothing is loaded, and the content security policy runs the pieces' scripts and styles alone, by their hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""What could end a block of JSON in HTML, or a line of it."""


_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the page: HTML at its top (names in it escaped), and what its script reads, from the block
    ``data_id``."""

    section: str
    style: str
    script: str
    data_id: str
    data: Any


def assembled(texts: Mapping[str, str], pieces: Sequence[Piece]) -> str:
    """The page of these pieces. ``texts``: HTML for its other places, by name."""
    values = {
        **texts,
        "style_hashes": " ".join(f"'{policy_hash(piece.style)}'" for piece in pieces),
        "script_hashes": " ".join(f"'{policy_hash(piece.script)}'" for piece in pieces),
        "styles": "".join(f"<style>{piece.style}</style>\n" for piece in pieces),
        "sections": "".join(piece.section for piece in pieces),
        "scripts": "".join(
            f'<script type="application/json" id="{piece.data_id}">{embedded(piece.data)}</script>\n'
            f"<script>{piece.script}</script>\n"
            for piece in pieces
        ),
    }
    return filled(part("page", "page.html"), values)


def filled(template: str, values: Mapping[str, str]) -> str:
    """``template`` with each ``{{name}}`` replaced once; what stands in the values is left as it is."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


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
