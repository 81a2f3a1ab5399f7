"""Small PNG pictures, drawn here so that no binary file is kept (PNG 1.2, RFC 2083). Pure."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT, MARGIN = 360, 160, 14
WHITE, GREY, INK = 0, 1, 2
PALETTE = bytes.fromhex("ffffff d9dee3 0b6e99")
GRID_LINES = 5
LOGO = (
    ".........................",
    ".####...............####.",
    "..######.........######..",
    "....#######...#######....",
    "......#############......",
    "........#########........",
    "...........####..........",
    "............##...........",
    ".........................",
)
LOGO_SCALE = 4


@dataclass(slots=True)
class _Canvas:
    """A picture of few colours, an octet per pixel."""

    width: int
    height: int
    rows: list[bytearray] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = [bytearray(self.width) for _ in range(self.height)]

    def to_png(self) -> bytes:
        """Return the picture as a PNG with a palette."""
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)
        lines = b"".join(b"\0" + row for row in self.rows)  # each with the filter "none"
        chunks = [(b"IHDR", header), (b"PLTE", PALETTE), (b"IDAT", zlib.compress(lines, 9))]
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            _chunk(name, data) for name, data in [*chunks, (b"IEND", b"")]
        )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def draw_chart(values: Sequence[float]) -> bytes:
    """Return a line chart of at least two values."""
    canvas = _Canvas(WIDTH, HEIGHT)
    for number in range(GRID_LINES):
        y = MARGIN + number * (HEIGHT - 2 * MARGIN - 1) // (GRID_LINES - 1)
        canvas.rows[y][MARGIN : WIDTH - MARGIN] = bytes([GREY]) * (WIDTH - 2 * MARGIN)
    last = None
    for x, y in _curve(values):
        top, bottom = sorted((y, y if last is None else last))
        for row in canvas.rows[top - 1 : bottom + 2]:
            row[x] = INK
        last = y
    return canvas.to_png()


def _curve(values: Sequence[float]) -> Iterator[tuple[int, int]]:
    """Yield the pixel of each column, straight from value to value."""
    low, high = min(values), max(values)
    width, height = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    for column in range(width):
        place = column * (len(values) - 1) / (width - 1)
        before = min(int(place), len(values) - 2)
        share = place - before
        value = values[before] * (1 - share) + values[before + 1] * share
        up = (value - low) / ((high - low) or 1)
        yield MARGIN + column, HEIGHT - 1 - MARGIN - round(up * (height - 1))


def draw_logo() -> bytes:
    """Return the company's tern."""
    canvas = _Canvas(len(LOGO[0]) * LOGO_SCALE, len(LOGO) * LOGO_SCALE)
    for y, row in enumerate(canvas.rows):
        line = LOGO[y // LOGO_SCALE]
        row[:] = bytes(INK if mark == "#" else WHITE for mark in line for _ in range(LOGO_SCALE))
    return canvas.to_png()
