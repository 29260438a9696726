"""Opening a partner's file: plain, gzip or Zstandard, told by its first bytes; what it unpacks to has a limit.

An archive (zip, 7z, tar, …), and anything packed inside what was packed already, is refused: a delivery lists its
files in its manifest, so that nothing needs to be unpacked to know what was sent.
"""

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa

from sandbox.errors import DeliveryRefusedError

PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
ARCHIVE = re.compile(
    rb"PK(\x03\x04|\x05\x06)|7z\xbc\xaf\x27\x1c|Rar!\x1a|\xfd7zXZ\x00|\x04\x22\x4d\x18|BZh[1-9]1AY&SY|.{257}ustar",
    re.DOTALL,
)
SNIFFED = 512
BLOCK_BYTES = 8 << 20
# Text of a partner shrinks 5- to 50-fold; a bomb of gzip 1,000-fold, of Zstandard without end.
MOST_BYTES = 64 << 30
MOST_EXPANSION = 200
SMALL_BYTES = 256 << 20


class Bounded(io.RawIOBase):
    """What a packed file unpacks to, read as far as `limit` bytes and refused beyond."""

    def __init__(self, packed: pa.NativeFile, file: str, limit: int) -> None:
        self._packed, self._file, self._left = packed, file, limit

    def readable(self) -> bool:
        """Return True: pyarrow asks."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; `DeliveryRefusedError` past the limit."""
        content: bytes = self._packed.read(BLOCK_BYTES if size < 0 else size)
        self._left -= len(content)
        if self._left < 0:
            raise DeliveryRefusedError(
                f"{self._file} unpacks to far more than a file of its size can hold.",
                "Send smaller files; a file that unpacks without end is refused.",
            )
        return content


@contextmanager
def opened(path: Path) -> Iterator[pa.NativeFile]:
    """Open a file for reading its plain bytes; `DeliveryRefusedError` for archives and for packed inside packed."""
    with ExitStack() as stack:
        start = stack.enter_context(pa.OSFile(str(path))).read(SNIFFED)
        compression = _compression(start)
        if ARCHIVE.match(start):
            raise _nested(path)
        if compression is None:
            yield stack.enter_context(pa.OSFile(str(path)))
            return
        with pa.input_stream(str(path), compression=compression) as unpacked:
            first = unpacked.read(SNIFFED)
        if ARCHIVE.match(first) or _compression(first):
            raise _nested(path)
        unpacked = stack.enter_context(pa.input_stream(str(path), compression=compression))
        limit = min(MOST_BYTES, max(SMALL_BYTES, path.stat().st_size * MOST_EXPANSION))
        yield stack.enter_context(pa.PythonFile(Bounded(unpacked, path.name, limit), mode="r"))


@contextmanager
def opened_text(path: Path, encoding: str) -> Iterator[pa.NativeFile]:
    """Open a file of text for reading it as UTF-8, whatever its encoding."""
    with opened(path) as stream:
        yield stream if is_utf8(encoding) else pa.transcoding_input_stream(stream, encoding, "utf-8")


def is_utf8(encoding: str) -> bool:
    """Return whether a file of this encoding is read as it is."""
    return encoding.lower().replace("_", "-") in {"utf-8", "utf8", "utf-8-sig"}


def line_blocks(path: Path, encoding: str) -> Iterator[bytes]:
    """Yield blocks of whole lines as UTF-8, each of about `BLOCK_BYTES`; a line longer than a block is refused."""
    with opened_text(path, encoding) as stream:
        rest = stream.read(3).removeprefix(b"\xef\xbb\xbf")
        while block := stream.read(BLOCK_BYTES):
            end = block.rfind(b"\n") + 1
            if end:
                yield rest + block[:end]
                rest = block[end:]
            else:
                rest += block
            if len(rest) > BLOCK_BYTES:
                raise endless_line(path.name)
        if rest:
            yield rest


def endless_line(file: str) -> DeliveryRefusedError:
    """Return the refusal of a file with a line longer than a block: it would be held in memory whole."""
    return DeliveryRefusedError(
        f"{file} has a line of more than {BLOCK_BYTES >> 20} MiB.",
        "Look for a quotation mark that is never closed, or for lines that end otherwise than the format's.",
    )


def _compression(start: bytes) -> str | None:
    return next((name for magic, name in PACKED.items() if start.startswith(magic)), None)


def _nested(path: Path) -> DeliveryRefusedError:
    return DeliveryRefusedError(
        f"{path.name} is an archive, or packed more than once.",
        "Send each file by itself, plain or packed once with gzip or Zstandard.",
    )
