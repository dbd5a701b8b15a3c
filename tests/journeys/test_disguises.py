"""Answers that come in another guise than was asked for, and are right all the same."""

import httpx
import pytest

from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.fakes.packing import CODINGS
from tests.journeys.clock import Clock
from tests.journeys.conftest import Here, StartDaemon, StartEngine, chat
from tests.journeys.views import ANTHROPIC, OPENAI, Dialect, ask, attempts_at, attempts_of, streamed_and_plain

WRITTEN = len(answers.USUAL.pieces)

every_dialect = pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])


@pytest.fixture
async def engine(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("one")


@pytest.fixture
async def daemon(start_daemon: StartDaemon, engine: FakeEngine) -> Here:
    return await start_daemon(a=engine)


@every_dialect
@streamed_and_plain
@pytest.mark.parametrize("coding", CODINGS)
async def test_an_answer_that_is_compressed_unasked_is_read_and_passed_on_as_it_is(
    coding: str, stream: bool, dialect: Dialect, *, engine: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    engine.coding = coding
    told = await ask(http, daemon, stream=stream, dialect=dialect)
    assert told.is_whole
    assert (told.text, told.usage) == (answers.TEXT, (19, WRITTEN))
    assert "Content-Encoding" not in told.headers
    (seen,) = attempts_of(engine)
    assert seen.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("coding", CODINGS)
async def test_of_a_compressed_stream_every_word_is_passed_on_as_it_comes(
    coding: str, engine: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    engine.coding, engine.fault = coding, faults.stall(2)
    async with http.stream("POST", f"{daemon.api_base}/chat/completions", json=chat(stream=True)) as answer:
        pieces = answer.aiter_text()
        got = ""
        while answers.USUAL.pieces[1] not in got:
            got += await anext(pieces)
        engine.release()
        got += "".join([piece async for piece in pieces])
    assert got.endswith("data: [DONE]\n\n")


@streamed_and_plain
@pytest.mark.parametrize("coding", CODINGS)
async def test_an_error_that_is_compressed_is_understood(
    coding: str, stream: bool, engine: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    engine.coding, engine.fault = coding, faults.CONTEXT_LENGTH
    told = await ask(http, daemon, stream=stream)
    assert (told.status, told.error["code"]) == (400, "context_length_exceeded")
    assert "5017 tokens" in told.error["message"]


@every_dialect
@streamed_and_plain
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("fault", [faults.cut(2), faults.ends(2), faults.Fault(faults.Kind.TRUNCATED, 2)])
async def test_a_compressed_answer_that_is_cut_is_not_taken_for_a_whole_one(
    fault: faults.Fault,
    coding: str,
    stream: bool,
    dialect: Dialect,
    *,
    engine: FakeEngine,
    daemon: Here,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    engine.coding, engine.fault = coding, fault
    with clock.hurrying():
        told = await ask(patient, daemon, stream=stream, dialect=dialect)
    assert not told.is_whole
    assert told.error["src"] == "pointsman"


@every_dialect
@streamed_and_plain
@pytest.mark.parametrize(
    "kind", ["text/plain", "text/html; charset=iso-8859-1", "application/octet-stream", "?"]
)
async def test_an_answer_of_the_wrong_content_type_is_taken_for_what_it_is(
    kind: str, stream: bool, dialect: Dialect, *, engine: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    engine.headers["Content-Type"] = kind
    told = await ask(http, daemon, stream=stream, dialect=dialect)
    assert told.is_whole
    assert (told.text, told.usage) == (answers.TEXT, (19, WRITTEN))
    assert told.headers["Content-Type"].startswith("text/event-stream" if stream else "application/json")
    assert attempts_at(engine) == [1]


@every_dialect
@streamed_and_plain
async def test_an_answer_of_the_other_form_is_told_as_it_was_asked_for(
    stream: bool, dialect: Dialect, *, engine: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    engine.fault, engine.answer = faults.OTHERWISE, answers.Answer(text="one two three")
    told = await ask(http, daemon, stream=stream, dialect=dialect)
    assert told.is_whole
    assert told.text == "one two three"
    assert told.models == {"a/one"}
    assert attempts_at(engine) == [1]
