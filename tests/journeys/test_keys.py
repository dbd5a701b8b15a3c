"""Keys, from the environment and by command, as a whole daemon has them; and that none is ever said."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Self

import httpx
import pytest
from aiohttp.test_utils import TestServer

from pointsman.config.keys import fingerprint
from tests.fakes.keyed import Keyed
from tests.journeys.conftest import chat
from tests.journeys.daemon import Daemon

RIGHT, OTHER, WRONG = "sk-right-0123456789", "sk-other-0123456789", "sk-wrong-0123456789"
NOTHING_HERE = "[discovery]\nlocal = false\n"


@pytest.fixture
async def cloud() -> AsyncIterator[tuple[Keyed, str]]:
    fake = Keyed(RIGHT, OTHER)
    async with TestServer(fake.app, host="127.0.0.1") as server:
        yield fake, f"http://127.0.0.1:{server.port}/api/v1"


class Owner:
    """A client at a daemon's Unix socket. `said` is all that it was told."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        transport = httpx.AsyncHTTPTransport(uds=str(daemon.socket))
        self._http = httpx.AsyncClient(base_url="http://localhost", transport=transport, timeout=30)
        self.said = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        response = await self._http.request(method, path, json=body)
        self.said += response.text + str(response.headers)
        return response.json()

    async def endpoint(self, name: str = "openrouter") -> Any:
        """Once the look at the clouds is over."""
        await self.ask("POST", "/control/v0/discover", {})
        status = await self.ask("GET", "/control/v0/status")
        return next((one for one in status["endpoints"] if one["id"] == name), None)

    async def key(self, name: str = "openrouter") -> Any:
        told = await self.ask("GET", "/control/v0/keys")
        return next(one for one in told["keys"] if one["name"] == name)

    async def models(self) -> list[str]:
        told = await self.ask("GET", "/control/v0/models")
        return [model["id"] for model in told["models"]]

    async def gift(self) -> Any:
        return await self.ask("POST", "/v1/chat/completions", chat("openrouter/a/gift:free"))

    async def set(self, key: str, name: str = "openrouter", **how: bool) -> Any:
        return await self.ask("POST", f"/control/v0/keys/{name}", {"key": key, **how})


async def test_without_a_key_an_open_list_is_shown_and_nobody_of_it_is_asked(
    cloud: tuple[Keyed, str],
) -> None:
    fake, url = cloud
    async with (
        Daemon(config=NOTHING_HERE, environ={"OPENROUTER_BASE_URL": url}) as daemon,
        Owner(daemon) as me,
    ):
        there = await me.endpoint()
        assert (there["health"], there["found_by"]) == ("sign-in", "open")
        assert await me.models() == ["openrouter/a/gift:free"]
        refused = await me.ask("POST", "/v1/chat/completions", chat("openrouter/a/gift:free"))
        assert "needs sign-in: pointsman keys set openrouter" in json.dumps(refused)
        assert {*fake.asked} == {"GET /api/v1/models"}
        assert {*fake.sent} == {""}


async def test_where_remote_is_off_nobody_is_asked_for_anything(cloud: tuple[Keyed, str]) -> None:
    fake, url = cloud
    config = f"{NOTHING_HERE}remote = false\n"
    environ = {"OPENROUTER_BASE_URL": url, "OPENROUTER_API_KEY": RIGHT}
    async with Daemon(config=config, environ=environ) as daemon, Owner(daemon) as me:
        assert (await me.endpoint())["health"] == "up"  # nobody has said otherwise
    assert fake.asked == []


async def test_a_key_in_the_environment_is_all_that_is_needed(cloud: tuple[Keyed, str]) -> None:
    _, url = cloud
    environ = {"OPENROUTER_BASE_URL": url, "OPENROUTER_API_KEY": RIGHT}
    async with Daemon(config=NOTHING_HERE, environ=environ) as daemon, Owner(daemon) as me:
        there = await me.endpoint()
        assert (there["health"], there["found_by"], there["models"]) == ("up", "key", 2)
        assert (await me.key())["origin"] == "env:OPENROUTER_API_KEY"
        answer = await me.ask("POST", "/v1/chat/completions", chat("openrouter/a/gift:free"))
        assert answer["choices"][0]["message"]["content"] == "Hello."


