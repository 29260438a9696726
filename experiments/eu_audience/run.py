"""Meta audience estimates in the EU → contract, ingest → stocks → Eurostat → verdict by wave."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from experiments.eu_audience.model import Wave, log_correlation, regime_gate, waves_of, with_estimates
from experiments.journey import Found, Sent, estimate_row, keep, report, take_in, tracked
from sandbox.benchmark.alignment import Declared, aligned
from sandbox.benchmark.gates import Gate, all_gates
from sandbox.benchmark.measures import all_measures
from sandbox.benchmark.pairs import Side, paired
from sandbox.benchmark.records import Row, SeriesId, comparison_rows, verdict_row
from sandbox.benchmark.verdict import judged
from sandbox.lakehouse import store
from sandbox.lakehouse.tables.feeds import AUDIENCE_ESTIMATE, OFFICIAL_SERIES
from sandbox.settings import Workspace

NAME = "eu_audience"
QUESTION = "Do audience estimates of a platform give stocks of EU citizens, and for how long?"
BENCHMARK = "EUROSTAT_STOCK_15_64"
DELIVERED = date(2020, 1, 31)
VINTAGE = date(2020, 1, 1)
LATER_FLOOR = 1_000.0
FEED = "audience_estimate"
SERIES = {"rule_id": "", "feed": FEED, "frequency": "M", "vintage": VINTAGE}
ABOVE, BELOW, RAW = "EU_STOCK", "EU_STOCK_AT_FLOOR", "EU_AUDIENCE"
KEY = ["origin", "destination"]
OFFICIAL_FIELDS = {
    "concept": "usual residence, 12 months",
    "population": "EU citizens aged 15 to 64 living in another EU country",
    "territory": "EU",
    "period": "1 January",
    "unit": "persons",
}
RAW_FIELDS = {
    **OFFICIAL_FIELDS,
    "concept": "monthly active users",
    "population": "users whom the platform says have moved",
}


class Figure(NamedTuple):
    """One corridor's stock as estimated in one wave."""

    origin: str
    destination: str
    mau: float
    censored: bool
    estimate: float
    se: float
    lower: float
    upper: float


def run(workspace: Workspace, shared: Path, seed: int) -> list[Row]:
    """Run the experiment in a workspace of its own; return the printed rows."""
    with tracked(workspace, NAME, {"seed": seed, "vintage": str(VINTAGE)}):
        take_in(workspace, sent(shared / "data" / "fb_eu_stocks"), seed)
        audience = store.read_small(workspace, AUDIENCE_ESTIMATE).to_pandas()
        official = store.read_small(workspace, OFFICIAL_SERIES).to_pandas()
        found, metrics = concluded(audience, official)
        keep(workspace, NAME, found)
        return report(found, metrics)


def sent(data: Path) -> Sequence[Sent]:
    """Return the two deliveries: the platform's answers, and the office's stocks."""
    terms = {
        "legalBasis": "Published under GPL-3 with 'Integrating migrant stocks'",
        "partnerContact": "https://github.com/a-wis/integrating-migrant-stocks",
    }
    audience = [(data / "Fb_all_2016_2019_users_pop_coverage.csv.gz", "fb_eu")]
    stocks = [(data / "Eurostat_2010_2018_15_64.csv.gz", "eurostat_eu_stocks")]
    return [
        Sent("meta", "audience_estimate", audience, (date(2016, 5, 1), date(2019, 6, 30)), DELIVERED, terms),
        Sent("eurostat", "official_series", stocks, (date(2010, 1, 1), date(2018, 12, 31)), DELIVERED, terms),
    ]


def concluded(audience: pd.DataFrame, official: pd.DataFrame) -> tuple[Found, Mapping[str, float]]:
    """Return rows of estimate, comparison and verdict, wave by wave, and the correlations of logs."""
    found = Found()
    metrics: dict[str, float] = {}
    waves = waves_of(audience, official)
    for number, wave in enumerate(waves):
        earlier = waves[number - 1] if number else None
        rows = with_estimates(wave, earlier)
        gate, evidence = regime_gate(wave, earlier)
        verdicts = [
            _judge(found, wave, rows[~rows["censored"]], ABOVE, gate),
            _judge(found, wave, rows[rows["censored"]], BELOW, gate),
        ]
        printed, logged = _wave_row(wave)
        found.printed.append({**printed, "above floor": verdicts[0], "at floor": verdicts[1], "inputs": evidence})
        metrics |= {f"log_correlation_{wave.month}": logged}
    _judge_raw(found, waves)
    return found, metrics


