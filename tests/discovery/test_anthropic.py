"""Anthropic's list of models: in pages, with what each model can do, and whatever else a server sends."""

from collections.abc import AsyncIterator, Mapping

import pytest

from pointsman.catalogue.providers import GENERIC_ANTHROPIC
from pointsman.discovery.configured import ConfiguredSource
from pointsman.discovery.listing import Listing, read_models
from pointsman.discovery.lists import LISTS, MOST_PAGES
from pointsman.discovery.written import Written
from pointsman.net import Sessions
from pointsman.types import Ability, Account, Auth, Dialect, Finding, Health, Modality, Place, Tier
from tests.fakes.answers import Json
from tests.fakes.claude import CAPABLE, FakeClaude
from tests.fakes.engine import Seen, as_json
from tests.fakes.faults import Reply

next_page = LISTS[Dialect.ANTHROPIC].after


@pytest.fixture
async def cloud() -> AsyncIterator[FakeClaude]:
    async with FakeClaude("claude-a", "claude-b", "claude-c", key="sk-ant") as cloud:
        yield cloud


async def look(sessions: Sessions, cloud: FakeClaude, *models: str, key: str = "sk-ant") -> Finding:
    account = Account("claude-1", key, Auth.X_API_KEY)
    place = Written("claude", GENERIC_ANTHROPIC, Place(cloud.api_base), None, account, Tier.FREE, models)
    found: list[Finding] = []
    await ConfiguredSource([place], sessions, lambda: 1000.0, remote=True).look(found.append)
    (finding,) = found
    return finding


def listing(*entries: object) -> Listing:
    read = read_models({"data": list(entries), "has_more": False})
    assert read is not None
    return read


async def test_what_each_model_can_do_is_in_the_list(sessions: Sessions, cloud: FakeClaude) -> None:
    finding = await look(sessions, cloud)
    assert (finding.endpoint.dialect, finding.endpoint.health) == (Dialect.ANTHROPIC, Health.UP)
    model, *_ = finding.models or ()
    assert (model.id, model.tier, model.context, model.max_output) == (
        "claude/claude-a",
        Tier.FREE,
        200_000,
        64_000,
    )
    assert (model.has, model.lacks) == (Ability.JSON | Ability.THINKING, Ability.NONE)
    assert model.reads == Modality.TEXT | Modality.IMAGE | Modality.FILE
    (seen,) = [seen for seen in cloud.seen if seen.query]
    assert (seen.headers["x-api-key"], seen.headers["anthropic-version"]) == ("sk-ant", "2023-06-01")
    assert "Authorization" not in seen.headers


async def test_a_list_in_pages_is_read_to_its_end(sessions: Sessions, cloud: FakeClaude) -> None:
    cloud.page = 1
    finding = await look(sessions, cloud)
    assert [model.name for model in finding.models or ()] == ["claude-a", "claude-b", "claude-c"]
    assert [seen.query for seen in cloud.seen if seen.query] == [
        "limit=1000",
        "limit=1000&after_id=claude-a",
        "limit=1000&after_id=claude-b",
    ]


class Breaking(FakeClaude):
    """It has more than one page, and no second one."""

    def _page(self, query: Mapping[str, list[str]]) -> Json:
        return super()._page(query) | {"has_more": True}

    def _answer(self, seen: Seen) -> Reply:
        return as_json({}, 500) if "after_id" in seen.query else super()._answer(seen)


async def test_a_list_that_breaks_off_between_its_pages_is_none(sessions: Sessions) -> None:
    async with Breaking("claude-a", key="sk-ant") as broken:
        finding = await look(sessions, broken)
    assert finding.models is None, "what was known before stands"
    assert "it answered 500" in finding.endpoint.note


async def test_a_refused_key_is_told(sessions: Sessions, cloud: FakeClaude) -> None:
    finding = await look(sessions, cloud, key="wrong")
    assert finding.endpoint.health is Health.REFUSED
    assert "it refused the key" in finding.endpoint.note


async def test_a_server_without_a_list_serves_what_the_user_names(sessions: Sessions) -> None:
    async with FakeClaude("claude-a", key="other") as cloud:
        finding = await look(sessions, cloud, "claude-x")
    assert [model.id for model in finding.models or ()] == ["claude/claude-x"]


def test_a_retired_model_is_no_model() -> None:
    entries = ({"type": "model", "id": "old", "lifecycle": "retired"}, {"type": "model", "id": "new"})
    assert [model.served_as for model in listing(*entries).models] == ["new"]


@pytest.mark.parametrize(
    ("told", "has", "lacks", "reads"),
    [
        ({}, Ability.NONE, Ability.NONE, None),
        (None, Ability.NONE, Ability.NONE, None),
        ("odd", Ability.NONE, Ability.NONE, None),
        ({"vision": True, "thinking": True}, Ability.NONE, Ability.NONE, None),
        (
            {"thinking": {"supported": "yes"}, "image_input": {"supported": 1}},
            Ability.NONE,
            Ability.NONE,
            None,
        ),
        ({"thinking": {"supported": False}}, Ability.NONE, Ability.THINKING, None),
        ({"image_input": {"supported": False}}, Ability.NONE, Ability.NONE, Modality.TEXT),
        (
            CAPABLE | {"image_input": {"supported": False}},
            Ability.JSON | Ability.THINKING,
            Ability.NONE,
            Modality.TEXT | Modality.FILE,
        ),
    ],
)
def test_of_abilities_only_what_is_plainly_told_is_known(
    told: object, has: Ability, lacks: Ability, reads: Modality | None
) -> None:
    (model,) = listing({"id": "claude", "capabilities": told}).models
    assert (model.has, model.lacks, model.reads) == (has, lacks, reads)


def test_an_account_without_models_has_an_empty_list() -> None:
    assert listing() == Listing(())


def page(last: object, more: object = True) -> dict[str, object]:
    return {"data": [], "has_more": more, "last_id": last}


@pytest.mark.parametrize(
    "pages",
    [
        [page("a", more=False)],
        [page("a", more="yes")],
        [page(None)],
        [page("x" * 9_999)],
        [page("a\nb")],
        [page("a"), page("b"), page("a")],
        [["a"]],
        ["odd"],
        [page(str(number)) for number in range(MOST_PAGES)],
    ],
)
def test_however_a_server_lists_it_is_asked_for_its_pages_only_so_often(pages: list[object]) -> None:
    assert not next_page(pages)


def test_the_last_models_name_is_all_that_the_next_page_is_asked_with() -> None:
    assert next_page([page("a&b=c d")]) == "?limit=1000&after_id=a%26b%3Dc+d"
