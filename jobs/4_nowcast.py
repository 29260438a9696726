"""spark-submit jobs/4_nowcast.py --workspace DIR --month YYYY-MM: the stage `nowcast` alone."""

from sandbox.cli.main import main_of

main_of("run", "nowcast")
