"""A small Flask application: JSON of the best of 400 rows. Served by benchmarks/service.py."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask

app = Flask(__name__)
ROWS: list[dict[str, Any]] = [
    {"id": i, "name": f"user{i}", "score": i * 7919 % 1000, "tags": ["a", "b", str(i)]} for i in range(400)
]


def rank(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: -row["score"])[:50]


def render(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows)


@app.get("/users")
def users() -> str:
    return render(rank(ROWS))
