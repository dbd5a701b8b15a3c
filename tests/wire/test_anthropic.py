import json

import pytest

from pointsman.calls import CallKind
from pointsman.chat import PartKind, Role
from pointsman.errors import BadRequest, NoRoute, PointsmanError, UpstreamError
from pointsman.routing.classify import classify
from pointsman.types import Ability, Modality
from pointsman.wire import anthropic_count
from pointsman.wire.anthropic import decode, encode, error_body, error_event
from tests.wire.asking import HELLO, candidate, count, message

PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 40_000}}


def test_a_small_request_is_read_with_its_defaults() -> None:
    call = message()
    assert (call.kind, call.format, call.model) == (CallKind.CHAT, "anthropic.messages", "")
    assert (call.stream, call.max_tokens, call.choices) == (False, None, 1)
    assert call.headers == {"anthropic-version": "2023-06-01"}


def test_what_a_decision_needs_is_read() -> None:
    call = message(
        model="tiny", stream=True, max_tokens=9, system="Be brief", tools=[{"name": "f", "input_schema": {}}]
    )
    assert call.chat is not None
    assert (call.model, call.stream, call.max_tokens, call.chat.tools) == ("tiny", True, 9, 1)
    assert [one.role for one in call.chat.messages] == [Role.SYSTEM, Role.USER]
    task = classify(call)
    assert (task.format, task.needs) == ("anthropic.messages", Ability.CHAT | Ability.TOOLS)


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        ({"type": "text", "text": "a"}, PartKind.TEXT),
        (PICTURE, PartKind.IMAGE),
        ({"type": "document", "source": {"type": "base64", "data": "AA"}}, PartKind.FILE),
        ({"type": "document", "source": "odd"}, PartKind.FILE),
        ({"type": "document", "source": {"type": "text", "data": "words"}}, PartKind.OTHER),
        ({"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}, PartKind.OTHER),
        ({"type": "tool_result", "tool_use_id": "1", "content": "words"}, PartKind.RESULT),
        ({"type": "tool_result", "tool_use_id": "1", "content": [PICTURE]}, PartKind.IMAGE),
        ({"type": "tool_result", "tool_use_id": "1", "content": {"odd": 1}}, PartKind.OTHER),
        ({"type": "tool_result", "tool_use_id": "1"}, PartKind.OTHER),
        ({"type": "web_search_tool_result", "content": {"type": "error"}}, PartKind.OTHER),
    ],
)
def test_each_kind_of_block_is_known(block: object, kind: PartKind) -> None:
    chat = message([{"role": "user", "content": [block]}]).chat
    assert chat is not None
    assert [part.kind for part in chat.messages[0].parts] == [kind]


def test_thoughts_arguments_and_results_count_and_pictures_not_by_their_bytes() -> None:
    thought = {"type": "thinking", "thinking": "x" * 3_600, "signature": "y"}
    assert 1_000 <= classify(message([{"role": "assistant", "content": [thought]}])).prompt_tokens < 1_100
    called = {"type": "tool_use", "id": "1", "name": "f", "input": {"a": "x" * 3_600}}
    assert 1_000 <= classify(message([{"role": "assistant", "content": [called]}])).prompt_tokens < 1_100
    seen = classify(message([{"role": "user", "content": [{"type": "tool_result", "content": [PICTURE]}]}]))
    assert seen.prompt_tokens < 2_000
    assert seen.reads is Modality.TEXT | Modality.IMAGE


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ("{}", "messages"),
        ('{"messages":5}', "messages"),
        ('{"messages":[{"role":"user"}]}', "messages[0]"),
        ('{"messages":[{"role":"user","content":[{"text":"a"}]}]}', "messages[0].content[0]"),
        ('{"messages":[],"system":5}', "system"),
        ('{"messages":[],"max_tokens":0}', "max_tokens"),
        ('{"messages":[],"stream":"yes"}', "stream"),
        ('{"messages":[],"model":"a\\nb"}', "model"),
    ],
)
def test_a_wrong_field_is_named(fields: str, param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decode(fields.encode(), {})
    assert caught.value.param == param


def test_all_but_the_model_goes_on_to_the_letter() -> None:
    body = b'{"messages":[ {"role":"user", "content":"a"} ],"model":"auto","top_k":1E0,"new":{"x": 1.10}}'
    sent = encode(decode(body, {}), candidate())
    assert sent == body.replace(b'"auto"', b'"tiny:1b"')


def test_of_the_headers_the_dialects_own_go_up_and_no_other() -> None:
    sent = {"anthropic-version": "2099-01-01", "anthropic-beta": "a,b", "x-api-key": "sk", "Cookie": "c"}
    call = decode(json.dumps({"messages": HELLO}).encode(), sent)
    assert call.headers == {"anthropic-version": "2099-01-01", "anthropic-beta": "a,b"}


@pytest.mark.parametrize("value", ["a\x00b", "é", "\udcff", "x" * 5_000])
def test_a_header_that_can_not_go_up_is_refused(value: str) -> None:
    with pytest.raises(BadRequest, match="anthropic-beta is"):
        decode(json.dumps({"messages": HELLO}).encode(), {"anthropic-beta": value})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BadRequest("x"), "invalid_request_error"),
        (NoRoute("x"), "api_error"),
        (NoRoute("x", limited=True), "rate_limit_error"),
        (PointsmanError("x"), "api_error"),
    ],
)
def test_errors_are_told_in_the_dialects_form(error: PointsmanError, kind: str) -> None:
    told = json.loads(error_body(error))
    assert told["type"] == "error"
    assert told["error"] == {"type": kind, "message": "x", "code": error.code, "src": "pointsman"}
    assert error_event(error) == b"event: error\ndata: " + error_body(error) + b"\n\n"


def test_a_count_asks_nothing_of_a_model_but_to_count() -> None:
    call = count([{"role": "user", "content": [PICTURE]}], stream=True, max_tokens=5, tools=[{"name": "f"}])
    task = classify(call)
    assert (call.format, call.stream, task.max_tokens) == ("anthropic.count", False, None)
    assert (task.prompt_tokens, task.needs, task.reads) == (0, Ability.CHAT, Modality.TEXT)


def test_a_count_is_passed_on_to_the_letter() -> None:
    whole = anthropic_count.read_whole(b'{"input_tokens": 19, "new":1}', count(), candidate())
    assert (whole.body, whole.usage) == (b'{"input_tokens": 19, "new":1}', None)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"\xff", b'{"input_tokens":-1}', b'{"input_tokens":"x"}', b'{"error":{}}']
)
def test_what_is_no_count_is_no_answer(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        anthropic_count.read_whole(body, count(), candidate())


def test_a_document_and_a_schema_have_a_size_and_a_picture_has_none() -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}
    output = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    content = [{"type": "document", "source": source}, PICTURE]
    body = {"max_tokens": 5, "messages": [{"role": "user", "content": content}], "output_config": output}
    chat = decode(json.dumps(body).encode(), {}).chat
    assert chat is not None
    assert [part.size for part in chat.messages[0].parts] == [len(json.dumps(source)), 0]
    assert chat.schema_size == len(json.dumps(output))
