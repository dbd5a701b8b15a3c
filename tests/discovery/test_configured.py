import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from pointsman.catalogue.providers import GENERIC, provider
from pointsman.discovery.configured import SLOW_NOTE, ConfiguredSource
from pointsman.discovery.probe import Pace
from pointsman.discovery.written import Written
from pointsman.money import NOTHING_TO_PAY
from pointsman.net import Sessions
from pointsman.types import Account, Dialect, Endpoint, Finding, FoundBy, Health, ModelState, Place, Tier
from tests.discovery import bodies
from tests.discovery.conftest import Listen
from tests.discovery.servers import LLAMA, Server, engine_row, llama, page, plain, silent

SHORT = Pace(connect=0.5, total=0.1)
Make = Callable[..., ConfiguredSource]


@pytest.fixture
def make(sessions: Sessions) -> Make:
    def source(*places: Written, remote: bool = False, **options: object) -> ConfiguredSource:
        return ConfiguredSource(
            places,
            sessions,
            lambda: 1000.0,
            remote=remote,
            **{"rows": (engine_row(),), **options},  # type: ignore[arg-type]
        )

    return source


def written(port: int = 9900, **changed: object) -> Written:
    place = Place(f"http://127.0.0.1:{port}/v1")
    plain_one = Written("mine", GENERIC, place, None, None, None, ())
    return replace(plain_one, **changed)  # type: ignore[arg-type]


def known(source: ConfiguredSource) -> Endpoint:
    (finding,) = source.known()
    return finding.endpoint


async def look(source: ConfiguredSource) -> Finding:
    found: list[Finding] = []
    await source.look(found.append)
    (finding,) = found
    return finding


async def test_a_configured_engine_here_keeps_its_name_and_is_local(make: Make, listen: Listen) -> None:
    finding = await look(make(written(await listen(llama("tiny")))))
    (model,) = finding.models or ()
    assert (finding.endpoint.id, finding.endpoint.provider) == ("mine", "llama-server")
    assert (finding.endpoint.found_by, finding.endpoint.tier) == (FoundBy.CONFIG, Tier.LOCAL)
    assert (model.id, model.price, model.context) == ("mine/tiny", NOTHING_TO_PAY, 2048)


async def test_what_is_not_recognised_here_counts_as_paid_and_says_how_to_change_that(
    make: Make, listen: Listen
) -> None:
    finding = await look(make(written(await listen(plain("gpt")))))
    (model,) = finding.models or ()
    assert (finding.endpoint.tier, model.tier, model.price) == (Tier.PAID, Tier.PAID, None)
    assert 'tier = "local" into [providers.mine]' in finding.endpoint.note


@pytest.mark.parametrize("tier", list(Tier))
async def test_the_users_word_on_the_tier_holds(make: Make, listen: Listen, tier: Tier) -> None:
    for server in (plain(), llama()):
        finding = await look(make(written(await listen(server), tier=tier)))
        assert (finding.endpoint.tier, finding.endpoint.note) == (tier, "")


async def test_a_row_that_is_local_does_not_make_an_unknown_server_local(make: Make, listen: Listen) -> None:
    row = provider("lm-studio")
    assert row is not None
    finding = await look(make(written(await listen(plain()), row=row)))
    assert finding.endpoint.tier is Tier.PAID


async def test_a_place_elsewhere_is_never_local_by_its_marks(make: Make, listen: Listen) -> None:
    server = llama()
    finding = await look(make(elsewhere(await listen(server)), remote=True))
    assert finding.endpoint.tier is Tier.PAID
    assert server.asked == ["GET /v1/models"]


