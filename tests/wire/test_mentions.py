"""`@name`, the first word of what a user typed."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Call
from pointsman.wire import anthropic, openai
from pointsman.wire.mentions import mention_of, without_mention
from tests.wire.asking import candidate, chat, completion, count, embedding, message

REMINDER = "<system-reminder>Be brief.</system-reminder>"
Json = dict[str, Any]
dialects = pytest.mark.parametrize("ask", [chat, message])


def user(content: object) -> Json:
    return {"role": "user", "content": content}


def text(words: str, **more: object) -> Json:
    return {"type": "text", "text": words, **more}


def sent(call: Call) -> list[Json]:
    """The messages that a server is sent."""
    encode = anthropic.encode if call.format == "anthropic.messages" else openai.encode
    messages: list[Json] = json.loads(encode(call, candidate()))["messages"]
    return messages


@dialects
@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("@opus Why?", "opus"),
        ("  @opus\nWhy?", "opus"),
        ("@opus, why?", "opus"),
        ("@opus: why?", "opus"),
        ("@opus", "opus"),
        ("@cloud/maker/gift:free go", "cloud/maker/gift:free"),
        ("@auto:eco go", "auto:eco"),
        ("@README.md says so", "README.md"),
        (f"{REMINDER}\n@opus Why?", "opus"),
        ("me@example.org wrote", ""),
        ("@me@example.org wrote", ""),
        ("Ask @opus", ""),
        ("@ opus", ""),
        ("@" + "a" * 600, ""),
        ("", ""),
    ],
)
def test_the_first_word_may_be_a_name(ask: Any, words: str, name: str) -> None:
    assert mention_of(ask([user(words)])) == name


@dialects
def test_the_last_turn_of_the_user_counts(ask: Any) -> None:
    said = [user("@opus Hi"), {"role": "assistant", "content": "@haiku Hi"}, user("Go on")]
    assert mention_of(ask(said)) == ""
    assert mention_of(ask(said[:2])) == "opus"


def test_what_a_tool_brought_mentions_nobody() -> None:
    brought = user([{"type": "tool_result", "tool_use_id": "1", "content": "@opus Hi"}])
    assert mention_of(message([user("Look"), brought])) == ""
    for role in ("tool", "function"):
        assert mention_of(chat([user("Look"), {"role": role, "content": "@opus Hi"}])) == ""


def test_nobody_is_spoken_to_but_in_a_chat() -> None:
    others = (completion("@opus Once"), embedding("@opus Once"), count([user("@opus Hi")]))
    assert [mention_of(call) for call in others] == ["", "", ""]


@dialects
def test_it_is_taken_off_every_turn_that_begins_with_it(ask: Any) -> None:
    said = [user("@opus Hi"), {"role": "assistant", "content": "@opus Hi"}, user("@haiku Hi")]
    said += [user("Dear @opus"), user("@opus: Why?")]
    call = without_mention(ask(said), "opus")
    assert [one["content"] for one in sent(call)] == ["Hi", "@opus Hi", "@haiku Hi", "Dear @opus", "Why?"]
    assert (call.asked, mention_of(call)) == ("@opus", "")


@dialects
def test_of_several_parts_the_one_that_the_words_begin_in_is_cut(ask: Any) -> None:
    marked = {"cache_control": {"type": "ephemeral"}}
    parts = [text(REMINDER), text("@opus Why?", **marked), text("@opus Really?")]
    call = without_mention(ask([user(parts)]), "opus")
    assert sent(call) == [user([text(REMINDER), text("Why?", **marked), text("@opus Really?")])]


@dialects
def test_reminders_before_it_stay(ask: Any) -> None:
    call = without_mention(ask([user(f"{REMINDER} @opus Why?\n{REMINDER}")]), "opus")
    assert sent(call) == [user(f"{REMINDER} Why?\n{REMINDER}")]


@dialects
def test_a_turn_that_is_nothing_else_keeps_it(ask: Any) -> None:
    said = [user("@opus"), {"role": "assistant", "content": "Yes?"}, user("@opus Why?")]
    assert [one["content"] for one in sent(without_mention(ask(said), "opus"))] == ["@opus", "Yes?", "Why?"]


def test_every_other_byte_is_as_it_was_sent() -> None:
    body = (
        b'{"messages": [{"role":"user","content":"@opus Hi","odd" : 1.0e5},'
        b' {"role":"assistant" ,"content":null, "tool_calls":[ ]}],"model":"x", "seed" :  1.50}'
    )
    up = openai.encode(without_mention(openai.decode(body, {}), "opus"), candidate())
    assert b'{"role":"user","content":"Hi","odd":1.0e5}' in up
    assert b'{"role":"assistant" ,"content":null, "tool_calls":[ ]}' in up
    assert b'"seed":1.50' in up


@dialects
def test_a_system_prompt_mentions_nobody(ask: Any) -> None:
    said = [user("@opus Hi")]
    call = (
        message(said, system="@opus Be kind")
        if ask is message
        else chat([{"role": "system", "content": "@opus Be kind"}, *said])
    )
    call = without_mention(call, "opus")
    assert b"@opus Be kind" in (anthropic if ask is message else openai).encode(call, candidate())
    assert sent(call)[-1] == user("Hi")


words = st.text() | st.sampled_from(
    ("@opus", "@opus Hi", " @opus, Hi", "@haiku Hi", "@opus\u2003Hi", REMINDER)
)
contents = words | st.lists(words.map(text), min_size=1, max_size=3)
turns = st.lists(
    st.builds(
        lambda role, content: {"role": role, "content": content},
        st.sampled_from(("user", "assistant")),
        contents,
    ),
    min_size=1,
    max_size=4,
)


@dialects
@given(said=turns)
def test_other_text_never_changes_and_the_chat_is_what_is_sent(ask: Any, said: list[Json]) -> None:
    call = without_mention(ask(said), "opus")
    assert call.chat == ask(sent(call)).chat
    for before, after in zip(_texts(said), _texts(sent(call)), strict=True):
        assert after in (before, re.sub(r"@opus[,:]?\s+", "", before, count=1))
    assert [one["role"] for one in sent(call)] == [one["role"] for one in said]


def _texts(said: list[Json]) -> list[str]:
    contents = [one["content"] for one in said]
    return [
        words
        for one in contents
        for words in ([one] if isinstance(one, str) else [part["text"] for part in one])
    ]
