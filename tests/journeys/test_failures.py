"""When an engine fails: another answers before the first byte, and after it nobody is told half is whole."""

import json

import httpx
import pytest

from tests.fakes import answers, faults
from tests.fakes.faults import Fault
from tests.journeys.conftest import StartDaemon, StartEngine, chat
from tests.journeys.test_answers import events, text_of

BEFORE_CONTENT_STREAMED = {
    "503": faults.status(503),
    "429": faults.status(429, retry_after="2"),
    "401": faults.status(401),
    "404": faults.status(404),
    "reset before headers": faults.RESET,
    "cut before content": faults.cut(0),
    "ends before content": faults.ends(0),
    "empty answer": faults.EMPTY,
    "error event before content": faults.error_in_200(0),
    "a web page": faults.WRONG_TYPE,
    "too long for its context": faults.CONTEXT_LENGTH,
}
PLAIN = {
    **BEFORE_CONTENT_STREAMED,
    "cut in the middle": faults.cut(1),
    "truncated": faults.TRUNCATED,
    "not JSON": faults.malformed(0),
}


@pytest.mark.parametrize("fault", BEFORE_CONTENT_STREAMED.values(), ids=BEFORE_CONTENT_STREAMED)
async def test_a_stream_that_fails_before_its_first_content_is_answered_by_the_next(
    fault: Fault, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault = fault
    daemon = await start_daemon(a=first, b=second)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat(stream=True))
    assert text_of(events(got.text)) == answers.TEXT
    assert got.headers["X-Pointsman-Model"] == "b/two"
    assert 1 <= len(first.chats) <= 2


