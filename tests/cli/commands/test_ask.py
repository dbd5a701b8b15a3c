"""`pointsman ask`: a streamed answer, whole or said to be broken."""

import io
import json
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from pointsman.cli.main import main
from tests.cli.conftest import Run
from tests.cli.stub import Stub, refuse

PATH = "POST /v1/chat/completions"
TOLD = {"X-Pointsman-Model": "llama-server/qwen", "X-Pointsman-Tier": "local", "X-Pointsman-Decision": "abc"}
DONE = b"data: [DONE]\n\n"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def said(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return event({"model": "llama-server/qwen", "choices": [choice]})


def event(chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


USAGE = event({"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3}})


def streaming(*pieces: bytes, headers: dict[str, str] | None = None, cut: bool = False) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=TOLD if headers is None else headers)
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        if cut:
            assert request.transport
            request.transport.close()
        return response

    return answer


def test_the_answer_is_the_output_and_who_gave_it_the_comment(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = streaming(b": wait\n\n", said("Hel"), said("lo"), said("", "stop"), USAGE, DONE)
    ran = ask_stub("ask", "-m", "fast", "say", "hello")
    assert (ran.code, ran.out) == (0, "Hello\n")
    assert ran.err.startswith("[llama-server/qwen (local), ")
    assert ran.err.endswith("s, 12 tokens in, 3 out]\n")
    assert stub.asked[0].body == {
        "model": "fast",
        "messages": [{"role": "user", "content": "say hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_an_answer_that_ends_its_line_gets_no_second_end(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = streaming(said("Hello\n"), DONE)
    assert ask_stub("ask", "hi").out == "Hello\n"


def test_an_error_within_the_answer_is_a_failure(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = streaming(said("Hal"), event({"error": {"message": "the engine went away"}}))
    ran = ask_stub("ask", "hi")
    assert (ran.code, ran.out) == (1, "Hal\n")
    assert ran.err == "pointsman: the answer ended in an error: the engine went away\n"


@pytest.mark.parametrize("cut", [True, False])
def test_an_answer_without_its_end_is_a_failure(ask_stub: Run, stub: Stub, *, cut: bool) -> None:
    stub.answers[PATH] = streaming(said("Half an ans"), cut=cut)
    ran = ask_stub("ask", "hi")
    assert (ran.code, ran.out) == (1, "Half an ans\n")
    assert "cut short" in ran.err


@pytest.mark.parametrize("line", [b"data: {broken\n\n", b"data: 5\n\n"])
def test_a_line_that_is_no_event_is_a_failure(ask_stub: Run, stub: Stub, line: bytes) -> None:
    stub.answers[PATH] = streaming(said("a"), line, DONE)
    assert ask_stub("ask", "hi").code == 1


def test_a_refusal_is_told(ask_stub: Run, stub: Stub) -> None:
    async def no(_request: web.Request) -> web.Response:
        return refuse(404, "no model is called 'x': did you mean y?")

    stub.answers[PATH] = no
    ran = ask_stub("ask", "-m", "x", "hi")
    assert (ran.code, ran.out, ran.err) == (1, "", "pointsman: no model is called 'x': did you mean y?\n")


def test_a_model_that_is_known_only_later_is_told_from_the_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = streaming(said("a", "length"), DONE, headers={})
    told = ask_stub("ask", "hi").err
    assert told.startswith("[llama-server/qwen, ")
    assert told.endswith("? tokens in, ? out; it stopped because of length]\n")


def test_a_model_can_not_command_the_terminal(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = streaming(said("one\n\ttwo \x1b]0;title\x07"), DONE)
    assert ask_stub("ask", "hi").out == "one\n\ttwo \\x1b]0;title\\x07\n"


def test_a_dash_and_a_pipe_are_standard_input(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = streaming(DONE)
    ask_stub("ask", "-", stdin="alone")
    ask_stub("ask", stdin="piped")
    ask_stub("ask", "summarise:", "-", stdin="text")
    prompts = [asked.body["messages"][0]["content"] for asked in stub.asked if isinstance(asked.body, dict)]
    assert prompts == ["alone", "piped", "summarise: text"]


def test_an_empty_prompt_is_wrong_usage(ask_stub: Run, stub: Stub) -> None:
    ran = ask_stub("ask", stdin=" \n")
    assert (ran.code, ran.err, stub.asked) == (2, "pointsman: the prompt is empty\n", [])


def test_a_terminal_without_a_prompt_is_told_how(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stub: Stub
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    assert main(["ask", "--state", str(stub.state)]) == 2
    assert "put it in quotes" in capsys.readouterr().err


def test_input_that_is_no_text_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stub: Stub
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
    assert main(["ask", "-", "--state", str(stub.state)]) == 1
    assert "standard input is not text" in capsys.readouterr().err


def test_json_holds_the_whole_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = streaming(said("Hel"), said("lo", "stop"), USAGE, DONE)
    ran = ask_stub("ask", "--json", "hi")
    told = json.loads(ran.out)
    assert told.pop("seconds") >= 0
    assert (ran.err, told) == (
        "",
        {
            "text": "Hello",
            "model": "llama-server/qwen",
            "tier": "local",
            "decision": "abc",
            "finish": "stop",
            "input_tokens": 12,
            "output_tokens": 3,
        },
    )
