"""`/control/v0/budgets`: for all to see, through the Unix socket to change."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession

from pointsman.dates import Window, days_of
from pointsman.money import NANO
from pointsman.server.control.shapes import AmountShape, BudgetShape, BudgetsShape, StatusShape
from pointsman.types import FoundBy, Tier
from tests.server.control.conftest import Client, House, endpoint, model
from tests.server.control.spent import Sums, one

URL = "/control/v0/budgets"
DAY = {"window": "day", "limit": 1.5}

pytestmark = pytest.mark.usefixtures("sums")


async def told(session: Client | ClientSession) -> BudgetsShape:
    answer: BudgetsShape = await (await session.get(URL)).json()
    assert answer.keys() == BudgetsShape.__annotations__.keys()
    return answer


async def test_without_a_budget_there_is_the_curve_alone(sums: Sums, client: Client) -> None:
    answer = await told(client)
    assert answer["budgets"] == []
    assert answer["curve"][0] == {"share": 0.8, "step": "thrifty"}
    assert answer["notes"] == []


async def test_a_budget_is_told_with_all_that_is_to_be_known_of_it(sums: Sums, owner: ClientSession) -> None:
    answer: BudgetsShape = await (await owner.post(f"{URL}/day", json=DAY)).json()
    (budget,) = answer["budgets"]
    assert budget["ends"] is not None
    assert budget["ends"] > time.time()
    assert budget == BudgetShape(
        name="day",
        window="day",
        scope="total",
        limit=3 * NANO // 2,
        hard=True,
        unpriced=False,
        spent=0,
        reserved=0,
        left=3 * NANO // 2,
        share=0.0,
        step="normal",
        ends=budget["ends"],
        origin="command",
    )


async def test_a_provider_s_credit_is_a_budget_without_a_window(client: Client, house: House) -> None:
    house.rooms.budgets.credit("openrouter", "OpenRouter", 10 * NANO, 1 * NANO)
    (budget,) = (await told(client))["budgets"]
    assert (budget["name"], budget["window"], budget["ends"]) == ("credit of OpenRouter", None, None)
    assert (budget["origin"], budget["scope"]) == ("provider", "account:openrouter")
    assert (budget["share"], budget["left"], budget["step"]) == (0.9, 1 * NANO, "lean")


async def test_what_holds_for_want_of_a_budget_is_told_where_it_holds(
    owner: ClientSession, house: House
) -> None:
    written = endpoint("mine", tier=Tier.PAID, found_by=FoundBy.CONFIG)
    house.find(written, model(written))
    await house.rooms.sweeper.sweep("test")
    (budget,) = (await told(owner))["budgets"]
    assert (budget["name"], budget["limit"], budget["origin"]) == ("default", NANO, "default")
    await owner.post(f"{URL}/of%20aider", json=DAY | {"scope": "app:aider"})
    assert [each["origin"] for each in (await told(owner))["budgets"]] == ["command", "default"]
    await owner.post(f"{URL}/day", json=DAY)
    assert [each["origin"] for each in (await told(owner))["budgets"]] == ["command", "command"]


@pytest.mark.parametrize("name", ["day", "model:openrouter/x:free week", "50 % of it", "ä.b"])
async def test_a_budget_goes_by_its_name(owner: ClientSession, house: House, name: str) -> None:
    address = f"{URL}/{quote(name, safe='')}"
    await owner.post(address, json=DAY)
    assert [each["name"] for each in (await told(owner))["budgets"]] == [name]
    assert (await owner.delete(address)).status == 200
    assert (await told(owner))["budgets"] == []
    assert (await owner.delete(address)).status == 404


async def test_none_tells_what_the_file_says_all_the_same(
    owner: ClientSession, house: House, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text('[budgets.x]\nwindow = "day"\nlimit = 1\n')
    house.rooms.live.reload()
    answer: BudgetsShape = await (await owner.post(f"{URL}/none", json={})).json()
    assert answer["notes"] == [f"budget x is set in {tmp_path / 'config.toml'}, [budgets.x]"]
    shown = [(each["name"], each["limit"], each["left"], each["origin"]) for each in answer["budgets"]]
    assert shown == [("x", NANO, NANO, "configuration"), ("none", None, None, "command")]
    assert (await owner.delete(f"{URL}/none")).status == 200
    response = await owner.delete(f"{URL}/x")
    assert response.status == 400
    assert "[budgets.x]: take it out there" in (await response.json())["error"]["message"]


async def test_a_budget_that_would_be_called_none_is_not_taken_for_no_budget(
    owner: ClientSession, house: House
) -> None:
    await owner.post(f"{URL}/day", json=DAY)
    response = await owner.post(f"{URL}/none", json=DAY)
    assert response.status == 400
    assert "take another" in (await response.json())["error"]["message"]
    assert [each["name"] for each in (await told(owner))["budgets"]] == ["day"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"window": "day", "limit": -1},
            "budgets.day.limit must be US dollars: a number from 0 to a billion",
        ),
        ({"window": "day", "limit": "5 EUR"}, "5.00 without quotes or a currency"),
        ({"window": "day", "limit": None}, "5.00 without quotes or a currency"),
        ({"window": "fortnight", "limit": 1}, "budgets.day.window must be one of hour, day, week, month"),
        ({"limit": 1}, "budgets.day.window is missing"),
        ({"window": "day", "limit": 1, "scope": "team:x"}, "budgets.day.scope must be total, or one of"),
        ({"window": "day", "limmit": 1}, "did you mean budgets.day.limit?"),
        ([], "budgets.day must be a table"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_the_words_of_the_configuration(
    owner: ClientSession, house: House, body: Any, said: str
) -> None:
    response = await owner.post(f"{URL}/day", json=body)
    assert response.status == 400
    assert said in (await response.json())["error"]["message"]
    assert (await told(owner))["budgets"] == []


async def test_what_is_no_json_is_told_what_is(owner: ClientSession, house: House) -> None:
    headers = {"Content-Type": "application/json"}
    response = await owner.post(f"{URL}/day", data=b"{", headers=headers)
    assert response.status == 400
    assert '"window": "day"' in (await response.json())["error"]["message"]


@pytest.mark.parametrize(("method", "name"), [("POST", "day"), ("POST", "none"), ("DELETE", "day")])
async def test_over_tcp_nothing_is_changed(client: Client, house: House, method: str, name: str) -> None:
    response = await client.request(method, f"{URL}/{name}", json=DAY)
    assert response.status == 403
    assert "Unix socket" in (await response.json())["error"]["message"]


async def test_what_was_spent_is_told_of_the_day_and_of_the_month(sums: Sums, client: Client) -> None:
    sums.by["tier"] = (one("paid", cost=5, reserved=2, unpriced=1), one("free", cost=1))
    answer = await told(client)
    assert answer["today"] == AmountShape(cost=6, reserved=2, unpriced=1)
    assert answer["month"] == answer["today"]
    (_, today, tomorrow), (_, first, after) = sums.asked
    assert tomorrow == today + 1
    assert (first, after) == days_of(Window.MONTH, today)


async def test_budgets_are_told_without_their_ledger(sums: Sums, client: Client) -> None:
    sums.broken = True
    answer = await told(client)
    assert (answer["today"], answer["month"]) == (None, None)


async def test_a_status_tells_of_them_too(owner: ClientSession, house: House) -> None:
    await owner.post(f"{URL}/day", json=DAY)
    status: StatusShape = await (await owner.get("/control/v0/status")).json()
    assert [each["name"] for each in status["budgets"]] == ["day"]
