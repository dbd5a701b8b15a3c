"""A place that is down for all its models, or says not now for all of them, keeps nobody from another."""

import httpx
import pytest

from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.journeys.clock import Clock
from tests.journeys.conftest import StartDaemon, StartEngine
from tests.journeys.views import ask, attempts_of, elsewhere, streamed_and_plain

MANY = tuple(f"m{number:02}" for number in range(24))  # models of one place
UNNAMED = {"error": {"message": "boom"}}


async def test_a_place_whose_models_all_fail_does_not_use_up_what_others_could_answer(
    start_engine: StartEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    many, well = await start_engine(*MANY, key="sk-a"), await start_engine("zz", key="sk-b")
    daemon = await start_daemon(elsewhere(a=many, b=well))
    many.fault = faults.status(502)
    with clock.hurrying():
        for _ in range(8):
            told = await ask(patient, daemon)
            assert (told.text, told.headers["X-Pointsman-Model"]) == (answers.TEXT, "b/zz")
            assert told.attempts <= 3
            clock.advance(3)


async def test_where_the_user_has_named_the_order_it_holds(
    start_engine: StartEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    many, well = await start_engine(*MANY, key="sk-a"), await start_engine("zz", key="sk-b")
    order = ", ".join(f'"a/{name}"' for name in MANY[1:3])
    fallback = f'[models]\nmain = "a/{MANY[0]}"\n[fallback]\nmain = [{order}, "b/zz"]\n'
    daemon = await start_daemon(elsewhere(a=many, b=well) + fallback)
    many.fault = faults.status(503)
    with clock.hurrying():
        told = await ask(patient, daemon)
    assert (told.text, told.headers["X-Pointsman-Model"]) == (answers.TEXT, "b/zz")
    assert [seen.body["model"] for seen in attempts_of(many)] == list(MANY[:3])


@pytest.mark.parametrize(
    "fault",
    [faults.RESET, faults.cut(2), faults.ends(2), faults.WRONG_TYPE, faults.error_in_200(body=UNNAMED)],
    ids=["reset", "cut", "ends", "a web page", "an error without a code"],
)
async def test_who_always_hangs_up_is_left_alone_for_longer_and_longer(
    fault: faults.Fault,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    daemon = await start_daemon(elsewhere(a=one, b=two))
    one.fault = fault
    for _ in range(30):
        assert (await ask(patient, daemon)).headers["X-Pointsman-Model"] == "b/two"
        clock.advance(1)
    assert len(attempts_of(one)) <= 2 * 5
    assert daemon.rooms.router.limits()


SAID = {
    "quota": (
        faults.status(429, answers.error(429, "You exceeded your quota", "insufficient_quota"), "60"),
        429,
    ),
    "402": (faults.status(402, answers.error(402, "Insufficient credits", "payment_required"), "60"), 503),
    "401": (faults.status(401), 503),
    "free a minute": (
        faults.status(429, answers.error(429, "Rate limit exceeded: free-models-per-min", "x"), "60"),
        429,
    ),
}


@pytest.mark.parametrize(("fault", "status"), SAID.values(), ids=SAID)
@pytest.mark.parametrize("key", ["sk-a", ""], ids=["with a key", "without"])
async def test_who_says_not_now_is_not_asked_before_whether_he_wants_a_key_or_not(
    fault: faults.Fault,
    status: int,
    key: str,
    *,
    start_engine: StartEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    engine = await start_engine("x", "y", key=key, llama=False)
    engine.fault = fault
    config = elsewhere(a=engine)
    daemon = await start_daemon(config if key else config.replace('api_key = "sk-a"\n', ""))
    with clock.hurrying():
        told = [await ask(patient, daemon, "a/x") for _ in range(5)]
    assert {one.status for one in told} == {status}
    assert len(attempts_of(engine)) == 1
    assert daemon.rooms.router.limits()


@streamed_and_plain
async def test_who_has_nobody_behind_him_is_asked_again_when_a_held_answer_is_cut(
    stream: bool, one: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    one.faults(faults.cut(2))
    daemon = await start_daemon(elsewhere(a=one) + '[streams]\nhold = "whole"\ncollect = true\n')
    told = await ask(patient, daemon, "a/one", stream=stream)
    assert told.is_whole
    assert (told.text, told.attempts) == (answers.TEXT, 2)


async def test_a_key_that_is_repeated_in_the_midst_of_a_stream_does_not_reach_the_client(
    start_engine: StartEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    engine = await start_engine("one", key="sk-a", answer=answers.Answer(text="No user has sk-a here."))
    daemon = await start_daemon(elsewhere(a=engine))
    told = await ask(patient, daemon, stream=True)
    assert told.is_whole
    assert told.text == "No user has (the key) here."
