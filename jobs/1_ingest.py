"""spark-submit jobs/1_ingest.py --workspace DIR --month YYYY-MM: the stage `ingest` alone."""

from sandbox.cli.main import main_of

main_of("run", "ingest")
