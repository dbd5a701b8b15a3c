"""What stands in for a list that can't be had: a page, the last good copy, well-known names."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pointsman.catalogue.registry import Registry
from pointsman.discovery.catalogues import Catalogues, Sync
from pointsman.discovery.configured import ConfiguredSource
from pointsman.discovery.docs_page import MOST_NAMES, read_page
from pointsman.discovery.seed import SEED
from pointsman.discovery.written import Written
from pointsman.ledger.queries import Reader
from pointsman.ledger.record import KeptListRecord
from pointsman.ledger.writer import Writer
from pointsman.net import Sessions
from pointsman.types import Account, Finding, Health, Model, Place, Tier
from tests.discovery.looking import row_of
from tests.fakes import clouds
from tests.fakes.answers import compact
from tests.fakes.clouds import FakeCloud

NOW = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
DAY = 86_400.0
PAGE = b"""<h1>Models</h1><a href="/docs/glm-9-path"><code>glm-4.6</code></a>, <td>glm-4.5-air</td>
<img src="glm-4.5.png"> glm-4.6 again, my-glm-4.7, glm-4.5v. https://x.example/glm-8"""


def written(cloud: FakeCloud, row: str = "zhipu", **changed: object) -> Written:
    known = replace(row_of(row), docs_url=f"{cloud.url}/docs")
    account = Account(f"{row}-1", "sk-secret")
    place = Written(row, known, Place(cloud.api_base), None, account, None, (), cloud=True)
    return replace(place, **changed)  # type: ignore[arg-type]


class Elsewhere:
    """A source with one place, its catalogues, and a registry that is told what it finds."""

    def __init__(
        self, sessions: Sessions, place: Written, catalogues: Catalogues, *, asked: bool = True
    ) -> None:
        self.place = place
        self.catalogues = catalogues
        self.source = ConfiguredSource(
            [place], sessions, lambda: NOW, remote=True, asked=asked, catalogues=catalogues
        )
        self.registry = Registry()
        for finding in self.source.known():
            self.registry.place(finding)

    async def look(self) -> Finding | None:
        found: list[Finding] = []
        await self.source.look(found.append)
        for finding in found:
            self.registry.place(finding)
        return found[0] if found else None

    @property
    def sync(self) -> Sync:
        return self.catalogues.sync(self.place)

    @property
    def models(self) -> Mapping[str, Model]:
        return {model.name: model for model in self.registry.snapshot.models}

    @property
    def note(self) -> str:
        (endpoint,) = self.registry.snapshot.endpoints
        return endpoint.note


def kept(place: Written, *names: str, at: float = NOW - 3 * DAY) -> KeptListRecord:
    body = compact(clouds.openai_list(*names))
    return KeptListRecord(place.id, str(place.place), at, b"[" + body + b"]")


# A page.


async def test_a_page_is_read_where_an_api_has_no_list_and_gets_no_key(sessions: Sessions) -> None:
    async with FakeCloud(None, key="sk-secret") as cloud:
        cloud.pages["/docs"] = PAGE
        there = Elsewhere(sessions, written(cloud), Catalogues())
        finding = await there.look()
        (seen,) = [seen for seen in cloud.seen if seen.path == "/docs"]
    assert finding is not None
    assert [model.name for model in finding.models or ()] == ["glm-4.6", "glm-4.5-air", "glm-4.5v"]
    assert {model.source for model in finding.models or ()} == {"docs"}
    assert {model.price for model in finding.models or ()} == {None}
    assert there.sync == Sync("docs", NOW)
    assert "Authorization" not in seen.headers


async def test_no_page_is_read_where_there_is_a_list_or_where_it_merely_fails(sessions: Sessions) -> None:
    async with FakeCloud(clouds.openai_list("glm-5"), key="sk-secret") as cloud:
        cloud.pages["/docs"] = PAGE
        there = Elsewhere(sessions, written(cloud), Catalogues())
        await there.look()
        assert "glm-5" in there.models
        cloud.list_status = 503
        await there.look()
        assert [seen.path for seen in cloud.seen if seen.path == "/docs"] == []
    assert "glm-5" in there.models, "what was known stands"
    assert there.sync.source == "list"
    assert "503" in there.sync.error


