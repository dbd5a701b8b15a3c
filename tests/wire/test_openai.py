import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Call, CallKind, Candidate
from pointsman.chat import PartKind, Role
from pointsman.errors import (
    BadRequest,
    BodyTooLarge,
    Loop,
    NoRoute,
    PointsmanError,
    Refused,
    UnknownModel,
    WrongHost,
)
from pointsman.types import Endpoint, FoundBy, Model, Place, Tier
from pointsman.wire.openai import (
    decode,
    encode,
    error_body,
    error_event,
    model_entry,
    model_list,
)
from pointsman.wire.openai_request import LONGEST_NAME

MESSAGES = '"messages":[{"role":"user","content":"Hi"}]'


def call_of(fields: str = "") -> Call:
    """A call with more fields than its messages, which are written as JSON."""
    return decode(f"{{{MESSAGES}{',' if fields else ''}{fields}}}".encode(), {})


def refusal_of(body: bytes | str) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        decode(body.encode() if isinstance(body, str) else body, {})
    return caught.value


def asked(served_as: str = "tiny") -> Candidate:
    endpoint = Endpoint("local", "llama-server", Place("http://127.0.0.1:8080/v1"), FoundBy.PORT)
    return Candidate(Model(f"local/{served_as}", served_as, served_as, endpoint, Tier.LOCAL), "named")


def sent(call: Call, served_as: str = "tiny") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encode(call, asked(served_as)))
    return found


def test_a_small_request_is_read_with_its_defaults() -> None:
    call = call_of()
    assert (call.kind, call.format, call.model) == (CallKind.CHAT, "openai.chat", "")
    assert (call.stream, call.wants_usage, call.max_tokens, call.choices) == (False, False, None, 1)
    assert call.chat is not None
    assert [(message.role, message.parts[0].text) for message in call.chat.messages] == [(Role.USER, "Hi")]


def test_what_a_decision_needs_is_read() -> None:
    call = call_of(
        '"model":" auto ","stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"n":2,'
        '"tools":[{"type":"function"}],"response_format":{"type":"json_schema"}'
    )
    assert (call.model, call.stream, call.wants_usage, call.max_tokens, call.choices) == (
        "auto",
        True,
        True,
        5,
        2,
    )
    assert call.chat is not None
    assert (call.chat.tools, call.chat.tools_size, call.chat.json) == (1, len('{"type":"function"}'), True)


def test_the_newer_name_of_the_token_limit_counts_before_the_older() -> None:
    assert call_of('"max_tokens":5,"max_completion_tokens":7').max_tokens == 7


def test_functions_of_old_are_tools_too() -> None:
    chat = call_of('"functions":[{"name":"f"},{"name":"g"}]').chat
    assert chat is not None
    assert (chat.tools, chat.tools_size) == (2, 2 * len('{"name":"f"}'))


def test_plain_text_as_response_format_demands_no_json() -> None:
    chat = call_of('"response_format":{"type":"text"}').chat
    assert chat is not None
    assert not chat.json


def test_nulls_mean_the_same_as_nothing() -> None:
    nulls = ("model", "stream", "stream_options", "max_tokens", "n", "tools", "response_format")
    call = call_of(",".join(f'"{name}":null' for name in nulls))
    assert (call.model, call.stream, call.max_tokens, call.choices) == ("", False, None, 1)


def test_parts_of_a_message_keep_their_kinds() -> None:
    kinds = {
        "text": PartKind.TEXT,
        "image_url": PartKind.IMAGE,
        "input_audio": PartKind.AUDIO,
        "video_url": PartKind.VIDEO,
        "file": PartKind.FILE,
        "document_url": PartKind.FILE,
        "of_tomorrow": PartKind.OTHER,
    }
    parts = [{"type": kind, "text": "words"} if kind == "text" else {"type": kind} for kind in kinds]
    chat = decode(json.dumps({"messages": [{"role": "user", "content": parts}]}).encode(), {}).chat
    assert chat is not None
    assert [part.kind for part in chat.messages[0].parts] == list(kinds.values())
    assert chat.messages[0].parts[0].text == "words"


