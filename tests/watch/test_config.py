"""The configuration is read again when its file has changed and rests, and what is wrong with it is told."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from pointsman.config.live import Live
from pointsman.config.override import overrides
from pointsman.config.settings import Settings
from pointsman.errors import ConfigError
from pointsman.events import Bus, Watcher
from pointsman.watch.config import ConfigWatch


class Desk:
    def __init__(self, folder: Path, text: str = "") -> None:
        self.file = folder / "config.toml"
        self.write(text)
        self.live = Live(self.file, Settings(folder / "settings.json"), partial(overrides, {}))
        self.put_to_use = 0
        self.bus = Bus()
        self.meanwhile: Callable[[], object] = lambda: None  # what happens while it is to rest
        self.watch = ConfigWatch(self.live, self._put_to_use, self.bus, lambda: 5.0, self._rest)

    async def _put_to_use(self) -> None:
        self.put_to_use += 1

    async def _rest(self, _: float) -> None:
        self.meanwhile()

    def write(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")

    @property
    def alias(self) -> str | None:
        return self.live.config.models.get("big")


async def kinds(watcher: Watcher) -> list[str]:
    seen = []
    while happening := await watcher.next(0):
        seen.append(happening.kind)
    return seen


async def test_what_has_changed_is_read_when_it_rests(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    watcher = desk.bus.watch()
    await desk.watch.look()
    desk.write('[models]\nbig = "a"\n')
    before: list[str | None] = []
    desk.meanwhile = lambda: before.append(desk.alias)
    await desk.watch.look()
    assert before == [None], "an editor may still be writing"
    assert str(desk.alias) == "a"
    assert desk.put_to_use == 1
    await desk.watch.look()
    assert await kinds(watcher) == ["config.changed"]


async def test_what_a_command_changes_is_told_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    watcher = desk.bus.watch()
    desk.live.change({"profiles.active": "eco"})
    desk.live.change({"profiles.active": "eco"})
    happening = await watcher.next(0)
    assert happening is not None
    assert (happening.kind, happening.data) == ("config.changed", {"sections": ["profiles"]})
    assert await watcher.next(0) is None, "the same once more is no change"


async def test_half_of_a_file_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '[models]\nbig = "a"\n')
    desk.write("")
    desk.meanwhile = lambda: desk.write('[models]\nbig = "b"\n')
    await desk.watch.look()
    assert desk.alias == "a"
    await desk.watch.look()
    assert (desk.alias, desk.put_to_use) == ("b", 1)


async def test_a_bad_file_is_told_once_and_until_it_is_mended(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '[models]\nbig = "a"\n')
    watcher = desk.bus.watch()
    desk.write("[models]\nbig = 7\n")
    for _ in range(5):
        await desk.watch.look()
    assert await kinds(watcher) == ["config.refused"]
    assert f"{desk.file}:2: models.big must be" in desk.watch.trouble
    assert "what was read before stays in force" in desk.watch.trouble
    assert desk.alias == "a"
    desk.write('[models]\nbig = "b"\n')
    await desk.watch.look()
    await desk.watch.look()
    assert (desk.watch.trouble, desk.alias) == ("", "b")


async def test_a_file_that_a_command_stood_against_holds_once_that_is_taken_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '[profiles.mine]\nladder = ["local"]\n')
    desk.live.change({"profiles.active": "mine"})
    desk.write('[models]\nbig = "a"\n')
    await desk.watch.try_reload()
    await desk.watch.look()
    await desk.watch.look()
    assert "profiles.active must be one of" in desk.watch.trouble
    desk.live.change({}, ["profiles.active"])
    await desk.watch.look()
    assert (desk.watch.trouble, desk.alias, desk.put_to_use) == ("", "a", 1)


async def test_who_asks_is_not_made_to_wait_for_it_to_rest(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write('[models]\nbig = "a"\n')
    assert await desk.watch.reload() == {"models"}
    await desk.watch.look()
    await desk.watch.look()
    assert desk.put_to_use == 1, "it is not read twice"
    desk.write("[oh\n")
    with pytest.raises(ConfigError):
        await desk.watch.reload()


async def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '[models]\nbig = "a"\n')
    desk.file.unlink()
    await desk.watch.look()
    await desk.watch.look()
    assert "it is gone" in desk.watch.trouble
    assert desk.alias == "a"


async def test_a_warning_about_the_new_file_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path)
    desk.write('[providers.groq]\napi_key = "gsk_1234567890"\n')
    desk.file.chmod(0o644)
    await desk.watch.try_reload()
    assert "can be read by others" in caplog.text
    assert "gsk_" not in caplog.text