async def test_an_engine_elsewhere_counts_as_paid_and_says_how_to_change_that(
    make: Make, listen: Listen
) -> None:
    source = make(elsewhere(await listen(llama()), row=engine_row()), remote=True)
    finding = await look(source)
    assert finding.endpoint.tier is Tier.PAID
    assert 'write tier = "free" into [providers.mine]' in finding.endpoint.note
    finding = await look(
        make(elsewhere(await listen(llama()), row=engine_row(), tier=Tier.FREE), remote=True)
    )
    assert (finding.endpoint.tier, finding.endpoint.note) == (Tier.FREE, "")


async def test_the_key_is_sent_where_the_row_wants_it(make: Make, listen: Listen) -> None:
    server = llama()
    account = Account("mine-1", "secret")
    await look(make(written(await listen(server), account=account)))
    assert server.headers[0]["Authorization"] == "Bearer secret"


async def test_no_key_is_sent_where_none_is_written(make: Make, listen: Listen) -> None:
    server = llama()
    await look(make(written(await listen(server))))
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize(
    ("account", "what_to_do"),
    [
        (None, 'write api_key = "env:NAME" into [providers.mine]'),
        (Account("mine-1", "wrong"), "it refused the key (from credentials): pointsman keys set mine"),
    ],
)
async def test_a_place_that_wants_another_key_says_what_to_do(
    make: Make, listen: Listen, account: Account | None, what_to_do: str
) -> None:
    server = Server({"/v1/models": page(bodies.NO_KEY, 401)})
    origin = "credentials" if account else ""
    place = written(await listen(server), account=account, tier=Tier.PAID, origin=origin)
    finding = await look(make(place))
    assert finding.endpoint.health is Health.REFUSED
    assert what_to_do in finding.endpoint.note
    assert "wrong" not in finding.endpoint.note


async def test_named_models_are_those_used_with_what_the_list_knows(make: Make, listen: Listen) -> None:
    server = llama("/srv/big.gguf")
    finding = await look(make(written(await listen(server), models=("big", "small"))))
    (big,) = finding.models or ()
    assert (big.id, big.served_as, big.context) == ("mine/big", "/srv/big.gguf", 2048)
    assert finding.endpoint.note == "it does not list small, which [providers.mine] names"


async def test_a_server_of_no_known_engine_may_serve_what_it_does_not_list(
    make: Make, listen: Listen
) -> None:
    finding = await look(make(written(await listen(plain()), models=("hidden",), tier=Tier.PAID)))
    assert [model.served_as for model in finding.models or ()] == ["hidden"]


async def test_two_names_of_one_model_are_one_model(make: Make, listen: Listen) -> None:
    server = Server({"/v1/models": page(bodies.models("big", aliases=["b"]), headers=LLAMA)})
    finding = await look(make(written(await listen(server), models=("b", "big"))))
    assert [model.id for model in finding.models or ()] == ["mine/big"]


async def test_an_address_without_its_version_is_told(make: Make, listen: Listen) -> None:
    port = await listen(plain())
    place = Place(f"http://127.0.0.1:{port}")
    finding = await look(make(written(place=place, tier=Tier.PAID)))
    assert finding.models is None
    assert f"no list of models at http://127.0.0.1:{port}/models" in finding.endpoint.note
    assert "/v1" in finding.endpoint.note


async def test_an_engine_that_loads_keeps_the_models_that_the_user_names(make: Make, listen: Listen) -> None:
    server = llama()
    server.pages = dict.fromkeys(server.pages, page(bodies.LOADING, 503, LLAMA))
    finding = await look(make(written(await listen(server), models=("tiny",))))
    (model,) = finding.models or ()
    assert (finding.endpoint.health, model.state) == (Health.LOADING, ModelState.LOADING)


async def test_a_pointsman_is_not_used_as_an_engine(make: Make, listen: Listen) -> None:
    server = plain(headers={"X-Pointsman-Version": "0.1.0"})
    finding = await look(make(written(await listen(server))))
    assert finding.endpoint.health is Health.REFUSED
    assert "Pointsman" in finding.endpoint.note