def test_what_is_heard_or_read_from_a_file_has_a_size_and_an_image_has_none() -> None:
    held = {
        "input_audio": {"data": "UklGRg==", "format": "wav"},
        "file": {"file_data": "data:application/pdf;base64,AA"},
        "image_url": {"url": "data:image/png;base64,AA"},
    }
    parts = [{"type": kind, kind: what} for kind, what in held.items()]
    chat = decode(json.dumps({"messages": [{"role": "user", "content": parts}]}).encode(), {}).chat
    assert chat is not None
    sizes = [len(json.dumps(held["input_audio"])), len(json.dumps(held["file"])), 0]
    assert [part.size for part in chat.messages[0].parts] == sizes


@pytest.mark.parametrize(
    "name", ["tool_calls", "function_call", "refusal", "reasoning", "reasoning_content", "reasoning_details"]
)
def test_whatever_a_message_holds_besides_its_content_has_a_size(name: str) -> None:
    sizes = []
    for held in ("w" * 500, None, ""):
        message = {"role": "assistant", "content": "a", name: held}
        chat = decode(json.dumps({"messages": [message]}).encode(), {}).chat
        assert chat is not None
        sizes.append(sum(part.size for part in chat.messages[0].parts))
    assert sizes == [502, 0, 0]


def test_a_schema_that_is_demanded_has_a_size() -> None:
    schema = '{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}}'
    chat = call_of(f'"response_format":{schema}').chat
    assert chat is not None
    assert (chat.json, chat.schema_size) == (True, len(schema))


def test_roles_are_told_apart_and_tool_calls_have_a_size() -> None:
    messages = [
        {"role": "developer", "content": "Be brief"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "tool", "content": "4"},
    ]
    chat = decode(json.dumps({"messages": messages}).encode(), {}).chat
    assert chat is not None
    assert [message.role for message in chat.messages] == [Role.SYSTEM, Role.ASSISTANT, Role.TOOL]
    assert [part.size for part in chat.messages[1].parts] == [len('[{"id": "1"}]')]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ('"model":5', "model"),
        ('"stream":"yes"', "stream"),
        ('"stream_options":[]', "stream_options"),
        ('"stream_options":{"include_usage":1}', "stream_options.include_usage"),
        ('"max_tokens":"5"', "max_tokens"),
        ('"max_tokens":1.5', "max_tokens"),
        ('"max_tokens":0', "max_tokens"),
        ('"max_completion_tokens":-1', "max_completion_tokens"),
        ('"n":0', "n"),
        ('"tools":{}', "tools"),
        ('"response_format":{}', "response_format"),
        ('"messages":"Hi"', "messages"),
        ('"messages":null', "messages"),
        ('"messages":[]', "messages"),
        ('"messages":[5]', "messages[0]"),
        ('"messages":[{"content":"Hi"}]', "messages[0]"),
        ('"messages":[{"role":"user","content":5}]', "messages[0].content"),
        ('"messages":[{"role":"user","content":[{"text":"Hi"}]}]', "messages[0].content[0]"),
        ('"messages":[{"role":"user","content":[{"type":"text","text":5}]}]', "messages[0].content[0].text"),
    ],
)
def test_a_wrong_type_or_value_names_the_field(fields: str, param: str) -> None:
    error = refusal_of(f"{{{MESSAGES},{fields}}}")
    assert error.param == param
    assert f"`{param.partition('[')[0]}" in error.message


def test_missing_messages_are_named() -> None:
    error = refusal_of("{}")
    assert (error.param, error.message) == (
        "messages",
        "`messages` is missing: a list with at least one message",
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"Hi", b"{", b"{'messages':[]}", b"\xff\xfe", b'{"messages":[{"role":"user","content":"\xff"}]}'],
)
def test_what_is_not_json_is_refused_as_such(body: bytes) -> None:
    assert "JSON" in refusal_of(body).message


@pytest.mark.parametrize("body", ["[]", "null", "5", '"Hi"'])
def test_a_body_that_is_no_object_is_refused(body: str) -> None:
    assert "Expected `object`" in refusal_of(body).message


@pytest.mark.parametrize("body", ['{"messages":%s}', f'{{{MESSAGES},"metadata":%s}}'])
def test_absurd_nesting_is_refused_wherever_it_is(body: str) -> None:
    assert "recursion" in refusal_of(body % ("[" * 100_000 + "]" * 100_000)).message


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "01", "0x1"])
def test_numbers_that_json_does_not_know_are_refused(number: str) -> None:
    assert "JSON" in refusal_of(f'{{{MESSAGES},"temperature":{number}}}').message


