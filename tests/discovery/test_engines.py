import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from pointsman.catalogue.row import Provider
from pointsman.discovery.overrides import Overrides
from pointsman.discovery.probe import LARGEST_BODY, Pace
from pointsman.money import NOTHING_TO_PAY, Price
from pointsman.net import Sessions
from pointsman.types import Ability, Endpoint, FoundBy, Grade, Health, ModelState, Place, Tier
from tests.discovery import bodies, kinds
from tests.discovery.conftest import Listen
from tests.discovery.looking import Told, look, look_once, row_of, source, source_of, spot
from tests.discovery.servers import LLAMA, Server, cut, endless, engine_row, kind, llama, page, plain, silent

SHORT = Pace(connect=0.5, total=0.1)


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port that is taken, so that nobody else gets it, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@asynccontextmanager
async def on_ipv6(server: Server, port: int = 0) -> AsyncIterator[int]:
    runner = web.AppRunner(server.app)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "::1", port).start()
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_a_llama_server_is_recognised_on_any_port(sessions: Sessions, listen: Listen) -> None:
    port = await listen(llama("tiny", default_generation_settings={"n_ctx": 1024}))
    finding = await look_once(sessions, engine_row(port))
    (model,) = finding.models or ()
    assert finding.endpoint == Endpoint(
        "llama-server", "llama-server", finding.endpoint.place, FoundBy.PORT, tier=Tier.LOCAL, build="b1-abc"
    )
    assert finding.endpoint.place.url == f"http://127.0.0.1:{port}/v1"
    assert finding.endpoint.seen_at == 1000.0
    assert (model.id, model.tier, model.price) == ("llama-server/tiny", Tier.LOCAL, NOTHING_TO_PAY)
    assert (model.context, model.state) == (1024, ModelState.LOADED)
    assert Ability.TOOLS in model.has


async def test_a_second_port_is_named_in_the_endpoints_id(sessions: Sessions, listen: Listen) -> None:
    first, second = await listen(llama("a")), await listen(llama("b"))
    found = await look(source(sessions, engine_row(first, second)))
    assert {finding.endpoint.id for finding in found} == {"llama-server", f"llama-server-{second}"}


async def test_an_engine_on_another_engines_port_is_known_by_its_marks(
    sessions: Sessions, listen: Listen
) -> None:
    port = await listen(llama())
    finding = await look_once(
        sessions, Provider("other", "Other", tier=Tier.LOCAL, ports=(port,)), engine_row()
    )
    assert (finding.endpoint.id, finding.endpoint.tier) == (f"llama-server-{port}", Tier.LOCAL)


async def test_a_server_without_marks_on_an_engines_port_is_of_unknown_tier(
    sessions: Sessions, listen: Listen
) -> None:
    port = await listen(plain("gpt"))
    finding = await look_once(sessions, engine_row(port))
    (model,) = finding.models or ()
    assert (finding.endpoint.id, finding.endpoint.provider) == (f"generic-{port}", "generic")
    assert (finding.endpoint.tier, model.tier, model.price) == (None, None, None)
    assert f'api_base = "http://127.0.0.1:{port}/v1"' in finding.endpoint.note
    assert 'tier = "local"' in finding.endpoint.note


async def test_a_probe_only_gets_and_never_asks_a_model(sessions: Sessions, listen: Listen) -> None:
    server = llama()
    await look_once(sessions, engine_row(await listen(server)))
    assert server.asked == ["GET /v1/models", "GET /props"]


async def test_an_engine_is_found_by_its_server_header_alone(sessions: Sessions, listen: Listen) -> None:
    server = llama()
    del server.pages["/props"]
    finding = await look_once(sessions, engine_row(await listen(server)))
    assert finding.endpoint.provider == "llama-server"
    assert (finding.models or ())[0].context == 2048


async def test_another_pointsman_is_skipped(sessions: Sessions, listen: Listen) -> None:
    port = await listen(plain(headers={"X-Pointsman-Version": "0.1.0"}))
    assert await look(source(sessions, engine_row(port))) == []


async def test_what_speaks_no_openai_is_no_endpoint(sessions: Sessions, listen: Listen) -> None:
    web_page = Server({"/v1/models": page(b"<html>hello</html>")})
    wants_login = Server({"/v1/models": page(bodies.NO_KEY, 401)})
    ports = [await listen(each) for each in (web_page, wants_login, Server({}))]
    assert await look(source(sessions, engine_row(*ports))) == []


async def test_a_dead_port_costs_nothing(sessions: Sessions, dead_port: int) -> None:
    async with asyncio.timeout(0.5):
        assert await look(source(sessions, engine_row(dead_port))) == []


async def test_an_engine_on_ipv6_loopback_alone_is_found(sessions: Sessions) -> None:
    async with on_ipv6(llama()) as port:
        finding = await look_once(sessions, engine_row(port))
    assert finding.endpoint.id == f"llama-server-{port}"
    assert finding.endpoint.place.url == f"http://[::1]:{port}/v1"


