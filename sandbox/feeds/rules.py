"""Row rules, vectorised: every broken rule of every row is named; a value that breaks its type is null from here on.

Names of rules: `required:COLUMN`, `type:`, `plausible_date:`, `allowed:`, `range:`, `text:`, `identifier_in:`,
`after_delivery:`, and those across columns, which say what they hold (`start_ts<=end_ts`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.columns import Mask, by_value, keep, mask, spread
from sandbox.feeds.legible import legible
from sandbox.feeds.mentions import mentions, mentions_own
from sandbox.feeds.text_rules import as_identifiers, text_faults
from sandbox.feeds.typed import to_type
from sandbox.lakehouse.table import TEXT, TIMESTAMP, Column
from sandbox.lakehouse.tables.feeds import Feed

# Shorter identifiers are found in other columns by chance ("39").
LONG_IDENTIFIER = 6
IDENTIFIER_IN = "identifier_in"
ALPHA_3 = "^[A-Z]{3}$"
MCC = "^[0-9]{3}$"


@dataclass
class Checked:
    """A batch after the rules: typed columns, and for each broken rule the rows that break it."""

    feed: Feed
    rows: int
    typed: dict[str, pa.Array] = field(default_factory=dict)
    raw: dict[str, pa.Array] = field(default_factory=dict)
    broken: dict[str, Mask] = field(default_factory=dict)
    names_nobody: Mask | None = None
    """Rows whose identifier is a word for none (`NULL`); known for a feed about persons."""

    def mark(self, rule: str, rows: Mask) -> None:
        """Note the rows that break a rule."""
        if rows.any():
            self.broken[rule] = self.broken[rule] | rows if rule in self.broken else rows

    @property
    def bad(self) -> Mask:
        """Rows that break any rule."""
        return np.logical_or.reduce([np.zeros(self.rows, bool), *self.broken.values()])

    def broken_of(self, rows: Mask) -> pa.Array:
        """Return, for each of `rows`, the list of its broken rules."""
        return rule_lists({rule: broken[rows] for rule, broken in self.broken.items()}, int(rows.sum()))


def rule_lists(broken: Mapping[str, Mask], rows: int) -> pa.Array:
    """Return for each of `rows` the list of the rules that it breaks."""
    names = list(broken)
    matrix = np.column_stack([broken[name] for name in names]) if names else np.zeros((rows, 0))
    offsets = np.concatenate([[0], np.cumsum(matrix.sum(axis=1))]).astype(np.int32)
    which = pa.array(np.nonzero(matrix)[1].astype(np.int32))
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(names, pa.string()).take(which))


def check_rows(batch: pa.RecordBatch, feed: Feed, time_zone: str, delivered_on: date | None) -> Checked:
    """Apply all row rules of a feed to a batch of its columns as read."""
    checked = Checked(feed, batch.num_rows)
    for column in feed.columns:
        _check_column(checked, column, _column(batch, column), time_zone)
    if delivered_on is not None:
        _check_time(checked, delivered_on)
    _check_identifier(checked)
    for rule, holds in ACROSS.get(feed.name, {}).items():
        checked.mark(rule, ~holds(checked.typed))
    return checked


def identifiers(batch: pa.RecordBatch, feed: Feed) -> pa.Array:
    """Return the identifiers that a batch holds, each once, as they stand in `typed` after the rules."""
    column = next(column for column in feed.columns if column.identifier)
    typed = to_type(_column(batch, column), column.type, time_zone="UTC")
    return pc.unique(distinct_values(as_identifiers(typed.values).values)).drop_null()


def _column(batch: pa.RecordBatch, column: Column) -> pa.Array:
    present = column.name in batch.schema.names
    return legible(batch.column(column.name)) if present else pa.nulls(batch.num_rows, column.type)


def _check_column(checked: Checked, column: Column, raw: pa.Array, time_zone: str) -> None:
    typed = to_type(raw, column.type, time_zone)
    checked.raw[column.name], checked.typed[column.name] = raw, typed.values
    checked.mark(f"type:{column.name}", typed.failed)
    checked.mark(f"plausible_date:{column.name}", typed.implausible)
    missing = ~mask(typed.values.is_valid())
    if column.identifier:
        checked.typed[column.name], nobody, unfit = as_identifiers(typed.values)
        checked.mark(f"text:{column.name}", unfit)
        checked.names_nobody, missing = nobody, missing | nobody
    if column.required:
        checked.mark(f"required:{column.name}", missing & ~typed.failed & ~typed.implausible)
    if column.allowed:
        allowed = pa.array(column.allowed)
        checked.mark(f"allowed:{column.name}", by_value(typed.values, lambda text: _not_in(text, allowed)))
    if column.minimum is not None:
        checked.mark(f"range:{column.name}", mask(pc.less(typed.values, column.minimum)))
    if column.maximum is not None:
        checked.mark(f"range:{column.name}", mask(pc.greater(typed.values, column.maximum)))
    if column.type == TEXT and not column.identifier:
        checked.mark(f"text:{column.name}", by_value(typed.values, text_faults))


def _not_in(values: pa.Array, allowed: pa.Array) -> Mask:
    return mask(values.is_valid()) & ~mask(pc.is_in(values, allowed))


def _check_time(checked: Checked, delivered_on: date) -> None:
    """Nothing is observed after it was delivered; one day is left for time zones."""
    limit = pa.scalar(datetime.combine(delivered_on + timedelta(days=2), time(), UTC), TIMESTAMP)
    for column in checked.feed.columns:
        if column.type == TIMESTAMP:
            late = mask(pc.greater_equal(checked.typed[column.name], limit))
            checked.mark(f"after_delivery:{column.name}", late)
    if "event_date" in checked.typed:
        late = mask(pc.greater(checked.typed["event_date"], pa.scalar(delivered_on + timedelta(days=1))))
        checked.mark("after_delivery:event_date", late)


def _check_identifier(checked: Checked) -> None:
    """No other column may hold an identifier of the batch: it would reach bronze in the clear."""
    name = checked.feed.identifier
    if name is None:
        return
    identifiers = long_identifiers(distinct_values(checked.typed[name]))
    texts = {other: long_number(checked.typed[other]) for other in looked_through(checked.feed)}
    distinct = {other: distinct_values(values) for other, values in texts.items()}
    # One look-up for all columns: what it costs is to make ready the identifiers.
    found = mentions(pa.concat_arrays(list(distinct.values())), identifiers)
    starts = np.cumsum([0, *(len(values) for values in distinct.values())])
    for other, start, end in zip(distinct, starts, starts[1:], strict=False):
        rows = mentions_own(texts[other], checked.typed[name], LONG_IDENTIFIER)
        if found[start:end].any():
            rows |= spread(found[start:end], texts[other])
        checked.mark(f"{IDENTIFIER_IN}:{other}", rows)


def looked_through(feed: Feed) -> list[str]:
    """Return the columns that could hold somebody's identifier in the open: text and whole numbers."""
    others = [column for column in feed.columns if not column.identifier]
    return [column.name for column in others if column.type == TEXT or pa.types.is_integer(column.type)]


