"""What is set of choosing holds for the next request; a program's rules hold for all that it asks."""

import httpx
import pytest

from tests.journeys.conftest import HELLO, Here, StartDaemon, StartEngine
from tests.journeys.test_privacy import through_socket
from tests.journeys.views import attempts_at, elsewhere

RULES = '[apps.diary]\nprivacy = "local"\n[apps.aider]\nallow = "cloud/one"\n'


async def asked(
    http: httpx.AsyncClient, daemon: Here, model: str = "auto", app: str = "", **headers: str
) -> httpx.Response:
    named = {"X-Pointsman-App": app} if app else {}
    body = {"model": model, "messages": HELLO}
    return await http.post(f"{daemon.url}/v1/chat/completions", json=body, headers=named | headers)


async def test_a_name_that_is_set_is_known_to_the_next_request(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(here=await start_engine("one"))
    unknown = await asked(http, daemon, "claude-next")
    assert unknown.status_code == 404
    assert "pointsman alias 'claude-next' auto" in unknown.json()["error"]["message"]
    async with through_socket(daemon) as control:
        await control.post("/aliases/claude-*", json={"model": "auto"})
        assert (await asked(http, daemon, "claude-next")).headers["X-Pointsman-Model"] == "here/one"
        await control.delete("/aliases/claude-*")
    assert (await asked(http, daemon, "claude-next")).status_code == 404


async def test_whom_a_kind_of_task_takes_first_is_asked_whatever_its_tier(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud = await start_engine("one", llama=False)
    daemon = await start_daemon(elsewhere(cloud=cloud), here=await start_engine("two"))
    code = {"X-Pointsman-Task": "code"}
    assert (await asked(http, daemon, **code)).headers["X-Pointsman-Model"] == "here/two"
    async with through_socket(daemon) as control:
        await control.post("/tasks/code", json={"models": ["cloud/one"]})
    assert (await asked(http, daemon, **code)).headers["X-Pointsman-Model"] == "cloud/one"
    assert (await asked(http, daemon)).headers["X-Pointsman-Model"] == "here/two"


@pytest.mark.parametrize("name", ["auto", "cloud/one"])
async def test_a_program_whose_prompts_stay_here_is_answered_by_no_cloud(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient, name: str
) -> None:
    cloud = await start_engine("one", llama=False)
    daemon = await start_daemon(elsewhere(cloud=cloud) + RULES)
    for wish in ({}, {"X-Pointsman-Privacy": "no-train"}):
        refused = await asked(http, daemon, name, "diary", **wish)
        assert refused.status_code == 503
        assert "or its program, is marked local" in refused.json()["error"]["message"]
    assert attempts_at(cloud) == [0]
    assert (await asked(http, daemon, name)).headers["X-Pointsman-Model"] == "cloud/one"


async def test_a_program_uses_what_it_may_and_nothing_else(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud = await start_engine("one", llama=False)
    daemon = await start_daemon(elsewhere(cloud=cloud) + RULES, here=await start_engine("two"))
    assert (await asked(http, daemon, app="aider")).headers["X-Pointsman-Model"] == "cloud/one"
    refused = await asked(http, daemon, "here/two", "aider")
    assert refused.status_code == 503
    assert "not in the list of what aider may use" in refused.json()["error"]["message"]
