"""POST explain: the decision, and no call."""

from pointsman.funds import NO_BUDGET
from pointsman.ledger.views import DecisionView
from pointsman.types import Tier
from tests.server.control.conftest import Client, House, endpoint, model

HELLO = {"messages": [{"role": "user", "content": "hello"}]}


async def test_the_order_and_each_who_is_left_out_are_told(client: Client, house: House) -> None:
    near, dear = endpoint(), endpoint("cloud", tier=Tier.PAID)
    house.find(near, model(near))
    house.find(dear, model(dear, "a"), model(dear, "b"))
    await house.rooms.sweeper.sweep("test")
    response = await client.post("/control/v0/explain", json=HELLO | {"model": "auto"})
    told: DecisionView = await response.json()
    assert told.keys() == DecisionView.__annotations__.keys()
    assert told["candidates"] == [
        {
            "model": "llama-server/qwen",
            "tier": "local",
            "reason": "ladder:local",
            "degraded": False,
            "trains": None,
            "context": None,
        }
    ]
    assert told["excluded"] == [
        {
            "rule": "no budget",
            "reason": NO_BUDGET,
            "models": ["cloud/a", "cloud/b"],
            "more": 0,
        }
    ]
    assert told["wanted"]["chosen"]


async def test_nothing_is_written_down_and_nobody_is_asked(client: Client, house: House) -> None:
    await client.post("/control/v0/explain", json=HELLO)
    house.rooms.writer.flush().result(10)
    assert house.rooms.reader.log(1) == ()


async def test_headers_count_as_they_would_with_the_request(client: Client, house: House) -> None:
    far = endpoint("cloud", tier=Tier.FREE)
    house.find(far, model(far))
    await house.rooms.sweeper.sweep("test")
    response = await client.post("/control/v0/explain", json=HELLO, headers={"X-Pointsman-Privacy": "local"})
    assert [group["rule"] for group in (await response.json())["excluded"]] == ["privacy"]


async def test_an_alias_is_told(client: Client, house: House) -> None:
    near = endpoint()
    house.find(near, model(near))
    await house.rooms.sweeper.sweep("test")
    response = await client.post("/control/v0/explain", json=HELLO | {"model": "quick"})
    wanted = (await response.json())["wanted"]
    assert (wanted["asked"], wanted["via"], wanted["chosen"]) == ("quick", "quick", False)


async def test_a_name_that_means_nothing_is_refused(client: Client, house: House) -> None:
    response = await client.post("/control/v0/explain", json=HELLO | {"model": "nonsense"})
    assert response.status == 404
    error = (await response.json())["error"]
    assert "nonsense" in error["message"]
    assert error["src"] == "pointsman"


async def test_a_body_that_is_no_request_is_refused(client: Client, house: House) -> None:
    response = await client.post("/control/v0/explain", data=b"{")
    assert response.status == 400
    assert (await response.json())["error"]["src"] == "pointsman"
