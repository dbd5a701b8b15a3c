"""The lists of clouds, each in its own shape, as a place elsewhere gives them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter

import pytest

from pointsman.catalogue.providers import GENERIC
from pointsman.config.schema import Config
from pointsman.discovery.configured import ConfiguredSource
from pointsman.discovery.listing import MOST_MODELS, Listed, Listing, read_models
from pointsman.discovery.overrides import Overrides
from pointsman.discovery.written import Written, read_places
from pointsman.money import NOTHING_TO_PAY, Price
from pointsman.net import Sessions
from pointsman.types import Ability, Account, Finding, Health, Modality, Model, Place, Tier
from tests.fakes import clouds
from tests.fakes.clouds import FakeCloud

NOW = datetime(2026, 11, 21, tzinfo=UTC).timestamp()


def read(body: object) -> Listing:
    listing = read_models(body)
    assert listing is not None
    return listing


def only(body: object) -> Listed:
    (model,) = read(body).models
    return model


async def look(sessions: Sessions, cloud: FakeCloud, overrides: Overrides | None = None) -> Finding:
    account = Account("mine-1", "sk")
    place = Written("mine", GENERIC, Place(cloud.api_base), None, account, Tier.PAID, ())
    found: list[Finding] = []
    source = ConfiguredSource([place], sessions, lambda: NOW, remote=True, overrides=overrides)
    await source.look(found.append)
    (finding,) = found
    return finding


def names(models: Sequence[Model] | None) -> list[str]:
    return [model.name for model in models or ()]


async def test_what_a_list_gives_away_is_free_and_the_rest_costs_what_it_says(sessions: Sessions) -> None:
    listing = clouds.openrouter_list(
        clouds.openrouter("maker/gift:free"), clouds.openrouter("maker/big", "0.000003", "0.000015")
    )
    async with FakeCloud(listing, key="sk") as cloud:
        finding = await look(sessions, cloud)
    gift, big = finding.models or ()
    assert (gift.tier, gift.price, gift.price_source) == (Tier.FREE, NOTHING_TO_PAY, "")
    assert (big.tier, big.price_source, big.source) == (Tier.PAID, "catalogue", "list")
    assert big.price == Price(input=3_000_000_000, output=15_000_000_000)


async def test_what_is_written_and_does_nothing_is_told_and_paid_models_stay_paid(sessions: Sessions) -> None:
    async with FakeCloud(
        clouds.openrouter_list(clouds.openrouter("maker/big", "0.000003")), key="sk"
    ) as cloud:
        given = {"api_base": cloud.api_base, "api_key": "sk", "plan": "free"}
        (place,) = read_places(Config.model_validate({"providers": {"openrouter": given}}), {})
        found: list[Finding] = []
        source = ConfiguredSource([place], sessions, lambda: NOW, remote=True)
        await source.look(found.append)
    (unseen,), (seen,) = source.known(), found
    assert [model.tier for model in seen.models or ()] == [Tier.PAID]
    for finding in (unseen, seen):
        assert finding.endpoint.note.startswith('plan = "free" does nothing here')


def with_names(cloud: FakeCloud, *models: str) -> Written:
    given = {"api_base": cloud.api_base, "api_key": "sk", "models": models}
    (place,) = read_places(Config.model_validate({"providers": {"openrouter": given}}), {})
    return place


async def test_what_is_called_free_is_free_before_a_list_was_had_and_where_that_does_not_name_it(
    sessions: Sessions,
) -> None:
    listing = clouds.openrouter_list(clouds.openrouter("a/listed:free", "0.000001", "0.000001"))
    async with FakeCloud(listing, key="sk") as cloud:
        place = with_names(cloud, "a/unlisted:free", "a/unlisted", "a/listed:free")
        found: list[Finding] = []
        unasked = ConfiguredSource([place], sessions, lambda: NOW, remote=True, asked=False)
        await ConfiguredSource([place], sessions, lambda: NOW, remote=True).look(found.append)
    (unseen,), (seen,) = unasked.known(), found
    assert [model.tier for model in unseen.models or ()] == [Tier.FREE, Tier.PAID, Tier.FREE]
    assert [model.tier for model in seen.models or ()] == [Tier.FREE, Tier.PAID, Tier.PAID]


async def test_a_name_makes_nothing_free_where_no_such_names_are_known(sessions: Sessions) -> None:
    async with FakeCloud(clouds.openai_list("b"), key="sk") as cloud:
        place = replace(with_names(cloud, "a:free"), row=GENERIC)
        (unseen,) = ConfiguredSource([place], sessions, lambda: NOW, remote=True).known()
    assert [model.tier for model in unseen.models or ()] == [Tier.PAID]


async def test_the_users_price_wins_over_the_lists_even_where_that_gives_it_away(sessions: Sessions) -> None:
    users = Price(input=7, output=7)
    async with FakeCloud(clouds.openrouter_list(clouds.openrouter("a:free")), key="sk") as cloud:
        finding = await look(sessions, cloud, Overrides(prices={"mine/a:free": users}))
    (model,) = finding.models or ()
    assert (model.tier, model.price, model.price_source) == (Tier.PAID, users, "user")


async def test_a_model_is_gone_the_day_after_its_last(sessions: Sessions) -> None:
    listing = clouds.openrouter_list(
        clouds.openrouter("over", expiration_date="2026-11-20"),
        clouds.openrouter("today", expiration_date="2026-11-21"),
        clouds.openrouter("odd", expiration_date="some day"),
        clouds.mistral("ends", deprecation="2026-11-01T12:00:00Z"),
    )
    async with FakeCloud(listing, key="sk") as cloud:
        assert names((await look(sessions, cloud)).models) == ["today", "odd"]


def test_a_name_that_points_at_another_model_is_one_of_its_names() -> None:
    pointer = clouds.openrouter("~maker/latest", alias_target={"name": "Big 2", "slug": "maker/big-2"})
    model = only(clouds.openrouter_list(pointer, clouds.openrouter("maker/big-2")))
    assert (model.served_as, model.aliases) == ("maker/big-2", ("~maker/latest",))


@pytest.mark.parametrize("slug", ["maker/gone", "~a", "~b"])
def test_a_name_that_points_nowhere_or_in_a_circle_stays_a_model(slug: str) -> None:
    pointers = [
        clouds.openrouter("~a", alias_target={"slug": "~b"}),
        clouds.openrouter("~b", alias_target={"slug": slug}),
    ]
    assert [model.served_as for model in read(clouds.openrouter_list(*pointers)).models] == ["~a", "~b"]


def test_the_context_is_what_the_first_provider_behind_it_holds() -> None:
    top = {"context_length": 65_536, "max_completion_tokens": 8_192}
    model = only(clouds.openrouter_list(clouds.openrouter("m", top_provider=top)))
    assert (model.context, model.max_output) == (65_536, 8_192)


def test_parameters_that_a_model_takes_say_what_it_can_and_what_it_can_not() -> None:
    model = only(clouds.openrouter_list(clouds.openrouter("m", supported_parameters=["tools", "stop", 7])))
    assert (model.has, model.lacks) == (Ability.TOOLS, Ability.JSON | Ability.THINKING)
    nothing = only(clouds.openrouter_list(clouds.openrouter("m", supported_parameters=[])))
    assert (nothing.has, nothing.lacks) == (Ability.NONE, Ability.NONE)


def test_what_writes_no_text_or_takes_only_batches_does_not_chat() -> None:
    paints = {"input_modalities": ["text"], "output_modalities": ["image"]}
    listing = clouds.openrouter_list(
        clouds.openrouter("painter", architecture=paints),
        clouds.openrouter("maker/big:batch", "1e-6", "1e-6"),
    )
    assert all(Ability.CHAT in model.lacks for model in read(listing).models)


def test_sounds_at_no_price_are_not_free() -> None:
    sings = {"input_modalities": ["text"], "output_modalities": ["text", "audio"]}
    model = only(clouds.openrouter_list(clouds.openrouter("singer", architecture=sings)))
    assert (model.free, model.price) == (False, None), "it is paid by the song, which its list does not say"


@pytest.mark.parametrize(
    ("name", "has", "lacks"),
    [
        ("gpt-4o", Ability.NONE, Ability.NONE),
        ("text-embedding-3-small", Ability.EMBEDDINGS, Ability.CHAT),
        ("nomic-embed-text:latest", Ability.EMBEDDINGS, Ability.CHAT),
        ("whisper-large-v3", Ability.NONE, Ability.CHAT),
        ("gpt-image-1", Ability.NONE, Ability.CHAT),
        ("tts-1-hd", Ability.NONE, Ability.CHAT),
        ("gpt-realtime", Ability.NONE, Ability.CHAT),
        ("embedded-linux-helper", Ability.NONE, Ability.NONE),
        ("olive-7b", Ability.NONE, Ability.NONE),
    ],
)
def test_where_a_list_says_nothing_some_names_do(name: str, has: Ability, lacks: Ability) -> None:
    model = only(clouds.openai_list(name))
    assert (model.has, model.lacks) == (has, lacks)


async def test_geminis_models_go_by_their_plain_name_and_are_asked_by_their_whole_one(
    sessions: Sessions,
) -> None:
    async with FakeCloud(clouds.gemini_list("gemini-2.5-flash"), key="sk") as cloud:
        (model,) = (await look(sessions, cloud)).models or ()
    assert (model.id, model.served_as) == ("mine/gemini-2.5-flash", "models/gemini-2.5-flash")


def test_groqs_models_that_are_off_are_none() -> None:
    model = only(clouds.groq_list("llama", "old", off=("old",)))
    assert (model.served_as, model.context, model.max_output) == ("llama", 131_072, 32_768)


def test_mistrals_words_on_what_a_model_can_do_count() -> None:
    talks, reads, names_it = read(
        [
            clouds.mistral("mistral-small", sees=True, aliases=["mistral-small-latest"]),
            clouds.mistral("mistral-ocr", chats=False),
            clouds.mistral("mistral-embed", chats=False),
        ]
    ).models
    assert (talks.has, talks.reads) == (Ability.CHAT | Ability.TOOLS, Modality.TEXT | Modality.IMAGE)
    assert (talks.aliases, talks.context) == (("mistral-small-latest",), 131_072)
    assert Ability.CHAT in reads.lacks
    assert Ability.CHAT in names_it.lacks


def test_togethers_bare_array_is_a_list_with_prices_by_the_million() -> None:
    chats, embeds = read([clouds.together("a/b", 0.88), clouds.together("a/e", 0.02, "embedding")]).models
    assert chats.price == Price(880_000_000, 880_000_000)
    assert (embeds.has, embeds.lacks) == (Ability.EMBEDDINGS, Ability.CHAT)


def test_vercels_kinds_prices_and_training_are_read() -> None:
    talks, paints = read(
        [
            clouds.vercel("a/b", input="0.000001", output="0.000002"),
            clouds.vercel("a/p", "image", image="0.04"),
        ]
    ).models
    assert (talks.price, talks.trains) == (Price(10**9, 2 * 10**9), False)
    assert (Ability.CHAT in paints.lacks, paints.price) == (True, None)


async def test_prices_that_are_none_are_said_once_and_nobody_takes_them_for_nothing(
    sessions: Sessions,
) -> None:
    routers = (clouds.openrouter(f"router-{number}", "-1", "-1") for number in range(5))
    async with FakeCloud(clouds.openrouter_list(*routers), key="sk") as cloud:
        finding = await look(sessions, cloud)
    assert {(model.tier, model.price) for model in finding.models or ()} == {(Tier.PAID, None)}
    assert finding.endpoint.note == (
        "5 of the models it lists have a price that is none, such as -1: it is unknown"
    )


async def test_ten_thousand_broken_rows_are_said_once_and_hide_no_sound_one(sessions: Sessions) -> None:
    broken = [{"id": ["x"], "pricing": "y"}, 7, None, {"id": "a\nb"}, {"name": "z"}] * 2_000
    async with FakeCloud({"data": [*broken, clouds.openrouter("sound:free")]}, key="sk") as cloud:
        began = perf_counter()
        finding = await look(sessions, cloud)
        seconds = perf_counter() - began
    assert names(finding.models) == ["sound:free"]
    assert (finding.endpoint.health, finding.endpoint.note.count(";")) == (Health.UP, 0)
    assert finding.endpoint.note.startswith("10000 of the models it lists left out")
    assert seconds < 2.0


def test_a_list_of_ten_thousand_sound_rows_is_read_to_its_bound() -> None:
    listing = read(clouds.openrouter_list(*(clouds.openrouter(f"m{number}") for number in range(10_000))))
    assert len(listing.models) == MOST_MODELS
    assert listing.notes == (f"it lists 10000 models, of which the first {MOST_MODELS} are used",)
