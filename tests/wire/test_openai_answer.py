"""Plain answers, and what plain and streamed ones must agree on."""

import json
from typing import Any

import pytest

from pointsman.calls import Whole
from pointsman.chat import Event, EventKind
from pointsman.errors import UpstreamError
from pointsman.money import Usage
from pointsman.wire.openai_answer import read_answer
from pointsman.wire.openai_stream import StreamReader

MODEL = "llama-server/tiny"

LLAMA_SERVER = (
    b'{"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"caf\xc3\xa9"}}],'
    b'"created":1795225231,"model":"tiny-a","system_fingerprint":"b1-0c1e570","object":"chat.completion",'
    b'"usage":{"completion_tokens":10,"prompt_tokens":19,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":18}},'
    b'"id":"chatcmpl-1","timings":{"cache_n":18,"prompt_ms":0.358,"predicted_per_second":8211.678832116788}}'
)
OPENROUTER = (
    b'{"id":"gen-1","provider":"OpenAI","model":"openai/gpt-x","object":"chat.completion","created":1795225231,'
    b'"choices":[{"logprobs":null,"finish_reason":"stop","native_finish_reason":"completed","index":0,'
    b'"message":{"role":"assistant","content":"4","refusal":null,"reasoning":"2+2"}}],'
    b'"usage":{"prompt_tokens":12,"completion_tokens":30,"total_tokens":42,"cost":0.00042,'
    b'"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"completion_tokens_details":{"reasoning_tokens":25}}}'
)


def whole(message: dict[str, Any], finish: str | None = "stop", **fields: Any) -> Whole:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    return read_answer(json.dumps({"choices": [choice], **fields}).encode(), MODEL)


def complaint(body: bytes) -> str:
    with pytest.raises(UpstreamError) as caught:
        read_answer(body, MODEL)
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (LLAMA_SERVER, Usage(input=19, output=10, cache_read=18)),
        (OPENROUTER, Usage(input=12, output=30, reasoning=25, told=420_000)),
    ],
)
def test_a_recorded_answer_is_passed_on_to_the_letter_but_for_its_model(body: bytes, usage: Usage) -> None:
    answer = read_answer(body, MODEL)
    told = json.loads(body)["model"].encode()
    assert answer.body == body.replace(b'"model":"' + told + b'"', b'"model":"llama-server/tiny"')
    assert answer.usage == usage


def test_an_answer_without_a_model_is_told_who_it_is() -> None:
    assert json.loads(whole({"content": "Hi"}).body)["model"] == MODEL


@pytest.mark.parametrize(
    ("message", "size"),
    [
        ({"content": "Hi there"}, 8),
        ({"content": None, "refusal": "I can't"}, 7),
        ({"content": None, "reasoning_content": "Hm"}, 2),
        ({"content": "", "reasoning": "Hm"}, 2),
        ({"content": "Hi", "reasoning_content": "Hm"}, 4),
        ({"content": [{"type": "text", "text": "Hi"}]}, 0),
        ({"content": None, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}, 2),
        ({"content": None, "function_call": {"name": "f", "arguments": "{}"}}, 2),
        ({"content": None, "audio": {"id": "a", "data": "UklGRg=="}}, 0),
        ({"content": "", "images": [{"type": "image_url", "image_url": {"url": "data:"}}]}, 0),
    ],
)
def test_everything_that_says_something_is_an_answer(message: dict[str, Any], size: int) -> None:
    assert whole(message).text_size == size


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"content": ""},
        {"content": None, "tool_calls": []},
        {"content": None, "tool_calls": [{"id": "1", "function": {"name": "", "arguments": "{}"}}]},
        {"content": None, "tool_calls": [{"id": "1", "function": None}]},
        {"content": "", "refusal": None, "reasoning_content": "", "audio": None, "images": []},
    ],
)
def test_an_answer_that_says_nothing_is_empty(message: dict[str, Any]) -> None:
    with pytest.raises(UpstreamError, match="empty"):
        whole(message)


def test_nothing_said_in_answer_tokens_is_an_answer_all_the_same() -> None:
    assert whole({"content": ""}, usage={"prompt_tokens": 9, "completion_tokens": 1}).usage == Usage(9, 1)


@pytest.mark.parametrize(
    ("finish", "usage"),
    [
        (None, {"prompt_tokens": 9, "completion_tokens": 1}),
        ("stop", {"prompt_tokens": 9, "completion_tokens": 0}),
    ],
)
def test_silence_is_an_answer_only_if_it_was_finished_and_counted(
    finish: str | None, usage: dict[str, int]
) -> None:
    with pytest.raises(UpstreamError, match="empty"):
        whole({"content": ""}, finish, usage=usage)


@pytest.mark.parametrize("body", [b'{"choices":[]}', b'{"choices":null}', b'{"choices":[{"index":0}]}'])
def test_an_answer_without_choices_is_empty(body: bytes) -> None:
    assert complaint(body) == "its answer is empty"


@pytest.mark.parametrize("body", [b"{}", b'{"object":"error","message":"boom","code":500}'])
def test_what_names_no_choices_is_no_answer(body: bytes) -> None:
    assert complaint(body) == "its answer is not a whole completion: it has no choices"


