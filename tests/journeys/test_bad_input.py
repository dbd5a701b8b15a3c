"""What is malformed, foreign or impossible is refused at once, in words that say what to do."""

import asyncio
import json

import httpx
import pytest

from tests.journeys.conftest import HELLO, StartDaemon, StartEngine, chat

MALFORMED = {
    "no JSON": (b"{messages: []}", "not JSON"),
    "no object": (b"[1]", "object"),
    "empty": (b"", "not JSON"),
    "no messages": (b'{"model": "auto"}', "`messages`"),
    "empty messages": (b'{"messages": []}', "`messages`"),
    "messages of a wrong type": (b'{"messages": "hi"}', "messages"),
    "a role of a wrong type": (b'{"messages": [{"role": 1, "content": "x"}]}', "messages[0].role"),
    "a model of a wrong type": (json.dumps({"model": 7, "messages": HELLO}).encode(), "model"),
    "stream of a wrong type": (json.dumps({"stream": "yes", "messages": HELLO}).encode(), "stream"),
    "no room for an answer": (json.dumps({"max_tokens": 0, "messages": HELLO}).encode(), "max_tokens"),
    "absurd nesting": (b'{"messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}", ""),
}


@pytest.mark.parametrize(("body", "words"), MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_request_is_told_what_is_wrong_with_it(
    body: bytes, words: str, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("tiny")
    daemon = await start_daemon(a=engine)
    got = await http.post(f"{daemon.api_base}/chat/completions", content=body)
    error = got.json()["error"]
    assert got.status_code == 400
    assert words in error["message"]
    assert (error["type"], error["src"]) == ("invalid_request_error", "pointsman")
    assert engine.chats == []


async def test_an_unknown_model_is_404_with_the_nearest_names(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(a=await start_engine("tiny"))
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat("tinny"))
    assert got.status_code == 404
    assert "did you mean tiny" in got.json()["error"]["message"]


async def test_without_any_model_503_says_what_was_looked_for_and_what_to_do(
    start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon('[providers.mine]\napi_base = "http://127.0.0.1:9/v1"\n')
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    message = got.json()["error"]["message"]
    assert got.status_code == 503
    assert "mine at http://127.0.0.1:9/v1" in message
    assert "llama-server" in message
    assert got.headers["x-should-retry"] == "false"


async def test_a_body_beyond_the_limit_is_413(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("tiny")
    daemon = await start_daemon(a=engine)
    body = json.dumps(chat(padding="x" * 40_000_000)).encode()
    got = await http.post(f"{daemon.api_base}/chat/completions", content=body)
    assert got.status_code == 413
    assert "32 MiB" in got.json()["error"]["message"]
    assert engine.chats == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:11711", "127.0.0.1.evil.example", ""])
async def test_a_host_that_is_not_ours_is_421(
    host: str, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon()
    for path in ("/healthz", "/v1/models", "/control/v0/status"):
        assert (await http.get(daemon.url + path, headers={"Host": host})).status_code == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:3000"])
async def test_a_page_of_another_origin_is_403_and_gets_no_cors(
    origin: str, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon()
    got = await http.get(f"{daemon.api_base}/models", headers={"Origin": origin})
    asked = await http.request(
        "OPTIONS",
        f"{daemon.api_base}/models",
        headers={"Origin": origin, "Access-Control-Request-Method": "GET"},
    )
    assert (got.status_code, asked.status_code) == (403, 403)
    assert not [
        name for answer in (got, asked) for name in answer.headers if name.startswith("access-control")
    ]


async def test_a_request_that_comes_back_to_its_sender_is_508(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("tiny")
    daemon = await start_daemon(a=engine)
    await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    hop = (await engine.chat()).headers["X-Pointsman-Hop"]
    got = await http.post(
        f"{daemon.api_base}/chat/completions", json=chat(), headers={"X-Pointsman-Hop": hop}
    )
    assert got.status_code == 508


async def test_an_unknown_server_is_shown_and_not_used(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    """Loopback is not yet local: it may pass prompts on to anywhere."""
    daemon = await start_daemon(a=await start_engine("tiny", llama=False))
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.status_code == 402
    status = (await http.get(f"{daemon.url}/control/v0/status")).json()
    assert [one["id"] for one in status["endpoints"]] == ["a"]


async def test_a_private_request_never_leaves_for_a_model_that_is_not_local(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    free = await start_engine("tiny", llama=False)
    daemon = await start_daemon(f'[providers.b]\ntier = "free"\napi_base = "{free.api_base}"\n')
    for name in ("auto", "tiny"):
        got = await http.post(
            f"{daemon.api_base}/chat/completions", json=chat(name), headers={"X-Pointsman-Privacy": "local"}
        )
        assert got.status_code == 503
        assert "marked local" in got.json()["error"]["message"]
    assert free.chats == []


async def test_head_and_health_and_description_are_answered(
    start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon()
    assert (await http.head(daemon.url)).status_code == 200
    assert (await http.get(f"{daemon.url}/healthz")).status_code == 200
    assert "/v1/chat/completions" in (await http.get(f"{daemon.url}/openapi.json")).json()["paths"]
    assert (await http.get(f"{daemon.url}/nothing")).status_code == 404
    assert (await http.get(f"{daemon.api_base}/chat/completions")).status_code == 405


async def test_a_bare_name_that_requests_accept_is_a_model_of_the_list(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    more = '[models]\n"claude-*" = "auto"\n"gone-*" = "a/gone"\n'
    daemon = await start_daemon(more, a=await start_engine("tiny"))
    got = {
        name: await http.get(f"{daemon.api_base}/models/{name}") for name in ("tiny", "a/tiny", "claude-x")
    }
    assert [(name, one.status_code, one.json()["id"]) for name, one in got.items()] == [
        (name, 200, name) for name in got
    ]
    assert got["tiny"].json()["owned_by"] == got["a/tiny"].json()["owned_by"] == "llama-server"
    assert got["claude-x"].json()["owned_by"] == "pointsman"
    for unknown in ("tinny", "gone-x"):
        assert (await http.get(f"{daemon.api_base}/models/{unknown}")).status_code == 404


async def test_a_body_that_is_not_what_its_headers_say_is_400_and_told(
    start_daemon: StartDaemon, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = await start_daemon()
    got = await http.post(
        f"{daemon.api_base}/chat/completions", content=b"hello", headers={"Content-Encoding": "gzip"}
    )
    assert got.status_code == 400
    assert "it is said to be gzip" in got.json()["error"]["message"]
    assert caplog.text == ""


NO_HTTP = {
    "no length": b"Content-Length: abc\r\n\r\n",
    "broken chunks": b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "a header too long": b"X-Long: " + b"x" * 9000 + b"\r\n\r\n",
    "an expectation": b"Expect: wonders\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("rest", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_proper_http_is_refused_without_filling_the_log(
    rest: bytes, start_daemon: StartDaemon, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = await start_daemon()
    reader, writer = await asyncio.open_unix_connection(daemon.socket)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n" + rest)
    assert (await reader.readline()).split()[1] in (b"400", b"417")
    writer.close()
    assert caplog.text == ""
