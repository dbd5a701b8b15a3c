"""The icon, drawn for the size that a panel asks for: a colour and a shape for each thing it may say.

Each colour keeps a contrast of 3 to 1 with white and with #353535, as WCAG 2.2 (1.4.11) wants of what has
to be told apart, so that one icon does for a light panel and a dark one.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from PIL import Image, ImageDraw

from pointsman_tray.menu import Kind

SIZES = (16, 22, 24, 32, 48, 64)  # pixels: what panels show, and twice as much for dense screens
FINE = 8  # drawn so many times as large, then made smaller: edges are smooth
MARGIN = 1 / 16  # of the size
STROKE = 3 / 16

COLOURS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.LOCAL: "#1f9a4c",
        Kind.FREE: "#c07800",
        Kind.PAID: "#e5484d",
        Kind.IDLE: "#808080",
        Kind.PAUSED: "#808080",
        Kind.AWAY: "#808080",
    }
)


def draw(kind: Kind, size: int) -> Image.Image:
    """RGBA, `size` pixels each way, on nothing."""
    large = size * FINE
    mask = Image.new("L", (large, large))
    SHAPES[kind](ImageDraw.Draw(mask), large)
    image = Image.new("RGBA", (size, size), COLOURS[kind])
    image.putalpha(mask.resize((size, size), Image.Resampling.BOX))
    return image


def _disc(pen: ImageDraw.ImageDraw, size: int) -> None:
    pen.ellipse(_box(size, MARGIN), fill=255)


def _triangle(pen: ImageDraw.ImageDraw, size: int) -> None:
    left, top, right, bottom = _box(size, MARGIN)
    pen.polygon([(left, bottom), ((left + right) / 2, top), (right, bottom)], fill=255)


def _square(pen: ImageDraw.ImageDraw, size: int) -> None:
    """As wide as the disc, or the two are too like each other."""
    pen.rectangle(_box(size, MARGIN), fill=255)


def _dot(pen: ImageDraw.ImageDraw, size: int) -> None:
    pen.ellipse(_box(size, 5 * MARGIN), fill=255)


def _ring(pen: ImageDraw.ImageDraw, size: int) -> None:
    pen.ellipse(_box(size, MARGIN), outline=255, width=round(STROKE * size))


def _cross(pen: ImageDraw.ImageDraw, size: int) -> None:
    left, top, right, bottom = _box(size, 3 * MARGIN)
    for line in ((left, top, right, bottom), (left, bottom, right, top)):
        pen.line(line, fill=255, width=round(STROKE * size))


def _box(size: int, margin: float) -> tuple[float, float, float, float]:
    """All of the size but a margin, which is a share of it. The last pixel is drawn too."""
    return (margin * size, margin * size, (1 - margin) * size - 1, (1 - margin) * size - 1)


SHAPES: Mapping[Kind, Callable[[ImageDraw.ImageDraw, int], None]] = MappingProxyType(
    {
        Kind.LOCAL: _disc,
        Kind.FREE: _triangle,
        Kind.PAID: _square,
        Kind.IDLE: _dot,
        Kind.PAUSED: _ring,
        Kind.AWAY: _cross,
    }
)
