"""`/control/v0/profile`, `aliases`, `tasks`, `roles`, `setup/preset`: for all to see, the owner to change."""

from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession

from pointsman.profiles import PROFILES, ROLES
from pointsman.server.control.choice_shapes import (
    AliasShape,
    PresetShape,
    ProfileShape,
    ProfilesShape,
    RoleShape,
    TaskListShape,
)
from pointsman.server.presets import PRESETS
from pointsman.types import TaskKind
from tests.server.control.conftest import Client, House, endpoint, model

URL = "/control/v0"


@pytest.fixture
async def known(house: House) -> None:
    house.find(endpoint(), model(endpoint()))
    await house.rooms.sweeper.sweep("start", everything=True)


async def told(session: Client | ClientSession, what: str) -> Any:
    return await (await session.get(f"{URL}/{what}")).json()


def one(rows: list[Any], name: str) -> Any:
    return next(row for row in rows if name in (row.get("name"), row.get("kind")))


async def test_each_profile_is_told_and_which_is_active(client: Client, house: House) -> None:
    answer: ProfilesShape = await told(client, "profile")
    assert (answer["active"], answer["origin"]) == ("balanced", "built-in")
    assert [each["name"] for each in answer["profiles"]] == list(PROFILES)
    eco = one(answer["profiles"], "eco")
    assert eco.keys() == ProfileShape.__annotations__.keys()
    assert (eco["ladder"], eco["slack"], eco["origin"]) == (["local", "free", "paid"], 1, "built-in")


async def test_another_profile_is_active_until_it_is_taken_back(owner: ClientSession, house: House) -> None:
    answer = await (await owner.post(f"{URL}/profile", json={"profile": "eco"})).json()
    assert (answer["active"], answer["origin"]) == ("eco", "command")
    assert house.rooms.choices.names().active == "eco"
    for _ in range(2):
        answer = await (await owner.post(f"{URL}/profile", json={"profile": None})).json()
        assert (answer["active"], answer["origin"]) == ("balanced", "built-in")


@pytest.mark.usefixtures("known")
async def test_an_alias_is_told_with_what_it_means_now(owner: ClientSession, house: House) -> None:
    answer = await told(owner, "aliases")
    assert one(answer["aliases"], "quick") == AliasShape(
        name="quick",
        model="llama-server/qwen",
        means="llama-server/qwen",
        missing=False,
        origin="configuration",
    )
    assert one(answer["aliases"], "opus")["origin"] == "built-in"
    name = quote("claude-*", safe="")
    answer = await (await owner.post(f"{URL}/aliases/{name}", json={"model": "quick"})).json()
    assert one(answer["aliases"], "claude-*")["means"] == "llama-server/qwen"
    answer = await (await owner.delete(f"{URL}/aliases/{name}")).json()
    assert "claude-*" not in {each["name"] for each in answer["aliases"]}


async def test_a_name_that_nobody_serves_now_is_taken_and_said(owner: ClientSession, house: House) -> None:
    answer = await (await owner.post(f"{URL}/aliases/big", json={"model": "later"})).json()
    assert (one(answer["aliases"], "big")["missing"], one(answer["aliases"], "big")["means"]) == (True, "")
    answer = await (await owner.post(f"{URL}/roles/rlm", json={"model": "later"})).json()
    assert one(answer["roles"], "rlm")["missing"] is True
    answer = await (await owner.post(f"{URL}/tasks/code", json={"models": ["later", "auto"]})).json()
    assert one(answer["tasks"], "code")["missing"] == ["later"]


async def test_each_kind_of_task_is_told_with_its_list(owner: ClientSession, house: House) -> None:
    answer = await (await owner.post(f"{URL}/tasks/code", json={"models": ["quick"]})).json()
    assert [each["kind"] for each in answer["tasks"]] == list(TaskKind)
    assert one(answer["tasks"], "code") == TaskListShape(
        kind="code", models=["quick"], missing=["quick"], origin="command"
    )
    answer = await (await owner.delete(f"{URL}/tasks/code")).json()
    assert one(answer["tasks"], "code")["models"] == []


async def test_a_role_is_changed_field_by_field(owner: ClientSession, house: House) -> None:
    answer = await told(owner, "roles")
    assert [each["name"] for each in answer["roles"]] == list(ROLES)
    rlm = one(answer["roles"], "rlm")
    assert rlm.keys() == RoleShape.__annotations__.keys()
    assert (rlm["needs"], rlm["floor"], rlm["origin"]) == (["tools"], "routine", "built-in")
    await owner.post(f"{URL}/roles/reviewer", json={"floor": "generation", "prefer": ["quick"]})
    answer = await (await owner.post(f"{URL}/roles/reviewer", json={"profile": "eco"})).json()
    mine = one(answer["roles"], "reviewer")
    assert (mine["floor"], mine["prefer"], mine["profile"]) == ("generation", ["quick"], "eco")
    answer = await (await owner.delete(f"{URL}/roles/reviewer")).json()
    assert "reviewer" not in {each["name"] for each in answer["roles"]}


@pytest.mark.parametrize("preset", PRESETS)
async def test_a_preset_says_what_it_set_and_how_to_undo_it(
    owner: ClientSession, house: House, preset: str
) -> None:
    answer: PresetShape = await (await owner.post(f"{URL}/setup/preset", json={"preset": preset})).json()
    assert answer["preset"] == preset
    assert len(answer["set"]) == len(answer["undo"]) > 0
    assert all(command.startswith("pointsman ") for command in answer["undo"])


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("profile", {"profile": "ecco"}, "did you mean eco?"),
        ("profile", {}, "the body must be"),
        ("aliases/auto", {"model": "x"}, "take another name"),
        ("aliases/x", {"model": "x", "more": 1}, "the body must be"),
        ("tasks/cod", {"models": ["x"]}, "there is no kind of task 'cod': did you mean code?"),
        ("tasks/code", {"models": "x"}, "the body must be"),
        ("roles/x", {"floor": "low"}, "must be one of simple, routine, generation, reasoning"),
        ("roles/x", {"profile": "none"}, "must be one of balanced"),
        ("roles/x", ["floor"], "the body must be"),
        ("setup/preset", {"preset": "rich"}, "zero, hybrid, team, offline"),
    ],
)
async def test_what_makes_no_sense_changes_nothing(
    owner: ClientSession, house: House, path: str, body: object, words: str
) -> None:
    before = house.rooms.choices.names()
    response = await owner.post(f"{URL}/{path}", json=body)
    assert response.status in {400, 404}
    assert words in (await response.json())["error"]["message"]
    assert house.rooms.choices.names() == before


async def test_what_the_file_says_is_taken_out_there(owner: ClientSession, house: House) -> None:
    response = await owner.delete(f"{URL}/aliases/quick")
    assert response.status == 400
    assert "set in the configuration" in (await response.json())["error"]["message"]
    assert (await owner.delete(f"{URL}/roles/main")).status == 404


@pytest.mark.parametrize("path", ["profile", "aliases/x", "tasks/code", "roles/x", "setup/preset"])
async def test_over_tcp_nothing_is_changed(client: Client, house: House, path: str) -> None:
    assert (await client.post(f"{URL}/{path}", json={})).status == 403
    if "/x" in path or "/code" in path:
        assert (await client.delete(f"{URL}/{path}")).status == 403
