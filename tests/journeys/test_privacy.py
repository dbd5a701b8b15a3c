"""What leaves the machine: what may not, never; what does, once it is told; and nothing behind one's back."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from pointsman.catalogue.providers import PROVIDERS
from tests.fakes import faults
from tests.journeys.clock import Clock
from tests.journeys.conftest import HELLO, Here, StartDaemon, StartEngine
from tests.journeys.daemon import COMMAND, Daemon
from tests.journeys.views import ask, attempts_at, elsewhere

LOCAL = {"X-Pointsman-Privacy": "local"}
DEAF = "[discovery]\nlocal = false\nremote = false\n"  # it looks for nothing

# Before the daemon runs, everything that it looks up and connects to is noted, and only this machine is let.
WATCHED = """
import json, runpy, sys

def note(event, args):
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    elif event == "socket.sendto" and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    here = host.startswith("127.") or host in ("::1", "localhost", "None", "")
    if event == "socket.getaddrinfo" or not here:
        with open("asked", "a") as file:
            file.write(json.dumps([event, host]) + "\\n")
    if not here:
        raise OSError("no network in this test")

sys.modules["uvloop"] = None  # its sockets are C's, and seen by nobody
sys.addaudithook(note)
runpy.run_module("pointsman.cli.main", run_name="__main__", alter_sys=True)
"""


@asynccontextmanager
async def through_socket(daemon: Here) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.AsyncHTTPTransport(uds=str(daemon.socket))
    async with httpx.AsyncClient(
        base_url="http://localhost/control/v0", transport=transport, timeout=20
    ) as client:
        yield client


async def set_mode(daemon: Here, mode: str | None) -> Any:
    async with through_socket(daemon) as control:
        response = await control.post("/mode", json={"mode": mode})
    assert response.status_code == 200, response.text
    return response.json()


async def status_of(http: httpx.AsyncClient, daemon: Here) -> Any:
    return (await http.get(f"{daemon.url}/control/v0/status")).json()


# -- what is marked


async def test_a_private_request_fails_with_its_engine_and_goes_to_no_cloud(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient, clock: Clock
) -> None:
    here, cloud = await start_engine("one"), await start_engine("one", llama=False)
    daemon = await start_daemon(elsewhere(cloud=cloud), here=here)
    url, body = f"{daemon.url}/v1/chat/completions", {"model": "auto", "messages": HELLO}
    assert (await http.post(url, json=body, headers=LOCAL)).status_code == 200
    for fault in (faults.RESET, faults.status(500), faults.EMPTY, faults.cut(0)):
        here.fault = fault
        refused = await http.post(url, json=body, headers=LOCAL)
        assert refused.status_code == 503
    await here.stop()
    for _ in range(2):
        refused = await http.post(url, json=body, headers=LOCAL)
        assert refused.status_code == 503
    assert "marked local, and this model is not on this machine" in refused.json()["error"]["message"]
    assert attempts_at(cloud) == [0]
    assert (await http.post(url, json=body)).headers["X-Pointsman-Model"] == "cloud/one"


async def test_what_must_not_be_trained_on_goes_to_nobody_of_whom_nothing_is_known(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud = await start_engine("one", llama=False)
    daemon = await start_daemon(elsewhere(cloud=cloud))
    marked = {"X-Pointsman-Privacy": "no-train"}
    refused = await http.post(
        f"{daemon.url}/v1/chat/completions", json={"model": "auto", "messages": HELLO}, headers=marked
    )
    assert refused.status_code == 503
    assert "not known not to train on prompts" in refused.json()["error"]["message"]
    assert attempts_at(cloud) == [0]


async def test_whom_the_user_trusts_not_to_train_on_prompts_is_asked(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud, sworn = await start_engine("one", llama=False), await start_engine("one", llama=False)
    daemon = await start_daemon(elsewhere(cloud=cloud) + elsewhere(sworn=sworn) + "trains = false\n")
    answer = await http.post(
        f"{daemon.url}/v1/chat/completions",
        json={"model": "auto", "messages": HELLO},
        headers={"X-Pointsman-Privacy": "no-train"},
    )
    assert answer.headers["X-Pointsman-Model"] == "sworn/one"


# -- modes


async def test_in_local_only_nothing_goes_elsewhere_and_normal_ends_it(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud = await start_engine("one", llama=False)
    daemon = await start_daemon(elsewhere(cloud=cloud))
    assert await set_mode(daemon, "local-only") == {"mode": "local-only", "origin": "command"}
    for name in ("auto", "cloud/one"):
        told = await ask(http, daemon, name)
        assert told.status == 503
        assert "the mode is local-only, and it is not on this machine" in told.error["message"]
    assert attempts_at(cloud) == [0]
    await set_mode(daemon, "normal")
    assert (await ask(http, daemon)).status == 200


async def test_paused_answers_nothing_at_once_and_says_how_to_go_on(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    here = await start_engine("one")
    daemon = await start_daemon(here=here)
    await set_mode(daemon, "paused")
    told = await ask(http, daemon)
    assert (told.status, told.headers["x-should-retry"]) == (503, "false")
    assert "`pointsman mode normal` lets it answer again" in told.error["message"]
    status = await status_of(http, daemon)
    assert status["mode"] == {"mode": "paused", "origin": "command"}
    assert status["summary"].startswith("Pointsman is paused")
    assert attempts_at(here) == [0]
    assert await set_mode(daemon, None) == {"mode": "normal", "origin": "configuration"}
    assert (await ask(http, daemon)).status == 200


async def test_a_mode_counts_for_requests_that_are_under_way(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    here, cloud = await start_engine("one"), await start_engine("one", llama=False)
    daemon = await start_daemon(elsewhere(cloud=cloud), here=here)
    here.fault = faults.LATE_RESET
    asking = asyncio.ensure_future(ask(http, daemon, stream=True))
    seen = await here.chat()
    await seen.waiting.wait()
    await set_mode(daemon, "local-only")
    here.fault = faults.RESET
    seen.release.set()
    told = await asking
    assert "the mode is local-only" in told.raw
    assert attempts_at(cloud) == [0]


async def test_only_the_sockets_owner_may_change_it(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(here=await start_engine("one"))
    refused = await http.post(f"{daemon.url}/control/v0/mode", json={"mode": "paused"})
    assert refused.status_code == 403
    async with through_socket(daemon) as control:
        for body in ({"mode": "off"}, {}, {"mode": "paused", "for": 5}, ["paused"]):
            wrong = await control.post("/mode", json=body)
            assert (wrong.status_code, "normal, no-paid, local-only, paused" in wrong.text) == (400, True)
    assert (await http.get(f"{daemon.url}/control/v0/mode")).json()["mode"] == "normal"


def mode_of(daemon: Daemon) -> Any:
    with daemon.http() as http:
        return http.get("/control/v0/mode").json()


def test_what_a_command_set_outlasts_a_crash_and_wins_over_the_file() -> None:
    config = DEAF + '[privacy]\nmode = "no-paid"\n'
    with Daemon(config=config) as daemon:
        assert mode_of(daemon) == {"mode": "no-paid", "origin": "configuration"}
        with daemon.http(unix=True) as control:
            control.post("/control/v0/mode", json={"mode": "paused"}).raise_for_status()
        daemon.kill()
        daemon.start()
        assert mode_of(daemon) == {"mode": "paused", "origin": "command"}
        with daemon.http(unix=True) as control:
            control.post("/control/v0/mode", json={"mode": None}).raise_for_status()
        daemon.kill()
        daemon.start()
        assert mode_of(daemon) == {"mode": "no-paid", "origin": "configuration"}


def test_a_daemon_that_can_not_know_what_was_ruled_out_does_not_start() -> None:
    daemon = Daemon(config=DEAF)
    daemon.state.mkdir()
    (daemon.state / "settings.json").write_text("{", encoding="utf-8")
    try:
        daemon.launch()
        assert daemon.ended() == 1
        assert "settings.json, what commands have set, can't be read" in daemon.stderr
    finally:
        daemon.close()


# -- what left


async def test_the_first_time_that_a_programs_prompts_leave_is_told_once(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    here, cloud = await start_engine("one"), await start_engine("one", llama=False)
    daemon = await start_daemon(elsewhere(cloud=cloud), here=here)
    with daemon.rooms.bus.watch() as watcher:
        for app, name in (
            ("aider", "auto"),
            ("aider", "cloud/one"),
            ("aider", "cloud/one"),
            ("", "cloud/one"),
        ):
            await http.post(
                f"{daemon.url}/v1/chat/completions",
                json={"model": name, "messages": HELLO},
                headers={"X-Pointsman-App": app},
            )
        told = []
        while happening := await watcher.next(timeout=0):
            if happening.kind == "privacy.left":
                told.append(dict(happening.data))
    assert told == [
        {"app": "aider", "to": "cloud", "model": "cloud/one"},
        {"app": "unknown", "to": "cloud", "model": "cloud/one"},
    ]
    (gone,) = (await status_of(http, daemon))["gone"]
    assert (gone["to"], gone["programs"], gone["first"]) == ("cloud", 2, "aider")


# -- what nobody asked for


@dataclass(frozen=True, slots=True)
class Watched:
    """A daemon that leaves a note of whatever it looks up or connects to elsewhere."""

    daemon: Daemon

    def asked(self) -> set[str]:
        notes = self.daemon.folder / "asked"
        lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
        hosts = {str(json.loads(line)[1]) for line in lines}
        return hosts - {"localhost", "127.0.0.1", "::1", "None", ""}

    def live(self) -> None:
        """Everything is looked for, and everything is asked for."""
        with self.daemon.http(unix=True) as http:
            http.post("/control/v0/discover", json={}).raise_for_status()
            for name in ("auto", "openrouter/any", "cloud/any"):
                answer = http.post("/v1/chat/completions", json={"model": name, "messages": HELLO})
                assert answer.status_code in (404, 503), answer.text
            http.get("/v1/models").raise_for_status()
            http.get("/control/v0/status").raise_for_status()


CLOUD = '[providers.cloud]\napi_base = "http://cloud.invalid/v1"\ntier = "free"\n'


def watched(config: str) -> Daemon:
    command: Sequence[str] = (sys.executable, "-c", WATCHED, *COMMAND[3:])
    own = {name: "" for row in PROVIDERS for name in row.base_env}  # where they really are
    return Daemon(config=config, command=command, environ=own)


def hosts_of_open_lists() -> set[str]:
    return {httpx.URL(row.base_url).host for row in PROVIDERS if row.open_list}


def test_without_a_key_only_lists_that_are_open_are_asked_for() -> None:
    with watched("[discovery]\nlocal = false\n") as daemon:
        watch = Watched(daemon)
        watch.live()
        assert watch.asked() == hosts_of_open_lists()


async def test_of_an_open_list_nothing_but_the_list_is_asked(start_engine: StartEngine) -> None:
    cloud = await start_engine("any", llama=False)
    address = {name: cloud.api_base for row in PROVIDERS if row.open_list for name in row.base_env}
    async with Daemon(config="[discovery]\nlocal = false\n", environ=address) as daemon:
        await asyncio.to_thread(Watched(daemon).live)
    assert {(seen.method, seen.path) for seen in cloud.seen} == {("GET", "/v1/models")}
    assert all("Authorization" not in seen.headers for seen in cloud.seen)


def test_with_remote_off_nothing_at_all_is_sent() -> None:
    with watched(DEAF + CLOUD) as daemon:
        watch = Watched(daemon)
        watch.live()
        assert watch.asked() == set()


def test_the_watch_sees_what_there_is_to_see() -> None:
    with watched("[discovery]\nlocal = false\n" + CLOUD) as daemon:
        watch = Watched(daemon)
        watch.live()
        assert "cloud.invalid" in watch.asked()