async def test_a_key_comes_and_goes_without_a_restart_and_outlasts_one(cloud: tuple[Keyed, str]) -> None:
    _, url = cloud
    async with Daemon(config=NOTHING_HERE, environ={"OPENROUTER_BASE_URL": url}) as daemon:
        async with Owner(daemon) as me:
            assert (await me.endpoint())["health"] == "sign-in"
            refused = await me.set(WRONG)
            assert "openrouter refuses this key (it was answered 401)" in refused["error"]["message"]
            assert (await me.endpoint())["health"] == "sign-in"
            await me.set(RIGHT)
            assert (await me.endpoint())["health"] == "up"
            assert await me.models() == ["openrouter/a/gift:free", "openrouter/a/dear"]
            assert (await me.key())["state"] == "works"
        file = daemon.folder / "credentials.toml"
        assert file.stat().st_mode & 0o777 == 0o600
        daemon.kill()
        daemon.start()
        async with Owner(daemon) as me:
            assert (await me.endpoint())["health"] == "up"
            await me.ask("DELETE", "/control/v0/keys/openrouter")
            assert (await me.endpoint())["health"] == "sign-in"
            await me.set("sk-whatever", name="groq", untested=True)
        assert RIGHT not in file.read_text()


async def test_a_key_that_was_set_serves_the_next_request_and_another_in_its_place_makes_no_gap(
    cloud: tuple[Keyed, str],
) -> None:
    fake, url = cloud
    async with (
        Daemon(config=NOTHING_HERE, environ={"OPENROUTER_BASE_URL": url}) as daemon,
        Owner(daemon) as me,
    ):
        await me.endpoint()
        for key in (RIGHT, OTHER):
            fake.begun.clear()
            fake.go_on.clear()
            setting = asyncio.ensure_future(me.set(key))
            await fake.begun.wait()
            if key == OTHER:
                assert "choices" in await me.gift()
            assert not setting.done()
            fake.go_on.set()
            await setting
            assert "choices" in await me.gift()
        assert fake.sent[-1] == f"Bearer {OTHER}"


@pytest.mark.parametrize("how", ["discover", "keys/openrouter/test"])
async def test_what_is_told_of_the_file_mends_it_without_a_restart(
    cloud: tuple[Keyed, str], how: str
) -> None:
    with Daemon(config=NOTHING_HERE, environ={"OPENROUTER_BASE_URL": cloud[1]}) as daemon:
        daemon.stop()
        file = daemon.folder / "credentials.toml"
        file.write_text(f'openrouter = "{RIGHT}"\n')
        file.chmod(0o644)
        await asyncio.to_thread(daemon.start)
        async with Owner(daemon) as me:
            assert (await me.endpoint())["health"] == "sign-in"
            file.chmod(0o600)
            await me.ask("POST", f"/control/v0/{how}", {})
            assert (await me.endpoint())["health"] == "up"


async def test_a_variable_that_holds_no_key_is_told_where_another_stands_in_for_it() -> None:
    config = f"{NOTHING_HERE}remote = false\n"
    environ = {"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": RIGHT}
    async with Daemon(config=config, environ=environ) as daemon, Owner(daemon) as me:
        key = await me.key("gemini")
        assert (key["origin"], key["state"]) == ("env:GOOGLE_API_KEY", "untested")
        assert key["note"].startswith("GEMINI_API_KEY is not used")


async def test_a_place_of_ones_own_vanishes_with_its_key_only_if_it_is_a_cloud(
    cloud: tuple[Keyed, str],
) -> None:
    _, url = cloud
    config = f'{NOTHING_HERE}remote = false\n[providers.mine]\napi_base = "{url}"\ntier = "free"\n'
    async with Daemon(config=config) as daemon, Owner(daemon) as me:
        for name in ("groq", "mine"):
            await me.set(OTHER, name=name, untested=True)
            assert (await me.endpoint(name)) is not None
            await me.ask("DELETE", f"/control/v0/keys/{name}")
        assert await me.endpoint("groq") is None
        assert (await me.endpoint("mine"))["health"] == "up"


async def test_a_key_that_is_revoked_later_is_told_once_with_what_to_do(cloud: tuple[Keyed, str]) -> None:
    fake, url = cloud
    environ = {"OPENROUTER_BASE_URL": url, "OPENROUTER_API_KEY": RIGHT}
    async with Daemon(config=NOTHING_HERE, environ=environ) as daemon, Owner(daemon) as me:
        await me.endpoint()
        fake.known.clear()
        await me.ask("POST", "/v1/chat/completions", chat("openrouter/a/gift:free"))
        status = await me.ask("GET", "/control/v0/status")
        (shut,) = status["limits"]
        assert (shut["kind"], shut["limited"]) == ("account", False)
        assert "it answered 401" in shut["reason"]
        assert "pointsman keys set openrouter" in shut["reason"]
        assert not [hint for hint in status["hints"] if "401" in hint]
        key = await me.key()
        assert (key["state"], key["note"]) == ("refused", shut["reason"])


async def refused_by(cloud: Keyed, me: Owner) -> None:
    """A request meets a cloud that knows no key, for a moment."""
    await me.endpoint()
    known, cloud.known = cloud.known, set()
    assert "error" in await me.gift()
    cloud.known = known
    assert (await me.key())["state"] == "refused"
    assert "pointsman keys set openrouter" in json.dumps(await me.gift())


