"""Never above the budget: what is set aside, refused and charged, as client, provider and ledger see it."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal

import httpx
import pytest

from pointsman.money import to_nano
from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.fakes.faults import Fault
from tests.journeys.clock import Clock
from tests.journeys.conftest import Here, StartDaemon, StartEngine, chat
from tests.journeys.test_leaving import is_written_down, until
from tests.journeys.views import ask, attempts_at, outcomes, streamed_and_plain, written_down

CROWD = 50
ROOM = 5
STEADY = "[degradation]\ncurve = []\n"  # only what is left decides
INPUT, OUTPUT = 1, 10  # dollars for a million tokens
TOKENS = 1_000_000


def paid(limit: object = None, more: str = "", **engines: FakeEngine) -> str:
    """Providers that cost money, with a price for each of their models; `limit`: dollars a day."""
    told = "".join(
        f'[providers.{name}]\napi_base = "{one.api_base}"\napi_key = "sk-{name}"\ntier = "paid"\n'
        + "".join(f'[prices."{name}/{it}"]\ninput = {INPUT}\noutput = {OUTPUT}\n' for it in one.models)
        for name, one in engines.items()
    )
    day = "" if limit is None else f'[budgets.day]\nwindow = "day"\nlimit = {limit}\n'
    return told + day + more


@pytest.fixture
async def cloud(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("big", key="sk-cloud", llama=False)


async def set_aside(http: httpx.AsyncClient, daemon: Here, max_tokens: int) -> Decimal:
    """Dollars that are set aside for a request."""
    told = await ask(http, daemon, "big", stream=True, max_tokens=max_tokens)
    return Decimal(told.headers["X-Pointsman-Cost-Max"])


async def spent(http: httpx.AsyncClient, daemon: Here) -> int:
    """Nano-dollars, as the sum of all attempts."""
    lines = (await http.get(f"{daemon.url}/control/v0/decisions", params={"limit": 1000})).json()["requests"]
    return sum(line["cost"] for line in lines)


@streamed_and_plain
async def test_of_fifty_at_once_as_many_are_asked_as_the_budget_has_room_for(
    stream: bool, cloud: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    measured = await start_daemon(paid(100, STEADY, cloud=cloud))
    each = await set_aside(patient, measured, max_tokens=1000)
    before = len(cloud.chats)
    daemon = await start_daemon(paid(ROOM * each, STEADY, cloud=cloud))
    cloud.fault = faults.SILENCE
    asking = [
        asyncio.create_task(ask(patient, daemon, "big", stream=stream, max_tokens=1000)) for _ in range(CROWD)
    ]
    await cloud.chat(before + ROOM)
    done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < CROWD - ROOM:
        done, _ = await asyncio.wait(asking, timeout=0.01)
    cloud.release()
    told = await asyncio.gather(*asking)
    refused = [one for one in told if one.status == 402]
    assert len(refused) == CROWD - ROOM
    assert all(one.is_whole for one in told if one not in refused)
    assert len(cloud.chats) == before + ROOM
    assert await spent(patient, daemon) <= to_nano(ROOM * each)
    why = refused[0].error["message"]
    assert "budget day: $0 of" in why
    assert "reserved" in why
    assert refused[0].headers["x-should-retry"] == "false"


async def test_of_fifty_at_once_without_max_tokens_each_is_given_what_the_others_leave(
    cloud: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(1, STEADY, cloud=cloud))
    cloud.fault = faults.SILENCE
    asking = [asyncio.create_task(ask(patient, daemon, "big", stream=True)) for _ in range(CROWD)]
    while sum(one.done() for one in asking) + len(cloud.chats) < CROWD:
        await asyncio.wait(asking, timeout=0.01)
    cloud.release()
    told = await asyncio.gather(*asking)
    answered = [one for one in told if one.status == 200]
    assert len(answered) == len(cloud.chats) > 1
    caps = sorted(int(one.headers["X-Pointsman-Cap"]) for one in answered)
    assert caps == sorted(int(str(seen.body["max_tokens"])) for seen in cloud.chats)
    assert caps[0] < caps[-1], "the last was given what was left"
    assert sum(Decimal(one.headers["X-Pointsman-Cost-Max"]) for one in answered) <= 1


async def test_without_max_tokens_the_answer_is_given_what_the_room_pays_for(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid("0.1", STEADY, cloud=cloud))
    told = await ask(http, daemon, "big", stream=True)
    cap = int(told.headers["X-Pointsman-Cap"])
    assert cloud.chats[-1].body["max_tokens"] == cap
    most = Decimal(told.headers["X-Pointsman-Cost-Max"])
    assert most <= Decimal("0.1") < most + Decimal(OUTPUT) / TOKENS, "one token more would not be paid for"


async def test_a_long_purse_gives_no_more_than_a_model_can_write_or_an_answer_needs(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(100, cloud=cloud))
    told = await ask(http, daemon, "big")
    assert told.headers["X-Pointsman-Cap"] == str(4 * 8_192)
    assert told.headers["X-Pointsman-Cost"] == "0.000149"  # 19 tokens in, 13 out


async def test_a_clients_own_ceiling_goes_up_as_it_is(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(100, cloud=cloud))
    told = await ask(http, daemon, "big", max_completion_tokens=77)
    assert told.headers["X-Pointsman-Cap"] == "77"
    assert cloud.chats[-1].body["max_completion_tokens"] == 77
    assert "max_tokens" not in cloud.chats[-1].body


async def test_what_the_ledger_could_not_hold_is_not_asked_whatever_the_budget(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid('"none"', cloud=cloud))
    for tokens in (10**12, 2**63, 10**400):
        told = await ask(http, daemon, "big", max_tokens=tokens)
        assert (told.status, attempts_at(cloud)) == (402, [0])
        assert "may cost more than $1,000,000.00" in told.error["message"]
    assert (await ask(http, daemon, "big", max_tokens=2**31)).status == 200


async def test_usage_that_no_answer_has_is_not_believed(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(1, cloud=cloud))
    for prompt in (2**53, -1):
        cloud.answer = answers.Answer(prompt=prompt, cached=0)
        assert (await ask(http, daemon, "big", max_tokens=500)).status == 200
        (attempt,) = (await written_down(http, daemon))["attempts"]
        assert attempt["outcome"] == "ok"
        assert 0 < attempt["cost"] < attempt["reserved"]


async def test_where_no_budget_is_set_a_written_place_may_cost_a_dollar_a_day(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(None, STEADY, cloud=cloud))
    dollar = TOKENS // OUTPUT
    assert (await ask(http, daemon, "big", max_tokens=dollar - 1000)).status == 200
    told = await ask(http, daemon, "big", max_tokens=dollar + 1000)
    assert told.status == 402
    assert "budget default: $0.00015 of $1.00 spent" in told.error["message"]


async def test_of_no_money_nothing_is_spent(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(0, cloud=cloud))
    told = await ask(http, daemon, "big")
    assert (told.status, attempts_at(cloud)) == (402, [0])
    assert "budget day: $0 of $0 spent" in told.error["message"]


async def test_local_answers_when_nothing_is_left(
    cloud: FakeEngine, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    here = await start_engine("small")
    daemon = await start_daemon(paid(0, "[fallback]\nbig = ['local']\n", cloud=cloud), z=here)
    told = await ask(http, daemon, "big")
    assert (told.status, told.headers["X-Pointsman-Tier"]) == (200, "local")


# -- what is charged


CHARGED_NOTHING = [*map(faults.status, (400, 401, 429, 500)), faults.RESET]


@streamed_and_plain
@pytest.mark.parametrize("fault", CHARGED_NOTHING, ids=str)
async def test_a_refused_call_costs_nothing(
    stream: bool,
    fault: Fault,
    *,
    cloud: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    daemon = await start_daemon(paid(1, cloud=cloud))
    cloud.fault = fault
    with clock.hurrying():
        assert (await ask(patient, daemon, "big", stream=stream)).status >= 400
    assert {one["cost"] for one in (await written_down(patient, daemon))["attempts"]} == {0}


CHARGED_IN_FULL = [faults.cut(2), faults.ends(2), faults.TRUNCATED]


@streamed_and_plain
@pytest.mark.parametrize("fault", CHARGED_IN_FULL, ids=str)
async def test_what_broke_off_is_charged_as_it_was_set_aside(
    stream: bool,
    fault: Fault,
    *,
    cloud: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    daemon = await start_daemon(paid(1, cloud=cloud))
    cloud.fault = fault
    with clock.hurrying():
        assert not (await ask(patient, daemon, "big", stream=stream, max_tokens=500)).is_whole
    for one in (await written_down(patient, daemon))["attempts"]:
        assert one["cost"] == one["reserved"] > 500 * OUTPUT * 1000


@streamed_and_plain
async def test_what_says_nothing_is_charged_by_its_usage(
    stream: bool,
    cloud: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    daemon = await start_daemon(paid(1, cloud=cloud))
    cloud.fault = faults.EMPTY
    with clock.hurrying():
        assert (await ask(patient, daemon, "big", stream=stream)).status == 503
    assert {one["cost"] for one in (await written_down(patient, daemon))["attempts"]} == {19 * 1000}


async def test_who_vanishes_in_mid_stream_is_charged_what_was_set_aside(
    cloud: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(1, cloud=cloud))
    cloud.fault = faults.stall(3)
    body = chat("big", stream=True, max_tokens=500)
    async with patient.stream("POST", f"{daemon.api_base}/chat/completions", json=body) as got:
        most = to_nano(Decimal(got.headers["X-Pointsman-Cost-Max"]))
        await (await cloud.chat()).waiting.wait()
    await (await cloud.chat()).closed.wait()
    await until(lambda: is_written_down(patient, daemon, 499))
    record = await written_down(patient, daemon)
    assert outcomes(record) == [("cloud/big", "cancelled")]
    assert record["request"]["cost"] == most


async def test_who_vanishes_after_the_usage_is_charged_by_that(
    cloud: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(1, cloud=cloud))
    cloud.fault = faults.LINGERS
    body = chat("big", stream=True, max_tokens=500, stream_options={"include_usage": True})
    async with patient.stream("POST", f"{daemon.api_base}/chat/completions", json=body) as got:
        async for piece in got.aiter_text():
            if '"usage":{' in piece:
                break
    await until(lambda: is_written_down(patient, daemon, 499))
    assert (await written_down(patient, daemon))["request"]["cost"] == 149_000


async def test_a_stream_costs_what_the_same_answer_costs_as_a_whole(
    cloud: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(1, cloud=cloud))
    costs = []
    for stream in (True, False):
        await ask(http, daemon, "big", stream=stream)
        costs.append((await written_down(http, daemon))["request"]["cost"])
    assert costs == [149_000, 149_000]


# -- as it is used up


THINKER, BIG, REFUSED = "cloud/thinker", "cloud/big", 402
CRITICAL = {"X-Pointsman-Priority": "critical"}
REQUESTS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("auto", {}),
    ("auto", CRITICAL),
    ("thinker", {}),
    ("big", {}),
    ("thinker", CRITICAL),
)
GRADES = '[grades]\n"cloud/thinker" = "reasoning"\n"cloud/big" = "generation"\n'


@pytest.fixture
async def clouds(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("thinker", "big", key="sk-cloud", llama=False)


async def used_up(percent: int, http: httpx.AsyncClient, daemon: Here, cloud: FakeEngine) -> None:
    """Of a dollar."""
    cloud.answer = answers.Answer(prompt=percent * TOKENS // 100 - 130, cached=0)
    assert (await ask(http, daemon, "big", max_tokens=13)).status == 200
    cloud.answer = answers.USUAL


async def went_to(http: httpx.AsyncClient, daemon: Here, model: str, headers: Mapping[str, str]) -> object:
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat(model), headers=headers)
    return got.headers["X-Pointsman-Model"] if got.status_code == 200 else got.status_code


async def explained(http: httpx.AsyncClient, daemon: Here, model: str, headers: Mapping[str, str]) -> object:
    """Where `pointsman route` says that it would go; refused: by the budget's step alone."""
    told = (await http.post(f"{daemon.url}/control/v0/explain", json=chat(model), headers=headers)).json()
    if told["candidates"]:
        return told["candidates"][0]["model"]
    held = {one["rule"] for one in told["excluded"]} - {"named"}
    return REFUSED if held == {"budget step"} else held


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (79, (THINKER, THINKER, THINKER, BIG, THINKER)),
        (85, (BIG, THINKER, THINKER, BIG, THINKER)),
        (92, (BIG, THINKER, REFUSED, BIG, THINKER)),
        (97, (REFUSED, THINKER, REFUSED, REFUSED, THINKER)),
        (100, (REFUSED,) * 5),
    ],
)
async def test_the_same_five_requests_go_where_the_step_lets_them(
    percent: int,
    expected: tuple[object, ...],
    *,
    clouds: FakeEngine,
    start_daemon: StartDaemon,
    http: httpx.AsyncClient,
) -> None:
    daemon = await start_daemon(paid(1, GRADES, cloud=clouds).replace(f"output = {OUTPUT}", "output = 9", 1))
    await used_up(percent, http, daemon, clouds)
    said = [await explained(http, daemon, *one) for one in REQUESTS]
    assert [await went_to(http, daemon, *one) for one in REQUESTS] == said == list(expected)