async def test_ipv6_is_asked_only_where_nobody_answers_on_ipv4(sessions: Sessions, listen: Listen) -> None:
    port, other = await listen(llama("four")), llama("six")
    async with on_ipv6(other, port):
        finding = await look_once(sessions, engine_row(port))
    assert [model.name for model in finding.models or ()] == ["four"]
    assert other.asked == []


async def test_a_configured_origin_is_left_to_its_own_source(sessions: Sessions, listen: Listen) -> None:
    server = llama()
    port = await listen(server)
    configured = [Place(f"http://localhost:{port}/v1")]
    assert await look(source(sessions, engine_row(port), configured=configured)) == []
    assert server.asked == []


async def test_a_name_that_the_user_gave_to_another_place_is_not_taken(
    sessions: Sessions, listen: Listen
) -> None:
    port = await listen(llama())
    finding = await look_once(sessions, engine_row(port), taken={"llama-server"})
    assert finding.endpoint.id == f"llama-server-{port}"


async def test_an_engine_that_loads_and_lists_its_model_says_so(sessions: Sessions, listen: Listen) -> None:
    server = llama("tiny")
    server.pages["/props"] = page(bodies.LOADING, 503, LLAMA)
    finding = await look_once(sessions, engine_row(await listen(server)))
    (model,) = finding.models or ()
    assert (finding.endpoint.health, model.state) == (Health.LOADING, ModelState.LOADING)


async def test_an_engine_that_loads_and_lists_nothing_leaves_the_known_models(
    sessions: Sessions, listen: Listen
) -> None:
    server = llama()
    server.pages = dict.fromkeys(server.pages, page(bodies.LOADING, 503, LLAMA))
    finding = await look_once(sessions, engine_row(await listen(server)))
    assert (finding.endpoint.health, finding.models) == (Health.LOADING, None)
    assert finding.endpoint.note == "it is loading its model"


async def test_an_engine_that_wants_a_key_says_how_to_give_it(sessions: Sessions, listen: Listen) -> None:
    server = llama()
    server.pages = dict.fromkeys(server.pages, page(bodies.NO_KEY, 401, LLAMA))
    port = await listen(server)
    finding = await look_once(sessions, engine_row(port))
    assert finding.endpoint.health is Health.REFUSED
    assert "[providers.llama-server]" in finding.endpoint.note
    assert f'api_base = "http://127.0.0.1:{port}/v1" and api_key = "env:NAME"' in finding.endpoint.note


async def test_a_routers_models_come_with_their_states(sessions: Sessions, listen: Listen) -> None:
    server = llama()
    states = {"a": {"value": "unloaded"}, "b": {"value": "loaded"}, "c": {"value": "failed"}}
    server.pages["/v1/models"] = page(bodies.routed(**states), headers=LLAMA)
    server.pages["/props"] = page(bodies.router_props(), headers=LLAMA)
    finding = await look_once(sessions, engine_row(await listen(server)))
    assert [model.state for model in finding.models or ()] == [
        ModelState.UNLOADED,
        ModelState.LOADED,
        ModelState.FAILED,
    ]
    assert finding.endpoint.note == "c failed to load"


async def test_a_path_is_shown_by_its_stem_and_asked_for_whole(sessions: Sessions, listen: Listen) -> None:
    port = await listen(llama("/srv/models/tiny-a.gguf"))
    (model,) = (await look_once(sessions, engine_row(port))).models or ()
    assert (model.id, model.served_as) == ("llama-server/tiny-a", "/srv/models/tiny-a.gguf")


async def test_the_users_word_on_price_and_grade_wins(sessions: Sessions, listen: Listen) -> None:
    overrides = Overrides({"llama-server/tiny": Price(1, 2)}, {"llama-server/tiny": Grade.SIMPLE})
    finding = await look_once(sessions, engine_row(await listen(llama("tiny"))), overrides=overrides)
    (model,) = finding.models or ()
    assert (model.price, model.grade, model.grade_source) == (Price(1, 2), Grade.SIMPLE, "user")


async def test_a_silent_server_that_was_never_seen_is_nobody(
    sessions: Sessions, listen: Listen, released: asyncio.Event
) -> None:
    port = await listen(Server({"/v1/models": silent(released)}))
    assert await look(source(sessions, engine_row(port), pace=SHORT)) == []


async def test_a_busy_engine_is_still_there_and_its_silence_is_told(
    sessions: Sessions, listen: Listen, released: asyncio.Event
) -> None:
    server = llama("tiny")
    at = source(sessions, engine_row(await listen(server)), pace=Pace(connect=0.5, total=0.5))
    (seen,) = await look(at)
    server.pages["/v1/models"] = silent(released)
    (busy,) = await look(at)
    assert (busy.endpoint.id, busy.endpoint.health, busy.models) == (seen.endpoint.id, Health.SILENT, None)
    assert "busy or stuck" in busy.endpoint.note


