"""Streamed answers: what is passed on, what is read, and how they end."""

import json
from typing import Any

import pytest

from pointsman.calls import Frame
from pointsman.chat import Event, EventKind
from pointsman.errors import UpstreamError
from pointsman.money import Usage
from pointsman.wire.openai_stream import StreamReader

MODEL = "llama-server/tiny"
TEXT, FINISH = EventKind.TEXT, EventKind.FINISH

CHUNK = b'"created":1795225221,"id":"chatcmpl-1","model":"tiny-a","object":"chat.completion.chunk"'
START = (
    b'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],%b}\n\n'
    % CHUNK
)
WORD = (
    b'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"caf\xc3\xa9"}}],%b}\n\n' % CHUNK
)
STOP = b'data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}],%b}\n\n' % CHUNK
USAGE = (
    b'data: {"choices":[],%b,"usage":{"completion_tokens":6,"prompt_tokens":19,"total_tokens":25,'
    b'"prompt_tokens_details":{"cached_tokens":18}},"timings":{"cache_n":18,"prompt_ms":227.947}}\n\n' % CHUNK
)
DONE = b"data: [DONE]\n\n"
LLAMA_SERVER = START + WORD + WORD + STOP + USAGE + DONE


def renamed(stream: bytes) -> bytes:
    return stream.replace(b'"model":"tiny-a"', b'"model":"llama-server/tiny"')


def reader(*, keep_usage: bool = True) -> StreamReader:
    return StreamReader(MODEL, keep_usage=keep_usage)


def kinds(frame: Frame) -> list[EventKind]:
    return [event.kind for event in frame.events]


def chunk(*choices: dict[str, Any], **fields: Any) -> bytes:
    return b"data: " + json.dumps({"choices": choices, **fields}).encode() + b"\n\n"


def said(text: str, index: int = 0, finish: str | None = None) -> dict[str, Any]:
    return {"index": index, "delta": {"content": text} if text else {}, "finish_reason": finish}


def test_a_recorded_stream_is_passed_on_to_the_letter_but_for_its_model() -> None:
    stream = reader()
    assert stream.feed(LLAMA_SERVER).raw == renamed(LLAMA_SERVER)
    assert stream.done
    assert stream.usage == Usage(input=19, output=6, cache_read=18)
    assert stream.text_size == 8


def test_a_chunk_that_does_not_name_its_model_is_named_all_the_same() -> None:
    stream = reader()
    stream.feed(chunk(said("Hi"), model="tiny-a"))
    frame = stream.feed(chunk(said("Hi"), timings={"model": None}))
    assert json.loads(frame.raw.removeprefix(b"data: ")) == {
        "choices": [said("Hi")],
        "timings": {"model": None},
        "model": MODEL,
    }


def test_the_models_name_elsewhere_in_a_chunk_stays_as_it_is() -> None:
    words = '"model":"tiny-a"'
    frame = reader().feed(chunk(said(words), timings={"model": "tiny-a"}, model="tiny-a"))
    assert json.loads(frame.raw.removeprefix(b"data: ")) == {
        "choices": [said(words)],
        "timings": {"model": "tiny-a"},
        "model": MODEL,
    }


def test_only_words_are_content_not_the_role_or_a_comment() -> None:
    stream = reader()
    assert not stream.feed(b": OPENROUTER PROCESSING\n\n" + START).has_content
    assert stream.feed(WORD).has_content


def test_comments_are_passed_on_and_fields_without_data_are_not() -> None:
    assert (
        reader().feed(b": OPENROUTER PROCESSING\n\nevent: ping\n\nid: 7\nretry: 5\n\n").raw
        == b": OPENROUTER PROCESSING\n\n"
    )


def test_json_that_was_sent_in_several_lines_arrives_as_one_event() -> None:
    frame = reader().feed(b'data: {"choices":\ndata: [{"index":0,\ndata: "delta":{"content":"Hi"}}]}\n\n')
    assert [event.text for event in frame.events] == ["Hi"]
    again = reader().feed(frame.raw)
    assert again.events == frame.events
    assert again.raw == frame.raw


