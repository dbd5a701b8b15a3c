"""Anthropic's dialect on its way: passed on as it came, to those who speak it, and to no one else."""

import json
from contextlib import suppress

import httpx
import pytest

from tests.fakes import answers, faults, messages
from tests.fakes.answers import Answer
from tests.fakes.engine import FakeEngine
from tests.journeys.conftest import HELLO, Here, StartDaemon, StartEngine, chat

VERSION = {"anthropic-version": "2023-06-01"}


def asked(model: str = "auto", **more: object) -> dict[str, object]:
    return {"model": model, "max_tokens": 9, "messages": HELLO, **more}


def sent(engine: FakeEngine) -> list[str]:
    """The paths of the messages that an engine was sent."""
    return [seen.path for seen in engine.seen if seen.path.startswith("/v1/messages")]


async def post(http: httpx.AsyncClient, daemon: Here, **more: object) -> httpx.Response:
    return await http.post(f"{daemon.url}/v1/messages?beta=true", json=asked(**more), headers=VERSION)  # type: ignore[arg-type]


async def test_a_plain_message_is_passed_on_but_for_the_models_name(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("tiny")
    daemon = await start_daemon(a=engine)
    got = await post(http, daemon, top_k=5, system=[{"type": "text", "text": "Be brief"}])
    assert got.status_code == 200, got.text
    assert got.json() == json.loads(messages.completion(answers.USUAL, "a/tiny"))
    assert got.headers["X-Pointsman-Model"] == "a/tiny"
    assert engine.seen[-1].body == asked("tiny", top_k=5, system=[{"type": "text", "text": "Be brief"}])


async def test_a_stream_is_passed_on_but_for_the_models_name(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    answer = Answer(text="one two", tool="weather", arguments='{"at":"Bern"}')
    daemon = await start_daemon(a=await start_engine("tiny", answer=answer))
    got = await post(http, daemon, stream=True)
    spoken = [
        messages.opening("a/tiny"),
        *messages.contents(answer, ""),
        *messages.closing(answer, "", usage=True),
    ]
    assert [json.loads(line[6:]) for line in got.text.splitlines() if line.startswith("data: ")] == [
        json.loads(line[6:])
        for line in b"".join([*spoken, messages.DONE]).decode().splitlines()
        if line.startswith("data: ")
    ]
    last = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    attempt = last["attempts"][-1]
    assert (attempt["outcome"], attempt["input_tokens"], attempt["output_tokens"]) == ("ok", 19, 5)


async def test_tokens_are_counted_by_who_counts_them(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("tiny")
    daemon = await start_daemon(a=engine)
    got = await http.post(f"{daemon.url}/v1/messages/count_tokens", json=asked(), headers=VERSION)
    assert (got.status_code, got.json()) == (200, {"input_tokens": 19})
    assert sent(engine) == ["/v1/messages/count_tokens"]


async def test_of_the_clients_headers_those_of_the_dialect_go_up_and_no_key(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("tiny")
    daemon = await start_daemon(a=engine)
    headers = {"anthropic-beta": "a,b", "x-api-key": "sk", "Authorization": "Bearer sk", "Cookie": "a=b"}
    await http.post(f"{daemon.url}/v1/messages", json=asked(), headers=VERSION | headers)
    up = engine.seen[-1].headers
    assert (up["anthropic-version"], up["anthropic-beta"]) == ("2023-06-01", "a,b")
    assert not {"Authorization", "x-api-key", "Cookie"} & set(up)
    await http.post(f"{daemon.api_base}/chat/completions", json=chat(), headers=VERSION)
    assert "anthropic-version" not in engine.seen[-1].headers, "that was no call of this dialect"


async def test_who_is_not_known_to_speak_it_is_not_asked(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    plain = await start_engine("other", llama=False)
    daemon = await start_daemon(f'[providers.b]\ntier = "local"\napi_base = "{plain.api_base}"\n')
    refused = await post(http, daemon)
    assert refused.status_code == 503
    assert "not known to take requests of the kind anthropic.messages" in refused.json()["error"]["message"]
    assert sent(plain) == []
    assert (await http.post(f"{daemon.api_base}/chat/completions", json=chat())).status_code == 200


async def test_the_next_engine_is_asked_until_the_first_content(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("tiny"), await start_engine("tiny")
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}
    first.fault = faults.error_in_200(body=overloaded)
    daemon = await start_daemon(a=first, b=second)
    got = await post(http, daemon, stream=True)
    assert got.headers["X-Pointsman-Model"] == "b/tiny"
    assert "Busy" not in got.text
    assert got.text.count("event: message_start") == 1
    assert got.text.endswith(messages.DONE.decode())


async def test_a_stream_that_is_cut_ends_in_an_error_of_the_dialect(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("tiny")
    engine.fault = faults.cut(after=2)
    daemon = await start_daemon(a=engine)
    text = ""
    async with http.stream("POST", f"{daemon.url}/v1/messages", json=asked(stream=True)) as got:
        with suppress(httpx.RemoteProtocolError):  # it is hung up on: what came is no whole answer
            async for piece in got.aiter_text():
                text += piece
    *_, last = text.strip().split("\n\n")
    name, data = last.split("\n")
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: "))["error"]["src"] == "pointsman"
    assert "message_stop" not in text


@pytest.mark.parametrize(
    ("method", "path", "headers", "kind"),
    [
        ("POST", "/v1/messages", {}, "invalid_request_error"),
        ("POST", "/v1/messages", {"Origin": "http://evil.example"}, "permission_error"),
        ("GET", "/v1/messages", {}, "invalid_request_error"),
        ("GET", "/v1/models/no-such", VERSION, "not_found_error"),
        ("POST", "/v1/messages/count_tokens", {}, "invalid_request_error"),
        ("POST", "/v1/messages/batches", {}, "not_found_error"),
    ],
)
async def test_refusals_are_told_in_the_dialects_form(
    method: str,
    path: str,
    headers: dict[str, str],
    kind: str,
    *,
    start_daemon: StartDaemon,
    http: httpx.AsyncClient,
) -> None:
    daemon = await start_daemon()
    got = await http.request(method, f"{daemon.url}{path}", content=b"{", headers=headers)
    assert got.json()["type"] == "error"
    assert got.json()["error"]["type"] == kind
    assert got.json()["error"]["src"] == "pointsman"


async def test_models_are_listed_as_the_client_knows_lists(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    plain = await start_engine("other", llama=False)
    daemon = await start_daemon(
        f'[providers.b]\ntier = "local"\napi_base = "{plain.api_base}"\n', a=await start_engine("tiny")
    )
    listed = (await http.get(f"{daemon.api_base}/models", headers=VERSION)).json()
    assert [one["id"] for one in listed["data"]] == ["auto", "a/tiny"]
    assert (listed["first_id"], listed["last_id"], listed["has_more"]) == ("auto", "a/tiny", False)
    one = (await http.get(f"{daemon.api_base}/models/a/tiny", headers=VERSION)).json()
    assert one == listed["data"][1]
    assert (one["type"], one["display_name"], len(one["created_at"])) == ("model", "a/tiny", 20)
    assert "b/other" in (await http.get(f"{daemon.api_base}/models")).text