@pytest.mark.parametrize(
    ("percent", "step", "why"),
    [
        (85, "thrifty", "grade reasoning are for critical requests (X-Pointsman-Priority: critical)"),
        (92, "lean", "grade reasoning are for critical requests (X-Pointsman-Priority: critical)"),
        (97, "reserve", "what is left is for critical requests (X-Pointsman-Priority: critical)"),
        (100, "free", "nothing that costs money is asked"),
    ],
)
async def test_the_step_is_explained(
    percent: int,
    step: str,
    why: str,
    *,
    clouds: FakeEngine,
    start_daemon: StartDaemon,
    http: httpx.AsyncClient,
) -> None:
    daemon = await start_daemon(paid(1, GRADES, cloud=clouds))
    await used_up(percent, http, daemon, clouds)
    told = (await http.post(f"{daemon.url}/control/v0/explain", json=chat())).json()
    assert told["spending"] == f"budget day: ${percent / 100:.2f} of $1.00 spent, step {step}"
    (excluded,) = (one for one in told["excluded"] if one["rule"] == "budget step")
    assert THINKER in excluded["models"]
    assert why in excluded["reason"]
    assert excluded["reason"].endswith("`pointsman budget set day AMOUNT` sets another one")


async def test_critical_requests_end_with_the_budget_too(
    clouds: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(paid(1, GRADES, cloud=clouds))
    await used_up(99, http, daemon, clouds)
    answered = 0
    while (await went_to(http, daemon, "big", CRITICAL)) == BIG:
        answered += 1
        assert await spent(http, daemon) <= to_nano(Decimal(1))
    assert answered
