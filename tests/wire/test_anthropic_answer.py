import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.chat import Event, EventKind
from pointsman.errors import UpstreamError
from pointsman.money import NANO, Price, Usage
from pointsman.wire.anthropic import StreamReader, read_whole
from tests.wire.asking import candidate, message

# As a llama-server answers, cut to what matters.
PLAIN = (
    b'{"id":"chatcmpl-1","type":"message","role":"assistant","content":[{"type":"text","text":"caf\xc3\xa9"}],'
    b'"model":"tiny-a","stop_reason":"max_tokens","stop_sequence":null,'
    b'"usage":{"cache_read_input_tokens":18,"input_tokens":1,"output_tokens":6}}'
)
START = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"chatcmpl-1","type":"message",'
    b'"role":"assistant","content":[],"model":"tiny-a","stop_reason":null,'
    b'"usage":{"cache_read_input_tokens":18,"input_tokens":1,"output_tokens":0}}}\n\n'
)
TEXT = b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":%b}\n\n'
DELTA = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":%b}\n\n'
WORDS = DELTA % b'{"type":"text_delta","text":"caf\xc3\xa9"}'
PING = b'event: ping\ndata: {"type":"ping"}\n\n'
DELTA_END = (
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
    b'"usage":{"output_tokens":4}}\n\n'
)
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
WHOLE = START + (TEXT % b'{"type":"text","text":""}') + PING + WORDS + DELTA_END + STOP


def reader(**known: frozenset[str]) -> StreamReader:
    return StreamReader("local/tiny", keep_usage=False, **known)


def event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def kinds(raw: bytes) -> list[EventKind]:
    return [event.kind for event in reader().feed(raw).events]


def test_a_plain_answer_is_passed_on_to_the_letter_but_for_its_model() -> None:
    whole = read_whole(PLAIN, message(), candidate())
    assert whole.body == PLAIN.replace(b'"tiny-a"', b'"local/tiny"')
    assert (whole.usage, whole.text_size) == (Usage(19, 6, cache_read=18), 4)


def test_half_a_character_spoils_no_answer() -> None:
    body = PLAIN.replace(b"caf\xc3\xa9", rb"Go \ud83d")
    assert read_whole(body, message(), candidate()).body == body.replace(b'"tiny-a"', b'"local/tiny"')


def test_a_character_that_came_in_two_halves_arrives_in_two_halves() -> None:
    begun = event("message_start", message={"id": "\ud83d", "model": "tiny-a", "tiny": ["tiny-a"]})
    told = [DELTA % b'{"type":"text_delta","text":"%b"}' % half for half in (rb"Go \ud83d", rb"\ude80")]
    stream = reader()
    frame = stream.feed(b"".join([begun, *told, DELTA_END]))
    assert frame.raw == b"".join(
        [begun.replace(b'"model": "tiny-a"', b'"model":"local/tiny"'), *told, DELTA_END]
    )
    assert [one.kind for one in frame.events][:2] == [EventKind.TEXT, EventKind.TEXT]
    assert stream.skipped == 0


@pytest.mark.parametrize("odd", [None, [], "odd", 5])
def test_what_does_not_fit_costs_nothing_of_what_stands_beside_it(odd: object) -> None:
    words = {"type": "text_delta", "text": "Hi"}
    sent = event("content_block_delta", index=odd, delta=words, content_block=odd, message=odd)
    frame = reader().feed(sent)
    assert frame.events == (Event(EventKind.TEXT, 0, "Hi"),)
    assert frame.raw == sent


@pytest.mark.parametrize(
    "content",
    [
        "null",
        "[]",
        '[{"type":"text","text":""}]',
        '[{"type":"thinking","thinking":""}]',
        '[{"type":"tool_use"}]',
    ],
)
def test_nothing_said_is_no_answer(content: str) -> None:
    with pytest.raises(UpstreamError, match="empty"):
        read_whole(f'{{"content":{content},"stop_reason":"end_turn"}}'.encode(), message(), candidate())


