import sys
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Call, CallKind, Hints
from pointsman.chat import CHARS_PER_TOKEN, Chat, Message, Part, PartKind, Role
from pointsman.modes import Privacy
from pointsman.routing.classify import (
    MAIN_FLOOR,
    MOST_FOR_TOOLS,
    MOST_PER_IMAGE,
    TOKENS_PER_IMAGE,
    TOKENS_PER_MESSAGE,
    classify,
    estimate_tokens,
    judge,
)
from pointsman.types import Ability, Complexity, Grade, Modality, TaskKind


def chat(*parts: Part, **facts: Any) -> Chat:
    return Chat((Message(Role.USER, parts),), **facts)


def text(words: str) -> Part:
    return Part(PartKind.TEXT, words)


def call(asked: Chat | None, **facts: Any) -> Call:
    return replace(Call(CallKind.CHAT, "openai.chat", "auto", {}, 0, chat=asked), **facts)


def test_plain_words_need_nothing_special() -> None:
    task = classify(call(chat(text("Hi"))))
    assert (task.needs, task.reads, task.grade) == (Ability.CHAT, Modality.TEXT, MAIN_FLOOR)
    assert (task.max_tokens, task.privacy) == (None, Privacy.ANY)
    assert task.reasons == (
        "kind:fast (short, general)",
        "complexity:trivial (a few words, short)",
        "prompt of about 9 tokens",
    )


def test_what_the_call_says_of_itself_is_taken_over() -> None:
    task = classify(call(chat(), max_tokens=77, hints=Hints(privacy=Privacy.LOCAL)))
    assert (task.max_tokens, task.privacy) == (77, Privacy.LOCAL)


@pytest.mark.parametrize(
    ("asked", "needs"),
    [
        (chat(tools=2), Ability.TOOLS),
        (chat(json=True), Ability.JSON),
        (chat(tools=1, json=True), Ability.TOOLS | Ability.JSON),
    ],
)
def test_abilities_follow_from_the_shape(asked: Chat, needs: Ability) -> None:
    assert classify(call(asked)).needs is needs | Ability.CHAT


@pytest.mark.parametrize(
    ("kind", "reads"),
    [
        (PartKind.IMAGE, Modality.IMAGE),
        (PartKind.AUDIO, Modality.AUDIO),
        (PartKind.VIDEO, Modality.VIDEO),
        (PartKind.FILE, Modality.FILE),
    ],
)
def test_a_part_anywhere_in_the_conversation_must_be_read(kind: PartKind, reads: Modality) -> None:
    earlier = Message(Role.USER, (Part(kind),))
    later = Message(Role.USER, (text("And now?"),))
    assert classify(call(Chat((earlier, later)))).reads is Modality.TEXT | reads


def test_parts_that_nobody_knows_demand_nothing() -> None:
    assert classify(call(chat(Part(PartKind.OTHER)))).reads is Modality.TEXT


def test_the_verdict_carries_its_reasons() -> None:
    asked = chat(text("x" * 36_000), Part(PartKind.IMAGE), Part(PartKind.AUDIO), tools=3, json=True)
    assert classify(call(asked)).reasons == (
        "kind:general (no sign of another)",
        "complexity:standard (tools, an image)",
        "prompt of about 11,508 tokens",
        "offers 3 tools",
        "demands JSON",
        "holds image, audio",
    )


def test_a_call_without_a_conversation_is_an_empty_one() -> None:
    assert classify(call(None)).prompt_tokens == 0


def test_letters_images_messages_tools_and_tool_calls_have_their_price_in_tokens() -> None:
    letters = round(3_600 / CHARS_PER_TOKEN)
    assert estimate_tokens(chat(text("x" * 3_600))) == letters + TOKENS_PER_MESSAGE
    assert estimate_tokens(chat(Part(PartKind.IMAGE))) == TOKENS_PER_IMAGE + TOKENS_PER_MESSAGE
    assert estimate_tokens(chat(Part(PartKind.OTHER, size=3_600))) == letters + TOKENS_PER_MESSAGE
    assert estimate_tokens(Chat((), tools=1, tools_size=3_600)) == letters
    assert estimate_tokens(Chat((Message(Role.USER, ()),) * 5)) == 5 * TOKENS_PER_MESSAGE


def test_letters_outside_ascii_count_for_more() -> None:
    ascii_tokens = estimate_tokens(chat(text("a" * 1_000)))
    cyrillic = estimate_tokens(chat(text("ж" * 1_000)))
    chinese = estimate_tokens(chat(text("字" * 1_000)))
    assert ascii_tokens < cyrillic < chinese
    assert chinese >= 1_000