@pytest.mark.parametrize("how", ["test", "set"])
async def test_a_key_that_is_taken_again_is_used_again_once_it_was_tried(
    cloud: tuple[Keyed, str], how: str
) -> None:
    fake, url = cloud
    async with (
        Daemon(config=NOTHING_HERE, environ={"OPENROUTER_BASE_URL": url}) as daemon,
        Owner(daemon) as me,
    ):
        await me.set(RIGHT)
        await refused_by(fake, me)
        if how == "set":
            await me.set(RIGHT)
        else:
            await me.ask("POST", "/control/v0/keys/openrouter/test", {})
        assert (await me.key())["state"] == "works"
        await me.endpoint()
        assert "choices" in await me.gift()


async def test_a_key_that_works_and_has_no_credit_says_so_where_keys_are_listed(
    cloud: tuple[Keyed, str],
) -> None:
    fake, url = cloud
    environ = {"OPENROUTER_BASE_URL": url, "OPENROUTER_API_KEY": RIGHT}
    async with Daemon(config=NOTHING_HERE, environ=environ) as daemon, Owner(daemon) as me:
        await me.endpoint()
        fake.broke = True
        trial = await me.ask("POST", "/control/v0/keys/openrouter/test", {})
        key = await me.key()
        assert (key["state"], key["note"]) == ("works", trial["words"])
        assert "no credit left (402)" in key["note"]
        fake.broke = False
        await me.ask("POST", "/control/v0/keys/openrouter/test", {})
        assert (await me.key())["note"] == ""


async def test_what_was_known_of_a_key_goes_with_it(cloud: tuple[Keyed, str]) -> None:
    fake, url = cloud
    async with (
        Daemon(config=NOTHING_HERE, environ={"OPENROUTER_BASE_URL": url}) as daemon,
        Owner(daemon) as me,
    ):
        await me.set(RIGHT)
        await refused_by(fake, me)
        await me.set(OTHER)
        await me.endpoint()
        status, limits = [await me.ask("GET", f"/control/v0/{what}") for what in ("status", "limits")]
        account = f"openrouter-{fingerprint(OTHER)}"
        assert (status["limits"], limits["limits"]) == ([], [])
        assert {one["account"] for one in limits["free"]} == {account}
        assert {one["account"] for one in limits["credit"]} <= {account}


async def test_no_key_is_ever_said(cloud: tuple[Keyed, str]) -> None:
    """The cloud repeats each key that it refuses, and the daemon is asked everything that it tells."""
    fake, url = cloud
    config = f'{NOTHING_HERE}[providers.mine]\napi_base = "{url}"\napi_key = "{WRONG}"\ntier = "free"\n'
    environ = {"OPENROUTER_BASE_URL": url, "OPENROUTER_API_KEY": OTHER}
    async with Daemon(config=config, environ=environ) as daemon, Owner(daemon) as me:
        async with (
            httpx.AsyncClient(timeout=30) as http,
            http.stream("GET", f"{daemon.url}/control/v0/events") as events,
        ):
            await me.endpoint()
            await me.set(RIGHT)
            await me.set(WRONG)
            await me.ask("POST", "/control/v0/keys/openrouter/test", {})
            fake.chatty = True
            await me.endpoint()
            await me.ask("POST", "/v1/chat/completions", chat("mine/a/gift:free"))
            await me.models()
            fake.chatty = False
            await me.ask("POST", "/control/v0/limits/reset", {})
            for model in ("openrouter/a/gift:free", "mine/a/gift:free"):
                await me.ask("POST", "/v1/chat/completions", chat(model))
                await me.ask("POST", "/v1/chat/completions", chat(model, stream=False))
            fake.known.clear()
            await me.ask("POST", "/v1/chat/completions", chat("openrouter/a/gift:free"))
            for path in ("keys", "status", "models?advanced=1", "limits", "decisions", "decisions/last"):
                await me.ask("GET", f"/control/v0/{path}")
            await me.ask("POST", "/control/v0/explain", chat())
            assert "it answered 401" in me.said
            assert "it answered 200 with an error inside: no user has 'Bearer (the key)'" in me.said
            assert "mine/a/gift for Bearer (the key)" in me.said
            daemon.stop()
            happened = (await events.aread()).decode()
        assert "request.done" in happened
        written = b"".join(path.read_bytes() for path in daemon.state.rglob("*") if path.is_file())
        assert b"it answered 401" in written
        everything = me.said + happened + daemon.stdout + daemon.stderr + written.decode(errors="replace")
        assert [key for key in (RIGHT, OTHER, WRONG) if key in everything] == []
