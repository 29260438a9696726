"""What this machine must have before Spark can run: each lack with the way to mend it. Starts nothing itself."""

import os
import re
import shutil
import socket
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

GIB = 1 << 30
NEEDED_MEMORY = 6 * GIB
NEEDED_DISK = 4 * GIB
NEEDED_JAVA = 17
PACKAGES = ("pyspark", "delta", "deltalake", "mlflow", "sklearn", "skops", "pytauargus", "pysdmx", "statsmodels")


@dataclass(frozen=True)
class Condition:
    """One thing looked at: whether it is as it must be, what was found, how to mend it."""

    name: str
    holds: bool
    found: str
    remedy: str = ""


def conditions(folder: Path) -> list[Condition]:
    """Return what must hold to run everything in `folder`."""
    return [_java(), _memory(), _disk(folder), _packages(), _loopback()]


def java_version(text: str) -> int | None:
    """Return the main version in the words of `java -version`; before 9 it stood second: 1.8 is 8."""
    found = re.search(r'version "(\d+)(?:\.(\d+))?', text)
    if found is None:
        return None
    first, second = int(found.group(1)), found.group(2)
    return int(second) if first == 1 and second else first


def _java() -> Condition:
    remedy = "Install a Java runtime, 17 or newer (Debian: openjdk-17-jre-headless), or set JAVA_HOME to one."
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None or not Path(java).exists():
        return Condition("Java", False, "none found", remedy)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = java_version(said.stderr + said.stdout)
    if version is None:
        return Condition("Java", False, "it does not say its version", remedy)
    return Condition("Java", version >= NEEDED_JAVA, f"version {version}", remedy)


def _memory() -> Condition:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    remedy = "Set a smaller [spark] driver_memory and --scale, or use a machine with 6 GiB."
    return Condition("Memory", size >= NEEDED_MEMORY, f"{size / GIB:.0f} GiB", remedy)


def _disk(folder: Path) -> Condition:
    there = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    return Condition("Disk", free >= NEEDED_DISK, f"{free / GIB:.0f} GiB free", "Free 4 GiB, or choose another folder.")


def _packages() -> Condition:
    absent = [name for name in PACKAGES if find_spec(name) is None]
    found = f"missing: {', '.join(absent)}" if absent else f"{len(PACKAGES)} of {len(PACKAGES)}"
    return Condition("Packages", not absent, found, "Run `make setup`, or install the extra `lake`.")


def _loopback() -> Condition:
    remedy = "Spark's driver and workers talk over 127.0.0.1: allow local ports, or free one."
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            return Condition("Ports", True, f"127.0.0.1 gives one ({server.getsockname()[1]})")
    except OSError as error:
        return Condition("Ports", False, error.strerror or "refused", remedy)
