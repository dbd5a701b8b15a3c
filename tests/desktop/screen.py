"""A virtual screen, with whatever stands on it; and what is seen there."""

import asyncio
import os
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Self

from PIL import Image, ImageChops, ImageColor

from pointsman_tray.desktop import has_xembed
from pointsman_tray.icon import COLOURS, draw
from pointsman_tray.menu import Kind
from tests.desktop.session import ended

SIZE = (900, 400)
NEAR = 48  # of 255, in each colour: a panel scales the icon, which blurs its edges
LIKE = 0.6  # of what the two have together, and more than any other shape in its colour
PATIENCE = 15.0  # seconds
LOOK_EVERY = 0.1

Box = tuple[int, int, int, int]


class Screen:
    """Xvfb on a number of its own. `address` is of the session's bus."""

    display: str

    def __init__(self, address: str) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="pm-")
        self._address = address
        self._started: list[Process] = []

    @property
    def environ(self) -> dict[str, str]:
        home = self._home.name
        return {
            "HOME": home,
            "XDG_RUNTIME_DIR": home,
            "PATH": os.environ["PATH"],
            "DISPLAY": self.display,
            "DBUS_SESSION_BUS_ADDRESS": self._address,
            "NO_AT_BRIDGE": "1",
        }

    async def __aenter__(self) -> Self:
        command = ("Xvfb", "-displayfd", "1", "-screen", "0", "{}x{}x24".format(*SIZE), "-nolisten", "tcp")
        screen = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL)
        self._started.append(screen)
        assert screen.stdout is not None
        self.display = f":{(await screen.stdout.readline()).decode().strip()}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in reversed(self._started):
            await ended(process, by_force=True)
        self._home.cleanup()

    async def close(self) -> None:
        await ended(self._started[0], by_force=True)

    async def start(self, *command: str) -> Process:
        """Something that stands there until the screen goes."""
        self._started.append(
            await asyncio.create_subprocess_exec(*command, env=self.environ, stdout=DEVNULL, stderr=DEVNULL)
        )
        return self._started[-1]

    async def until_tray(self) -> None:
        """Until an XEmbed tray is there."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if has_xembed(self.display):
                    return
                await asyncio.sleep(LOOK_EVERY)

    async def until_gone(self, program: str) -> None:
        """Until no window is a program's."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if await self.run("xdotool", "search", "--onlyvisible", "--class", program):
                    return
                await asyncio.sleep(LOOK_EVERY)

    async def run(self, *command: str) -> int:
        process = await asyncio.create_subprocess_exec(
            *command, env=self.environ, stdout=DEVNULL, stderr=DEVNULL
        )
        return await process.wait()

    async def picture(self, file: Path) -> Image.Image:
        assert await self.run("import", "-window", "root", str(file)) == 0
        with Image.open(file) as image:
            return image.convert("RGB")

    async def until_seen(self, kind: Kind, file: Path, within: Box | None = None) -> Box:
        """Where on the screen the icon of that kind is."""
        async with asyncio.timeout(PATIENCE):
            while True:
                picture = await self.picture(file)
                if box := found(kind, picture.crop(within) if within else picture):
                    return box
                await asyncio.sleep(LOOK_EVERY)

    async def until_other(self, before: Image.Image, file: Path) -> None:
        """Until a tenth of what is seen is not what it was before."""
        async with asyncio.timeout(PATIENCE):
            while True:
                changed = ImageChops.difference(before, await self.picture(file)).convert("L").point(bool)
                if changed.histogram()[1] * 10 >= SIZE[0] * SIZE[1]:
                    return
                await asyncio.sleep(LOOK_EVERY)


def found(kind: Kind, picture: Image.Image) -> Box | None:
    """The one spot of its colour, if that has its shape."""
    seen = _of_colour(picture, COLOURS[kind])
    box = seen.getbbox()
    if box is None or max(box[2] - box[0], box[3] - box[1]) > 64:
        return None
    alike = [one for one in Kind if COLOURS[one] == COLOURS[kind]]
    likeness = {one: _likeness(one, seen.crop(box)) for one in alike}
    return box if likeness[kind] == max(likeness.values()) >= LIKE else None


def _likeness(kind: Kind, seen: Image.Image) -> float:
    """Of the shape of a kind and a mask: what both have, of what either has."""
    shape = draw(kind, 64).getchannel("A")
    drawn = shape.crop(shape.getbbox()).resize(seen.size).point(_dense)
    both, either = ImageChops.darker(drawn, seen), ImageChops.lighter(drawn, seen)
    return both.histogram()[255] / max(either.histogram()[255], 1)


def _of_colour(picture: Image.Image, colour: str) -> Image.Image:
    difference = ImageChops.difference(picture, Image.new("RGB", picture.size, ImageColor.getrgb(colour)))
    red, green, blue = difference.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue).point(lambda value: 255 * (value <= NEAR))


def _dense(value: int) -> int:
    return 255 * (value >= 128)
