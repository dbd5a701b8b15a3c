"""POST feedback, GET analytics."""

import pytest
from aiohttp import ClientSession

from tests.fakes.records import record
from tests.server.control.conftest import Client, House

URL = "http://localhost/control/v0/feedback"


async def test_an_answer_is_judged_and_counted(client: Client, owner: ClientSession, house: House) -> None:
    house.rooms.writer.enqueue(record("r1", answered_by="local/tiny"))
    for body, score in (({"id": "r1", "score": 0.25}, 0.25), ({"score": 1}, 1.0)):
        answer = await owner.post(URL, json=body)
        assert await answer.json() == {"id": "r1", "model": "local/tiny", "score": score}
    told = await (await client.get("/control/v0/decisions/r1")).json()
    assert told["score"] == 1.0
    counted = await (await client.get("/control/v0/analytics?since=all")).json()
    assert counted.keys() >= {"requests", "bad", "judged", "by"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"score": 2}, "score is 2: it must be from 0"),
        ({"score": "good"}, "the body must be"),
        ({"id": "r1"}, "the body must be"),
        ({"score": 1, "why": "x"}, "the body must be"),
    ],
)
async def test_what_is_no_judgement_is_refused(
    body: dict[str, object], says: str, owner: ClientSession, house: House
) -> None:
    house.rooms.writer.enqueue(record("r1"))
    answer = await owner.post(URL, json=body)
    assert answer.status == 400
    assert says in (await answer.json())["error"]["message"]


async def test_of_a_request_that_there_is_not_nothing_is_judged(owner: ClientSession) -> None:
    answer = await owner.post(URL, json={"id": "zz", "score": 1})
    assert answer.status == 404


async def test_only_the_sockets_owner_judges(client: Client) -> None:
    answer = await client.post("/control/v0/feedback", json={"score": 1})
    assert answer.status == 403
