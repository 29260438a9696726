"""spark-submit jobs/3_residence.py --workspace DIR --month YYYY-MM: the stage `residence` alone."""

from sandbox.cli.main import main_of

main_of("run", "residence")
