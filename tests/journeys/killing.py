"""A process that ends itself, as by `kill -9`, just before the n-th act by which it would change something on disk.

Python's own acts (open for writing, rename, unlink, mkdir, rmtree, copy) are told by its audit hook; those of Arrow
and of Delta's Rust are wrapped, Delta's commits before and after.
"""

import contextlib
import io
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from deltalake import DeltaTable

from sandbox.cli.main import main
from sandbox.feeds import feed_job, parts, workers
from sandbox.lakehouse import files, store

NEVER = 1 << 30
# Exit codes of a command that did what it should; a delivery may be refused whole.
ANSWERS = (None, 0, 4)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
ACTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "shutil.copyfile", "os.truncate"}
Words = tuple[str, ...]


class Acts:
    """Counts acts below one folder, notes their names, and kills its process before the one of a number."""

    def __init__(self, below: Path, last: int) -> None:
        self.names: list[str] = []
        self._below, self._last, self._lock = str(below), last, threading.Lock()

    def act(self, name: str) -> None:
        """Count one act; never returns from the last."""
        with self._lock:
            self.names.append(name)
            if len(self.names) == self._last:
                os.kill(os.getpid(), signal.SIGKILL)

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take what the audit hook tells; what is read only, or lies elsewhere, is no act."""
        writes = event in ACTS or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING)
        if writes and isinstance(arguments[0], str | os.PathLike) and str(arguments[0]).startswith(self._below):
            self.act(event)

    def wrap(self, owner: Any, name: str, after: bool = False) -> None:
        """Make a function of a library count as an act, and its end as another where `after` is set."""
        original: Callable[..., Any] = getattr(owner, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            self.act(name)
            result = original(*arguments, **named)
            if after:
                self.act(f"{name}, done")
            return result

        setattr(owner, name, counted)


def work(root: Path, commands: Sequence[Words], last: int, told: Path | None, spark: bool) -> None:
    """Run commands one after the other in this process; write the names of its acts to `told`."""
    os.setsid()
    os.chdir(root)
    acts = Acts(root, last)
    for name in ("write_deltalake", "create_table_with_add_actions"):
        acts.wrap(store, name, after=True)
    acts.wrap(DeltaTable, "create_write_transaction", after=True)
    acts.wrap(pq.ParquetWriter, "__init__")
    acts.wrap(pq.ParquetWriter, "write_table")
    acts.wrap(files.PartitionFiles, "close", after=True)
    acts.wrap(parts, "row_hashes")
    acts.wrap(feed_job, "noted", after=True)
    sys.addaudithook(acts.heard)
    if spark:
        workers.LOCAL_BYTES = 0
    for words in commands:
        sys.argv = ["sandbox", *words, "--workspace", str(root)]
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                main()
            except SystemExit as ended:
                if ended.code not in ANSWERS:
                    raise
    if told:
        told.write_text("\n".join(acts.names), "utf-8")


def processes() -> ForkServerContext:
    """Return what starts processes that begin with everything imported: else they would spend their time on that."""
    here = str(Path(__file__).parents[2])
    if here not in sys.path:
        sys.path.append(here)  # children look for this file as `tests.journeys.killing`
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.journeys.killing", "sandbox.pipeline", "sandbox.feeds.stage"])
    return context


def run(root: Path, commands: Sequence[Words], last: int = NEVER, told: Path | None = None, spark: bool = False) -> int:
    """Run `work` in a process of its own; return its exit code, or less than 0 the signal that ended it."""
    process = processes().Process(target=work, args=(root, commands, last, told, spark))
    process.start()
    process.join()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)  # Java and its workers, where there were any
    return process.exitcode if process.exitcode is not None else 0
