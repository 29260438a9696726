"""The one place where Spark is started."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from delta import configure_spark_with_delta_pip
from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession

from sandbox.errors import EnvironmentFaultError
from sandbox.settings import Workspace

FIXED = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.databricks.delta.schema.autoMerge.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # NumPy and models take a table of many rows as fast as one of few.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
    # Jobs here are short: the optimising compiler would take the cores longer than it saves (128 s to 101 s of CPU).
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseParallelGC",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
}


def spark_session(workspace: Workspace) -> SparkSession:
    """Return the session, started if there is none yet; whatever Java says goes to a file of the workspace."""
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    settings = workspace.settings.spark
    builder = (
        SparkSession.builder.appName("sandbox")
        .master(settings.master)
        .config("spark.driver.memory", settings.driver_memory)
        .config("spark.sql.shuffle.partitions", str(settings.shuffle_partitions))
        .config("spark.sql.warehouse.dir", str(workspace.root / "spark-warehouse"))
    )
    for name, value in (FIXED | settings.conf).items():
        builder = builder.config(name, value)
    try:
        with java_output_to(spark_log(workspace)), _own_interrupt():
            return configure_spark_with_delta_pip(builder).getOrCreate()
    except (PySparkRuntimeError, FileNotFoundError, RuntimeError) as error:
        raise EnvironmentFaultError(
            f"Spark could not be started; the trace is in {spark_log(workspace)}.",
            "Run `sandbox doctor`: it says what is missing and how to get it.",
        ) from error


@contextmanager
def _own_interrupt() -> Iterator[None]:
    """Keep what Ctrl-C does: pyspark would have it call Java, in the middle of whatever call is going on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, kept)


def spark_log(workspace: Workspace) -> Path:
    """File that Java and the workers write to."""
    return workspace.logs / "spark.log"


@contextmanager
def java_output_to(file: Path) -> Iterator[None]:
    """Give a process started inside the block `file` as its output, so that no trace reaches the terminal.

    Java keeps the file open for its whole life; ours are put back at the end of the block.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    with file.open("ab") as log:
        try:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            yield
        finally:
            for target, source in zip((1, 2), kept, strict=True):
                os.dup2(source, target)
                os.close(source)
