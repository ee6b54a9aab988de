"""Draws media/icon.png: two arrows that meet, for the two directions that write a suggestion. Needs no package."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

SIZE = 128
BACKGROUND = (30, 34, 48)
FORWARD = (98, 181, 255)
BACKWARD = (255, 176, 84)
TARGET = Path(__file__).parents[1] / "media" / "icon.png"


def colour(x: int, y: int) -> tuple[int, int, int]:
    """The colour of the pixel in column `x` of row `y`."""
    height = abs(y - SIZE // 2)
    if _in_arrow(x, height):
        return FORWARD
    if _in_arrow(SIZE - 1 - x, height):
        return BACKWARD
    return BACKGROUND


def _in_arrow(x: int, height: int) -> bool:
    """Whether a pixel is in an arrowhead that points to the right and ends at the middle."""
    tip = SIZE // 2 - 3
    return height < 36 and tip - 26 - height <= x < tip - height


def png(rows: list[bytes]) -> bytes:
    """A picture of RGB rows as a PNG file."""
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(png([bytes(value for x in range(SIZE) for value in colour(x, y)) for y in range(SIZE)]))