@given(st.lists(st.text(max_size=50), max_size=5), st.text(max_size=50))
def test_more_words_are_never_fewer_tokens(earlier: list[str], more: str) -> None:
    before = [text(words) for words in earlier]
    assert estimate_tokens(chat(*before, text(more))) >= estimate_tokens(chat(*before))


@given(st.lists(st.text(max_size=50), max_size=5), st.integers(0, 5), st.booleans())
def test_the_same_call_is_always_classified_the_same(words: list[str], tools: int, json: bool) -> None:
    asked = call(chat(*map(text, words), tools=tools, json=json))
    assert classify(asked) == classify(asked)


def test_who_asks_for_vectors_needs_a_model_that_makes_them() -> None:
    assert classify(call(chat(text("Hi")), kind=CallKind.EMBEDDING)).needs is Ability.EMBEDDINGS
    assert classify(call(chat(text("Hi")), kind=CallKind.COMPLETION)).needs is Ability.CHAT


def test_texts_that_are_no_conversation_count_by_the_longest() -> None:
    texts = Chat(tuple(Message(Role.USER, (text(words),)) for words in ("a" * 36, "b" * 360, "c")))
    task = classify(call(texts, kind=CallKind.EMBEDDING))
    assert task.prompt_tokens == 100 + TOKENS_PER_MESSAGE
    assert task.prompt_ceiling == 360 + TOKENS_PER_MESSAGE


def test_no_conversation_has_more_tokens_than_its_body_has_bytes() -> None:
    assert classify(call(chat(text("Hi")), size=77)).prompt_ceiling == 77


def test_a_picture_may_have_more_tokens_than_bytes() -> None:
    task = classify(call(chat(Part(PartKind.IMAGE)), size=300))
    assert task.prompt_tokens < task.prompt_ceiling


def test_what_only_one_dialect_can_say_is_taken_over() -> None:
    assert classify(call(chat(), untranslatable="logprobs")).untranslatable == "logprobs"


def test_who_says_that_he_asks_anew_asks_for_more() -> None:
    asked = call(chat(Part(PartKind.TEXT, "ping")))
    usual, anew = classify(asked), classify(replace(asked, hints=Hints(revises=True)))
    assert (usual.complexity, anew.complexity) == (Complexity.TRIVIAL, Complexity.SIMPLE)
    assert "revision: one step up" in anew.reasons


def test_who_says_so_in_his_words_as_well_asks_for_no_more_than_that() -> None:
    turns = (Role.USER, "ping"), (Role.ASSISTANT, "no"), (Role.USER, "That's wrong, try again")
    asked = call(Chat(tuple(Message(role, (text(words),)) for role, words in turns)))
    assert classify(replace(asked, hints=Hints(revises=True))).complexity is classify(asked).complexity


SEEDS = (
    ("Plan out the architecture for a new app", TaskKind.REASONING, Complexity.EXPERT),
    ("Write a Python script to parse JSON", TaskKind.CODE, Complexity.STANDARD),
    ("Summarize this doc in the background", TaskKind.BACKGROUND, Complexity.SIMPLE),
    ("HEARTBEAT", TaskKind.BACKGROUND, Complexity.TRIVIAL),
    ("ping", TaskKind.FAST, Complexity.TRIVIAL),
    ("What is the capital of France?", TaskKind.FAST, Complexity.TRIVIAL),
    ("Écris un poème sur la mer, s'il te plaît", TaskKind.GENERAL, Complexity.STANDARD),
)
GRADES = {
    Complexity.TRIVIAL: (Grade.SIMPLE, 1_024),
    Complexity.SIMPLE: (Grade.SIMPLE, 2_048),
    Complexity.STANDARD: (Grade.ROUTINE, 8_192),
    Complexity.COMPLEX: (Grade.GENERATION, 16_384),
    Complexity.EXPERT: (Grade.REASONING, 32_768),
}


@pytest.mark.parametrize(("words", "kind", "complexity"), SEEDS)
def test_the_words_say_the_kind_and_how_much_is_asked(
    words: str, kind: TaskKind, complexity: Complexity
) -> None:
    task = classify(call(chat(text(words))), Grade.SIMPLE)
    assert (task.kind, task.complexity) == (kind, complexity)
    assert (task.grade, task.expected_output) == GRADES[complexity]
    assert task.reasons[0].startswith(f"kind:{kind} (")
    assert task.reasons[1].startswith(f"complexity:{complexity.word} (")


