"""What engines are called, and that each is looked at once, however many ways lead to it."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from pointsman.catalogue.row import Mark, Provider
from pointsman.discovery.engines import EngineSource
from pointsman.discovery.ports import UsualPorts
from pointsman.discovery.spots import Spot
from pointsman.net import Sessions
from pointsman.types import Finding, FoundBy, Place, Tier
from tests.discovery.conftest import Listen
from tests.discovery.looking import Told, look, source_of, spot
from tests.discovery.servers import LLAMA, Server, engine_row, llama, page, plain


async def test_a_place_that_is_named_twice_is_looked_at_once_and_is_one_endpoint(
    sessions: Sessions, listen: Listen
) -> None:
    server = llama("tiny")
    port = await listen(server)
    told = Told(spot(port), spot(port, host="localhost"), spot(port, FoundBy.ENVIRONMENT, "[::1]"))
    row = engine_row(port)
    (finding,) = await look(source_of(sessions, UsualPorts([row]), told, rows=[row]))
    assert (finding.endpoint.id, finding.endpoint.found_by) == ("llama-server", FoundBy.PORT)
    assert server.asked == ["GET /v1/models", "GET /props"]


async def test_an_engine_on_an_odd_port_is_named_for_it(sessions: Sessions, listen: Listen) -> None:
    port = await listen(llama("tiny"))
    (finding,) = await look(source_of(sessions, Told(spot(port)), rows=[engine_row()]))
    assert (finding.endpoint.id, finding.endpoint.found_by) == (f"llama-server-{port}", FoundBy.PROCESS)


async def test_the_expected_engines_marks_are_tried_first(sessions: Sessions, listen: Listen) -> None:
    server = llama("tiny")
    other = Provider("other", "Other", tier=Tier.LOCAL, marks=(Mark("/other", key="other"),))
    at = source_of(sessions, Told(spot(await listen(server), row=engine_row())), rows=[other, engine_row()])
    assert len(await look(at)) == 1
    assert server.asked == ["GET /v1/models", "GET /props"]


async def test_what_a_process_claims_to_be_is_no_proof(sessions: Sessions, listen: Listen) -> None:
    told = Told(spot(await listen(plain("gpt")), row=engine_row(), proven=True))
    (finding,) = await look(source_of(sessions, told, rows=[engine_row()]))
    assert (finding.endpoint.provider, finding.endpoint.tier) == ("generic", None)


@pytest.mark.parametrize(("proven", "tier"), [(True, Tier.LOCAL), (False, None)])
async def test_an_engine_without_marks_is_known_by_its_process_if_the_system_says_so(
    sessions: Sessions, listen: Listen, proven: bool, tier: Tier | None
) -> None:
    bare = Provider("bare", "Bare", tier=Tier.LOCAL)
    told = Told(spot(await listen(plain("gpt")), row=bare, proven=proven))
    (finding,) = await look(source_of(sessions, told, rows=[engine_row(), bare]))
    assert finding.endpoint.tier is tier


async def test_a_process_on_ipv6_proves_nothing_of_who_answers_on_ipv4(
    sessions: Sessions, listen: Listen
) -> None:
    bare = Provider("bare", "Bare", tier=Tier.LOCAL)
    port = await listen(plain("gpt"))
    told = Told(spot(port), spot(port, host="[::1]", row=bare, proven=True))
    (finding,) = await look(source_of(sessions, told, rows=[bare]))
    assert (finding.endpoint.provider, finding.endpoint.tier) == ("generic", None)


TUNNEL = Provider("tunnel", "Tunnel", programs=("ssh",), relays=True)


async def test_an_engine_behind_a_tunnel_is_of_unknown_tier_whatever_its_marks(
    sessions: Sessions, listen: Listen
) -> None:
    server = llama("far")
    row = engine_row(await listen(server))
    told = Told(spot(row.ports[0], row=TUNNEL, proven=True))
    (finding,) = await look(source_of(sessions, UsualPorts([row]), told, rows=[row, TUNNEL]))
    assert (finding.endpoint.id, finding.endpoint.tier) == (f"tunnel-{row.ports[0]}", None)
    assert [model.tier for model in finding.models or ()] == [None]
    server.pages["/v1/models"] = page({"error": {"message": "Loading model"}}, 503, LLAMA)
    assert await look(source_of(sessions, UsualPorts([row]), told, rows=[row, TUNNEL])) == []


async def test_where_merely_a_tunnel_begins_nobody_is_asked(sessions: Sessions, listen: Listen) -> None:
    server = llama("far")
    told = Told(spot(await listen(server), row=TUNNEL, proven=True))
    assert await look(source_of(sessions, told, rows=[engine_row(), TUNNEL])) == []
    assert server.asked == []


async def test_a_part_of_an_engine_is_not_looked_at_though_it_has_a_usual_port(
    sessions: Sessions, listen: Listen
) -> None:
    server = llama("tiny")
    row = engine_row(await listen(server))
    told = Told(spot(row.ports[0], inner=True))
    assert await look(source_of(sessions, UsualPorts([row]), told, rows=[row])) == []
    assert server.asked == []


async def test_a_finder_that_fails_is_told_and_the_others_are_followed(
    sessions: Sessions, listen: Listen
) -> None:
    found: list[Finding] = []
    broken, well = Told(error=OSError("no table")), Told(spot(await listen(llama("tiny"))))
    with pytest.raises(ExceptionGroup) as raised:
        await source_of(sessions, broken, well, rows=[engine_row()]).look(found.append)
    assert [str(error) for error in raised.value.exceptions] == ["no table"]
    assert len(found) == 1


Serve = Callable[..., Awaitable[Spot]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts an engine on a Unix socket."""
    async with AsyncExitStack() as stack:

        async def start(path: Path, server: Server | None = None) -> Spot:
            path.parent.mkdir(parents=True, exist_ok=True)
            runner = web.AppRunner((server or llama("tiny")).app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.UnixSite(runner, str(path)).start()
            return Spot(Place("http://localhost/v1", str(path)), FoundBy.PROCESS)

        yield start


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short one: a socket's path holds a hundred bytes at most."""
    with tempfile.TemporaryDirectory(prefix="pm-") as name:
        yield Path(name)


async def ids(at: EngineSource) -> dict[str, str]:
    return {str(found.endpoint.place.socket): found.endpoint.id for found in await look(at)}


async def test_an_engine_on_a_unix_socket_is_called_by_its_stem(
    sessions: Sessions, serve: Serve, folder: Path
) -> None:
    (finding,) = await look(
        source_of(sessions, Told(await serve(folder / "My llama.sock")), rows=[engine_row()])
    )
    assert (finding.endpoint.id, finding.endpoint.tier) == ("my-llama", Tier.LOCAL)
    assert [model.id for model in finding.models or ()] == ["my-llama/tiny"]


async def test_two_sockets_of_one_stem_keep_their_names_whoever_goes(
    sessions: Sessions, serve: Serve, folder: Path
) -> None:
    a, b = await serve(folder / "a" / "x.sock"), await serve(folder / "b" / "x.sock")
    told = Told(b, a)
    at = source_of(sessions, told, rows=[engine_row()])
    expected = {str(a.place.socket): "x", str(b.place.socket): "x-socket"}
    assert await ids(at) == expected
    told.told = (b,)
    assert await ids(at) == {str(b.place.socket): "x-socket"}


async def test_of_two_sockets_of_one_stem_it_is_not_the_faster_that_has_it(
    sessions: Sessions, serve: Serve, folder: Path
) -> None:
    slow, fast, b_was_asked = llama("a"), llama("b"), asyncio.Event()
    answer_a, answer_b = slow.pages["/v1/models"], fast.pages["/props"]

    async def wait(request: web.Request) -> web.StreamResponse:
        await b_was_asked.wait()
        return await answer_a(request)

    async def tell(request: web.Request) -> web.StreamResponse:
        b_was_asked.set()
        return await answer_b(request)

    slow.pages["/v1/models"], fast.pages["/props"] = wait, tell
    told = Told(await serve(folder / "b" / "x.sock", fast), await serve(folder / "a" / "x.sock", slow))
    assert await ids(source_of(sessions, told, rows=[engine_row()])) == {
        str(folder / "a" / "x.sock"): "x",
        str(folder / "b" / "x.sock"): "x-socket",
    }


async def test_a_socket_never_takes_the_name_of_a_row_or_of_the_users(
    sessions: Sessions, serve: Serve, folder: Path
) -> None:
    names = ("llama-server", "llama-server-9000", "mine")
    told = Told(*[await serve(folder / f"{name}.sock") for name in names])
    at = source_of(sessions, told, rows=[engine_row()], taken={"mine"})
    assert set((await ids(at)).values()) == {f"{name}-socket" for name in names}


async def test_a_configured_socket_is_known_behind_a_link(
    sessions: Sessions, serve: Serve, folder: Path
) -> None:
    told = await serve(folder / "real.sock")
    (folder / "link.sock").symlink_to(folder / "real.sock")
    configured = [Place("http://localhost/v1", str(folder / "link.sock"))]
    assert await look(source_of(sessions, Told(told), rows=[engine_row()], configured=configured)) == []


async def test_a_socket_that_nobody_serves_any_more_is_nobody(sessions: Sessions, folder: Path) -> None:
    left = folder / "left.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(left))
    missing = folder / ("long" * 40 + ".sock")
    told = [Spot(Place("http://localhost/v1", str(path)), FoundBy.PROCESS) for path in (left, missing)]
    assert await look(source_of(sessions, Told(*told), rows=[engine_row()])) == []


def test_it_says_in_plain_words_where_it_looks(sessions: Sessions) -> None:
    rows = (engine_row(8080, 9931), engine_row())
    at = source_of(sessions, UsualPorts(rows), Told(), rows=rows)
    assert at.looked_for == ("llama.cpp server on 127.0.0.1:8080 and 9931", "what it is told")
    assert at.ports == {8080, 9931}
