"""`/control/v0/urls`: where lists are had, and through the Unix socket other pages."""

import pytest
from aiohttp import ClientSession

from pointsman.catalogue.providers import PROVIDERS
from pointsman.server.control.shapes import UrlShape, UrlsShape
from tests.server.control.conftest import Client, House

PAGE = "https://docs.example/models"


def zhipu(told: UrlsShape) -> UrlShape:
    return next(one for one in told["urls"] if one["name"] == "zhipu")


async def test_each_cloud_is_told_with_its_page_though_it_is_no_place_yet(
    client: Client, house: House
) -> None:
    told: UrlsShape = await (await client.get("/control/v0/urls")).json()
    assert [one["name"] for one in told["urls"]] == [row.id for row in PROVIDERS if row.base_url]
    one = zhipu(told)
    assert one.keys() == UrlShape.__annotations__.keys()
    assert (one["list"], one["source"], one["synced_at"], one["error"]) == ("", "", None, "")
    assert (one["docs"].startswith("https://"), one["docs_origin"]) == (True, "known")


async def test_another_page_is_set_and_taken_back(owner: ClientSession, house: House) -> None:
    response = await owner.post("/control/v0/urls/zhipu", json={"url": PAGE})
    one = zhipu(await response.json())
    assert (one["docs"], one["docs_origin"]) == (PAGE, "command")
    response = await owner.post("/control/v0/urls/zhipu", json={"url": None})
    assert zhipu(await response.json())["docs_origin"] == "known"


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("zhipu", {"url": "unix:/run/x.sock"}, "must be the http:// or https:// address of a page"),
        ("zhipu", {"url": "file:///etc/passwd"}, "must be an http"),
        ("zhipu", {"url": 7}, "the body must be"),
        ("zhipu", {}, "the body must be"),
        ("zhipu", {"url": PAGE, "more": 1}, "the body must be"),
        ("zhippu", {"url": PAGE}, "zhipu"),
        ("ollama", {"url": PAGE}, "no page is read for"),
    ],
)
async def test_what_makes_no_sense_changes_nothing(
    owner: ClientSession, name: str, body: object, words: str
) -> None:
    response = await owner.post(f"/control/v0/urls/{name}", json=body)
    assert response.status in {400, 404}
    assert words in (await response.json())["error"]["message"]
    told: UrlsShape = await (await owner.get("/control/v0/urls")).json()
    assert {one["docs_origin"] for one in told["urls"]} == {"known"}


async def test_over_tcp_nothing_is_changed(client: Client, house: House) -> None:
    response = await client.post("/control/v0/urls/zhipu", json={"url": PAGE})
    assert response.status == 403
