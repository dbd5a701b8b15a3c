"""GET models."""

from typing import Any

import pytest

from pointsman.money import NOTHING_TO_PAY, Price, Usage
from pointsman.server.control.shapes import AdvancedShape, ModelShape, PriceShape
from pointsman.types import Ability, FoundBy, Grade, Health, Modality, ModelState, Place, Stretch, Tier
from tests.fakes.records import attempt, record
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
        model(
            place,
            context=4_096,
            stretch=Stretch(40_960, 4_096),
            price=NOTHING_TO_PAY,
            aliases=("q",),
            **able,
        ),
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
        "trains": None,
        "state": "loaded",
        "wait": None,
        "note": "",
        "runs_at": "",
        "context": 4_096,
        "context_most": 40_960,
        "max_output": None,
        "abilities": {"chat": None, "tools": True, "json": None, "embeddings": False, "thinking": None},
        "modalities": ["text", "image"],
        "price": {
            "input": "0",
            "output": "0",
            "cache_read": "0",
            "cache_write": "0",
            "cache_write_hour": "0",
            "request": "0",
        },
        "aliases": ["q"],
        "advanced": None,
    }
    assert known.keys() == ModelShape.__annotations__.keys()
    assert known["price"] is not None
    assert known["price"].keys() == PriceShape.__annotations__.keys()
    assert (unknown["price"], unknown["context"], unknown["modalities"]) == (None, None, None)
    assert unknown["context_most"] is None


async def test_prices_are_exact_dollars_per_million_tokens(client: Client, house: House) -> None:
    place = endpoint("cloud", tier=Tier.PAID)
    house.find(place, model(place, price=Price(3_000_000_000, 150_000_001, request=2_500_000)))
    await house.rooms.sweeper.sweep("test")
    assert (await models_of(client))[0]["price"] == {
        "input": "3",
        "output": "0.150000001",
        "cache_read": None,
        "cache_write": None,
        "cache_write_hour": None,
        "request": "0.0025",
    }


async def test_advanced_tells_the_grade_and_how_the_model_was_found(client: Client, house: House) -> None:
    place = endpoint(found_by=FoundBy.PROCESS, seen_at=5.0)
    grown: dict[str, Any] = {
        "grade": Grade.GENERATION,
        "grade_source": "user",
        "price": Price(10**9, 5 * 10**9),
        "price_source": "library",
        "source": "docs",
        "size_bytes": 7,
        "parameters": 9,
        "slots": 4,
    }
    house.find(place, model(place, quantisation="Q4", **grown))
    await house.rooms.sweeper.sweep("test")
    advanced = (await models_of(client, "?advanced=1"))[0]["advanced"]
    assert advanced == {
        "grade": "generation",
        "source": "user",
        "cost": "medium",
        "listed_by": "docs",
        "price_source": "library",
        "size_bytes": 7,
        "quantisation": "Q4",
        "parameters": 9,
        "speed": None,
        "slots": 4,
        "provider": "llama-server",
        "found_by": "process",
        "seen_at": 5.0,
    }
    assert advanced.keys() == AdvancedShape.__annotations__.keys()
    assert (await models_of(client, "?advanced=0"))[0]["advanced"] is None


async def test_a_models_speed_is_that_of_its_last_streams(client: Client, house: House) -> None:
    place = endpoint("local", provider="llama-server")
    house.find(place, model(place, "tiny"))
    await house.rooms.sweeper.sweep("test")
    stream = attempt(first_content=1.0, ended=3.0, usage=Usage(9, 80))
    house.rooms.writer.enqueue(record("aa", attempts=(stream,)))
    house.rooms.writer.flush().result(10)
    advanced = (await models_of(client, "?advanced=1"))[0]["advanced"]
    assert advanced is not None
    assert advanced["speed"] == 40


async def test_what_a_model_that_is_not_loaded_costs_is_told(client: Client, house: House) -> None:
    place = endpoint()
    house.find(place, model(place), model(place, "cold", state=ModelState.SLEEPING))
    await house.rooms.sweeper.sweep("test")
    warm, cold = await models_of(client)
    assert warm["wait"] is None
    assert cold["state"] == "sleeping"
    assert cold["wait"] is not None
    assert cold["wait"] > 0


async def test_an_unknown_tier_is_a_word(client: Client, house: House) -> None:
    place = endpoint("generic-9000", tier=None)
    house.find(place, model(place))
    await house.rooms.sweeper.sweep("test")
    assert (await models_of(client))[0]["tier"] == "unknown"


async def test_what_is_wrong_with_a_model_is_told_with_it(client: Client, house: House) -> None:
    sound, shut = endpoint(), endpoint("shut", health=Health.REFUSED, note="it wants a key")
    house.find(sound, model(sound, state=ModelState.FAILED))
    house.find(shut, model(shut))
    await house.rooms.sweeper.sweep("test")
    notes = [one["note"] for one in await models_of(client)]
    assert notes == ["its engine could not load it: the engine's log says why", "it wants a key"]


@pytest.fixture
async def several(house: House) -> None:
    """Of two places of one provider and of a cloud; what the second reads is not known."""
    first, far = endpoint("llama-server"), endpoint("cloud")
    second = endpoint("llama-server-9000", provider="llama-server", place=Place("http://127.0.0.1:9000/v1"))
    house.find(first, model(first, reads=Modality.TEXT | Modality.IMAGE))
    house.find(second, model(second))
    house.find(far, model(far, tier=Tier.PAID, reads=Modality.TEXT, runs_at="cloud.test"))
    await house.rooms.sweeper.sweep("test")


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("query", "fitting"),
    [
        ("provider=llama-server-9000", ["llama-server-9000"]),
        ("provider=llama-server", ["llama-server", "llama-server-9000"]),
        ("provider=cloud&tier=local", []),
        ("modality=image", ["llama-server"]),
        ("modality=text", ["llama-server", "cloud"]),
        ("tier=paid", ["cloud"]),
        ("tier=unknown", []),
        ("provider=lm-studio", []),
        ("tier=local&modality=text&provider=llama-server", ["llama-server"]),
    ],
)
async def test_a_query_chooses_among_them(client: Client, query: str, fitting: list[str]) -> None:
    assert [one["endpoint"] for one in await models_of(client, f"?{query}")] == fitting


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("provider=nope", "no provider is called 'nope': there are llama-server, llama-server-9000, cloud"),
        ("modality=smell", "no modality is called 'smell': there are text, image, audio, video, file"),
        ("tier=", "no tier is called '': there are local, free, paid, unknown"),
    ],
)
async def test_a_value_that_means_nothing_is_refused_and_what_there_is_is_named(
    client: Client, query: str, told: str
) -> None:
    response = await client.get(f"/control/v0/models?{query}")
    assert response.status == 400
    assert (await response.json())["error"]["message"] == told