def long_number(values: pa.Array) -> pa.Array:
    """Return whole numbers of as many digits as a long identifier as text, text as it is."""
    if not pa.types.is_integer(values.type):
        return values
    is_long = mask(pc.greater_equal(values, 10 ** (LONG_IDENTIFIER - 1)))
    return pc.cast(keep(values, is_long), pa.string())


def distinct_values(values: pa.Array) -> pa.Array:
    """Return the values that a column of text has, at least once each."""
    return values.dictionary if isinstance(values, pa.DictionaryArray) else values


def long_identifiers(identifiers: pa.Array) -> pa.Array:
    """Return the identifiers that can't stand in another column by chance."""
    return identifiers.filter(pc.greater_equal(pc.utf8_length(identifiers), LONG_IDENTIFIER))


Columns = dict[str, pa.Array]
Holds = Callable[[Columns], Mask]


def _in_order(first: str, second: str) -> Holds:
    """Hold where both are known and the first is not after the second, or one is unknown."""
    return lambda typed: ~mask(pc.greater(typed[first], typed[second]))


def _matches(column: str, pattern: str) -> Holds:
    """Hold where the text has the pattern, or there is none."""
    return lambda typed: ~by_value(typed[column], lambda text: mask(pc.invert(pc.match_substring_regex(text, pattern))))


def _not_swapped(typed: Columns) -> Mask:
    """Break where latitude and longitude read the other way round, by their range or by where most antennas stand."""
    lat, lon = (typed[name].to_numpy(zero_copy_only=False) for name in ("lat", "lon"))
    known = np.isfinite(lat) & np.isfinite(lon)
    by_range = known & (np.abs(lat) > 90) & (np.abs(lon) <= 90)
    if not known.any():
        return ~by_range
    centre = np.median(lat[known]), np.median(lon[known])
    far = np.hypot(lat - centre[0], lon - centre[1])
    far_if_swapped = np.hypot(lon - centre[0], lat - centre[1])
    return ~(by_range | (known & (far > 20) & (far_if_swapped < far / 4)))


def _dates_agree(typed: Columns) -> Mask:
    """Hold where the local date is within a day of the UTC time, as it is in every time zone."""
    days = pc.subtract(
        pc.cast(pc.cast(typed["event_ts"], pa.date32(), safe=False), pa.int32()),
        pc.cast(typed["event_date"], pa.int32()),
    )
    return ~mask(pc.greater(pc.abs(days), 1))


def _names_a_place(typed: Columns) -> Mask:
    """Hold where an event names its antenna, or another network than the subscriber's own served it."""
    at_home = pc.equal(typed["home_mcc"], typed["serving_mcc"])
    return ~mask(pc.and_(typed["cell_id"].is_null(), at_home))


ACROSS: dict[str, dict[str, Holds]] = {
    "mobile_event": {
        "mcc:home_mcc": _matches("home_mcc", MCC),
        "mcc:serving_mcc": _matches("serving_mcc", MCC),
        "cell_id_at_home": _names_a_place,
    },
    "mobile_cell": {"valid_from<=valid_to": _in_order("valid_from", "valid_to"), "swapped:lat,lon": _not_swapped},
    "border_movement": {
        "same_day:event_ts,event_date": _dates_agree,
        **{
            f"alpha_3:{name}": _matches(name, ALPHA_3) for name in ("nationality", "residence_country", "birth_country")
        },
    },
    "audience_estimate": {
        "age_min<=age_max": _in_order("age_min", "age_max"),
        "mau_lower<=mau_upper": _in_order("mau_lower", "mau_upper"),
        "dau<=mau_upper": _in_order("dau", "mau_upper"),
    },
    "geotagged_post": {"alpha_3:country": _matches("country", ALPHA_3)},
    "stop": {"start_ts<=end_ts": _in_order("start_ts", "end_ts")},
    "network": {"mcc": _matches("mcc", MCC), "alpha_3:country": _matches("country", ALPHA_3)},
    "port": {"alpha_3:country": _matches("country", ALPHA_3)},
    "country": {"alpha_3:country": _matches("country", ALPHA_3)},
}