@pytest.mark.parametrize(
    "more",
    [
        '"content":[{"type":"tool_use","name":"f","input":{}}]',
        '"content":[{"type":"thinking","thinking":"hm"}]',
        '"content":[{"type":"not known yet"}]',
        '"content":[],"stop_reason":"refusal"',
        '"content":[],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}',
    ],
)
def test_each_of_these_is_an_answer(more: str) -> None:
    assert read_whole(f"{{{more}}}".encode(), message(), candidate()).body


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"\xff", b"<html>", b'{"content":5}', b'{"content":[5]}', b"[" * 100_000]
)
def test_what_is_no_message_is_no_answer(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        read_whole(body, message(), candidate())


def test_an_error_in_disguise_is_an_error() -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    with pytest.raises(UpstreamError, match="Overloaded"):
        read_whole(body, message(), candidate())


def test_another_models_answer_is_refused_plain_and_streamed() -> None:
    known = frozenset({"tiny"})
    with pytest.raises(UpstreamError, match="answers as 'tiny-a' now"):
        read_whole(PLAIN, message(), candidate(known_as=known))
    with pytest.raises(UpstreamError, match="answers as 'tiny-a' now"):
        reader(known_as=known).feed(START)


def test_a_stream_is_passed_on_to_the_letter_but_for_its_model() -> None:
    stream = reader()
    frame = stream.feed(WHOLE)
    assert frame.raw == WHOLE.replace(b'"tiny-a"', b'"local/tiny"')
    assert stream.done
    assert (stream.usage, stream.text_size) == (Usage(19, 4, cache_read=18), 4)


def test_the_name_is_told_truly_where_it_stands_twice() -> None:
    data = {"type": "message_start", "message": {"model": "a", "meta": {"model": "a"}, "content": []}}
    (line,) = (
        line
        for line in reader()
        .feed(f"event: message_start\ndata: {json.dumps(data)}\n\n".encode())
        .raw.split(b"\n")
        if line.startswith(b"data: ")
    )
    said = json.loads(line[6:])["message"]
    assert said == {"model": "local/tiny", "meta": {"model": "a"}, "content": []}


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (WORDS, EventKind.TEXT),
        (TEXT % b'{"type":"text","text":"a"}', EventKind.TEXT),
        (DELTA % b'{"type":"thinking_delta","thinking":"hm"}', EventKind.REASONING),
        (TEXT % b'{"type":"tool_use","name":"f","input":{}}', EventKind.TOOL_CALL),
        (TEXT % b'{"type":"redacted_thinking","data":"x"}', EventKind.MEDIA),
    ],
)
def test_what_is_content(raw: bytes, kind: EventKind) -> None:
    assert kinds(raw) == [kind]


@pytest.mark.parametrize(
    "raw",
    [
        START,
        PING,
        b": a comment\n\n",
        TEXT % b'{"type":"text","text":""}',
        TEXT % b'{"type":"thinking","thinking":"","signature":""}',
        DELTA % b'{"type":"text_delta","text":""}',
        DELTA % b'{"type":"signature_delta","signature":"x"}',
        DELTA % b'{"type":"input_json_delta","partial_json":"{}"}',
        b'event: new\ndata: {"type":"new"}\n\n',
    ],
)
def test_what_is_passed_on_and_no_content(raw: bytes) -> None:
    frame = reader().feed(raw)
    assert not frame.has_content
    assert frame.raw


def test_of_usage_the_last_figure_of_each_field_counts() -> None:
    stream = reader()
    stream.feed(
        START
        + b'data: {"type":"message_delta","delta":{},"usage":{"input_tokens":3,"output_tokens":2,'
        + b'"cache_creation_input_tokens":5}}\n\n'
        + b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}\n\n'
    )
    assert stream.usage == Usage(input=3 + 18 + 5, output=7, cache_read=18, cache_write=5)


