"""The story in three sentences, and the cards above the charts, written from the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.concepts.codes import Verdict
from sandbox.release.figures import Observation, Selection
from sandbox.release.names import Names
from sandbox.release.page.words import figure, interval, month, shown, shown_interval, signed
from sandbox.release.terms import Terms

HEADLINE = ("IMM", "EMI", "NET")


@dataclass(frozen=True)
class Card:
    """One headline figure with everything that must stand beside it."""

    name: str
    value: str
    interval: str
    state: str
    verdict: Verdict


def totals(selection: Selection, indicator: str) -> tuple[Observation, ...]:
    """Return the country's monthly totals of an indicator, oldest first."""
    found = [o for o in selection.of(indicator) if o.is_total and o.frequency == "M"]
    return tuple(sorted(found, key=lambda o: o.reference_period))


def cards(selection: Selection, names: Names) -> list[Card]:
    """Return a card for each headline figure of the newest month that is published."""
    made = []
    for indicator in HEADLINE:
        series = totals(selection, indicator)
        if series:
            last = series[-1]
            state = "provisional" if last.provisional else "final"
            title = f"{names.indicator(indicator)}, {month(last.reference_period)}"
            value = signed(last.value) if indicator == "NET" and last.value is not None else shown(last)
            made.append(Card(title, value, shown_interval(last), state, last.verdict))
    return made


def story(selection: Selection, names: Names, terms: Terms) -> list[str]:
    """Return three sentences: the newest month, the change over a year, what may be trusted."""
    series = {indicator: totals(selection, indicator) for indicator in HEADLINE}
    return [_newest(series, names, terms), _change(series, terms), _trust(selection)]


def _newest(series: dict[str, tuple[Observation, ...]], names: Names, terms: Terms) -> str:
    here = names.country_name
    arrived, left, net = (series[indicator][-1:] for indicator in HEADLINE)
    said = []
    if arrived and arrived[0].value is not None:
        said.append(f"{_with_interval(arrived[0])} people came to live in {here}")
    if left and left[0].value is not None:
        said.append(f"{_with_interval(left[0])} left to live abroad")
    if not said:
        return (
            f"No figure of migration across the border of {here} passed its checks for {month(terms.reference_month)}."
        )
    newest = max(o.reference_period for o in (*arrived, *left))
    sentence = f"In {month(newest)} an estimated {' and '.join(said)}"
    if net and net[0].value is not None:
        way = "a gain" if net[0].value > 0 else "a loss"
        bounds = interval(net[0].lower, net[0].upper)
        return f"{sentence}: {way} of {figure(abs(net[0].value))} people (net {signed(net[0].value)}; {bounds})."
    return f"{sentence}."


def _with_interval(observation: Observation) -> str:
    return f"{figure(observation.value)} (95 % interval {interval(observation.lower, observation.upper)})"


def _change(series: dict[str, tuple[Observation, ...]], terms: Terms) -> str:
    arrivals = series["IMM"] or series["EMI"]
    what = "immigration" if series["IMM"] else "emigration"
    open_months = {o.reference_period: o for o in arrivals if o.value is not None}
    if not open_months:
        return f"{terms.label}: how the figures change over a year can't be told from what may be published."
    last = open_months[max(open_months)]
    before = open_months.get(last.reference_period.replace(year=last.reference_period.year - 1))
    if before is None or last.value is None or before.value is None:
        return f"There is no figure of {what} a year earlier to compare with."
    change = last.value - before.value
    told = f"{figure(abs(change))} {'more' if change > 0 else 'fewer'} than the {figure(before.value)} of a year before"
    if change == 0:
        told = f"as many as a year before, {figure(before.value)}"
    apart = _are_apart(last, before)
    sure = "more than their intervals allow for" if apart else "within their intervals, so it may be no change at all"
    return f"For {what} that is {told}: a difference {sure}."


def _are_apart(one: Observation, other: Observation) -> bool:
    bounds = (one.lower, one.upper, other.lower, other.upper)
    if any(bound is None for bound in bounds):
        return False
    low, high, other_low, other_high = (float(bound) for bound in bounds if bound is not None)
    return low > other_high or high < other_low


def _trust(selection: Selection) -> str:
    headline = {o.indicator: o.verdict for o in selection.observations if o.indicator in HEADLINE}
    judged = sorted({verdict.value for verdict in headline.values()})
    hidden = sum(o.is_hidden for o in selection.observations)
    series = len({(w.indicator, w.feed) for w in selection.withheld})
    verdict = (
        f"Set against official statistics these series are judged {_listed(judged)}"
        if judged
        else "No headline series passed"
    )
    return (
        f"{verdict}; {figure(hidden)} of {figure(len(selection.observations))} figures are hidden to protect people, "
        f"and {_count(series, 'series is', 'series are')} withheld in whole or in part for want of evidence."
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{'no' if number == 0 else number} {one if number == 1 else many}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
