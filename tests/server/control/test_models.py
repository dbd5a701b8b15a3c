"""GET models."""

from typing import Any

from pointsman.money import NOTHING_TO_PAY, Price
from pointsman.server.control.shapes import GradeShape, ModelShape, PriceShape
from pointsman.types import Ability, Grade, Modality, ModelState, Tier
from tests.server.control.conftest import SECRET, Client, House, endpoint, model


async def models_of(client: Client, query: str = "") -> list[ModelShape]:
    response = await client.get(f"/control/v0/models{query}")
    assert response.status == 200
    assert SECRET not in await response.text()
    models: list[ModelShape] = (await response.json())["models"]
    return models


async def test_what_is_known_and_what_is_unknown_are_told_apart(client: Client, house: House) -> None:
    place = endpoint()
    able: dict[str, Any] = {
        "has": Ability.TOOLS,
        "lacks": Ability.EMBEDDINGS,
        "reads": Modality.TEXT | Modality.IMAGE,
    }
    house.find(
        place,
        model(place, context=4_096, price=NOTHING_TO_PAY, state=ModelState.SLEEPING, aliases=("q",), **able),
        model(place, "plain"),
    )
    await house.rooms.sweeper.sweep("test")
    known, unknown = await models_of(client)
    assert known == {
        "id": "llama-server/qwen",
        "name": "qwen",
        "endpoint": "llama-server",
        "health": "up",
        "tier": "local",
        "state": "sleeping",
        "context": 4_096,
        "max_output": None,
        "abilities": {"tools": True, "json": None, "embeddings": False, "thinking": None},
        "modalities": ["text", "image"],
        "price": {"input": "0", "output": "0", "cache_read": "0", "cache_write": "0", "request": "0"},
        "aliases": ["q"],
        "advanced": None,
    }
    assert known.keys() == ModelShape.__annotations__.keys()
    assert known["price"] is not None
    assert known["price"].keys() == PriceShape.__annotations__.keys()
    assert (unknown["price"], unknown["context"], unknown["modalities"]) == (None, None, None)


async def test_prices_are_exact_dollars_per_million_tokens(client: Client, house: House) -> None:
    place = endpoint("cloud", tier=Tier.PAID)
    house.find(place, model(place, price=Price(3_000_000_000, 150_000_001, request=2_500_000)))
    await house.rooms.sweeper.sweep("test")
    assert (await models_of(client))[0]["price"] == {
        "input": "3",
        "output": "0.150000001",
        "cache_read": None,
        "cache_write": None,
        "request": "0.0025",
    }


async def test_advanced_tells_the_grade_and_its_source(client: Client, house: House) -> None:
    place = endpoint()
    grown: dict[str, Any] = {
        "grade": Grade.GENERATION,
        "grade_source": "user",
        "size_bytes": 7,
        "parameters": 9,
    }
    house.find(place, model(place, quantisation="Q4", **grown))
    await house.rooms.sweeper.sweep("test")
    advanced = (await models_of(client, "?advanced=1"))[0]["advanced"]
    assert advanced == {
        "grade": "generation",
        "source": "user",
        "size_bytes": 7,
        "quantisation": "Q4",
        "parameters": 9,
    }
    assert advanced.keys() == GradeShape.__annotations__.keys()
    assert (await models_of(client, "?advanced=0"))[0]["advanced"] is None


async def test_an_unknown_tier_is_a_word(client: Client, house: House) -> None:
    place = endpoint("generic-9000", tier=None)
    house.find(place, model(place))
    await house.rooms.sweeper.sweep("test")
    assert (await models_of(client))[0]["tier"] == "unknown"
