"""GET status."""

import time
from dataclasses import replace
from pathlib import Path

from pointsman.calls import Excluded, Outlook
from pointsman.dates import Calendar
from pointsman.ledger.queries import Reader
from pointsman.routing.classify import classify
from pointsman.routing.names import Names
from pointsman.routing.policy import decide
from pointsman.routing.resolve import resolve
from pointsman.server.control import advice
from pointsman.server.control.shapes import StatusShape
from pointsman.server.control.status import TYPICAL, read_past
from pointsman.types import FoundBy, Health, Place, Snapshot, Tier
from pointsman.wire.formats import FORMATS
from tests.fakes.records import TASK, attempt, decision, record
from tests.server.control.conftest import SECRET, STARTED_AT, Client, House, endpoint, model


async def status_of(client: Client) -> StatusShape:
    response = await client.get("/control/v0/status")
    assert response.status == 200
    assert SECRET not in await response.text()
    answer: StatusShape = await response.json()
    return answer


async def test_a_daemon_that_has_just_started_says_that_it_still_looks(client: Client, house: House) -> None:
    status = await status_of(client)
    assert status.keys() == StatusShape.__annotations__.keys()
    assert status["summary"] == "Still looking around: the first look is not over."
    assert (status["version"], status["pid"], status["url"]) == ("1.2.3", 4711, "http://127.0.0.1:11711")
    assert status["uptime"] > time.time() - STARTED_AT - 60
    assert (status["endpoints"], status["swept_ago"], status["hints"]) == ([], None, [])
    assert (status["last_request"], status["today"]) == (None, {})
    assert status["looked_for"] == ["an engine on 127.0.0.1:8080"]


async def test_what_answers_is_told_with_its_place_and_tier(client: Client, house: House) -> None:
    place = endpoint()
    house.find(place, model(place), model(place, "small"))
    await house.rooms.sweeper.sweep("test")
    status = await status_of(client)
    told = "Answers come from llama-server/qwen (local), with 1 model behind it; nothing leaves this machine."
    assert status["summary"] == told
    assert status["models"] == {"local": 2, "free": 0, "paid": 0, "unknown": 0}
    assert status["states"] == {"local": {"loaded": 2}}
    assert status["swept_ago"] is not None
    assert status["endpoints"] == [
        {
            "id": "llama-server",
            "provider": "llama-server",
            "title": "llama.cpp server",
            "place": "http://llama-server.localhost:8080/v1",
            "tier": "local",
            "tiers": ["local"],
            "health": "up",
            "note": "",
            "build": "",
            "models": 2,
            "found_by": "port",
        }
    ]


async def test_a_free_model_behind_a_local_one_means_that_prompts_may_leave(
    client: Client, house: House
) -> None:
    near, far = endpoint(), endpoint("cloud", tier=Tier.FREE, place=Place("https://cloud.test/v1"))
    house.find(near, model(near))
    house.find(far, model(far))
    await house.rooms.sweeper.sweep("test")
    assert (await status_of(client))["summary"].endswith("prompts may leave this machine.")


async def test_nothing_found_says_what_to_do(client: Client, house: House) -> None:
    await house.rooms.sweeper.sweep("test")
    status = await status_of(client)
    assert status["summary"] == "No model was found."
    assert len(status["hints"]) == 1
    assert "start a local engine" in status["hints"][0]


async def test_where_models_only_want_a_key_that_is_the_first_thing_said(
    client: Client, house: House
) -> None:
    note = "needs sign-in: pointsman keys set cloud"
    cloud = endpoint("cloud", tier=Tier.PAID, health=Health.SIGN_IN, note=note, found_by=FoundBy.OPEN)
    house.find(cloud, model(cloud, "a", tier=Tier.FREE), model(cloud, "b", tier=Tier.FREE))
    await house.rooms.sweeper.sweep("test")
    status = await status_of(client)
    assert status["summary"] == "No model can answer yet: 2 models found, for which a key is needed."
    assert status["hints"][0] == f"2 models of cloud would cost nothing: {note}"
    assert not any(hint.startswith("nothing was found") for hint in status["hints"])


