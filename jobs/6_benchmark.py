"""spark-submit jobs/6_benchmark.py --workspace DIR --month YYYY-MM: the stage `benchmark` alone."""

from sandbox.cli.main import main_of

main_of("run", "benchmark")
