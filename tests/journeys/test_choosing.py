"""Who answers, as clients ask: by profile, role, alias and header, on engines here and services elsewhere."""

from collections.abc import Mapping

import httpx
import pytest

from tests.fakes.engine import FakeEngine
from tests.journeys.conftest import Here, StartDaemon, StartEngine, chat
from tests.journeys.test_budgets import paid
from tests.journeys.views import Json

PLAN = "Plan out the architecture for a new app"
FACT = "What is the capital of France?"
GRADES = """
[grades]
"here/small" = "simple"
"here/big" = "routine"
"cloud/mini" = "routine"
"cloud/best" = "reasoning"
"""
SMALL, BIG, MINI, BEST = "here/small", "here/big", "cloud/mini", "cloud/best"


@pytest.fixture
async def here(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("small", "big")


@pytest.fixture
async def cloud(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("mini", "best", key="sk-cloud", llama=False)


@pytest.fixture
async def daemon(here: FakeEngine, cloud: FakeEngine, start_daemon: StartDaemon) -> Here:
    signs = '[choosing.signs]\ncode = ["terraform|helm"]\n'
    more = '[models]\n"claude-*" = "auto"\n[tasks]\ncode = ["cloud/mini"]\n' + signs
    return await start_daemon(paid(1, GRADES + more, cloud=cloud), here=here)


async def answered(
    http: httpx.AsyncClient, daemon: Here, says: str, model: str = "auto", headers: Mapping[str, str] = {}
) -> str:
    body = chat(model) | {"messages": [{"role": "user", "content": says}]}
    got = await http.post(f"{daemon.api_base}/chat/completions", json=body, headers=dict(headers))
    assert got.status_code == 200, got.text
    return got.headers["X-Pointsman-Model"]


@pytest.mark.parametrize(
    ("says", "model", "headers", "who"),
    [
        (FACT, "auto", {}, BIG),
        (PLAN, "auto", {}, BEST),
        (PLAN, "auto", {"X-Pointsman-Privacy": "local"}, BIG),
        (FACT, "auto", {"X-Pointsman-Role": "memory"}, SMALL),
        (FACT, "memory", {}, SMALL),
        (FACT, "auto", {"X-Pointsman-Floor": "reasoning"}, BEST),
        (FACT, "auto:premium", {}, BEST),
        (FACT, "auto", {"X-Pointsman-Profile": "premium"}, BEST),
        (PLAN, "auto", {"X-Pointsman-Max-Cost": "0.000001"}, BIG),
        (FACT, "auto", {"X-Pointsman-Task": "code"}, MINI),
        ("Write a Python script to parse JSON", "auto", {}, MINI),
        ("Tell me about our Terraform state", "auto", {}, MINI),
        ("Write a Python script to parse JSON", "auto", {"X-Pointsman-Revision": "1"}, MINI),
        ("Write a Python script to parse JSON", "auto", {"X-Pointsman-Floor": "reasoning"}, BEST),
        ("Write a Python script to parse JSON", "claude-opus-4-1", {}, BEST),
        ("Summarize this doc in the background", "auto", {}, SMALL),
        ("Summarize this doc in the background", "auto", {"X-Pointsman-Floor": "reasoning"}, BEST),
        (FACT, "claude-opus-4-20250514", {}, BEST),
        (FACT, "claude-haiku-4", {}, BIG),
        (PLAN, "big", {}, BIG),
    ],
)
async def test_who_answers_is_chosen_by_what_is_asked_and_said(
    says: str, model: str, headers: Mapping[str, str], who: str, *, http: httpx.AsyncClient, daemon: Here
) -> None:
    assert await answered(http, daemon, says, model, headers) == who


async def test_what_was_seen_and_what_counted_is_explained(http: httpx.AsyncClient, daemon: Here) -> None:
    body = chat() | {"messages": [{"role": "user", "content": PLAN}]}
    told: Json = (await http.post(f"{daemon.url}/control/v0/explain", json=body)).json()
    assert (told["task"]["complexity"], told["task"]["grade"]) == ("expert", "reasoning")
    assert (told["wanted"]["role"], told["wanted"]["profile"], told["wanted"]["floor"]) == (
        "main",
        "balanced",
        "routine",
    )
    assert [one["model"] for one in told["candidates"]] == [BEST, BIG, MINI, SMALL]


async def test_what_a_header_means_nothing_by_is_refused_with_what_it_may_be(
    http: httpx.AsyncClient, daemon: Here
) -> None:
    for header, says in (
        ("Role", "main, reasoning"),
        ("Profile", "balanced, eco"),
        ("Floor", "simple, routine"),
    ):
        headers = {f"X-Pointsman-{header}": "boss"}
        got = await http.post(f"{daemon.api_base}/chat/completions", json=chat(), headers=headers)
        assert got.status_code == 400
        assert says in got.json()["error"]["message"]


async def test_an_unknown_name_is_told_how_to_leave_it_to_pointsman(
    http: httpx.AsyncClient, daemon: Here
) -> None:
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat("gpt-9"))
    assert got.status_code == 404
    assert "pointsman alias 'gpt-9' auto" in got.json()["error"]["message"]
