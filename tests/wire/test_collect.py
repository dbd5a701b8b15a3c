"""What servers tell of an answer in pieces, each in its own way, and the plain answer that it makes."""

import json
from typing import Any

import msgspec
import pytest

from pointsman.calls import Call
from pointsman.errors import UpstreamError
from pointsman.wire.formats import COLLECTORS, as_stream
from tests.fakes import messages
from tests.wire.asking import chat, completion, count, embedding, message

Json = dict[str, Any]


def openai(*chunks: Json) -> Json:
    collector = COLLECTORS["openai.chat"]("local/tiny")
    for chunk in chunks:
        collector.feed(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    found: Json = json.loads(collector.whole())
    return found


def said(*deltas: Json) -> Json:
    """The message that these deltas of one choice make."""
    (choice,) = openai(*({"choices": [{"index": 0, "delta": delta}]} for delta in deltas))["choices"]
    found: Json = choice["message"]
    return found


def anthropic(*events: bytes) -> Json:
    collector = COLLECTORS["anthropic.messages"]("local/tiny")
    for event in events:
        collector.feed(event)
    found: Json = json.loads(collector.whole())
    return found


def begun(block: Json, index: int = 0) -> bytes:
    return messages.event("content_block_start", index=index, content_block=block)


def more(delta: Json, index: int = 0) -> bytes:
    return messages.event("content_block_delta", index=index, delta=delta)


def stopped(reason: str) -> bytes:
    return messages.event("message_delta", delta={"stop_reason": reason})


def call(index: int, name: str | None, arguments: str, id_: str | None = None) -> Json:
    return {"tool_calls": [{"index": index, "id": id_, "function": {"name": name, "arguments": arguments}}]}


# -- OpenAI


def test_two_halves_of_a_character_are_one() -> None:
    collector = COLLECTORS["openai.chat"]("local/tiny")
    for half in (rb"Go \ud83d", rb"\ude80"):
        collector.feed(rb'data: {"choices":[{"delta":{"content":"%b"}}]}' % half + b"\n\n")
    assert json.loads(collector.whole())["choices"][0]["message"]["content"] == "Go \N{ROCKET}"


def test_a_half_without_the_other_stays() -> None:
    assert said({"content": "Go \ud83d"})["content"] == "Go \ud83d"


def test_what_does_not_fit_takes_nothing_back() -> None:
    told = openai(
        {"choices": [{"index": 0, "delta": call(0, "add", "{}", "call_1")}]},
        {"choices": [{"index": None, "delta": {"content": "Hi", "tool_calls": {}}}, None]},
        {"choices": [{"index": 0, "delta": "odd"}]},
        {"choices": {}},
    )
    (choice,) = told["choices"]
    assert choice["message"]["content"] == "Hi"
    assert [one["id"] for one in choice["message"]["tool_calls"]] == ["call_1"]


def test_an_entry_that_comes_without_its_list_is_one_more() -> None:
    alone = {"tool_calls": {"index": 1, "id": "call_2", "function": {"name": "sub", "arguments": "{}"}}}
    told = said(call(0, "add", "{}", "call_1"), alone)
    assert [one["id"] for one in told["tool_calls"]] == ["call_1", "call_2"]


def test_half_a_character_in_a_tools_input_is_no_reason_to_throw_it_away() -> None:
    told = anthropic(
        begun({"type": "tool_use", "name": "add", "input": {}}),
        more({"type": "input_json_delta", "partial_json": '{"a":"\\ud83d'}),
        more({"type": "input_json_delta", "partial_json": '\\ude80","b":"\\ud83d"}'}),
    )
    assert told["content"][0]["input"] == {"a": "\N{ROCKET}", "b": "\ud83d"}


def test_a_role_a_name_and_an_id_are_said_once_though_they_come_with_every_piece() -> None:
    told = said(
        {"role": "assistant", "content": "Grü", **call(0, "add", '{"a"', "call_1")},
        {"role": "assistant", "content": "ße", **call(0, "add", ":1}", "call_1")},
        {"role": "", **call(0, "", "", "")},
    )
    assert (told["role"], told["content"]) == ("assistant", "Grüße")
    assert told["tool_calls"] == [{"id": "call_1", "function": {"name": "add", "arguments": '{"a":1}'}}]


def test_calls_side_by_side_are_told_apart_by_their_number() -> None:
    told = said(
        call(0, "add", "", "call_1"),
        call(1, "sub", "", "call_2"),
        call(0, None, "{}"),
        call(1, None, "[]"),
    )
    functions = [one["function"] for one in told["tool_calls"]]
    assert functions == [{"name": "add", "arguments": "{}"}, {"name": "sub", "arguments": "[]"}]


def test_calls_that_are_all_the_first_are_told_apart_by_their_ids() -> None:
    told = said(call(0, "add", "{}", "call_1"), call(0, "add", "[]", "call_2"))
    assert [one["id"] for one in told["tool_calls"]] == ["call_1", "call_2"]


def test_an_id_that_changes_with_every_piece_begins_no_other_call() -> None:
    told = said(call(0, "add", "{", "call_1"), call(0, None, "}", "call_x"))
    assert [one["function"]["arguments"] for one in told["tool_calls"]] == ["{}"]


def test_calls_that_are_not_numbered_come_whole() -> None:
    whole = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    assert said({"tool_calls": [whole]}, {"tool_calls": [whole]})["tool_calls"] == [whole, whole]


def test_thoughts_of_one_number_and_two_types_stay_two() -> None:
    told = said(
        {"reasoning_details": [{"index": 0, "type": "reasoning.text", "text": "Hm"}]},
        {"reasoning_details": [{"index": 0, "type": "reasoning.text", "text": "m", "signature": "s"}]},
        {"reasoning_details": [{"index": 0, "type": "reasoning.encrypted", "data": "x"}]},
    )
    assert told["reasoning_details"] == [
        {"index": 0, "type": "reasoning.text", "text": "Hmm", "signature": "s"},
        {"index": 0, "type": "reasoning.encrypted", "data": "x"},
    ]


def test_a_message_without_words_says_so() -> None:
    assert said(call(0, "add", "{}"))["content"] is None
    assert said({"content": None})["content"] is None
    assert said({"content": ""})["content"] == ""


def test_of_what_is_said_beside_the_pieces_the_last_word_counts() -> None:
    told = openai(
        {
            "id": "a",
            "model": "local/tiny",
            "object": "chat.completion.chunk",
            "usage": None,
            "x": {"id": "r"},
        },
        {
            "choices": [
                {"index": 0, "delta": {"content": "Hi"}, "finish_reason": None, "filter": {"hate": {}}}
            ]
        },
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "filter": {}}], "cited": ["a"]},
        {"choices": [], "cited": ["a", "b"], "usage": {"prompt_tokens": 3}, "x": {"took": 1}},
        {"choices": None, "usage": {"prompt_tokens": 4}, "system_fingerprint": None},
    )
    message = {"role": "assistant", "content": "Hi"}
    assert told == {
        "id": "a",
        "model": "local/tiny",
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "filter": {"hate": {}}, "message": message}],
        "usage": {"prompt_tokens": 4},
        "x": {"id": "r", "took": 1},
        "cited": ["a", "b"],
        "system_fingerprint": None,
    }