async def test_a_page_that_names_none_says_which_command_names_another(sessions: Sessions) -> None:
    async with FakeCloud(None, key="sk-secret") as cloud:
        cloud.pages["/docs"] = b"nothing here"
        there = Elsewhere(sessions, written(cloud), Catalogues())
        await there.look()
        assert f"no model could be read from {cloud.url}/docs: it names none" in there.note
    assert "pointsman urls set zhipu URL names another page" in there.note


async def test_the_page_that_the_user_names_is_read_from_then_on(sessions: Sessions) -> None:
    async with FakeCloud(None, key="sk-secret") as cloud:
        cloud.pages |= {"/docs": PAGE, "/other": b"glm-7"}
        pages: dict[str, str] = {}
        there = Elsewhere(sessions, written(cloud), Catalogues(pages=lambda: pages))
        pages[there.place.row.id] = f"{cloud.url}/other"
        await there.look()
        assert list(there.models) == ["glm-7"]
        pages.clear()
        await there.look()
        assert "glm-4.6" in there.models


def test_a_page_beyond_all_measure_gives_so_many_names_and_no_more() -> None:
    page = " ".join(f"glm-4.{number}" for number in range(10_000)).encode()
    assert len(read_page(page, r"glm-\d[\w.-]*").models) == MOST_NAMES


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"<" * 100_000, b"glm-" * 10_000])
def test_a_page_of_anything_names_nothing(body: bytes) -> None:
    assert read_page(body, row_of("zhipu").id_pattern).models == ()


@pytest.mark.parametrize("row", ["openai", "anthropic", "gemini", "deepseek", "mistral", "zhipu"])
def test_a_rows_own_pattern_finds_its_well_known_models(row: str) -> None:
    chat_models = [name for name in SEED[row] if "embed" not in name]
    page = "".join(f"<li><code>{name}</code>" for name in chat_models).encode()
    assert [model.served_as for model in read_page(page, row_of(row).id_pattern).models] == chat_models


# The last good copy.


async def test_a_list_is_kept_and_used_when_it_can_not_be_had_at_the_next_start(
    sessions: Sessions, tmp_path: Path
) -> None:
    listing = clouds.openrouter_list(
        clouds.openrouter("a:free"), clouds.openrouter("b", "0.000001", "0.000002")
    )
    writer, reader = Writer(tmp_path / "ledger"), Reader(tmp_path / "ledger")
    writer.start()
    async with FakeCloud(listing, key="sk-secret") as cloud:
        await Elsewhere(sessions, written(cloud), Catalogues(keep=writer.enqueue)).look()
        place = written(cloud)
    writer.stop()
    again = Elsewhere(sessions, place, Catalogues.restored(reader, print))
    reader.close()
    assert await again.look() is None, "nobody is there"
    assert {name: model.tier for name, model in again.models.items()} == {"a:free": Tier.FREE, "b": Tier.PAID}
    assert {model.source for model in again.models.values()} == {"kept"}
    assert again.models["b"].price is not None
    assert again.sync == Sync("kept", NOW, "no connection could be had")
    assert "its list is as of 21 Nov 2026" in again.note


async def test_a_list_that_repeats_the_key_is_known_and_kept_without_it(sessions: Sessions) -> None:
    kept: list[KeptListRecord] = []
    async with FakeCloud(clouds.openai_list("a-sk-secret", owned_by="sk-secret"), key="sk-secret") as cloud:
        there = Elsewhere(sessions, written(cloud), Catalogues(keep=kept.append))
        await there.look()
    assert list(there.models) == ["a-(the key)"]
    assert b"sk-secret" not in kept[0].body


