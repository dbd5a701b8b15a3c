"""Which turns are one conversation, and for how long it stays with a model."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Call, Wanted
from pointsman.profiles import PROFILES
from pointsman.routing.sticky import (
    ELSEWHERE,
    HERE,
    LOOKED_AT,
    MOST,
    Conversation,
    Conversations,
    conversation_of,
    is_in_tool_loop,
)
from pointsman.types import Tier
from pointsman.wire import openai
from tests.routing.house import model
from tests.wire.asking import chat, completion, embedding, message

AUTO = Wanted("auto", chosen=True, role="main")
NAMED = Wanted("a/one", chosen=False, models=("a/one",), named=1)
TALK = Conversation(b"a", goes_on=True)
LOCAL, CLOUD = model("local/tiny"), model("cloud/big", tier=Tier.PAID)
REMINDER = "<system-reminder>Today is {}.</system-reminder>"
TOOL = {"type": "function", "function": {"name": "look"}}


def talk(number: int) -> Conversation:
    return Conversation(b"%d" % number, goes_on=True)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def user(content: object = "Hi") -> dict[str, object]:
    return {"role": "user", "content": content}


def turns(*words: str) -> list[dict[str, object]]:
    roles = ("user", "assistant") * len(words)
    return [{"role": role, "content": said} for role, said in zip(roles, words, strict=False)]


def session(name: str, words: str = "Hi") -> Call:
    body = b'{"messages": [{"role": "user", "content": "%b"}]}' % words.encode()
    return openai.decode(body, {"X-Pointsman-Session": name})


# -- which turns are one


def test_later_turns_are_of_the_conversation_that_they_go_on_with() -> None:
    system = {"role": "system", "content": "Be kind"}
    first, later = chat([system, *turns("Hi")]), chat([system, *turns("Hi", "Yes?", "Why?")])
    assert conversation_of(first).id == conversation_of(later).id


@pytest.mark.parametrize(
    "other",
    [
        chat(turns("Ho")),
        chat([{"role": "system", "content": "Be kind"}, *turns("Hi")]),
        chat(turns("Hi"), tools=[TOOL]),
        session("a"),
    ],
    ids=["first words", "system prompt", "tools", "session"],
)
def test_what_began_otherwise_is_another(other: Call) -> None:
    assert conversation_of(other).id != conversation_of(chat(turns("Hi"))).id


def test_of_other_callers_it_is_another() -> None:
    call = session("a")
    assert len({conversation_of(call), conversation_of(call, "x"), conversation_of(call, "", "x")}) == 3


def test_by_a_session_of_the_clients_all_that_it_says_so_of_is_one() -> None:
    assert conversation_of(session("a", "Hi")) == conversation_of(session("a", "Ho"))
    assert conversation_of(session("a")) != conversation_of(session("b"))


def test_what_programs_put_around_the_words_tells_nothing_apart() -> None:
    first, later = (
        chat([user(f"{REMINDER.format(day)} Hi"), *more])
        for day, more in (("Monday", []), ("Tuesday", [user("Hm")]))
    )
    assert conversation_of(first) == conversation_of(later)


def test_a_line_that_is_another_in_each_request_tells_nothing_apart() -> None:
    def call(mark: str) -> Call:
        texts = (f"x-anthropic-billing-header: cc_version=2.1.37; cch={mark};", "You are Claude Code")
        return message(turns("Hi"), system=[{"type": "text", "text": text} for text in texts])

    assert conversation_of(call("36ee5")) == conversation_of(call("0aaa9"))
    assert conversation_of(call("36ee5")) != conversation_of(message(turns("Hi"), system="Be kind"))


def test_of_a_long_text_its_beginning_is_enough() -> None:
    begun = "a" * LOOKED_AT
    assert conversation_of(chat(turns(begun + "b"))) == conversation_of(chat(turns(begun + "c")))


def test_what_is_no_chat_is_no_conversation() -> None:
    nothing = Conversation()
    assert [conversation_of(call) for call in (completion(), embedding())] == [nothing, nothing]


@pytest.mark.parametrize(
    ("call", "goes_on"),
    [
        (chat(turns("Hi")), False),
        (chat(turns("Hi", "Yes?", "Why?")), True),
        (message(turns("Hi", "Yes?", "Why?")), True),
        (session("a"), True),
    ],
)
def test_it_goes_on_once_something_was_answered_or_where_its_client_says_so(
    call: Call, goes_on: bool
) -> None:
    assert conversation_of(call).goes_on is goes_on


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_words_are_not_mixed_up_with_their_neighbours(one: list[str], other: list[str]) -> None:
    call = session("a")
    assert (conversation_of(call, *one) == conversation_of(call, *other)) is (one == other)


# -- inside a tool loop


def called(*brought: object) -> list[dict[str, Any]]:
    return [user(), {"role": "assistant", "content": "I look"}, user(list(brought))]


RESULT = {"type": "tool_result", "tool_use_id": "1", "content": "a file"}


@pytest.mark.parametrize(
    ("call", "inside"),
    [
        (chat(turns("Hi", "I look")), False),
        (chat([*turns("Hi", "I look"), {"role": "tool", "tool_call_id": "1", "content": "a file"}]), True),
        (chat([*turns("Hi", "I look"), {"role": "function", "name": "look", "content": "a file"}]), True),
        (message(called(RESULT)), True),
        (message(called(RESULT, {"type": "text", "text": "And?"})), True),
        (message(called({"type": "tool_result", "tool_use_id": "1"})), True),
        (message([*called(RESULT), *turns("Done", "And?")[::-1]]), False),
        (message([]), False),
        (embedding(), False),
    ],
)
def test_a_tools_result_at_the_end_is_inside_a_tool_loop(call: Call, inside: bool) -> None:
    assert is_in_tool_loop(call.chat) is inside


# -- how long


@pytest.mark.parametrize(("one", "seconds"), [(LOCAL, HERE), (CLOUD, ELSEWHERE)], ids=["here", "elsewhere"])
def test_it_stays_until_the_cache_ends(one: Any, seconds: float) -> None:
    clock = Clock()
    conversations = Conversations(clock)
    conversations.answered(TALK, AUTO, one)
    clock.now += seconds - 1
    assert conversations.model(TALK, AUTO) == one.id
    conversations.answered(TALK, AUTO, one)
    clock.now += seconds - 1
    assert conversations.model(TALK, AUTO) == one.id, "each answer keeps the cache for longer"
    clock.now += 1
    assert conversations.model(TALK, AUTO) == ""
    assert conversations.model(TALK, AUTO, in_tool_loop=True) == one.id, "however long a tool takes"


def test_it_stays_with_whoever_answered_last() -> None:
    conversations = Conversations(Clock())
    conversations.answered(TALK, AUTO, CLOUD)
    conversations.answered(TALK, AUTO, LOCAL)
    assert conversations.model(TALK, AUTO) == LOCAL.id


@pytest.mark.parametrize(
    "other",
    [
        Wanted("background", chosen=True, role="background"),
        Wanted("auto:premium", chosen=True, role="main", profile=PROFILES["premium"]),
    ],
    ids=["role", "profile"],
)
def test_by_another_role_or_profile_it_stays_with_another(other: Wanted) -> None:
    conversations = Conversations(Clock())
    conversations.answered(TALK, AUTO, CLOUD)
    assert conversations.model(TALK, other) == ""


def test_what_the_user_names_is_neither_kept_nor_changed() -> None:
    conversations = Conversations(Clock())
    conversations.answered(TALK, NAMED, CLOUD)
    assert len(conversations) == 0
    conversations.answered(TALK, AUTO, LOCAL)
    assert conversations.model(TALK, NAMED) == ""


def test_a_call_that_is_no_turn_of_a_conversation_stays_with_nobody() -> None:
    conversations = Conversations(Clock())
    conversations.answered(Conversation(), AUTO, LOCAL)
    assert len(conversations) == 0


def test_its_first_turn_is_free_to_go_to_anybody() -> None:
    conversations, first = Conversations(Clock()), TALK._replace(goes_on=False)
    conversations.answered(first, AUTO, CLOUD)
    assert conversations.model(first, AUTO) == ""
    assert conversations.model(TALK, AUTO) == CLOUD.id


def test_of_too_many_the_one_with_the_oldest_answer_is_forgotten() -> None:
    conversations = Conversations(Clock())
    for number in range(MOST):
        conversations.answered(talk(number), AUTO, LOCAL)
    conversations.answered(talk(0), AUTO, LOCAL)
    conversations.answered(talk(MOST), AUTO, LOCAL)
    assert len(conversations) == MOST
    assert [conversations.model(talk(number), AUTO) for number in range(3)] == [LOCAL.id, "", LOCAL.id]


@given(st.lists(st.tuples(st.integers(0, 3 * MOST), st.integers(1, 500)), max_size=20))
def test_they_are_never_too_many(runs: list[tuple[int, int]]) -> None:
    conversations = Conversations(Clock())
    for first, length in runs:
        for number in range(first, first + length):
            conversations.answered(talk(number), AUTO, LOCAL)
        assert len(conversations) <= MOST