def test_what_only_a_stream_has_is_left_out() -> None:
    assert "obfuscation" not in openai({"choices": [], "obfuscation": "xYz"})


def test_choices_stand_in_their_order() -> None:
    told = openai(
        {"choices": [{"index": 1, "text": "b"}]}, {"choices": [{"text": "a"}, {"index": 1, "text": "c"}]}
    )
    assert [choice["text"] for choice in told["choices"]] == ["a", "bc"]


def test_a_text_may_be_an_array_of_parts() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert said({"content": parts[:1]}, {"content": parts[1:]})["content"] == parts


@pytest.mark.parametrize("form", COLLECTORS)
@pytest.mark.parametrize("chunk", [b'{"choices":[{"delta":' + b'{"a":' * 900 + b"1" + b"}" * 902, b"{oops"])
def test_what_can_not_be_put_together_is_a_failure_of_its_server(form: str, chunk: bytes) -> None:
    with pytest.raises(UpstreamError, match="can't be put together"):
        COLLECTORS[form]("local/tiny").feed(b"data: " + chunk + b"\n\n")


def test_a_text_of_very_many_pieces_is_put_together_in_time() -> None:
    """Who copied what is there with each piece that comes would copy 200 GB."""
    piece = b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % (b"x" * 1000) * 1000
    collector = COLLECTORS["openai.chat"]("local/tiny")
    for _ in range(20):
        collector.feed(piece)
    assert b'"content":"' + b"x" * 20_000_000 + b'"' in collector.whole()


