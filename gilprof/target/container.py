"""Whether gilprof itself runs in a container: by the marks that container managers leave inside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

ReadText = Callable[[Path], str]

MANAGER = Path("/run/systemd/container")
"""The manager's name, where systemd runs inside (systemd, "Container Interface")."""
MARKS = {Path("/.dockerenv"): "docker", Path("/run/.containerenv"): "podman"}
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Mounted into every container of a pod, unless the pod says no."""


def container(read_text: ReadText = Path.read_text) -> str:
    """What kind of container this is; empty for none that can be told."""
    if _text(SERVICE_ACCOUNT, read_text) is not None:
        return "kubernetes"
    manager = (_text(MANAGER, read_text) or "").strip()
    if manager:
        return manager
    return next((name for mark, name in MARKS.items() if _text(mark, read_text) is not None), "")


def _text(path: Path, read_text: ReadText) -> str | None:
    """None where there is no such file, or nobody may read it."""
    try:
        return read_text(path)
    except (OSError, ValueError):
        return None
