"""spark-submit jobs/7_disclosure.py --workspace DIR --month YYYY-MM: the stage `disclosure` alone."""

from sandbox.cli.main import main_of

main_of("run", "disclosure")
