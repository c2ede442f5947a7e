"""Compiles the interposer, once for each version of its source."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("interposer.c")
WARNINGS = ("-Wall", "-Wextra", "-Werror")
COMMAND = ("cc", "-std=c17", "-O2", *WARNINGS, "-fPIC", "-shared", "-ftls-model=initial-exec")


@functools.cache
def interposer() -> Path:
    """The compiled library, in a folder of this user's; kept between runs."""
    text = SOURCE.read_bytes()
    digest = hashlib.sha256(text + " ".join(COMMAND).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"gilprof-oracle-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user")
    library = folder / f"interposer-{digest}.so"
    if not library.exists():
        unfinished = folder / f"{library.name}.{os.getpid()}"
        subprocess.run([*COMMAND, str(SOURCE), "-o", str(unfinished)], check=True)
        unfinished.replace(library)
    return library
