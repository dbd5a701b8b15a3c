"""POST discover."""

from pointsman.server.control.shapes import DiscoveredShape
from tests.server.control.conftest import SECRET, Client, House, endpoint, model


async def discovered(client: Client) -> DiscoveredShape:
    response = await client.post("/control/v0/discover")
    assert response.status == 200
    assert SECRET not in await response.text()
    answer: DiscoveredShape = await response.json()
    return answer


async def test_what_is_found_is_told_and_is_new_only_once(client: Client, house: House) -> None:
    place = endpoint()
    house.find(place, model(place))
    first = await discovered(client)
    assert first.keys() == DiscoveredShape.__annotations__.keys()
    assert (first["new"], first["models"]["local"]) == (["llama-server"], 1)
    assert first["looked_for"] == ["an engine on 127.0.0.1:8080"]
    again = await discovered(client)
    assert (again["new"], [one["id"] for one in again["endpoints"]]) == ([], ["llama-server"])


async def test_a_source_that_fails_is_told(client: Client, house: House) -> None:
    house.source.error = OSError("no network")
    (failed,) = (await discovered(client))["failed"]
    assert (failed["name"], failed["failures"]) == ("looking for given", 1)
    assert "no network" in failed["error"]
