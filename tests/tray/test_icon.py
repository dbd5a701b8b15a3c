"""The icon is told apart: in colour, in grey, on a light panel and on a dark one, and at every size."""

from itertools import combinations

import pytest
from PIL import Image, ImageChops, ImageFilter

from pointsman_tray.icon import COLOURS, DARK, SIZES, draw
from pointsman_tray.menu import Kind

LIGHT = "#ffffff"
NEAR = {**dict.fromkeys(Kind, 5), Kind.FREE: 7}  # pixels, the one itself among them; a tip is thin
ENOUGH = 3.0  # WCAG 2.2, 1.4.11
APART = 0.12  # of a picture's pixels


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def share(mask: Image.Image, *, least: int, most: int = 255) -> float:
    """Of the pixels that are so dense."""
    histogram = mask.histogram()
    return sum(histogram[least : most + 1]) / sum(histogram)


@pytest.mark.parametrize("panel", [LIGHT, DARK])
@pytest.mark.parametrize("kind", Kind)
def test_every_colour_is_seen_on_every_panel(kind: Kind, panel: str) -> None:
    assert contrast(COLOURS[kind], panel) >= ENOUGH


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("one", "other"), [*combinations(Kind, 2)])
def test_every_shape_is_another_without_its_colour(one: Kind, other: Kind, size: int) -> None:
    shapes = (draw(kind, size).getchannel("A") for kind in (one, other))
    assert share(ImageChops.difference(*shapes), least=128) >= APART


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", Kind)
def test_every_shape_is_crisp_and_within_its_picture(kind: Kind, size: int) -> None:
    """No edge is wide: near what is half there is something that is, and something that is not."""
    picture = draw(kind, size)
    mask = picture.getchannel("A")
    assert (picture.mode, picture.size) == ("RGBA", (size, size))
    left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
    assert min(left, top, size - right, size - bottom) >= 1
    dense = mask.point(lambda value: 255 * (value == 255)).filter(ImageFilter.MaxFilter(NEAR[kind]))
    clear = mask.point(lambda value: 255 * (value == 0)).filter(ImageFilter.MaxFilter(NEAR[kind]))
    half = mask.point(lambda value: 255 * (0 < value < 255))
    blurred = ImageChops.subtract(half, ImageChops.darker(dense, clear))
    assert share(blurred, least=1) == 0


# Of 64 pixels each way: the middle, a corner, the top, the foot at the left, half way to a corner.
POINTS = ((32, 32), (6, 6), (32, 8), (8, 56), (17, 17))
MEANS = {
    Kind.LOCAL: ("green", (1, 0, 1, 0, 1)),
    Kind.FREE: ("amber", (1, 0, 1, 1, 0)),
    Kind.PAID: ("red", (1, 1, 1, 1, 1)),
    Kind.IDLE: ("grey", (1, 0, 0, 0, 0)),
    Kind.PAUSED: ("grey", (0, 0, 1, 0, 1)),
    Kind.AWAY: ("grey", (1, 0, 0, 0, 1)),
}


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_has_the_colour_and_the_shape_that_are_told_of_it(kind: Kind) -> None:
    """Disc, triangle on its foot, square, dot, ring, cross."""
    mask = draw(kind, 64).getchannel("A")
    assert (hue(COLOURS[kind]), tuple(int(mask.getpixel(point) == 255) for point in POINTS)) == MEANS[kind]


def hue(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    if red == green == blue:
        return "grey"
    if green > red:
        return "green"
    return "amber" if green > 2 * blue else "red"


def test_what_is_drawn_is_in_the_colour_of_its_kind() -> None:
    red, green, blue, alpha = draw(Kind.LOCAL, 22).getpixel((11, 11))  # type: ignore[misc]
    assert (f"#{red:02x}{green:02x}{blue:02x}", alpha) == (COLOURS[Kind.LOCAL], 255)
