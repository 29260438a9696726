"""spark-submit jobs/5_estimates.py --workspace DIR --month YYYY-MM: the stage `estimates` alone."""

from sandbox.cli.main import main_of

main_of("run", "estimates")
