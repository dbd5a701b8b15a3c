"""GET decisions and decisions/{id}: the ledger, read."""

import pytest

from pointsman.calls import Outcome
from pointsman.server.control.shapes import AttemptShape, RequestLineShape, RequestShape
from tests.fakes.records import attempt, record
from tests.server.control.conftest import SECRET, Client, House


def write(house: House, *ids: str) -> None:
    for number, name in enumerate(ids):
        house.rooms.writer.enqueue(record(name, 1_000.0 + number))
    house.rooms.writer.flush().result(10)


async def test_the_newest_come_first_and_no_more_than_asked(client: Client, house: House) -> None:
    write(house, "aa", "bb", "cc")
    response = await client.get("/control/v0/decisions?limit=2")
    requests: list[RequestLineShape] = (await response.json())["requests"]
    assert [request["id"] for request in requests] == ["cc", "bb"]
    assert requests[0].keys() == RequestLineShape.__annotations__.keys()
    assert requests[0]["model"] == "local/tiny"


async def test_an_empty_ledger_is_an_empty_list(client: Client, house: House) -> None:
    assert await (await client.get("/control/v0/decisions")).json() == {"requests": []}


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1", "²", ""])
async def test_a_limit_that_is_none_is_refused(client: Client, house: House, limit: str) -> None:
    response = await client.get("/control/v0/decisions", params={"limit": limit})
    assert response.status == 400
    assert "from 1 to 1000" in (await response.json())["error"]["message"]


@pytest.mark.parametrize("name", ["last", "bb", "b"])
async def test_a_request_is_found_by_its_id_its_beginning_or_as_the_last(
    client: Client, house: House, name: str
) -> None:
    write(house, "aa", "bb")
    response = await client.get(f"/control/v0/decisions/{name}")
    assert SECRET not in await response.text()
    told: RequestShape = await response.json()
    assert told.keys() == RequestShape.__annotations__.keys()
    assert (told["request"]["id"], told["decision"] is not None) == ("bb", True)


async def test_every_attempt_is_told_with_its_times_and_what_it_took(client: Client, house: House) -> None:
    failed = attempt(outcome=Outcome.FAILED, status=500, error="boom", usage=None, cost=None)
    house.rooms.writer.enqueue(record("aa", attempts=(failed, attempt())))
    house.rooms.writer.flush().result(10)
    told: RequestShape = await (await client.get("/control/v0/decisions/aa")).json()
    first, second = told["attempts"]
    assert first.keys() == AttemptShape.__annotations__.keys()
    assert (first["outcome"], first["status"], first["error"]) == ("failed", 500, "boom")
    assert (first["input_tokens"], first["cost"]) == (None, None)
    assert (second["input_tokens"], second["output_tokens"], second["estimated"]) == (100, 20, False)


async def test_a_request_that_nobody_knows_is_told(client: Client, house: House) -> None:
    write(house, "aa")
    response = await client.get("/control/v0/decisions/zz")
    assert response.status == 404
    assert "zz" in (await response.json())["error"]["message"]


async def test_a_beginning_of_several_ids_names_them(client: Client, house: House) -> None:
    write(house, "ab1", "ab2")
    response = await client.get("/control/v0/decisions/ab")
    assert response.status == 400
    assert "ab1, ab2" in (await response.json())["error"]["message"]
