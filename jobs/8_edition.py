"""spark-submit jobs/8_edition.py --workspace DIR --month YYYY-MM: the stage `edition` alone."""

from sandbox.cli.main import main_of

main_of("run", "edition")