def test_what_is_written_to_a_cache_is_told_by_how_long_it_is_kept() -> None:
    body = (
        b'{"content":[{"type":"text","text":"a"}],"usage":{"input_tokens":1,"output_tokens":9,'
        b'"cache_creation_input_tokens":7,"cache_read_input_tokens":20,'
        b'"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},'
        b'"output_tokens_details":{"thinking_tokens":6}}}'
    )
    expected = Usage(28, 9, cache_read=20, cache_write=7, cache_write_hour=4, reasoning=6)
    assert read_whole(body, message(), candidate()).usage == expected


@pytest.mark.parametrize(("short", "hour", "expected"), [(3, 4, 7), (5, 0, 0), (0, 2, 10)])
def test_a_write_that_grew_after_it_was_split_counts_as_the_dearer_of_its_kinds(
    short: int, hour: int, expected: int
) -> None:
    split = {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": hour}
    begun = {"input_tokens": 1, "cache_creation_input_tokens": short + hour, "cache_creation": split}
    stream = reader()
    stream.feed(event("message_start", message={"model": "a", "usage": begun}))
    stream.feed(event("message_delta", delta={}, usage={"cache_creation_input_tokens": 10}))
    assert stream.usage == Usage(11, cache_write=10, cache_write_hour=expected)


tokens = st.integers(0, 10**6)


@given(st.lists(tokens, min_size=4, max_size=4), tokens, tokens, tokens, st.data())
def test_the_same_answer_costs_the_same_streamed_and_plain(
    sums: list[int], short: int, hour: int, thought: int, data: st.DataObject
) -> None:
    names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    total = dict(zip(names, [*sums[:3], short + hour], strict=True))
    split = {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": hour}
    details = {"output_tokens_details": {"thinking_tokens": thought}}
    so_far = {name: data.draw(st.integers(0, count)) for name, count in total.items()}
    stream = reader()
    stream.feed(event("message_start", message={"model": "a", "usage": so_far | {"cache_creation": split}}))
    for _ in range(data.draw(st.integers(0, 2))):
        so_far = {name: data.draw(st.integers(so_far[name], count)) for name, count in total.items()}
        stream.feed(event("message_delta", delta={}, usage=so_far))
    stream.feed(event("message_delta", delta={"stop_reason": "end_turn"}, usage=total | details))
    told = total | {"cache_creation": split} | details
    body = json.dumps({"content": [{"type": "text", "text": "a"}], "usage": told}).encode()
    assert stream.usage == read_whole(body, message(), candidate()).usage


@pytest.mark.parametrize("odd", ['{"cache_creation":5}', '{"output_tokens_details":[]}', "[]", '"x"'])
def test_odd_figures_leave_those_before_them_as_they_are(odd: str) -> None:
    stream = reader()
    stream.feed(START + f'data: {{"type":"message_delta","delta":{{}},"usage":{odd}}}\n\n'.encode())
    assert stream.usage == Usage(19, 0, cache_read=18)


def test_figures_that_can_not_be_read_spoil_no_answer() -> None:
    stream = reader()
    stream.feed(b'data: {"type":"message_start","message":{"model":"a","usage":{"input_tokens":-1}}}\n\n')
    stream.feed(WORDS + DELTA_END + STOP)
    assert stream.done
    assert stream.usage is None


@pytest.mark.parametrize("nothing", ["null", '""', "{}", "[]", "false", "0"])
def test_an_error_that_says_nothing_is_none(nothing: str) -> None:
    whole = f'{{"content":[{{"type":"text","text":"Hi"}}],"error":{nothing}}}'.encode()
    assert read_whole(whole, message(), candidate()).text_size == 2
    assert kinds(WORDS.replace(b'"index":0', f'"error":{nothing}'.encode())) == [EventKind.TEXT]


def test_an_error_in_a_streams_place_is_one() -> None:
    stream = reader()
    stream.feed(b'{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}')
    assert [(one.kind, one.text) for one in stream.end().events] == [(EventKind.ERROR, "Busy")]


def test_an_error_ends_the_stream_and_is_not_passed_on() -> None:
    error = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Busy"}}\n\n'
    frame = reader().feed(START + error + WORDS)
    said = b'{"type":"overloaded_error","message":"Busy"}'
    assert frame.events == (Event(EventKind.ERROR, text="Busy", said=said),)
    assert b"Busy" not in frame.raw


def test_a_stream_that_stops_before_a_stop_reason_is_cut() -> None:
    stream = reader()
    stream.feed(START + WORDS)
    with pytest.raises(UpstreamError, match="cut"):
        stream.end()


def test_a_stream_without_its_last_event_is_given_one() -> None:
    stream = reader()
    stream.feed(START + WORDS + DELTA_END)
    assert not stream.done
    assert stream.end().raw == STOP
    assert stream.done


def test_what_follows_the_last_event_is_not_read() -> None:
    stream = reader()
    assert stream.feed(WHOLE + b"data: [DONE]\n\n" + WORDS).raw.endswith(STOP)
    assert stream.skipped == 0


def test_an_event_that_can_not_be_read_is_left_out() -> None:
    stream = reader()
    frame = stream.feed(START + b"data: {oops\n\n" + WORDS)
    assert frame.raw == START.replace(b'"tiny-a"', b'"local/tiny"') + WORDS
    assert stream.skipped == 1


def test_a_refusal_is_an_answer_and_an_end_without_a_word_is_none() -> None:
    refusal = b'data: {"type":"message_delta","delta":{"stop_reason":"refusal"}}\n\n'
    assert reader().feed(START + refusal).has_content
    nothing = (
        b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":0}}\n\n'
    )
    assert not reader().feed(START + nothing).has_content
    assert reader().feed(START + DELTA_END).has_content, "tokens were counted, though no text was seen"


def test_what_a_tool_is_called_with_counts_the_same_streamed_as_plain() -> None:
    call = {"type": "tool_use", "id": "1", "name": "look"}
    plain = b'{"content":[%b],"stop_reason":"tool_use"}'
    with_words = json.dumps({**call, "input": {"where": "here"}}, separators=(",", ":")).encode()
    stream = reader()
    stream.feed(event("message_start", message={"model": "a"}))
    stream.feed(event("content_block_start", index=0, content_block={**call, "input": {}}))
    for piece in ("", '{"where":', '"here"}'):
        stream.feed(
            event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": piece})
        )
    assert stream.text_size == len('{"where":"here"}')
    assert read_whole(plain % with_words, message(), candidate()).text_size == stream.text_size
    without = json.dumps({**call, "input": {}}).encode()
    assert read_whole(plain % without, message(), candidate()).text_size == 0


def test_a_cache_written_for_two_times_costs_the_same_streamed_as_plain() -> None:
    price = Price(3 * NANO, 15 * NANO, NANO * 3 // 10, NANO * 15 // 4, 6 * NANO)
    split = {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 20}
    told = {
        "input_tokens": 10,
        "cache_read_input_tokens": 80,
        "cache_creation_input_tokens": 60,
        "cache_creation": split,
        "output_tokens": 2,
    }
    stream = reader()
    stream.feed(event("message_start", message={"model": "a", "usage": told | {"output_tokens": 1}}))
    stream.feed(event("content_block_delta", delta={"type": "text_delta", "text": "a"}))
    stream.feed(event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}))
    plain = read_whole(
        json.dumps({"content": [{"type": "text", "text": "a"}], "usage": told}).encode(),
        message(),
        candidate(),
    )
    assert plain.usage is not None
    assert stream.usage == plain.usage
    assert plain.usage.cost(price, 0.0) == 10 * 3_000 + 80 * 300 + 40 * 3_750 + 20 * 6_000 + 2 * 15_000
