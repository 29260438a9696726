"""The parts of the rules that SQL can carry, as DuckDB runs them beside ours."""

from datetime import date
from pathlib import Path

from sandbox.concepts.rules import Rule

# Runs a statement in a process of its own: python -c DUCKDB statement threads.
DUCKDB = "import duckdb, sys; duckdb.connect(config={'threads': int(sys.argv[2])}).execute(sys.argv[1])"

# Step 1 of Chi et al. 2020: days of one place joined over gaps of up to 7 days, at least 30 long, seen on 60 %.
CONTIGUOUS = """
COPY (
    WITH days AS (SELECT DISTINCT person_id, place, date FROM read_parquet('{source}')),
    begun AS (
        SELECT *, coalesce(date - lag(date) OVER one_place > 7, true)::INT AS begins FROM days
        WINDOW one_place AS (PARTITION BY person_id, place ORDER BY date)
    ),
    numbered AS (SELECT *, sum(begins) OVER (PARTITION BY person_id, place ORDER BY date) AS stay FROM begun)
    SELECT person_id, place, min(date) AS start, max(date) AS "end" FROM numbered
    GROUP BY person_id, place, stay
    HAVING max(date) - min(date) + 1 >= 30 AND count(*) >= 0.6 * (max(date) - min(date) + 1)
) TO '{out}' (FORMAT parquet)
"""

# Each crossing with the same person's next ones: days on either side up to the stay that decides, or to the last one.
WALKED = """
COPY (
    WITH stays AS (
        SELECT movement_id, person_id, date, row_number() OVER own AS number,
               coalesce(lead(date) OVER own, DATE '{until}') - date AS days
        FROM read_parquet('{source}') WINDOW own AS (PARTITION BY person_id ORDER BY date, sequence)
    ),
    walked AS (
        SELECT one.movement_id, next.number AS number,
               sum(CASE WHEN (next.number - one.number) % 2 = 0 THEN next.days ELSE 0 END) OVER onward AS along,
               sum(CASE WHEN (next.number - one.number) % 2 = 1 THEN next.days ELSE 0 END) OVER onward AS back
        FROM stays one JOIN stays next
          ON next.person_id = one.person_id AND next.number >= one.number AND next.date <= one.date + {window}
        WINDOW onward AS (PARTITION BY one.movement_id ORDER BY next.number)
    )
    SELECT movement_id,
           coalesce(arg_min(along, number) FILTER (WHERE along >= {threshold} OR back > {tolerated}),
                    arg_max(along, number)) AS along,
           coalesce(arg_min(back, number) FILTER (WHERE along >= {threshold} OR back > {tolerated}),
                    arg_max(back, number)) AS back
    FROM walked GROUP BY movement_id
) TO '{out}' (FORMAT parquet)
"""


def contiguous(source: Path, out: Path) -> str:
    """Return the statement of the first step of the segments."""
    return CONTIGUOUS.format(source=source, out=out)


def walked(source: Path, out: Path, rule: Rule, until: date) -> str:
    """Return the statement that sums the days of a rule's walk for every crossing."""
    days = {"window": rule.window_days, "threshold": rule.threshold_days, "tolerated": rule.tolerated_days}
    return WALKED.format(source=source, out=out, until=until, **days)
