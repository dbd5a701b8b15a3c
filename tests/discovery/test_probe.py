"""Who is at a place, and what one visit asks of it."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pointsman.catalogue.providers import PROVIDERS
from pointsman.catalogue.row import Provider
from pointsman.discovery.listing import ELSEWHERE, Listing
from pointsman.discovery.memory import LONGEST_PAUSE, Memory
from pointsman.discovery.probe import NEAR, Absent, Pace, Sighting, Visit, look
from pointsman.net import Sessions
from pointsman.types import Ability, Health, ModelState, Place, Stretch
from tests.discovery import bodies, kinds
from tests.discovery.bodies import read
from tests.discovery.conftest import Listen
from tests.discovery.kinds import listed
from tests.discovery.looking import row_of
from tests.discovery.servers import LLAMA, cut, kind, page, plain, silent
from tests.fakes.ollama import FakeOllama, OllamaModel
from tests.fakes.studio import FakeStudio, FakeSwap, FakeTeller, FakeVllm

KINDS = kinds.kinds()
MARKED = [row for row in PROVIDERS if row.marks]


async def visit(
    sessions: Sessions, port: int, *rows: Provider, memory: Memory | None = None, runs: Provider | None = None
) -> Sighting:
    place = Place(f"http://127.0.0.1:{port}/v1")
    seen = await look(
        Visit(sessions.session(place), place, NEAR, memory=memory), rows or PROVIDERS, runs=runs
    )
    assert isinstance(seen, Sighting)
    return seen


async def visit_fake(sessions: Sessions, engine: FakeTeller) -> Listing:
    seen = await visit(sessions, engine.port)
    assert seen.listing is not None
    return seen.listing


def test_every_row_with_marks_has_an_engine_to_try_them_on() -> None:
    assert {row.id for row in MARKED} == set(KINDS)


@pytest.mark.parametrize("row_id", sorted(KINDS))
async def test_every_engine_is_recognised_whoever_is_expected(
    sessions: Sessions, listen: Listen, row_id: str
) -> None:
    headers = LLAMA if row_id == "llama-server" else None
    port = await listen(kind(KINDS[row_id], headers))
    seen = [await visit(sessions, port, *dict.fromkeys((expected, *PROVIDERS))) for expected in MARKED]
    assert [one.row.id if one.row else "nobody" for one in seen] == [row_id] * len(MARKED)


async def test_a_llama_server_behind_a_proxy_is_known_without_its_header(
    sessions: Sessions, listen: Listen
) -> None:
    seen = await visit(sessions, await listen(kind(KINDS["llama-server"])))
    assert seen.row == row_of("llama-server")


async def test_an_older_sglang_is_recognised(sessions: Sessions, listen: Listen) -> None:
    seen = await visit(sessions, await listen(kind(kinds.sglang("/get_model_info"))))
    assert seen.row == row_of("sglang")


@pytest.mark.parametrize(
    "pages",
    [
        {"/v1/models": listed("openai", "gpt")},
        {"/v1/models": listed("vllm", "m")},  # a proxy that passes on the list of a vLLM elsewhere
        {"/v1/models": listed("sglang", "m"), "/version": {"version": "1"}},
        {"/v1/models": listed("organization_owner", "m"), "/api/v0/models": {"error": "Unexpected endpoint"}},
        {"/v1/models": listed("x", "m"), "/api/tags": kinds.tags("m"), "/api/version": {"version": "0.12.0"}},
        {"/v1/models": listed("x", "m"), "/props": bodies.props()},
        {"/v1/models": listed("koboldcpp", "m"), "/api/extra/version": {"result": "OtherCpp"}},
        {"/v1/models": listed("x"), "/api/v0/models": {"data": ["compatibility_type"]}, "/system": []},
    ],
)
async def test_what_merely_resembles_an_engine_is_none(
    sessions: Sessions, listen: Listen, pages: Mapping[str, Any]
) -> None:
    seen = await visit(sessions, await listen(kind(pages)))
    assert seen.row is None


async def test_a_row_without_marks_is_known_by_its_process_alone(sessions: Sessions, listen: Listen) -> None:
    port = await listen(plain("m"))
    assert (await visit(sessions, port)).row is None
    assert (await visit(sessions, port, runs=row_of("mlx"))).row == row_of("mlx")
    assert (await visit(sessions, port, runs=row_of("vllm"))).row is None


async def test_an_ollama_is_told_whole(sessions: Sessions, listen: Listen) -> None:
    server = kind(kinds.ollama())
    seen = await visit(sessions, await listen(server), row_of("ollama"))
    assert seen.listing is not None
    (model,) = seen.listing.models
    assert (model.state, model.stretch, seen.build) == (ModelState.UNLOADED, Stretch(40_960, None), "0.12.0")
    assert model.aliases == ("qwen3",)
    assert server.asked == [
        "GET /v1/models",
        "GET /",
        "GET /api/version",
        "GET /api/tags",
        "GET /api/ps",
        "POST /api/show",
    ]


async def test_a_model_is_described_once_until_it_changes(sessions: Sessions, listen: Listen) -> None:
    server, memory = kind(kinds.ollama()), Memory()
    port = await listen(server)
    for _ in range(3):
        seen = await visit(sessions, port, row_of("ollama"), memory=memory)
        assert seen.listing is not None
        assert Ability.TOOLS in seen.listing.models[0].has
    assert server.asked.count("POST /api/show") == 1
    server.pages["/api/tags"] = page(kinds.tags("qwen3:latest", digest="other"))
    server.pages["/api/show"] = page(kinds.shown("num_ctx 8192"))
    seen = await visit(sessions, port, row_of("ollama"), memory=memory)
    assert seen.listing is not None
    assert seen.listing.models[0].context == 8192
    assert server.asked.count("POST /api/show") == 2


async def test_a_description_that_could_not_be_had_is_asked_for_again(
    sessions: Sessions, listen: Listen
) -> None:
    server, memory = (
        kind(kinds.ollama() | {"/api/tags": kinds.tags("qwen3:latest", capabilities=[])}),
        Memory(),
    )
    shows = server.pages["/api/show"]
    server.pages["/api/show"] = page({"error": "busy"}, 500)
    port = await listen(server)
    before = await visit(sessions, port, row_of("ollama"), memory=memory)
    server.pages["/api/show"] = shows
    after = await visit(sessions, port, row_of("ollama"), memory=memory)
    assert before.listing
    assert after.listing
    assert [seen.models[0].has for seen in (before.listing, after.listing)] == [
        Ability.NONE,
        Ability.CHAT | Ability.JSON | Ability.TOOLS | Ability.THINKING,
    ]


async def test_a_server_that_describes_nothing_in_time_is_listed_all_the_same(
    sessions: Sessions, listen: Listen, released: asyncio.Event
) -> None:
    names = [f"m{number}" for number in range(50)]
    pages = {"/v1/models": listed("library", *names), "/api/tags": kinds.tags(*names)}
    server = kind(kinds.ollama() | pages)
    server.pages["/api/show"] = silent(released)
    place = Place(f"http://127.0.0.1:{await listen(server)}/v1")
    async with asyncio.timeout(2.0):
        seen = await look(Visit(sessions.session(place), place, Pace(0.5, 0.5)), [row_of("ollama")])
    assert isinstance(seen, Sighting)
    assert seen.listing is not None
    assert [model.stretch for model in seen.listing.models] == [Stretch(40_960, None)] * 50


async def test_looking_at_an_ollama_loads_nothing_and_tells_what_is_loaded(sessions: Sessions) -> None:
    library = (
        OllamaModel("a:8b", ("completion", "tools"), trained=131_072, context=8192),
        OllamaModel("b:1b", ("embedding",), trained=2048),
        OllamaModel("c:cloud", remote_host="https://ollama.com:443"),
    )
    async with FakeOllama(*library) as engine:
        engine.loaded["b:1b"] = 2048
        seen = await visit(sessions, engine.port)
        assert seen.listing is not None
        a, b, c = seen.listing.models
        assert (a.state, a.context, a.stretch) == (ModelState.UNLOADED, 8192, Stretch(131_072, 8192))
        assert (b.state, b.context, b.stretch) == (ModelState.LOADED, 2048, Stretch(2048, None))
        assert (c.runs_at, c.stretch) == ("ollama.com", None)
        assert Ability.TOOLS in a.has
        assert Ability.CHAT in b.lacks
        assert engine.loads == []


async def test_a_server_that_goes_while_it_is_looked_at_is_not_there(sessions: Sessions) -> None:
    """Its list alone would bring it back after a request has found that it is gone."""
    server = kind(kinds.ollama())
    listing = server.pages["/v1/models"]
    async with TestServer(server.app, host="127.0.0.1") as running:
        place = Place(f"http://127.0.0.1:{running.port}/v1")

        async def last_words(request: web.Request) -> web.StreamResponse:
            assert running.runner
            for site in list(running.runner.sites):
                await site.stop()
            response = await listing(request)
            response.force_close()
            return response

        server.pages["/v1/models"] = last_words
        seen = await look(Visit(sessions.session(place), place, NEAR), PROVIDERS)
    assert seen is Absent.NOBODY


@pytest.mark.parametrize("row_id", [row.id for row in PROVIDERS if row.vital])
async def test_a_list_is_not_used_if_nobody_tells_where_its_models_run(
    sessions: Sessions, listen: Listen, row_id: str
) -> None:
    server, row = kind(KINDS[row_id]), row_of(row_id)
    server.pages[row.vital] = page({"error": "busy"}, 500)
    seen = await visit(sessions, await listen(server))
    assert (seen.row, seen.listing, seen.health) == (row, None, Health.UP)
    assert f"without its {row.vital}" in seen.note


@pytest.mark.parametrize("row_id", [row.id for row in PROVIDERS if row.vital])
async def test_what_is_cut_or_no_answer_at_all_makes_no_model_local(
    sessions: Sessions, listen: Listen, row_id: str
) -> None:
    server, row = kind(KINDS[row_id]), row_of(row_id)
    port = await listen(server)
    server.pages[row.vital] = cut({"Content-Type": "application/json"})
    seen = await visit(sessions, port)
    assert (seen.row, seen.listing) == (row, None)
    server.pages[row.vital] = page({"data": [], "models": []})
    seen = await visit(sessions, port)
    assert seen.listing is not None
    assert [model.runs_at for model in seen.listing.models] == [ELSEWHERE]


async def test_a_model_that_runs_elsewhere_is_not_described(sessions: Sessions, listen: Listen) -> None:
    remote = kinds.tags("qwen3:latest", remote_model="x", remote_host="https://ollama.com")
    server = kind(kinds.ollama() | {"/api/tags": remote})
    seen = await visit(sessions, await listen(server), row_of("ollama"))
    assert seen.listing is not None
    assert seen.listing.models[0].runs_at == "ollama.com"
    assert "POST /api/show" not in server.asked


async def test_of_an_engine_that_passes_on_to_others_only_its_own_models_run_here(
    sessions: Sessions, listen: Listen
) -> None:
    data = [*listed("llama.cpp", "here")["data"], *listed("openai", "gpt")["data"], {"id": "odd"}]
    pages = KINDS["jan"] | {"/v1/models": {"object": "list", "data": data}}
    seen = await visit(sessions, await listen(kind(pages)))
    assert seen.listing is not None
    assert [model.runs_at for model in seen.listing.models] == ["", "openai", "a place it does not name"]


async def test_one_page_that_is_refused_does_not_shut_an_engine(sessions: Sessions, listen: Listen) -> None:
    server = kind(kinds.ollama())
    server.pages["/api/ps"] = page(bodies.NO_KEY, 401)
    seen = await visit(sessions, await listen(server))
    assert seen.health is Health.UP


async def test_a_stranger_is_not_asked_for_its_marks_at_every_visit(
    sessions: Sessions, listen: Listen
) -> None:
    server, memory = plain("gpt"), Memory()
    port = await listen(server)
    for _ in range(2):
        await visit(sessions, port, memory=memory)
    first = len(server.asked)
    memory.was_stranger(Place(f"http://127.0.0.1:{port}/v1"), read(listed("x", "gpt")), now=1e12)
    await visit(sessions, port, memory=memory)
    assert server.asked[first:] == ["GET /v1/models"]


async def test_a_stranger_that_lists_other_models_is_asked_again(sessions: Sessions, listen: Listen) -> None:
    server, memory = plain("gpt"), Memory()
    port = await listen(server)
    memory.was_stranger(Place(f"http://127.0.0.1:{port}/v1"), read(listed("x", "gpt")), now=0.0)
    for path, body in kinds.ollama().items():
        server.pages[path] = page(body.encode() if isinstance(body, str) else body)
    seen = await visit(sessions, port, memory=memory)
    assert seen.row == row_of("ollama")


def test_a_stranger_is_asked_ever_more_rarely() -> None:
    memory, place, listing = Memory(), Place("http://127.0.0.1:9/v1"), read(listed("x", "gpt"))
    asked: list[float] = []
    for now in itertools.takewhile(lambda now: now <= 3600.0, itertools.count(0.0, 10.0)):
        if memory.may_ask(place, listing, now):
            memory.was_stranger(place, listing, now)
            asked.append(now)
    pauses = [after - before for before, after in itertools.pairwise(asked)]
    assert asked[:5] == [0.0, 10.0, 20.0, 40.0, 80.0]
    assert max(pauses) == LONGEST_PAUSE
    assert memory.may_ask(place, read(listed("x", "other")), asked[-1])
    memory.forget(place)
    assert memory.may_ask(place, listing, asked[-1])


async def test_an_lm_studio_is_looked_at_without_loading_and_without_a_word_in_its_log(
    sessions: Sessions,
) -> None:
    async with FakeStudio("a", "b") as engine:
        engine.loaded["b"] = 16_384
        seen = await visit(sessions, engine.port, row_of("lm-studio"), *PROVIDERS)
        assert seen.row == row_of("lm-studio")
        listing = await visit_fake(sessions, engine)
        assert [(model.state, model.context) for model in listing.models] == [
            (ModelState.UNLOADED, None),
            (ModelState.LOADED, 16_384),
        ]
        assert engine.loads == []
        engine.unknown.clear()
        await visit(sessions, engine.port, row_of("lm-studio"), *PROVIDERS)
        assert engine.unknown == []


async def test_a_vllm_tells_its_context_and_its_version(sessions: Sessions) -> None:
    async with FakeVllm("m", context=16_384) as engine:
        listing = await visit_fake(sessions, engine)
    assert (listing.models[0].context, listing.build) == (16_384, "0.11.0")


async def test_a_llama_swap_tells_what_runs_and_loads_nothing(sessions: Sessions) -> None:
    async with FakeSwap("a", "b", "c") as engine:
        engine.states["b"] = "starting"
        engine.peers["c"] = "attic"
        listing = await visit_fake(sessions, engine)
    assert [model.state for model in listing.models] == [
        ModelState.UNLOADED,
        ModelState.LOADING,
        ModelState.LOADED,
    ]
    assert [model.runs_at for model in listing.models] == ["", "", "attic"]
    assert engine.loads == []


async def test_a_server_with_an_empty_list_is_still_known_by_its_marks(
    sessions: Sessions, listen: Listen
) -> None:
    pages = {"/v1/models": listed("x"), "/": "Ollama is running", "/api/tags": {"models": []}}
    seen = await visit(sessions, await listen(kind(pages)))
    assert seen.row == row_of("ollama")
    assert seen.listing is not None
    assert seen.listing.models == ()
