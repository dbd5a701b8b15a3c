"""What leaves the machine is noticed once for each program, for ever; what may not is stopped."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pointsman.calls import Call, Hints
from pointsman.errors import UpstreamError
from pointsman.events import Bus, Watcher
from pointsman.ledger.queries import Reader
from pointsman.ledger.writer import Writer
from pointsman.modes import Mode
from pointsman.types import Model, Tier
from pointsman.watch.border import MOST_PROGRAMS, Border, Gone
from tests.routing.house import model
from tests.wire.asking import chat

WALL = 1_800_000_000.0
HERE, FREE = model(), model("cloud/free", tier=Tier.FREE)
PAID = model("dear/one", tier=Tier.PAID)
PASSED_ON = model("ollama/big", tier=Tier.PAID, runs_at="ollama.com")


class Start:
    """One life of the daemon on a ledger."""

    def __init__(self, path: Path) -> None:
        self.mode, self.wall, self.bus = Mode.NORMAL, WALL, Bus()
        self.writer = Writer(path)
        self.writer.start()
        self.border = Border(lambda: self.mode, self.bus, self.writer.enqueue, lambda: self.wall)
        with closing(Reader(path)) as reader:
            self.border.restore(reader)

    def send(self, to: Model, app: str = "aider") -> None:
        self.border.cross(asked_by(app), to)
        self.wall += 1

    @property
    def gone(self) -> list[Gone]:
        return self.border.gone()


def asked_by(app: str) -> Call:
    return replace(chat(), hints=Hints(app=app))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def start(path: Path) -> Iterator[Start]:
    start = Start(path)
    yield start
    start.writer.stop()


async def told(watcher: Watcher) -> list[tuple[str, object]]:
    found = []
    while happening := await watcher.next(timeout=0):
        if happening.kind == "privacy.left":
            found.append((str(happening.data["app"]), happening.data["to"]))
    return found


def test_what_stays_here_has_not_left(start: Start) -> None:
    start.send(HERE)
    assert start.gone == []


def test_of_each_place_the_programs_are_counted_and_the_first_is_named(start: Start) -> None:
    for app in ("aider", "editor", "aider", "shell"):
        start.send(FREE, app)
    start.send(PAID, "editor")
    assert start.gone == [Gone("cloud", 3, "aider", WALL), Gone("dear", 1, "editor", WALL + 4)]


def test_a_prompt_that_an_engine_passes_on_went_to_whoever_runs_the_model(start: Start) -> None:
    start.send(PASSED_ON)
    assert [one.to for one in start.gone] == ["ollama.com"]


async def test_the_event_comes_once_for_each_program(start: Start) -> None:
    with start.bus.watch() as watcher:
        for place in (HERE, FREE, FREE, PAID):
            start.send(place, "aider")
            start.send(place, "")
        assert await told(watcher) == [("aider", "cloud"), ("unknown", "cloud")]


async def test_and_never_again_after_a_restart(start: Start, path: Path) -> None:
    start.send(FREE)
    start.writer.stop()
    again = Start(path)
    again.wall += 100
    with again.bus.watch() as watcher:
        again.send(FREE)
        again.send(PAID)
        assert await told(watcher) == []
    again.writer.stop()
    assert [one.to for one in again.gone] == ["cloud", "dear"]
    assert again.gone[0] == Gone("cloud", 1, "aider", WALL)


@pytest.mark.parametrize(
    ("mode", "sent"),
    [
        (Mode.NORMAL, [HERE, FREE, PAID]),
        (Mode.NO_PAID, [HERE, FREE]),
        (Mode.LOCAL_ONLY, [HERE]),
        (Mode.PAUSED, []),
    ],
)
def test_a_mode_that_has_changed_meanwhile_stops_what_it_forbids(
    start: Start, mode: Mode, sent: list[Model]
) -> None:
    start.mode = mode
    for one in (HERE, FREE, PAID):
        if one in sent:
            start.send(one)
        else:
            with pytest.raises(UpstreamError, match=f"the mode is {mode.value}"):
                start.send(one)
    assert {one.to for one in start.gone} == {one.endpoint.id for one in sent} - {"local"}


async def test_a_client_with_ever_new_names_fills_no_memory(start: Start) -> None:
    for number in range(MOST_PROGRAMS + 5):
        start.border.cross(asked_by(str(number)), FREE)
    assert [one.programs for one in start.gone] == [MOST_PROGRAMS]


def test_a_ledger_that_can_not_be_read_is_no_reason_not_to_start(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Reader(tmp_path / "nowhere.sqlite3")) as reader:
        start.border.restore(reader)
    assert "what has left this machine before is not known" in caplog.text