@pytest.mark.parametrize("name", ["a\nb", "a\r\nX-Evil: 1", "\x1b[31m", "a\x00", "x" * (LONGEST_NAME + 1)])
def test_a_model_name_that_could_not_stand_in_a_header_is_refused(name: str) -> None:
    error = refusal_of(json.dumps({"messages": [{"role": "user", "content": "Hi"}], "model": name}))
    assert error.param == "model"


def test_large_and_odd_numbers_go_on_as_they_were_written() -> None:
    numbers = '"seed":123456789012345678901234567890,"temperature":0.70,"top_p":1E0'
    assert numbers.encode() in encode(call_of(numbers), asked("tiny"))


def test_of_a_field_that_is_given_twice_the_last_counts_for_us_and_for_the_engine() -> None:
    call = call_of('"model":"a","stream":true,"mod\\u0065l":"b","stream":false')
    assert (call.model, call.stream) == ("b", False)
    assert encode(call, asked("tiny")).count(b'"stream":') == 1
    assert sent(call)["stream"] is False


def test_the_model_is_replaced_or_added() -> None:
    assert sent(call_of('"model":"auto"'), "path/to/tiny.gguf")["model"] == "path/to/tiny.gguf"
    assert sent(call_of(), "tiny")["model"] == "tiny"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.text(max_size=8).map(lambda name: f"x{name}")  # none of ours
spacings = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")])


@given(st.dictionaries(names, st.tuples(json_values, spacings, st.booleans()), max_size=5))
def test_every_other_field_survives_to_the_letter(
    fields: dict[str, tuple[Any, tuple[str, str], bool]],
) -> None:
    written = {
        name: json.dumps(value, separators=spacing, ensure_ascii=ascii_only).encode()
        for name, (value, spacing, ascii_only) in fields.items()
    }
    text = ",".join(f"{json.dumps(name)}:{value.decode()}" for name, value in written.items())
    out = msgspec.json.decode(encode(call_of(text), asked("tiny")), type=dict[str, msgspec.Raw])
    assert {name: bytes(out[name]) for name in fields} == written
    assert set(out) == {*fields, "messages", "model"}


def test_usage_is_asked_for_on_behalf_of_a_stream_that_did_not() -> None:
    assert sent(call_of('"stream":true'))["stream_options"] == {"include_usage": True}
    assert sent(call_of('"stream":true,"stream_options":null'))["stream_options"] == {"include_usage": True}


def test_other_stream_options_are_kept_when_usage_is_asked_for() -> None:
    call = call_of('"stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false}')
    assert not call.wants_usage
    assert sent(call)["stream_options"] == {"include_usage": True, "include_obfuscation": False}


def test_a_plain_call_and_one_that_asked_itself_keep_their_stream_options() -> None:
    assert "stream_options" not in sent(call_of())
    options = '"stream_options":{ "include_usage" : true }'
    assert options.encode() in encode(call_of(f'"stream":true,{options}'), asked("tiny"))


def test_encoding_for_one_engine_leaves_the_call_as_it_was_for_the_next() -> None:
    call = call_of('"model":"auto","stream":true')
    assert encode(call, asked("first")) != encode(call, asked("second"))
    assert set(call.fields) == {"messages", "model", "stream"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BadRequest("wrong", "n"), "invalid_request_error"),
        (BodyTooLarge("large"), "invalid_request_error"),
        (WrongHost("evil.example"), "invalid_request_error"),
        (Refused("tiny: no", 422), "invalid_request_error"),
        (UnknownModel("no such model"), "not_found_error"),
        (NoRoute("nobody"), "server_error"),
        (Loop("again"), "server_error"),
    ],
)
def test_an_error_is_written_as_openai_does_and_says_that_it_is_ours(
    error: PointsmanError, kind: str
) -> None:
    written = json.loads(error_body(error))["error"]
    assert written == {
        "message": error.message,
        "type": kind,
        "param": getattr(error, "param", None),
        "code": error.code,
        "src": "pointsman",
    }


def test_an_error_event_is_one_event_and_no_end() -> None:
    event = error_event(NoRoute("first line\n\ndata: [DONE]"))
    assert event.startswith(b"data: {")
    assert event.count(b"\n") == 2
    assert b"\ndata:" not in event


def test_the_list_of_models_keeps_its_order() -> None:
    listed = json.loads(model_list([("auto", "pointsman", 7), ("tiny", "llama-server", 7)]))
    assert [entry["id"] for entry in listed["data"]] == ["auto", "tiny"]
    assert listed["data"][0] == json.loads(model_entry("auto", "pointsman", 7))
