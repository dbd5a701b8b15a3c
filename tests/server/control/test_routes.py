"""The table of the control API."""

from pointsman.server.control.routes import PREFIX, ROUTES
from tests.server.control.conftest import Client, House


def test_every_address_is_described_once_under_the_prefix() -> None:
    keys = [(row.method, row.path) for row in ROUTES]
    assert len(set(keys)) == len(keys)
    assert all(row.path.startswith(f"{PREFIX}/") and row.summary.endswith(".") for row in ROUTES)


async def test_every_answer_names_the_daemons_version_and_is_not_kept(client: Client, house: House) -> None:
    response = await client.get("/control/v0/models")
    assert response.headers["X-Pointsman-Version"] == "1.2.3"
    assert response.headers["Cache-Control"] == "no-store"


async def test_the_description_names_every_address(client: Client, house: House) -> None:
    paths = (await (await client.get("/openapi.json")).json())["paths"]
    assert all(row.path in paths for row in ROUTES)