@pytest.mark.parametrize("usage_chunk", [USAGE, USAGE.replace(b'"choices":[]', b'"choices":null')])
def test_usage_that_nobody_asked_for_is_read_and_kept_back(usage_chunk: bytes) -> None:
    stream = reader(keep_usage=False)
    assert stream.feed(WORD + STOP + usage_chunk + DONE).raw == renamed(WORD + STOP + DONE)
    assert stream.usage == Usage(input=19, output=6, cache_read=18)


def test_usage_beside_words_is_taken_off_and_the_words_stay() -> None:
    stream = reader(keep_usage=False)
    frame = stream.feed(chunk(said("Hi", finish="stop"), usage={"prompt_tokens": 3, "completion_tokens": 2}))
    assert json.loads(frame.raw.removeprefix(b"data: ")) == {
        "choices": [said("Hi", finish="stop")],
        "model": MODEL,
    }
    assert stream.usage == Usage(3, 2)


def test_usage_that_was_asked_for_stays_beside_words() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    frame = reader().feed(chunk(said("Hi"), usage=usage))
    assert json.loads(frame.raw.removeprefix(b"data: "))["usage"] == usage


def test_the_last_usage_counts_and_nulls_do_not_undo_it() -> None:
    stream = reader()
    for count in (1, 2, 3):
        stream.feed(chunk(said("a"), usage={"prompt_tokens": 9, "completion_tokens": count}))
    stream.feed(chunk(said("", finish="stop"), usage=None))
    assert stream.usage == Usage(9, 3)


def test_a_usage_that_cannot_be_read_does_not_cost_the_chunk_that_carries_it() -> None:
    stream = reader()
    frame = stream.feed(chunk(said("Hi", finish="stop"), usage={"prompt_tokens": "many"}))
    assert kinds(frame) == [TEXT, FINISH]
    assert (stream.usage, stream.skipped) == (None, 0)


@pytest.mark.parametrize(
    ("delta", "kind"),
    [
        ({"content": "Hi"}, TEXT),
        ({"content": [{"type": "text", "text": "Hi"}]}, TEXT),
        ({"reasoning_content": "Hm"}, EventKind.REASONING),
        ({"reasoning": "Hm"}, EventKind.REASONING),
        ({"refusal": "I can't"}, EventKind.REFUSAL),
        ({"audio": {"data": "UklGRg=="}}, EventKind.MEDIA),
        ({"images": [{"type": "image_url"}]}, EventKind.MEDIA),
        (
            {"tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": ""}}]},
            EventKind.TOOL_CALL,
        ),
        ({"function_call": {"name": "f"}}, EventKind.TOOL_CALL),
    ],
)
def test_every_kind_of_content_is_the_point_of_no_return(delta: dict[str, Any], kind: EventKind) -> None:
    frame = reader().feed(chunk({"index": 0, "delta": delta}))
    assert kinds(frame) == [kind]
    assert frame.has_content


