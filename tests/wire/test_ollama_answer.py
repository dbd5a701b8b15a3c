"""Ollama's answers to chats, told in OpenAI's words: plain and streamed alike."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Frame, Whole
from pointsman.chat import EventKind
from pointsman.errors import UpstreamError
from pointsman.money import Usage
from pointsman.wire.ollama_answer import StreamReader, read_answer

MODEL = "ollama/tiny"
TIME = "2026-11-21T07:00:21.123456789+01:00"
MARK = "20261121T0700211234567890100"
SECONDS = 1_795_240_821
COUNTS = {"prompt_eval_count": 19, "eval_count": 5}
CALL = {"function": {"name": "add", "arguments": {"a": 1.50}}}


def line(done: bool = False, message: object = None, **fields: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "", **(message if isinstance(message, dict) else {})}
    return {"model": "tiny:1b", "created_at": TIME, "message": said, "done": done, **fields}


def last(message: object = None, **fields: Any) -> dict[str, Any]:
    return line(True, message, **{"done_reason": "stop", **COUNTS, **fields})


def written(*lines: object) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in lines)


def reader(keep_usage: bool = False, known_as: frozenset[str] = frozenset()) -> StreamReader:
    return StreamReader(MODEL, keep_usage=keep_usage, known_as=known_as)


def chunks(frame: Frame) -> list[dict[str, Any]]:
    blocks = frame.raw.split(b"\n\n")[:-1]
    assert all(block.startswith(b"data: ") for block in blocks)
    return [json.loads(block[6:]) for block in blocks if block != b"data: [DONE]"]


def deltas(*lines: object) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in chunks(reader().feed(written(*lines)))]


def whole(message: object = None, **fields: Any) -> Whole:
    return read_answer(json.dumps(last(message, **fields)).encode(), MODEL)


def complaint(body: bytes) -> str:
    with pytest.raises(UpstreamError) as caught:
        read_answer(body, MODEL)
    return caught.value.message


# -- plain


def test_a_plain_answer_in_openais_words() -> None:
    answer = whole({"content": "Grüße", "thinking": "Hm"})
    assert json.loads(answer.body) == {
        "id": f"chatcmpl-{MARK}",
        "object": "chat.completion",
        "created": SECONDS,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Grüße", "reasoning": "Hm"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 19, "completion_tokens": 5, "total_tokens": 24},
    }
    assert (answer.usage, answer.text_size) == (Usage(19, 5), 7)


def test_tool_calls_get_a_name_each_and_arguments_in_a_text() -> None:
    answer = json.loads(whole({"tool_calls": [CALL, {"id": "own", **CALL}]}).body)["choices"][0]
    calls = answer["message"]["tool_calls"]
    assert answer["finish_reason"] == "tool_calls"
    assert answer["message"]["content"] is None
    assert [call["id"] for call in calls] == [f"call_{MARK}_0", "own"]
    assert [call["index"] for call in calls] == [0, 1]
    assert {call["function"]["name"] for call in calls} == {"add"}
    assert json.loads(calls[0]["function"]["arguments"]) == {"a": 1.5}


def test_arguments_that_are_no_unicode_spoil_no_stream() -> None:
    odd = b'{"message":{"tool_calls":[{"function":{"name":"f","arguments":{"a":"\xff"}}}]}}\n'
    (chunk,) = chunks(reader().feed(odd))
    assert (
        "\N{REPLACEMENT CHARACTER}" in chunk["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"]
    )


def test_a_character_that_came_in_two_halves_arrives_in_two_halves() -> None:
    lines = b"".join(rb'{"message":{"content":"%b"}}' % half + b"\n" for half in (rb"Go \ud83d", rb"\ude80"))
    told = [chunk["choices"][0]["delta"]["content"] for chunk in chunks(reader().feed(lines))]
    assert told == ["Go \ud83d", "\ude80"]
    assert json.loads(whole({"content": "\ud83d"}).body)["choices"][0]["message"]["content"] == "\ud83d"


def test_what_is_null_costs_nothing_of_what_stands_beside_it() -> None:
    told = {"content": "Hi", "tool_calls": {}}
    assert deltas({"message": told, "done": None}) == [{"role": "assistant", "content": "Hi"}]
    (delta,) = deltas({"message": {"tool_calls": [None, {"id": None, **CALL}]}})
    assert [call["function"]["name"] for call in delta["tool_calls"]] == ["add"]


@pytest.mark.parametrize(
    ("reason", "finish"), [("length", "length"), ("stop", "stop"), (None, "stop"), (5, "stop"), ("", "stop")]
)
def test_how_it_ended(reason: object, finish: str) -> None:
    body = whole({"content": "x"}, done_reason=reason).body
    assert json.loads(body)["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({"prompt_eval_count": None, "eval_count": 5}, Usage(0, 5)),
        ({"prompt_eval_count": 19, "eval_count": "many"}, Usage(19, 0)),
        ({"prompt_eval_count": -1, "eval_count": 1.5}, None),
    ],
)
def test_a_count_that_is_left_away_is_zero_and_an_odd_one_spoils_nothing(
    counts: dict[str, Any], usage: Usage | None
) -> None:
    assert whole({"content": "x"}, **counts).usage == usage


def test_silence_in_answer_tokens_is_an_answer_and_without_them_none() -> None:
    assert whole().usage == Usage(19, 5)
    assert complaint(json.dumps(last(eval_count=None)).encode()) == "its answer is empty"


@pytest.mark.parametrize("reason", ["load", "unload"])
def test_a_model_that_was_only_loaded_has_not_answered(reason: str) -> None:
    assert "answered nothing" in complaint(json.dumps(last(done_reason=reason)).encode())
    (event,) = reader().feed(written(last(done_reason=reason))).events
    assert event.kind is EventKind.ERROR


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b'{"message":"Hi","done":true}', b'{"message":{"content":5},"done":true}']
    + [b'{"done":"yes"}', b'{"message":{"tool_calls":[{}]},"done":true}', b'{"x":' + b"[" * 100_000],
)
def test_what_is_no_chat_is_refused(body: bytes) -> None:
    assert "not a whole chat" in complaint(body)


def test_half_an_answer_is_refused() -> None:
    assert "does not say that it is done" in complaint(json.dumps(line(message={"content": "ha"})).encode())


def test_an_error_in_a_200_is_an_error() -> None:
    assert complaint(b'{"error":"no memory"}') == "it answered 200 with an error inside: no memory"


@pytest.mark.parametrize("time", [None, 5, "", "soon", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00"])
def test_a_time_that_is_none_spoils_no_answer(time: object) -> None:
    assert isinstance(json.loads(whole({"content": "x"}, created_at=time).body)["created"], int)


# -- streams


def test_what_a_tool_is_called_with_counts_the_same_streamed_as_plain() -> None:
    said = {"tool_calls": [{"function": {"name": "look", "arguments": {"where": "here"}}}]}
    stream = reader()
    stream.feed(written(line(message=said), last()))
    assert stream.text_size == whole(said).text_size > 0


def test_a_stream_in_openais_words() -> None:
    stream = reader(keep_usage=True)
    frame = stream.feed(written(line(message={"content": "Gr"}), line(message={"content": "üße"}), last()))
    first, second, finish, usage = chunks(frame)
    assert first == {
        "id": f"chatcmpl-{MARK}",
        "object": "chat.completion.chunk",
        "created": SECONDS,
        "model": MODEL,
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Gr"}, "finish_reason": None}],
    }
    assert second["choices"] == [{"index": 0, "delta": {"content": "üße"}, "finish_reason": None}]
    assert finish["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 24)
    assert {chunk["id"] for chunk in (first, second, finish, usage)} == {first["id"]}
    assert frame.raw.endswith(b"data: [DONE]\n\n")
    assert (stream.done, stream.usage, stream.text_size) == (True, Usage(19, 5), 5)


def test_usage_that_nobody_asked_for_is_counted_and_not_sent() -> None:
    stream = reader()
    assert b"usage" not in stream.feed(written(line(message={"content": "x"}), last())).raw
    assert stream.usage == Usage(19, 5)


def test_what_is_said_is_told_by_events() -> None:
    stream = reader()
    frame = stream.feed(written(line(message={"thinking": "Hm"}), line(message={"content": "Hi"})))
    assert [(event.kind, event.text) for event in frame.events] == [
        (EventKind.REASONING, "Hm"),
        (EventKind.TEXT, "Hi"),
    ]
    kinds = [event.kind for event in stream.feed(written(last())).events]
    assert kinds == [EventKind.FINISH, EventKind.ANSWERED]


def test_lines_that_say_nothing_are_not_passed_on() -> None:
    frame = reader().feed(written(line(), line(message={"content": None}), {"message": None}))
    assert frame == Frame(b"", ())


def test_tool_calls_are_numbered_through_the_stream() -> None:
    said = line(message={"tool_calls": [CALL]})
    first, second, finish = deltas(said, said, last())
    assert first["role"] == "assistant"
    assert [delta["tool_calls"][0]["index"] for delta in (first, second)] == [0, 1]
    assert finish == {}
    frame = reader().feed(written(said, last()))
    assert EventKind.TOOL_CALL in [event.kind for event in frame.events]
    assert chunks(frame)[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("nothing", ["", {}, [], False, 0])
def test_an_error_that_says_nothing_is_none(nothing: object) -> None:
    assert whole({"content": "Hi"}, error=nothing).text_size == 2
    assert deltas({"message": {"content": "Hi"}, "error": nothing})


def test_an_error_line_ends_it() -> None:
    stream = reader()
    frame = stream.feed(written(line(message={"content": "x"}), {"error": "no memory"}, last()))
    assert (frame.events[-1].kind, frame.events[-1].text) == (EventKind.ERROR, "no memory")
    assert not stream.done
    assert len(chunks(frame)) == 1


def test_a_stream_that_ends_before_it_is_done_is_cut() -> None:
    stream = reader()
    stream.feed(written(line(message={"content": "x"})))
    with pytest.raises(UpstreamError, match="cut"):
        stream.end()


def test_the_last_line_may_lack_its_end() -> None:
    stream = reader()
    stream.feed(written(line(message={"content": "x"}), last())[:-1])
    assert not stream.done
    assert stream.end().raw.endswith(b"data: [DONE]\n\n")


def test_what_follows_the_end_is_not_read() -> None:
    frame = reader().feed(written(last({"content": "x"}), line(message={"content": "more"})))
    assert b"more" not in frame.raw


def test_lines_that_cannot_be_read_are_counted_and_left_out() -> None:
    stream = reader()
    odd = b'oops\n[]\n{"message":5}\n{"done":1}\n\n \n{"message":{"content":"\xff"}}\n'
    assert stream.feed(odd) == Frame(b"", ())
    assert stream.skipped == 5


def test_another_model_is_not_taken_for_this_one() -> None:
    body = written(line(message={"content": "x"}))
    assert reader(known_as=frozenset({"tiny:1b"})).feed(body).has_content
    with pytest.raises(UpstreamError, match="answers as 'tiny:1b' now"):
        reader(known_as=frozenset({"big"})).feed(body)
    with pytest.raises(UpstreamError, match="answers as 'tiny:1b' now"):
        read_answer(written(last({"content": "x"})), MODEL, frozenset({"big"}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["message", "done", "done_reason", "created_at", "model", "prompt_eval_count", "eval_count", "error"]
)
messages = st.dictionaries(st.sampled_from(["content", "thinking", "tool_calls", "role"]), json_values)
hostile = st.dictionaries(names, json_values | messages, max_size=8).map(
    lambda found: json.dumps(found).encode()
)


@given(hostile | st.binary(max_size=60))
def test_whatever_comes_nothing_breaks_but_the_attempt(body: bytes) -> None:
    def stream() -> None:
        one = reader(keep_usage=True)
        one.feed(body + b"\n")
        one.end()

    reads: tuple[Callable[[], object], ...] = (lambda: read_answer(body, MODEL), stream)
    for read in reads:
        with suppress(UpstreamError):
            read()


@pytest.mark.parametrize("count", [2**64, 10**400, True, 5.0])
def test_a_count_beyond_all_measure_is_none(count: object) -> None:
    assert whole({"content": "x"}, prompt_eval_count=count).usage == Usage(0, 5)
