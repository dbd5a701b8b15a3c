"""What happens, as it happens: a line for each request, each engine that comes or goes; until Ctrl-C."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Protocol, TypedDict

from pointsman.cli import arguments as shared
from pointsman.cli.address import DaemonAway
from pointsman.cli.client import CutShort, Event
from pointsman.cli.commands.budget import MEANS
from pointsman.cli.interrupt import heard_while_waiting
from pointsman.cli.shell import Shell
from pointsman.cli.show import Columns, Screen, count, duration, money, per_cent
from pointsman.funds import Step

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
        elif say := SENTENCES.get(event.kind):
            self._screen.line(f"{_clock(event.data)}  {say(event.data)}", style="dim")
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


def _found(data: Mapping[str, Any]) -> str:
    return f"{data.get('id')} was found at {data.get('place')}, tier {data.get('tier')}"


def _back(data: Mapping[str, Any]) -> str:
    return f"{data.get('id')} is back at {data.get('place')}"


def _away(data: Mapping[str, Any]) -> str:
    return f"{data.get('id')} is away: {data.get('note') or 'it no longer answers'}"


def _shut(data: Mapping[str, Any]) -> str:
    return f"{data.get('id')} is left alone for {duration(data.get('seconds', 0.0))}: {data.get('reason')}"


def _open(data: Mapping[str, Any]) -> str:
    return f"{data.get('id')} may be asked again"


def _left(data: Mapping[str, Any]) -> str:
    return f"prompts of {data.get('app')} leave this machine for the first time, for {data.get('to')}"


def _paid(data: Mapping[str, Any]) -> str:
    app, model = data.get("app"), data.get("model")
    return f"money is spent for the first time: {app} asks {model}; pointsman spend tells what it came to"


def _step(data: Mapping[str, Any]) -> str:
    step, share = str(data.get("step")), per_cent(data.get("share", 0.0))
    means = f": {MEANS[Step(step)]}" if step in list(Step) else ""
    return f"budget {data.get('budget')} is used up to {share}, step {step}{means}"


def _fallback(data: Mapping[str, Any]) -> str:
    return f"{data.get('to')} answered in the place of {data.get('of')}: {data.get('reason')}"


def _mode(data: Mapping[str, Any]) -> str:
    return f"the mode is {data.get('mode')}; it was {data.get('was')}"


def _lost(data: Mapping[str, Any]) -> str:
    return f"{count(data.get('count'), 'line')} missed: more happened than this terminal could take"


SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = MappingProxyType(
    {
        "endpoint.found": _found,
        "endpoint.back": _back,
        "endpoint.away": _away,
        "limit.shut": _shut,
        "limit.open": _open,
        "privacy.left": _left,
        "paid.first": _paid,
        "budget.step": _step,
        "fallback": _fallback,
        "mode.changed": _mode,
        "lost": _lost,
    }
)
