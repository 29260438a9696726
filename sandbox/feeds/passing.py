"""Person keys that live no longer than a check: a batch's identifiers told apart, and nothing that could be kept."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.feeds.columns import mask
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.ingest import FileTask
from sandbox.feeds.pseudonym import Pseudonyms
from sandbox.feeds.row_hash import text_hashes


class PassingKeys(Pseudonyms):
    """Keys of a check, which writes no row: 64 bits of the text, without a key and so without protection.

    A keyed hash would cost half of the check, and nobody would ever see one.
    """

    def __init__(self) -> None:
        """Need no key."""

    def of(self, identifiers: pa.Array) -> pa.Array:
        """Return 64 bits of each identifier (text, or dictionary-encoded text); null stays null."""
        if isinstance(identifiers, pa.DictionaryArray):
            return self.of(identifiers.dictionary).take(identifiers.indices)
        return pa.array(self.once(identifiers), mask=mask(identifiers.is_null()))

    def once(self, texts: pa.Array) -> NDArray[np.int64]:
        """Return 64 bits of each text."""
        return text_hashes(texts).view(np.int64)


@dataclass(frozen=True)
class CheckTask(FileTask):
    """A file that is checked: the path of its rows is ingestion's, their keys go nowhere."""

    @property
    def pseudonyms(self) -> PassingKeys | None:
        """What tells the file's identifiers apart; None where the feed has no persons."""
        return None if ALL_FEEDS[self.feed].identifier is None else PassingKeys()
