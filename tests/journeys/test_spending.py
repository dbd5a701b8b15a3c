"""What is spent is told alike everywhere, counts by the calendar, and stops if it can't be written down."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

import httpx
import pytest

from pointsman.build import Times
from pointsman.events import Happening, Watcher
from pointsman.execution.attempts import MOST_ATTEMPTS
from pointsman.limits.programs import MOST, OTHERS
from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.journeys.clock import Clock
from tests.journeys.conftest import Here, StartDaemon, StartEngine, chat
from tests.journeys.test_budgets import GRADES, STEADY, paid, spent, used_up
from tests.journeys.views import Json, ask, attempts_at, elsewhere, written_down

ANSWER = 149_000  # nano-dollars, at the prices of test_budgets


@pytest.fixture
async def cloud(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("big", key="sk-cloud", llama=False)


async def get(http: httpx.AsyncClient, daemon: Here, path: str) -> Json:
    found: Json = (await http.get(f"{daemon.url}/control/v0/{path}")).json()
    return found


async def test_budgets_spending_and_the_sum_of_attempts_agree(
    cloud: FakeEngine, start_engine: StartEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    here = await start_engine("small")
    daemon = await start_daemon(paid(1, '[budgets.hour]\nwindow = "hour"\nlimit = 1\n', cloud=cloud), z=here)
    for fault in (faults.OK, faults.status(400), faults.cut(2), faults.OK):
        cloud.fault = fault
        await ask(patient, daemon, "big", stream=True, max_tokens=500)
    await ask(patient, daemon, "small")
    total = await spent(patient, daemon)
    assert total > 2 * ANSWER
    budgets = {one["name"]: one["spent"] for one in (await get(patient, daemon, "budgets"))["budgets"]}
    assert budgets == {"day": total, "hour": total}
    for by in ("model", "provider", "app", "role", "kind", "user", "day", "tier"):
        told = await get(patient, daemon, f"spend?by={by}&since=today")
        assert sum(row["cost"] for row in told["rows"]) == told["total"]["cost"] == total, by


async def test_each_kind_of_task_is_told_apart_whoever_chose_the_model(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(1, cloud=cloud))
    script = [{"role": "user", "content": "Write a Python script"}]
    for model in ("big", "auto"):
        assert (await ask(http, daemon, model, messages=script)).status == 200
    await ask(http, daemon, "big", messages=[{"role": "user", "content": "Translate it into French"}])
    told = await get(http, daemon, "spend?by=kind&since=today")
    assert {row["key"]: row["requests"] for row in told["rows"]} == {"code": 2, "transform": 1}


class Wall:
    """The time of day, as a test sets it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now.timestamp()


