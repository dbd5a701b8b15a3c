"""The icon, drawn for the size that a panel asks for: a colour and a shape for each thing it may say.

Each colour keeps a contrast of 3 to 1 with white and with DARK, as WCAG 2.2 (1.4.11) wants of what has to
be told apart, so that one icon does for a light panel and a dark one.

A shape is the distance of a point from its edge, negative inside: with it each pixel knows about how much of
it is covered, at any size. Where a point is, and how far off, is in sixteenths of the size, from the middle.
"""

from collections.abc import Callable, Mapping
from functools import cache
from math import hypot, sqrt
from types import MappingProxyType

from PIL import Image

from pointsman_tray.menu import Kind

SIZES = (16, 22, 24, 32, 48, 64)  # pixels: what panels show, and twice as much for dense screens
EDGE = 7  # of sixteen, from the middle: one is left free all around
STROKE = 3
DOT = 3
ARM = 5
DARK = "#353535"  # as Xfce's panels; on darker ones there is more contrast

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


@cache
def draw(kind: Kind, size: int) -> Image.Image:
    """RGBA, `size` pixels each way, on nothing. It is kept for who asks again, and not to be changed."""
    distance = SHAPES[kind]
    unit = (size - 2 * round(size / 16)) / (2 * EDGE)  # what is left free is whole pixels: edges are crisp
    middles = [(pixel + 0.5 - size / 2) / unit for pixel in range(size)]
    covered = bytes(_coverage(distance(x, y) * unit) for y in middles for x in middles)
    image = Image.new("RGBA", (size, size), COLOURS[kind])
    image.putalpha(Image.frombytes("L", (size, size), covered))
    return image


def _coverage(distance: float) -> int:
    """Of a pixel, of 255; its middle is so many pixels outside the edge."""
    return round(255 * min(max(0.5 - distance, 0), 1))


def _disc(x: float, y: float) -> float:
    return hypot(x, y) - EDGE


def _triangle(x: float, y: float) -> float:
    return max((2 * abs(x) - y - EDGE) / sqrt(5), y - EDGE)


def _square(x: float, y: float) -> float:
    """As wide as the disc, or the two are too like each other."""
    return max(abs(x), abs(y)) - EDGE


def _dot(x: float, y: float) -> float:
    return hypot(x, y) - DOT


def _ring(x: float, y: float) -> float:
    return abs(hypot(x, y) - EDGE + STROKE / 2) - STROKE / 2


def _cross(x: float, y: float) -> float:
    across, along = sorted((abs(x + y), abs(x - y)))
    return max(across / sqrt(2) - STROKE / 2, along / sqrt(2) - ARM * sqrt(2))


SHAPES: Mapping[Kind, Callable[[float, float], float]] = MappingProxyType(
    {
        Kind.LOCAL: _disc,
        Kind.FREE: _triangle,
        Kind.PAID: _square,
        Kind.IDLE: _dot,
        Kind.PAUSED: _ring,
        Kind.AWAY: _cross,
    }
)
