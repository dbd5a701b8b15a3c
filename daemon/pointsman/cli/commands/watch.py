"""What happens, as it happens: a line for each request, each engine that comes or goes; until Ctrl-C."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol, TypedDict

from pointsman.cli import arguments as shared
from pointsman.cli.address import DaemonAway
from pointsman.cli.client import CutShort, Event
from pointsman.cli.happenings import sentence
from pointsman.cli.interrupt import heard_while_waiting
from pointsman.cli.shell import Shell
from pointsman.cli.show import Columns, Screen, count, duration, money

HEADS = ("WHEN", "ID", "APP", "ASKED", "MODEL", "TIER", "IN", "OUT", "COST", "TOOK", "STATUS", "ERROR")
WIDTHS = (8, 12, 10, 8, 24, 5, 6, 6, 4, 6, 6, 0)
FIRST_RETRY, LONGEST_RETRY = 0.25, 5.0  # seconds between looks for a daemon that went away


class HappeningShape(TypedDict):
    """A line of `--json`. `data` is as the daemon's event stream has it, `at` among it."""

    kind: str  # request.done, endpoint.found, endpoint.back, endpoint.away, limit.shut, limit.open, ...
    data: dict[str, Any]


def arguments(parser: ArgumentParser) -> None:
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    """Raises DaemonAway if there is no daemon at first; one that goes is waited for."""
    page: Page = JsonLines(shell.screen) if args.json else Lines(shell.screen)
    _follow(args, shell, page)
    while True:
        shell.screen.note("the daemon is gone; waiting for it to come back")
        _wait_for(args, shell, page)


class Page(Protocol):
    """Where it is written what happens."""

    def begin(self) -> None: ...
    def tell(self, event: Event) -> None: ...


class Lines:
    """For people. Its heads come again with a daemon that came back."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._columns = Columns(WIDTHS)

    def begin(self) -> None:
        self._screen.line(self._columns.row(HEADS), style="bold")
        self._screen.flush()

    def tell(self, event: Event) -> None:
        if event.kind == "request.done":
            tier = str(event.data.get("tier"))
            self._screen.line(self._columns.row(_request(event.data)), style=tier)
        elif said := sentence(event):
            self._screen.line(f"{_clock(event.data)}  {said}", style="dim")
        self._screen.flush()


class JsonLines:
    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def begin(self) -> None:
        pass

    def tell(self, event: Event) -> None:
        self._screen.json_line(HappeningShape(kind=event.kind, data=event.data))


def _follow(args: Namespace, shell: Shell, page: Page) -> None:
    """Until the daemon stops, or is lost."""
    with heard_while_waiting(), shell.client(args).events() as events, suppress(CutShort):
        page.begin()
        for event in events:
            page.tell(event)


def _wait_for(args: Namespace, shell: Shell, page: Page) -> None:
    """Looks for the daemon ever more rarely, and follows it once it is back."""
    pause = FIRST_RETRY
    while True:
        with suppress(DaemonAway, CutShort):
            return _follow(args, shell, page)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_RETRY)


def _request(data: Mapping[str, Any]) -> tuple[str, ...]:
    """As `log` has it. What another version of the daemon does not say is left empty."""
    tokens = (count(data[name]) if name in data else "" for name in ("input_tokens", "output_tokens"))
    return (
        _clock(data),
        *(str(data.get(name, "")) for name in ("id", "app")),
        str(data.get("asked") or "(none)"),
        str(data.get("model") or "-"),
        str(data.get("tier", "")),
        *tokens,
        money(data["cost"]) if "cost" in data else "",
        duration(data.get("seconds", 0.0)),
        *(str(data.get(name, "")) for name in ("status", "error")),
    )


def _clock(data: Mapping[str, Any]) -> str:
    return time.strftime("%H:%M:%S", time.localtime(data.get("at")))
