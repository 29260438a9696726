"""What was known of a crossing at a cut-off: the features from which its outcome is foretold."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

FEATURES = (
    "days_since_crossing",
    "days_migrating",
    "days_returned",
    "days_since_last_crossing",
    "is_on_new_side",
    "crossings_since",
    "crossings_before",
    "resident_before",
    "days_since_previous_crossing",
    "earlier_stays",
    "longest_earlier_stay",
    "mean_earlier_stay",
    "crossings_in_year_before",
    "share_in_country_365",
    "share_in_country_730",
)


def _first_not_seen(day: NDArray[np.int64], start: int, end: int, cutoff: int) -> int:
    """Row after the person's last crossing before the cut-off."""
    row = end
    while row > start and day[row - 1] >= cutoff:
        row -= 1
    return row


first_not_seen = njit(_first_not_seen, cache=True)


def _days_in_country(day: NDArray[np.int64], direction: NDArray[np.int8], start: int, row: int, window: int) -> float:
    """Days in the country in the `window` days before crossing `row`; before the first crossing: where it came from."""
    opens = day[row] - window
    until = day[row]
    inside = 0
    for earlier in range(row - 1, start - 2, -1):
        since = day[earlier] if earlier >= start else opens
        is_inside = direction[earlier] == 1 if earlier >= start else direction[start] == 0
        if is_inside:
            inside += max(0, until - max(since, opens))
        until = since
        if until <= opens:
            break
    return inside / window


days_in_country = njit(_days_in_country, cache=True)


def _earlier_stays(day: NDArray[np.int64], direction: NDArray[np.int8], start: int, row: int) -> tuple[int, int, int]:
    """Return number, longest and sum (days) of the stays on the side that the crossing leads to, all over before it."""
    stays, longest, total = 0, 0, 0
    for earlier in range(start, row):
        if direction[earlier] == direction[row]:
            length = day[earlier + 1] - day[earlier]
            stays += 1
            longest = max(longest, length)
            total += length
    return stays, longest, total


earlier_stays = njit(_earlier_stays, cache=True)


def _crossings_within(day: NDArray[np.int64], start: int, row: int, window: int) -> int:
    """Crossings of the person in the `window` days before crossing `row`."""
    count = 0
    while row - count > start and day[row - count - 1] >= day[row] - window:
        count += 1
    return count


crossings_within = njit(_crossings_within, cache=True)


def _crossing_features(
    person_offsets: NDArray[np.int64],
    day: NDArray[np.int64],
    direction: NDArray[np.int8],
    rows: NDArray[np.int64],
    resident_before: NDArray[np.int8],
    days_migrating: NDArray[np.int64],
    days_returned: NDArray[np.int64],
    cutoff: int,
) -> NDArray[np.float64]:
    """Return float64[len(rows), len(FEATURES)]: one row a crossing of `rows`, columns as in `FEATURES`.

    `day` int64[n] (days since epoch) and `direction` int8[n] (1 arrival, 0 departure) are all crossings, sorted by
    person and time. `rows` int64[m] are the crossings asked for, all before `cutoff`. `resident_before` int8[n]
    (-1 not known), `days_migrating` and `days_returned` int64[n] come from `outcomes` with `observed_until=cutoff`.
    Crossings on or after `cutoff` (the first day not seen) are not looked at. A value that does not exist is NaN:
    the previous crossing of a first one, the mean of no stay, a status not known yet.
    """
    table = np.full((len(rows), 15), np.nan)
    for k in range(len(rows)):
        row = rows[k]
        person = np.searchsorted(person_offsets, row, side="right") - 1
        start = person_offsets[person]
        last = first_not_seen(day, start, person_offsets[person + 1], cutoff) - 1
        stays, longest, total = earlier_stays(day, direction, start, row)
        table[k, 0] = cutoff - day[row]
        table[k, 1] = days_migrating[row]
        table[k, 2] = days_returned[row]
        table[k, 3] = cutoff - day[last]
        table[k, 4] = 1.0 if direction[last] == direction[row] else 0.0
        table[k, 5] = last - row
        table[k, 6] = row - start
        if resident_before[row] >= 0:
            table[k, 7] = resident_before[row]
        if row > start:
            table[k, 8] = day[row] - day[row - 1]
        table[k, 9] = stays
        table[k, 10] = longest
        if stays > 0:
            table[k, 11] = total / stays
        table[k, 12] = crossings_within(day, start, row, 365)
        table[k, 13] = days_in_country(day, direction, start, row, 365)
        table[k, 14] = days_in_country(day, direction, start, row, 730)
    return table


crossing_features = njit(_crossing_features, cache=True)
