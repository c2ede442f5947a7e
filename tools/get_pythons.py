"""Put newer CPython interpreters under ``.pythons/X.Y`` of this repository, as targets for the tests.

    python tools/get_pythons.py 3.14 3.15

They are Debian's own packages of a newer suite (SUITE, by default sid), with the C library and the others
that they need, unpacked beside the system and not installed: nothing outside ``.pythons`` changes. They
come from the Debian mirror that this machine's apt is set up for. What is there already and works is left
alone, without network. The interpreter is ``.pythons/X.Y/bin/python``. The exit status is 1 when one could
not be had; each is named.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from set_loader import set_loader

PYTHONS = Path(__file__).resolve().parents[1] / ".pythons"
SUITE = os.environ.get("SUITE", "sid")
KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")
MODULES = "ssl, ctypes, sqlite3, zlib, bz2, lzma, hashlib, readline, multiprocessing, asyncio"


class UnavailableError(Exception):
    """Why an interpreter could not be had, for people."""


class Apt:
    """An apt of our own: one suite of the machine's mirror, its state under a folder, nothing installed."""

    def __init__(self, folder: Path, suite: str) -> None:
        if shutil.which("apt-get") is None:
            raise UnavailableError("no apt-get here; put the interpreter on PATH or into GILPROF_PYTHONS")
        mirror = self._mirror()
        for name in ("state", "lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").write_text("")
        keys = [path for name in KEYRINGS if (path := Path("/usr/share/keyrings", name)).exists()]
        signed_by = f"[signed-by={keys[0]}] " if keys else ""
        (folder / "sources.list").write_text(f"deb {signed_by}{mirror} {suite} main\n")
        self._archives = folder / "cache/archives"
        settings = {
            "Dir::Etc::SourceList": folder / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State": folder / "state",
            "Dir::State::Lists": folder / "lists",
            "Dir::State::Status": folder / "status",
            "Dir::Cache": folder / "cache",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Debug::NoLocking": "true",
        }
        self._options = [f"--option={name}={value}" for name, value in settings.items()]
        self._run("update")

    def download(self, package: str) -> list[Path]:
        """The package and all that it depends on."""
        self._run("clean")
        self._run("install", "--yes", "--download-only", package)
        return sorted(self._archives.glob("*.deb"))

    def _run(self, *arguments: str) -> str:
        command = ["apt-get", "-qq", *self._options, *arguments]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode != 0:
            asked = " ".join(arguments)
            raise UnavailableError(f"apt-get {asked} ({SUITE}) answered: {answer.stderr.strip()}")
        return answer.stdout

    @staticmethod
    def _mirror() -> str:
        """The first of the machine's own sources that is a Debian archive."""
        command = ["apt-get", "--option=Debug::NoLocking=true", "update", "--print-uris"]
        listed = subprocess.run(command, capture_output=True, text=True).stdout
        found = re.search(r"^'([^']*/debian)/dists/", listed, re.MULTILINE)
        if found is None:
            raise UnavailableError("apt has no Debian mirror among its sources")
        return found[1]


def works(executable: Path) -> bool:
    """Whether it runs, with the modules that targets use."""
    try:
        return subprocess.run([executable, "-c", f"import {MODULES}"], capture_output=True).returncode == 0
    except OSError:
        return False


def unpack(packages: list[Path], version: str, root: Path) -> None:
    """Make ``root/bin/python`` from the packages: Debian's tree, with the loader and libraries in it."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for package in packages:
        subprocess.run(["dpkg-deb", "--extract", str(package), str(root)], check=True)
    loader = next(root.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*"), None)
    if loader is None:
        raise UnavailableError(f"no dynamic loader in the packages of Python {version}")
    set_loader(root / f"usr/bin/python{version}", loader)
    (root / "usr/bin/python").symlink_to(f"python{version}")
    for name in ("bin", "lib"):
        (root / name).symlink_to(f"usr/{name}")


def main(versions: list[str]) -> int:
    if not versions or not all(re.fullmatch(r"3\.\d+", version) for version in versions):
        print(__doc__, file=sys.stderr)
        return 2
    apt = None
    missing = 0
    for version in versions:
        python = PYTHONS / version / "bin/python"
        try:
            if not works(python):
                apt = apt or Apt(PYTHONS / ".apt", SUITE)
                unpack(apt.download(f"python{version}"), version, PYTHONS / version)
                if not works(python):
                    raise UnavailableError(f"{python} is there but does not work")
            print(f"get_pythons: {version}: {python}")
        except UnavailableError as reason:
            print(f"get_pythons: {version}: not available: {reason}", file=sys.stderr)
            missing += 1
    return min(missing, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
