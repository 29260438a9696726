"""The H3 cell of coordinates, resolution 9 (about 0.1 km²): the place of a stop for which the source names none."""

import h3
import numpy as np
import pyarrow as pa

RESOLUTION = 9


def cells(lat: pa.Array, lon: pa.Array) -> pa.Array:
    """Return each point's H3 cell as a number; nothing where latitude and longitude (degrees) name no point.

    The library takes one point at a time: it is asked once for each distinct one.
    """
    points = np.column_stack([each.to_numpy(zero_copy_only=False) for each in (lat, lon)])
    known = (np.abs(points[:, 0]) <= 90) & (np.abs(points[:, 1]) <= 180)
    distinct, which = np.unique(points[known], axis=0, return_inverse=True)
    found = [h3.str_to_int(h3.latlng_to_cell(*point, RESOLUTION)) for point in distinct.tolist()]
    numbers = np.zeros(len(points), np.int64)
    numbers[known] = np.array(found, np.int64)[which.ravel()]
    return pa.array(numbers, mask=~known)


def cell_names(numbers: pa.Array) -> pa.Array:
    """Return cells by their usual name, fifteen hexadecimal digits."""
    encoded = numbers.dictionary_encode()
    names = [None if each is None else f"{each:x}" for each in encoded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(encoded.indices)
