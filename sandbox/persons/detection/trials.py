"""Trials: dense histories seen as seldom as other persons of the file, and which of their moves are found again.

Dense histories lack moves too: a silence that is rare still falls on some. How many is estimated by laying the silences
of dense persons over dense histories once more. What that loses again they had lost before, so far as silences of two
persons have nothing to do with each other. The last band of density, that of the dense, is this trial.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.kernels.detection import NOBODY, refound, thinned
from sandbox.persons.detection.histories import Histories, Ints, Reals
from sandbox.persons.detection.methods import MovesFound

OBSERVED = 180  # days from first to last seen: less leaves no room for a stay of 90 days on either side of a move
WITHIN = 31  # days by which a move that is found again may be dated differently

Find = Callable[[Histories], MovesFound]


@dataclass(frozen=True)
class Trials:
    """Moves of dense histories, each at most once a band of density, and what the thinned histories show.

    `band` and `was_found` are one a move of `moves`; `seen` are the moves of the thinned histories, those found again
    and those that the dense ones do not have, by `seen_band`.
    """

    histories: Histories
    edges: Reals
    dense: MovesFound
    moves: MovesFound
    band: Ints
    was_found: NDArray[np.bool_]
    seen: MovesFound
    seen_band: Ints


def densities(dense_share: float) -> Reals:
    """Return the edges of the bands of density: tenths up to `dense_share`, and the band of the dense."""
    tenths = np.round(np.arange(0, 1, 0.1), 1)
    return np.append(tenths[tenths < dense_share - 1e-9], [dense_share, 1.0])


def tried(histories: Histories, find: Find, dense_share: float, seed: int) -> Trials:
    """Thin every dense history once to each band of density that the file has persons for, and look for its moves."""
    is_dense = (histories.share >= dense_share) & (histories.span >= OBSERVED)
    dense = histories.of_rows(is_dense[histories.evidence.person])
    moves = find(dense)
    edges = densities(dense_share)
    trials = [_in_band(histories, find, moves, (edges, band, seed)) for band in range(len(edges) - 1)]
    of_move = [(move, np.full(len(move), band), hit) for band, (move, hit, _) in enumerate(trials)]
    number, bands, hits = (np.concatenate(columns) for columns in zip(*of_move, strict=True))
    seen = [each for _, _, each in trials]
    seen_band = np.repeat(np.arange(len(seen)), [len(each.day) for each in seen])
    return Trials(histories, edges, moves, moves.of(number), bands, hits, _joined(seen), seen_band)


def _in_band(
    histories: Histories, find: Find, moves: MovesFound, chosen: tuple[Reals, int, int]
) -> tuple[Ints, NDArray[np.bool_], MovesFound]:
    """Return the numbers of the moves tried in a band, whether each was found, and all moves that were found.

    `chosen` are the edges of density, the number of the band and the seed.
    """
    edges, band, seed = chosen
    random = np.random.default_rng([seed, band])
    donor, phase = _donors(histories, edges, band, random)
    left = histories.of_rows(thinned(histories.offsets, histories.evidence.key, donor, phase))
    # The days seen and the donor's fall together by chance: who ends up in another band is not of this trial.
    is_here = (left.share >= edges[band]) & (left.share < edges[band + 1])
    is_tried = (left.span > 0) & (is_here | (band == len(edges) - 2))
    left = left.of_rows(is_tried[left.evidence.person])
    number, found = np.flatnonzero(is_tried[moves.person]), find(left)
    return number, matched(moves.of(number), found) >= 0, found


def _donors(histories: Histories, edges: Reals, band: int, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Return for each dense person a donor whose days seen bring it into the band, and a day to begin with.

    In the band of the dense, any dense person.
    """
    known = np.flatnonzero(histories.span >= OBSERVED)
    known = known[np.argsort(histories.share[known], kind="stable")]
    share = histories.share[known]
    chance = random.random((2, len(histories.span)))
    donor, phase = np.full(len(histories.span), NOBODY), np.zeros(len(histories.span), np.int64)
    dense = np.flatnonzero((histories.share >= edges[-2]) & (histories.span >= OBSERVED))
    low, high = (np.searchsorted(share, edge / histories.share[dense]) for edge in edges[band : band + 2])
    if band == len(edges) - 2:
        low, high = np.full(len(dense), np.searchsorted(share, edges[band])), np.full(len(dense), len(share))
    dense, low, high = dense[high > low], low[high > low], high[high > low]
    donor[dense] = known[low + (chance[0, dense] * (high - low)).astype(np.int64)]
    phase[dense] = (chance[1, dense] * histories.span[donor[dense]]).astype(np.int64)
    return donor, phase


def matched(moves: MovesFound, found: MovesFound) -> Ints:
    """Return of each move which found one it is, -1 for none: same person, places and kind, at most 31 days apart."""
    routes = np.array(
        [np.append(getattr(moves, name), getattr(found, name)) for name in ("person", "from_place", "to_place", "kind")]
    )
    code = np.unique(routes.T, axis=0, return_inverse=True)[1].reshape(-1)
    route, found_route = code[: len(moves.day)], code[len(moves.day) :]
    order, found_order = np.lexsort((moves.day, route)), np.lexsort((found.day, found_route))
    match = refound(route[order], moves.day[order], found_route[found_order], found.day[found_order], WITHIN)
    result = np.full(len(moves.day), -1)
    result[order[match >= 0]] = found_order[match[match >= 0]]
    return result


def _joined(parts: list[MovesFound]) -> MovesFound:
    return MovesFound(
        *(np.concatenate(columns) for columns in zip(*(vars(part).values() for part in parts), strict=True))
    )