async def test_what_is_not_used_is_told_with_what_to_mend(client: Client, house: House) -> None:
    unknown = endpoint(
        "generic-9000", tier=None, place=Place("http://127.0.0.1:9000/v1"), note="name its tier"
    )
    closed = endpoint("mine", health=Health.REFUSED, note="the key is wrong", found_by=FoundBy.CONFIG)
    dear = endpoint("cloud", tier=Tier.PAID, place=Place("https://cloud.test/v1"), found_by=FoundBy.CONFIG)
    gone = endpoint("nas", health=Health.AWAY, note="no route to host", found_by=FoundBy.CONFIG)
    house.find(unknown, model(unknown))
    house.find(closed, model(closed))
    house.find(dear, model(dear, "a"), model(dear, "b"))
    house.find(gone)
    await house.rooms.sweeper.sweep("test")
    status = await status_of(client)
    assert status["summary"] == "No model can answer now: 4 are known, and each is left out for a reason."
    assert status["hints"] == [
        "mine is not used: the key is wrong",
        "nas is away: no route to host",
        "an unknown server at http://127.0.0.1:9000/v1 is not used: name its tier",
        (
            "2 models of cloud are not used: its price is not known, and a budget is to be kept: "
            'say what it costs under [prices."cloud/a"], or let the budget have `unpriced = true`'
        ),
    ]


async def test_who_was_turned_away_today_is_told(client: Client, house: House) -> None:
    place = endpoint()
    house.find(place, model(place, context=4_096))
    await house.rooms.sweeper.sweep("test")
    task = replace(TASK, prompt_tokens=28_000)
    small = decision(task=task, excluded=(Excluded("context", "it is too small", ("llama-server/qwen",)),))
    house.rooms.writer.enqueue(record("new", time.time(), app="editor", decision=small))
    house.rooms.writer.flush().result(10)
    (hint,) = (await status_of(client))["hints"]
    assert hint.startswith("editor sent about 28,000 tokens, and llama-server/qwen has 4,096 of context: ")


async def test_models_in_a_place_that_is_away_are_counted_so(client: Client, house: House) -> None:
    gone = endpoint(health=Health.AWAY)
    house.find(gone, model(gone), model(gone, "small"))
    await house.rooms.sweeper.sweep("test")
    assert (await status_of(client))["states"] == {"local": {"away": 2}}


def test_where_auto_means_a_model_that_nobody_serves_that_is_said_and_what_to_do() -> None:
    there = endpoint()
    known = Snapshot(1, (there,), (model(there),), swept_at=1.0)
    wanted = resolve("auto", Names(aliases={"main": "anthropic/claude"}), known)
    task = classify(FORMATS["openai.chat"].decode(TYPICAL, {}))
    assert advice.summary(known, decide("d", wanted, task, known, Outlook())) == (
        "No model can answer now: auto means main = anthropic/claude, which nothing serves now. "
        'Change main under [models], or add "local" to main under [fallback].'
    )


def test_where_auto_means_a_model_that_is_left_out_it_is_named() -> None:
    there = endpoint("cloud", tier=Tier.PAID)
    known = Snapshot(1, (there,), (model(there),), swept_at=1.0)
    wanted = resolve("auto", Names(aliases={"main": "cloud/qwen"}), known)
    task = classify(FORMATS["openai.chat"].decode(TYPICAL, {}))
    told = advice.summary(known, decide("d", wanted, task, known, Outlook()))
    assert "auto means main = cloud/qwen, which is left out for a reason" in told


async def test_todays_requests_are_summed_and_the_last_is_named(client: Client, house: House) -> None:
    now = time.time()
    today = Calendar().day(now)
    tried = (attempt(cost=None, day=today), attempt(day=today))
    house.rooms.writer.enqueue(record("old", now - 86_400, day=today - 1))
    house.rooms.writer.enqueue(record("new", now, app="aider", day=today, attempts=tried))
    house.rooms.writer.flush().result(10)
    status = await status_of(client)
    assert status["today"] == {
        "local": {"requests": 1, "input_tokens": 200, "output_tokens": 40, "cost": 0, "unpriced": 1}
    }
    assert status["last_request"] == {
        "id": "new",
        "at": now,
        "app": "aider",
        "model": "local/tiny",
        "tier": "local",
        "status": 200,
    }


def test_a_ledger_that_can_not_be_read_is_told_and_fails_nothing(tmp_path: Path) -> None:
    missing = tmp_path / "ledger.sqlite3"
    past = read_past(Reader(missing), Calendar(), time.time())
    assert str(missing) in past.trouble
    assert (past.last, past.today) == (None, ())


async def test_failed_jobs_and_sources_are_told_and_sound_ones_are_not(client: Client, house: House) -> None:
    sick = house.jobs.reports[1]
    sick.failures, sick.error = 2, "boom"
    house.source.error = OSError("no network")
    await house.rooms.sweeper.sweep("test")
    failed = (await status_of(client))["failed_jobs"]
    assert [job["name"] for job in failed] == ["sick", "looking for given"]
    assert failed[0] == {"name": "sick", "failures": 2, "error": "boom"}
    assert "no network" in failed[1]["error"]


def test_an_endpoint_in_a_socket_is_told_by_its_path() -> None:
    assert str(replace(Place("http://localhost/v1"), socket="/run/e.sock")) == "unix:/run/e.sock"
