"""A chat put into Ollama's own words."""

import json
from typing import Any

import pytest

from pointsman.calls import Call
from pointsman.errors import UpstreamError
from pointsman.types import Ability
from pointsman.wire.ollama import encode
from tests.wire.asking import candidate, chat

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}}


def sent(call: Call, **choice: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encode(call, candidate(8192, **choice)))
    return found


def messages(*given: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sent(chat(list(given)))["messages"]
    return found


def test_a_small_chat_sets_its_context_and_forbids_to_cut() -> None:
    assert sent(chat(model="auto")) == {
        "model": "tiny:1b",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": False,
        "options": {"temperature": 1.0, "top_p": 1.0, "num_ctx": 8192},
        "truncate": False,
        "shift": False,
    }


def test_sampling_keeps_its_names_and_its_letters() -> None:
    fields = '"temperature":0.70,"top_p":1E-1,"top_k":5,"seed":7,"presence_penalty":1,"stop":["a","b"]'
    call = chat(**json.loads(f"{{{fields}}}"))
    options = sent(call)["options"]
    assert options == json.loads(f"{{{fields}}}") | {"num_ctx": 8192}


def test_a_single_stop_word_becomes_a_list() -> None:
    assert sent(chat(stop="a"))["options"]["stop"] == ["a"]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_of_the_answer_has_another_name(name: str) -> None:
    assert sent(chat(**{name: 5}))["options"]["num_predict"] == 5


def test_nulls_mean_the_same_as_nothing() -> None:
    names = ("temperature", "stop", "seed", "tools", "response_format", "reasoning_effort", "keep_alive")
    assert sent(chat(**dict.fromkeys(names))) == sent(chat())


def test_what_the_server_keeps_for_itself_is_left_away() -> None:
    assert sent(chat(user="u", store=False, metadata={}, stream_options={})) == sent(chat())


def test_tools_go_as_they_are_unless_none_may_be_called() -> None:
    assert sent(chat(tools=[TOOL]))["tools"] == [TOOL]
    assert "tools" not in sent(chat(tools=[TOOL], tool_choice="none"))


@pytest.mark.parametrize(
    ("wish", "format_"),
    [
        ({"type": "json_object"}, "json"),
        (
            {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
            {"type": "object"},
        ),
        ({"type": "json_schema", "json_schema": {"name": "a"}}, "json"),
    ],
)
def test_a_format_is_json_or_its_schema(wish: object, format_: object) -> None:
    assert sent(chat(response_format=wish))["format"] == format_


def test_text_is_no_format() -> None:
    assert "format" not in sent(chat(response_format={"type": "text"}))


@pytest.mark.parametrize(("effort", "think"), [("none", False), ("low", "low"), ("high", "high")])
def test_effort_becomes_thinking(effort: str, think: object) -> None:
    assert sent(chat(reasoning_effort=effort))["think"] == think


def test_a_model_that_cannot_think_is_not_told_how_hard() -> None:
    assert "think" not in sent(chat(reasoning_effort="high"), lacks=Ability.THINKING)


def test_how_long_a_model_stays_and_whether_it_streams_go_on() -> None:
    body = sent(chat(keep_alive="30m", stream=True))
    assert (body["keep_alive"], body["stream"]) == ("30m", True)


def test_roles_and_texts_are_put_together() -> None:
    parts = [{"type": "text", "text": "One"}, {"type": "refusal", "refusal": "No"}]
    assert messages(
        {"role": "developer", "content": "Be brief"}, {"role": "assistant", "content": parts}
    ) == [
        {"role": "system", "content": "Be brief"},
        {"role": "assistant", "content": "One\nNo"},
    ]


def test_images_stand_beside_the_text() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,UE5H", "detail": "low"}},
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": "data:;base64,SlBH"},
    ]
    assert messages({"role": "user", "content": parts}) == [
        {"role": "user", "content": "What is it?", "images": ["UE5H", "SlBH"]}
    ]


def test_a_tool_call_and_its_result() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1.50}'}}
    bare = {"function": {"name": "now", "arguments": ""}}
    asked, told, named = messages(
        {"role": "assistant", "content": None, "reasoning_content": "Hm", "tool_calls": [call, bare]},
        {"role": "tool", "content": "4", "tool_call_id": "c1"},
        {"role": "tool", "content": "5", "tool_call_id": "gone", "name": "mine"},
    )
    assert asked == {
        "role": "assistant",
        "content": "",
        "thinking": "Hm",
        "tool_calls": [
            {"id": "c1", "function": {"index": 0, "name": "add", "arguments": {"a": 1.5}}},
            {"function": {"index": 1, "name": "now", "arguments": {}}},
        ],
    }
    assert told == {"role": "tool", "content": "4", "tool_call_id": "c1", "tool_name": "add"}
    assert named["tool_name"] == "mine"


@pytest.mark.parametrize(
    "call",
    [
        chat(n=2),
        chat(stop={"a": 1}),
        chat(response_format={"type": "json_schema", "json_schema": 5}),
        chat([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[1]"}}]}]),
        chat([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]),
        chat([{"role": "assistant", "tool_calls": "f"}]),
        chat([{"role": "user", "content": "x", "reasoning": {"a": 1}}]),
    ],
)
def test_what_cannot_be_said_is_never_sent(call: Call) -> None:
    with pytest.raises(UpstreamError, match="in its own dialect"):
        encode(call, candidate(8192))


def test_another_engine_after_it_gets_the_call_as_it_was() -> None:
    call = chat(temperature=0.5, max_tokens=5)
    encode(call, candidate(8192))
    assert set(call.fields) == {"messages", "temperature", "max_tokens"}