def _judge(found: Found, wave: Wave, rows: pd.DataFrame, indicator: str, regime: Gate) -> str:
    """Judge one wave's corridors above, or at, the floor; return the verdict with its leading measure."""
    if rows.empty:
        return "none"
    identity = SeriesId(indicator, "", FEED, "M", VINTAGE)
    alignment = aligned(_model_of(wave), Declared(OFFICIAL_FIELDS, id=BENCHMARK), _conversions(wave))
    theirs = wave.rows[wave.rows["stock"].notna()]
    theirs = theirs[theirs["censored"] == (indicator == BELOW)]
    pairs = paired(Side(rows, "estimate", "lower", "upper", "se"), Side(theirs, "stock"), KEY)
    measures, gates = all_measures(pairs), [*all_gates(pairs), regime]
    named = {f"{wave.month} {name}": value for name, value in measures.items()}
    by_wave = [Gate(f"{wave.month} {gate.id}", gate.value, gate.status, gate.n) for gate in gates]
    found.comparisons += comparison_rows(identity, (BENCHMARK, "latest"), named, by_wave, len(pairs.matched))
    says = judged(gates, alignment, ["official_error_not_stated"])
    found.verdicts.append(verdict_row(identity, wave.month, BENCHMARK, says, alignment))
    found.estimates += _estimate_rows(rows, indicator, wave)
    wmape = measures.get("wmape", float("nan"))
    return (
        f"{says.verdict.value} (wMAPE {wmape:.0%}, n = {len(pairs.matched)})" if isfinite(wmape) else says.verdict.value
    )


def _judge_raw(found: Found, waves: Sequence[Wave]) -> None:
    """Judge the audience itself: users are not residents, whatever the correlation."""
    identity = SeriesId(RAW, "", FEED, "M", VINTAGE)
    alignment = aligned(Declared(RAW_FIELDS), Declared(OFFICIAL_FIELDS, id=BENCHMARK))
    for wave in waves:
        for name, floor in _floors(wave).items():
            value, n = log_correlation(wave.rows, floor)
            measure = {f"{wave.month} log_correlation {name}": value}
            found.comparisons += comparison_rows(identity, (BENCHMARK, "latest"), measure, [], n)
    found.verdicts.append(verdict_row(identity, "_T", BENCHMARK, judged([], alignment), alignment))
    says = found.verdicts[-1]
    found.printed.append({"series": RAW, "verdict": says["verdict"], "why": "; ".join(says["reasons"])})


def _wave_row(wave: Wave) -> tuple[Row, float]:
    correlations = {name: log_correlation(wave.rows, floor) for name, floor in _floors(wave).items()}
    row: Row = {"wave": wave.month, "stocks of": wave.year}
    for name, (value, n) in correlations.items():
        row[f"log r {name}"] = f"{value:.3f} (n = {n})" if isfinite(value) else f"n = {n}"
    return row, correlations["all"][0]


def _floors(wave: Wave) -> dict[str, float]:
    return {"all": 0.0, "above own floor": float(wave.rows["floor"].max()), "above 1,000": LATER_FLOOR}


def _model_of(wave: Wave) -> Declared:
    """Return what the model's stocks claim: the official concept, of the wave's own date, out of sample."""
    period = OFFICIAL_FIELDS["period"] if wave.month.startswith(str(wave.year)) else f"wave of {wave.month}"
    return Declared({**OFFICIAL_FIELDS, "period": period}, calibrated_to=BENCHMARK, out_of_sample=True)


def _conversions(wave: Wave) -> dict[str, str]:
    if wave.month.startswith(str(wave.year)):
        return {}
    return {"period": f"stocks of {wave.year}, the last published, stand for those of {wave.month[:4]}"}


def _estimate_rows(rows: pd.DataFrame, indicator: str, wave: Wave) -> list[Row]:
    month = date(int(wave.month[:4]), int(wave.month[5:]), 1)
    return [
        estimate_row(
            {**SERIES, "indicator": indicator},
            month,
            row.estimate,
            area=row.destination,
            partner_area=row.origin,
            age="Y15T64",
            se=row.se,
            lower=row.lower,
            upper=row.upper,
            naive=None if row.censored else row.mau,
            contributors=None if row.censored else int(row.mau),
            calibrated_to=BENCHMARK,
        )
        for row in map(Figure._make, rows[list(Figure._fields)].itertuples(index=False))
    ]