@pytest.mark.parametrize(
    "delta",
    [
        {},
        {"role": "assistant"},
        {"content": ""},
        {"content": None},
        {"reasoning_content": ""},
        {"tool_calls": []},
    ]
    + [{"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}],
)
def test_an_empty_delta_is_no_content(delta: dict[str, Any]) -> None:
    assert not reader().feed(chunk({"index": 0, "delta": delta})).has_content


def test_events_know_their_choice() -> None:
    frame = reader().feed(chunk(said("one", 0), said("two", 1)) + chunk(said("", 1, "stop")))
    assert frame.events == (Event(TEXT, 0, "one"), Event(TEXT, 1, "two"), Event(FINISH, 1))


def test_a_stream_of_several_choices_is_complete_when_each_is() -> None:
    stream = reader()
    stream.feed(chunk(said("one", 0)) + chunk(said("two", 1)) + chunk(said("", 0, "stop")))
    assert not stream.complete
    stream.feed(chunk(said("", 1, "stop")))
    assert stream.complete


def test_without_its_terminal_marker_a_finished_answer_is_whole_and_gets_the_marker() -> None:
    stream = reader()
    stream.feed(WORD + STOP)
    assert not stream.done
    assert stream.end() == Frame(DONE)
    assert stream.done


def test_with_its_terminal_marker_an_answer_without_finish_reason_is_whole() -> None:
    stream = reader()
    stream.feed(WORD + DONE)
    assert stream.end() == Frame(b"")


@pytest.mark.parametrize(
    "stream", [b"", START, START + WORD, chunk(said("a", 0), said("b", 1)) + chunk(said("", 0, "stop"))]
)
def test_without_marker_and_finish_reason_it_is_cut(stream: bytes) -> None:
    cut = reader()
    cut.feed(stream)
    with pytest.raises(UpstreamError, match="cut"):
        cut.end()


def test_a_stream_cut_at_any_byte_before_its_finish_never_passes_for_whole() -> None:
    for size in range(len(START + WORD + STOP) - 3):  # the finish is whole with its closing brace
        stream = reader()
        stream.feed((START + WORD + STOP)[:size])
        with pytest.raises(UpstreamError, match="cut"):
            stream.end()


def test_a_marker_without_its_blank_line_still_ends_the_stream() -> None:
    stream = reader()
    stream.feed(WORD + b"data: [DONE]")
    assert stream.end().raw == DONE


def test_what_follows_the_marker_is_not_read() -> None:
    stream = reader()
    assert stream.feed(STOP + DONE + WORD).raw == renamed(STOP + DONE)
    assert stream.feed(WORD) == Frame(b"")
    assert stream.text_size == 0


@pytest.mark.parametrize(
    "broken",
    [
        b'data: {"choices":[{"ind\n\n',
        b"data: Hi\n\n",
        b"data:\n\n",
        b"data: []\n\n",
        b'data: "\xff"\n\n',
        b'data: {"\xff":1}\n\n',
    ]
    + [b'data: {"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n\n"],
)
def test_a_malformed_chunk_is_left_out_and_counted(broken: bytes) -> None:
    stream = reader()
    assert stream.feed(WORD + broken + WORD + STOP).raw == renamed(WORD + WORD + STOP)
    assert stream.skipped == 1
    assert stream.complete


@pytest.mark.parametrize("usage", [b"", b',"usage":null'])
def test_a_character_that_came_in_two_halves_arrives_in_two_halves(usage: bytes) -> None:
    first = rb'data: {"n":1.50,"choices":[{"index":0,"delta":{"content":"Go \ud83d"}}],%b}' % (CHUNK + usage)
    second = rb'data: {"choices":[{"index":0,"delta":{"content":"\uDE80 \\ud83d"}}],%b}' % (CHUNK + usage)
    stream = reader(keep_usage=False)
    frame = stream.feed(first + b"\n\n" + second + b"\n\n" + STOP)
    blocks = [json.loads(block[6:]) for block in frame.raw.split(b"\n\n")[:2]]
    assert [block["choices"][0]["delta"]["content"] for block in blocks] == ["Go \ud83d", "\ude80 \\ud83d"]
    assert rb'{"n":1.50,"choices":[{"index":0,"delta":{"content":"Go \ud83d"}}]' in frame.raw, "to the letter"
    assert b"tiny-a" not in frame.raw
    assert b"usage" not in frame.raw
    assert kinds(frame) == [TEXT, TEXT, FINISH]
    assert stream.skipped == 0


@pytest.mark.parametrize(
    "piece",
    [
        {"index": None, "delta": {"content": "Hi"}},
        {"index": "0", "delta": {"content": "Hi"}},
        {"index": 0, "delta": {"content": "Hi", "tool_calls": {}}},
        {"index": 0, "delta": {"content": "Hi", "tool_calls": [None], "function_call": []}},
        {"index": 0, "delta": {"content": "Hi", "tool_calls": [{"function": "odd"}]}},
        {"index": 0, "delta": {"content": "Hi"}, "message": "odd"},
    ],
)
def test_what_does_not_fit_costs_nothing_of_what_stands_beside_it(piece: dict[str, Any]) -> None:
    sent = chunk(piece, model="tiny-a")
    stream = reader()
    frame = stream.feed(sent)
    assert frame.events == (Event(TEXT, 0, "Hi"),)
    assert frame.raw == sent.replace(b'"model": "tiny-a"', b'"model":"llama-server/tiny"')
    assert stream.skipped == 0


def test_a_call_beside_none_is_heard() -> None:
    call = {"index": 0, "id": "1", "function": {"name": "f", "arguments": ""}}
    assert kinds(reader().feed(chunk({"index": 0, "delta": {"tool_calls": [call, None]}}))) == [
        EventKind.TOOL_CALL
    ]


@pytest.mark.parametrize("choices", [{}, "odd", 5, [None], [5], [{"delta": "odd"}]])
def test_a_chunk_that_says_nothing_to_us_is_the_clients_to_read(choices: object) -> None:
    sent = b"data: " + json.dumps({"choices": choices, "model": "tiny-a"}).encode() + b"\n\n"
    frame = reader().feed(sent)
    assert not frame.events
    assert frame.raw == sent.replace(b'"model": "tiny-a"', b'"model":"llama-server/tiny"')


def test_a_finish_without_its_number_is_that_of_the_only_choice() -> None:
    stream = reader()
    stream.feed(WORD + chunk({"index": None, "delta": None, "finish_reason": "stop"}))
    assert stream.complete


ERRORS = (
    b'data: {"error":{"code":500,"message":"the slot is gone","type":"server_error"}}\n\n',
    b'error: {"code":500,"message":"the slot is gone","type":"server_error"}\n\n',
    b'event: error\ndata: {"error":"the slot is gone"}\n\n',
    b'data: {"error":{"code":502,"message":"the slot is gone"},"choices":[{"finish_reason":"error"}]}\n\n',
)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("before", [b"", START, START + WORD])
def test_an_error_in_the_stream_is_an_event_and_is_not_passed_on(error: bytes, before: bytes) -> None:
    frame = reader().feed(before + error + WORD)
    last = frame.events[-1]
    assert (last.kind, last.text) == (EventKind.ERROR, "the slot is gone")
    assert b"the slot is gone" in last.said, "as its provider said it"
    assert frame.raw == renamed(before)


def test_half_an_answer_that_finishes_with_an_error_breaks_off() -> None:
    frame = reader().feed(WORD + chunk(said("", finish="error")) + DONE)
    assert kinds(frame) == [TEXT, EventKind.ERROR]
    assert frame.raw == renamed(WORD)


def test_an_error_in_a_streams_place_is_one() -> None:
    stream = reader()
    stream.feed(b'{"error":{"code":500,"message":"the slot is gone"}}')
    assert [(event.kind, event.text) for event in stream.end().events] == [
        (EventKind.ERROR, "the slot is gone")
    ]


@pytest.mark.parametrize("body", [b'{"choices":[{"message":{"content":"Hi"}', b'{"id":1}', b"<html>"])
def test_what_is_no_answer_in_a_streams_place_is_none(body: bytes) -> None:
    stream = reader()
    stream.feed(body)
    with pytest.raises(UpstreamError, match="cut"):
        stream.end()


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b"\r\n\r\n"])
def test_a_plain_answer_in_a_streams_place_is_told_however_it_ends(end: bytes) -> None:
    stream = reader()
    body = b'{"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}'
    raw = stream.feed(body + end).raw + stream.end().raw
    assert b'"content":"Hi"' in raw
    assert raw.endswith(b"data: [DONE]\n\n")
    refused = reader()
    told = [*refused.feed(b'{"error":{"code":429,"message":"slow"}}' + end).events]
    told += [] if told else refused.end().events
    assert [event.kind for event in told] == [EventKind.ERROR]


def test_a_plain_answer_after_some_of_a_stream_is_no_more_of_it() -> None:
    stream = reader()
    stream.feed(WORD + b'{"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}')
    with pytest.raises(UpstreamError, match="cut"):
        stream.end()


@pytest.mark.parametrize("kind", ["object", "type"])
def test_a_chunk_that_is_an_error_as_a_whole_is_heard_as_one(kind: str) -> None:
    stream = reader()
    stream.feed(WORD)
    (event,) = stream.feed(
        b'data: {"%b":"error","message":"out of memory","code":500}\n\n' % kind.encode()
    ).events
    assert (event.kind, event.text) == (EventKind.ERROR, "out of memory")


def test_an_error_as_the_last_words_without_a_blank_line_is_heard() -> None:
    stream = reader()
    stream.feed(WORD + ERRORS[0].rstrip())
    assert kinds(stream.end()) == [EventKind.ERROR]


@pytest.mark.parametrize("nothing", [None, "", {}, [], False, 0])
def test_an_error_that_says_nothing_is_none(nothing: object) -> None:
    assert kinds(reader().feed(chunk(said("Hi"), error=nothing))) == [TEXT]
