"""What a client gets when all is well: the model's own words, told truly who said them."""

import json

import httpx
import pytest

from tests.fakes import answers
from tests.fakes.answers import Answer
from tests.journeys.conftest import StartDaemon, StartEngine, chat


async def test_a_plain_answer_is_the_engines_own_but_for_the_models_name(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("tiny")
    daemon = await start_daemon(a=engine)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat(seed=2**70, custom={"x": 1.10}))
    expected = json.loads(answers.completion(answers.USUAL, "a/tiny"))
    assert got.status_code == 200
    assert got.json() == expected
    assert (await engine.chat()).body == chat("tiny", seed=2**70, custom={"x": 1.10})


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
async def test_the_headers_say_who_answered_and_why(
    unix: bool, start_engine: StartEngine, start_daemon: StartDaemon
) -> None:
    daemon = await start_daemon(a=await start_engine("tiny"))
    transport = httpx.AsyncHTTPTransport(uds=str(daemon.socket) if unix else None)
    async with httpx.AsyncClient(transport=transport, base_url=daemon.url) as http:
        headers = (await http.post("/v1/chat/completions", json=chat())).headers
    assert headers["X-Pointsman-Model"] == "a/tiny"
    assert headers["X-Pointsman-Tier"] == "local"
    assert headers["X-Pointsman-Reason"] == "ladder:local"
    assert headers["X-Pointsman-Attempts"] == "1"
    assert headers["X-Pointsman-Cost"] == "0"
    assert headers["X-Pointsman-Decision"]
    assert "Access-Control-Allow-Origin" not in headers


async def test_a_stream_is_whole_and_keeps_usage_from_those_who_did_not_ask(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("tiny")
    daemon = await start_daemon(a=engine)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat(stream=True))
    chunks = events(got.text)
    assert got.headers["Content-Type"] == "text/event-stream"
    assert got.headers["X-Pointsman-Cost-Max"] == "0"
    assert text_of(chunks) == answers.TEXT
    assert {chunk["model"] for chunk in chunks} == {"a/tiny"}
    assert not any("usage" in chunk for chunk in chunks)
    assert got.text.endswith("data: [DONE]\n\n")
    assert (await engine.chat()).wants_usage


async def test_a_stream_brings_usage_to_those_who_asked(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(a=await start_engine("tiny"))
    body = chat(stream=True, stream_options={"include_usage": True})
    got = await http.post(f"{daemon.api_base}/chat/completions", json=body)
    assert events(got.text)[-1]["usage"] == answers.USUAL.usage


async def test_the_ledger_has_the_same_usage_of_a_stream_and_of_a_plain_answer(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(a=await start_engine("tiny", answer=Answer(text="one two three")))
    for stream in (True, False):
        await http.post(f"{daemon.api_base}/chat/completions", json=chat(stream=stream))
        last = await http.get(f"{daemon.url}/control/v0/decisions/last")
        attempt = last.json()["attempts"][-1]
        assert (attempt["outcome"], attempt["input_tokens"], attempt["output_tokens"]) == ("ok", 19, 3), (
            attempt
        )


async def test_the_models_that_can_be_asked_are_listed_auto_first(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    plain = await start_engine("other", llama=False)
    daemon = await start_daemon(
        f'[providers.b]\ntier = "free"\napi_base = "{plain.api_base}"\n[models]\nquick = "a/tiny"\n',
        a=await start_engine("tiny"),
    )
    listed = (await http.get(f"{daemon.api_base}/models")).json()["data"]
    assert [one["id"] for one in listed] == ["auto", "quick", "a/tiny", "b/other"]
    one = await http.get(f"{daemon.api_base}/models/a/tiny")
    assert one.json()["id"] == "a/tiny"


async def test_local_is_asked_before_free_and_paid_never_without_a_price(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    local, free, paid = [
        await start_engine(name, llama=name == "local") for name in ("local", "free", "paid")
    ]
    daemon = await start_daemon(
        f'[providers.a]\napi_base = "{paid.api_base}"\n'
        f'[providers.b]\ntier = "free"\napi_base = "{free.api_base}"\n',
        z=local,
    )
    assert await answered_by(http, daemon.url) == "z/local"
    await local.stop()
    assert await answered_by(http, daemon.url) == "b/free"
    await free.stop()
    refused = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert refused.status_code == 503
    refused = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert "its price is not known" in refused.json()["error"]["message"]
    assert paid.chats == []


async def test_what_a_client_sends_as_its_key_goes_no_further(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("tiny")
    daemon = await start_daemon(a=engine)
    headers = {"Authorization": "Bearer sk-client", "x-api-key": "sk-client", "Cookie": "a=b"}
    await http.post(f"{daemon.api_base}/chat/completions", json=chat(), headers=headers)
    sent = (await engine.chat()).headers
    assert not {"Authorization", "x-api-key", "Cookie", "X-Pointsman-App"} & set(sent)
    assert sent["Accept-Encoding"] == "identity"


def events(body: str) -> list[dict[str, object]]:
    """The stream's chunks, without its end."""
    data = [line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: ")]
    return [json.loads(one) for one in data if one != "[DONE]"]


def text_of(chunks: list[dict[str, object]]) -> str:
    choices = [choice for chunk in chunks for choice in chunk["choices"]]  # type: ignore[attr-defined]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def said(got: httpx.Response) -> str:
    """The text of a plain or a streamed answer."""
    if got.headers["Content-Type"].startswith("text/event-stream"):
        return text_of(events(got.text))
    return str(got.json()["choices"][0]["message"]["content"])


async def answered_by(http: httpx.AsyncClient, url: str) -> str:
    got = await http.post(f"{url}/v1/chat/completions", json=chat())
    assert got.status_code == 200, got.text
    return got.headers["X-Pointsman-Model"]
