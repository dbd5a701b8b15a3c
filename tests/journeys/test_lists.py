"""Lists of clouds through the whole daemon: kept over a restart, and a page of the user's choice."""

import httpx

from tests.fakes import clouds
from tests.fakes.clouds import FakeCloud
from tests.journeys.daemon import Daemon

KEY = "sk-or-lists"
LISTING = clouds.openrouter_list(
    clouds.openrouter("maker/gift:free"), clouds.openrouter("maker/big", "0.000001", "0.000002")
)


def known(http: httpx.Client) -> dict[str, str]:
    models = http.get("/control/v0/models?advanced=1").json()["models"]
    return {model["id"]: model["advanced"]["listed_by"] for model in models}


async def test_a_list_outlasts_its_catalogue_and_a_restart() -> None:
    cloud = FakeCloud(LISTING, key=KEY, open_list=True)
    await cloud.start()
    environ = {"OPENROUTER_BASE_URL": cloud.api_base, "OPENROUTER_API_KEY": KEY}
    async with Daemon(config="[discovery]\nlocal = false\n", environ=environ) as daemon:
        async with httpx.AsyncClient(base_url=daemon.url, timeout=30) as http:
            await http.post("/control/v0/discover", json={})
            told = (await http.get("/control/v0/models?advanced=1")).json()["models"]
            assert {(one["id"], one["tier"], one["advanced"]["listed_by"]) for one in told} == {
                ("openrouter/maker/gift:free", "free", "list"),
                ("openrouter/maker/big", "paid", "list"),
            }
            urls = (await http.get("/control/v0/urls")).json()["urls"]
            assert next(one["models"] for one in urls if one["name"] == "openrouter") == 2
        daemon.stop()
        await cloud.stop()
        daemon.start()
        with daemon.http() as http_again:
            http_again.post("/control/v0/discover", json={})
            assert known(http_again) == {
                "openrouter/maker/gift:free": "kept",
                "openrouter/maker/big": "kept",
            }
        assert KEY.encode() not in (daemon.state / "ledger.sqlite3").read_bytes()


async def test_a_page_that_was_set_is_the_page_after_a_restart() -> None:
    async with Daemon(config="[discovery]\nlocal = false\nremote = false\n") as daemon:
        page = "https://docs.example/models"
        with daemon.http(unix=True) as http:
            assert http.post("/control/v0/urls/zhipu", json={"url": page}).status_code == 200
        daemon.stop()
        daemon.start()
        with daemon.http(unix=True) as http:
            told = http.get("/control/v0/urls").json()["urls"]
            assert [one["docs_origin"] for one in told if one["docs"] == page] == ["command"]
            http.post("/control/v0/urls/zhipu", json={"url": None})
            told = http.get("/control/v0/urls").json()["urls"]
    assert {one["docs_origin"] for one in told} == {"known"}
