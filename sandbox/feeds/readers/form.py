"""How a file is written down, told before its rows are read: format, encoding, delimiter, header, what is not read."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import ReadOptions, check_columns, reader_named
from sandbox.feeds.readers.csv import own_header
from sandbox.feeds.readers.dialect import Dialect, dialect_of
from sandbox.feeds.readers.parquet import footer_of
from sandbox.feeds.readers.stream import line_blocks

# What may be quoted of a header: a name of a column, never what could be a value in a file without a header.
NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,39}[0-9]{0,2}")
MOST_NAMED = 20
# Objects of JSON lines whose members are looked at.
SAMPLE_LINES = 200


@dataclass(frozen=True)
class Form:
    """How one file is written down, as its reader takes it.

    `dialect` is None where the format leaves nothing open; `columns` are its own names, empty where the format is a
    source's and its reader alone knows them. `undeclared` are those that no contract of the feed names: not read.
    """

    file: str
    format: str
    dialect: Dialect | None
    is_stated: bool
    columns: tuple[str, ...] = ()
    undeclared: tuple[str, ...] = ()

    @property
    def encoding(self) -> str:
        """Encoding of text; empty for a format that has none."""
        return self.dialect.encoding if self.dialect else ""

    @property
    def told(self) -> dict[str, object]:
        """Return it as a partner's machine wants to read it."""
        found: dict[str, object] = {"file": self.file, "format": self.format}
        if self.dialect:
            found |= vars(self.dialect) | {"encoding_from": self._source}
        if self.columns:
            found |= {"columns": len(self.columns), "undeclared_columns": len(self.undeclared)}
        return found

    def __str__(self) -> str:
        """Return it as one line."""
        parts = [self.format]
        if self.dialect and self.format == "jsonl":
            parts.append(f"encoding {self.dialect.encoding} ({self._source})")
        elif self.dialect:
            parts.append(f"{self.dialect} (encoding: {self._source})")
        if self.columns:
            read = [name for name in self.columns if name not in self.undeclared]
            parts.append(f"header of {len(self.columns)} columns, read: {', '.join(read)}")
        return f"{self.file}: {'; '.join(parts)}"

    @property
    def finding(self) -> str:
        """What is to be said of columns that no contract names; nothing where there are none."""
        if not self.undeclared:
            return ""
        named = [name for name in self.undeclared if NAME.fullmatch(name)][:MOST_NAMED]
        others = len(self.undeclared) - len(named)
        told = [*named, *([f"{others} whose names are not repeated here"] if others else [])]
        return f"{self.file}: undeclared columns: {len(self.undeclared)} ({', '.join(told)}); they are not read"

    @property
    def _source(self) -> str:
        return "as the contract states" if self.is_stated else "told from the file"


def form_of(path: Path, file_format: str, options: ReadOptions, agreed: frozenset[str]) -> Form:
    """Return how a file is written down; `agreed` are the columns of the contract.

    `DeliveryRefusedError` where its header, its footer or its first rows already refuse it.
    """
    heard: list[Dialect] = []
    options = replace(options, hear=heard.append)
    columns: tuple[str, ...] = ()
    if file_format == "csv":
        columns = tuple(own_header(path, options)[1])
    elif file_format == "parquet":
        columns = tuple(footer_of(path).schema.to_arrow_schema().names)
        check_columns(list(columns), options.feed, path.name)
    elif file_format == "jsonl":
        heard.append(dialect_of(path, options.encoding))
        columns = _members(path, heard[0].encoding)
    else:
        next(iter(reader_named(file_format)(path, options)), None)
    undeclared = tuple(name for name in dict.fromkeys(columns) if name not in agreed)
    return Form(path.name, file_format, next(iter(heard), None), bool(options.encoding), columns, undeclared)


def _members(path: Path, encoding: str) -> tuple[str, ...]:
    """Return the names of members of the first objects, in the order in which they come up."""
    try:
        block = next(line_blocks(path, encoding), b"")
    except (OSError, UnicodeError, LookupError) as error:
        raise DeliveryRefusedError(f"{path.name} can't be read as JSON lines.", "Check the encoding.") from error
    names: dict[str, None] = {}
    for line in block.split(b"\n", SAMPLE_LINES)[:SAMPLE_LINES]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            names |= dict.fromkeys(value)
    return tuple(names)
