"""What becomes of each kind of engine: its tier, what its models cost, where they run."""

import pytest

from pointsman.catalogue.providers import PROVIDERS
from pointsman.config.schema import Config
from pointsman.discovery.configured import ConfiguredSource
from pointsman.discovery.overrides import Overrides
from pointsman.discovery.written import read_places
from pointsman.money import NOTHING_TO_PAY, Price
from pointsman.net import Sessions
from pointsman.types import Dialect, Finding, FoundBy, Stretch, Tier
from tests.discovery import bodies, kinds
from tests.discovery.conftest import Listen
from tests.discovery.looking import Told, look, source_of, spot
from tests.discovery.servers import LLAMA, Server, kind, page

KINDS = kinds.kinds()
CLOUD = kinds.tags("glm:cloud", remote_model="glm", remote_host="https://ollama.com:443")


async def find(sessions: Sessions, port: int, **options: object) -> Finding:
    at = source_of(sessions, Told(spot(port, FoundBy.PORT)), rows=PROVIDERS, **options)
    (finding,) = await look(at)
    return finding


async def configured(sessions: Sessions, port: int) -> Finding:
    written = {"providers": {"mine": {"api_base": f"http://127.0.0.1:{port}/v1"}}}
    places = read_places(Config.model_validate(written), {})
    found: list[Finding] = []
    await ConfiguredSource(places, sessions, lambda: 1000.0, remote=False).look(found.append)
    return found[0]


def cloud_ollama() -> Server:
    """One model of its own, and one of the cloud."""
    tags = {"models": [*kinds.tags("qwen3:8b")["models"], *CLOUD["models"]]}
    pages = {"/v1/models": kinds.listed("library", "qwen3:8b", "glm:cloud"), "/api/tags": tags}
    return kind(kinds.ollama() | pages)


@pytest.mark.parametrize("row_id", sorted(set(KINDS) - {"litellm"}))
async def test_what_an_engine_runs_itself_is_local_and_costs_nothing(
    sessions: Sessions, listen: Listen, row_id: str
) -> None:
    port = await listen(kind(KINDS[row_id], LLAMA if row_id == "llama-server" else None))
    finding = await find(sessions, port)
    assert (finding.endpoint.provider, finding.endpoint.tier) == (row_id, Tier.LOCAL)
    assert {(model.tier, model.price) for model in finding.models or ()} == {(Tier.LOCAL, NOTHING_TO_PAY)}


async def test_an_ollama_model_of_the_cloud_is_paid_at_an_unknown_price(
    sessions: Sessions, listen: Listen
) -> None:
    finding = await find(sessions, await listen(cloud_ollama()))
    here, cloud = finding.models or ()
    assert (finding.endpoint.tier, finding.endpoint.dialect) == (Tier.LOCAL, Dialect.OLLAMA)
    assert (here.tier, here.runs_at, here.stretch) == (Tier.LOCAL, "", Stretch(40_960, None))
    assert (cloud.tier, cloud.runs_at, cloud.price) == (Tier.PAID, "ollama.com", None)


async def test_the_users_price_of_a_model_of_the_cloud_is_believed(
    sessions: Sessions, listen: Listen
) -> None:
    port = await listen(cloud_ollama())
    own = Overrides({f"ollama-{port}/glm:cloud": Price(1, 2)})
    _, cloud = (await find(sessions, port, overrides=own)).models or ()
    assert (cloud.tier, cloud.price) == (Tier.PAID, Price(1, 2))


async def test_a_router_tells_how_many_models_it_holds(sessions: Sessions, listen: Listen) -> None:
    pages = {"/v1/models": bodies.routed(a={"value": "unloaded"}), "/props": bodies.router_props()}
    finding = await find(sessions, await listen(kind(pages, LLAMA)))
    assert finding.endpoint.holds == 2


async def test_the_slots_of_a_model_are_told(sessions: Sessions, listen: Listen) -> None:
    (model,) = (await find(sessions, await listen(kind(KINDS["llama-server"], LLAMA)))).models or ()
    assert model.slots == 2


async def test_a_proxy_is_shown_by_its_name_and_of_unknown_tier(sessions: Sessions, listen: Listen) -> None:
    port = await listen(kind(KINDS["litellm"]))
    finding = await find(sessions, port)
    assert (finding.endpoint.id, finding.endpoint.tier) == (f"litellm-{port}", None)
    assert {(model.tier, model.price) for model in finding.models or ()} == {(None, None)}
    assert 'tier = "local"' in finding.endpoint.note


async def test_a_proxy_that_the_user_names_without_its_tier_counts_as_paid(
    sessions: Sessions, listen: Listen
) -> None:
    proxy = await configured(sessions, await listen(kind(KINDS["litellm"])))
    engine = await configured(sessions, await listen(kind(KINDS["vllm"])))
    assert (proxy.endpoint.tier, engine.endpoint.tier) == (Tier.PAID, Tier.LOCAL)


async def test_an_engine_that_was_misjudged_while_it_started_is_recognised(
    sessions: Sessions, listen: Listen
) -> None:
    server = kind(KINDS["vllm"])
    server.pages["/version"] = page({}, 500)
    at = source_of(sessions, Told(spot(await listen(server))), rows=PROVIDERS)
    (before,) = await look(at)
    server.pages["/version"] = page({"version": "0.11.0"})
    (after,) = await look(at)
    assert (before.endpoint.tier, after.endpoint.tier) == (None, Tier.LOCAL)
