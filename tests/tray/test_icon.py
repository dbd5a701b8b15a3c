"""The icon is told apart: in colour, in grey, on a light panel and on a dark one, and at every size."""

from itertools import combinations

import pytest
from PIL import Image, ImageChops, ImageFilter

from pointsman_tray.icon import COLOURS, SIZES, draw
from pointsman_tray.menu import Kind

LIGHT, DARK = "#ffffff", "#353535"  # the dark one is Xfce's; on darker ones there is more
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
    dense = mask.point(lambda value: 255 * (value == 255)).filter(ImageFilter.MaxFilter(NEAR[kind]))
    clear = mask.point(lambda value: 255 * (value == 0)).filter(ImageFilter.MaxFilter(NEAR[kind]))
    half = mask.point(lambda value: 255 * (0 < value < 255))
    blurred = ImageChops.subtract(half, ImageChops.darker(dense, clear))
    assert share(blurred, least=1) == 0


def test_what_is_drawn_is_in_the_colour_of_its_kind() -> None:
    red, green, blue, alpha = draw(Kind.LOCAL, 22).getpixel((11, 11))  # type: ignore[misc]
    assert (f"#{red:02x}{green:02x}{blue:02x}", alpha) == (COLOURS[Kind.LOCAL], 255)
