"""spark-submit jobs/2_presence.py --workspace DIR --month YYYY-MM: the stage `presence` alone."""

from sandbox.cli.main import main_of

main_of("run", "presence")