async def test_silence_is_no_engine_where_a_stranger_answered_since(
    sessions: Sessions, listen: Listen, released: asyncio.Event
) -> None:
    server = llama()
    at = source(sessions, engine_row(await listen(server)), pace=SHORT)
    assert len(await look(at)) == 1
    for models in (page(b"<html>"), silent(released)):
        server.pages = {"/v1/models": models}
        assert await look(at) == []


@pytest.mark.parametrize("row_id", ["ollama", "lm-studio", "vllm"])
async def test_an_engine_too_busy_to_show_its_mark_is_no_stranger(
    sessions: Sessions, listen: Listen, released: asyncio.Event, row_id: str
) -> None:
    row, server = row_of(row_id), kind(kinds.kinds()[row_id])
    at = source_of(sessions, Told(spot(await listen(server), row=row)), rows=[row], pace=SHORT)
    (seen,) = await look(at)
    shown, marks = server.pages.copy(), {mark.path for mark in row.marks}
    for hushed in (marks, {*marks, "/v1/models"}, marks, ()):
        server.pages = shown | dict.fromkeys(hushed, silent(released))
        (again,) = await look(at)
        assert (again.endpoint.id, again.endpoint.tier) == (seen.endpoint.id, Tier.LOCAL)
        assert again.endpoint.health is (Health.SILENT if hushed else Health.UP)


async def test_who_lists_other_models_and_hides_its_mark_is_a_stranger(
    sessions: Sessions, listen: Listen, released: asyncio.Event
) -> None:
    row, server = row_of("ollama"), kind(kinds.ollama())
    at = source_of(sessions, Told(spot(await listen(server), row=row)), rows=[row], pace=SHORT)
    await look(at)
    server.pages = plain("gpt").pages | {"/": silent(released)}
    (now,) = await look(at)
    assert (now.endpoint.provider, now.endpoint.tier) == ("generic", None)


async def test_who_once_showed_no_mark_gains_nothing_by_silence(
    sessions: Sessions, listen: Listen, released: asyncio.Event
) -> None:
    row, server = row_of("ollama"), kind(kinds.ollama())
    at = source_of(sessions, Told(spot(await listen(server), row=row)), rows=[row], pace=SHORT)
    await look(at)
    for mark in (page({}, 404), silent(released)):
        server.pages["/"] = mark
        (now,) = await look(at)
        assert (now.endpoint.provider, now.endpoint.tier) == ("generic", None)


async def test_a_recognised_engine_with_a_silent_page_is_found_without_it(
    sessions: Sessions, listen: Listen, released: asyncio.Event
) -> None:
    server = llama("tiny")
    server.pages["/props"] = silent(released)
    finding = await look_once(sessions, engine_row(await listen(server)), pace=Pace(connect=0.5, total=0.5))
    assert [model.name for model in finding.models or ()] == ["tiny"]
    assert finding.endpoint.note == "its /props could not be read: no answer within 0.5 s"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (page(b"\xff\xfe\x00", headers=LLAMA), "not an OpenAI list in JSON"),
        (page(b'{"object": "list", "data": [', headers=LLAMA), "not an OpenAI list in JSON"),
        (page({"object": "list", "data": 7}, headers=LLAMA), "not an OpenAI list in JSON"),
        (page(b"[" * 200_000, headers=LLAMA), "not an OpenAI list in JSON"),
        (page(b" " * (LARGEST_BODY + 1), headers=LLAMA), "longer than 4 MiB"),
        (endless(), "longer than 4 MiB"),
        (cut(LLAMA), "cut off"),
        (page(b"oops", 500, LLAMA), "it answered 500"),
        (page(b"", 302, {**LLAMA, "Location": "http://example.org/"}), "it answered 302"),
    ],
)
async def test_a_broken_list_is_bounded_and_noted_and_never_raises(
    sessions: Sessions, listen: Listen, body: object, why: str
) -> None:
    server = llama()
    server.pages["/v1/models"] = body  # type: ignore[assignment]
    finding = await look_once(sessions, engine_row(await listen(server)))
    assert finding.models is None
    assert finding.endpoint.health is Health.UP
    assert why in finding.endpoint.note


async def test_a_server_that_speaks_no_http_is_nobody(sessions: Sessions) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"\x00\x01 220 smtp ready\r\n" + b"x" * 100_000)
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await look(source(sessions, engine_row(port))) == []


async def test_one_hostile_port_does_not_hide_its_neighbours(sessions: Sessions, listen: Listen) -> None:
    hostile = Server({"/v1/models": endless(), "/props": endless()})
    ports = (await listen(hostile), await listen(llama("tiny")))
    found = await look(source(sessions, engine_row(*ports)))
    assert [finding.endpoint.id for finding in found if finding.models] == [f"llama-server-{ports[1]}"]