# -- Anthropic


def test_a_tools_input_is_what_its_pieces_say_together() -> None:
    tool = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}}
    pieces = [
        more({"type": "input_json_delta", "partial_json": piece}) for piece in ("", '{"a": [1', ", 2]}")
    ]
    assert anthropic(begun(tool), *pieces)["content"] == [tool | {"input": {"a": [1, 2]}}]
    assert anthropic(begun(tool), pieces[0])["content"] == [tool]


def test_a_tools_input_that_is_no_json_is_a_failure_of_its_server() -> None:
    tool = begun({"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}})
    half = more({"type": "input_json_delta", "partial_json": '{"a": [1'})
    with pytest.raises(UpstreamError, match="no JSON"):
        anthropic(tool, half, stopped("tool_use"))
    cut = anthropic(tool, half, stopped("max_tokens"))
    assert (cut["content"][0]["input"], cut["stop_reason"]) == ({}, "max_tokens")


def test_the_figures_of_a_message_are_the_last_that_came() -> None:
    first = {"input_tokens": 3, "output_tokens": 1, "cache_creation": {"ephemeral_5m_input_tokens": 2}}
    told = anthropic(
        messages.event("message_start", message={"id": "msg_1", "usage": first, "stop_sequence": None}),
        messages.event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9}),
        messages.event("message_delta", delta={"stop_sequence": None}, usage={"input_tokens": None}),
    )
    assert told["usage"] == first | {"output_tokens": 9}
    assert (told["stop_reason"], told["stop_sequence"]) == ("end_turn", None)


def test_blocks_stand_in_their_order_and_one_that_was_not_begun_is_there_too() -> None:
    told = anthropic(
        more({"type": "text_delta", "text": "b"}, index=1),
        begun({"type": "redacted_thinking", "data": "x"}),
    )
    assert told["content"] == [{"type": "redacted_thinking", "data": "x"}, {"type": "text", "text": "b"}]


def test_a_delta_that_is_not_known_goes_on_with_the_field_that_it_names() -> None:
    pieces = [more({"type": "compaction_delta", "content": piece}) for piece in ("a", "b")]
    told = anthropic(begun({"type": "compaction", "content": None}), *pieces)
    assert told["content"] == [{"type": "compaction", "content": "ab"}]


# -- which calls


@pytest.mark.parametrize("call", [chat(), completion(), message(max_tokens=5), chat(audio=None, stream=None)])
def test_a_plain_call_is_asked_as_a_stream(call: Call) -> None:
    asked = as_stream(call)
    assert asked.stream
    assert asked.fields["stream"] == msgspec.Raw(b"true")
    assert {**asked.fields, "stream": 0} == {**call.fields, "stream": 0}


@pytest.mark.parametrize(
    "call",
    [
        chat(stream=True),
        embedding(),
        count(),
        completion(best_of=2),
        chat(audio={"format": "wav", "voice": "alloy"}, modalities=["text", "audio"]),
    ],
)
def test_a_call_that_has_no_stream_of_its_own_is_asked_as_it_is(call: Call) -> None:
    assert as_stream(call) is call