async def test_silence_is_told_of_a_place_elsewhere_and_takes_nothing_away(
    make: Make, listen: Listen, released: asyncio.Event
) -> None:
    port = await listen(Server({"/v1/models": silent(released)}))
    finding = await look(make(elsewhere(port), remote=True, pace=SHORT))
    assert (finding.endpoint.health, finding.models) == (Health.SILENT, None)
    assert finding.endpoint.note == SLOW_NOTE


async def test_a_silent_place_here_that_was_never_seen_stays_away(
    make: Make, listen: Listen, released: asyncio.Event
) -> None:
    source = make(written(await listen(Server({"/v1/models": silent(released)}))), pace=SHORT)
    found: list[Finding] = []
    await source.look(found.append)
    assert found == []


def test_a_place_here_is_away_until_something_answers(make: Make) -> None:
    source = make(written(models=("big",)))
    (finding,) = source.known()
    assert finding.endpoint.health is Health.AWAY
    assert finding.endpoint.note == "nothing has answered at http://127.0.0.1:9900/v1 yet"
    assert [model.id for model in finding.models or ()] == ["mine/big"]


async def test_a_place_elsewhere_that_can_not_be_reached_is_away_and_says_so(make: Make) -> None:
    source = make(elsewhere(9, models=("big",)), remote=True)
    found: list[Finding] = []
    await source.look(found.append)
    assert found == []  # it counts as missed, so that it is asked again soon
    assert known(source).health is Health.AWAY
    assert "nothing has answered at" in known(source).note


def test_named_models_elsewhere_stand_without_a_look(make: Make) -> None:
    source = make(elsewhere(models=("big",)), remote=True, asked=False)
    (finding,) = source.known()
    assert (finding.endpoint.health, finding.endpoint.note) == (Health.UP, "")
    assert [model.id for model in finding.models or ()] == ["mine/big"]


async def test_nothing_elsewhere_is_asked_when_the_user_does_not_want_it(make: Make, listen: Listen) -> None:
    server = plain()
    source = make(elsewhere(await listen(server)), remote=True, asked=False)
    await source.look(lambda _: None)
    assert server.asked == []
    assert "discovery.remote is off" in known(source).note
    assert source.looked_for == ()


async def test_what_is_written_wrong_is_shown_and_not_asked(make: Make, listen: Listen) -> None:
    server = plain()
    source = make(written(await listen(server), trouble="env:KEY: not set"))
    await source.look(lambda _: None)
    assert server.asked == []
    assert (known(source).health, known(source).note) == (Health.REFUSED, "env:KEY: not set")


def test_ports_here_are_watched_and_those_elsewhere_are_not(make: Make) -> None:
    assert make(written(9900)).ports == {9900}
    assert make(elsewhere(9900), remote=True).ports == frozenset()
    assert make(written(9900)).looked_for == ("mine at http://127.0.0.1:9900/v1",)


async def test_what_answers_brings_its_dialect_unless_the_user_names_one(make: Make, listen: Listen) -> None:
    port = await listen(llama("tiny"))
    as_ollama = replace(engine_row(), dialect=Dialect.OLLAMA)
    for kind, expected in ((None, Dialect.OLLAMA), (Dialect.OPENAI, Dialect.OPENAI)):
        finding = await look(make(written(port, kind=kind), rows=(as_ollama,)))
        assert finding.endpoint.dialect is expected


async def test_an_engine_that_the_user_names_elsewhere_is_asked_for_its_own_pages(
    make: Make, listen: Listen
) -> None:
    server = llama("tiny")
    finding = await look(make(elsewhere(await listen(server), row=engine_row()), remote=True))
    assert "GET /props" in server.asked
    assert (finding.endpoint.provider, finding.endpoint.tier) == ("llama-server", Tier.PAID)


def elsewhere(port: int = 9900, **changed: object) -> Written:
    """A place that counts as elsewhere, and can be asked in a test all the same."""
    return written(port, place=Place(f"http://0.0.0.0:{port}/v1"), **changed)
