from hypothesis import given
from hypothesis import strategies as st

from pointsman.chat import Chat, Message, Part, PartKind, Role
from pointsman.routing.turn import LOOKED_AT, NUMBER, STOP, last_turn, read, words_of

REMINDER = "<system-reminder>Be brief.</system-reminder>"


def said(role: Role, *texts: str) -> Message:
    return Message(role, tuple(Part(PartKind.TEXT, text) for text in texts))


def last_of(*messages: Message) -> str:
    return last_turn(Chat(messages)).text


def test_the_last_words_of_the_user_are_read() -> None:
    assert last_of(said(Role.USER, "First"), said(Role.ASSISTANT, "Yes?"), said(Role.USER, "Then")) == "then"
    assert last_of(said(Role.SYSTEM, "Be kind")) == ""


def test_what_a_tool_brought_is_passed_over() -> None:
    brought = Message(Role.USER, (Part(PartKind.RESULT, "a file"),))
    assert last_of(said(Role.USER, "Read it"), said(Role.ASSISTANT, ""), brought) == "read it"
    assert (
        last_of(said(Role.USER, "Read it"), said(Role.ASSISTANT, ""), said(Role.TOOL, "a file")) == "read it"
    )


def test_what_a_program_reminds_of_is_passed_over() -> None:
    assert last_of(said(Role.USER, "Fix it"), said(Role.USER, REMINDER)) == "fix it"
    assert last_of(said(Role.USER, REMINDER, "Fix it", f"{REMINDER}\n\n{REMINDER}")) == "fix it"


def test_of_a_long_text_the_ends_are_read_and_all_is_counted() -> None:
    turn = read(["a" * LOOKED_AT + "m" * 50_000 + "z" * LOOKED_AT])
    assert turn.text == "a" * LOOKED_AT + "\n" + "z" * LOOKED_AT
    assert turn.size == 50_000 + 2 * LOOKED_AT


def test_code_in_fences_is_not_read_as_words() -> None:
    turn = read(["Explain\n```python\nwrite(poem)\n```\nthis"])
    assert "poem" not in turn.text
    assert turn.fenced
    assert not read(["Explain this"]).fenced


def test_it_is_known_whether_something_was_answered_before() -> None:
    question, answer = said(Role.USER, "Why?"), said(Role.ASSISTANT, "So")
    assert not last_turn(Chat((question,))).follows
    assert not last_turn(Chat((question, answer))).follows, "what was answered is the question itself"
    assert last_turn(Chat((question, answer, question))).follows


def test_words_come_in_small_letters_with_numbers_and_stops() -> None:
    assert words_of("write c++, not 2.5 files; node.js!\n\nend") == (
        *("write", "c++", "not", NUMBER, NUMBER, "files", STOP, "node", "js", STOP, STOP, "end"),
    )


@given(st.lists(st.text(), max_size=5))
def test_no_turn_is_longer_than_what_is_looked_at(texts: list[str]) -> None:
    turn = read([text * 1_000 for text in texts])
    assert len(turn.words) <= len(turn.text) + 1
    assert turn.size == 1_000 * sum(map(len, texts))