@pytest.mark.parametrize(("words", "kind", "complexity"), SEEDS)
@pytest.mark.parametrize("floor", Grade)
def test_a_floor_is_raised_by_what_is_asked_and_never_lowered(
    words: str, kind: TaskKind, complexity: Complexity, floor: Grade
) -> None:
    assert classify(call(chat(text(words))), floor).grade is max(floor, GRADES[complexity][0])


@pytest.mark.parametrize("words", ["Plan out the architecture for a new app", "ping"])
def test_where_a_model_is_named_what_is_asked_changes_nothing(words: str) -> None:
    task, judged = (classify(call(chat(text(words))), chosen=chosen) for chosen in (False, True))
    assert (task.grade, task.expected_output) == (MAIN_FLOOR, 8_192)
    assert (task.kind, task.complexity, task.reasons) == (judged.kind, judged.complexity, judged.reasons)


def test_a_short_question_beside_tools_is_not_a_fast_one() -> None:
    assert classify(call(chat(text("Why is the sky blue?")))).kind is TaskKind.FAST
    assert classify(call(chat(text("Why is the sky blue?"), tools=1))).kind is TaskKind.GENERAL


def test_texts_for_vectors_are_not_read() -> None:
    task = classify(call(chat(text("Write a Python script")), kind=CallKind.EMBEDDING))
    assert (task.kind, task.complexity) == (TaskKind.GENERAL, Complexity.STANDARD)


@given(st.text(), st.integers(1, 4_000), st.integers(0, 3), st.booleans())
def test_any_text_is_judged(words: str, times: int, tools: int, json: bool) -> None:
    task = classify(call(chat(text(words * times), tools=tools, json=json)))
    assert task.kind in TaskKind
    assert task.grade >= MAIN_FLOOR
    assert sum(map(len, task.reasons)) < 1_000


ODD = (
    "Write a ",
    "please ",
    "write x x x x x x x poem ",
    "1 ",
    "<system-reminder>",
    "```",
    "\n- ",
    " ",
    "=",
    "字",
)


@pytest.mark.parametrize("words", ODD)
def test_a_longer_text_takes_no_more_work(words: str) -> None:
    assert work(words * 200_000) <= work(words * 20_000) + 200


def work(words: str) -> int:
    """Calls of functions that it takes to judge a text."""
    asked, made = chat(text(words)), Counter[str]()
    sys.setprofile(lambda _frame, event, _given: made.update([event]))
    try:
        judge(asked)
    finally:
        sys.setprofile(None)
    return made["call"] + made["c_call"]


def test_all_that_is_read_as_text_counts_by_its_bytes() -> None:
    said = Message(Role.ASSISTANT, (Part(PartKind.OTHER, size=40), Part(PartKind.FILE, size=500)))
    asked = Message(Role.USER, (text("Grüße"), Part(PartKind.IMAGE)))
    task = classify(call(Chat((said, asked), tools=2, tools_size=300, json=True, schema_size=60)))
    assert task.text_bytes == 40 + 500 + len("Grüße".encode()) + 300 + 60
    assert task.extra_tokens == 2 * TOKENS_PER_MESSAGE + MOST_FOR_TOOLS + MOST_PER_IMAGE


@pytest.mark.parametrize("kind", [CallKind.EMBEDDING, CallKind.COMPLETION])
def test_of_many_texts_all_count_for_money(kind: CallKind) -> None:
    texts = Chat(tuple(Message(Role.USER, (text(words),)) for words in ("a" * 36, "b" * 360, "c")))
    task = classify(call(texts, kind=kind))
    assert (task.text_bytes, task.extra_tokens) == (397, 3 * TOKENS_PER_MESSAGE)


def test_audio_counts_by_how_long_it_may_be() -> None:
    minute = 60 * 1_000 * 4 // 3  # bytes of base64, at a kilobyte a second
    task = classify(call(chat(Part(PartKind.AUDIO, size=minute))))
    assert (task.text_bytes, task.extra_tokens) == (0, 60 * 32 + TOKENS_PER_MESSAGE)
    assert task.prompt_tokens == TOKENS_PER_MESSAGE, "how long it is nobody knows"


@given(st.text(), st.text())
def test_no_text_has_more_bytes_than_are_counted(words: str, more: str) -> None:
    counted = classify(call(chat(text(words), text(more)))).text_bytes
    assert counted == len((words + more).encode("utf-8", "replace"))