def test_an_answer_that_is_cut_anywhere_is_refused() -> None:
    for size in range(len(LLAMA_SERVER)):
        assert "not a whole completion" in complaint(LLAMA_SERVER[:size])


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"<html></html>",
        b'{"choices":{}}',
        b'{"choices":[{"message":"Hi"}]}',
        b'{"choices":[{"message":{"content":"\xff"}}]}',
        b'{"choices":[{"message":{"content":' + b"[" * 100_000 + b"]" * 100_000 + b"}}]}",
        b'{"choices":[{"message":{"content":"Hi"}}],"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_chat_completion_is_refused(body: bytes) -> None:
    assert "not a whole completion" in complaint(body)


@pytest.mark.parametrize(
    "error",
    [
        '{"message":"Provider returned error","code":502}',
        '"Provider returned error"',
        '[{"message":"Provider returned error"}]',
    ],
)
def test_an_error_inside_a_200_is_an_error_even_beside_an_answer(error: str) -> None:
    body = f'{{"error":{error},"choices":[{{"message":{{"content":"half an ans"}}}}]}}'
    assert complaint(body.encode()) == "it answered 200 with an error inside: Provider returned error"


@pytest.mark.parametrize("nothing", [None, "", {}, [], False, 0])
def test_an_error_that_says_nothing_is_none(nothing: object) -> None:
    assert whole({"content": "Hi"}, error=nothing).text_size == 2


def test_half_an_answer_that_finished_with_an_error_is_no_answer() -> None:
    with pytest.raises(UpstreamError, match="broke off"):
        whole({"content": "half an ans"}, "error")


@pytest.mark.parametrize(
    "usage",
    [None, {}, "many", [], {"prompt_tokens": None}, {"prompt_tokens": "19"}, {"prompt_tokens": 1.5}]
    + [{"prompt_tokens": -5}, {"prompt_tokens": 5, "completion_tokens": -1}, {"prompt_tokens": 10**30}],
)
def test_usage_that_cannot_be_read_is_unknown_and_spoils_no_answer(usage: object) -> None:
    assert whole({"content": "Hi"}, usage=usage).usage is None


def test_half_a_character_spoils_no_answer() -> None:
    body = LLAMA_SERVER.replace(b"caf\xc3\xa9", rb"Go \ud83d")
    answer = read_answer(body, MODEL)
    assert answer.body == body.replace(b'"model":"tiny-a"', b'"model":"llama-server/tiny"')
    assert answer.usage == Usage(19, 10, cache_read=18)


@pytest.mark.parametrize("odd", [{"tool_calls": {}}, {"tool_calls": [None]}, {"function_call": "odd"}])
def test_what_does_not_fit_costs_nothing_of_what_stands_beside_it(odd: dict[str, Any]) -> None:
    answer = whole({"content": "Hi", **odd})
    assert json.loads(answer.body)["choices"][0]["message"] == {"role": "assistant", "content": "Hi", **odd}


def test_a_choice_without_its_number_is_the_first() -> None:
    body = b'{"choices":[{"index":null,"message":{"content":"Hi"},"finish_reason":"stop"}]}'
    assert read_answer(body, MODEL).text_size == 2


def test_each_choice_has_its_events() -> None:
    choices = [
        {"index": index, "finish_reason": "stop", "message": {"content": word}}
        for index, word in enumerate(("one", "two"))
    ]
    assert read_answer(json.dumps({"choices": choices}).encode(), MODEL).text_size == 6


USAGES: tuple[dict[str, Any], ...] = (
    {
        "prompt_tokens": 19,
        "completion_tokens": 6,
        "total_tokens": 25,
        "prompt_tokens_details": {"cached_tokens": 18},
    },
    {"prompt_tokens": 19, "completion_tokens": 30, "completion_tokens_details": {"reasoning_tokens": 25}},
    {"prompt_tokens": 19, "completion_tokens": 6, "prompt_tokens_details": None, "cost": 0.1},
    {"prompt_tokens": 0},
    {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 190,
        "prompt_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 20, "audio_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 40, "audio_tokens": 5},
        "cost": 0.00125,
    },
)
SAYINGS: tuple[dict[str, Any], ...] = (
    {"content": "Hello"},
    {"content": "Hello", "reasoning_content": "Hm, hello"},
    {"reasoning": "Hm"},
    {"refusal": "I can't"},
    {"tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": "{}"}}]},
    {"function_call": {"name": "f", "arguments": '{"a": 1}'}},
)


@pytest.mark.parametrize("said", SAYINGS)
@pytest.mark.parametrize("usage", [*USAGES, None])
def test_a_streamed_answer_counts_the_same_as_a_plain_one(
    said: dict[str, Any], usage: dict[str, Any] | None
) -> None:
    plain = whole(said, usage=usage)
    reader = StreamReader(MODEL, keep_usage=False)
    chunks: tuple[dict[str, Any], ...] = (
        {"choices": [{"index": 0, "delta": said, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": usage},
    )
    for chunk in chunks:
        reader.feed(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    reader.end()
    assert (reader.usage, reader.text_size) == (plain.usage, plain.text_size)


def test_silence_counts_the_same_streamed_as_plain_wherever_usage_stands() -> None:
    usage = b'"usage":{"prompt_tokens":9,"completion_tokens":1}'
    finish = b'{"index":0,"delta":{},"finish_reason":"stop"}'
    streams = (
        b'data: {"choices":[%b],%b}\n\n' % (finish, usage),
        b'data: {"choices":[%b]}\n\ndata: {"choices":[],%b}\n\n' % (finish, usage),
        b'data: {"choices":[],%b}\n\ndata: {"choices":[%b]}\n\n' % (usage, finish),
    )
    for stream in streams:
        frame = StreamReader(MODEL, keep_usage=True).feed(stream)
        assert Event(EventKind.ANSWERED) in frame.events