async def test_a_day_ends_at_midnight_and_a_clock_that_is_set_back_gives_nothing_back(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    wall = Wall(datetime(2026, 11, 30, 23, 59).astimezone())
    daemon = await start_daemon(paid("0.0002", STEADY, cloud=cloud), times=Times(wall=wall))

    async def status() -> int:
        return (await ask(http, daemon, "big", max_tokens=13)).status

    assert [await status(), await status()] == [200, 402]
    wall.now += timedelta(minutes=2)
    assert [await status(), await status()] == [200, 402]
    for earlier in (timedelta(hours=1), timedelta(days=1), timedelta(days=400)):
        wall.now -= earlier
        assert await status() == 402
        wall.now += earlier
    wall.now += timedelta(days=1)
    assert await status() == 200


async def test_what_was_spent_by_a_clock_that_was_years_ahead_counts_for_today(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    wall = Wall(datetime(2030, 1, 1, 12).astimezone())
    daemon = await start_daemon(paid("0.0002", STEADY, cloud=cloud), times=Times(wall=wall))
    assert (await ask(http, daemon, "big", max_tokens=13)).status == 200
    wall.now = datetime(2026, 11, 30, 12).astimezone()
    assert (await ask(http, daemon, "big", max_tokens=13)).status == 402
    wall.now += timedelta(hours=1)  # after which the clock is believed
    assert (await ask(http, daemon, "big", max_tokens=13)).status == 402
    told = await get(http, daemon, "spend?by=day&since=all")
    assert [(row["key"], row["cost"]) for row in told["rows"] if row["cost"]] == [("2026-11-30", ANSWER)]
    wall.now += timedelta(days=1)
    assert (await ask(http, daemon, "big", max_tokens=13)).status == 200


# -- while the ledger can't be written


@contextmanager
def held(daemon: Here) -> Iterator[None]:
    """Another program holds the ledger."""
    path = f"{daemon.rooms.info.state_dir}/ledger.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_while_it_cant_be_written_down_nothing_paid_is_asked_and_answers_go_on(
    cloud: FakeEngine, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    here = await start_engine("small")
    daemon = await start_daemon(paid(1, '[fallback]\nbig = ["local"]\n', cloud=cloud), z=here)
    with held(daemon):
        told = await ask(http, daemon, "big")
        assert (told.status, told.headers["X-Pointsman-Tier"]) == (200, "local")
        assert attempts_at(cloud) == [0]
    await asyncio.wrap_future(daemon.rooms.writer.flush())
    record = await written_down(http, daemon)
    assert [(one["model"], one["outcome"], one["cost"]) for one in record["attempts"]] == [
        ("cloud/big", "failed", 0),
        ("z/small", "ok", 0),
    ]
    assert (
        "nothing that costs money is asked while it can't be written down" in record["attempts"][0]["error"]
    )
    assert (await ask(http, daemon, "big")).headers["X-Pointsman-Tier"] == "paid"


async def test_while_it_cant_be_written_down_one_try_is_enough(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    names = ["big", *(f"big{number}" for number in range(MOST_ATTEMPTS))]
    cloud = await start_engine(*names, key="sk-cloud", llama=False)
    here = await start_engine("small")
    daemon = await start_daemon(paid(1, f"[fallback]\nbig = {[*names, 'local']}\n", cloud=cloud), z=here)
    with held(daemon):
        told = await ask(http, daemon, "big")
    assert (told.status, told.headers["X-Pointsman-Tier"]) == (200, "local")
    assert told.headers["X-Pointsman-Attempts"] == "2"


async def test_what_was_spent_while_it_could_not_be_written_is_known_and_written_later(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(1, cloud=cloud))
    cloud.fault = faults.stall(2)
    asking = asyncio.create_task(ask(http, daemon, "big", stream=True, max_tokens=50))
    await (await cloud.chat()).waiting.wait()
    with held(daemon):
        cloud.release()
        assert (await asking).is_whole
        (day,) = daemon.rooms.budgets.stands()
        assert (day.spent, day.reserved) == (ANSWER, 0)
    assert (await get(http, daemon, "spend"))["total"]["cost"] == ANSWER


# -- what providers say


async def test_what_openrouter_says_that_it_cost_is_what_counts_and_drift_is_told(
    start_daemon: StartDaemon, http: httpx.AsyncClient, start_engine: StartEngine
) -> None:
    cloud = await start_engine("big", key="sk-openrouter", llama=False)
    cloud.answer = answers.Answer(cost=0.000200123)
    config = paid(1, cloud=cloud).replace("cloud", "openrouter")
    daemon = await start_daemon(config)
    for stream in (True, False):
        await ask(http, daemon, "big", stream=stream)
        (attempt,) = (await written_down(http, daemon))["attempts"]
        assert (attempt["cost"], attempt["priced"], attempt["told"]) == (200_123, ANSWER, True)
    told = await get(http, daemon, "spend")
    assert told["drift"] == [{"provider": "openrouter", "told": 400_246, "priced": 2 * ANSWER}]


async def test_what_others_say_that_it_cost_does_not_count(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud.answer = answers.Answer(cost=0)
    daemon = await start_daemon(paid(1, cloud=cloud))
    await ask(http, daemon, "big")
    assert (await written_down(http, daemon))["request"]["cost"] == ANSWER


# -- what is told


async def happened(watcher: Watcher, *kinds: str) -> list[Happening]:
    found = []
    while happening := await watcher.next(timeout=0):
        found += [happening] if happening.kind in kinds else []
    return found


async def test_the_first_paid_use_and_each_step_are_told_once(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(1, GRADES, cloud=cloud))
    with daemon.rooms.bus.watch() as watcher:
        for percent in (10, 75, 11):
            await used_up(percent, http, daemon, cloud)
        told = await happened(watcher, "paid.first", "budget.step")
    assert [one.kind for one in told] == ["paid.first", "budget.step", "budget.step"]
    assert told[0].data["model"] == "cloud/big"
    assert [one.data["step"] for one in told[1:]] == ["thrifty", "reserve"]


async def test_an_answer_by_another_than_the_first_is_told(
    one: FakeEngine, two: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    daemon = await start_daemon(elsewhere(a=one, b=two))
    one.fault = two.fault = faults.OK
    one.faults(faults.status(503))
    with daemon.rooms.bus.watch() as watcher, clock.hurrying():
        await ask(patient, daemon)
        (told,) = await happened(watcher, "fallback")
    assert (told.data["of"], told.data["to"]) == ("a/one", "b/two")


async def test_a_client_that_calls_itself_something_else_each_time_leaves_a_bounded_number_of_sums(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    here = await start_engine("small")
    daemon = await start_daemon(z=here)
    for number in range(MOST + 20):
        headers = {"X-Pointsman-App": f"session-{number}"}
        await http.post(f"{daemon.api_base}/chat/completions", json=chat("small"), headers=headers)
    told = await get(http, daemon, "spend?by=app&since=all")
    assert len(told["rows"]) == MOST + 1
    assert [row["requests"] for row in told["rows"] if row["key"] == OTHERS] == [20]