@pytest.mark.parametrize("fault", PLAIN.values(), ids=PLAIN)
async def test_a_plain_answer_that_fails_in_any_way_is_given_by_the_next(
    fault: Fault, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault = fault
    daemon = await start_daemon(a=first, b=second)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.json() == json.loads(answers.completion(answers.USUAL, "b/two"))
    assert int(got.headers["X-Pointsman-Attempts"]) == len(first.chats) + 1


@pytest.mark.parametrize("fault", [faults.status(500), faults.status(502), faults.RESET])
async def test_what_may_have_been_a_hiccup_is_tried_once_more_at_the_same_place(
    fault: Fault, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.faults(fault)
    daemon = await start_daemon(a=engine)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.status_code == 200
    assert got.headers["X-Pointsman-Attempts"] == "2"


async def test_six_attempts_are_made_and_no_more_second_tries_among_them(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engines = {name: await start_engine(name) for name in ("a", "b", "c", "d", "e")}
    for engine in engines.values():
        engine.fault = faults.status(500)
    engines["a"].fault = faults.status(503)
    daemon = await start_daemon(**engines)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert (got.status_code, got.headers["X-Pointsman-Attempts"]) == (503, "6")
    assert [len(engine.chats) for engine in engines.values()] == [1, 2, 2, 1, 0]


@pytest.mark.parametrize("fault", [faults.cut(2), faults.ends(2)], ids=["cut", "ends"])
async def test_a_stream_cut_after_content_ends_in_an_error_and_without_an_end(
    fault: Fault, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault = fault
    daemon = await start_daemon(a=first, b=second)
    got = bytearray()
    with pytest.raises(httpx.RemoteProtocolError):
        await read_into(got, http, f"{daemon.api_base}/chat/completions")
    *chunks, last = events(got.decode())
    assert answers.TEXT.startswith(text_of(chunks))
    assert text_of(chunks)
    assert last["error"]["src"] == "pointsman"  # type: ignore[index]
    assert b"[DONE]" not in got
    assert second.chats == []
    record = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    assert record["attempts"][0]["outcome"] == "cut"


async def test_a_stream_without_done_but_with_a_finish_reason_is_whole(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.fault = faults.NO_DONE
    daemon = await start_daemon(a=engine)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat(stream=True))
    assert text_of(events(got.text)) == answers.TEXT
    assert got.text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize("fault", [faults.DRIP, faults.malformed(2)], ids=["drip", "one malformed event"])
async def test_a_stream_in_odd_pieces_arrives_whole(
    fault: Fault, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.fault = fault
    daemon = await start_daemon(a=engine)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat(stream=True))
    assert text_of(events(got.text)) == answers.TEXT


async def test_a_request_that_the_engine_calls_wrong_is_asked_nowhere_else(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault = faults.CONTENT_FILTER
    daemon = await start_daemon(a=first, b=second)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.status_code == 400
    assert "filtered" in got.json()["error"]["message"]
    assert (len(first.chats), len(second.chats)) == (1, 0)


async def test_what_one_engine_calls_wrong_another_may_take(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault = faults.status(400)
    daemon = await start_daemon(a=first, b=second)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.headers["X-Pointsman-Model"] == "b/two"
    assert len(first.chats) == 1


async def test_what_every_engine_calls_wrong_is_the_clients_to_mend(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.fault = faults.status(422)
    daemon = await start_daemon(a=engine)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat("one"))
    assert got.status_code == 422
    assert "fake trouble 422" in got.json()["error"]["message"]
    assert len(engine.chats) == 1


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
async def test_an_engine_that_serves_another_model_by_now_does_not_answer_for_the_old_one(
    stream: bool, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    daemon = await start_daemon(a=engine)
    engine.models = ("other",)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat("one", stream=stream))
    assert got.status_code == 503
    assert "answers as 'other' now" in got.json()["error"]["message"]
    await http.post(f"{daemon.url}/control/v0/discover")
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat("other", stream=stream))
    assert got.headers["X-Pointsman-Model"] == "a/other"


async def test_an_engine_that_serves_another_model_by_now_makes_no_vectors_for_the_old_one(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    daemon = await start_daemon(a=engine)
    body = {"model": "one", "input": "Hello"}
    got = await http.post(f"{daemon.api_base}/embeddings", json=body)
    assert (got.status_code, got.json()["model"]) == (200, "a/one")
    engine.models = ("other",)
    got = await http.post(f"{daemon.api_base}/embeddings", json=body)
    assert got.status_code == 503
    assert "answers as 'other' now" in got.json()["error"]["message"]


async def test_when_all_fail_the_error_names_every_attempt(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault, second.fault = faults.status(503), faults.EMPTY
    daemon = await start_daemon(a=first, b=second)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat(stream=True))
    assert got.status_code == 503
    message = got.json()["error"]["message"]
    assert "a/one: it answered 503: fake trouble 503" in message
    assert "b/two: its answer is empty" in message
    assert got.headers["x-should-retry"] == "false"


async def test_after_an_engine_is_gone_the_next_request_is_answered_by_the_other_and_then_refused_at_once(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    daemon = await start_daemon(a=first, b=second)
    await first.stop()
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.headers["X-Pointsman-Model"] == "b/two"
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.headers["X-Pointsman-Attempts"] == "1"  # the first one is known to be away
    await second.stop()
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.status_code == 503
    await first.start()
    await http.post(f"{daemon.url}/control/v0/discover")
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.headers["X-Pointsman-Model"] == "a/one"


async def test_a_named_model_is_never_replaced(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault = faults.status(503)
    daemon = await start_daemon(a=first, b=second)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat("one"))
    assert got.status_code == 503
    assert second.chats == []


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
async def test_a_client_that_leaves_takes_the_upstream_call_with_it(
    stream: bool, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.fault = faults.stall(2)
    daemon = await start_daemon(a=engine)
    async with httpx.AsyncClient(trust_env=False, timeout=0.5) as hasty:
        with pytest.raises(httpx.ReadTimeout):
            await hasty.post(f"{daemon.api_base}/chat/completions", json=chat(stream=stream))
    seen = await engine.chat()
    await seen.closed.wait()
    record = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    assert record["attempts"][0]["outcome"] == "cancelled"


async def read_into(got: bytearray, http: httpx.AsyncClient, url: str) -> None:
    """What comes of a streamed answer is in `got`, even if the connection breaks."""
    async with http.stream("POST", url, json=chat(stream=True)) as answer:
        async for piece in answer.aiter_bytes():
            got += piece
