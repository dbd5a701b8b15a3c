"""The daemon is followed: asked when something happens, and at no other time; waited for when it is away."""

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

import pytest
from aiohttp import web

from pointsman.cli.address import Address, DaemonAway
from pointsman.cli.client import Client
from pointsman_tray.follow import Follower
from pointsman_tray.menu import Change, Kind, View
from pointsman_tray.news import Notice
from tests.cli.stub import Stub, running_stub
from tests.tray.samples import PROFILES, last, status

EVENTS, STATUS = "GET /control/v0/events", "GET /control/v0/status"
PATIENCE = 10.0  # seconds


@dataclass
class Desk:
    """A stub of the daemon that tells what a test has it tell, and what the tray makes of it."""

    stub: Stub
    to_tell: "queue.Queue[tuple[str, dict[str, object]] | None]" = field(default_factory=queue.Queue)
    views: "queue.Queue[View]" = field(default_factory=queue.Queue)
    notices: "queue.Queue[Notice]" = field(default_factory=queue.Queue)
    day: date = date(2026, 3, 9)
    runs: bool = True

    def connect(self) -> Client:
        if not self.runs:
            raise DaemonAway("the daemon is not running")
        return Client((Address(f"http://127.0.0.1:{self.stub.port}"),), lambda _: None)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Until there is None to tell."""
        response = web.StreamResponse(headers=self.stub.headers)
        await response.prepare(request)
        while (event := await asyncio.to_thread(self.to_tell.get)) is not None:
            kind, data = event
            await response.write(f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode())
            self.to_tell.task_done()
        self.to_tell.task_done()
        return response

    def seen(self, check: Callable[[View], bool]) -> View:
        while not check(view := self.views.get(timeout=PATIENCE)):
            pass
        return view

    @property
    def asked(self) -> int:
        return sum(one.path == "/control/v0/status" for one in self.stub.asked)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with running_stub() as stub:
        desk = Desk(stub)
        stub.answers |= {
            EVENTS: desk.events,
            STATUS: status(),
            "GET /control/v0/profile": PROFILES,
            "GET /control/v0/decisions/last": last(),
        }
        yield desk


@pytest.fixture
def follower(desk: Desk) -> Iterator[Follower]:
    """It asks nobody any more when the stub goes: the two threads that ask have come to where they pause."""
    over, parked = threading.Event(), threading.Semaphore(0)

    def pause(seconds: float) -> None:
        if over.wait(seconds / 10):
            parked.release()
            threading.Event().wait()

    follower = Follower(desk.connect, desk.views.put, desk.notices.put, pause=pause, today=lambda: desk.day)
    follower.start()
    yield follower
    over.set()
    desk.runs = False
    desk.to_tell.put(None)
    follower._stale.set()
    assert all(parked.acquire(timeout=PATIENCE) for _ in range(2))


def test_it_shows_the_daemon_at_once_and_says_that_no_models_are_shown(
    desk: Desk, follower: Follower
) -> None:
    assert desk.seen(lambda _: True).kind is Kind.LOCAL
    assert desk.stub.asked[0].path == "/control/v0/events?models=hidden"


def test_what_happens_has_it_ask_and_sweeps_do_not(desk: Desk, follower: Follower) -> None:
    desk.seen(lambda _: True)
    for _ in range(5):
        desk.to_tell.put(("sweep.done", {}))
    desk.stub.answers[STATUS] = status("paused")
    desk.to_tell.put(("mode.changed", {"mode": "paused"}))
    desk.seen(lambda view: view.kind is Kind.PAUSED)
    assert desk.asked == 2


def test_however_much_happens_at_once_it_asks_twice(desk: Desk, follower: Follower) -> None:
    desk.seen(lambda _: True)
    for _ in range(100):
        desk.to_tell.put(("request.done", {"model": "here/small"}))
    desk.stub.answers[STATUS] = status("paused")
    desk.to_tell.put(("request.done", {"model": "here/small"}))
    desk.seen(lambda view: view.kind is Kind.PAUSED)
    assert desk.asked <= 4


def test_the_first_sweep_is_waited_for_and_a_new_day_is_seen(desk: Desk, follower: Follower) -> None:
    desk.stub.answers[STATUS] = status(swept_ago=None)
    desk.seen(lambda _: True)
    desk.to_tell.put(("sweep.done", {}))
    desk.seen(lambda _: True)
    desk.day = date(2026, 3, 10)
    desk.stub.answers[STATUS] = status(today={})
    desk.to_tell.put(("sweep.done", {}))
    desk.seen(lambda view: "$0 today" in view.title)


def test_a_daemon_that_is_gone_is_waited_for(desk: Desk, follower: Follower) -> None:
    desk.seen(lambda view: view.kind is Kind.LOCAL)
    desk.runs = False
    desk.to_tell.put(None)
    gone = desk.seen(lambda view: view.kind is Kind.AWAY)
    assert gone.items[0].label
    desk.runs = True
    desk.seen(lambda view: view.kind is Kind.LOCAL)


def test_without_a_request_yet_it_shows_that(desk: Desk, follower: Follower) -> None:
    del desk.stub.answers["GET /control/v0/decisions/last"]
    desk.to_tell.put(("mode.changed", {}))
    assert desk.seen(lambda view: view.kind is Kind.IDLE).items[0].label == "No request yet"


def test_a_daemon_that_refuses_says_why_and_is_asked_again(desk: Desk, follower: Follower) -> None:
    desk.seen(lambda _: True)
    del desk.stub.answers[STATUS]
    desk.to_tell.put(("mode.changed", {}))
    refused = desk.seen(lambda view: view.kind is Kind.AWAY)
    assert refused.items[0].label == "nothing is served at /control/v0/status"
    assert "no daemon" not in refused.title
    desk.stub.answers[STATUS] = status()
    desk.seen(lambda view: view.kind is Kind.LOCAL)


def test_a_daemon_of_another_version_is_shown_as_what_it_is(desk: Desk, follower: Follower) -> None:
    desk.seen(lambda _: True)
    strangers: list[object] = [{"version": "9"}, {**status(), "budgets": None}, [], "soon"]
    for strange in strangers:
        desk.stub.answers[STATUS] = strange
        desk.to_tell.put(("mode.changed", {}))
        seen = desk.seen(lambda view: view.kind is Kind.AWAY)
        assert "this icon does not understand" in seen.items[0].label
        desk.stub.answers[STATUS] = status()
        desk.seen(lambda view: view.kind is Kind.LOCAL)


def test_an_event_of_another_version_does_not_end_it(desk: Desk, follower: Follower) -> None:
    desk.seen(lambda _: True)
    desk.runs = False
    desk.to_tell.put(("budget.step", {"budget": "day", "step": "lean", "share": None}))
    desk.to_tell.put(None)
    assert "this icon does not understand" in desk.seen(lambda view: view.kind is Kind.AWAY).items[0].label
    desk.to_tell.join()
    desk.runs = True
    desk.seen(lambda view: view.kind is Kind.LOCAL)


def test_a_click_is_told_to_the_daemon_and_a_refusal_to_the_person(desk: Desk, follower: Follower) -> None:
    desk.stub.answers["POST /control/v0/mode"] = {"mode": "paused"}
    follower.act(Change("/mode", "mode", "paused"))
    follower.act(Change("/profile", "profile", "nobody"))
    assert desk.notices.get(timeout=PATIENCE).title == "Pointsman"
    clicked = [one.body for one in desk.stub.asked if one.method == "POST"]
    assert clicked == [{"mode": "paused"}, {"profile": "nobody"}]


def test_of_clicks_that_had_to_wait_the_last_one_counts(desk: Desk, follower: Follower) -> None:
    held, came = threading.Event(), threading.Event()

    async def slow(_request: web.Request) -> web.Response:
        came.set()
        await asyncio.to_thread(held.wait)
        return web.json_response({})

    desk.stub.answers["POST /control/v0/mode"] = slow
    follower.act(Change("/mode", "mode", "no-paid"))
    assert came.wait(PATIENCE)
    for mode in ("paused", "local-only", "normal"):
        follower.act(Change("/mode", "mode", mode))
    follower.act(Change("/profile", "profile", "nobody"))
    held.set()
    desk.notices.get(timeout=PATIENCE)
    clicked = [one.body for one in desk.stub.asked if one.method == "POST"]
    assert clicked == [{"mode": "no-paid"}, {"mode": "normal"}, {"profile": "nobody"}]


def test_what_is_news_is_told(desk: Desk, follower: Follower) -> None:
    desk.seen(lambda _: True)
    desk.to_tell.put(("paid.first", {"app": "aider", "model": "far/big"}))
    assert "aider asks far/big" in desk.notices.get(timeout=PATIENCE).text