async def test_a_copy_gives_way_to_the_list(sessions: Sessions) -> None:
    async with FakeCloud(clouds.openai_list("new"), key="sk-secret") as cloud:
        place = written(cloud)
        there = Elsewhere(sessions, place, Catalogues([kept(place, "old")]))
        assert list(there.models) == ["old"]
        await there.look()
    assert [(model.name, model.source) for model in there.models.values()] == [("new", "list")]
    assert there.note == ""


async def test_a_list_that_breaks_leaves_the_copy_and_says_how_old_it_is(sessions: Sessions) -> None:
    async with FakeCloud(b"<html>maintenance", key="sk-secret") as cloud:
        place = written(cloud, "openrouter")
        there = Elsewhere(sessions, place, Catalogues([kept(place, "old")]))
        finding = await there.look()
    assert finding is not None
    assert finding.endpoint.health is Health.UP
    assert list(there.models) == ["old"]
    assert "not an OpenAI list in JSON; its list is as of 18 Nov 2026" in there.note


async def test_a_copy_of_another_address_tells_nothing(sessions: Sessions) -> None:
    async with FakeCloud(key="sk-secret") as cloud:
        place = written(cloud)
        moved = replace(kept(place, "old"), place="http://elsewhere.example/v1")
        assert "old" not in Elsewhere(sessions, place, Catalogues([moved])).models


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[7]", b'{"a": 1}', b"[[[["])
async def test_a_copy_that_can_not_be_read_is_none(sessions: Sessions, body: bytes) -> None:
    async with FakeCloud() as cloud:
        place = written(cloud)
        there = Elsewhere(sessions, place, Catalogues([replace(kept(place), body=body)]))
    assert there.sync.source == "seed"


async def test_models_of_a_copy_end_on_their_day_too(sessions: Sessions) -> None:
    async with FakeCloud() as cloud:
        place = written(cloud)
        ends = clouds.openrouter_list(clouds.openrouter("over", expiration_date="2026-11-20"))
        copy = replace(kept(place), body=b"[" + compact(ends) + b"]")
        assert not Elsewhere(sessions, place, Catalogues([copy])).models


# Well-known names.


async def test_a_first_start_that_reaches_nobody_knows_well_known_models(sessions: Sessions) -> None:
    async with FakeCloud() as cloud:
        place = written(cloud, "openai")
    there = Elsewhere(sessions, place, Catalogues())
    await there.look()
    assert list(there.models) == list(SEED["openai"])
    assert {(model.source, model.price) for model in there.models.values()} == {("seed", None)}
    assert "well-known models are shown in place of its list" in there.note


async def test_without_a_key_paid_well_known_models_are_neither_shown_nor_said_to_be(
    sessions: Sessions,
) -> None:
    async with FakeCloud() as cloud:
        place = replace(written(cloud, "openai"), account=None, sign_in="needs sign-in: pointsman keys set")
    there = Elsewhere(sessions, place, Catalogues())
    assert there.models == {}
    assert "well-known" not in there.note


async def test_an_address_of_the_users_own_has_no_well_known_models(sessions: Sessions) -> None:
    async with FakeCloud() as cloud:
        place = replace(written(cloud, "openai"), cloud=False, place=Place("http://10.0.0.1:9/v1"))
    assert Elsewhere(sessions, place, Catalogues()).models == {}


async def test_where_nobody_may_be_asked_the_copy_is_what_there_is(sessions: Sessions) -> None:
    async with FakeCloud(clouds.openai_list("new"), key="sk-secret") as cloud:
        place = written(cloud)
        there = Elsewhere(sessions, place, Catalogues([kept(place, "old")]), asked=False)
        await there.look()
        assert cloud.seen == []
    assert list(there.models) == ["old"]
    assert there.note == "its list is as of 18 Nov 2026"


def test_no_well_known_model_costs_nothing_or_is_named_twice() -> None:
    for names in SEED.values():
        assert len(set(names)) == len(names)
        assert not any(name.endswith("free") for name in names), "what is given away changes every week"
